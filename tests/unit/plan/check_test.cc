#include <gtest/gtest.h>

#include "plan/op.h"

namespace ambit::plan {
namespace {

Glob MustCompile(std::string_view pattern) {
  Result<Glob> glob = Glob::Compile(pattern);
  EXPECT_TRUE(glob) << pattern;
  return *std::move(glob);
}

Plan Sample() {
  Plan plan;
  plan.ops = {StartFrom{View::kReadOnly},
              FreshProc{},
              PrivateDev{},
              Expose{"/w", true, true, {}, ""},
              Expose{"/w/.git", false, true, {}, ""},
              Hide{"/w/d", true, {"/w/d/pub"}, {}, ""},
              Expose{"/w/d/pub", false, true, {}, ""},
              HideMatches{"/w", MustCompile("**/*.env"), {}, false, {}, {}, ""}};
  return plan;
}

struct Case {
  const char* name;
  const char* path;
  Outcome want;
};
class LookupTest : public testing::TestWithParam<Case> {};

TEST_P(LookupTest, LastOperationCoveringThePathDecides) {
  EXPECT_EQ(Lookup(Sample(), GetParam().path), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Paths, LookupTest,
    testing::Values(Case{"Root", "/", Outcome::kReadOnly},
                    Case{"Elsewhere", "/etc/hosts", Outcome::kReadOnly},
                    Case{"WritableRoot", "/w", Outcome::kWritable},
                    Case{"BelowWritableRoot", "/w/a/b", Outcome::kWritable},
                    Case{"SiblingSharingAPrefix", "/w2", Outcome::kReadOnly},
                    Case{"CarveOut", "/w/.git/config", Outcome::kReadOnly},
                    Case{"Hidden", "/w/d", Outcome::kHidden},
                    Case{"BelowHidden", "/w/d/x", Outcome::kHidden},
                    Case{"Reopened", "/w/d/pub/x", Outcome::kReadOnly},
                    Case{"MatchedName", "/w/a/x.env", Outcome::kHidden},
                    Case{"BelowMatchedDirectory", "/w/x.env/y", Outcome::kHidden},
                    Case{"MatchBeatsReopened", "/w/d/pub/x.env", Outcome::kHidden},
                    Case{"MatchOutsideItsBase", "/etc/x.env", Outcome::kReadOnly},
                    Case{"PrivateProc", "/proc/self", Outcome::kReadOnly}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(CheckTest, AcceptsClaimsThatHold) {
  EXPECT_TRUE(
      Check(Sample(), {{"/w/.git", Outcome::kReadOnly, {}}, {"/w/d", Outcome::kHidden, {}}}));
}

TEST(CheckTest, RefusesAPlanThatOpensADeniedPathAgain) {
  Plan plan = Sample();
  plan.ops.push_back(Expose{"/w/d", true, true, {}, ""});
  const Result<> result = Check(plan, {{"/w/d", Outcome::kHidden, {"config.toml", 3, 1}}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(ToString(result.error()),
            "config.toml:3:1: '/w/d' has to be hidden but the plan leaves it writable; nothing was "
            "run; please report this together with the output of 'ambit plan'");
}

TEST(CheckTest, RefusesAPlanThatLeavesACarveOutWritable) {
  Plan plan;
  plan.ops = {StartFrom{View::kReadOnly}, Expose{"/w", true, true, {}, ""}};
  EXPECT_FALSE(Check(plan, {{"/w/.git", Outcome::kReadOnly, {}}}));
}

TEST(RenderTest, TextIsOneAlignedLinePerOperation) {
  Plan plan;
  plan.ops = {StartFrom{View::kReadOnly},
              Expose{"/w", true, true, {"config.toml", 2, 1}, ":workspace_roots"},
              Hide{"/w/a b\n", false, {}, {"config.toml", 4, 3}, "secret"},
              HideMatches{"/w", MustCompile("**/*.env"), 3, false, {}, {"config.toml", 5, 1}, "p"},
              StartIn{"/w"}};
  EXPECT_EQ(
      RenderText(plan),
      "start-read-only  /  # the whole disk, read-only\n"
      "writable         /w  # :workspace_roots (config.toml:2:1)\n"
      "hide             /w/a b\\n  # secret (config.toml:4:3)\n"
      "hide-matches     /w pattern=**/*.env max_depth=3 when=start found=0  # p (config.toml:5:1)\n"
      "start-in         /w\n");
}

TEST(RenderTest, JsonCarriesTheSameFields) {
  Plan plan;
  plan.profile = "p";
  plan.ops = {Hide{"/w/d", true, {"/w/d/pub"}, {"c.toml", 4, 3}, "d"}};
  plan.gaps = {{"'/w/.git' does not exist yet", {}}};
  EXPECT_EQ(RenderJson(plan),
            "{\"v\":1,\"profile\":\"p\",\"unrestricted\":false,\"ops\":[\n"
            "{\"op\":\"hide\",\"path\":\"/w/d\",\"except\":[\"/w/d/pub\"],\"why\":\"d\","
            "\"from\":\"c.toml:4:3\"}\n"
            "],\"gaps\":[\n"
            "{\"what\":\"'/w/.git' does not exist yet\",\"from\":\"\"}\n"
            "]}\n");
}

TEST(RenderTest, AnUnrestrictedPlanSaysSo) {
  Plan plan;
  plan.unrestricted = true;
  EXPECT_EQ(RenderText(plan), "unrestricted  the command runs without a sandbox\n");
}

}  // namespace
}  // namespace ambit::plan
