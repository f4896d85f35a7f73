#pragma once

/// What somebody inside a sandbox would try, made with the plain system calls that a program uses.
/// Nothing allocates. Results are >= 0 when it worked (nothing is left of it then), or -errno.
namespace ambit::os {

/// Opens the file for reading, or lists the directory.
int TryRead(const char* path);
/// Opens the existing file for writing.
int TryWrite(const char* path);
/// Makes a file in the directory: one without a name, so that nobody ever sees it. -EOPNOTSUPP: the
/// filesystem has no such files.
int TryMakeIn(const char* directory);
/// Makes a directory at `path`, and removes it again.
int TryMake(const char* path);
/// An internet socket.
int TrySocket();
/// A way to the internet by TCP or UDP, IPv4 or IPv6: addresses that nobody has (RFC 5737, RFC
/// 3849).
int TryRoute();
/// A socket that is neither TCP nor UDP nor a unix stream: raw, netlink, vsock.
int TryOtherSocket();
/// TCP on the host's own network, as far as the kernel alone is asked: a connection to the
/// loopback, a port on it.
int TryTcp();
/// The ways of internet sockets to go or be reached past a filter of connect(2): datagrams, a
/// listener without a bind(2), connections that a send or a write makes (TCP fast open).
int TryPastConnect();
/// A connection to a port of the caller's own loopback.
int TryLoopback(unsigned short port);
/// A user namespace of one's own. Only for a process that ends soon.
int TryNamespace();
/// 0 when a capability is left in any set; -EPERM when there is none.
int TryCapability();
/// 0 when the mount that the path is on can be written to; -EROFS when it is read-only.
int TryReadOnlyMount(const char* path);
/// Whether the process behind `pidfd` could be signalled; sends nothing.
int TrySignal(int pidfd);
/// 0 when exec may still give privileges; -EPERM when it may not.
int TryPrivilege();

}  // namespace ambit::os
