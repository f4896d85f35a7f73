#include "config/host_mode.h"

#include <gtest/gtest.h>

#include <string>

#include "loading.h"

namespace ambit::config {
namespace {

struct Case {
  const char* pattern;
  const char* name;
  bool fits;
};

TEST(HostFits, StarIsAnyRunAndQuestionMarkOneCharacter) {
  for (const Case& c :
       {Case{"*", "a.b", true}, Case{"*", "", true}, Case{"", "", true}, Case{"", "a", false},
        Case{"build-?.example.org", "build-1.example.org", true},
        Case{"build-?.example.org", "build-.example.org", false},
        Case{"*.example.org", "a.b.example.org", true}, Case{"*.example.org", "example.org", false},
        Case{"a*b*c", "aXbYbZc", true}, Case{"a*b*c", "aXbYbZ", false},
        Case{"BOX.Example.org.", "box.example.ORG", true}, Case{"box", "box.", true},
        Case{"box", "boxx", false}, Case{"**", "x", true}, Case{"a*", "*", false}}) {
    EXPECT_EQ(HostFits(c.pattern, c.name), c.fits) << c.pattern << " " << c.name;
  }
}

TEST(HostFits, ManyStarsAreNotSlow) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(HostFits(pattern + "b", std::string(2000, 'a')));
}

TEST(RemoteSandboxConfig, TheFirstEntryThatFitsReplacesTheTopLevelList) {
  const std::string wide = "allowed_sandbox_modes = ['read-only', 'workspace-write']\n";
  const std::string narrow = "allowed_sandbox_modes = ['read-only']\n";
  const std::string here =
      "[[remote_sandbox_config]]\nhostname_patterns = ['x', '*.example.org']\n";
  const std::string there = "[[remote_sandbox_config]]\nhostname_patterns = ['other']\n";
  const auto allows = [](const std::string& text) {
    return Loading().Require(text).P(":workspace").Refusal().empty();
  };
  EXPECT_TRUE(allows(narrow + here + wide));
  EXPECT_FALSE(allows(narrow + there + wide));
  EXPECT_FALSE(allows(here + narrow + here + wide));
  EXPECT_TRUE(allows(here + wide + here + narrow));
  EXPECT_TRUE(allows(there + narrow));
}

}  // namespace
}  // namespace ambit::config
