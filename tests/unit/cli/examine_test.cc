#include "cli/examine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_file_view.h"

namespace ambit::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::FakeFileView;

constexpr const char* kUser = "/home/u/.config/ambit/config.toml";

FakeFileView Disk(const std::string& user) {
  return FakeFileView()
      .Dir("/bin")
      .Dir("/tmp")
      .Dir("/srv/data")
      .Dir("/home/u/repo/.git")
      .File("/home/u/repo/a.env")
      .File(kUser, user);
}

HostFacts Facts() {
  HostFacts facts;
  facts.uid = 1000;
  facts.gid = 1000;
  facts.landlock_abi = 4;
  facts.mounts = {{1, 1, 1, "/", "/", "ext4"}};
  return facts;
}

Examination Examined(const FakeFileView& files, const PolicyOptions& options = {}) {
  const Surroundings here = {.environment = {"HOME=/home/u"},
                             .directory = "/home/u/repo",
                             .uid = 1000,
                             .host_name = "box"};
  const Host host{files, [](policy::Policy&) -> Result<> { return {}; }, Facts()};
  return Examine(options, here, host);
}

/// "LINE:COLUMN KIND MESSAGE" of every finding in the user's file; the file's name before others.
std::vector<std::string> Lines(const Examination& found) {
  std::vector<std::string> out;
  for (const Finding& finding : found.findings.Sorted()) {
    // What this host cannot enforce is another test's subject.
    if (finding.message.starts_with("not enforced: ")) continue;
    const std::string file = finding.where.file == kUser ? "" : finding.where.file + ":";
    out.push_back(
        file + std::to_string(finding.where.line) + ":" + std::to_string(finding.where.column) +
        (finding.severity == Severity::kError ? " error: " : " warning: ") + finding.message);
  }
  return out;
}

std::vector<std::string> LinesOf(const std::string& user) { return Lines(Examined(Disk(user))); }

TEST(ExamineTest, SoundConfigurationHasNoFindings) {
  const Examination found = Examined(
      Disk("default_permissions = \"p\"\n[permissions.p]\nextends = \":workspace\"\n"
           "[permissions.p.filesystem]\n\":workspace_roots\" = { \"*.env\" = \"deny\" }\n"));
  EXPECT_THAT(Lines(found), IsEmpty());
  EXPECT_EQ(found.profile, "p");
  EXPECT_THAT(found.choice, HasSubstr("extends ':workspace'"));
  EXPECT_EQ(found.widening, 0U);
  ASSERT_EQ(found.profiles.size(), 4U);
  for (const ProfileState& state : found.profiles) {
    EXPECT_EQ(state.refused, std::nullopt) << state.name << state.refused->message;
    EXPECT_EQ(state.is_default, state.name == "p");
  }
}

TEST(ExamineTest, EveryProblemOfEveryFileInOneRun) {
  FakeFileView files = Disk(
      "default_permissions = 3\n"
      "[permissions.p]\n"
      "extend = \":workspace\"\n"
      "description = []\n"
      "tests = [{ expect = \"maybe\", read = \"a\" }, { expect = \"deny\" }]\n"
      "[permissions.p.filesystem]\n"
      "\"/srv\" = \"raed\"\n"
      "\"/var\" = 1\n"
      "\":workspace_roots\" = { a = \"x\", b = \"y\" }\n"
      "[permissions.q]\n"
      "extends = \":read-only\"\n"
      "[permissions.q.filesystem]\n"
      "\"rel\" = \"read\"\n"
      "\"/srv/*.txt\" = \"read\"\n"
      "[permissions.\":mine\"]\n");
  files.File("/etc/ambit/config.toml", "[permissions.s\n");
  files.File("/etc/ambit/requirements.toml", "deny_reads = []\nforbidden_keys = [\"tests\", 1]\n");
  EXPECT_THAT(
      Lines(Examined(files)),
      ElementsAre(
          "/etc/ambit/config.toml:1:15 error: syntax error: expected a table header: [name] or "
          "[[name]] on a line of its own; found the end of the line",
          "/etc/ambit/requirements.toml:1:1 error: unknown key 'deny_reads' in the requirements; "
          "correct it or take it out, nothing is run under rules ambit does not know",
          "/etc/ambit/requirements.toml:2:28 error: 'forbidden_keys' must be a list of strings, "
          "not an integer",
          "1:23 error: 'default_permissions' must be a string, not an integer",
          "3:1 error: unknown key 'extend' in [permissions.p]; did you mean 'extends'?",
          "4:15 error: 'description' in [permissions.p] must be a string, not a list",
          "5:21 error: 'expect' in [permissions.p.tests] must be \"allow\" or \"deny\", not "
          "'maybe'",
          "5:44 error: an entry of [[permissions.p.tests]] must have 'expect' and exactly one of "
          "'read', 'write', 'connect', 'unix'",
          "7:10 error: '/srv' in [permissions.p.filesystem] must be \"read\", \"write\" or "
          "\"deny\", not 'raed'",
          "8:10 error: '/var' in [permissions.p.filesystem] must be \"read\", \"write\" or "
          "\"deny\", not an integer",
          "9:28 error: 'a' in [permissions.p.filesystem.\":workspace_roots\"] must be \"read\", "
          "\"write\" or \"deny\", not 'x'",
          "9:37 error: 'b' in [permissions.p.filesystem.\":workspace_roots\"] must be \"read\", "
          "\"write\" or \"deny\", not 'y'",
          "13:1 warning: 'rel' in profile 'q' is not a path that can be used here; write an "
          "absolute path, '~/...', or one of ':root', ':minimal', ':workspace_roots', ':tmpdir', "
          "':slash_tmp'",
          "14:1 warning: '/srv/*.txt' in profile 'q' is a pattern, which only 'deny' can have; "
          "name a directory, or end in '/**' for all that is below one",
          "15:14 error: ':mine' in [permissions] is not a name for a profile: names that begin "
          "with ':' are built in; choose another"));
}

TEST(ExamineTest, ProblemsOfTheChosenProfileAreErrorsThoseOfOthersWarnings) {
  const std::string profiles =
      "[permissions.p]\nextends = \":read-only\"\n[permissions.p.filesystem]\n\"x\" = \"read\"\n"
      "[permissions.q]\nextends = \"nobody\"\n";
  FakeFileView files = Disk(profiles);
  const auto severities = [&files](const std::string& name) {
    std::vector<std::string> out;
    for (const std::string& line : Lines(Examined(files, {.profile = name}))) {
      out.push_back(line.substr(0, line.find(": ")));
    }
    return out;
  };
  EXPECT_THAT(severities("p"), ElementsAre("4:1 error", "6:11 warning"));
  EXPECT_THAT(severities("q"), ElementsAre("4:1 warning", "6:11 error"));
  EXPECT_THAT(severities(":read-only"), ElementsAre("4:1 warning", "6:11 warning"));
}

TEST(ExamineTest, ProblemOfAParentIsToldOnce) {
  EXPECT_THAT(LinesOf("default_permissions = \"c\"\n"
                      "[permissions.p]\nextends = \":read-only\"\n"
                      "[permissions.p.filesystem]\n\"/srv/*\" = \"read\"\n"
                      "[permissions.c]\nextends = \"p\"\n[permissions.d]\nextends = \"p\"\n")
                  .size(),
              1U);
}

TEST(ExamineTest, NothingIsSaidToBeUndefinedBecauseItsFileCannotBeRead) {
  FakeFileView files = Disk("[permissions.p\n");
  files.File("/etc/ambit/config.toml", "default_permissions = \"p\"\n");
  EXPECT_EQ(Lines(Examined(files)).size(), 1U);
}

TEST(ExamineTest, ChecksFilesThatAreNoLayers) {
  FakeFileView files = Disk("[permissions.p]\nextends = \":read-only\"\n");
  files.File("/home/u/repo/.ambit/config.toml", "[permissions.p]\nextends = \":read-onyl\"\n");
  files.File("/home/u/repo/requirements.test.toml", "require_engin = []\n");
  const Examination found = Examined(
      files,
      {.profile = "p", .checked_files = {".ambit/config.toml", "requirements.test.toml", kUser}});
  EXPECT_THAT(Lines(found),
              ElementsAre(HasSubstr("repo/.ambit/config.toml:2:11 error: profile 'p' extends "),
                          HasSubstr("requirements.test.toml:1:1 error: unknown key"),
                          HasSubstr("is not used: the project is not trusted")));
}

TEST(ExamineTest, RulesThatDecideNothing) {
  EXPECT_THAT(
      LinesOf("default_permissions = \"p\"\n"
              "[permissions.p]\n"
              "extends = \":workspace\"\n"
              "[permissions.p.filesystem]\n"
              "\"/srv\" = \"read\"\n"
              "\"/srv/data\" = \"deny\"\n"
              "\"/srv/data/x\" = \"deny\"\n"
              "\"/home/u\" = \"deny\"\n"
              "\"~/\" = \"read\"\n"),
      ElementsAre(
          "5:1 warning: '/srv' = \"read\" decides nothing: ':root' = \"read\" for '/'  "
          "(<built-in>) above it says the same; remove the line, or say something else in "
          "it",
          "7:1 warning: '/srv/data/x' = \"deny\" decides nothing: '/srv/data' = "
          "\"deny\"  (/home/u/.config/ambit/config.toml:6:1) above it says the same; remove "
          "the line, or say something else in it",
          "9:1 warning: '~/' = \"read\" and '/home/u' = \"deny\" "
          "(/home/u/.config/ambit/config.toml:8:1) are two spellings of '/home/u', where "
          "\"deny\" wins; keep one of them"));
}

TEST(ExamineTest, LineThatDecidesInOneProfileIsNotIdle) {
  EXPECT_THAT(LinesOf("default_permissions = \"p\"\n"
                      "[permissions.p.filesystem]\n"
                      "\":minimal\" = \"read\"\n"
                      "\"/srv\" = \"read\"\n"
                      "[permissions.c]\nextends = \"p\"\n"
                      "[permissions.c.filesystem]\n\":root\" = \"read\"\n"),
              IsEmpty());
}

TEST(ExamineTest, DeniesThatAHigherLayerReopens) {
  FakeFileView files = Disk(
      "[permissions.p.filesystem]\n"
      "\"/srv/data\" = \"read\"\n"
      "\":workspace_roots\" = \"write\"\n");
  files.File("/etc/ambit/config.toml",
             "default_permissions = \"p\"\n"
             "[permissions.p]\nextends = \":read-only\"\n"
             "[permissions.p.filesystem]\n"
             "\"/srv/data\" = \"none\"\n"
             "\":workspace_roots\" = { \"a.env\" = \"deny\", b = \"read\" }\n");
  EXPECT_THAT(Lines(Examined(files)),
              testing::IsSupersetOf(
                  {"2:1 warning: '/srv/data' = \"deny\" of profile 'p' "
                   "(/etc/ambit/config.toml:5:1) no longer holds: this line of a higher layer "
                   "replaces it; remove one of the two",
                   "3:1 warning: ':workspace_roots' with 'a.env' = \"deny\" of profile 'p' "
                   "(/etc/ambit/config.toml:6:24) no longer holds: this line of a higher layer "
                   "replaces it; remove one of the two"}));
}

TEST(ExamineTest, KeysThatWidenAccessAreCountedAndNamed) {
  const std::string user =
      "default_permissions = \"p\"\n"
      "[permissions.p]\nextends = \":read-only\"\n"
      "filesystem.deny_mode = \"snapshot\"\n"
      "environment = { default_excludes = false, include = [\"*_TOKEN\"] }\n"
      "[permissions.p.network]\n"
      "allow_broad_wildcards = true\n"
      "limited = { allow_bodies = true }\n"
      "upstream = { resolve = \"remote\" }\n"
      "publish = [\"127.0.0.1:80\", \"0.0.0.0:80\"]\n"
      "dangerously_allow_all_unix_sockets = true\n"
      "unix_sockets.\"/run/x\" = { access = \"allow\", acknowledge_risk = true }\n"
      "[permissions.q]\nextends = \"p\"\n";
  const Examination found = Examined(Disk(user));
  EXPECT_EQ(found.widening, 9U);
  std::vector<std::string> lines;
  for (const std::string& line : Lines(found)) {
    if (line.find("widens access") != std::string::npos) {
      lines.push_back(line.substr(0, line.find(" widens")));
    }
  }
  EXPECT_THAT(lines, ElementsAre("4:24 warning: 'filesystem.deny_mode'",
                                 "5:36 warning: 'environment.default_excludes'",
                                 "5:53 warning: 'environment.include'",
                                 "7:25 warning: 'network.allow_broad_wildcards'",
                                 "8:28 warning: 'network.limited.allow_bodies'",
                                 "9:24 warning: 'network.upstream.resolve'",
                                 "10:11 warning: 'network.publish'",
                                 "11:38 warning: 'network.dangerously_allow_all_unix_sockets'",
                                 "12:64 warning: 'network.unix_sockets./run/x'"));
  EXPECT_EQ(Examined(Disk("default_permissions = \"p\"\n[permissions.p]\nextends = \":read-only\"\n"
                          "[permissions.p.environment]\ndefault_excludes = true\n"))
                .widening,
            0U);
}

TEST(ExamineTest, TestsOfEveryProfileAreAsked) {
  const std::string tests =
      "extends = \":read-only\"\n"
      "tests = [{ expect = \"deny\", read = \"a.env\" }, { expect = \"allow\", read = \"/bin\" "
      "}]\n";
  EXPECT_THAT(LinesOf("default_permissions = \"p\"\n[permissions.p]\n" + tests +
                      "[permissions.q]\n" + tests),
              ElementsAre("4:10 error: expected read 'a.env' to be denied, but it is allowed by "
                          "':root' = \"read\" for '/'  (<built-in>)",
                          "7:10 warning: expected read 'a.env' to be denied, but it is allowed by "
                          "':root' = \"read\" for '/'  (<built-in>)"));
}

TEST(ExamineTest, GapsAreToldOnceHoweverManyProfilesHaveThem) {
  const Examination found =
      Examined(Disk("default_permissions = \"p\"\n[permissions.p]\nextends = \":workspace\"\n"
                    "[permissions.p.filesystem]\n\":workspace_roots\" = { \"*.env\" = \"deny\" }\n"
                    "[permissions.q]\nextends = \"p\"\n"));
  std::size_t gaps = 0;
  for (const ProfileState& state : found.profiles) {
    if (state.name == "p") gaps = state.gaps.size();
  }
  std::size_t told = 0;
  for (const Finding& finding : found.findings.Sorted()) {
    if (finding.message.starts_with("not enforced: ")) ++told;
  }
  EXPECT_EQ(told, gaps);
}

TEST(ExamineTest, KeysOfRequirementsDemandNothingInAConfiguration) {
  EXPECT_THAT(LinesOf("forbidden_keys = [\"tests\"]\n"),
              ElementsAre("1:1 warning: 'forbidden_keys' demands nothing here: it belongs in a "
                          "requirements file, such as /etc/ambit/requirements.toml"));
}

TEST(ExamineTest, OwnConfigurationIsNotWritableByWayOfAWorkspace) {
  FakeFileView files = Disk("default_permissions = \":workspace\"\n").Dir("/home/u/.config/other");
  const Surroundings home = {
      .environment = {"HOME=/home/u"}, .directory = "/home/u", .uid = 1000, .host_name = "box"};
  StepTimer timer;
  const Result<Loaded> loaded = LoadPolicy({}, home, files, timer);
  ASSERT_TRUE(loaded) << ToString(loaded.error());
  const auto access = [&loaded](const std::string& path) {
    return policy::Decide(loaded->policy, path).access;
  };
  EXPECT_EQ(access("/home/u/.config/other/x"), policy::Access::kWrite);
  EXPECT_EQ(access("/home/u/.config/ambit/trusted_projects.toml"), policy::Access::kRead);
  EXPECT_EQ(access("/home/u/.config/ambit/config.toml"), policy::Access::kRead);

  const Surroundings inside = {.environment = {"HOME=/home/u"},
                               .directory = "/home/u/.config/ambit",
                               .uid = 1000,
                               .host_name = "box"};
  const Result<Loaded> within = LoadPolicy({}, inside, files, timer);
  ASSERT_TRUE(within) << ToString(within.error());
  EXPECT_EQ(policy::Decide(within->policy, "/home/u/.config/ambit/trusted_projects.toml").access,
            policy::Access::kRead);
}

}  // namespace
}  // namespace ambit::cli
