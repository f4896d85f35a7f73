#include "plan_linux/bpf_evaluator.h"

#include <cstring>
#include <optional>
#include <string>

namespace ambit::plan_linux {
namespace {

// Opcodes (linux/bpf_common.h): class | size or operation | operand.
enum Opcode : std::uint16_t {
  kLoadWord = 0x20,     // A = the 32-bit word at offset k
  kAnd = 0x54,          // A &= k
  kJumpAlways = 0x05,   // skip k
  kJumpEqual = 0x15,    // A == k
  kJumpGreater = 0x25,  // A > k
  kJumpAtLeast = 0x35,  // A >= k
  kJumpAnyBit = 0x45,   // A & k
  kReturn = 0x06,       // answer k
};

std::optional<std::uint32_t> Load(const SeccompData& data, std::uint32_t offset) {
  if (offset % 4 != 0 || offset > sizeof data - 4) return std::nullopt;
  std::uint32_t word = 0;
  std::memcpy(&word, reinterpret_cast<const char*>(&data) + offset, sizeof word);
  return word;
}

std::optional<bool> Compare(const BpfInstruction& instruction, std::uint32_t a) {
  switch (instruction.code) {
    case kJumpEqual:
      return a == instruction.k;
    case kJumpGreater:
      return a > instruction.k;
    case kJumpAtLeast:
      return a >= instruction.k;
    case kJumpAnyBit:
      return (a & instruction.k) != 0;
    default:
      return std::nullopt;
  }
}

std::unexpected<Error> BadProgram(std::size_t at, const char* problem) {
  return Fail(ErrorCode::kUnsupported, "filter instruction '" + std::to_string(at) + "': " +
                                           problem + "; the kernel would refuse to install it");
}

}  // namespace

Result<std::uint32_t> EvaluateBpf(std::span<const BpfInstruction> program,
                                  const SeccompData& data) {
  std::uint32_t a = 0;
  // Every instruction moves forward, so this ends.
  for (std::size_t at = 0; at < program.size(); ++at) {
    const BpfInstruction& instruction = program[at];
    switch (instruction.code) {
      case kReturn:
        return instruction.k;
      case kLoadWord: {
        const auto word = Load(data, instruction.k);
        if (!word) return BadProgram(at, "loads outside the data");
        a = *word;
        break;
      }
      case kAnd:
        a &= instruction.k;
        break;
      case kJumpAlways:
        at += instruction.k;
        break;
      default: {
        const auto taken = Compare(instruction, a);
        if (!taken) return BadProgram(at, "is not an instruction of a seccomp filter");
        at += *taken ? instruction.jt : instruction.jf;
      }
    }
  }
  return BadProgram(program.size(), "the program ends without an answer");
}

}  // namespace ambit::plan_linux
