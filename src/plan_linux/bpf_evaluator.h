#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "plan_linux/seccomp_program.h"

namespace ambit::plan_linux {

/// What the kernel shows to a filter, laid out like its `struct seccomp_data`.
struct SeccompData {
  std::uint32_t nr = 0;
  std::uint32_t arch = 0;  ///< AUDIT_ARCH_*
  std::uint64_t instruction_pointer = 0;
  std::array<std::uint64_t, 6> args{};
};
static_assert(sizeof(SeccompData) == 64);

/// What a filter answers (seccomp(2)); the low 16 bits of kSeccompErrno are the errno.
inline constexpr std::uint32_t kSeccompKillProcess = 0x80000000;
inline constexpr std::uint32_t kSeccompErrno = 0x00050000;
inline constexpr std::uint32_t kSeccompAllow = 0x7fff0000;

/// Runs `program` as the kernel would and returns the value it answers. Knows the instructions that
/// filters use: loads from the data, bitwise and, jumps, return of a constant.
/// Errors: kUnsupported for another instruction, a load outside the data or a program that runs off
/// its end; the kernel refuses to install such a program.
Result<std::uint32_t> EvaluateBpf(std::span<const BpfInstruction> program, const SeccompData& data);

}  // namespace ambit::plan_linux
