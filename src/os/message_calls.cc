#include "os/message_calls.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "os/proc_path.h"

namespace ambit::os {
namespace {

static_assert(sizeof(mmsghdr) == kManyHeaderSize &&
              offsetof(mmsghdr, msg_len) == kManyHeaderResult);

// Not in every header we build with.
constexpr std::uint32_t kZeroCopy = 0x4000000;   // MSG_ZEROCOPY
constexpr std::uint32_t kFastOpen = 0x20000000;  // MSG_FASTOPEN

int ReadAll(int thread, TargetAddress address, void* out, std::size_t size) {
  const int n = ReadTarget(thread, address, out, size);
  if (n < 0) return n;
  return static_cast<std::size_t>(n) == size ? 0 : -EFAULT;
}

TargetAddress ToTarget(const void* pointer) { return reinterpret_cast<TargetAddress>(pointer); }

}  // namespace

bool WantsWaiting(std::uint32_t flags, const SocketFacts& facts) {
  return facts.waits && (flags & MSG_DONTWAIT) == 0;
}

void MessageCopy::Clear() {
  for (std::size_t i = 0; i < descriptor_count_; ++i) descriptors_[i].Reset();
  descriptor_count_ = 0;
  control_size_ = 0;
  size_ = 0;
  has_address_ = has_descriptors_ = is_cut_ = false;
}

int MessageCopy::ReadAddress(int thread, TargetAddress address, std::uint32_t size) {
  if (address == 0 || size == 0) return 0;
  has_address_ = true;
  return ReadTargetSocketAddress(thread, address, size, address_);
}

int MessageCopy::ReadContent(int thread, TargetAddress parts, std::uint64_t count) {
  if (count > IOV_MAX) return -EMSGSIZE;
  for (std::uint64_t i = 0; i < count; ++i) {
    iovec part{};
    if (const int r = ReadAll(thread, parts + i * sizeof part, &part, sizeof part); r < 0) return r;
    const std::size_t room = sizeof content_ - size_;
    const std::size_t size = std::min(part.iov_len, room);
    is_cut_ = is_cut_ || size < part.iov_len;
    if (size == 0) continue;
    if (const int r = ReadAll(thread, ToTarget(part.iov_base), content_ + size_, size); r < 0) {
      return r;
    }
    size_ += size;
  }
  return 0;
}

int MessageCopy::Read(int thread, TargetAddress address) {
  Clear();
  msghdr header{};
  if (const int r = ReadAll(thread, address, &header, sizeof header); r < 0) return r;
  // As the kernel takes it: a name that is too long is cut, and then refused for its family.
  const auto name_size = std::min<std::uint32_t>(header.msg_namelen, sizeof address_.raw);
  if (const int r = ReadAddress(thread, ToTarget(header.msg_name), name_size); r < 0) return r;
  if (header.msg_controllen > sizeof control_) return -ENOBUFS;
  if (header.msg_controllen > 0) {
    control_size_ = header.msg_controllen;
    if (const int r = ReadAll(thread, ToTarget(header.msg_control), control_, control_size_);
        r < 0) {
      return r;
    }
  }
  return ReadContent(thread, ToTarget(header.msg_iov), header.msg_iovlen);
}

int MessageCopy::ReadPlain(int thread, TargetAddress data, std::uint64_t size,
                           TargetAddress address, std::uint32_t address_size) {
  Clear();
  if (const int r = ReadAddress(thread, address, address_size); r < 0) return r;
  is_cut_ = size > sizeof content_;
  size_ = std::min<std::size_t>(size, sizeof content_);
  return size_ == 0 ? 0 : ReadAll(thread, data, content_, size_);
}

int MessageCopy::TakeDescriptors(int thread) {
  if (has_descriptors_) return 0;
  has_descriptors_ = true;
  msghdr header{};
  header.msg_control = control_;
  header.msg_controllen = control_size_;
  for (cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS) return -EPERM;
    const std::size_t offset = static_cast<std::size_t>(CMSG_DATA(one) - control_);
    if (one->cmsg_len < CMSG_LEN(0) || one->cmsg_len > control_size_ ||
        offset + one->cmsg_len - CMSG_LEN(0) > control_size_) {
      return -EINVAL;
    }
    const std::size_t count = (one->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      if (descriptor_count_ == kMostDescriptors) return -EINVAL;
      int number = -1;
      unsigned char* const at = CMSG_DATA(one) + i * sizeof number;
      std::memcpy(&number, at, sizeof number);
      UniqueFd copy(CopyDescriptor(thread, number));
      if (!copy.valid()) return copy.get();
      number = copy.get();
      std::memcpy(at, &number, sizeof number);
      descriptors_[descriptor_count_++] = std::move(copy);
    }
  }
  return 0;
}

int MessageCopy::Send(int socket, int place, std::uint32_t flags, const SocketFacts& facts) {
  if ((flags & kFastOpen) != 0) return -EOPNOTSUPP;
  if ((flags & kZeroCopy) != 0) return -ENOBUFS;
  if (is_cut_ && facts.is_datagram) return -EMSGSIZE;
  iovec part{content_, size_};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (control_size_ > 0) {
    header.msg_control = control_;
    header.msg_controllen = control_size_;
  }
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (place >= 0) {
    const ProcPath path = ProcPath::OwnDescriptor(place);
    std::memcpy(to.sun_path, path.text(), std::strlen(path.text()) + 1);
    header.msg_name = &to;
    header.msg_namelen = sizeof to;
  } else if (has_address_) {
    if (address_.kind == CalledAddress::Kind::kPath) return -EINVAL;
    header.msg_name = address_.raw;
    header.msg_namelen = address_.size;
  }
  const ssize_t n =
      ::sendmsg(socket, &header, static_cast<int>(flags | MSG_DONTWAIT | MSG_NOSIGNAL));
  return n < 0 ? -errno : static_cast<int>(n);
}

}  // namespace ambit::os
