#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "base/path_text.h"
#include "policy/policy.h"

namespace ambit::policy {
namespace {

PathRule Rule(std::string path, Access access, Origin origin = Origin::kEntry) {
  PathRule rule;
  rule.path = std::move(path);
  rule.access = access;
  rule.origin = origin;
  return rule;
}

PatternRule Pattern(std::string base, std::string_view pattern) {
  PatternRule rule{};
  rule.base = std::move(base);
  rule.glob = *Glob::Compile(pattern);
  return rule;
}

TEST(DecideTest, NoRuleMeansNoAccess) {
  Policy policy;
  policy.Reindex();
  EXPECT_EQ(Decide(policy, "/a").access, Access::kNone);
  EXPECT_EQ(Decide(policy, "/a").rule, nullptr);
  policy.rules = {Rule("/", Access::kWrite)};
  policy.Reindex();
  EXPECT_EQ(Decide(policy, "/a").access, Access::kWrite);
  EXPECT_EQ(Decide(policy, "a").access, Access::kNone);
  EXPECT_EQ(Decide(policy, "").access, Access::kNone);
}

TEST(DecideTest, ManagedDeniesAreAFloorAtAnyDepth) {
  Policy policy;
  policy.rules = {Rule("/", Access::kRead), Rule("/a", Access::kNone, Origin::kManaged),
                  Rule("/a/b", Access::kWrite), Rule("/a/b/c", Access::kRead)};
  policy.Reindex();
  for (const char* path : {"/a", "/a/x", "/a/b", "/a/b/c/d"}) {
    const Decision decision = Decide(policy, path);
    EXPECT_EQ(decision.access, Access::kNone) << path;
    ASSERT_NE(decision.rule, nullptr);
    EXPECT_EQ(decision.rule->path, "/a");
  }
  EXPECT_EQ(Decide(policy, "/ab").access, Access::kRead);
}

TEST(DecideTest, IndexFollowsWhatComesAndGoes) {
  Policy policy;
  policy.rules = {Rule("/b", Access::kRead), Rule("/a", Access::kNone, Origin::kManaged),
                  Rule("/", Access::kRead)};
  policy.Reindex();
  policy.Append({Rule("/b/c", Access::kWrite), Rule("/a/x", Access::kRead)});
  EXPECT_EQ(Decide(policy, "/b/c/d").access, Access::kWrite);
  EXPECT_EQ(Decide(policy, "/a/x").access, Access::kNone);
  const auto answers = [&policy] {
    std::string out;
    for (const char* path : {"/", "/a", "/a/x", "/b", "/b/c"}) {
      out += std::string(ToWord(Decide(policy, path).access)) + " ";
    }
    return out;
  };
  const std::string before = answers();
  policy.Reindex();
  EXPECT_TRUE(std::ranges::is_sorted(policy.rules, {}, &PathRule::path));
  EXPECT_EQ(answers(), before);
  EXPECT_EQ(before, "read deny deny read write ");
  std::erase_if(policy.rules, [](const PathRule& rule) { return rule.path == "/b/c"; });
  policy.Reindex();
  EXPECT_EQ(answers(), "read deny deny read read ");
  EXPECT_FALSE(policy.HasRule("/b/c"));
  policy.rules.back() = Rule("/c", Access::kWrite);
  policy.Reindex();
  EXPECT_FALSE(policy.HasRule("/b"));
  EXPECT_EQ(Decide(policy, "/c").access, Access::kWrite);
}

TEST(DecideTest, APatternComesFirst) {
  Policy policy;
  policy.rules = {Rule("/", Access::kRead), Rule("/w/x.env", Access::kWrite)};
  policy.patterns = {Pattern("/w", "**/*.env")};
  policy.Reindex();
  const Decision decision = Decide(policy, "/w/x.env/below");
  EXPECT_EQ(decision.access, Access::kNone);
  EXPECT_EQ(decision.pattern, &policy.patterns[0]);
  EXPECT_EQ(decision.rule, nullptr);
  EXPECT_EQ(Decide(policy, "/w2/x.env").access, Access::kRead);
  EXPECT_EQ(Decide(policy, "/w").access, Access::kRead);
}

TEST(ExplainTest, ListsWhatWasBeatenDeepestFirst) {
  Policy policy;
  policy.rules = {Rule("/", Access::kRead), Rule("/w", Access::kWrite), Rule("/w/d", Access::kNone),
                  Rule("/w/d/e/f", Access::kWrite)};
  policy.ties_lost = {Rule("/w/d", Access::kWrite), Rule("/x", Access::kRead)};
  policy.Reindex();
  const Decision decision = Explain(policy, "/w/d/e");
  EXPECT_EQ(decision.access, Access::kNone);
  EXPECT_EQ(decision.rule->path, "/w/d");
  std::vector<std::string> beaten;
  for (const PathRule* rule : decision.beaten) {
    beaten.push_back(std::string(ToWord(rule->access)) + " " + rule->path);
  }
  EXPECT_THAT(beaten, testing::ElementsAre("write /w/d", "write /w", "read /"));
  EXPECT_TRUE(Decide(policy, "/w/d/e").beaten.empty());
}

// The rules once more, without an index: every rule is looked at for every question.
Access ModelDecide(const Policy& policy, const std::string& path) {
  for (const PatternRule& pattern : policy.patterns) {
    for (std::string at = path; at != "/"; at = ParentPath(at)) {
      if (at == pattern.base || !IsAtOrBelow(at, pattern.base)) continue;
      if (pattern.glob.Matches(RelativeTo(at, pattern.base), pattern.max_depth)) {
        return Access::kNone;
      }
    }
  }
  const PathRule* deepest = nullptr;
  for (const PathRule& rule : policy.rules) {
    if (!IsAtOrBelow(path, rule.path)) continue;
    if (rule.origin == Origin::kManaged) return Access::kNone;
    if (deepest == nullptr || Depth(rule.path) > Depth(deepest->path)) deepest = &rule;
  }
  return deepest == nullptr ? Access::kNone : deepest->access;
}

TEST(DecideModelTest, AgreesWithTheObviousOnRandomRules) {
  std::mt19937 random(20240607);
  const auto pick = [&](std::size_t bound) { return random() % bound; };
  const auto random_path = [&] {
    std::string path;
    for (std::size_t left = pick(5); left > 0; --left) {
      path += '/';
      path += "abc"[pick(3)];
    }
    return path.empty() ? std::string("/") : path;
  };
  const std::vector<std::string> globs = {"**/a", "b", "*/c", "a/**", "**/b/c"};
  for (int round = 0; round < 500; ++round) {
    Policy policy;
    for (std::size_t left = pick(12); left > 0; --left) {
      PathRule rule = Rule(random_path(), static_cast<Access>(pick(3)));
      if (pick(8) == 0) rule = Rule(rule.path, Access::kNone, Origin::kManaged);
      const bool taken = std::ranges::any_of(
          policy.rules, [&](const PathRule& other) { return other.path == rule.path; });
      if (!taken) policy.rules.push_back(std::move(rule));
    }
    for (std::size_t left = pick(3); left > 0; --left) {
      policy.patterns.push_back(Pattern(random_path(), globs[pick(globs.size())]));
      if (pick(2) == 0) policy.patterns.back().max_depth = static_cast<std::uint32_t>(1 + pick(3));
    }
    policy.Reindex();
    for (int question = 0; question < 100; ++question) {
      const std::string path = random_path();
      ASSERT_EQ(Decide(policy, path).access, ModelDecide(policy, path)) << path;
    }
  }
}

TEST(DecideTest, TenThousandRulesCostNoMoreThanTen) {
  Policy policy;
  policy.rules = {Rule("/", Access::kRead), Rule("/w", Access::kWrite)};
  for (int i = 0; i < 10000; ++i) {
    policy.rules.push_back(Rule("/w/d" + std::to_string(i) + "/secret", Access::kNone));
  }
  policy.Reindex();
  constexpr int kQuestions = 20000;
  std::size_t denied = 0;
  const std::clock_t start = std::clock();
  for (int i = 0; i < kQuestions; ++i) {
    if (Decide(policy, "/w/d77/secret/deep/er").access == Access::kNone) ++denied;
    if (Decide(policy, "/w/src/lib/base/x.cc").access == Access::kNone) ++denied;
  }
  const std::clock_t spent = std::clock() - start;
  EXPECT_EQ(denied, static_cast<std::size_t>(kQuestions));
  // A look at every rule would take a hundred times as long, even in a debug build.
  EXPECT_LT(spent, 2 * CLOCKS_PER_SEC);
}

}  // namespace
}  // namespace ambit::policy
