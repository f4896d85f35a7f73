#include "run/tree_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace ambit::run {
namespace {

TEST(TreeReaderTest, ADirectoryThatWasRemovedIsAtItsEnd) {
  char path[] = "/tmp/ambit-tree-XXXXXX";
  ASSERT_NE(::mkdtemp(path), nullptr);
  const os::UniqueFd dir(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_TRUE(dir.valid());
  ASSERT_EQ(::rmdir(path), 0);
  int names = 0;
  TreeReader reader(dir.get(), TreeReader::Unreadable::kFail);
  const auto count = [&names](int, const char*, std::string_view) {
    ++names;
    return TreeReader::Next::kEnter;
  };
  EXPECT_EQ(reader.Run(count), 0);
  EXPECT_EQ(names, 0);
}

}  // namespace
}  // namespace ambit::run
