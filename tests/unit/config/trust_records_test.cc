#include "config/trust_records.h"

#include <gtest/gtest.h>

#include "base/sha256.h"
#include "loading.h"

namespace ambit::config {
namespace {

constexpr const char* kRecords = "/home/u/.config/ambit/trusted_projects.toml";
constexpr const char* kFile = "/home/u/repo/.ambit/config.toml";
constexpr const char* kText = "default_permissions = \":workspace\"\n";

/// A project with a file, and the record of `content` for it.
Loading Recorded(const std::string& content) {
  Loading loading;
  loading.Project(kText);
  loading.disk.File(kRecords, RenderTrustRecords({{kFile, {Sha256Hex(content), {}}}}));
  return loading;
}

TEST(TrustRecordsTest, FileIsUsedAsItWasTrusted) {
  const Selected selected = Recorded(kText).Get();
  EXPECT_EQ(selected.profile.name, ":workspace");
  EXPECT_EQ(Notices(selected), "");
}

TEST(TrustRecordsTest, ChangedFileIsNotUsedAndSaysWhatToDo) {
  const Selected selected = Recorded("something else").Get();
  EXPECT_EQ(selected.profile.name, ":read-only");
  EXPECT_EQ(Notices(selected),
            "'/home/u/repo/.ambit/config.toml' is not used: it has changed since it was trusted; "
            "read it, then run 'ambit trust /home/u/repo' to use it\n");
}

TEST(TrustRecordsTest, ChangedFileMayHoldAnything) {
  Loading loading = Recorded("something else");
  loading.Project("[[[ not TOML");
  EXPECT_EQ(loading.Get().profile.name, ":read-only");
}

TEST(TrustRecordsTest, RecordOfOneFileSaysNothingAboutAnother) {
  Loading loading = Recorded(kText);
  loading.Project("default_permissions = \":read-only\"\n", "/home/u/repo/sub");
  loading.sources.cwd = "/home/u/repo/sub";
  const Selected selected = loading.Get();
  EXPECT_EQ(selected.profile.name, ":workspace");
  EXPECT_EQ(Notices(selected),
            "'/home/u/repo/sub/.ambit/config.toml' is not used: the project is not trusted; read "
            "the file, then run 'ambit trust /home/u/repo/sub' to use it\n");
}

TEST(TrustRecordsTest, WordsOfTheUserComeBeforeRecords) {
  Loading refused = Recorded(kText);
  refused.User("[projects.\"/home/u/repo\"]\ntrust_level = \"untrusted\"\n");
  EXPECT_EQ(refused.Get().profile.name, ":read-only");
  Loading trusted = Recorded("something else");
  trusted.User("[projects.\"/home/u/repo\"]\ntrust_level = \"trusted\"\n");
  EXPECT_EQ(trusted.Get().profile.name, ":workspace");
}

TEST(TrustRecordsTest, RecordsFollowTheConfigHome) {
  Loading loading = Recorded(kText);
  loading.sources.config_home = "/elsewhere";
  EXPECT_EQ(loading.Get().profile.name, ":read-only");
}

TEST(TrustRecordsTest, DamagedRecordsStopTheStart) {
  Loading loading = Recorded(kText);
  loading.disk.File(kRecords, "[files.\"/x\"]\nsha256 = \"ABC\"\n");
  EXPECT_EQ(loading.Refusal(),
            std::string(kRecords) +
                ":1:1: [files.\"/x\"] has no 'sha256' of 64 lower-case hexadecimal digits; run "
                "'ambit trust' again");
  loading.disk.File(kRecords, "[file]\n");
  EXPECT_EQ(loading.Refusal(),
            std::string(kRecords) + ":1:2: unknown key 'file'; did you mean 'files'?");
}

TEST(TrustRecordsTest, AnyNameIsReadAsItWasWritten) {
  testing_support::FakeFileView disk;
  const std::string digest = Sha256Hex("");
  const TrustRecords records = {{"/a \"b\"\\c\n\x7f/é.toml", {digest, {}}}, {"/b", {digest, {}}}};
  disk.File("/r", RenderTrustRecords(records));
  const auto read = ReadTrustRecords(disk, "/r");
  ASSERT_TRUE(read) << ToString(read.error());
  ASSERT_EQ(read->size(), records.size());
  for (const auto& [path, record] : records) {
    ASSERT_TRUE(read->contains(path)) << path;
    EXPECT_EQ(read->at(path).value, record.value);
  }
}

}  // namespace
}  // namespace ambit::config
