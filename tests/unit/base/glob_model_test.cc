#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/glob.h"
#include "base/path_text.h"

namespace ambit {
namespace {

// A slow, obvious matcher for patterns of single ASCII characters, `*`, `?`, `**` and one level of
// {x,y}: it tries every way to read the pattern.

bool ModelName(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*') {
    return ModelName(pattern.substr(1), name) ||
           (!name.empty() && ModelName(pattern, name.substr(1)));
  }
  if (name.empty() || (pattern.front() != '?' && pattern.front() != name.front())) return false;
  return ModelName(pattern.substr(1), name.substr(1));
}

using Names = std::vector<std::string_view>;

bool ModelFrom(const Names& pattern, std::size_t at, const Names& path, std::size_t used) {
  if (at == pattern.size()) return used == path.size();
  if (pattern[at] == "**") {
    if (at + 1 == pattern.size()) return used < path.size();
    return ModelFrom(pattern, at + 1, path, used) ||
           (used < path.size() && ModelFrom(pattern, at, path, used + 1));
  }
  return used < path.size() && ModelName(pattern[at], path[used]) &&
         ModelFrom(pattern, at + 1, path, used + 1);
}

bool ModelMatches(std::string_view pattern, std::string_view path) {
  const std::size_t open = pattern.find('{');
  if (open != std::string_view::npos) {
    const std::size_t comma = pattern.find(',', open);
    const std::size_t close = pattern.find('}', open);
    const auto with = [&](std::string_view middle) {
      return ModelMatches(
          std::string(pattern.substr(0, open)).append(middle).append(pattern.substr(close + 1)),
          path);
    };
    return with(pattern.substr(open + 1, comma - open - 1)) ||
           with(pattern.substr(comma + 1, close - comma - 1));
  }
  return ModelFrom(Components(pattern), 0, Components(path), 0);
}

/// Every text of up to `length` pieces.
void ForEachText(const std::vector<std::string>& pieces, std::size_t length,
                 const std::function<void(const std::string&)>& use, const std::string& head = "") {
  if (!head.empty()) use(head);
  if (length == 0) return;
  for (const std::string& piece : pieces) ForEachText(pieces, length - 1, use, head + piece);
}

bool IsPath(const std::string& text) {
  return text.front() != '/' && text.back() != '/' && !text.contains("//");
}

TEST(GlobModelTest, AgreesOnAllSmallInputs) {
  std::vector<std::string> paths;
  ForEachText({"a", "b", "/"}, 5, [&](const std::string& text) {
    if (IsPath(text)) paths.push_back(text);
  });
  std::size_t compared = 0;
  ForEachText({"a", "*", "?", "/", "**/", "/**"}, 5, [&](const std::string& pattern) {
    // "***" is one run to us; the model knows only "**".
    if (pattern.contains("***") || Components(pattern).empty()) return;
    const Result<Glob> glob = Glob::Compile(pattern);
    ASSERT_TRUE(glob) << pattern;
    for (const std::string& path : paths) {
      ASSERT_EQ(glob->Matches(path), ModelMatches(pattern, path)) << pattern << " on " << path;
      ++compared;
    }
  });
  EXPECT_GT(compared, 100000U);
}

TEST(GlobModelTest, AgreesOnBraces) {
  std::vector<std::string> paths;
  ForEachText({"a", "b", "/"}, 5, [&](const std::string& text) {
    if (IsPath(text)) paths.push_back(text);
  });
  ForEachText(
      {"a", "*", "/", "{a,b}", "{,b/}", "{a/b,?}", "{**/,b}"}, 3, [&](const std::string& pattern) {
        // Stars that meet only after the braces are gone stay what they were written as.
        if (pattern.contains("*{*") || pattern.contains("}*") || pattern.contains("}{") ||
            pattern.contains("**{") || Components(pattern).empty()) {
          return;
        }
        const Result<Glob> glob = Glob::Compile(pattern);
        ASSERT_TRUE(glob) << pattern;
        for (const std::string& path : paths) {
          ASSERT_EQ(glob->Matches(path), ModelMatches(pattern, path)) << pattern << " on " << path;
        }
      });
}

TEST(GlobModelTest, WalksAndPrefixesAgreeWithMatches) {
  std::vector<std::string> paths;
  ForEachText({"a", "b", "/"}, 5, [&](const std::string& text) {
    if (IsPath(text)) paths.push_back(text);
  });
  ForEachText({"a", "*", "/", "**/", "/**"}, 4, [&](const std::string& pattern) {
    if (Components(pattern).empty()) return;
    const Result<Glob> glob = Glob::Compile(pattern);
    ASSERT_TRUE(glob) << pattern;
    for (const std::optional<std::uint32_t> depth :
         {std::optional<std::uint32_t>(), std::optional<std::uint32_t>(1),
          std::optional<std::uint32_t>(2)}) {
      for (const std::string& path : paths) {
        bool above = glob->Matches(path, depth);
        for (std::size_t slash = path.find('/'); slash != std::string::npos;
             slash = path.find('/', slash + 1)) {
          const std::string directory = path.substr(0, slash);
          above = above || glob->Matches(directory, depth);
          if (glob->Matches(path, depth)) {
            ASSERT_TRUE(glob->MayMatchBelow(directory, depth)) << pattern << " in " << directory;
          }
        }
        ASSERT_EQ(glob->MatchesAtOrAbove(path, depth), above) << pattern << " on " << path;
      }
    }
  });
}

}  // namespace
}  // namespace ambit
