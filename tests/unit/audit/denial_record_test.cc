#include "audit/denial_record.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/temporary_directory.h"

namespace ambit::audit {
namespace {

using testing_support::TemporaryDirectory;

Recorded Sample(std::string object) {
  return {.stamp = {1'772'355'907'042, "00c0ffee"},
          .profile = "dev",
          .count = 3,
          .denial = {.operation = "open",
                     .object = std::move(object),
                     .rule = "/c.toml:8",
                     .reason = "pattern",
                     .grant = "[a]\n",
                     .advice = "add",
                     .grant_permitted = false}};
}

Tally TallyOf(std::size_t count, const std::string& prefix) {
  Tally tally;
  for (std::size_t i = 0; i < count; ++i) {
    Denial denial = Sample(prefix + std::to_string(i)).denial;
    EXPECT_TRUE(tally.Count(denial.operation, denial.object, denial.rule));
    tally.Add(i, std::move(denial));
  }
  return tally;
}

Record Read(const std::string& path) {
  Result<Record> record = ReadRecord(path);
  EXPECT_TRUE(record) << (record ? "" : record.error().message);
  return record ? *std::move(record) : Record{};
}

TEST(RecordedTest, LineIsTheInterface) {
  EXPECT_EQ(ToLine(Sample("/p/a.env")),
            R"({"v":1,"time":"2026-03-01T09:05:07.042Z","run":"00c0ffee","profile":"dev",)"
            R"("layer":"filesystem","operation":"open","object":"/p/a.env","rule":"/c.toml:8",)"
            R"("reason":"pattern","grant":"[a]\n","advice":"add","grant_permitted":false,)"
            R"("comm":null,"count":3})");
}

TEST(RecordedTest, IsReadBackWithEveryByte) {
  Recorded recorded = Sample("/p/\xff\n\"x");
  recorded.denial.rule.clear();
  recorded.denial.grant.clear();
  recorded.denial.program = "\xfe\x1b[x";
  const auto read = FromLine(ToLine(recorded));
  ASSERT_TRUE(read);
  EXPECT_EQ(ToLine(*read), ToLine(recorded));
  EXPECT_EQ(read->denial.object, recorded.denial.object);
  EXPECT_EQ(read->denial.program, recorded.denial.program);
  EXPECT_EQ(read->stamp.milliseconds, recorded.stamp.milliseconds);
  EXPECT_EQ(read->count, 3U);
  EXPECT_FALSE(read->denial.grant_permitted);
}

TEST(RecordedTest, DamagedLineIsNone) {
  const std::string line = ToLine(Sample("/p"));
  EXPECT_FALSE(FromLine(""));
  for (std::size_t i = 0; i < line.size(); ++i) EXPECT_FALSE(FromLine(line.substr(0, i))) << i;
  for (const auto& [from, to] :
       {std::pair("\"v\":1", "\"v\":2"), std::pair("\"count\":3", "\"count\":0"),
        std::pair("2026-03", "2026-13"), std::pair("\"open\"", "7")}) {
    std::string changed = line;
    changed.replace(changed.find(from), std::string_view(from).size(), to);
    EXPECT_FALSE(FromLine(changed)) << changed;
  }
}

class DenialRecordTest : public testing::Test {
 protected:
  [[nodiscard]] std::string Content() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static unsigned Mode(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }
  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "state/ambit/denials.jsonl";
};

TEST_F(DenialRecordTest, NothingDeniedIsNothingWritten) {
  ASSERT_TRUE(AddToRecord(path_, "r", "p", Tally()));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "state"));
  EXPECT_TRUE(Read(path_).denials.empty());
}

TEST_F(DenialRecordTest, FileAndDirectoriesArePrivate) {
  ASSERT_TRUE(AddToRecord(path_, "r1", "p", TallyOf(2, "/a")));
  ASSERT_TRUE(AddToRecord(path_, "r2", "p", TallyOf(1, "/b")));
  EXPECT_EQ(Mode(path_), 0600U);
  EXPECT_EQ(Mode(directory_ / "state/ambit"), 0700U);
  EXPECT_EQ(Mode(directory_ / "state"), 0700U);
  const Record record = Read(path_);
  ASSERT_EQ(record.denials.size(), 3U);
  EXPECT_EQ(record.denials[0].denial.object, "/a0");
  EXPECT_EQ(record.denials[2].stamp.run, "r2");
  EXPECT_EQ(record.damaged, 0U);
}

TEST_F(DenialRecordTest, OneRunCannotFillIt) {
  ASSERT_TRUE(AddToRecord(path_, "r", "p", TallyOf(kRecordedOfARun + 50, "/a")));
  EXPECT_EQ(Read(path_).denials.size(), kRecordedOfARun);
}

TEST_F(DenialRecordTest, DamagedLinesAreSkippedAndCounted) {
  ASSERT_TRUE(AddToRecord(path_, "r1", "p", TallyOf(1, "/a")));
  std::ofstream(path_, std::ios::app) << "rubbish\n\n{\"v\":1}\n{\"v\":1,\"half";
  // The half line gets its end, so that the next one is whole.
  ASSERT_TRUE(AddToRecord(path_, "r2", "p", TallyOf(1, "/b")));
  const Record record = Read(path_);
  ASSERT_EQ(record.denials.size(), 2U);
  EXPECT_EQ(record.denials[1].denial.object, "/b0");
  EXPECT_EQ(record.damaged, 3U);
}

TEST_F(DenialRecordTest, OnlyTheNewestHalfStaysWhenItGetsTooLarge) {
  const std::string long_name = "/" + std::string(4000, 'n');
  std::size_t largest = 0;
  for (int run = 0; run < 12; ++run) {
    ASSERT_TRUE(AddToRecord(path_, std::to_string(run), "p", TallyOf(50, long_name)));
    largest = std::max(largest, Content().size());
  }
  EXPECT_LE(largest, kRecordSize);
  EXPECT_GE(Content().size(), kRecordSize / 4);
  const Record record = Read(path_);
  EXPECT_EQ(record.damaged, 0U);
  ASSERT_FALSE(record.denials.empty());
  EXPECT_EQ(record.denials.back().stamp.run, "11");
  EXPECT_NE(record.denials.front().stamp.run, "0");
}

TEST_F(DenialRecordTest, ManyWritersAtOnceDoNotDamageIt) {
  constexpr int kWriters = 8, kRuns = 20, kEach = 20;
  const std::string name = "/" + std::string(500, 'n');
  for (int writer = 0; writer < kWriters; ++writer) {
    if (::fork() != 0) continue;
    int failed = 0;
    for (int run = 0; run < kRuns; ++run) {
      if (!AddToRecord(path_, std::to_string(writer), "p", TallyOf(kEach, name))) failed = 1;
    }
    ::_exit(failed);
  }
  for (int writer = 0; writer < kWriters; ++writer) {
    int status = -1;
    ASSERT_GT(::wait(&status), 0);
    EXPECT_EQ(status, 0);
  }
  const Record record = Read(path_);
  EXPECT_EQ(record.damaged, 0U);
  EXPECT_LE(Content().size(), kRecordSize);
  // More was written than fits: it was shortened at least once.
  EXPECT_LT(record.denials.size(), static_cast<std::size_t>(kWriters * kRuns * kEach));
  EXPECT_GT(record.denials.size(), 200U);
}

TEST_F(DenialRecordTest, ForeignLockDelaysButDoesNotSuppress) {
  ASSERT_TRUE(AddToRecord(path_, "r1", "p", TallyOf(1, "/a")));
  const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(fd, LOCK_EX), 0);
  ASSERT_TRUE(AddToRecord(path_, "r2", "p", TallyOf(1, "/b")));
  EXPECT_EQ(Read(path_).denials.size(), 2U);
  ::close(fd);
}

TEST_F(DenialRecordTest, LinkAndPipeInItsPlaceAreRefused) {
  std::filesystem::create_directories(directory_ / "state/ambit");
  const std::string other = directory_ / "other";
  std::ofstream(other) << "kept";
  std::filesystem::create_symlink(other, path_);
  EXPECT_FALSE(AddToRecord(path_, "r", "p", TallyOf(1, "/a")));
  EXPECT_FALSE(ReadRecord(path_));
  EXPECT_EQ(std::filesystem::file_size(other), 4U);
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(AddToRecord(path_, "r", "p", TallyOf(1, "/a")));
  EXPECT_FALSE(ReadRecord(path_));
}

TEST_F(DenialRecordTest, DirectoriesOfSomebodyElseAreLeftAlone) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a directory away";
  const std::string foreign = directory_ / "foreign";
  std::filesystem::create_directory(foreign);
  ASSERT_EQ(::chown(foreign.c_str(), 4242, 4242), 0);
  EXPECT_FALSE(AddToRecord(foreign + "/ambit/denials.jsonl", "r", "p", TallyOf(1, "/a")));
  EXPECT_TRUE(std::filesystem::is_empty(foreign));
}

}  // namespace
}  // namespace ambit::audit
