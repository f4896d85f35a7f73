#include "base/path_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/ascii.h"
#include "base/utf8.h"

namespace ambit {
namespace {

/// Takes the first component off `rest`; "" when none is left.
std::string_view NextComponent(std::string_view& rest) {
  const std::size_t start = std::min(rest.find_first_not_of('/'), rest.size());
  rest.remove_prefix(start);
  const std::string_view name = rest.substr(0, rest.find('/'));
  rest.remove_prefix(name.size());
  return name;
}

void AppendHexEscape(std::string& out, unsigned char byte) {
  out += "\\x";
  AppendHex(byte, out);
}

/// Edits (insert, remove, replace, swap two neighbours) that turn `a` into `b`.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
      now[j] = std::min({replace, last[j] + 1, now[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        now[j] = std::min(now[j], before[j - 2] + 1);
      }
    }
    before = last;
    last = now;
  }
  return last[b.size()];
}

}  // namespace

std::string FoldPath(std::string_view absolute) {
  std::string out;
  out.reserve(absolute.size() + 1);
  for (std::string_view name = NextComponent(absolute); !name.empty();
       name = NextComponent(absolute)) {
    if (name == ".") continue;
    if (name == "..") {
      out.resize(out.empty() ? 0 : out.rfind('/'));
      continue;
    }
    out += '/';
    out += name;
  }
  return out.empty() ? "/" : out;
}

std::string JoinPath(std::string_view base, std::string_view rest) {
  std::string out(base);
  if (rest.empty()) return out;
  if (!out.ends_with('/')) out += '/';
  out += rest;
  return out;
}

bool IsAtOrBelow(std::string_view path, std::string_view ancestor) {
  if (ancestor == "/") return path.starts_with('/');
  if (!path.starts_with(ancestor)) return false;
  return path.size() == ancestor.size() || path[ancestor.size()] == '/';
}

std::string_view RelativeTo(std::string_view path, std::string_view ancestor) {
  path.remove_prefix(ancestor == "/" ? 0 : ancestor.size());
  if (path.starts_with('/')) path.remove_prefix(1);
  return path;
}

std::string_view ParentPath(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return "/";
  return path.substr(0, slash);
}

std::string_view BaseName(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::vector<std::string_view> Components(std::string_view path) {
  std::vector<std::string_view> out;
  for (std::string_view name = NextComponent(path); !name.empty(); name = NextComponent(path)) {
    out.push_back(name);
  }
  return out;
}

std::size_t Depth(std::string_view folded) {
  std::size_t count = 0;
  while (!NextComponent(folded).empty()) ++count;
  return count;
}

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character next = DecodeUtf8(text);
    const auto byte = static_cast<unsigned char>(text.front());
    if (next.code >= kInvalidByteBase || byte < 0x20 || byte == 0x7f) {
      if (byte == '\n') {
        out += "\\n";
      } else if (byte == '\t') {
        out += "\\t";
      } else {
        AppendHexEscape(out, byte);
      }
    } else if (byte == '\\' || byte == '\'' || byte == '"') {
      out += '\\';
      out += text.front();
    } else if (next.code >= 0x80 && next.code < 0xa0) {
      // C1 controls: some terminals obey them as they obey ESC sequences.
      for (std::size_t i = 0; i < next.length; ++i) {
        AppendHexEscape(out, static_cast<unsigned char>(text[i]));
      }
    } else {
      out += text.substr(0, next.length);
    }
    text.remove_prefix(next.length);
  }
  return out;
}

std::string_view NearestWord(std::string_view word,
                             const std::vector<std::string_view>& candidates) {
  std::size_t best_distance = std::clamp<std::size_t>(word.size() / 3, 1, 3) + 1;
  std::string_view best;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = EditDistance(word, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

}  // namespace ambit
