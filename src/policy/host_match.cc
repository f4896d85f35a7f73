#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "policy/address_guard.h"
#include "policy/host_pattern.h"

namespace ambit::policy {
namespace {

/// `*` is any run of characters, `?` any one. Linear but for stars that have to be tried again.
bool GlobMatches(std::string_view glob, std::string_view text) {
  std::size_t at = 0, in = 0;
  std::size_t star = std::string_view::npos, resume = 0;
  while (in < text.size()) {
    if (at < glob.size() && (glob[at] == '?' || glob[at] == text[in]) && glob[at] != '*') {
      ++at;
      ++in;
    } else if (at < glob.size() && glob[at] == '*') {
      star = at++;
      resume = in;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in = ++resume;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(glob.substr(at), [](char c) { return c == '*'; });
}

std::size_t CountLabels(std::string_view name) {
  return 1 + static_cast<std::size_t>(std::ranges::count(name, '.'));
}

/// The last `count` labels of `name`, which has at least so many.
std::string_view LastLabels(std::string_view name, std::size_t count) {
  for (std::size_t extra = CountLabels(name) - count; extra > 0; --extra) {
    name.remove_prefix(name.find('.') + 1);
  }
  return name;
}

/// Label by label: wildcards stay within theirs.
bool LabelsMatch(std::string_view glob, std::string_view name) {
  while (true) {
    const std::size_t ours = glob.find('.');
    const std::size_t theirs = name.find('.');
    if (!GlobMatches(glob.substr(0, ours), name.substr(0, theirs))) return false;
    if (ours == std::string_view::npos || theirs == std::string_view::npos) return ours == theirs;
    glob.remove_prefix(ours + 1);
    name.remove_prefix(theirs + 1);
  }
}

bool IsBelow(std::string_view name, std::string_view domain) {
  return name.size() > domain.size() && name.ends_with(domain) &&
         name[name.size() - domain.size() - 1] == '.';
}

/// Whether a name pattern covers `name`, with wildcards that stay within their label.
bool CoversName(const HostPattern& pattern, std::string_view name) {
  if (!pattern.has_wildcards) {
    if (pattern.kind != PatternKind::kBelow && name == pattern.name) return true;
    return pattern.kind != PatternKind::kName && IsBelow(name, pattern.name);
  }
  const std::size_t wanted = CountLabels(pattern.name);
  const std::size_t there = CountLabels(name);
  if (pattern.kind == PatternKind::kName) return LabelsMatch(pattern.name, name);
  if (there < wanted || (pattern.kind == PatternKind::kBelow && there == wanted)) return false;
  return LabelsMatch(pattern.name, LastLabels(name, wanted));
}

/// As CoversName, but wildcards also cross dots.
bool CoversWidely(const HostPattern& pattern, std::string_view text) {
  if (CoversName(pattern, text)) return true;
  if (!pattern.has_wildcards) return false;
  if (pattern.kind != PatternKind::kBelow && GlobMatches(pattern.name, text)) return true;
  return pattern.kind != PatternKind::kName && GlobMatches("*." + pattern.name, text);
}

bool IsNamePattern(const HostPattern& pattern) {
  return pattern.kind == PatternKind::kName || pattern.kind == PatternKind::kBelow ||
         pattern.kind == PatternKind::kAtOrBelow;
}

/// Whether a deny rule closes this host itself: then no other spelling of it may stay open.
bool ClosesLoopback(const HostPattern& pattern) {
  const auto closes = [&pattern](const IpAddress& address) {
    if (pattern.kind == PatternKind::kAddressGlob) {
      return GlobMatches(pattern.name, address.Text());
    }
    return pattern.range.Contains(address);
  };
  if (IsNamePattern(pattern)) return CoversWidely(pattern, "localhost");
  if (pattern.kind == PatternKind::kAddress) return IsLoopback(pattern.range.base);
  return closes(IpAddress::V4(0x7f000001)) || closes(*ParseIp("::1"));
}

/// 127.0.0.1, ::1 and the unspecified addresses: what `localhost` means.
bool IsThisHost(const IpAddress& address) {
  if (!IsLoopback(address)) return false;
  const auto inside = EmbeddedV4(address);
  const IpAddress& last = inside ? *inside : address;
  return !last.is_v4() || last.v4() == 0x7f000001 || last.v4() == 0;
}

bool ClosesAddress(const HostPattern& pattern, const IpAddress& address) {
  switch (pattern.kind) {
    case PatternKind::kEvery:
      return true;
    case PatternKind::kAddress:
    case PatternKind::kRange:
      return pattern.range.Contains(address);
    case PatternKind::kAddressGlob:
      return address.is_v4() && GlobMatches(pattern.name, address.Text());
    case PatternKind::kName:
    case PatternKind::kBelow:
    case PatternKind::kAtOrBelow:
      // By its text, as clients write it: "*.*" closes every dotted quad.
      return pattern.has_wildcards && address.is_v4() && CoversWidely(pattern, address.Text());
  }
  return true;
}

}  // namespace

bool AllowCovers(const HostPattern& pattern, const Destination& to) {
  if (to.port < pattern.ports.low || to.port > pattern.ports.high) return false;
  if (pattern.kind == PatternKind::kEvery) return true;
  if (const std::string* const name = to.name()) {
    return IsNamePattern(pattern) && CoversName(pattern, *name);
  }
  if (IsNamePattern(pattern)) return false;
  const IpAddress& address = *to.address();
  if (pattern.kind == PatternKind::kAddressGlob) {
    if (!address.is_v4() || to.spelling == Spelling::kLoose) return false;
    const std::string prefix = to.spelling == Spelling::kMapped ? "::ffff:" : "";
    return GlobMatches(pattern.name, prefix + address.Text());
  }
  return pattern.spelling == to.spelling && pattern.range.Contains(address);
}

bool DenyCoversAddress(const HostPattern& pattern, const IpAddress& address) {
  if (ClosesAddress(pattern, address)) return true;
  const auto inside = EmbeddedV4(address);
  if (inside && ClosesAddress(pattern, *inside)) return true;
  if (!IsLoopback(address) || !ClosesLoopback(pattern)) return false;
  // "localhost" closes all of 127.0.0.0/8, an address only what is the same host as it.
  return IsNamePattern(pattern) || IsThisHost(address);
}

bool DenyCovers(const HostPattern& pattern, const Destination& to) {
  if (const IpAddress* const address = to.address()) return DenyCoversAddress(pattern, *address);
  const std::string& name = *to.name();
  if (pattern.kind == PatternKind::kEvery) return true;
  if (IsLocalhostName(name) && ClosesLoopback(pattern)) return true;
  if (IsNamePattern(pattern)) return CoversWidely(pattern, name);
  return pattern.kind == PatternKind::kAddressGlob && GlobMatches(pattern.name, name);
}

}  // namespace ambit::policy
