// How the cost of a policy grows with its size: loading, merging and resolving path rules, deciding
// about one path, and making the plan.
//
//   cmake --preset release -DAMBIT_BENCH=ON && cmake --build --preset release
//   build/release/bench/bench_policy
//
// Load grows in proportion to the number of rules, a decision at 10 000 rules stays below a
// microsecond; the column "per_rule" is the time of one rule, and the last lines say how much more
// a rule costs among 100 000 than among 1 000. What is left of that is memory: some 800 bytes a
// rule fit into no cache any more, and most of it is the parser's own ordered table, where each key
// that comes out of order is looked for anew; "sorted" has the same rules in order. A look at the
// disk costs the same however many rules there are, as it does on a real one.

#include "policy/policy.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/host_facts.h"
#include "base/path_text.h"
#include "config/config.h"
#include "plan_linux/lower.h"
#include "support/fake_file_view.h"

namespace {

using namespace ambit;

/// How the rules are written.
enum class Shape {
  kScoped,    ///< Below the workspace root, in one table.
  kAbsolute,  ///< Absolute keys.
  kSorted,    ///< The same, the lines in order.
  kParents,   ///< Absolute keys, spread over 100 profiles of which each extends the one before.
  kManaged,   ///< Half of them are deny_read of the requirements.
  kLayers,    ///< Absolute keys, spread over 1 000 settings of the command line.
};

constexpr std::size_t kProfiles = 100;
constexpr std::size_t kLayers = 1000;

/// A disk where below /w every name with an 'f' in front is a file and every other one, but for the
/// hidden, a directory. The rest is a small table.
class BenchDisk final : public FileView {
 public:
  testing_support::FakeFileView rest;

  Result<FileInfo> Lstat(const std::string& path) const override {
    if (!path.starts_with("/w/")) return rest.Lstat(path);
    const char first = BaseName(path).front();
    FileInfo info;
    info.mode = 0755;
    info.kind = first == 'f'   ? FileKind::kRegular
                : first == '.' ? FileKind::kMissing
                               : FileKind::kDirectory;
    return info;
  }
  Result<std::string> ReadLink(const std::string& path) const override {
    return rest.ReadLink(path);
  }
  Result<std::string> ReadFile(const std::string& path, std::size_t limit) const override {
    return rest.ReadFile(path, limit);
  }
};

std::string PathOf(std::size_t i) {
  return "d" + std::to_string(i % 97) + "/e" + std::to_string(i % 1009) + "/f" + std::to_string(i);
}

std::string RuleLine(const std::string& path, std::size_t i) {
  constexpr std::array kWords = {"read", "deny", "write"};
  return '"' + path + "\" = \"" + kWords.at(i % kWords.size()) + "\"\n";
}

/// A user's configuration with a profile "p" of `count` rules, and a disk where they exist.
class Setup {
 public:
  Setup(std::size_t count, Shape shape, bool patterns = false) {
    sources_.home = "/home/u";
    sources_.cwd = "/w";
    sources_.profile = "p";
    disk_.rest.Dir("/usr").Dir("/tmp").Dir("/home/u").Dir("/w");
    std::string text = shape == Shape::kParents  ? Parents(count)
                       : shape == Shape::kLayers ? OneProfile(0, shape)
                                                 : OneProfile(count, shape);
    if (patterns) text += Patterns(shape);
    disk_.rest.File("/home/u/.config/ambit/config.toml", std::move(text));
    if (shape == Shape::kManaged) disk_.rest.File(config::kRequirementsPath, Requirements(count));
    if (shape == Shape::kLayers) sources_.overrides = Overrides(count);
  }

  [[nodiscard]] policy::Policy Resolve() const {
    const Result<config::Selected> selected = config::LoadAndSelect(sources_, disk_);
    if (!selected) Stop(selected.error());
    const policy::Surroundings around{"/w", "/home/u", std::nullopt, {}};
    Result<policy::Policy> policy = policy::Resolve(*selected, around, disk_);
    if (!policy) Stop(policy.error());
    return *std::move(policy);
  }

 private:
  [[noreturn]] static void Stop(const Error& error) {
    std::fprintf(stderr, "bench_policy: %s\n", ToString(error).c_str());
    std::exit(1);
  }

  static std::string OneProfile(std::size_t count, Shape shape) {
    std::string out = "[permissions.p]\nextends = \":workspace\"\n[permissions.p.filesystem";
    out += shape == Shape::kScoped ? ".\":workspace_roots\"]\n" : "]\n";
    const std::string base = shape == Shape::kScoped ? "" : "/w/";
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < count; ++i) {
      if (shape == Shape::kManaged && i % 2 == 0) continue;
      lines.push_back(RuleLine(base + PathOf(i), i));
    }
    if (shape == Shape::kSorted) std::ranges::sort(lines);
    for (const std::string& line : lines) out += line;
    return out;
  }

  static std::string Parents(std::size_t count) {
    std::string out;
    for (std::size_t profile = 0; profile < kProfiles; ++profile) {
      const bool last = profile + 1 == kProfiles;
      const std::string name = last ? "p" : "q" + std::to_string(profile);
      const std::string parent = profile == 0 ? ":workspace" : "q" + std::to_string(profile - 1);
      out += "[permissions." + name + "]\nextends = \"" + parent + "\"\n[permissions." + name +
             ".filesystem]\n";
      for (std::size_t i = profile; i < count; i += kProfiles) {
        out += RuleLine("/w/" + PathOf(i), i);
      }
    }
    return out;
  }

  static std::vector<std::string> Overrides(std::size_t count) {
    std::vector<std::string> out;
    for (std::size_t layer = 0; layer < kLayers; ++layer) {
      std::string entries;
      for (std::size_t i = layer; i < count; i += kLayers) {
        std::string line = RuleLine("/w/" + PathOf(i), i);
        line.back() = ',';
        entries += line;
      }
      if (entries.empty()) break;
      entries.pop_back();
      out.push_back("permissions.p.filesystem={" + entries + "}");
    }
    return out;
  }

  static std::string Requirements(std::size_t count) {
    std::string out = "[permissions.filesystem]\ndeny_read = [\n";
    for (std::size_t i = 0; i < count; i += 2) out += "\"/w/" + PathOf(i) + "\",\n";
    return out + "]\n";
  }

  static std::string Patterns(Shape shape) {
    if (shape != Shape::kScoped) return "";
    return "\"**/*.env\" = \"deny\"\n\"**/*.pem\" = \"deny\"\n\"*/secret/**\" = \"deny\"\n"
           "\"**/id_[a-z]*\" = \"deny\"\n";
  }

  config::Sources sources_;
  BenchDisk disk_;
};

/// A machine with an ordinary root.
HostFacts Host() {
  HostFacts host;
  host.mounts = {{1, 0, 1, "/", "/", "ext4"}};
  return host;
}

void CountRules(benchmark::State& state) {
  state.SetComplexityN(state.range(0));
  state.counters["per_rule"] = benchmark::Counter(
      static_cast<double>(state.range(0)),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void Load(benchmark::State& state, Shape shape) {
  const Setup setup(static_cast<std::size_t>(state.range(0)), shape);
  for (auto _ : state) benchmark::DoNotOptimize(setup.Resolve());
  CountRules(state);
}

/// Questions about paths with a rule, below one, and beside all of them.
void Decide(benchmark::State& state, bool patterns) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const policy::Policy policy = Setup(count, Shape::kScoped, patterns).Resolve();
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < 1024; ++i) {
    const std::string path = "/w/" + PathOf(i * 7919 % count);
    paths.push_back(i % 3 == 0 ? path : i % 3 == 1 ? path + "/below/it" : path + "x");
  }
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(policy::Decide(policy, paths[next++ % paths.size()]));
  }
}

void Lower(benchmark::State& state, Shape shape) {
  const policy::Policy policy = Setup(static_cast<std::size_t>(state.range(0)), shape).Resolve();
  const HostFacts host = Host();
  for (auto _ : state) {
    const Result<plan::Plan> plan = plan_linux::Lower(policy, host);
    if (!plan) state.SkipWithError(plan.error().message.c_str());
    benchmark::DoNotOptimize(plan);
  }
  CountRules(state);
}

void Sizes(benchmark::internal::Benchmark* one) {
  one->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond)->Complexity();
}

BENCHMARK_CAPTURE(Load, scoped, Shape::kScoped)->Apply(Sizes);
BENCHMARK_CAPTURE(Load, absolute, Shape::kAbsolute)->Apply(Sizes);
BENCHMARK_CAPTURE(Load, sorted, Shape::kSorted)->Apply(Sizes);
BENCHMARK_CAPTURE(Load, parents, Shape::kParents)->Apply(Sizes);
BENCHMARK_CAPTURE(Load, managed, Shape::kManaged)->Apply(Sizes);
BENCHMARK_CAPTURE(Load, layers, Shape::kLayers)->Apply(Sizes);
BENCHMARK_CAPTURE(Decide, rules, false)->Arg(10'000)->Arg(100'000);
BENCHMARK_CAPTURE(Decide, rules_and_patterns, true)->Arg(10'000)->Arg(100'000);
BENCHMARK_CAPTURE(Lower, scoped, Shape::kScoped)->Apply(Sizes);
BENCHMARK_CAPTURE(Lower, managed, Shape::kManaged)->Apply(Sizes);

/// Prints the usual table, then what a rule of the largest size costs against one of the smallest.
class Reporter final : public benchmark::ConsoleReporter {
 public:
  Reporter() : ConsoleReporter(OO_None) {}

  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      const auto per_rule = run.counters.find("per_rule");
      if (run.run_type != Run::RT_Iteration || per_rule == run.counters.end()) continue;
      const double cost = per_rule->second;
      costs_.try_emplace(run.run_name.function_name, cost, cost).first->second.second = cost;
    }
  }

  void Finalize() override {
    for (const auto& [name, costs] : costs_) {
      GetOutputStream() << name << ": a rule of many costs " << costs.second / costs.first
                        << " times as much as one of few\n";
    }
  }

 private:
  std::map<std::string, std::pair<double, double>> costs_;  ///< Of the smallest and the largest.
};

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  Reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return 0;
}
