#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "policy/resolve_fixture.h"

namespace ambit::policy {
namespace {

struct Row {
  const char* name;
  std::function<Given()> setup;
  const char* want;
};

class RefusalTest : public testing::TestWithParam<Row> {};
TEST_P(RefusalTest, NamesTheObjectTheProblemAndTheWayOut) {
  EXPECT_EQ(RefusalOf(GetParam().setup()), GetParam().want);
}

Given Key(const char* key) { return Given().ReadOnly().Entry(key, kDeny); }
Given Subpath(const char* subpath) { return Given().ReadOnly().InRoots(subpath, kDeny); }

constexpr const char* kBadKeyTail =
    " in profile 'p' is not a path that can be used here; write an absolute path, '~/...', or one "
    "of ':root', ':minimal', ':workspace_roots', ':tmpdir', ':slash_tmp'";
constexpr const char* kBadSubpathTail =
    " in profile 'p' is not a subpath of ':workspace_roots'; write names joined by '/', without "
    "'.', '..', '~' or a '/' in front";
constexpr const char* kGrantPatternTail =
    " in profile 'p' is a pattern, which only 'deny' can have; name a directory, or end in '/**' "
    "for all that is below one";

struct FormRow {
  const char* text;
  const char* shown;
};

class BadKeyTest : public testing::TestWithParam<FormRow> {};
TEST_P(BadKeyTest, IsRefused) {
  EXPECT_EQ(RefusalOf(Key(GetParam().text)),
            "config.toml:11:1: '" + std::string(GetParam().shown) + "'" + kBadKeyTail);
}
INSTANTIATE_TEST_SUITE_P(Keys, BadKeyTest,
                         testing::Values(FormRow{"", ""}, FormRow{"a.txt", "a.txt"},
                                         FormRow{"./a", "./a"}, FormRow{"~bob/x", "~bob/x"},
                                         FormRow{"$HOME/x", "$HOME/x"},
                                         FormRow{"file:///etc", "file:///etc"},
                                         FormRow{"C:\\x", "C:\\\\x"}, FormRow{"**/x", "**/x"}));

class BadSubpathTest : public testing::TestWithParam<FormRow> {};
TEST_P(BadSubpathTest, IsRefused) {
  EXPECT_EQ(RefusalOf(Subpath(GetParam().text)),
            "config.toml:11:1: '" + std::string(GetParam().shown) + "'" + kBadSubpathTail);
}
INSTANTIATE_TEST_SUITE_P(Subpaths, BadSubpathTest,
                         testing::Values(FormRow{"", ""}, FormRow{"/etc", "/etc"},
                                         FormRow{"./a", "./a"}, FormRow{"..", ".."},
                                         FormRow{"a/../b", "a/../b"}, FormRow{"d/./b", "d/./b"},
                                         FormRow{"d/.", "d/."}, FormRow{"~", "~"},
                                         FormRow{"~/x", "~/x"}, FormRow{"./*.env", "./*.env"},
                                         FormRow{"../*.env", "../*.env"},
                                         FormRow{"a/../*", "a/../*"}));

class GrantPatternTest : public testing::TestWithParam<FormRow> {};
TEST_P(GrantPatternTest, IsRefused) {
  const std::string text = GetParam().text;
  Given setup;
  setup.ReadOnly();
  text.starts_with('/') ? setup.Entry(text, kGrantRead) : setup.InRoots(text, kGrantWrite);
  EXPECT_EQ(RefusalOf(setup), "config.toml:11:1: '" + text + "'" + kGrantPatternTail);
}
INSTANTIATE_TEST_SUITE_P(Grants, GrantPatternTest,
                         testing::Values(FormRow{"/w/*.txt", ""}, FormRow{"/w/d/*", ""},
                                         FormRow{"/w/?", ""}, FormRow{"/w/[a]", ""},
                                         FormRow{"**", ""}, FormRow{"*", ""},
                                         FormRow{"**/*.md", ""}, FormRow{"*/d/**", ""}));

INSTANTIATE_TEST_SUITE_P(
    Forms, RefusalTest,
    testing::Values(
        Row{"NulInKey", [] { return Given().ReadOnly().Entry(std::string("/a\0b", 4), kDeny); },
            "config.toml:11:1: '/a\\x00b' in profile 'p' is not a path that can be used here; "
            "write "
            "an absolute path, '~/...', or one of ':root', ':minimal', ':workspace_roots', "
            "':tmpdir', ':slash_tmp'"},
        Row{"SubpathOfMinimal", [] { return Given().Scoped(":minimal", "bin", kGrantRead); },
            "config.toml:10:1: ':minimal' in profile 'p' takes no subpath such as 'bin'; give it "
            "an "
            "access word, or use '.'"},
        Row{"DenyOfMinimal", [] { return Key(":minimal"); },
            "config.toml:11:1: ':minimal' in profile 'p' cannot be denied, no program could start; "
            "deny single paths instead"},
        Row{"DenyOfUnknownName", [] { return Key(":future"); },
            "config.toml:11:1: ':future' in profile 'p' is a name that is not known, so this "
            "'deny' "
            "would be lost; remove it or name the path"},
        Row{"DenyOfMisspeltName", [] { return Key(":tmpdri"); },
            "config.toml:11:1: ':tmpdri' in profile 'p' is a name that is not known, so this "
            "'deny' "
            "would be lost; did you mean ':tmpdir'?"},
        Row{"PatternAsBase", [] { return Given().ReadOnly().Scoped("/w/*", "b.txt", kDeny); },
            "config.toml:11:1: '/w/*' in profile 'p' has pattern characters, but its subpaths "
            "would "
            "take it literally; write the whole pattern as one key with 'deny'"},
        Row{"UserNamePattern", [] { return Key("~*"); },
            "config.toml:11:1: '~*' in profile 'p' is not a path that can be used here; write an "
            "absolute path, '~/...', or one of ':root', ':minimal', ':workspace_roots', ':tmpdir', "
            "':slash_tmp'"},
        Row{"InvalidPattern", [] { return Subpath("*.{env"); },
            "config.toml:11:1: pattern '*.{env' has a '{' that is never closed; close it, or write "
            "'\\{' for a brace (profile 'p')"},
        Row{"WholeDiskPattern", [] { return Key("/**/*.env"); },
            "config.toml:11:1: '/**/*.env' in profile 'p' is a pattern over the whole disk; begin "
            "it with a directory, such as '~/**/*.env'"},
        Row{"DepthZero", [] { return Given().ReadOnly().Depth(0); },
            "config.toml:9:1: 'glob_scan_max_depth' in profile 'p' is 0; it must be 1 or more"},
        Row{"NoHome",
            [] {
              Given setup = Key("~/x");
              setup.around().home = "";
              return setup;
            },
            "config.toml:11:1: '~/x' needs a home directory, but HOME is not an absolute path; set "
            "HOME or write the path in full"}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Programs, RefusalTest,
    testing::Values(
        Row{"NothingReadable", [] { return Given().Entry("/w", kGrantRead); },
            "config.toml:1:1: profile 'p' gives no program to load: neither ':minimal' nor ':root' "
            "is readable; add \":minimal\" = \"read\" to its filesystem table"},
        Row{"NoEntries", [] { return Given(); },
            "config.toml:1:1: profile 'p' has no usable file entries, so the command cannot be "
            "loaded; add \":minimal\" = \"read\" to its filesystem table"},
        Row{"SystemDirectoryIsEnough", [] { return Given().Entry("/usr", kGrantRead); },
            "accepted"}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Roots, RefusalTest,
    testing::Values(
        Row{"Name", [] { return Given().Workspace().Root(":tmpdir"); },
            "config.toml:17:1: ':tmpdir' in workspace_roots of profile 'p' is not a directory's "
            "path; write an absolute path, '~/...', or one relative to the start directory"},
        Row{"WholeDisk", [] { return Given().Workspace().Cwd("/"); },
            "'/' cannot be a writable workspace root of profile 'p': it is the whole disk; start "
            "in "
            "a project directory instead"},
        Row{"WholeDiskThroughALink",
            [] { return Given().Workspace().Link("/all", "/").Root("/all"); },
            "config.toml:17:1: '/all' cannot be a writable workspace root of profile 'p': it is "
            "the whole disk; name a project directory instead"},
        Row{"WholeDiskByTmpdir",
            [] {
              Given setup;
              setup.Workspace().Link("/all", "/").around().tmpdir = "/all";
              return setup;
            },
            "config.toml:16:1: '/all' cannot be the temporary directory of ':tmpdir' in profile "
            "'p': it is the whole disk; set TMPDIR to another directory"},
        Row{"WholeDiskByTmpdirDenied",
            [] {
              Given setup;
              setup.ReadOnly().Entry(":minimal", kGrantRead).Entry(":tmpdir", kDeny);
              setup.around().tmpdir = "/";
              return setup;
            },
            "accepted"},
        Row{"WholeDiskReadOnly", [] { return Given().ReadOnly().Cwd("/"); }, "accepted"},
        Row{"InsideGit",
            [] { return Given().Workspace().Dir("/w/.git/hooks").Cwd("/w/.git/hooks"); },
            "'/w/.git/hooks' cannot be a writable workspace root of profile 'p': it lies inside "
            "the "
            "protected '/w/.git'; start outside of it instead"},
        Row{"InsideBareRepository",
            [] {
              Given setup;
              setup.Workspace().File("/r/HEAD").Dir("/r/objects").Dir("/r/refs").Dir("/r/hooks");
              return setup.Cwd("/r/hooks");
            },
            "'/r/hooks' cannot be a writable workspace root of profile 'p': it lies inside the git "
            "directory '/r'; start outside of it instead"},
        Row{"WorkTreeInsideBareRepository",
            [] {
              Given setup;
              setup.Workspace().File("/r/HEAD").Dir("/r/objects").Dir("/r/refs").Dir("/r/wt/src");
              return setup.File("/r/wt/.git", "gitdir: /r/worktrees/wt").Cwd("/r/wt/src");
            },
            "accepted"},
        Row{"StartDirectoryMissing", [] { return Given().ReadOnly().Cwd("/none"); },
            "'/none', the directory to start in, is not a directory; name one that exists"},
        Row{"AddDirMissing",
            [] {
              Given setup;
              setup.ReadOnly().around().add_dirs = {"none"};
              return setup;
            },
            "'/w/none', the directory of --add-dir, is not a directory; name one that exists"}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Links, RefusalTest,
    testing::Values(
        Row{"DenyOfAReplaceableLink",
            [] {
              return Given().Workspace().File("/w/real").Link("/w/lk", "real").InRoots("lk", kDeny);
            },
            "config.toml:17:1: '/w/lk' of profile 'p' leads through the link '/w/lk', which the "
            "command could replace; name the real path '/w/real' instead, or remove the link"},
        Row{"DenyBelowAReplaceableLink",
            [] { return Given().Workspace().Link("/w/lk", "/s").InRoots("lk/f", kDeny); },
            "config.toml:17:1: '/w/lk/f' of profile 'p' leads through the link '/w/lk', which the "
            "command could replace; name the real path '/s/f' instead, or remove the link"},
        Row{"ReadOnlyThroughAReplaceableLink",
            [] {
              return Given().Workspace().Dir("/s").Link("/w/lk", "/s").InRoots("lk", kGrantRead);
            },
            "config.toml:17:1: '/w/lk' of profile 'p' leads through the link '/w/lk', which the "
            "command could replace; name the real path '/s' instead, or remove the link"},
        Row{"Loop",
            [] {
              return Given()
                  .Workspace()
                  .Link("/w/l1", "l2")
                  .Link("/w/l2", "l1")
                  .InRoots("l1", kDeny);
            },
            "config.toml:17:1: '/w/l1' of profile 'p' leads through the link '/w/l1', which the "
            "command could replace; remove the link"},
        Row{"Pattern",
            [] {
              return Given().Workspace().Dir("/w/o").Link("/w/lk", "o").InRoots("lk/*.env", kDeny);
            },
            "config.toml:17:1: '/w/lk/*.env' of profile 'p' leads through the link '/w/lk', which "
            "the command could replace; name the real path '/w/o/*.env' instead, or remove the "
            "link"},
        Row{"ManagedDeny",
            [] { return Given().Workspace().Link("/w/lk", "/s").Managed("/w/lk/f"); },
            "requirements.toml:3:14: '/w/lk/f' of the administrator's deny_read leads through the "
            "link '/w/lk', which the command could replace; name the real path '/s/f' instead, or "
            "remove the link"},
        Row{"EqualReadsTheFirstThroughALink",
            [] {
              Given setup;
              setup.Workspace().Dir("/s").Link("/w/lk", "/s");
              return setup.InRoots("lk", kGrantRead).Entry("/s", kGrantRead);
            },
            "config.toml:17:1: '/w/lk' of profile 'p' leads through the link '/w/lk', which the "
            "command could replace; name the real path '/s' instead, or remove the link"},
        Row{"EqualReadsTheSecondThroughALink",
            [] {
              Given setup;
              setup.Workspace().Dir("/s").Link("/w/lk", "/s");
              return setup.Entry("/s", kGrantRead).InRoots("lk", kGrantRead);
            },
            "config.toml:18:1: '/w/lk' of profile 'p' leads through the link '/w/lk', which the "
            "command could replace; name the real path '/s' instead, or remove the link"},
        Row{"ReadThatLosesToAWrite",
            [] {
              Given setup;
              setup.Workspace().Dir("/s").Link("/w/lk", "/s");
              return setup.InRoots("lk", kGrantRead).Entry("/s", kGrantWrite);
            },
            "accepted"},
        Row{"LinkInAReadOnlyPart",
            [] {
              return Given()
                  .Workspace()
                  .Dir("/w/d")
                  .InRoots("d", kGrantRead)
                  .Link("/w/d/lk", "/s")
                  .InRoots("d/lk", kDeny);
            },
            "accepted"},
        Row{"ProtectedNameIsALink",
            [] { return Given().ReadOnly().InRoots(".", kGrantWrite).Link("/w/.git", "realgit"); },
            "config.toml:11:1: '/w/.git' is a link to 'realgit' that the command could replace, so "
            "it cannot be protected; make it a directory, or grant it 'write' in profile 'p'"},
        Row{"ProtectedNameIsALinkInAReadOnlyRoot",
            [] { return Given().ReadOnly().Link("/w/.git", "realgit"); }, "accepted"},
        Row{"ProtectedNameIsAnOpenedLink",
            [] {
              return Given()
                  .ReadOnly()
                  .InRoots(".", kGrantWrite)
                  .Dir("/w/g")
                  .Link("/w/.git", "g")
                  .InRoots(".git", kGrantWrite);
            },
            "accepted"},
        Row{"PointerThroughAReplaceableLink",
            [] {
              Given setup;
              setup.Workspace().Dir("/w/real").Link("/w/lk", "real");
              return setup.File("/w/.git", "gitdir: lk\n");
            },
            "config.toml:11:1: '/w/lk' of profile 'p' leads through the link '/w/lk', which the "
            "command could replace; name the real path '/w/real' instead, or remove the link"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace ambit::policy
