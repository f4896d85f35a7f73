#pragma once

#include <cstddef>
#include <cstdint>

#include "os/notified_call.h"
#include "os/unique_fd.h"
#include "os/unix_calls.h"

/// Messages of sendmsg(2), for sending them on behalf of other processes. As in mount_calls.h:
/// nothing allocates, results are >= 0 or -errno.
namespace ambit::os {

/// One message, copied out of the memory of whoever sends it: address, content, and the descriptors
/// that go with it.
class MessageCopy {
 public:
  /// Reads the msghdr at `header`; of a content that has no room here only the beginning.
  int Read(int thread, TargetAddress header);
  /// What sendto(2) was given. `size` 0 of the address: none.
  int ReadPlain(int thread, TargetAddress data, std::uint64_t size, TargetAddress address,
                std::uint32_t address_size);

  [[nodiscard]] bool has_address() const { return has_address_; }
  [[nodiscard]] const CalledAddress& address() const { return address_; }

  /// Copies the descriptors that the message carries for a unix socket. -EPERM: it carries
  /// something that only the sender himself may say, such as who he is.
  int TakeDescriptors(int thread);

  /// Sends it through `socket`, to the socket file behind the O_PATH descriptor `place` (-1: to
  /// where the socket is connected, or to an address that is no path). Never waits and raises no
  /// signal. What has no room here is cut off a stream, and -EMSGSIZE for a datagram.
  int Send(int socket, int place, std::uint32_t flags, const SocketFacts& facts);

  /// Forgets the copied descriptors.
  void Clear();

 private:
  int ReadContent(int thread, TargetAddress parts, std::uint64_t count);
  int ReadAddress(int thread, TargetAddress address, std::uint32_t size);

  static constexpr std::size_t kRoom = 256UL * 1024;
  static constexpr std::size_t kMostDescriptors = 253;  ///< SCM_MAX_FD of unix(7).
  static constexpr std::size_t kControlRoom = 2048;
  bool has_address_ = false;
  bool is_cut_ = false;
  CalledAddress address_;
  std::size_t size_ = 0;
  std::size_t control_size_ = 0;
  std::size_t descriptor_count_ = 0;
  bool has_descriptors_ = false;
  UniqueFd descriptors_[kMostDescriptors];
  alignas(8) unsigned char control_[kControlRoom];
  unsigned char content_[kRoom];
};

/// Whether the caller is ready to wait until its message can be sent.
bool WantsWaiting(std::uint32_t flags, const SocketFacts& facts);

/// The bytes that one mmsghdr of sendmmsg(2) takes, and how far in it the result of its message is.
inline constexpr std::size_t kManyHeaderSize = 64;
inline constexpr std::size_t kManyHeaderResult = 56;

}  // namespace ambit::os
