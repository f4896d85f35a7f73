#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/buffer.h"
#include "proxy/client_hello.h"
#include "proxy/connector.h"
#include "proxy/context.h"
#include "proxy/loop.h"
#include "proxy/record.h"
#include "proxy/refusal.h"
#include "proxy/stream.h"
#include "proxy/tunnel.h"

namespace ambit::proxy {

/// One connection of a client, from its acceptance to its end. What the protocols have in common:
/// the tunnel, the record, and a last word before closing.
class Session : public Disposable, protected StreamUser, protected ConnectUser {
 public:
  /// Makes a session of type T of an accepted connection, and lets it begin. The arguments after
  /// the descriptor are those of T's constructor after its base's.
  template <class T, class... Args>
  static void Begin(Context& context, os::UniqueFd client, std::uint16_t client_port,
                    Args&&... args) {
    auto session = std::make_unique<T>(context, client_port, std::forward<Args>(args)...);
    Session* const raw = session.get();
    if (!raw->Adopt(std::move(client))) return;
    context.sessions.emplace(raw, std::move(session));
    raw->OnBegin();
  }

  /// The service ends: tells what has not been told.
  void Abandon() { TellRecord(); }

 protected:
  Session(Context& context, std::uint16_t client_port);

  /// The connection is there.
  virtual void OnBegin() = 0;
  /// Something has become possible for the client or the origin, and there is no tunnel.
  virtual void OnProgress() = 0;
  /// A time set with `timer_` is over, and there is no tunnel.
  virtual void OnTimeout() = 0;

  /// Decides about and connects to `to`; OnConnected or OnRefused follows.
  void Connect(const policy::Destination& to, policy::Protocol protocol, Reuse reuse);

  /// The client has its way to the origin: first `out_` and `early`, which the origin has sent
  /// already, to the client and `in_` to the origin. Looks at the client's first bytes before,
  /// where the profile wants the names to match; where it wants to see the requests, an
  /// InterceptedSession goes on with the connection.
  void BeginTunnel(std::string_view early);
  /// Relays from now on, without looking.
  void StartTunnel();
  /// Sends what is in `out_`, lets the client read it, and ends.
  void Farewell();
  /// Ends at once; `reset`: so that the client sees it as an error.
  void End(bool reset = false);

  /// The client's connection, what it has sent, and the origin that was dialled for it go to
  /// `next`; this session is over.
  void PassOn(std::unique_ptr<Session> next);
  /// Begins `next` with a client of its own, beside this session. What this one knows of the
  /// origin, and the origin if there is one, go with it. False: the kernel refuses.
  bool BeginBeside(std::unique_ptr<Session> next, os::UniqueFd client);

  /// Begins the record of a request.
  void OpenRecord(std::string_view protocol);
  /// Tells the observer, once.
  void TellRecord();
  void NoteRefusal(const Refusal& refusal);
  void NoteDestination(const policy::Destination& to);
  void DropOrigin();
  [[nodiscard]] std::uint16_t client_port() const { return client_port_; }
  /// The program that connected, where it is known.
  const Client& client();
  /// The client is not one of the sandbox's.
  void set_outside() { program_.emplace(); }
  [[nodiscard]] bool over() const { return phase_ == Phase::kOver; }
  [[nodiscard]] bool busy_ending() const { return phase_ != Phase::kProtocol; }

  Context& context_;
  std::unique_ptr<Stream> client_, origin_;
  Buffer in_;   ///< From the client.
  Buffer out_;  ///< To the client.
  policy::Destination to_;
  Connector connector_;
  Record record_;
  Timer timer_;

 private:
  enum class Phase : std::uint8_t { kProtocol, kPeek, kTunnel, kFarewell, kOver };

  bool Adopt(os::UniqueFd client);
  void OnStream(Stream& stream) final;
  void OnTimer();
  void Peek();
  void RefuseHello(std::string_view why);
  void PumpTunnel();
  void PumpFarewell();

  /// What the session that dialled the origin found out.
  struct Approval {
    std::string rule, place, address;
    bool address_checked = true;
  };

  Phase phase_ = Phase::kProtocol;
  std::uint16_t client_port_;
  std::optional<Client> program_;  ///< Of the client; none: not asked for yet.
  Approval approval_;
  std::optional<Tunnel> tunnel_;
  std::uint64_t began_ = 0;
  std::size_t drained_ = 0;
  bool record_open_ = false, farewell_sent_ = false;
  policy::Interception look_ = policy::Interception::kNone;
};

}  // namespace ambit::proxy
