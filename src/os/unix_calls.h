#pragma once

#include <cstddef>
#include <cstdint>

#include "os/notified_call.h"

/// Socket operations for carrying calls out on behalf of other processes; see unix(7). As in
/// mount_calls.h: nothing allocates, results are >= 0 or -errno.
namespace ambit::os {

/// A socket address, copied out of the memory of whoever named it.
struct CalledAddress {
  enum class Kind : std::uint8_t {
    kPath,      ///< A unix socket's file: `path`.
    kAbstract,  ///< A unix socket's name outside of the file system.
    kUnnamed,   ///< A unix family without a name: bind(2) makes up an abstract one.
    kNone,      ///< AF_UNSPEC, which dissolves a connection.
    kOther,     ///< Of another family.
  };
  static constexpr std::size_t kMostPath = 108;  ///< Room of sun_path.
  Kind kind = Kind::kOther;
  /// The raw bytes, as the kernel would copy them.
  alignas(8) unsigned char raw[128] = {};
  std::uint32_t size = 0;
  char path[kMostPath + 1] = {};
};

/// Reads the address at `address`. -EINVAL: it is too short or too long for any, or for its family.
int ReadTargetSocketAddress(int thread, TargetAddress address, std::uint32_t size,
                            CalledAddress& out);

/// A descriptor of our own for the open file that is descriptor `fd` of another thread's process
/// (pidfd_getfd(2)). Close-on-exec.
int CopyDescriptor(int thread, int fd);

/// What a socket is.
struct SocketFacts {
  bool is_unix = false;
  bool is_datagram = false;
  bool waits = false;  ///< Its calls wait (no O_NONBLOCK).
};
/// -ENOTSOCK.
int InspectSocket(int fd, SocketFacts& out);

/// Connects `socket` with the socket file behind the O_PATH descriptor `place`. Never waits:
/// -EAGAIN while the other end's queue is full.
int ConnectToPlace(int socket, int place);
/// Connects with, or dissolves a connection by, the copied address. Only for what is no path.
int ConnectToAddress(int socket, const CalledAddress& address);

/// 1 when the socket file behind `place` takes datagrams, else 0. Its owner notices nothing: a
/// datagram socket is connected without a word, and no other kind accepts such a connection.
int TakesDatagrams(int place);

/// Binds to the path `text` of at most 107 bytes, a relative one from the directory `dir`.
int BindToPath(int socket, int dir, const char* text);
/// Binds to the copied address. Only for what is no path.
int BindToAddress(int socket, const CalledAddress& address);
int Listen(int socket, int backlog);

}  // namespace ambit::os
