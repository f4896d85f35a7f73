#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string_view>

#include "os/file_calls.h"
#include "os/internet_calls.h"
#include "os/message_calls.h"
#include "os/notified_call.h"
#include "os/unix_calls.h"
#include "run/change_lock.h"
#include "run/denied_files.h"
#include "run/gate.h"
#include "run/hand_over.h"
#include "run/own_sockets.h"
#include "run/proxy_process.h"
#include "run/quick_open.h"
#include "run/resolver.h"
#include "run/waiting_calls.h"
#include "run/waiting_pipes.h"

namespace ambit::run {

/// Is told of every refusal; must not allocate.
class RefusalSink {
 public:
  virtual void Note(os::CallKind kind, std::string_view path, const policy::Decision& decision) = 0;
  virtual void NoteSocket(os::CallKind kind, std::string_view path,
                          const policy::SocketDecision& decision) = 0;

 protected:
  ~RefusalSink() = default;
};

class Broker;

/// What the threads of the broker have in common.
struct BrokerShared {
  BrokerShared(const policy::Policy& policy, std::span<const FileIdentity> denied,
               RefusalSink& sink)
      : refusals(sink), denied_files(policy, denied) {}

  int listener = -1;
  bool own_umasks = false;  ///< Each thread has one of its own.
  ChangeLock changes;
  /// While a file that can be written to is ours as well as its caller's. Nobody can start it then
  /// (ETXTBSY of execve(2)).
  ChangeLock handing_over;
  std::timed_mutex sockets;  ///< For the next two.
  OwnSockets own_sockets;
  os::MessageCopy message;
  std::mutex waiting;  ///< For the next three.
  WaitingPipes pipes;
  WaitingCalls calls;
  const Broker* keeper = nullptr;  ///< Who looks after what waits.
  std::mutex refused;              ///< For `refusals`.
  RefusalSink& refusals;
  DeniedFiles denied_files;
};

/// Answers the system calls that wait for a decision, one after the other; each thread has its own
/// (see BrokerCrew). What is allowed the broker does itself, on descriptors that it found, and
/// hands the result over; "go on" is said only where the kernel natively refuses everything that a
/// changed path string could reach. It works inside the same mounts and the same base layer as the
/// command, so that it can give away nothing that they would not give. Nothing allocates.
class Broker {
 public:
  struct Options {
    bool opens = false;   ///< See Mediation.
    bool changes = true;  ///< Changes of files are decided at all, not only sockets.
    bool fenced = false;  ///< The command is natively kept from changing what is mediated.
    /// The directories on the way to something granted, and /proc, are the host's own.
    bool shared_host = false;
    bool own_shm = false;  ///< /dev/shm is the sandbox's own.
    bool traces = false;   ///< We may read the memory of programs that hide it.
    /// Where the proxy hears of connections (see CapturedMessage); -1: nowhere.
    int captured = -1;
    /// The ports and what they mean. Borrowed, when there is a proxy.
    const ProxyDoors* doors = nullptr;
  };
  /// `gate` is copied: it has memory for one question. `shared` is borrowed.
  Broker(const Gate& gate, const Options& options, BrokerShared& shared);

  /// Decides once, for nobody, so that the memory and the tables of the kernel that this takes are
  /// there for the first call.
  void Rehearse();

  /// What goes wrong with a call goes to its caller.
  void Serve(const os::NotifiedCall& call, DescriptorHandOver& hand_over);

  /// Whether it is this one that looks after the calls that wait for something.
  [[nodiscard]] bool keeps() const { return keeps_; }
  /// Begins to, when nobody else does and something waits.
  void BeginToKeep();
  /// Looks after them once.
  void Keep(DescriptorHandOver& hand_over);
  /// From now on it is for somebody else to do.
  void LeaveKeepingToOthers();

 private:
  struct Answer {
    enum class Kind : std::uint8_t { kError, kContinue, kDescriptor, kValue, kLater };
    Kind kind = Kind::kError;
    int value = 0;  ///< errno (0: success), the descriptor, or what is returned.
  };
  static Answer Errno(int negative);
  static Answer GoOn();

  void Reply(const os::NotifiedCall& call, const Answer& answer, DescriptorHandOver& hand_over);
  void RetryWaiting(DescriptorHandOver& hand_over);
  [[nodiscard]] bool HasWaiting() const { return !shared_.pipes.empty() || !shared_.calls.empty(); }
  Answer Decide(const os::NotifiedCall& call, std::chrono::milliseconds patience);
  Answer DecideHolding(const os::NotifiedCall& call);
  Answer Refuse(const os::NotifiedCall& call, std::string_view path,
                const policy::Decision& decision, int error);
  int ReadPath(os::TargetAddress address);
  int Start(const os::NotifiedCall& call, int dir, os::UniqueFd& out);
  void TakeUmask(const os::NotifiedCall& call);

  Answer Open(const os::NotifiedCall& call);
  Answer OpenForReading(const os::NotifiedCall& call, os::UniqueFd start);
  Answer OpenByWalking(const os::NotifiedCall& call, int start);
  Answer OpenForChange(const os::NotifiedCall& call, os::UniqueFd start);
  Answer OpenOnProc(const os::NotifiedCall& call, int start);
  Answer OpenEntry(const os::NotifiedCall& call, Entry& entry, const policy::Decision& decision,
                   bool mediated);
  [[nodiscard]] bool IsOddInterface(int fd, const os::OpenedFile& file,
                                    std::string_view path) const;
  Answer HandOver(const os::NotifiedCall& call, os::UniqueFd fd, std::string_view path);
  Answer WaitForWriter(const os::NotifiedCall& call, os::UniqueFd pipe);
  Answer WaitForReader(const os::NotifiedCall& call, const Entry& entry);
  bool IsWayOpen(const os::NotifiedCall& call, int start, bool follow, std::string_view found);
  [[nodiscard]] bool IsWay(std::string_view path, const policy::Decision& decision) const;

  Answer Make(const os::NotifiedCall& call);
  Answer Link(const os::NotifiedCall& call);
  Answer Rename(const os::NotifiedCall& call);
  Answer Remove(const os::NotifiedCall& call);
  bool IsOurs(const Object& object);
  Answer ChangeObject(const os::NotifiedCall& call);
  Answer ReadAttributes(const os::NotifiedCall& call);
  Answer Execute(const os::NotifiedCall& call);
  [[nodiscard]] Answer HideMemory() const;
  int FindInterpreter(const Object& program);

  Answer Connect(const os::NotifiedCall& call);
  Answer ConnectInternet(const os::NotifiedCall& call, const os::CalledAddress& address, int socket,
                         const os::SocketFacts& facts);
  Answer ConnectOnSharedHost(const os::NotifiedCall& call, const os::CalledAddress& address,
                             int socket, const os::SocketFacts& facts);
  int HandToProxy(int socket, CapturedMessage& message);
  void TellClient(const os::NotifiedCall& call, const os::InternetAddress& to, int socket,
                  bool datagrams);
  void NameClient(const os::NotifiedCall& call, CapturedMessage& message) const;
  Answer LeadToProxy(const os::NotifiedCall& call, const os::InternetAddress& to, int socket,
                     const os::SocketFacts& facts);
  Answer InProgress(const os::NotifiedCall& call, int result, const os::SocketFacts& facts);
  /// Internet sockets are those of the host, and only we connect them.
  [[nodiscard]] bool IsOnHostNetwork() const {
    return options_.doors != nullptr && options_.doors->brokered;
  }
  [[nodiscard]] bool IsGrantedLocally(std::uint16_t port, bool by_name) const;
  Answer Bind(const os::NotifiedCall& call);
  Answer Listen(const os::NotifiedCall& call);
  Answer Send(const os::NotifiedCall& call);
  Answer SendMany(const os::NotifiedCall& call);
  int SendCopy(const os::NotifiedCall& call, int socket, const os::SocketFacts& facts);
  Answer Later(const os::NotifiedCall& call);
  Answer RefuseSocket(const os::NotifiedCall& call, std::string_view path,
                      const policy::SocketDecision& decision, int error);
  Answer RefuseAbstract(const os::NotifiedCall& call, const os::CalledAddress& address);
  int TakeSocket(const os::NotifiedCall& call, os::UniqueFd& out, os::SocketFacts& facts);
  int FindSocket(const os::NotifiedCall& call, const os::CalledAddress& address, Object& out);
  int MakeSocketFile(int socket, int start, const os::CalledAddress& address, const Entry& entry);

  int FindEntry(const os::NotifiedCall& call, int dir, os::TargetAddress address, Entry& out);
  int FindCalled(const os::NotifiedCall& call, Object& out);
  /// Whether the kernel can be left alone with a change at `path`.
  [[nodiscard]] bool IsNative(std::string_view path) const;
  [[nodiscard]] bool MayChange(std::string_view path, const policy::Decision& decision) const;
  /// Whether the name `path` may be taken away or given to something else. That changes its
  /// directory: what is granted inside a closed one stays.
  [[nodiscard]] bool MayReplace(std::string_view path, const policy::Decision& decision);
  Answer CheckMove(const os::NotifiedCall& call, const Entry& from, const Entry& to);
  int Apply(const os::NotifiedCall& call, const Object& object);

  const Options options_;
  Gate gate_;
  BrokerShared& shared_;
  Resolver resolver_;
  QuickOpen quick_open_;
  bool keeps_ = false;
  char path_[PATH_MAX];
  char text_[PATH_MAX];
  PathBuffer found_;
  char value_[65536];  ///< XATTR_SIZE_MAX of xattr(7).
};

}  // namespace ambit::run
