#include "config/select.h"

#include <gtest/gtest.h>

#include <string>

#include "loading.h"

namespace ambit::config {
namespace {

constexpr const char* kUserFile = "/home/u/.config/ambit/config.toml";

TEST(Choose, TheCommandLineBeatsTheFiles) {
  Loading loading;
  loading.P("p").User(
      "sandbox_mode = 'danger-full-access'\ndefault_permissions = 'zzz'\n"
      "[permissions.p]\nextends = ':read-only'\n");
  EXPECT_EQ(loading.Get().profile.name, "p");
  EXPECT_EQ(loading.Get().how, "-P");
}

TEST(Choose, AnOverrideOfTheDefaultSettlesItToo) {
  Loading loading;
  loading.User("sandbox_mode = 'danger-full-access'\n").C("default_permissions=:workspace");
  EXPECT_EQ(loading.Get().profile.name, ":workspace");
}

TEST(Choose, TheHighestDefaultCounts) {
  Loading loading;
  loading.System("default_permissions = ':workspace'\n")
      .User("default_permissions = ':read-only'\n");
  EXPECT_EQ(loading.Get().profile.name, ":read-only");
  EXPECT_EQ(loading.Get().how, "default_permissions at " + std::string(kUserFile) + ":1:23");
  loading.Managed("default_permissions = ':workspace'\n");
  EXPECT_EQ(loading.Get().profile.name, ":workspace");
}

TEST(Choose, NothingConfiguredIsReadOnly) {
  const Selected selected = Loading().Get();
  EXPECT_EQ(selected.profile.name, ":read-only");
  EXPECT_EQ(selected.how, "nothing is configured");
}

TEST(Choose, ProfilesWithoutASelectionAreNotGuessedAt) {
  Loading loading;
  loading.User("[permissions.p]\nextends = ':workspace'\n");
  EXPECT_EQ(loading.Refusal(), std::string(kUserFile) +
                                   ":1:14: profiles are defined, such as 'p', but none is "
                                   "selected; name one with -P or set default_permissions");
}

TEST(Choose, AnUndefinedNameIsRefusedWithTheNearestOne) {
  Loading loading;
  loading.User("[permissions.build]\nextends = ':workspace'\n");
  EXPECT_EQ(loading.P("biuld").Refusal(),
            "profile 'biuld' is not defined in any configuration file; did you mean 'build'?");
  EXPECT_EQ(loading.P("Build").Refusal(),
            "profile 'Build' is not defined in any configuration file; did you mean 'build'?");
  EXPECT_EQ(loading.P("quite-else").Refusal(),
            "profile 'quite-else' is not defined in any configuration file; define it as "
            "[permissions.quite-else]");
  EXPECT_EQ(loading.P("").Refusal(), "an empty name is no profile; name one, such as ':workspace'");
}

TEST(Choose, AnUnknownBuiltinIsRefused) {
  EXPECT_EQ(Loading().P(":workspaces").Refusal(),
            "profile ':workspaces' is not built in; did you mean ':workspace'?");
  EXPECT_EQ(Loading().P(":everything").Refusal(),
            "profile ':everything' is not built in; built in are \":read-only\", \":workspace\" or "
            "\":danger-full-access\"");
}

TEST(Choose, BothKindsOfSettingAreAnErrorThatNamesBothPlaces) {
  Loading loading;
  loading.System("default_permissions = ':read-only'\n").User("sandbox_mode = 'workspace-write'\n");
  EXPECT_EQ(loading.Refusal(),
            std::string(kUserFile) +
                ":1:16: 'sandbox_mode' here and 'default_permissions' at "
                "/etc/ambit/config.toml:1:23 both choose what a command may do; remove one of "
                "them, or name a profile with -P");
  EXPECT_EQ(loading.P(":workspace").Get().profile.name, ":workspace");
}

TEST(Choose, AnUnknownModeIsRefused) {
  Loading loading;
  loading.P(":read-only").User("sandbox_mode = 'zzz'\n");
  EXPECT_EQ(loading.Refusal(), std::string(kUserFile) +
                                   ":1:16: 'sandbox_mode' must be \"read-only\", "
                                   "\"workspace-write\" or \"danger-full-access\", not 'zzz'");
}

TEST(Choose, AManagedDefaultIsNotBeatenByTheCommandLine) {
  Loading loading;
  loading.Managed("default_permissions = ':read-only'\n");
  EXPECT_EQ(loading.P(":workspace").Refusal(),
            "profile ':workspace' cannot be selected: the managed configuration "
            "(/etc/ambit/managed_config.toml:1:23) sets ':read-only' for every command");
  EXPECT_EQ(loading.P(":read-only").Get().profile.name, ":read-only");
}

TEST(OlderSettings, EachModeIsABuiltin) {
  for (const auto& [mode, name] :
       {std::pair{"read-only", ":read-only"}, std::pair{"workspace-write", ":workspace"},
        std::pair{"danger-full-access", ":danger-full-access"}}) {
    Loading loading;
    loading.User("sandbox_mode = '" + std::string(mode) + "'\n[permissions.p]\n");
    EXPECT_EQ(loading.Get().profile.name, name);
    EXPECT_EQ(loading.Get().profile.unrestricted, std::string_view(name) == ":danger-full-access");
  }
}

TEST(OlderSettings, TheTableShapesWorkspaceWrite) {
  Loading loading;
  loading.System("[sandbox_workspace_write]\nexclude_tmpdir_env_var = true\n")
      .User(
          "sandbox_mode = 'workspace-write'\n[sandbox_workspace_write]\n"
          "writable_roots = ['/srv/x', '~/y']\nexclude_slash_tmp = true\nnetwork_access = true\n");
  const Profile profile = loading.Get().profile;
  EXPECT_EQ(Entries(profile),
            ":root=read :workspace_roots/.=write :workspace_roots/.agents=read "
            ":workspace_roots/.codex=read :workspace_roots/.git=read");
  ASSERT_EQ(profile.workspace_roots.size(), 2U);
  EXPECT_EQ(profile.workspace_roots[0].path, "/srv/x");
  EXPECT_EQ(ToString(profile.workspace_roots[0].from), std::string(kUserFile) + ":3:19");
  EXPECT_TRUE(profile.network.enabled->value);
}

TEST(OlderSettings, TheTableDoesNotChangeASelectedWorkspace) {
  Loading loading;
  loading.User(
      "default_permissions = ':workspace'\n[sandbox_workspace_write]\n"
      "writable_roots = ['/srv/x']\nexclude_slash_tmp = true\n");
  EXPECT_TRUE(loading.Get().profile.workspace_roots.empty());
  EXPECT_NE(Entries(loading.Get().profile).find(":slash_tmp=write"), std::string::npos);
}

TEST(OlderSettings, ARelativeWritableRootIsRefused) {
  Loading loading;
  loading.P(":read-only").User("[sandbox_workspace_write]\nwritable_roots = ['x']\n");
  EXPECT_EQ(loading.Refusal(),
            std::string(kUserFile) +
                ":2:19: 'x' in 'writable_roots' in [sandbox_workspace_write] must be an absolute "
                "path or begin with \"~/\"");
}

}  // namespace
}  // namespace ambit::config
