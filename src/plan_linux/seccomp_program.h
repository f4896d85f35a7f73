#pragma once

#include <cstdint>
#include <span>

#include "plan_linux/seccomp_rules.h"

namespace ambit::plan_linux {

/// One instruction of a classic BPF program, laid out like the kernel's `struct sock_filter`.
struct BpfInstruction {
  std::uint16_t code = 0;
  std::uint8_t jt = 0;
  std::uint8_t jf = 0;
  std::uint32_t k = 0;
};
static_assert(sizeof(BpfInstruction) == 8);

/// The filter for one case, ready for seccomp(2). Made from SeccompRules() when ambit
/// was built, so that starting a command neither needs libseccomp nor spends time on it. Lives as
/// long as the program.
std::span<const BpfInstruction> SeccompProgram(NetworkMode mode, Mediated mediated,
                                               UnixSockets sockets);

/// The filter of the broker, made of BrokerCalls().
std::span<const BpfInstruction> BrokerProgram(BrokerPlace place);

/// The filter of the network proxy, made of ProxyCalls().
std::span<const BpfInstruction> ProxyProgram();

}  // namespace ambit::plan_linux
