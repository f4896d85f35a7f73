#include "config/binding.h"

#include <gtest/gtest.h>

#include <string>

#include "loading.h"

namespace ambit::config {
namespace {

ModeClass ClassOfText(const char* text) {
  Loading loading;
  loading.P("p").User("[permissions.p]\n" + std::string(text));
  return ClassOf(loading.Get().profile);
}

TEST(ClassOf, ReadOnlyHasNoWriteEntry) {
  EXPECT_EQ(ClassOfText("filesystem.':root' = 'read'\n"), ModeClass::kReadOnly);
  EXPECT_EQ(ClassOfText("filesystem.':minimal' = 'write'\n"), ModeClass::kReadOnly);
}

TEST(ClassOf, WorkspaceWriteStaysInWorkspaceAndTemp) {
  EXPECT_EQ(ClassOfText("extends = ':workspace'\n"), ModeClass::kWorkspaceWrite);
  EXPECT_EQ(ClassOfText("filesystem.':tmpdir' = 'write'\n"), ModeClass::kWorkspaceWrite);
}

TEST(ClassOf, FullAccessIsWhateverWritesOutsideThem) {
  EXPECT_EQ(ClassOfText("filesystem.':root' = 'write'\n"), ModeClass::kFullAccess);
  EXPECT_EQ(ClassOfText("filesystem.'/' = 'write'\nfilesystem.'/x' = 'deny'\n"),
            ModeClass::kFullAccess);
  EXPECT_EQ(ClassOfText("filesystem.'~/.cache' = 'write'\n"), ModeClass::kFullAccess);
  EXPECT_EQ(ClassOfText("filesystem.'/srv'.sub = 'write'\n"), ModeClass::kFullAccess);
}

TEST(AllowedModes, AnExplicitProfileOfAnotherClassIsRefused) {
  Loading loading;
  loading.Require("allowed_sandbox_modes = ['read-only']\n").P(":workspace");
  EXPECT_EQ(loading.Refusal(),
            "profile ':workspace' counts as \"workspace-write\", which the administrator's "
            "requirements do not allow (/etc/ambit/requirements.toml:1:25); allowed: read-only");
}

TEST(AllowedModes, ADefaultOfAnotherClassRunsReadOnlyAndKeepsItsDenies) {
  Loading loading;
  loading.Require("allowed_sandbox_modes = ['read-only']\n")
      .User(
          "default_permissions = 'p'\n[permissions.p]\nextends = ':workspace'\n"
          "filesystem.'/secret' = 'deny'\nnetwork.enabled = true\n");
  const Selected selected = loading.Get();
  EXPECT_EQ(
      Entries(selected.profile),
      "/secret=deny :root=read :slash_tmp=read :tmpdir=read :workspace_roots/.=read "
      ":workspace_roots/.agents=read :workspace_roots/.codex=read :workspace_roots/.git=read");
  EXPECT_FALSE(selected.profile.network.enabled);
  EXPECT_EQ(Notices(selected),
            "/home/u/.config/ambit/config.toml:1:23: profile 'p' counts as \"workspace-write\", "
            "which the administrator's requirements do not allow "
            "(/etc/ambit/requirements.toml:1:25); the command runs read-only\n");
}

TEST(AllowedModes, AFullAccessDefaultBecomesReadOnly) {
  Loading loading;
  loading.Require("allowed_sandbox_modes = ['read-only', 'workspace-write']\n")
      .User("sandbox_mode = 'danger-full-access'\n");
  const Profile profile = loading.Get().profile;
  EXPECT_EQ(profile.name, ":read-only");
  EXPECT_EQ(Entries(profile), ":root=read");
  EXPECT_FALSE(profile.unrestricted);
}

TEST(AllowedModes, TheManagedFilesModeIsARequirement) {
  Loading loading;
  loading.Managed("sandbox_mode = 'workspace-write'\n");
  EXPECT_EQ(loading.Get().profile.name, ":workspace");
  EXPECT_EQ(loading.P(":danger-full-access").Refusal(),
            "profile ':danger-full-access' counts as \"danger-full-access\", which the "
            "administrator's requirements do not allow (/etc/ambit/managed_config.toml:1:16); "
            "allowed: read-only, workspace-write");
}

TEST(DenyRead, MakesFullAccessReadOnlyWithANotice) {
  for (const char* text : {"default_permissions = ':danger-full-access'\n",
                           "default_permissions = 'p'\n[permissions.p.filesystem]\n':root' = "
                           "'write'\n':minimal' = 'read'\n"}) {
    Loading loading;
    loading.Require("permissions.filesystem.deny_read = ['/d']\n").User(text);
    const Selected selected = loading.Get();
    EXPECT_EQ(ClassOf(selected.profile), ModeClass::kReadOnly);
    EXPECT_FALSE(selected.profile.unrestricted);
    EXPECT_NE(Notices(selected).find("gives full access, which is not possible beside the "
                                     "administrator's deny_read (/etc/ambit/requirements.toml:1:37)"
                                     "; the command runs read-only"),
              std::string::npos);
  }
}

TEST(DenyRead, AnEmptyListLeavesFullAccessAlone) {
  Loading loading;
  loading.Require("permissions.filesystem.deny_read = []\n").P(":danger-full-access");
  EXPECT_TRUE(loading.Get().profile.unrestricted);
}

TEST(DenyRead, NarrowedWholeDiskWriteStays) {
  Loading loading;
  loading.Require("permissions.filesystem.deny_read = ['/d']\n")
      .User("[permissions.p.filesystem]\n':root' = 'write'\n'/etc' = 'read'\n");
  EXPECT_EQ(Entries(loading.P("p").Get().profile), "/etc=read :root=write");
}

TEST(ForbiddenKeys, RefuseAProfileThatUsesOneAlsoThroughAParent) {
  Loading loading;
  loading.Require("forbidden_keys = ['filesystem.deny_mode', 'network.publish']\n")
      .User(
          "[permissions.p]\nextends = 'q'\n"
          "[permissions.q]\nextends = ':workspace'\nfilesystem.deny_mode = 'snapshot'\n");
  EXPECT_EQ(
      loading.P("p").Refusal(),
      "/home/u/.config/ambit/config.toml:5:24: profile 'p' uses 'filesystem.deny_mode', which "
      "the administrator's requirements forbid (/etc/ambit/requirements.toml:1:19); leave it out");
  EXPECT_EQ(loading.P(":workspace").Get().profile.name, ":workspace");
}

}  // namespace
}  // namespace ambit::config
