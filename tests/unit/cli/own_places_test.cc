#include "cli/own_places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_file_view.h"

namespace ambit::cli {
namespace {

using policy::Access;
using testing::HasSubstr;
using testing_support::FakeFileView;

constexpr const char* kRecord = "/home/ann/.local/state/ambit/denials.jsonl";

Surroundings At(std::string directory, std::vector<std::string> environment = {}) {
  environment.emplace_back("HOME=/home/ann");
  return {.environment = std::move(environment),
          .directory = std::move(directory),
          .uid = 1000,
          .host_name = "h"};
}

Result<Loaded> Load(const FakeFileView& files, const std::string& directory,
                    PolicyOptions options = {}, std::vector<std::string> environment = {}) {
  options.profile = options.profile.value_or(":workspace");
  StepTimer timer;
  return LoadPolicy(options, At(directory, std::move(environment)), files, timer);
}

Access AccessTo(const std::string& path, const Result<Loaded>& loaded) {
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
  return loaded ? policy::Decide(loaded->policy, path).access : Access::kNone;
}

FakeFileView Disk() { return FakeFileView().File(kRecord).Dir("/home/ann/src").Dir("/bin"); }

TEST(StateDirectoryTest, FollowsTheBaseDirectorySpecification) {
  EXPECT_EQ(StateDirectory(At("/"), "/home/ann"), "/home/ann/.local/state/ambit");
  EXPECT_EQ(StateDirectory(At("/", {"XDG_STATE_HOME=/s/"}), "/home/ann"), "/s/ambit");
  EXPECT_EQ(StateDirectory(At("/", {"XDG_STATE_HOME="}), "/h"), "/h/.local/state/ambit");
  EXPECT_EQ(StateDirectory(At("/", {"XDG_STATE_HOME=rel"}), "/h"), "/h/.local/state/ambit");
  EXPECT_EQ(StateDirectory(At("/"), ""), "");
}

TEST(OwnPlacesTest, RecordIsClosedWhereTheWorkspaceHoldsIt) {
  for (const char* workspace : {"/home/ann", "/home/ann/.local", "/home/ann/.local/state"}) {
    const Result<Loaded> loaded = Load(Disk(), workspace);
    EXPECT_EQ(AccessTo(kRecord, loaded), Access::kRead) << workspace;
    EXPECT_EQ(AccessTo("/home/ann/.local/state/ambit", loaded), Access::kRead) << workspace;
    EXPECT_EQ(AccessTo("/home/ann/.local/state/other", loaded), Access::kWrite) << workspace;
  }
}

TEST(OwnPlacesTest, RecordIsClosedEvenAsTheWorkspaceItself) {
  const Result<Loaded> loaded = Load(Disk(), "/home/ann/.local/state/ambit");
  EXPECT_EQ(AccessTo(kRecord, loaded), Access::kRead);
}

TEST(OwnPlacesTest, RecordElsewhereIsFound) {
  const FakeFileView files = Disk().File("/home/ann/s/ambit/denials.jsonl");
  const Result<Loaded> loaded = Load(files, "/home/ann", {}, {"XDG_STATE_HOME=/home/ann/s"});
  EXPECT_EQ(AccessTo("/home/ann/s/ambit/denials.jsonl", loaded), Access::kRead);
}

TEST(OwnPlacesTest, WithoutARecordTheWayThereStaysOpen) {
  const Result<Loaded> loaded = Load(FakeFileView().Dir("/home/ann").Dir("/bin"), "/home/ann");
  EXPECT_EQ(AccessTo("/home/ann/.local/share", loaded), Access::kWrite);
}

TEST(OwnPlacesTest, WorkspaceBesideItIsAsBefore) {
  const Result<Loaded> loaded = Load(Disk(), "/home/ann/src");
  ASSERT_TRUE(loaded);
  for (const policy::PathRule& rule : loaded->policy.rules) EXPECT_NE(rule.path, kRecord);
}

TEST(OwnPlacesTest, WhatAnEntryNamesIsLeftToIt) {
  const FakeFileView files =
      Disk().File("/home/ann/.config/ambit/config.toml",
                  "[permissions.w]\nextends = \":workspace\"\n[permissions.w.filesystem]\n"
                  "\"~/.local/state/ambit\" = \"write\"\n");
  EXPECT_EQ(AccessTo(kRecord, Load(files, "/home/ann", {.profile = "w"})), Access::kWrite);
}

TEST(OwnPlacesTest, FileOfEventsIsClosed) {
  const FakeFileView files = Disk().File("/home/ann/src/events").File("/home/ann/src/other");
  const Result<Loaded> loaded =
      Load(files, "/home/ann/src", {.events_file = "/home/ann/src/events"});
  EXPECT_EQ(AccessTo("/home/ann/src/events", loaded), Access::kRead);
  EXPECT_EQ(AccessTo("/home/ann/src/other", loaded), Access::kWrite);
}

TEST(OwnPlacesTest, FileOfEventsThatNoEntryCanNameIsRefused) {
  const FakeFileView files = Disk().File("/home/ann/src/e[1]");
  const Result<Loaded> loaded = Load(files, "/home/ann/src", {.events_file = "/home/ann/src/e[1]"});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("'/home/ann/src/e[1]' is where ambit itself"));
}

}  // namespace
}  // namespace ambit::cli
