#pragma once

/// Linux numbers newer than the headers we build with (Debian 12 has those of Linux 6.1). They are
/// kernel ABI and never change. This file includes nothing, so that every layer may use it.
namespace ambit::kernel_abi {

/// A system call by its name; the number is the same on every architecture since Linux 5.1.
struct NewSyscall {
  const char* name;
  int number;
};

/// Only those that a rule of ours names.
inline constexpr NewSyscall kNewSyscalls[] = {
    {"set_mempolicy_home_node", 450},  // Linux 5.17
    {"fchmodat2", 452},                // Linux 6.6
    {"open_tree_attr", 467},           // Linux 6.15
};

// landlock(7): ABI 3 (Linux 6.2) and ABI 6 (Linux 6.12).
inline constexpr unsigned long long kLandlockAccessFsTruncate = 1ULL << 14;
inline constexpr unsigned long long kLandlockScopeAbstractUnixSocket = 1ULL << 0;
inline constexpr unsigned long long kLandlockScopeSignal = 1ULL << 1;

}  // namespace ambit::kernel_abi
