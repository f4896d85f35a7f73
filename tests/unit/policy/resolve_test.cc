#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "policy/resolve_fixture.h"
#include "unit/policy/network_table.h"

namespace ambit::policy {
namespace {

struct Row {
  const char* name;
  std::function<Given()> setup;
  std::vector<std::pair<const char*, const char*>> want;  ///< path, access word
};
std::string NameOf(const testing::TestParamInfo<Row>& test) { return test.param.name; }

class AccessTest : public testing::TestWithParam<Row> {};
TEST_P(AccessTest, IsAsTheProfileSays) {
  const Given setup = GetParam().setup();
  for (const auto& [path, access] : GetParam().want) {
    EXPECT_EQ(AccessOf(setup, path), access) << path;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Names, AccessTest,
    testing::Values(
        Row{"Workspace",
            [] { return Given().Workspace(); },
            {{"/w/a", "write"}, {"/w", "write"}, {"/tmp/x", "write"}, {"/home/u/x", "read"}}},
        Row{"MinimalIsReadEvenAsWrite",
            [] { return Given().Entry(":minimal", kGrantWrite); },
            {{"/usr/bin/id", "read"},
             {"/etc/x", "read"},
             {"/w", "deny"},
             {"/tmp", "deny"},
             {"/lib32", "deny"},
             {"/", "deny"}}},
        Row{"MinimalDoesNotReopenUsr",
            [] { return Given().Minimal().Entry("/usr/bin/id", kDeny).Entry("/usr/lib", kDeny); },
            {{"/usr/bin/id", "deny"}, {"/usr/bin/ls", "read"}, {"/usr/lib/x", "deny"}}},
        Row{"RootDeniedMinimalStays",
            [] { return Given().Workspace().Entry(":root", kDeny).Minimal(); },
            {{"/usr/bin/id", "read"}, {"/w/a", "write"}, {"/home/u/x", "deny"}}},
        Row{"TmpdirUnset",
            [] { return Given().Minimal().Entry(":tmpdir", kGrantWrite); },
            {{"/tmp/x", "deny"}}},
        Row{"TmpdirMissing",
            [] {
              Given setup;
              setup.Minimal().Entry(":tmpdir", kGrantWrite).around().tmpdir = "/nowhere";
              return setup;
            },
            {{"/nowhere/x", "deny"}}},
        Row{"TmpdirRelative",
            [] {
              Given setup;
              setup.Minimal().Entry(":tmpdir", kGrantWrite).Dir("/w/t").around().tmpdir = "t";
              return setup;
            },
            {{"/w/t/x", "write"}, {"/w/a", "deny"}}},
        Row{"TmpdirIsWorkspace",
            [] {
              Given setup;
              setup.Minimal().Entry(":tmpdir", kGrantWrite).Dir("/w/.git").around().tmpdir = "/w";
              return setup;
            },
            {{"/w/a", "write"}, {"/w/.git/HEAD", "read"}, {"/w/.codex", "read"}}},
        Row{"SlashTmpDenied",
            [] { return Given().Workspace().Entry(":slash_tmp", kDeny); },
            {{"/tmp", "deny"}, {"/tmp/x", "deny"}, {"/w/a", "write"}}},
        Row{"SlashTmpDeniedWorkspaceInside",
            [] {
              return Given().Workspace().Dir("/tmp/w").Cwd("/tmp/w").Entry(":slash_tmp", kDeny);
            },
            {{"/tmp/x", "deny"}, {"/tmp/w/f", "write"}}},
        Row{"HomeAloneAndBelow",
            [] {
              return Given()
                  .ReadOnly()
                  .Entry("~", kDeny)
                  .Entry("~/work", kGrantWrite)
                  .Dir("/home/u/work");
            },
            {{"/home/u/x", "deny"}, {"/home/u", "deny"}, {"/home/u/work/f", "write"}}},
        Row{"UnknownNameGrantsNothing",
            [] { return Given().ReadOnly().Entry(":future", kGrantWrite); },
            {{"/w/a", "read"}}},
        Row{"ProjectRootsIsTheOlderSpelling",
            [] { return Given().ReadOnly().Scoped(":project_roots", "d", kDeny).Dir("/w/d"); },
            {{"/w/d/x", "deny"}, {"/w/a", "read"}}},
        Row{"PlainValueIsTheWholeRoot",
            [] { return Given().ReadOnly().Entry(":workspace_roots", kGrantWrite); },
            {{"/w/a", "write"}, {"/w/.git", "read"}}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Precedence, AccessTest,
    testing::Values(
        Row{"DeepestDecides",
            [] {
              Given setup;
              setup.Workspace().Dir("/w/d/s/pub/t").InRoots("d", kGrantRead);
              return setup.InRoots("d/s", kGrantWrite).InRoots("d/s/pub", kDeny);
            },
            {{"/w/a", "write"},
             {"/w/d/b", "read"},
             {"/w/d/s/k", "write"},
             {"/w/d/s/pub/o", "deny"}}},
        Row{"ReadInsideDeny",
            [] {
              return Given()
                  .ReadOnly()
                  .Dir("/w/d/s/pub")
                  .Entry("/w/d", kDeny)
                  .Entry("/w/d/s", kGrantRead)
                  .Entry("/w/d/s/pub", kDeny);
            },
            {{"/w/d/b", "deny"}, {"/w/d/s/k", "read"}, {"/w/d/s/pub/o", "deny"}}},
        Row{"WholeComponents",
            [] { return Given().Workspace().InRoots("d", kDeny); },
            {{"/w/d/x", "deny"}, {"/w/dx", "write"}, {"/w/d.txt", "write"}}},
        Row{"TieDenyBeatsWrite",
            [] {
              return Given().Workspace().Dir("/w/d").InRoots("d", kGrantWrite).Entry("/w/d", kDeny);
            },
            {{"/w/d/x", "deny"}}},
        Row{"TieOfSpellings",
            [] {
              return Given()
                  .Workspace()
                  .Dir("/w/d")
                  .Entry("/w/d", kDeny)
                  .Entry("/w/d/", kGrantWrite)
                  .Entry("/w/e/../d", kGrantWrite);
            },
            {{"/w/d/x", "deny"}}},
        Row{"TieHomeSpelling",
            [] {
              return Given()
                  .ReadOnly()
                  .Dir("/home/u/w")
                  .Entry("~/w", kGrantWrite)
                  .Entry("/home/u/w", kDeny);
            },
            {{"/home/u/w/f", "deny"}}},
        Row{"TieWriteBeatsRead",
            [] {
              return Given()
                  .ReadOnly()
                  .Dir("/w/d")
                  .InRoots("d", kGrantRead)
                  .Entry("/w/d", kGrantWrite);
            },
            {{"/w/d/x", "write"}}},
        Row{"WriteToMissingGrantsNothing",
            [] {
              return Given()
                  .Workspace()
                  .Dir("/w/d")
                  .InRoots("d", kGrantRead)
                  .InRoots("d/new", kGrantWrite);
            },
            {{"/w/d/new", "read"}, {"/w/d/new/x", "read"}}},
        Row{"WriteToOneFile",
            [] { return Given().ReadOnly().File("/w/a").Entry("/w/a", kGrantWrite); },
            {{"/w/a", "write"}, {"/w/b", "read"}, {"/w/a/.git", "write"}}},
        Row{"TrailingGlobstarIsTheSubtree",
            [] { return Given().Minimal().Dir("/w/d").InRoots("d/**", kGrantRead); },
            {{"/w/d/b", "read"}, {"/w/d", "read"}, {"/w/a", "deny"}}},
        Row{"MissingReadAndDeny",
            [] { return Given().Workspace().InRoots("ro", kGrantRead).InRoots("x/y", kDeny); },
            {{"/w/ro", "read"}, {"/w/x/y", "deny"}, {"/w/x", "read"}, {"/w/x2", "write"}}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Roots, AccessTest,
    testing::Values(
        Row{"EachRootGetsTheRules",
            [] {
              return Given().Workspace().Cwd("/w/d").Dir("/w/d").Dir("/w/e").Root("/w/e").InRoots(
                  "sec", kDeny);
            },
            {{"/w/e/sec", "deny"},
             {"/w/d/sec", "deny"},
             {"/w/e/x", "write"},
             {"/w/a", "read"},
             {"/w/e/.codex", "read"}}},
        Row{"RelativeAndHome",
            [] {
              return Given().Workspace().Dir("/w2").Dir("/home/u/p").Root("../w2").Root("~/p");
            },
            {{"/w2/x", "write"}, {"/home/u/p/x", "write"}, {"/home/u/x", "read"}}},
        Row{"SwitchedOffMissingOrLiteral",
            [] { return Given().Workspace().Dir("/e").Root("/e", false).Root("/no").Root("/e*"); },
            {{"/e/x", "read"}, {"/no", "read"}}},
        Row{"LinkCountsAsItsTarget",
            [] { return Given().Workspace().Dir("/s/e").Link("/s/lk", "e").Root("/s/lk"); },
            {{"/s/e/c", "write"}, {"/s/e/.git", "read"}}},
        Row{"FileHoldsNothing",
            [] { return Given().Workspace().File("/f").Root("/f").InRoots("**/*.env", kDeny); },
            {{"/f", "write"}, {"/w/x.env", "deny"}}},
        Row{"AddDir",
            [] {
              Given setup;
              setup.Workspace().Dir("/x").around().add_dirs = {"/x"};
              return setup;
            },
            {{"/x/f", "write"}, {"/x/.git", "read"}}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Patterns, AccessTest,
    testing::Values(
        Row{"BelowEveryRoot",
            [] { return Given().Workspace().Dir("/e").Root("/e").InRoots("*.txt", kDeny); },
            {{"/w/a.txt", "deny"}, {"/e/a.txt", "deny"}, {"/w/d/a.txt", "write"}}},
        Row{"NoEntryReopens",
            [] {
              Given setup;
              setup.Workspace().Dir("/w/d").File("/w/x.env").InRoots("**/*.env", kDeny);
              return setup.InRoots("d", kGrantWrite).InRoots("x.env", kGrantRead);
            },
            {{"/w/x.env", "deny"}, {"/w/d/y.env", "deny"}, {"/w/d/y", "write"}}},
        Row{"MatchedDirectoryIsClosedBelow",
            [] { return Given().Workspace().InRoots("*.d", kDeny); },
            {{"/w/x.d", "deny"}, {"/w/x.d/a/b", "deny"}, {"/w/y", "write"}}},
        Row{"AbsoluteAndHome",
            [] {
              return Given()
                  .ReadOnly()
                  .Entry("/w/**/*.env", kDeny)
                  .Entry("~/*.key", kDeny)
                  .Scoped("~", "**/*.pem", kDeny);
            },
            {{"/w/d/x.env", "deny"},
             {"/home/u/a.key", "deny"},
             {"/home/u/s/a.key", "read"},
             {"/home/u/s/b.pem", "deny"}}},
        Row{"FixedPrefix",
            [] {
              return Given().Workspace().Dir("/w/d/e").Depth(1).InRoots("d/e/**/*.env", kDeny);
            },
            {{"/w/d/e/x.env", "deny"}, {"/w/d/e/f/x.env", "write"}, {"/w/x.env", "write"}}},
        Row{"DepthLimitsOnlyDoubleStar",
            [] { return Given().Workspace().Depth(1).InRoots("*/*/*.env", kDeny); },
            {{"/w/d/e/x.env", "deny"}}},
        Row{"CharactersOfTheRootAreLiteral",
            [] { return Given().Workspace().Dir("/[w]").Cwd("/[w]").InRoots("*.env", kDeny); },
            {{"/[w]/x.env", "deny"}, {"/w/x.env", "read"}}},
        Row{"FixedLinkInThePrefix",
            [] {
              return Given()
                  .ReadOnly()
                  .Dir("/s/real")
                  .Link("/s/lk", "real")
                  .Entry("/s/lk/*.env", kDeny);
            },
            {{"/s/real/x.env", "deny"}}},
        Row{"BracesAloneAreLiteral",
            [] { return Given().Workspace().InRoots("a{b,c}", kDeny).InRoots("a\\b", kDeny); },
            {{"/w/a{b,c}", "deny"}, {"/w/ab", "write"}, {"/w/a\\b", "deny"}}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Links, AccessTest,
    testing::Values(Row{"DenyThroughAFixedLinkClosesTheRealPlace",
                        [] {
                          return Given()
                              .ReadOnly()
                              .File("/s/secret")
                              .Link("/s/alias", "secret")
                              .Entry("/s/alias", kDeny);
                        },
                        {{"/s/secret", "deny"}, {"/s/o", "read"}}},
                    Row{"StartedThroughALink",
                        [] {
                          return Given()
                              .Workspace()
                              .Dir("/s/real")
                              .Link("/s/lk", "real")
                              .Cwd("/s/lk")
                              .InRoots("f", kDeny)
                              .Entry("/s/real/ro", kGrantRead);
                        },
                        {{"/s/real/f", "deny"}, {"/s/real/ro", "read"}, {"/s/real/g", "write"}}},
                    Row{"GrantThroughALink",
                        [] {
                          return Given()
                              .ReadOnly()
                              .Dir("/s/real/sub")
                              .Link("/s/lk", "real")
                              .Entry("/s/lk/sub", kGrantWrite);
                        },
                        {{"/s/real/sub/f", "write"}, {"/s/real/o", "read"}}},
                    Row{"DanglingWhereNothingIsWritable",
                        [] {
                          return Given().ReadOnly().Link("/s/lk", "gone").Entry("/s/lk", kDeny);
                        },
                        {{"/s/x", "read"}, {"/s/gone", "deny"}}},
                    Row{"DenyWhereNobodyMayLook",
                        [] {
                          Given setup;
                          setup.ReadOnly().Entry("/root/.ssh", kDeny).disk().Hide("/root");
                          return setup;
                        },
                        {{"/root/.ssh/id", "deny"}}}),
    NameOf);

TEST(ResolveTest, RemembersTheLinksThatGrantsNeed) {
  Given setup;
  setup.Minimal().Dir("/s/real").Link("/s/lk", "real").Entry("/s/lk", kGrantRead);
  const Result<Policy> policy = setup.Resolve();
  ASSERT_TRUE(policy);
  std::vector<std::string> links;
  for (const LinkRule& link : policy->links) links.push_back(link.path + " -> " + link.text);
  EXPECT_THAT(links, testing::ElementsAre("/bin -> usr/bin", "/lib -> usr/lib", "/s/lk -> real"));
}

TEST(LinksTest, EqualGrantsCountInAnyOrder) {
  const auto seen = [](bool link_first) {
    Given setup;
    setup.Minimal().Dir("/srv/real").Link("/srv/lk", "real").Dir("/w/o").Link("/w/lk", "o");
    setup.InRoots(".", kGrantWrite);
    for (const bool link : {link_first, !link_first}) {
      setup.Entry(link ? "/srv/lk" : "/srv/real", kGrantRead);
      setup.Entry(link ? "/w/lk" : "/w/o", kGrantWrite);
    }
    const Result<Policy> policy = setup.Resolve();
    std::vector<std::string> out;
    if (!policy) return out;
    for (const LinkRule& link : policy->links) out.push_back(link.path);
    for (const config::Notice& notice : policy->notices) out.push_back(notice.message);
    return out;
  };
  EXPECT_THAT(seen(true), testing::ElementsAre(
                              "/bin", "/lib", "/srv/lk", "/w/lk",
                              "'/w/lk' of profile 'p' leads through the link '/w/lk', which the "
                              "command could replace before the next start; name the real path "
                              "'/w/o' instead"));
  EXPECT_EQ(seen(true), seen(false));
}

TEST(ResolveTest, PatternsKnowWhereTheyWereWritten) {
  Given setup;
  setup.Workspace().Dir("/w/d").InRoots("d/*.env", kDeny).Entry("/home/u/k/*.key", kDeny);
  setup.Dir("/s/real").Link("/s/lk", "real").Entry("/s/lk/*", kDeny);
  const Result<Policy> policy = setup.Resolve();
  ASSERT_TRUE(policy) << policy.error().message;
  ASSERT_EQ(policy->patterns.size(), 3U);
  EXPECT_EQ(policy->patterns[0].base, "/w/d");
  EXPECT_EQ(policy->patterns[0].pin_from, "/w");
  EXPECT_TRUE(policy->patterns[0].base_exists);
  EXPECT_EQ(policy->patterns[0].given, ":workspace_roots/d/*.env");
  EXPECT_EQ(policy->patterns[1].pin_from, "/");
  EXPECT_FALSE(policy->patterns[1].base_exists);
  EXPECT_EQ(policy->patterns[2].base, "/s/real");
}

TEST(ResolveTest, ListsWritableRootsOnce) {
  Given setup;
  setup.Workspace().Dir("/w/sub").InRoots("sub", kGrantWrite).Root("/w").around().tmpdir = "/tmp";
  const Result<Policy> policy = setup.Resolve();
  ASSERT_TRUE(policy);
  EXPECT_THAT(policy->writable_roots, testing::ElementsAre("/tmp", "/w", "/w/sub"));
  EXPECT_EQ(policy->cwd, "/w");
}

TEST(ResolveTest, ARuleSaysWhereItComesFromAndWhatIsThere) {
  Given setup;
  setup.ReadOnly().Dir("/w/d").Scoped("/w/d", "x/y", kDeny);
  const Result<Policy> policy = setup.Resolve();
  ASSERT_TRUE(policy);
  const Decision decision = Decide(*policy, "/w/d/x/y/z");
  ASSERT_NE(decision.rule, nullptr);
  EXPECT_EQ(decision.rule->given, "/w/d/x/y");
  EXPECT_EQ(decision.rule->from, (SourceRef{"config.toml", 11, 1}));
  EXPECT_EQ(decision.rule->kind, FileKind::kMissing);
  EXPECT_EQ(decision.rule->deepest_existing, "/w/d");
}

TEST(ResolveTest, NotesWhatALaterVersionMayKnow) {
  Given setup;
  setup.ReadOnly().Entry(":future", kGrantRead).Scoped(":later", "a/../b", kGrantWrite);
  const Result<Policy> policy = setup.Resolve();
  ASSERT_TRUE(policy);
  ASSERT_EQ(policy->notices.size(), 2U);
  EXPECT_EQ(policy->notices[0].message,
            "':future' in profile 'p' is ignored: no such name is known; a newer version may know "
            "it");
  EXPECT_EQ(policy->notices[0].where.line, 11U);
}

TEST(ResolveTest, NotesAnUnlimitedSearchOnlyForASnapshot) {
  Given setup;
  setup.Workspace().InRoots("**/*.env", kDeny);
  EXPECT_TRUE(setup.Resolve()->notices.empty());
  setup.profile().deny_mode = {config::DenyMode::kSnapshot, {}};
  const Result<Policy> policy = setup.Resolve();
  ASSERT_EQ(policy->notices.size(), 1U);
  EXPECT_THAT(policy->notices[0].message, testing::HasSubstr("set glob_scan_max_depth"));
  setup.Depth(3);
  EXPECT_TRUE(setup.Resolve()->notices.empty());
}

TEST(ResolveTest, NotesAWriteGrantThroughAReplaceableLink) {
  Given setup;
  setup.Workspace().Dir("/s/real").Link("/w/lk", "/s/real").InRoots("lk", kGrantWrite);
  const Result<Policy> policy = setup.Resolve();
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(Decide(*policy, "/s/real/x").access, Access::kWrite);
  ASSERT_EQ(policy->notices.size(), 1U);
  EXPECT_THAT(policy->notices[0].message, testing::HasSubstr("before the next start"));
}

TEST(ResolveTest, FullAccessIsEverythingOrRefused) {
  Given setup;
  setup.profile().unrestricted = true;
  const Result<Policy> policy = setup.Resolve();
  ASSERT_TRUE(policy);
  EXPECT_TRUE(policy->unrestricted);
  EXPECT_EQ(Decide(*policy, "/anything").access, Access::kWrite);
  setup.Managed("/w/d");
  const Result<Policy> refused = setup.Resolve();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
}

constexpr std::string_view kSecretFiles = R"(
enabled = true
domains = { "a.example" = "allow" }
credentials.c = { file = "~/.token", hosts = ["a.example"] }
mitm.hooks.h = { host = "a.example", methods = ["GET"], path_prefixes = ["/"], action = ["x"] }
mitm.actions.x.inject_request_headers = [{ name = "x", secret_file = "/w/key" }]
)";

TEST(ResolveTest, ClosesTheFilesOfSecrets) {
  Given setup;
  setup.Workspace().File("/home/u/.token").File("/w/key").File("/w/other");
  setup.profile().network = TableOf(kSecretFiles);
  const Result<Policy> policy = setup.Resolve();
  ASSERT_TRUE(policy) << ToString(policy.error());
  for (const std::string_view path : {"/home/u/.token", "/w/key"}) {
    const Decision decision = Decide(*policy, path);
    EXPECT_EQ(decision.access, Access::kNone) << path;
    ASSERT_NE(decision.rule, nullptr);
    EXPECT_EQ(decision.rule->origin, Origin::kSecret);
    EXPECT_EQ(decision.rule->from.file, "c.toml");
  }
  EXPECT_EQ(Decide(*policy, "/home/u/.token").rule->given, "~/.token");
  EXPECT_EQ(Decide(*policy, "/w/other").access, Access::kWrite);
}

TEST(ResolveTest, AnEntryForTheVeryFileKeepsItOpen) {
  Given setup;
  setup.Workspace().File("/home/u/.token").File("/w/key");
  setup.Entry("~/.token", kGrantRead).InRoots("key", kDeny);
  setup.profile().network = TableOf(kSecretFiles);
  EXPECT_EQ(AccessOf(setup, "/home/u/.token"), "read");
  EXPECT_EQ(AccessOf(setup, "/w/key"), "deny");
}

TEST(ResolveTest, SecretsOfANetworkThatIsOffCloseNothing) {
  Given setup;
  setup.Workspace().File("/w/key");
  setup.profile().network = TableOf(kSecretFiles);
  setup.profile().network.enabled->value = false;
  EXPECT_EQ(AccessOf(setup, "/w/key"), "write");
}

TEST(ResolveTest, KeepsTheVariablesOfSecretsFromTheCommand) {
  constexpr std::string_view kVariables = R"(
enabled = true
domains = { "a.example" = "allow" }
credentials.c = { env = "CRED", hosts = ["a.example"] }
mitm.hooks.h = { host = "a.example", methods = ["GET"], path_prefixes = ["/"], action = ["x"] }
mitm.actions.x.inject_request_headers = [{ name = "x", secret_env_var = "HOOK" }, { name = "y", secret_env_var = "HOOK_TOO" }]
)";
  Given setup;
  setup.Workspace();
  setup.profile().network = TableOf(kVariables);
  EXPECT_EQ(setup.Resolve()->environment.secrets,
            (std::vector<std::string>{"HOOK", "HOOK_TOO", "CRED"}));
  // Only an exact name says otherwise, and a credential has its dummy in any case.
  for (const char* const kept : {"HOOK", "CRED", "HOOK*"}) {
    setup.profile().environment.include.push_back({kept, {}});
  }
  EXPECT_EQ(setup.Resolve()->environment.secrets, (std::vector<std::string>{"HOOK_TOO", "CRED"}));
}

TEST(ResolveTest, APolicySurvivesBeingCopied) {
  Given setup;
  setup.Workspace().InRoots("d", kDeny);
  Policy copy;
  {
    const Result<Policy> policy = setup.Resolve();
    ASSERT_TRUE(policy);
    copy = *policy;
  }
  EXPECT_EQ(Decide(copy, "/w/d/x").access, Access::kNone);
  EXPECT_EQ(Decide(copy, "/w/x").access, Access::kWrite);
}

}  // namespace
}  // namespace ambit::policy
