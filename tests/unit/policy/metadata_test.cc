#include "policy/metadata.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "policy/resolve_fixture.h"

namespace ambit::policy {
namespace {

struct Row {
  const char* name;
  std::function<Given()> setup;
  std::vector<std::pair<const char*, const char*>> want;
};
class MetadataTest : public testing::TestWithParam<Row> {};
TEST_P(MetadataTest, StaysReadOnly) {
  const Given setup = GetParam().setup();
  for (const auto& [path, access] : GetParam().want) {
    EXPECT_EQ(AccessOf(setup, path), access) << path;
  }
}
std::string NameOf(const testing::TestParamInfo<Row>& test) { return test.param.name; }

Given Plain() { return Given().ReadOnly().InRoots(".", kGrantWrite); }

INSTANTIATE_TEST_SUITE_P(
    Names, MetadataTest,
    testing::Values(
        Row{"OfEveryWritableRoot",
            [] { return Plain().Dir("/home/u/p").Entry("~/p", kGrantWrite).Dir("/w/.git"); },
            {{"/w/.git/HEAD", "read"},
             {"/w/.codex", "read"},
             {"/w/.agents/x", "read"},
             {"/w/.aws", "read"},
             {"/w/.ambit/x", "read"},
             {"/home/u/p/.git", "read"},
             {"/w/.gitignore", "write"},
             {"/w/.ssh", "write"},
             {"/w/sub/.git", "write"}}},
        Row{"OfANestedGrant",
            [] { return Given().Workspace().Dir("/w/sub/deep").InRoots("sub", kGrantWrite); },
            {{"/w/sub/.git/HEAD", "read"}, {"/w/sub/deep/.git", "write"}}},
        Row{"OfTmp",
            [] { return Given().Workspace(); },
            {{"/tmp/.git", "read"}, {"/tmp/.aws", "read"}, {"/tmp/x/.git", "write"}}},
        Row{"NotOfAFile",
            [] { return Given().ReadOnly().File("/f").Entry("/f", kGrantWrite); },
            {{"/f", "write"}}},
        Row{"OpenedByAnEntry",
            [] {
              return Plain()
                  .Dir("/w/.codex")
                  .InRoots(".codex", kGrantWrite)
                  .InRoots(".git", kGrantWrite);
            },
            {{"/w/.codex/c", "write"}, {"/w/.git", "write"}, {"/w/.aws", "read"}}},
        Row{"OpenedInPart",
            [] { return Plain().Dir("/w/.git/objects").InRoots(".git/objects", kGrantWrite); },
            {{"/w/.git/objects/n", "write"}, {"/w/.git/HEAD", "read"}}},
        Row{"Denied",
            [] { return Plain().Dir("/w/.git").InRoots(".git", kDeny).InRoots(".aws/x", kDeny); },
            {{"/w/.git/HEAD", "deny"}, {"/w/.aws/x", "deny"}, {"/w/.aws/y", "read"}}},
        Row{"WholeDiskWriteHasOnlyTheTop",
            [] {
              return Given().Entry(":root", kGrantWrite).Entry("/w", kGrantWrite).Dir("/w/.git");
            },
            {{"/w/.git/HEAD", "write"},
             {"/.git", "read"},
             {"/.codex/x", "read"},
             {"/tmp/.git", "write"}}}),
    NameOf);

Given Repository() { return Given().Workspace(); }

INSTANTIATE_TEST_SUITE_P(
    Git, MetadataTest,
    testing::Values(
        Row{"PointerAndCommonDirectory",
            [] {
              Given setup = Repository().File("/w/.git", "  gitdir: real/worktrees/w \n");
              setup.File("/w/real/worktrees/w/HEAD")
                  .File("/w/real/worktrees/w/commondir", "../..\n");
              return setup.Dir("/w/real/hooks");
            },
            {{"/w/.git", "read"},
             {"/w/real/worktrees/w/HEAD", "read"},
             {"/w/real/hooks/x", "read"},
             {"/w/real", "read"},
             {"/w/f", "write"}}},
        Row{"PointerWithoutEntryForGit",
            [] { return Plain().File("/w/.git", "gitdir: /w/g").Dir("/w/g"); },
            {{"/w/.git", "read"}, {"/w/g/config", "read"}}},
        Row{"PointerToNothing",
            [] { return Repository().File("/w/.git", "gitdir: /w/none\n"); },
            {{"/w/.git", "read"}, {"/w/none", "write"}, {"/w/f", "write"}}},
        Row{"NoPointer",
            [] { return Repository().File("/w/.git", "not a pointer\n"); },
            {{"/w/.git", "read"}, {"/w/not a pointer", "write"}}},
        Row{"PointerNeverOpensAnything",
            [] {
              return Given()
                  .Minimal()
                  .InRoots(".", kGrantWrite)
                  .Dir("/home/u/main/.git")
                  .File("/w/.git", "gitdir: /home/u/main/.git");
            },
            {{"/home/u/main/.git/config", "deny"}}},
        Row{"PointerIntoASiblingRoot",
            [] {
              Given setup = Repository().Cwd("/w/wt").Root("/w/main");
              setup.File("/w/wt/.git", "gitdir: /w/main/.git/worktrees/wt");
              return setup.Dir("/w/main/.git/worktrees/wt");
            },
            {{"/w/main/.git/worktrees/wt/HEAD", "read"},
             {"/w/main/.git/config", "read"},
             {"/w/main/n", "write"},
             {"/w/wt/n", "write"}}},
        Row{"OpenedGitIsNotFollowed",
            [] {
              return Plain()
                  .File("/w/.git", "gitdir: /w/g")
                  .Dir("/w/g")
                  .InRoots(".git", kGrantWrite);
            },
            {{"/w/.git", "write"}, {"/w/g/config", "write"}}},
        Row{"BareRepository",
            [] { return Repository().File("/w/HEAD").Dir("/w/objects").Dir("/w/refs"); },
            {{"/w/HEAD", "read"},
             {"/w/hooks/post-commit", "read"},
             {"/w/config", "read"},
             {"/w/objects/x", "read"},
             {"/w/refs", "read"},
             {"/w/packed-refs", "read"},
             {"/w/notes.txt", "write"}}},
        Row{"OpenedGitIsNotTakenForABareRepository",
            [] {
              Given given = Repository().InRoots(".git", kGrantWrite).File("/w/.git/HEAD");
              return given.Dir("/w/.git/objects").Dir("/w/.git/refs");
            },
            {{"/w/.git/HEAD", "write"}, {"/w/.git/hooks/x", "write"}, {"/w/.codex", "read"}}},
        Row{"OpenedPartOfABareRepository",
            [] {
              Given given = Repository().File("/w/HEAD").Dir("/w/objects").Dir("/w/refs");
              return given.InRoots("objects", kGrantWrite);
            },
            {{"/w/objects/x", "write"}, {"/w/hooks/x", "read"}}},
        Row{"HeadAloneIsNoRepository",
            [] { return Repository().File("/w/HEAD"); },
            {{"/w/HEAD", "write"}, {"/w/hooks", "write"}}},
        Row{"SubmodulePointer",
            [] {
              Given setup = Repository().File("/w/.gitmodules",
                                              "[submodule \"sm\"]\n\tpath = sm\n\turl = x\n"
                                              "[submodule \"q\"]\n path=\"a b/q\"\n"
                                              "[submodule \"out\"]\n path = ../out\n");
              setup.File("/w/sm/.git", "gitdir: ../.git/modules/sm\n").File("/w/a b/q/.git", "x");
              return setup.Dir("/w/.git/modules/sm");
            },
            {{"/w/sm/.git", "read"},
             {"/w/sm/f", "write"},
             {"/w/a b/q/.git", "read"},
             {"/w/.git/modules/sm/HEAD", "read"},
             {"/out/.git", "read"}}},
        Row{"SubmoduleKnownToGitOnly",
            [] {
              Given given = Repository().File("/w/.git/modules/lib/a/HEAD").File("/w/lib/a/.git");
              given.File("/w/.git/modules/b/HEAD").File("/w/moved/b/.git", "gitdir: x");
              given.File("/w/.git/modules/b/config", "[core]\n\tworktree = ../../../moved/b\n");
              given.File("/w/.git/modules/out/HEAD").File("/home/u/p/.git").File("/w/b/.git");
              given.File("/w/.git/modules/out/config", "worktree = /home/u/p");
              return given.Dir("/w/.git/modules/plain").File("/w/plain/.git");
            },
            {{"/w/lib/a/.git", "read"},
             {"/w/lib/a/f", "write"},
             {"/w/moved/b/.git", "read"},
             {"/home/u/p/.git", "read"},
             {"/w/b/.git", "write"},
             {"/w/plain/.git", "write"}}}),
    NameOf);

TEST(MetadataRuleTest, SaysThatItProtectsAndForWhichRoot) {
  const Result<Policy> policy = Plain().Resolve();
  ASSERT_TRUE(policy);
  const Decision decision = Decide(*policy, "/w/.aws/credentials");
  ASSERT_NE(decision.rule, nullptr);
  EXPECT_EQ(decision.rule->origin, Origin::kProtected);
  EXPECT_EQ(decision.rule->kind, FileKind::kMissing);
  EXPECT_EQ(decision.rule->deepest_existing, "/w");
  EXPECT_EQ(decision.rule->given, "/w/.aws");
  EXPECT_EQ(decision.rule->from.line, 11U);
}

}  // namespace
}  // namespace ambit::policy
