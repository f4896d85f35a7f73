#pragma once

/// Linux numbers newer than the headers we build with (Debian 12 has those of Linux 6.1). They are
/// kernel ABI and never change. This file includes nothing, so that every layer may use it.
namespace ambit::kernel_abi {

/// A system call by its name; the number is the same on every architecture since Linux 5.1.
struct NewSyscall {
  const char* name;
  int number;
};

inline constexpr int kFchmodat2 = 452;

/// Only those that a rule of ours names.
inline constexpr NewSyscall kNewSyscalls[] = {
    {"set_mempolicy_home_node", 450},  // Linux 5.17
    {"fchmodat2", kFchmodat2},         // Linux 6.6
    {"setxattrat", 463},               // Linux 6.13
    {"getxattrat", 464},               // Linux 6.13
    {"listxattrat", 465},              // Linux 6.13
    {"removexattrat", 466},            // Linux 6.13
    {"open_tree_attr", 467},           // Linux 6.15
    {"file_setattr", 469},             // Linux 6.17
};

// landlock(7): ABI 3 (Linux 6.2) and ABI 6 (Linux 6.12).
inline constexpr unsigned long long kLandlockAccessFsTruncate = 1ULL << 14;
inline constexpr unsigned long long kLandlockAccessNetBindTcp = 1ULL << 0;
inline constexpr unsigned long long kLandlockAccessNetConnectTcp = 1ULL << 1;
inline constexpr unsigned long long kLandlockScopeAbstractUnixSocket = 1ULL << 0;
inline constexpr unsigned long long kLandlockScopeSignal = 1ULL << 1;

// seccomp_unotify(2): Linux 6.6.
inline constexpr unsigned long kSeccompIoctlNotifSetFlags = 0x40082104;  // _IOW('!', 4, __u64)
inline constexpr unsigned long kSeccompUserNotifFdSyncWakeUp = 1UL << 0;

}  // namespace ambit::kernel_abi
