#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "os/tcp_calls.h"
#include "os/unique_fd.h"
#include "proxy/buffer.h"
#include "proxy/loop.h"

namespace ambit::proxy {

class Stream;

/// What makes other bytes of those that a connection carries, and the other way round.
class StreamLayer {
 public:
  virtual ~StreamLayer() = default;
  /// As os::Receive; with -EAGAIN everything that the socket had has been read.
  virtual std::ptrdiff_t Receive(void* out, std::size_t size) = 0;
  /// As os::Send. After -EAGAIN the next call has to begin with the same bytes.
  virtual std::ptrdiff_t Send(std::string_view bytes) = 0;
  /// Whether it holds something that the socket no longer does.
  [[nodiscard]] virtual bool HasMore() const = 0;
  virtual void ShutdownWriting() = 0;
};

/// Whoever a connection belongs to at the moment.
class StreamUser {
 public:
  /// Something has become possible.
  virtual void OnStream(Stream& stream) = 0;

 protected:
  ~StreamUser() = default;
};

/// One TCP connection, watched from its first moment to its last; it can be handed from user to
/// user without asking the kernel. It remembers what is possible: after an answer of "not now"
/// nothing is tried before the next event.
class Stream : public Watcher {
 public:
  /// Watches `fd`. Nothing when the kernel refuses.
  static std::unique_ptr<Stream> Make(Loop& loop, os::UniqueFd fd, StreamUser& user);

  ~Stream() override;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void OnReady(const os::Readiness& ready) override;
  void set_user(StreamUser* user) { user_ = user; }
  /// Gives up the descriptor, which `loop` watches no longer. The stream is of no use then.
  os::UniqueFd Release(Loop& loop);

  /// Adds at most `most` bytes to `buffer`: how many; 0 when there are none now or no more at all.
  std::size_t ReceiveInto(Buffer& buffer, std::size_t most);
  /// Sends what the socket takes of `bytes`; how much.
  std::size_t Send(std::string_view bytes, bool more = false);
  /// Sends from the front of `buffer`. True when it is empty.
  bool Flush(Buffer& buffer, bool more = false);
  void ShutdownWriting();

  /// From now on everything goes through `layer`.
  void Put(std::unique_ptr<StreamLayer> layer) {
    layer_ = std::move(layer);
    readable_ = true;  // it may hold bytes of which no event will tell
  }
  /// What everything goes through, to be put below another layer, which is put on next.
  [[nodiscard]] std::unique_ptr<StreamLayer> TakeLayer() { return std::move(layer_); }
  /// Whether the socket's own bytes are what is relayed.
  [[nodiscard]] bool is_plain() const { return layer_ == nullptr; }
  /// Whether nothing has come and the other end is still there, as far as the kernel knows.
  [[nodiscard]] bool IsIdle() const;

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool readable() const { return readable_; }
  [[nodiscard]] bool writable() const { return writable_; }
  [[nodiscard]] bool ended() const { return ended_; }  ///< Nothing more will come.
  [[nodiscard]] bool broken() const { return error_ != 0; }
  [[nodiscard]] int error() const { return error_; }  ///< -errno of what broke it.
  void set_idle() { readable_ = false; }
  void set_not_writable() { writable_ = false; }
  void set_ended() { ended_ = true; }
  void set_broken(int error) { error_ = error; }

  /// For connections to an origin: where it leads, and when it was used last.
  os::SocketAddress address;
  std::string name;
  std::uint64_t idle_since = 0;
  bool used_before = false;
  bool secured = false;  ///< There is TLS with the origin itself on it.

 private:
  Stream(int poll, os::UniqueFd fd, StreamUser& user)
      : poll_(poll), fd_(std::move(fd)), user_(&user) {}

  int poll_;  ///< The loop's descriptor.
  os::UniqueFd fd_;
  std::unique_ptr<StreamLayer> layer_;
  StreamUser* user_;
  bool readable_ = false, writable_ = false;
  bool closing_ = false;  ///< The end has been announced: reading will come to it.
  bool ended_ = false;
  int error_ = 0;
};

}  // namespace ambit::proxy
