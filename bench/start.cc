// How long a sandboxed command takes to start, and where the time goes.
//
//   cmake --preset release -DAMBIT_BENCH=ON && cmake --build --preset release
//   build/release/bench/bench_start --ambit build/release/src/cli/ambit
//
// Options:
//   --rounds N       rounds of the start scenario, 200 unless told; the large trees take a quarter
//   --ambit PATH     the program to measure, "ambit" in PATH unless told
//   --scenario NAME  only start, tree or matches
//
// Every round runs each command of the scenario once, one after the other, so that a busy moment
// of the machine hits all of them, and each round begins with another one: the kernel takes a
// sandbox down when the next is made already. A time is that of posix_spawn and wait4 together;
// "true" alone is the cost of any process. The ratio is that of the medians. Numbers never make the
// benchmark fail; a command that does not work is reported and left out. It works in a fresh
// directory of /var/tmp and removes it.
//
//   start    /bin/true; bwrap with the same namespaces and mounts; ambit with ":workspace"
//   network  the small workspace with a network and its proxy, against the same without
//   tree     a deny pattern "**/*.env" over 200 000 files in 20 000 directories, 50 matches
//   matches  the same pattern with 10 000 matches
//
// The table of steps has the medians, in microseconds, of what `ambit run --verbose` says about
// itself in runs of their own.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

#include "processes.h"
#include "trees.h"

namespace {

using Words = std::vector<std::string>;

struct Options {
  int rounds = 200;
  std::string ambit = "ambit";
  std::string only;
};

struct Contender {
  std::string name;
  Words argv;
  std::vector<double> times = {};
};

/// The steps of one scenario in the order of their first appearance.
struct Steps {
  std::vector<std::string> names;
  std::vector<std::vector<double>> microseconds;
};

Words Ambit(const Options& options, const bench::Scratch& scratch, const char* profile) {
  return {options.ambit,
          "run",
          "--config-home",
          scratch.config_home(),
          "--system-config",
          scratch.path() + "/system.toml",
          "-P",
          profile,
          "--",
          "/bin/true"};
}

Words Bubblewrap(const std::string& workspace) {
  const std::string git = workspace + "/.git";
  return {"bwrap",
          "--unshare-user",
          "--unshare-pid",
          "--unshare-ipc",
          "--unshare-uts",
          "--unshare-cgroup",
          "--unshare-net",
          "--ro-bind",
          "/",
          "/",
          "--proc",
          "/proc",
          "--dev",
          "/dev",
          "--bind",
          "/tmp",
          "/tmp",
          "--bind",
          workspace,
          workspace,
          "--ro-bind",
          git,
          git,
          "--",
          "/bin/true"};
}

// Runs each once, which also warms the caches, and leaves out what does not work.
void DropBroken(std::vector<Contender>& contenders, const std::string& workspace) {
  std::erase_if(contenders, [&](const Contender& one) {
    const bench::Run run = bench::Measure(one.argv, workspace, true);
    if (run.status == 0) return false;
    fmt::print("{}: left out, exit status {}: {}\n", one.name, run.status, run.errors);
    return true;
  });
}

void PrintTimes(const std::vector<Contender>& contenders) {
  fmt::print("  {:<24}{:>10}{:>10}{:>10}   ms\n", "", "min", "median", "p95");
  for (const Contender& one : contenders) {
    const bench::Spread spread = bench::SpreadOf(one.times);
    fmt::print("  {:<24}{:>10.2f}{:>10.2f}{:>10.2f}\n", one.name, spread.min, spread.median,
               spread.p95);
  }
}

std::optional<double> Median(const std::vector<Contender>& contenders, std::string_view name) {
  const auto found = std::ranges::find(contenders, name, &Contender::name);
  if (found == contenders.end()) return std::nullopt;
  return bench::SpreadOf(found->times).median;
}

void AddStep(Steps& steps, const std::string& name, double microseconds) {
  const auto found = std::ranges::find(steps.names, name);
  const auto at = static_cast<std::size_t>(found - steps.names.begin());
  if (found == steps.names.end()) {
    steps.names.push_back(name);
    steps.microseconds.emplace_back();
  }
  steps.microseconds[at].push_back(microseconds);
}

// Lines are "ambit: step NAME MICROSECONDS".
void AddSteps(Steps& steps, std::string_view text) {
  constexpr std::string_view kStart = "ambit: step ";
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t space = line.rfind(' ');
    if (!line.starts_with(kStart) || space < kStart.size()) continue;
    const std::string name(line.substr(kStart.size(), space - kStart.size()));
    AddStep(steps, name, std::strtod(std::string(line.substr(space + 1)).c_str(), nullptr));
  }
}

void PrintSteps(const Words& ambit, const std::string& workspace, int rounds) {
  Words verbose = ambit;
  verbose.insert(verbose.begin() + 2, "--verbose");
  Steps steps;
  for (int i = 0; i < rounds; ++i) AddSteps(steps, bench::Measure(verbose, workspace, true).errors);
  if (steps.names.empty()) {
    fmt::print("  no steps: 'ambit run --verbose' reports none\n");
    return;
  }
  fmt::print("\n  {:<40}{:>10}{:>10}{:>10}   us\n", "step", "min", "median", "p95");
  for (std::size_t i = 0; i < steps.names.size(); ++i) {
    const bench::Spread spread = bench::SpreadOf(steps.microseconds[i]);
    fmt::print("  {:<40}{:>10.0f}{:>10.0f}{:>10.0f}\n", steps.names[i], spread.min, spread.median,
               spread.p95);
  }
}

struct Scenario {
  const char* name;
  const char* about;
  const char* profile;
  bench::TreeSize tree;
  bool with_bubblewrap;
  const char* against;  ///< Another profile to compare with; null: none.
  int rounds_divisor;
};

constexpr Scenario kScenarios[] = {
    {"start", "a small workspace", ":workspace", {10, 10, 0}, true, nullptr, 1},
    {"network",
     "the same with a network and its proxy",
     "net",
     {10, 10, 0},
     false,
     ":workspace",
     1},
    {"tree",
     "\"**/*.env\" over 200 000 files, 50 matches",
     "deny",
     {20'000, 10, 50},
     false,
     nullptr,
     4},
    {"matches", "\"**/*.env\" with 10 000 matches", "deny", {2'000, 10, 10'000}, false, nullptr, 4},
};

void Measure(const Scenario& scenario, const Options& options, const bench::Scratch& scratch) {
  const int rounds = std::max(1, options.rounds / scenario.rounds_divisor);
  fmt::print("\n{}: {}, {} rounds\n", scenario.name, scenario.about, rounds);
  std::fflush(stdout);
  const std::string workspace = scratch.path() + "/" + scenario.name;
  bench::MakeWorkspace(workspace, scenario.tree);

  std::vector<Contender> contenders = {{"true", {"/bin/true"}}};
  if (scenario.with_bubblewrap) contenders.push_back({"bwrap", Bubblewrap(workspace)});
  if (scenario.against != nullptr) {
    contenders.push_back({scenario.against, Ambit(options, scratch, scenario.against)});
  }
  contenders.push_back({"ambit", Ambit(options, scratch, scenario.profile)});
  DropBroken(contenders, workspace);
  for (std::size_t round = 0; round < static_cast<std::size_t>(rounds); ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      Contender& one = contenders[(round + i) % contenders.size()];
      one.times.push_back(bench::Measure(one.argv, workspace).milliseconds);
    }
  }
  PrintTimes(contenders);
  const auto ambit = Median(contenders, "ambit");
  const auto bwrap = Median(contenders, "bwrap");
  if (ambit && bwrap) fmt::print("  ambit / bwrap: {:.2f}\n", *ambit / *bwrap);
  if (scenario.against != nullptr && ambit) {
    const auto other = Median(contenders, scenario.against);
    if (other) fmt::print("  ambit - {}: {:.2f} ms\n", scenario.against, *ambit - *other);
  }
  if (ambit) PrintSteps(Ambit(options, scratch, scenario.profile), workspace, rounds);

  std::error_code ignored;
  std::filesystem::remove_all(workspace, ignored);
}

[[noreturn]] void Usage() {
  fmt::print(stderr,
             "usage: bench_start [--rounds N] [--ambit PATH] "
             "[--scenario start|network|tree|matches]\n");
  std::exit(2);
}

Options Parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 == argc) Usage();
    if (name == "--rounds") {
      options.rounds = std::atoi(argv[i + 1]);
    } else if (name == "--ambit") {
      options.ambit = argv[i + 1];
    } else if (name == "--scenario") {
      options.only = argv[i + 1];
    } else {
      Usage();
    }
  }
  const bool known =
      options.only.empty() ||
      std::ranges::any_of(kScenarios, [&](const Scenario& s) { return options.only == s.name; });
  if (options.rounds < 1 || !known) Usage();
  // Commands run in a directory of their own, where a relative path would mean something else.
  if (options.ambit.find('/') != std::string::npos) {
    options.ambit = std::filesystem::absolute(options.ambit).string();
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = Parse(argc, argv);
  const bench::Scratch scratch;
  for (const Scenario& scenario : kScenarios) {
    if (options.only.empty() || options.only == scenario.name) Measure(scenario, options, scratch);
  }
  return 0;
}
