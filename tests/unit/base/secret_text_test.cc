#include "base/secret_text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace ambit {
namespace {

TEST(SecretTextTest, IsHeldInOnePlace) {
  SecretText first("a long enough secret to be on the heap");
  const char* const place = first.view().data();
  SecretText second = std::move(first);
  EXPECT_EQ(second.view().data(), place);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is the question
  std::string text = "secret secret secret secret secret";
  const char* const bytes = text.data();
  const std::size_t size = text.size();
  Wipe(text);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text.data(), bytes);
  EXPECT_EQ(std::string(bytes, size), std::string(size, '\0'));
}

}  // namespace
}  // namespace ambit
