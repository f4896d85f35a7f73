// What holds for every profile, tried on many small random ones.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "config/config.h"
#include "policy/resolve_fixture.h"

namespace ambit::policy {
namespace {

constexpr int kRounds = 400;

/// Every path of the disk below that rules can tell apart, and some that are not there.
const std::vector<std::string>& Paths() {
  static const std::vector<std::string> paths = [] {
    std::vector<std::string> out = {"/",       "/etc",           "/home/u",    "/home/u/.ssh",
                                    "/tmp",    "/usr",           "/usr/bin",   "/w",
                                    "/w/.git", "/w/.git/config", "/w/a",       "/w/a/.codex",
                                    "/o",      "/o/a",           "/o/missing", "/etc/x"};
    for (const std::string base : {"/w", "/w/a", "/w/a/b", "/o/a"}) {
      for (const std::string name : {"b", "x.env", "y", "b/x.env", "b/y", "missing/z"}) {
        out.push_back(base + "/" + name);
      }
    }
    return out;
  }();
  return paths;
}

/// One random entry: what an entry can be written as.
struct Line {
  std::string key;
  std::optional<std::string> subpath;
  config::AccessWord access = kDeny;
};

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  std::size_t Below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_);
  }
  template <class T>
  const T& Of(const std::vector<T>& choices) {
    return choices[Below(choices.size())];
  }
  template <class T>
  void Shuffle(std::vector<T>& items) {
    std::ranges::shuffle(items, engine_);
  }

  Line Deny() {
    static const std::vector<std::string> patterns = {
        "**/*.env", "*.env", "a/*", "a/**", "**/b", "?", "**/[x-z]*", "*/b/**", "{a,b}*"};
    static const std::vector<std::string> bases = {"/w/", "/w/a/", "/o/", "~/"};
    switch (Below(4)) {
      case 0:
        return {":workspace_roots", Of(patterns), kDeny};
      case 1:
        return {Of(bases) + Of(patterns), std::nullopt, kDeny};
      default:
        return Plain(kDeny);
    }
  }
  Line Any() {
    const std::size_t kind = Below(3);
    return kind == 0 ? Deny() : Plain(kind == 1 ? kGrantRead : kGrantWrite);
  }
  std::vector<Line> Lines(std::size_t most) {
    std::vector<Line> out;
    for (std::size_t i = Below(most + 1); i > 0; --i) out.push_back(Any());
    return out;
  }

 private:
  Line Plain(config::AccessWord access) {
    static const std::vector<std::string> subpaths = {
        ".", "a", "a/b", "a/b/x.env", "b", ".git", ".codex/y", "a/.git", "missing/z"};
    static const std::vector<std::string> keys = {"/w/a",   "/w/a/b", "/o",   "/o/a/b",     "/etc",
                                                  "~/.ssh", "/w/l/b", "/w/b", "/w/a/.codex"};
    if (Below(2) == 0) return {":workspace_roots", Of(subpaths), access};
    return {Of(keys), std::nullopt, access};
  }

  std::mt19937 engine_;
};

/// The disk that all of them are about, and something that makes programs readable.
Given Start(unsigned seed) {
  Given out;
  for (const std::string base : {"/w", "/w/a", "/w/a/b", "/o/a"}) {
    out.File(base + "/b/x.env").File(base + "/b/y").File(base + "/x.env").File(base + "/y");
  }
  out.Dir("/w/.git").Dir("/home/u/.ssh").Link("/l", "/o");
  if (seed % 3 == 0) return out.Minimal();
  return seed % 3 == 1 ? out.ReadOnly() : out.Workspace();
}

void Add(Given& given, const std::vector<Line>& lines) {
  for (const Line& line : lines) {
    if (line.subpath) {
      given.Scoped(line.key, *line.subpath, line.access);
    } else {
      given.Entry(line.key, line.access);
    }
  }
}

std::string Text(const std::vector<Line>& lines) {
  std::string out;
  for (const Line& line : lines) {
    out += "\n  " + line.key + (line.subpath ? " / " + *line.subpath : "") +
           (line.access == kDeny        ? " deny"
            : line.access == kGrantRead ? " read"
                                        : " write");
  }
  return out;
}

/// Checks that `after` allows nothing that `before` does not. A policy that is refused gives
/// nothing; returns whether there was one of both.
bool ExpectNotWider(const Given& before, const Given& after, const std::string& what) {
  const Result<Policy> narrow = after.Resolve();
  if (!narrow) return false;
  const Result<Policy> wide = before.Resolve();
  if (!wide) return false;
  for (const std::string& path : Paths()) {
    EXPECT_LE(Decide(*narrow, path).access, Decide(*wide, path).access) << path << what;
  }
  return true;
}

/// Checks that both give the same answers, or neither any. Returns whether there are answers.
bool ExpectSame(const Result<Policy>& left, const Result<Policy>& right, const std::string& what) {
  EXPECT_EQ(left.has_value(), right.has_value())
      << what << (left ? "" : ToString(left.error())) << (right ? "" : ToString(right.error()));
  if (!left || !right) return false;
  for (const std::string& path : Paths()) {
    EXPECT_EQ(Decide(*left, path).access, Decide(*right, path).access) << path << what;
  }
  return true;
}

// A deny for a key that has an entry already would replace a deeper-reaching one, which is no
// addition: such a round adds nothing.
bool HasKey(const std::vector<Line>& lines, const Line& one) {
  return std::ranges::any_of(lines, [&one](const Line& line) {
    return line.key == one.key && line.subpath == one.subpath;
  });
}

TEST(PropertiesTest, AddingADenyNeverAddsAccess) {
  int compared = 0;
  for (unsigned seed = 0; seed < kRounds; ++seed) {
    Random random(seed);
    std::vector<Line> lines = random.Lines(6);
    const Line deny = random.Deny();
    if (HasKey(lines, deny)) continue;
    Given before = Start(seed);
    Add(before, lines);
    lines.push_back(deny);
    Given after = Start(seed);
    Add(after, lines);
    compared += ExpectNotWider(before, after, Text(lines)) ? 1 : 0;
  }
  EXPECT_GT(compared, kRounds / 2);
}

TEST(PropertiesTest, RequirementsOnlyNarrow) {
  static const std::vector<std::string> floors = {
      "/w/a",   "/w/a/b/x.env", "/w/.git", "/o",         "~/.ssh", "/w",
      "/l/a/b", "/w/**/*.env",  "/o/*",    "/w/missing", "/w/a/?", "/etc"};
  int compared = 0;
  for (unsigned seed = 0; seed < kRounds; ++seed) {
    Random random(seed);
    const std::vector<Line> lines = random.Lines(5);
    Given before = Start(seed);
    Add(before, lines);
    Given after = before;
    const std::string floor = random.Of(floors);
    after.Managed(floor);
    if (!ExpectNotWider(before, after, Text(lines) + "\n  floor " + floor)) continue;
    ++compared;
    // And no requirement makes up for another.
    Given more = after;
    more.Managed(random.Of(floors));
    ExpectNotWider(after, more, Text(lines) + "\n  two floors");
  }
  EXPECT_GT(compared, kRounds / 3);
}

TEST(PropertiesTest, WhatARequirementClosesIsClosedUnderEveryProfile) {
  int compared = 0;
  for (unsigned seed = 0; seed < kRounds; ++seed) {
    Random random(seed);
    const std::vector<Line> lines = random.Lines(6);
    Given given = Start(seed);
    Add(given, lines);
    given.Managed("/w/a/b").Managed("/w/**/*.env");
    const Result<Policy> policy = given.Resolve();
    if (!policy) continue;
    ++compared;
    for (const std::string& path : Paths()) {
      const bool closed =
          path.starts_with("/w/a/b") || (path.starts_with("/w/") && path.ends_with(".env"));
      if (closed) {
        EXPECT_EQ(Decide(*policy, path).access, Access::kNone) << path << Text(lines);
      }
    }
  }
  EXPECT_GT(compared, kRounds / 4);
}

TEST(PropertiesTest, TheOrderOfEntriesDoesNotMatter) {
  for (unsigned seed = 0; seed < kRounds; ++seed) {
    Random random(seed);
    std::vector<Line> lines;
    for (const Line& line : random.Lines(8)) {
      if (!HasKey(lines, line)) lines.push_back(line);  // TOML has every key once
    }
    Given one = Start(0);
    Add(one, lines);
    random.Shuffle(lines);
    Given other = Start(0);
    Add(other, lines);
    ExpectSame(one.Resolve(), other.Resolve(), Text(lines));
  }
}

/// The tables of a configuration file: a grandparent, a parent and a child, each with its entries.
std::vector<std::string> Tables(Random& random) {
  const auto quoted = [](const std::string& text) { return '"' + text + '"'; };
  std::vector<std::string> out;
  for (const std::string name : {"g", "q", "p"}) {
    const std::string parent = name == "g" ? ":workspace" : name == "q" ? "g" : "q";
    out.push_back("[permissions." + name + "]\nextends = " + quoted(parent) + "\n");
    std::string plain;
    std::string scoped;
    std::vector<Line> seen;
    for (const Line& line : random.Lines(4)) {
      if (HasKey(seen, line)) continue;
      seen.push_back(line);
      const std::string word = quoted(line.access == kDeny        ? "deny"
                                      : line.access == kGrantRead ? "read"
                                                                  : "write");
      (line.subpath ? scoped : plain) +=
          quoted(line.subpath ? *line.subpath : line.key) + " = " + word + "\n";
    }
    const std::string table = "[permissions." + name + ".filesystem";
    out.push_back(table + "]\n" + plain);
    if (!scoped.empty()) out.push_back(table + ".\":workspace_roots\"]\n" + scoped);
  }
  return out;
}

/// The policy of profile `name` in a user's file made of `tables`.
Result<Policy> Load(const std::vector<std::string>& tables, const std::string& name) {
  testing_support::FakeFileView disk = Start(0).disk();
  std::string text;
  for (const std::string& table : tables) text += table + "\n";
  disk.File("/home/u/.config/ambit/config.toml", text);
  config::Sources sources;
  sources.cwd = "/w";
  sources.home = "/home/u";
  sources.profile = name;
  AMBIT_TRY(const config::Selected selected, config::LoadAndSelect(sources, disk));
  return policy::Resolve(selected, {"/w", "/home/u", std::nullopt, {}}, disk);
}

std::string Joined(const std::vector<std::string>& tables) {
  std::string out = "\n";
  for (const std::string& table : tables) out += table;
  return out;
}

TEST(PropertiesTest, TheOrderOfTablesInAFileDoesNotMatter) {
  int compared = 0;
  for (unsigned seed = 0; seed < kRounds; ++seed) {
    Random random(seed);
    std::vector<std::string> tables = Tables(random);
    const Result<Policy> one = Load(tables, "p");
    random.Shuffle(tables);
    compared += ExpectSame(one, Load(tables, "p"), Joined(tables)) ? 1 : 0;
  }
  EXPECT_GT(compared, kRounds / 2);
}

TEST(PropertiesTest, AChildWithoutEntriesEqualsItsParent) {
  int compared = 0;
  for (unsigned seed = 0; seed < kRounds; ++seed) {
    Random random(seed);
    std::vector<std::string> tables = Tables(random);
    tables.push_back("[permissions.child]\nextends = \"p\"\n");
    compared += ExpectSame(Load(tables, "p"), Load(tables, "child"), Joined(tables)) ? 1 : 0;
  }
  EXPECT_GT(compared, kRounds / 2);
}

}  // namespace
}  // namespace ambit::policy
