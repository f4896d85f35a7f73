#include "config/lineage.h"

#include <gtest/gtest.h>

#include <string>

#include "loading.h"

namespace ambit::config {
namespace {

std::string EntriesOf(const char* text, const char* name = "p") {
  Loading loading;
  loading.P(name).User(text);
  return Entries(loading.Get().profile);
}

std::string RefusalOf(const char* text) {
  Loading loading;
  loading.P("p").User(text);
  return loading.Refusal();
}

TEST(Builtins, AreWhatTheyPromise) {
  EXPECT_EQ(EntriesOf("", ":read-only"), ":root=read");
  EXPECT_EQ(
      EntriesOf("", ":workspace"),
      ":root=read :slash_tmp=write :tmpdir=write :workspace_roots/.=write "
      ":workspace_roots/.agents=read :workspace_roots/.codex=read :workspace_roots/.git=read");
  const Profile profile = Loading().P(":danger-full-access").Get().profile;
  EXPECT_TRUE(profile.unrestricted);
  EXPECT_TRUE(profile.network.enabled->value);
  EXPECT_EQ(profile.from.file, "<built-in>");
  EXPECT_EQ(ToString(profile.filesystem.at(0).from), "<built-in>");
}

TEST(ResolveParents, EntriesOfAllLevelsAddUp) {
  Loading loading;
  loading.P("p").User(
      "[permissions.p]\nextends = 'q'\nfilesystem.'/p' = 'deny'\n"
      "[permissions.q]\nextends = ':read-only'\nfilesystem.'/q' = 'write'\n");
  const Selected selected = loading.Get();
  EXPECT_EQ(Entries(selected.profile), "/p=deny /q=write :root=read");
  EXPECT_EQ(selected.lineage, (std::vector<std::string>{"p", "q", ":read-only"}));
}

TEST(ResolveParents, TheChildReplacesTheSameKeyEvenDenyByWrite) {
  EXPECT_EQ(EntriesOf("[permissions.p]\nextends = 'q'\nfilesystem.'/d' = 'write'\n"
                      "[permissions.q]\nfilesystem.'/d' = 'deny'\nfilesystem.'/d/' = 'deny'\n"),
            "/d=write /d/=deny");
}

TEST(ResolveParents, APlainValueReplacesTheInheritedTable) {
  EXPECT_EQ(EntriesOf("[permissions.p]\nextends = ':workspace'\n"
                      "filesystem.':workspace_roots' = 'write'\n"),
            ":root=read :slash_tmp=write :tmpdir=write :workspace_roots=write");
}

TEST(ResolveParents, ATableReplacesAnInheritedPlainValue) {
  EXPECT_EQ(EntriesOf("[permissions.p]\nextends = 'q'\nfilesystem.':workspace_roots'.d = 'deny'\n"
                      "[permissions.q]\nfilesystem.':workspace_roots' = 'write'\n"),
            ":workspace_roots/d=deny");
}

TEST(ResolveParents, EverythingButDescriptionExtendsAndTestsIsInherited) {
  Loading loading;
  loading.P("p").User(
      "[permissions.p]\nextends = 'q'\n"
      "[permissions.q]\ndescription = 'd'\nextends = ':workspace'\n"
      "workspace_roots = { '/e' = true }\nnetwork.enabled = true\n"
      "filesystem.glob_scan_max_depth = 2\nlimits.processes = 3\n"
      "[[permissions.q.tests]]\nexpect = 'deny'\nread = '/x'\n");
  const Profile profile = loading.Get().profile;
  EXPECT_FALSE(profile.description);
  EXPECT_EQ(profile.extends->value, "q");
  EXPECT_TRUE(profile.tests.empty());
  EXPECT_TRUE(profile.network.enabled->value);
  EXPECT_EQ(profile.glob_scan_max_depth->value, 2);
  EXPECT_EQ(profile.limits.processes->value, 3);
  EXPECT_EQ(profile.workspace_roots.size(), 1U);
}

TEST(ResolveParents, TheHighestLayerDecidesTheParent) {
  Loading loading;
  loading.P("p")
      .System("[permissions.p]\nextends = ':workspace'\nfilesystem.'/d' = 'deny'\n")
      .User("[permissions.p]\nextends = ':read-only'\n");
  EXPECT_EQ(Entries(loading.Get().profile), "/d=deny :root=read");
}

TEST(ResolveParents, RefusesUnsuitableParents) {
  EXPECT_EQ(RefusalOf("[permissions.p]\nextends = ':danger-full-access'\n"),
            "/home/u/.config/ambit/config.toml:2:11: profile 'p' extends ':danger-full-access', "
            "which cannot be a parent; built-in parents are \":read-only\" or \":workspace\"");
  EXPECT_EQ(RefusalOf("[permissions.p]\nextends = 'bace'\n[permissions.base]\n"),
            "/home/u/.config/ambit/config.toml:2:11: profile 'p' extends 'bace', which is not "
            "defined; did you mean 'base'?");
  EXPECT_EQ(RefusalOf("[permissions.p]\nextends = ''\n"),
            "/home/u/.config/ambit/config.toml:2:11: profile 'p' extends '', which is not defined; "
            "extend \":read-only\" or \":workspace\"");
}

TEST(ResolveParents, RefusesACircleAndNamesItInOrder) {
  EXPECT_EQ(RefusalOf("[permissions.p]\nextends = 'q'\n[permissions.q]\nextends = 'r'\n"
                      "[permissions.r]\nextends = 'q'\n"),
            "/home/u/.config/ambit/config.toml:6:11: profiles extend each other in a circle: 'q' "
            "-> 'r' -> 'q'; remove one 'extends'");
  EXPECT_EQ(RefusalOf("[permissions.p]\nextends = 'p'\n"),
            "/home/u/.config/ambit/config.toml:2:11: profiles extend each other in a circle: 'p' "
            "-> 'p'; remove one 'extends'");
}

TEST(ResolveParents, TroubleThatIsNotReachedDoesNoHarm) {
  EXPECT_EQ(EntriesOf("[permissions.p]\nextends = ':read-only'\n"
                      "[permissions.q]\nextends = 'r'\nfilesystem.glob_scan_max_depth = 0\n"
                      "[permissions.r]\nextends = 'q'\n"),
            ":root=read");
}

TEST(ResolveParents, RefusesADepthOfZeroAnywhereOnTheWay) {
  EXPECT_EQ(RefusalOf("[permissions.p]\nextends = 'q'\nfilesystem.glob_scan_max_depth = 1\n"
                      "[permissions.q]\nfilesystem.glob_scan_max_depth = 0\n"),
            "/home/u/.config/ambit/config.toml:5:34: 'glob_scan_max_depth' in "
            "[permissions.q.filesystem] must be at least 1; leave it out for no limit");
}

TEST(ResolveParents, AChainOf255ParentsIsTheLongest) {
  for (const int parents : {255, 256}) {
    std::string text;
    for (int i = 0; i < parents; ++i) {
      text +=
          "[permissions.p" + std::to_string(i) + "]\nextends = 'p" + std::to_string(i + 1) + "'\n";
    }
    text += "[permissions.p" + std::to_string(parents) + "]\n";
    Loading loading;
    loading.P("p0").User(text);
    EXPECT_EQ(loading.Refusal().empty(), parents == 255);
  }
}

}  // namespace
}  // namespace ambit::config
