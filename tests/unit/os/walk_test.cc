#include "os/walk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include "os/unique_fd.h"

namespace ambit::os {
namespace {

namespace fs = std::filesystem;

class WalkTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/var/tmp/ambit-walk-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    base_ = name;
    ASSERT_EQ(::chmod(name, 0755), 0);
  }
  // rm copes with trees that are too deep for paths and for recursion.
  void TearDown() override {
    const std::string command = "chmod -R u+rwX " + base_ + "; rm -rf " + base_;
    EXPECT_EQ(std::system(command.c_str()), 0);
  }

  void Touch(const std::string& relative) {
    const fs::path path = base_ + "/" + relative;
    fs::create_directories(path.parent_path());
    std::ofstream(path).put('x');
  }
  void MakeDir(const std::string& relative) { fs::create_directories(base_ + "/" + relative); }

  const Glob* Compiled(const std::string& text) {
    auto glob = Glob::Compile(text);
    EXPECT_TRUE(glob);
    return globs_.emplace_back(std::make_unique<Glob>(std::move(*glob))).get();
  }

  Result<std::vector<WalkMatch>> Find(const std::vector<std::string>& patterns,
                                      std::optional<std::uint32_t> depth = std::nullopt,
                                      std::vector<std::string> skip = {}, unsigned threads = 2) {
    std::vector<WalkPattern> compiled;
    for (const auto& text : patterns) compiled.push_back({Compiled(text), depth});
    for (auto& path : skip) path = base_ + "/" + path;
    return FindMatches(base_, compiled, threads, skip);
  }

  // The relative paths of the matches, in the order in which they are reported.
  std::vector<std::string> Paths(const std::vector<std::string>& patterns,
                                 std::optional<std::uint32_t> depth = std::nullopt,
                                 std::vector<std::string> skip = {}) {
    std::vector<std::string> out;
    const auto found = Find(patterns, depth, std::move(skip));
    EXPECT_TRUE(found) << found.error().message;
    if (!found) return out;
    for (const auto& match : *found) {
      EXPECT_TRUE(match.path.starts_with(base_ + "/")) << match.path;
      out.push_back(match.path.substr(base_.size() + 1));
    }
    return out;
  }

  std::string base_;
  std::vector<std::unique_ptr<Glob>> globs_;
};

using Names = std::vector<std::string>;

TEST_F(WalkTest, FindsNamesAtEveryDepthSorted) {
  for (const char* path : {".env", "b/prod.env", "a/b/c/d/.env", "a/env", "a/x.envy", "z.env"}) {
    Touch(path);
  }
  EXPECT_EQ(Paths({"**/*.env"}), (Names{".env", "a/b/c/d/.env", "b/prod.env", "z.env"}));
}

TEST_F(WalkTest, AnEmptyOrMissingBaseHasNoMatches) {
  EXPECT_EQ(Paths({"**/*"}), Names{});
  const WalkPattern pattern{Compiled("**/*"), std::nullopt};
  const auto missing = FindMatches(base_ + "/missing", {&pattern, 1}, 2);
  ASSERT_TRUE(missing);
  EXPECT_TRUE(missing->empty());
}

TEST_F(WalkTest, AMatchedDirectoryIsReportedAndNotEntered) {
  Touch("a/secrets/one");
  Touch("a/secrets/secrets/two");
  EXPECT_EQ(Paths({"**/secrets", "**/two"}), Names{"a/secrets"});
}

TEST_F(WalkTest, BelowADirectoryIsNotTheDirectory) {
  Touch("a/b/c");
  Touch("a/d");
  EXPECT_EQ(Paths({"a/**"}), (Names{"a/b", "a/d"}));
}

TEST_F(WalkTest, ReportsTheFirstPatternAndTheKind) {
  Touch("f.key");
  MakeDir("d.key");
  fs::create_symlink("nowhere", base_ + "/l.key");
  ASSERT_EQ(::mkfifo((base_ + "/p.key").c_str(), 0600), 0);
  const UniqueFd sock(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (base_ + "/s.key").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(sock.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);

  const auto found = Find({"**/nothing", "*.key", "**/*.key"});
  ASSERT_TRUE(found);
  const std::vector<WalkMatch> want = {{base_ + "/d.key", FileKind::kDirectory, 1, false},
                                       {base_ + "/f.key", FileKind::kRegular, 1, false},
                                       {base_ + "/l.key", FileKind::kSymlink, 1, false},
                                       {base_ + "/p.key", FileKind::kOther, 1, false},
                                       {base_ + "/s.key", FileKind::kSocket, 1, false}};
  EXPECT_EQ(*found, want);
}

TEST_F(WalkTest, LinksAreNotFollowed) {
  Touch("real/x.env");
  fs::create_directory_symlink("real", base_ + "/link");
  fs::create_directory_symlink("..", base_ + "/real/up");
  EXPECT_EQ(Paths({"**/*.env"}), Names{"real/x.env"});
}

TEST_F(WalkTest, ReportsLinksBehindWhichANameCouldMatchAndSearchesUnderThatName) {
  Touch("work/in/a.env");
  Touch("out/b.env");
  fs::create_symlink("../out", base_ + "/work/l");
  fs::create_symlink("../out", base_ + "/work/other");
  const WalkPattern pattern{Compiled("l/*.env"), std::nullopt};
  const auto ways = FindMatches({base_ + "/work", "", true}, {&pattern, 1}, 2);
  ASSERT_TRUE(ways);
  ASSERT_EQ(ways->size(), 1U);
  EXPECT_EQ(ways->front().path, base_ + "/work/l");
  EXPECT_TRUE(ways->front().way);
  const auto behind = FindMatches({base_ + "/out", "l", true}, {&pattern, 1}, 2);
  ASSERT_TRUE(behind);
  ASSERT_EQ(behind->size(), 1U);
  EXPECT_EQ(behind->front().path, base_ + "/out/b.env");
  const auto other = FindMatches({base_ + "/out", "other", true}, {&pattern, 1}, 2);
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->empty());
}

TEST_F(WalkTest, TheBaseMayNotBeALink) {
  MakeDir("real");
  fs::create_directory_symlink("real", base_ + "/link");
  const WalkPattern pattern{Compiled("**/*"), std::nullopt};
  const auto found = FindMatches(base_ + "/link", {&pattern, 1}, 2);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().sys_errno, ELOOP);
}

TEST_F(WalkTest, DepthCountsComponentsBelowTheBase) {
  for (const char* path : {"1.env", "a/2.env", "a/b/3.env", "a/b/c/4.env"}) Touch(path);
  EXPECT_EQ(Paths({"**/*.env"}, 1), Names{"1.env"});
  EXPECT_EQ(Paths({"**/*.env"}, 3), (Names{"1.env", "a/2.env", "a/b/3.env"}));
  EXPECT_EQ(Paths({"a/**/*.env"}, 1), Names{"a/2.env"});
}

TEST_F(WalkTest, SkippedDirectoriesAreNotEntered) {
  Touch("proc/x.env");
  Touch("a/proc/x.env");
  EXPECT_EQ(Paths({"**/*.env"}, std::nullopt, {"proc"}), Names{"a/proc/x.env"});
  EXPECT_EQ(Paths({"**/proc/*.env"}, std::nullopt, {"a/proc"}), Names{"proc/x.env"});
}

TEST_F(WalkTest, NamesAreBytes) {
  Touch("bad\xff.env");
  Touch("new\nline/.env");
  Touch(std::string(251, 'n') + ".env");
  EXPECT_EQ(Paths({"**/*.env"}),
            (Names{"bad\xff.env", "new\nline/.env", std::string(251, 'n') + ".env"}));
}

TEST_F(WalkTest, ManyNamesInOneDirectory) {
  for (int i = 0; i < 5000; ++i) Touch("d/some-longer-name-" + std::to_string(i) + ".env");
  EXPECT_EQ(Paths({"**/*.env"}).size(), 5000U);
}

// --- Against a naive walk ------------------------------------------------------------------------

void NaiveWalk(const fs::path& dir, const std::string& prefix,
               const std::vector<WalkPattern>& patterns, std::set<std::string>& out) {
  for (const auto& entry : fs::directory_iterator(dir)) {
    const std::string relative = prefix + entry.path().filename().string();
    bool matched = false;
    for (const auto& [glob, depth] : patterns) matched = matched || glob->Matches(relative, depth);
    if (matched) {
      out.insert(relative);
    } else if (entry.is_directory() && !entry.is_symlink()) {
      NaiveWalk(entry.path(), relative + "/", patterns, out);
    }
  }
}

TEST_F(WalkTest, AgreesWithANaiveWalkOnRandomTrees) {
  std::mt19937 random(7);
  const Names names = {"a", "b", "c", "x.env", "secret", ".env"};
  for (int i = 0; i < 1500; ++i) {
    std::string path;
    for (std::size_t depth = random() % 7 + 1; depth > 0; --depth) {
      path += "/" + names[random() % 3];
    }
    path += "/" + names[random() % names.size()];
    std::error_code ignored;  // a name may be a file already
    fs::create_directories((base_ + path).substr(0, (base_ + path).rfind('/')), ignored);
    std::ofstream(base_ + path).put('x');
  }
  const std::vector<Names> sets = {{"**/*.env"},
                                   {"**/secret", "a/**/b"},
                                   {"*/b/**"},
                                   {"a/b/c/x.env"},
                                   {"**/a/x.env", "{b,c}/*"},
                                   {"**/{secre,x.en}[tv]"},
                                   {"**/{x\\.env,a/b}"},
                                   {"**/\\x.e?v"},
                                   {"b/**/secret/**"},
                                   {"**"}};
  for (const Names& set : sets) {
    for (const std::optional<std::uint32_t> depth : {std::optional<std::uint32_t>(), {2}, {4}}) {
      std::vector<WalkPattern> patterns;
      for (const auto& text : set) patterns.push_back({Compiled(text), depth});
      std::set<std::string> want;
      NaiveWalk(base_, "", patterns, want);
      for (const unsigned threads : {1U, 2U, 7U}) {
        const auto found = FindMatches(base_, patterns, threads);
        ASSERT_TRUE(found) << found.error().message;
        std::set<std::string> got;
        for (const auto& match : *found) got.insert(match.path.substr(base_.size() + 1));
        EXPECT_EQ(got, want) << set.front() << " threads " << threads;
        EXPECT_EQ(found->size(), want.size());
      }
    }
  }
}

// --- Trees that are too deep for a path, too wide for descriptors, or not to be read
// --------------

// A chain of `levels` directories with 40-byte names; each has a sibling that holds x.env.
void MakeDeepTree(const std::string& base, int levels) {
  UniqueFd at(::open(base.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::string next(40, 'd');
  for (int i = 0; i < levels; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), next.c_str(), 0755), 0);
    for (const char* side : {"left", "right", "other"}) {
      ASSERT_EQ(::mkdirat(at.get(), side, 0755), 0);
      const UniqueFd dir(::openat(at.get(), side, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      UniqueFd file(::openat(dir.get(), "x.env", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
      ASSERT_TRUE(file.valid());
    }
    at.Reset(::openat(at.get(), next.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(at.valid());
  }
}

TEST_F(WalkTest, PathsMayBeLongerThanPathMax) {
  ASSERT_NO_FATAL_FAILURE(MakeDeepTree(base_, 400));
  const auto found = Find({"**/*.env"});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->size(), 1200U);
  std::size_t longest = 0;
  for (const auto& match : *found) longest = std::max(longest, match.path.size());
  EXPECT_GT(longest, 16000U);
}

// More directories wait for their turn than there may be descriptors.
TEST_F(WalkTest, FewDescriptorsAreEnough) {
  ASSERT_NO_FATAL_FAILURE(MakeDeepTree(base_, 400));
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  const rlimit low{160, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  const auto found = Find({"**/*.env"}, std::nullopt, {}, 1);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->size(), 1200U);
}

TEST_F(WalkTest, RunningOutOfDescriptorsIsAnError) {
  Touch("a/x.env");
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  const rlimit none{0, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto found = Find({"**/*.env"});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().sys_errno, EMFILE);
}

// root reads everything; so that these tests say the same for everybody, root becomes somebody
// else.
class AsNobody {
 public:
  AsNobody() {
    if (::geteuid() == 0) changed_ = ::seteuid(65534) == 0;
  }
  ~AsNobody() {
    if (changed_) {
      EXPECT_EQ(::seteuid(0), 0);
    }
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  bool changed_ = false;
};

TEST_F(WalkTest, AClosedDirectoryIsReportedWhenAMatchMayBeBelow) {
  Touch("closed/x.env");
  Touch("other/x.env");
  ASSERT_EQ(::chmod((base_ + "/closed").c_str(), 0311), 0);  // names can be opened, not listed
  const AsNobody nobody;
  const auto found = Find({"**/no", "**/*.env"});
  ASSERT_TRUE(found) << found.error().message;
  const std::vector<WalkMatch> want = {{base_ + "/closed", FileKind::kDirectory, 0, true},
                                       {base_ + "/other/x.env", FileKind::kRegular, 1, false}};
  EXPECT_EQ(*found, want);
  EXPECT_EQ(Paths({"other/*.env"}), Names{"other/x.env"}) << "nothing below can match";
  EXPECT_EQ(Paths({"**/*.env"}, 1), Names{}) << "too deep to match";
}

TEST_F(WalkTest, AClosedBaseIsReported) {
  MakeDir("closed");
  ASSERT_EQ(::chmod((base_ + "/closed").c_str(), 0), 0);
  const AsNobody nobody;
  const WalkPattern pattern{Compiled("**/*.env"), std::nullopt};
  const auto found = FindMatches(base_ + "/closed", {&pattern, 1}, 2);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().path, base_ + "/closed");
  EXPECT_TRUE(found->front().unreadable);
}

TEST_F(WalkTest, DirectoriesOfOthersAreRead) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to make a directory of somebody else";
  Touch("theirs/x.env");
  Touch("theirs/deeper/x.env");
  const AsNobody nobody;  // O_NOATIME is refused now
  EXPECT_EQ(Paths({"**/*.env"}), (Names{"theirs/deeper/x.env", "theirs/x.env"}));
}

TEST_F(WalkTest, ATreeThatChangesMeanwhileIsNoError) {
  for (int i = 0; i < 50; ++i) Touch("keep" + std::to_string(i) + "/x.env");
  std::atomic<bool> stop = false;
  std::jthread churn([&] {
    for (unsigned i = 0; !stop; ++i) {
      const std::string dir = base_ + "/keep" + std::to_string(i % 50) + "/gone";
      std::error_code ignored;
      fs::create_directories(dir + "/deeper", ignored);
      if (i % 3 == 0) fs::create_directory_symlink("/", dir + "/deeper/link", ignored);
      fs::remove_all(dir, ignored);
      if (i % 2 == 0) std::ofstream(dir).put('x');
      fs::remove(dir, ignored);
    }
  });
  for (int i = 0; i < 200; ++i) {
    const auto found = Find({"**/*.env", "**/gone/**/x"});
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), 50U);
  }
  stop = true;
}

}  // namespace
}  // namespace ambit::os
