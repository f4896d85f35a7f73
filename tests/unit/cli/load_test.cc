#include "cli/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_file_view.h"

namespace ambit::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::FakeFileView;

Surroundings At(std::string directory, std::vector<std::string> environment = {"HOME=/home/ann"}) {
  return {.environment = std::move(environment),
          .directory = std::move(directory),
          .uid = 1000,
          .host_name = "build7"};
}

config::Sources SourcesOf(const PolicyOptions& options, const Surroundings& around,
                          const FileView& files) {
  Result<config::Sources> sources = SourcesFor(options, around, files);
  EXPECT_TRUE(sources) << (sources ? "" : sources.error().message);
  return sources ? *std::move(sources) : config::Sources{};
}

std::string RefusalOf(const PolicyOptions& options, const Surroundings& around,
                      const FileView& files) {
  const Result<config::Sources> sources = SourcesFor(options, around, files);
  EXPECT_FALSE(sources);
  return sources ? "" : sources.error().message;
}

TEST(SourcesForTest, RelativePathsAreTakenFromWhereWeAreNotFromCd) {
  const FakeFileView files = FakeFileView().Dir("/work/sub");
  const config::Sources sources = SourcesOf({.directory = "sub",
                                             .config_home = "cfg",
                                             .system_config = "s.toml",
                                             .managed_config = "/abs/m.toml",
                                             .requirements = {"r.toml", "/abs/r.toml"}},
                                            At("/work"), files);
  EXPECT_EQ(sources.cwd, "/work/sub");
  EXPECT_EQ(sources.config_home, "/work/cfg");
  EXPECT_EQ(sources.system_config, "/work/s.toml");
  EXPECT_EQ(sources.extra_managed_config, "/abs/m.toml");
  EXPECT_THAT(sources.extra_requirements, ElementsAre("/work/r.toml", "/abs/r.toml"));
}

TEST(SourcesForTest, ManagedPlacesCannotBeReplaced) {
  const FakeFileView files;
  const config::Sources sources =
      SourcesOf({.managed_config = "/m.toml", .requirements = {"/r.toml"}}, At("/"), files);
  EXPECT_EQ(sources.managed_config, "/etc/ambit/managed_config.toml");
  EXPECT_EQ(sources.requirements, "/etc/ambit/requirements.toml");
}

TEST(SourcesForTest, LinkedDirectoryKeepsItsSpelling) {
  const FakeFileView files = FakeFileView().Dir("/real").Link("/work/lk", "/real");
  EXPECT_EQ(SourcesOf({.directory = "lk"}, At("/work"), files).cwd, "/work/lk");
}

TEST(SourcesForTest, RemovedDirectoryNeedsCd) {
  const FakeFileView files = FakeFileView().Dir("/work");
  EXPECT_THAT(RefusalOf({}, At(""), files), HasSubstr("say --cd DIR"));
  EXPECT_THAT(RefusalOf({.directory = "x"}, At(""), files), HasSubstr("give an absolute path"));
  EXPECT_EQ(SourcesOf({.directory = "/work"}, At(""), files).cwd, "/work");
}

TEST(SourcesForTest, HomeComesFromTheEnvironmentThenFromPasswd) {
  const FakeFileView files =
      FakeFileView().File("/etc/passwd", "ann:x:1000:1000::/home/a2:/bin/sh\n");
  EXPECT_EQ(SourcesOf({}, At("/"), files).home, "/home/ann");
  EXPECT_EQ(SourcesOf({}, At("/", {}), files).home, "/home/a2");
  EXPECT_EQ(SourcesOf({}, At("/", {"HOME="}), files).home, "/home/a2");
}

TEST(SourcesForTest, EmptyVariablesCountAsUnset) {
  const FakeFileView files;
  const config::Sources unset = SourcesOf({}, At("/", {"AMBIT_HOME=", "XDG_CONFIG_HOME="}), files);
  EXPECT_EQ(unset.ambit_home, std::nullopt);
  EXPECT_EQ(unset.xdg_config_home, std::nullopt);
  const config::Sources set =
      SourcesOf({}, At("/", {"AMBIT_HOME=/a", "XDG_CONFIG_HOME=/x"}), files);
  EXPECT_EQ(set.ambit_home, "/a");
  EXPECT_EQ(set.xdg_config_home, "/x");
}

TEST(SourcesForTest, HostNameIsQualifiedWhenRequirementsCanAskForIt) {
  FakeFileView files = FakeFileView().File("/etc/hosts", "127.0.1.1 build7.corp.example build7\n");
  EXPECT_EQ(SourcesOf({}, At("/"), files).host_name, "build7");
  files.File("/etc/ambit/requirements.toml", "");
  EXPECT_EQ(SourcesOf({}, At("/"), files).host_name, "build7.corp.example");
}

TEST(LoadPolicyTest, AddDirHasToExist) {
  const FakeFileView files = FakeFileView().Dir("/work/sub").Dir("/bin");
  StepTimer timer;
  const Result<Loaded> loaded =
      LoadPolicy({.profile = ":workspace", .directory = "sub", .add_dirs = {"more"}}, At("/work"),
                 files, timer);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("'/work/more', the directory of --add-dir"));
}

TEST(LoadPolicyTest, AddDirIsAWritableRoot) {
  const FakeFileView files = FakeFileView().Dir("/work").Dir("/bin").File("/more/a");
  StepTimer timer;
  const Result<Loaded> loaded =
      LoadPolicy({.profile = ":workspace", .add_dirs = {"../more"}}, At("/work"), files, timer);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(policy::Decide(loaded->policy, "/more/a").access, policy::Access::kWrite);
  EXPECT_THAT(loaded->Choice(), HasSubstr("':workspace'"));
}

}  // namespace
}  // namespace ambit::cli
