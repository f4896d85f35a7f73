#pragma once

#include <cstdint>

/// The caller's own network namespace, which is new and has nothing but a loopback. As in
/// mount_calls.h: nothing allocates, all may be used between fork and exec, results are >= 0 or
/// -errno.
namespace ambit::os {

/// Switches the loopback on: 127.0.0.0/8 and, where the kernel has IPv6, ::1.
int RaiseLoopback();

/// A TCP socket that listens on 127.0.0.1, without waiting and closed on exec. The longest queue
/// that the kernel grants: who connects is never kept waiting by a busy proxy.
int ListenOnLoopback(std::uint16_t port);

/// A TCP socket of this network that is not connected yet, without waiting and closed on exec.
int MakeStream();

/// A UDP socket of 127.0.0.1, without waiting and closed on exec.
int BindLoopbackDatagrams(std::uint16_t port);

}  // namespace ambit::os
