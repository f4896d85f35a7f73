#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ambit {

/// Folds an absolute path textually: no ".", no empty components, "x/.." cancels, ".." at the root
/// vanishes, no trailing slash. No link is looked at. "/" stays "/".
std::string FoldPath(std::string_view absolute);

/// "/a/b" + "c/d" = "/a/b/c/d"; "/" + "c" = "/c". An empty `rest` gives `base`.
std::string JoinPath(std::string_view base, std::string_view rest);

/// True when `path` is `ancestor` or below it, by whole components ("/a/b" is not below "/a/bx").
bool IsAtOrBelow(std::string_view path, std::string_view ancestor);

/// The part of `path` below `ancestor`, without a leading slash; "" for `ancestor` itself.
/// `path` must be at or below `ancestor`.
std::string_view RelativeTo(std::string_view path, std::string_view ancestor);

/// "/a/b" -> "/a"; "/a" -> "/"; "/" -> "/".
std::string_view ParentPath(std::string_view path);

/// "/a/b" -> "b"; "/" -> "".
std::string_view BaseName(std::string_view path);

/// The components of an absolute or relative path, without empty ones.
std::vector<std::string_view> Components(std::string_view path);

/// Number of components; 0 for "/".
std::size_t Depth(std::string_view folded);

/// `path` for one line of a message or a plan: bytes below 0x20, 0x7f, quotes and backslashes are
/// escaped (\n, \x1b, \'), invalid UTF-8 as \xNN.
std::string Printable(std::string_view text);

/// The candidate that is nearest to `word` by edit distance, or "" when none is near enough to
/// suggest (at most a third of the word's length, at least 1 and at most 3 edits).
std::string_view NearestWord(std::string_view word,
                             const std::vector<std::string_view>& candidates);

}  // namespace ambit
