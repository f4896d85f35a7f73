#include "base/file_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/path_text.h"
#include "support/fake_file_view.h"

namespace ambit {
namespace {

using testing_support::FakeFileView;

FakeFileView Disk() {
  FakeFileView disk;
  disk.File("/w/d/file").Link("/w/abs", "/w/d").Link("/w/rel", "d").Link("/w/up", "d/../d");
  disk.Link("/w/dangling", "/gone/x").Link("/w/loop", "loop").Link("/w/a", "b").Link("/w/b", "a");
  disk.Link("/l", "w/rel").Link("/w/d/out", "../../srv").Dir("/srv/s").Hide("/secret");
  disk.Link("/w/deep", "missing/../d").Link("/w/tofile", "d/file");
  return disk;
}

struct Row {
  const char* name;
  const char* in;
  const char* path;
  const char* deepest;
  FileKind kind;
  std::size_t crossed = 0;
};
class ResolveRealPathTest : public testing::TestWithParam<Row> {};

TEST_P(ResolveRealPathTest, FollowsAsTheKernelDoes) {
  const Result<RealPath> real = ResolveRealPath(Disk(), GetParam().in);
  ASSERT_TRUE(real);
  EXPECT_EQ(real->path, GetParam().path);
  EXPECT_EQ(real->deepest_existing, GetParam().deepest);
  EXPECT_EQ(real->kind, GetParam().kind);
  EXPECT_EQ(real->crossed.size(), GetParam().crossed);
}

constexpr auto kDir = FileKind::kDirectory;
constexpr auto kMissing = FileKind::kMissing;
INSTANTIATE_TEST_SUITE_P(
    Paths, ResolveRealPathTest,
    testing::Values(Row{"Root", "/", "/", "/", kDir}, Row{"Plain", "/w/d", "/w/d", "/w/d", kDir},
                    Row{"File", "/w/d/file", "/w/d/file", "/w/d/file", FileKind::kRegular},
                    Row{"Missing", "/w/x/y", "/w/x/y", "/w", kMissing},
                    Row{"BelowFile", "/w/d/file/x", "/w/d/file/x", "/w/d/file", kMissing},
                    Row{"BelowLinkToFile", "/w/tofile/x", "/w/d/file/x", "/w/d/file", kMissing, 1},
                    Row{"Absolute", "/w/abs/file", "/w/d/file", "/w/d/file", FileKind::kRegular, 1},
                    Row{"Relative", "/w/rel", "/w/d", "/w/d", kDir, 1},
                    Row{"DotDotInText", "/w/up", "/w/d", "/w/d", kDir, 1},
                    Row{"Chain", "/l/file", "/w/d/file", "/w/d/file", FileKind::kRegular, 2},
                    Row{"PhysicalDotDot", "/w/rel/out/s", "/srv/s", "/srv/s", kDir, 2},
                    Row{"Dangling", "/w/dangling/y", "/gone/x/y", "/", kMissing, 1},
                    Row{"NothingBehindMissing", "/w/deep", "/w/d", "/w", kMissing, 1}),
    [](const auto& test) { return std::string(test.param.name); });

/// In a text: everything that is known about where `path` leads.
std::string Text(const Result<RealPath>& real) {
  if (!real) return ToString(real.error());
  std::string out = real->path + " " + real->deepest_existing + " " +
                    std::to_string(static_cast<int>(real->kind)) + (real->loop ? " loop" : "") +
                    (real->hidden ? " hidden" : "");
  for (const RealPath::Crossed& link : real->crossed) out += " " + link.link + ">" + link.text;
  return out;
}

TEST(PathResolverTest, SaysTheSameInWhateverOrderItIsAsked) {
  const FakeFileView disk = Disk();
  std::vector<std::string> paths = {"/"};
  const std::vector<std::string> names = {"w",    "d",   "file", "abs",    "rel",  "up",
                                          "loop", "a",   "l",    "tofile", "deep", "dangling",
                                          "out",  "srv", "s",    "secret", "gone"};
  for (std::size_t depth = 0, from = 0; depth < 3; ++depth) {
    const std::size_t end = paths.size();
    for (; from < end; ++from) {
      for (const std::string& name : names) paths.push_back(JoinPath(paths[from], name));
    }
  }
  std::mt19937 random(1);
  for (int round = 0; round < 3; ++round) {
    PathResolver resolver(disk);
    for (const std::string& path : paths) {
      ASSERT_EQ(Text(resolver.Resolve(path)), Text(ResolveRealPath(disk, path))) << path;
    }
    std::ranges::shuffle(paths, random);
  }
}

TEST(PathResolverTest, LooksAtADirectoryOnce) {
  class Counting final : public FileView {
   public:
    Result<FileInfo> Lstat(const std::string& path) const override {
      ++looks[path];
      return disk.Lstat(path);
    }
    Result<std::string> ReadLink(const std::string& path) const override {
      return disk.ReadLink(path);
    }
    Result<std::string> ReadFile(const std::string& path, std::size_t limit) const override {
      return disk.ReadFile(path, limit);
    }
    FakeFileView disk = Disk();
    mutable std::map<std::string, int> looks;
  };
  const Counting disk;
  PathResolver resolver(disk);
  for (const char* path : {"/w/d/file", "/w/d/x", "/w/d/y", "/w/rel/file", "/w/rel/z"}) {
    ASSERT_TRUE(resolver.Resolve(path));
  }
  EXPECT_EQ(disk.looks.at("/w"), 1);
  EXPECT_EQ(disk.looks.at("/w/rel"), 1);
  EXPECT_EQ(disk.looks.at("/w/d"), 2);  // Once by its name, once behind the link.
}

TEST(ResolveRealPathTest, NamesTheLinksByTheirRealPlace) {
  const Result<RealPath> real = ResolveRealPath(Disk(), "/l/out");
  ASSERT_TRUE(real);
  ASSERT_EQ(real->crossed.size(), 3U);
  EXPECT_EQ(real->crossed[0].link, "/l");
  EXPECT_EQ(real->crossed[0].text, "w/rel");
  EXPECT_EQ(real->crossed[1].link, "/w/rel");
  EXPECT_EQ(real->crossed[2].link, "/w/d/out");
}

TEST(ResolveRealPathTest, LoopsCountAsMissing) {
  for (const char* path : {"/w/loop", "/w/a"}) {
    const Result<RealPath> real = ResolveRealPath(Disk(), path);
    ASSERT_TRUE(real);
    EXPECT_TRUE(real->loop);
    EXPECT_EQ(real->kind, FileKind::kMissing);
    EXPECT_EQ(real->deepest_existing, "/w");
    EXPECT_LE(real->crossed.size(), 2U);
  }
}

TEST(ResolveRealPathTest, SaysWhenAPlaceCannotBeLookedAt) {
  const Result<RealPath> real = ResolveRealPath(Disk(), "/secret/a/b");
  ASSERT_TRUE(real);
  EXPECT_TRUE(real->hidden);
  EXPECT_EQ(real->path, "/secret/a/b");
  EXPECT_EQ(real->deepest_existing, "/secret");
}

}  // namespace
}  // namespace ambit
