#include "proxy/stream.h"

#include <cerrno>
#include <utility>

namespace ambit::proxy {

std::unique_ptr<Stream> Stream::Make(Loop& loop, os::UniqueFd fd, StreamUser& user) {
  std::unique_ptr<Stream> stream(new Stream(loop.poll(), std::move(fd), user));
  if (!loop.WatchChanges(stream->fd(), *stream)) return nullptr;
  return stream;
}

void Stream::OnReady(const os::Readiness& ready) {
  readable_ = readable_ || ready.readable;
  writable_ = writable_ || ready.writable;
  closing_ = closing_ || ready.closing;
  if (user_ != nullptr) user_->OnStream(*this);
}

/// Closing alone ends nothing while somebody else, such as who passed the connection on, has it
/// open too: the next event would be told to an object that is gone (epoll(7)).
Stream::~Stream() {
  if (fd_.valid()) static_cast<void>(os::Unwatch(poll_, fd_.get()));
}

os::UniqueFd Stream::Release(Loop& loop) {
  user_ = nullptr;
  loop.Unwatch(fd());
  return std::move(fd_);
}

std::size_t Stream::ReceiveInto(Buffer& buffer, std::size_t most) {
  if (!readable_ || ended_ || broken() || most == 0) return 0;
  char* const room = buffer.Room(most);
  const std::ptrdiff_t got = layer_ ? layer_->Receive(room, most) : os::Receive(fd(), room, most);
  if (got > 0) {
    // Less than there was room for: that was all, and the next byte comes with an event.
    if (!layer_ && static_cast<std::size_t>(got) < most) readable_ = closing_;
    buffer.Added(static_cast<std::size_t>(got));
    return static_cast<std::size_t>(got);
  }
  if (got == 0) {
    ended_ = true;
  } else if (got == -EAGAIN) {
    readable_ = false;
  } else {
    error_ = static_cast<int>(got);
  }
  return 0;
}

std::size_t Stream::Send(std::string_view bytes, bool more) {
  if (!writable_ || broken() || bytes.empty()) return 0;
  const std::ptrdiff_t sent =
      layer_ ? layer_->Send(bytes) : os::Send(fd(), bytes.data(), bytes.size(), more);
  if (sent < 0) {
    if (sent == -EAGAIN) {
      writable_ = false;
    } else {
      error_ = static_cast<int>(sent);
    }
    return 0;
  }
  if (static_cast<std::size_t>(sent) < bytes.size()) writable_ = false;
  return static_cast<std::size_t>(sent);
}

bool Stream::Flush(Buffer& buffer, bool more) {
  if (!buffer.empty()) buffer.Take(Send(buffer.view(), more));
  return buffer.empty();
}

bool Stream::IsIdle() const {
  return !ended_ && !broken() && (!layer_ || !layer_->HasMore()) && os::IsIdle(fd());
}

void Stream::ShutdownWriting() {
  if (layer_) layer_->ShutdownWriting();
  static_cast<void>(os::ShutdownWriting(fd()));
}

}  // namespace ambit::proxy
