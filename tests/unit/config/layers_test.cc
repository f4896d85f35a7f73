#include "config/layers.h"

#include <gtest/gtest.h>

#include <string>

#include "loading.h"

namespace ambit::config {
namespace {

constexpr const char* kExtendsWorkspace = "[permissions.p]\nextends = ':workspace'\n";
constexpr const char* kTrustRepo = "[projects.'/home/u/repo']\ntrust_level = 'trusted'\n";

/// Whether the project's entry 'a.txt' = deny reached the selected profile.
bool ProjectCounts(const Loading& loading) {
  return Entries(loading.Get().profile).find("a.txt=deny") != std::string::npos;
}

constexpr const char* kProjectDeny =
    "[permissions.p.filesystem.':workspace_roots']\n'a.txt' = 'deny'\n";

TEST(LoadLayers, TakesTheUserFileFromTheFirstPlaceThatIsSet) {
  Loading loading;
  loading.disk.File("/1/config.toml", "default_permissions = ':workspace'\n")
      .File("/2/config.toml", "default_permissions = ':read-only'\n")
      .File("/3/ambit/config.toml", "default_permissions = ':danger-full-access'\n")
      .File("/home/u/.config/ambit/config.toml", "default_permissions = 'p'\n[permissions.p]\n");
  EXPECT_EQ(loading.Get().profile.name, "p");
  loading.sources.xdg_config_home = "/3";
  EXPECT_EQ(loading.Get().profile.name, ":danger-full-access");
  loading.sources.ambit_home = "/2";
  EXPECT_EQ(loading.Get().profile.name, ":read-only");
  loading.sources.config_home = "/1";
  EXPECT_EQ(loading.Get().profile.name, ":workspace");
}

TEST(LoadLayers, IgnoresARelativeXdgConfigHomeAndRefusesARelativeAmbitHome) {
  Loading loading;
  loading.User("default_permissions = ':workspace'\n");
  loading.sources.xdg_config_home = "x";
  EXPECT_EQ(loading.Get().profile.name, ":workspace");
  loading.sources.ambit_home = "x";
  EXPECT_EQ(loading.Refusal(), "'x' in $AMBIT_HOME must be an absolute path");
}

TEST(LoadLayers, MissingDefaultFilesAreFine) {
  EXPECT_EQ(Loading().Get().profile.name, ":read-only");
}

TEST(LoadLayers, AFileThatWasNamedMustExist) {
  Loading loading;
  loading.sources.system_config = "/etc/other.toml";
  EXPECT_EQ(loading.Refusal(),
            "'/etc/other.toml' does not exist, but was asked for; create it, or do not ask for it");
  loading.sources.system_config = kSystemConfigPath;
  loading.sources.extra_managed_config = "/etc/m.toml";
  EXPECT_EQ(loading.Refusal(),
            "'/etc/m.toml' does not exist, but was asked for; create it, or do not ask for it");
  loading.sources.extra_managed_config.reset();
  loading.sources.extra_requirements = {"/etc/r.toml"};
  EXPECT_EQ(loading.Refusal(),
            "'/etc/r.toml' does not exist, but was asked for; create it, or do not ask for it");
  loading.sources.extra_requirements.clear();
  loading.sources.config_profile = "work";
  EXPECT_EQ(loading.Refusal(),
            "'/home/u/.config/ambit/work.config.toml' does not exist, but was asked for; create "
            "it, or do not ask for it");
}

TEST(LoadLayers, AConfigProfileStandsAboveTheUserFile) {
  Loading loading;
  loading.User("default_permissions = ':read-only'\n")
      .disk.File("/home/u/.config/ambit/work.config.toml", "default_permissions = ':workspace'\n");
  EXPECT_EQ(loading.Get().profile.name, ":read-only");
  loading.sources.config_profile = "work";
  EXPECT_EQ(loading.Get().profile.name, ":workspace");
}

TEST(LoadLayers, AConfigProfileCannotLeaveItsDirectory) {
  Loading loading;
  loading.sources.config_profile = "../x";
  EXPECT_EQ(loading.Refusal(),
            "'../x' after -p is not the name of a config profile; say NAME for NAME.config.toml "
            "beside the user's configuration");
}

TEST(LoadLayers, AMalformedFileOfAnyEnabledLayerStopsEverything) {
  for (const int layer : {0, 1, 2, 3}) {
    Loading loading;
    loading.P(":read-only").User(kTrustRepo);
    if (layer == 0) loading.System("[[[\n");
    if (layer == 1) loading.User("[[[\n");
    if (layer == 2) loading.Project("[[[\n");
    if (layer == 3) loading.Managed("[[[\n");
    EXPECT_NE(loading.Refusal().find(":1:3: syntax error"), std::string::npos) << layer;
  }
}

TEST(LoadLayers, ATrustedProjectIsALayer) {
  Loading loading;
  loading.P("p").User(std::string(kExtendsWorkspace) + kTrustRepo).Project(kProjectDeny);
  EXPECT_TRUE(ProjectCounts(loading));
}

TEST(LoadLayers, AProjectWithoutATrustEntryIsNotUsedAndNamed) {
  Loading loading;
  loading.P("p").User(kExtendsWorkspace).Project("[[[\n");
  EXPECT_EQ(Notices(loading.Get()),
            "'/home/u/repo/.ambit/config.toml' is not used: the project is not trusted; read the "
            "file, then run 'ambit trust /home/u/repo' to use it\n");
}

TEST(LoadLayers, AnUntrustedProjectIsNotUsedAndNotNamed) {
  Loading loading;
  loading.P("p")
      .User(std::string(kExtendsWorkspace) +
            "[projects.'/home/u/repo']\ntrust_level = 'untrusted'\n")
      .Project("[[[\n");
  EXPECT_EQ(Notices(loading.Get()), "");
}

TEST(LoadLayers, AProjectCannotTrustItself) {
  Loading loading;
  loading.P("p").User(kExtendsWorkspace).Project(std::string(kTrustRepo) + kProjectDeny);
  EXPECT_FALSE(ProjectCounts(loading));
}

TEST(LoadLayers, AProjectCannotTrustADirectoryBelowItself) {
  Loading loading;
  loading.sources.cwd = "/home/u/repo/sub";
  loading.disk.Dir("/home/u/repo/sub/.git");
  loading.P("p")
      .User(std::string(kExtendsWorkspace) + kTrustRepo)
      .Project("[projects.'/home/u/repo/sub']\ntrust_level = 'trusted'\n")
      .Project(kProjectDeny, "/home/u/repo/sub");
  EXPECT_FALSE(ProjectCounts(loading));
}

TEST(LoadLayers, TrustMaySayItWithATrailingSlash) {
  Loading loading;
  loading.P("p")
      .User(std::string(kExtendsWorkspace) +
            "[projects.'/home/u/repo/']\ntrust_level = 'trusted'\n")
      .Project(kProjectDeny);
  EXPECT_TRUE(ProjectCounts(loading));
}

TEST(LoadLayers, TrustMaySayItOnTheCommandLine) {
  Loading loading;
  loading.P("p").User(kExtendsWorkspace).Project(kProjectDeny);
  loading.C("projects={'/home/u/repo'={trust_level='trusted'}}");
  EXPECT_TRUE(ProjectCounts(loading));
}

TEST(LoadLayers, TrustHoldsUnderTheRealAndTheGivenName) {
  for (const char* name : {"/home/u/repo", "/home/u/link"}) {
    Loading loading;
    loading.disk.Link("/home/u/link", "repo");
    loading.sources.cwd = "/home/u/link";
    loading.P("p")
        .User(std::string(kExtendsWorkspace) + "[projects.'" + name +
              "']\ntrust_level = 'trusted'\n")
        .Project(kProjectDeny);
    EXPECT_TRUE(ProjectCounts(loading)) << name;
  }
}

TEST(LoadLayers, TrustInTheRootCoversFilesBelowAndNotTheOtherWayRound) {
  Loading loading;
  loading.sources.cwd = "/home/u/repo/sub/deep";
  loading.disk.Dir("/home/u/repo/sub/deep");
  loading.P("p")
      .User(std::string(kExtendsWorkspace) + kTrustRepo)
      .Project(kProjectDeny, "/home/u/repo/sub");
  EXPECT_TRUE(ProjectCounts(loading));

  loading.disk.Remove("/home/u/repo/sub/.ambit");
  loading
      .User(std::string(kExtendsWorkspace) +
            "[projects.'/home/u/repo/sub']\ntrust_level = 'trusted'\n")
      .Project(kProjectDeny);
  EXPECT_FALSE(ProjectCounts(loading));
}

TEST(LoadLayers, WithoutARepositoryOnlyTheWorkingDirectoryIsSearched) {
  Loading loading;
  loading.disk.Remove("/home/u/repo/.git").Dir("/home/u/repo/sub");
  loading.sources.cwd = "/home/u/repo/sub";
  loading.P("p").User(std::string(kExtendsWorkspace) + kTrustRepo).Project(kProjectDeny);
  EXPECT_FALSE(ProjectCounts(loading));
}

TEST(LoadLayers, TheNearestProjectFileIsTheHighest) {
  Loading loading;
  loading.sources.cwd = "/home/u/repo/sub";
  loading.User(kTrustRepo)
      .Project("default_permissions = ':read-only'\n")
      .Project("default_permissions = ':workspace'\n", "/home/u/repo/sub");
  EXPECT_EQ(loading.Get().profile.name, ":workspace");
}

TEST(LoadLayers, AWrongTrustWordIsRefused) {
  Loading loading;
  loading.User("[projects.'/x']\ntrust_level = 'yes'\n");
  EXPECT_EQ(loading.Refusal(),
            "/home/u/.config/ambit/config.toml:2:15: 'trust_level' in [projects.\"/x\"] must be "
            "\"trusted\" or \"untrusted\", not 'yes'");
}

TEST(LoadLayers, OtherProgramsKeysAreIgnoredAndMisspeltOnesNamed) {
  Loading loading;
  loading.P(":read-only").User("model = 'x'\n[permisions.p]\n[tui]\ntheme = 1\n");
  EXPECT_EQ(Notices(loading.Get()),
            "/home/u/.config/ambit/config.toml:2:2: unknown top-level key 'permisions' is ignored; "
            "did you mean 'permissions'?\n");
}

TEST(LoadLayers, TheCommandLineStandsAboveFilesAndBelowTheManagedOnes) {
  Loading loading;
  loading.P("p").User(std::string(kExtendsWorkspace) +
                      "[permissions.p.filesystem.':workspace_roots']\n'd' = 'deny'\n");
  loading.C("permissions.p.filesystem={\":workspace_roots\"={d=\"write\"}}");
  EXPECT_NE(Entries(loading.Get().profile).find("/d=write"), std::string::npos);
  loading.Managed("[permissions.p.filesystem.':workspace_roots']\n'd' = 'read'\n");
  EXPECT_NE(Entries(loading.Get().profile).find("/d=read"), std::string::npos);
}

TEST(LoadLayers, TheManagedFileMustBelongToTheAdministrator) {
  Loading loading;
  loading.Managed("default_permissions = ':workspace'\n").disk.Own(kManagedConfigPath, 0, 0664);
  EXPECT_EQ(loading.Refusal(),
            "'/etc/ambit/managed_config.toml' binds everybody but is not the administrator's "
            "alone: it must belong to root and not be writable by group or others (chown root, "
            "chmod go-w)");
}

}  // namespace
}  // namespace ambit::config
