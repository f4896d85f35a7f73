// Runs during the build: turns SeccompRules() into filter programs with libseccomp and writes them
// as C++ source to standard output.

#include <seccomp.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string>

#include "base/kernel_abi.h"
#include "plan_linux/seccomp_program.h"

namespace ambit::plan_linux {
namespace {

using Program = std::vector<BpfInstruction>;

constexpr std::uint32_t kArchOffset = 4;  // in struct seccomp_data; the call's number is at 0
constexpr std::uint32_t kX32Bit = 0x40000000;
constexpr std::uint32_t kNoSyscall = 0xffffffff;

// BPF opcodes (linux/bpf_common.h).
constexpr std::uint16_t kLoad = 0x20;
constexpr std::uint16_t kJump = 0x05;
constexpr std::uint16_t kIfEqual = 0x15;
constexpr std::uint16_t kIfAtLeast = 0x35;
constexpr std::uint16_t kReturn = 0x06;

[[noreturn]] void Die(const std::string& problem) {
  std::fprintf(stderr, "ambit_seccomp_gen: %s\n", problem.c_str());
  std::exit(1);
}

// The call's number here, or nothing when this architecture does not have it.
int NumberOf(std::string_view name) {
  const std::string text(name);
  const int number = seccomp_syscall_resolve_name_arch(seccomp_arch_native(), text.c_str());
  if (number != __NR_SCMP_ERROR) return number;  // negative: known, but not on this architecture
  for (const auto& call : kernel_abi::kNewSyscalls) {
    if (name == call.name) return call.number;
  }
  Die("'" + text + "' is not a system call that libseccomp or base/kernel_abi.h knows");
}

std::uint32_t ActionOf(SeccompAnswer answer) {
  switch (answer) {
    case SeccompAnswer::kAllow:
      return SCMP_ACT_ALLOW;
    case SeccompAnswer::kEperm:
      return SCMP_ACT_ERRNO(EPERM);
    case SeccompAnswer::kEnosys:
      return SCMP_ACT_ERRNO(ENOSYS);
    case SeccompAnswer::kNotify:
      return SCMP_ACT_NOTIFY;
  }
  Die("an answer without a meaning");
}

/// A libseccomp filter whose answer to everything without a rule is `otherwise`.
class Filter {
 public:
  explicit Filter(SeccompAnswer otherwise) : context_(seccomp_init(ActionOf(otherwise))) {
    if (!context_ ||
        seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0 ||
        seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0) {
      Die("cannot create a filter");
    }
  }

  void Add(std::string_view name, std::uint32_t action, const std::vector<ArgIs>& when) {
    const int number = NumberOf(name);
    if (number < 0) return;
    std::vector<scmp_arg_cmp> comparisons;
    for (const ArgIs& is : when) {
      comparisons.push_back({is.arg, SCMP_CMP_MASKED_EQ, is.mask, is.value});
    }
    if (seccomp_rule_add_exact_array(context_.get(), action, number,
                                     static_cast<unsigned>(comparisons.size()),
                                     comparisons.data()) != 0) {
      Die("libseccomp refuses a rule for '" + std::string(name) + "'");
    }
  }

  [[nodiscard]] Program Export() const {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
    if (!file || seccomp_export_bpf(context_.get(), ::fileno(file.get())) != 0) {
      Die("cannot export a filter");
    }
    std::rewind(file.get());
    Program program;
    for (BpfInstruction one; std::fread(&one, sizeof one, 1, file.get()) == 1;) {
      program.push_back(one);
    }
    return program;
  }

 private:
  struct Release {
    void operator()(void* context) const { seccomp_release(context); }
  };
  std::unique_ptr<void, Release> context_;
};

// x32 numbers name the same calls as plain ones plus a bit, and would pass every rule. libseccomp
// can only treat them like a foreign architecture, which ends the process; programs that merely
// probe for x32 should hear ENOSYS. Number -1 is no call: a debugger puts it there to skip one.
Program Prologue() {
#if defined(__x86_64__)
  return {
      {kLoad, 0, 0, kArchOffset},               // A = arch
      {kIfEqual, 0, 4, SCMP_ARCH_X86_64},       // foreign: to libseccomp's own check
      {kLoad, 0, 0, 0},                         // A = nr
      {kIfAtLeast, 0, 2, kX32Bit},              // ordinary: on
      {kIfEqual, 1, 0, kNoSyscall},             // -1: on
      {kReturn, 0, 0, SCMP_ACT_ERRNO(ENOSYS)},  // x32
  };
#else
  return {};
#endif
}

// libseccomp can compare only for equality, and what no rule of a filter fits gets the one answer
// that the filter was created with. Calls that are open with exceptions and calls that are closed
// with exceptions therefore need filters of their own, one for each answer. The first filter leads
// to the others: where it would give an answer that nobody else uses, we put a jump.
Program Generate(NetworkMode mode, Mediated mediated, UnixSockets sockets) {
  struct Further {
    SeccompAnswer answer;
    std::uint32_t marker;
    Filter filter = Filter(answer);
  };
  Further further[] = {{SeccompAnswer::kEperm, SCMP_ACT_TRACE(0x5ec0)},
                       {SeccompAnswer::kNotify, SCMP_ACT_TRACE(0x5ec1)}};
  Filter first(SeccompAnswer::kAllow);
  for (const SeccompRule& rule : SeccompRules(mode, mediated, sockets)) {
    const bool open = rule.answer == SeccompAnswer::kAllow;
    Further* other = nullptr;
    if (!open && !rule.exceptions.empty()) {
      other = std::ranges::find(further, rule.answer, &Further::answer);
      if (other == std::end(further)) Die("an answer that calls with exceptions cannot have");
    }
    for (const std::string_view name : rule.syscalls) {
      if (rule.exceptions.empty()) first.Add(name, ActionOf(rule.answer), {});
      if (other != nullptr) first.Add(name, other->marker, {});
      for (const auto& when : rule.exceptions) {
        (open ? first : other->filter).Add(name, ActionOf(rule.otherwise), when);
      }
    }
  }

  Program program = Prologue();
  for (const BpfInstruction& one : first.Export()) program.push_back(one);
  const std::size_t size = program.size();
  for (const Further& other : further) {
    const std::size_t start = program.size();
    for (std::size_t at = 0; at < size; ++at) {
      if (program[at].code != kReturn || program[at].k != other.marker) continue;
      program[at] = {kJump, 0, 0, static_cast<std::uint32_t>(start - at - 1)};
    }
    for (const BpfInstruction& one : other.filter.Export()) program.push_back(one);
  }
  return program;
}

Program GenerateAllowing(const std::vector<AllowedCall>& calls) {
  Filter filter(SeccompAnswer::kEperm);
  for (const AllowedCall& call : calls) {
    if (call.only.empty()) filter.Add(call.name, ActionOf(call.answer), {});
    for (const auto& when : call.only) filter.Add(call.name, ActionOf(call.answer), when);
  }
  return filter.Export();
}

void Print(const char* name, const Program& program) {
  std::printf("constexpr BpfInstruction %s[] = {\n", name);
  for (const BpfInstruction& i : program) {
    std::printf("    {0x%02x, %u, %u, 0x%08x},\n", i.code, i.jt, i.jf, i.k);
  }
  std::printf("};\n");
}

}  // namespace
}  // namespace ambit::plan_linux

int main() {
  using namespace ambit::plan_linux;
  // The level of the kernels the program is for, whatever the machine that builds it runs.
  if (seccomp_api_set(5) != 0) Die("libseccomp is too old");
  constexpr struct {
    NetworkMode value;
    const char* name;
  } kModes[] = {{NetworkMode::kNone, "kNone"},
                {NetworkMode::kProxied, "kProxied"},
                {NetworkMode::kBrokered, "kBrokered"},
                {NetworkMode::kHost, "kHost"}};
  constexpr struct {
    Mediated value;
    const char* name;
  } kMediated[] = {{Mediated::kNothing, "kNothing"},
                   {Mediated::kChanges, "kChanges"},
                   {Mediated::kOpens, "kOpens"},
                   {Mediated::kOnSharedHost, "kOnSharedHost"}};
  constexpr struct {
    UnixSockets value;
    const char* name;
  } kSockets[] = {{UnixSockets::kPairs, "kPairs"},
                  {UnixSockets::kStreams, "kStreams"},
                  {UnixSockets::kDatagrams, "kDatagrams"}};
  std::string answers;
  std::printf(
      "// Made by ambit_seccomp_gen from seccomp_rules.cc.\n"
      "#include \"plan_linux/seccomp_program.h\"\n\n"
      "namespace ambit::plan_linux {\nnamespace {\n");
  for (const auto& mode : kModes) {
    for (const auto& mediated : kMediated) {
      for (const auto& sockets : kSockets) {
        const std::string name = std::string(mode.name) + "_" + mediated.name + "_" + sockets.name;
        Print(name.c_str(), Generate(mode.value, mediated.value, sockets.value));
        answers += "  if (mode == NetworkMode::" + std::string(mode.name) +
                   " && mediated == Mediated::" + mediated.name +
                   " && sockets == UnixSockets::" + sockets.name + ") return " + name + ";\n";
      }
    }
  }
  Print("kBroker", GenerateAllowing(BrokerCalls(BrokerPlace::kNamespaces)));
  Print("kSharedHostBroker", GenerateAllowing(BrokerCalls(BrokerPlace::kSharedHost)));
  Print("kHostNetworkBroker", GenerateAllowing(BrokerCalls(BrokerPlace::kHostNetwork)));
  Print("kProxy", GenerateAllowing(ProxyCalls()));
  std::printf(
      "}  // namespace\n\n"
      "std::span<const BpfInstruction> ProxyProgram() { return kProxy; }\n\n"
      "std::span<const BpfInstruction> BrokerProgram(BrokerPlace place) {\n"
      "  if (place == BrokerPlace::kHostNetwork) return kHostNetworkBroker;\n"
      "  if (place == BrokerPlace::kSharedHost) return kSharedHostBroker;\n"
      "  return kBroker;\n}\n\n"
      "std::span<const BpfInstruction> SeccompProgram(NetworkMode mode, Mediated mediated,\n"
      "                                               UnixSockets sockets) {\n"
      "%s  __builtin_unreachable();\n}\n\n}  // namespace ambit::plan_linux\n",
      answers.c_str());
  if (std::fflush(stdout) != 0) Die("cannot write the program");
  return 0;
}
