#include "policy/host_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/path_text.h"
#include "policy/idna.h"
#include "policy/public_suffix.h"

namespace ambit::policy {
namespace {

constexpr std::size_t kMostLabelOctets = 63;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWildcard(char c) { return c == '*' || c == '?'; }
bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }

/// Reads one pattern; the text is kept for messages.
class PatternReader {
 public:
  PatternReader(std::string_view text, bool allow)
      : given_(text), text_(Lowered(Trim(text))), allow_(allow) {}

  Result<HostPattern> Read() {
    AMBIT_CHECK(RefuseForeignSyntax());
    if (text_.find('/') != std::string::npos) return ReadRange();
    if (const auto address = ParseIpv6(text_)) return V6Address(*address);
    AMBIT_TRY(std::string_view rest, TakePorts(text_));
    if (rest.starts_with('[')) return ReadBracketed(rest);
    if (rest.find_first_of("[]") != std::string_view::npos) return BadBrackets();
    TakePrefix(rest);
    while (rest.ends_with('.')) rest.remove_suffix(1);
    if (rest.empty()) return Refuse("is empty; name a host, such as \"example.com\"");
    return ReadHost(rest);
  }

 private:
  [[nodiscard]] std::unexpected<Error> Refuse(std::string_view problem) const {
    return Fail(ErrorCode::kInvalidConfig,
                fmt::format("the host pattern '{}' {}", Printable(given_), problem));
  }

  [[nodiscard]] std::unexpected<Error> BadBrackets() const {
    return Refuse(
        "has brackets, which only stand around an IPv6 address; list the hosts one by one");
  }

  /// URLs and the syntax of shells and other matchers.
  [[nodiscard]] Result<> RefuseForeignSyntax() const {
    if (text_.find("://") != std::string::npos) {
      return Refuse("is a URL; write the host alone, such as \"example.com\"");
    }
    const std::size_t at = text_.find_first_of(
        " \t\n\r{}\\@!#$&'\"()+,;<=>^`|~%\0"
        "\x7f");
    const auto control =
        std::ranges::find_if(text_, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (at != std::string::npos && text_[at] == '%' && text_.find(':') != std::string::npos) {
      return Refuse("has a zone id, which means nothing outside its own host; leave it out");
    }
    if (at != std::string::npos || control != text_.end()) {
      const char bad = at != std::string::npos ? text_[at] : *control;
      return Refuse(fmt::format("has '{}', which no host has; write one entry for each host",
                                Printable(std::string_view(&bad, 1))));
    }
    return {};
  }

  Result<HostPattern> ReadRange() {
    const auto range = ParseIpRange(text_);
    if (!range) {
      return Refuse(
          "is neither a host nor an address range; leave out the path, or write a range such as "
          "\"192.0.2.0/24\"");
    }
    if (range->bits == range->base.bytes().size() * 8) {
      return Refuse(
          fmt::format("is a range of one address; write \"{}\" alone", range->base.Text()));
    }
    out_.kind = PatternKind::kRange;
    out_.range = *range;
    return std::move(out_);
  }

  /// Takes ":PORT" or ":LOW-HIGH" off the end.
  Result<std::string_view> TakePorts(std::string_view text) {
    const std::size_t bracket = text.rfind(']');
    const std::size_t colon = text.rfind(':');
    const bool inside = bracket != std::string_view::npos && colon < bracket;
    if (colon == std::string_view::npos || inside) return text;
    const bool several = text.find(':') != colon && bracket == std::string_view::npos;
    if (several) {
      return Refuse(
          "is no IPv6 address; with a port the address stands in brackets, as in \"[::1]:80\"");
    }
    if (!ReadPorts(text.substr(colon + 1))) {
      return Refuse(
          "must end in a port from 1 to 65535 or a range such as \"8000-8099\" after the ':'");
    }
    if (colon == 0) return Refuse("is empty before its port; name a host");
    if (!allow_) {
      return Refuse(
          fmt::format("names a port, but a deny covers every port; write \"{}\", or allow "
                      "only the ports that are wanted",
                      Printable(text.substr(0, colon))));
    }
    return text.substr(0, colon);
  }

  bool ReadPorts(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto low = Port(text.substr(0, dash));
    const auto high = dash == std::string_view::npos ? low : Port(text.substr(dash + 1));
    if (!low || !high || *low > *high) return false;
    out_.ports = {*low, *high};
    out_.has_ports = true;
    return true;
  }

  static std::optional<std::uint16_t> Port(std::string_view text) {
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc() || stop != end || port == 0) return std::nullopt;
    return port;
  }

  Result<HostPattern> ReadBracketed(std::string_view text) {
    if (text == "[*]") return Every("\"*\"");
    if (text.size() < 2 || !text.ends_with(']')) return BadBrackets();
    const auto address = ParseIpv6(text.substr(1, text.size() - 2));
    if (!address) return BadBrackets();
    return V6Address(*address);
  }

  void TakePrefix(std::string_view& rest) {
    out_.kind = PatternKind::kName;
    if (rest.starts_with("**.")) {
      out_.kind = PatternKind::kAtOrBelow;
      rest.remove_prefix(3);
    } else if (rest.starts_with("*.")) {
      out_.kind = PatternKind::kBelow;
      rest.remove_prefix(2);
    }
  }

  /// `spelt_as` is how it should be written, when it was not.
  Result<HostPattern> Every(std::string_view spelt_as) {
    if (!allow_) {
      return Refuse(
          "cannot be denied: what no entry allows is denied already; deny hosts or domains, such "
          "as \"*.example.com\" or \"**.example.com\"");
    }
    out_.kind = PatternKind::kEvery;
    if (!spelt_as.empty()) out_.note = fmt::format("means every host; write {}", spelt_as);
    return std::move(out_);
  }

  Result<HostPattern> Address(const IpAddress& address, Spelling spelling) {
    out_.kind = PatternKind::kAddress;
    out_.range = {address, static_cast<std::uint8_t>(address.bytes().size() * 8)};
    out_.spelling = spelling;
    if (spelling == Spelling::kLoose) {
      out_.note = fmt::format("means the address {}; write it so", address.Text());
    }
    return std::move(out_);
  }

  Result<HostPattern> V6Address(const IpAddress& address) {
    return Address(address, address.is_v4() ? Spelling::kMapped : Spelling::kPlain);
  }

  Result<HostPattern> ReadHost(std::string_view host) {
    const bool has_prefix = out_.kind != PatternKind::kName;
    if (!has_prefix) {
      if (host == "*") return Every({});
      if (host == "?*" || host == "*?") return Every("\"*\"");
      if (const auto plain = ParseIpv4(host)) return Address(*plain, Spelling::kPlain);
      if (const auto loose = ParseInetAton(host)) return Address(*loose, Spelling::kLoose);
    }
    if (host.find("**") != std::string_view::npos ||
        (out_.kind == PatternKind::kAtOrBelow && host == "*")) {
      return Refuse(
          "repeats the wildcard; write \"*\" for every host, or \"**.\" before a name for it and "
          "everything below");
    }
    if (LooksNumeric(host)) return ReadAddressGlob(host);
    return ReadName(host);
  }

  /// Digits, dots and wildcards only, with at least one digit.
  static bool LooksNumeric(std::string_view host) {
    const auto fits = [](char c) { return IsDigit(c) || IsWildcard(c) || c == '.'; };
    return std::ranges::all_of(host, fits) && std::ranges::any_of(host, IsDigit);
  }

  Result<HostPattern> ReadAddressGlob(std::string_view host) {
    if (out_.kind == PatternKind::kAtOrBelow) {
      return Refuse(
          "cannot match: there is nothing below an address; write a range such as "
          "\"10.0.0.0/8\"");
    }
    out_.name = (out_.kind == PatternKind::kBelow ? "*." : "") + std::string(host);
    out_.kind = PatternKind::kAddressGlob;
    out_.has_wildcards = true;
    if (!CanBeAddress(out_.name)) {
      return Refuse(
          "cannot match: it is neither a name nor part of an IPv4 address; write four "
          "parts from 0 to 255, or a range such as \"10.0.0.0/8\"");
    }
    return std::move(out_);
  }

  /// Whether a dotted quad can match: parts between dots that are all digits must be 0 to 255.
  static bool CanBeAddress(std::string_view glob) {
    const auto dots = std::ranges::count(glob, '.');
    const bool star = glob.find('*') != std::string_view::npos;
    if (!std::ranges::any_of(glob, IsWildcard) || dots > 3 || (!star && dots != 3)) return false;
    while (true) {
      const std::size_t dot = glob.find('.');
      const std::string_view part = glob.substr(0, dot);
      if (part.empty()) return false;
      const bool number = std::ranges::all_of(part, IsDigit);
      if (number && !ParseIpv4("0.0.0." + std::string(part))) return false;
      const auto fixed = std::ranges::count_if(part, [](char c) { return c != '*'; });
      if (part.find('*') == std::string_view::npos && fixed > 3) return false;
      if (dot == std::string_view::npos) return true;
      glob.remove_prefix(dot + 1);
    }
  }

  Result<HostPattern> ReadName(std::string_view host) {
    std::string name;
    while (true) {
      const std::size_t dot = host.find('.');
      AMBIT_TRY(const std::string label, ReadLabel(host.substr(0, dot)));
      name += (name.empty() ? "" : ".") + label;
      if (dot == std::string_view::npos) break;
      host.remove_prefix(dot + 1);
    }
    if (name.size() > kMostNameOctets) {
      return Refuse("cannot match: a name has at most 253 octets");
    }
    out_.has_wildcards = std::ranges::any_of(name, IsWildcard);
    const std::string_view last = std::string_view(name).substr(name.rfind('.') + 1);
    // Digits of other scripts have become ASCII by now.
    if (LooksNumeric(name) || std::ranges::all_of(last, IsDigit) || last.starts_with("0x")) {
      return Refuse("cannot match: what ends in a number is an address, and this is none");
    }
    out_.name = std::move(name);
    JudgeBreadth();
    return std::move(out_);
  }

  Result<std::string> ReadLabel(std::string_view label) {
    if (label.empty()) {
      return Refuse(
          "has an empty label; write single dots, and \"**.\" in front to cover everything below");
    }
    if (!std::ranges::all_of(label, IsAscii)) return ReadULabel(label);
    if (std::ranges::count(label, '*') > 1) {
      return Refuse("has two '*' in one label; one is enough, it matches within its label");
    }
    const auto fits = [](char c) {
      return (c >= 'a' && c <= 'z') || IsDigit(c) || c == '-' || c == '_' || IsWildcard(c);
    };
    if (const auto bad = std::ranges::find_if_not(label, fits); bad != label.end()) {
      return Refuse(
          fmt::format("has '{}', which no host has; names have letters, digits, '-' and "
                      "'_'",
                      Printable(std::string_view(&*bad, 1))));
    }
    if (label.front() == '-' || label.back() == '-') {
      return Refuse("cannot match: no label begins or ends with '-'");
    }
    const auto fixed = std::ranges::count_if(label, [](char c) { return c != '*'; });
    if (static_cast<std::size_t>(fixed) > kMostLabelOctets) {
      return Refuse("cannot match: a label has at most 63 octets");
    }
    const bool encoded = label.starts_with("xn--") && !std::ranges::any_of(label, IsWildcard);
    if (encoded && !IsALabel(label)) {
      return Refuse(fmt::format(
          "cannot match: '{}' is no valid encoded name; write the name itself", Printable(label)));
    }
    return std::string(label);
  }

  /// A label with other characters than ASCII.
  Result<std::string> ReadULabel(std::string_view label) {
    if (std::ranges::any_of(label, IsWildcard)) {
      return Refuse("has a wildcard beside other characters than ASCII; write that label as xn--…");
    }
    const auto converted = ToALabel(label);
    if (!converted) {
      return Refuse(
          fmt::format("is no valid name: {}; write it as xn--…", converted.error().message));
    }
    if (converted->find('.') != std::string::npos) {
      return Refuse("has a dot that is not the ASCII one; write '.'");
    }
    const auto bad = std::ranges::find_if_not(*converted, [](char c) {
      return (c >= 'a' && c <= 'z') || IsDigit(c) || c == '-' || c == '_';
    });
    if (converted->empty() || bad != converted->end()) {
      return Refuse("is no valid name: it has characters that stand for none of a host");
    }
    return *converted;
  }

  /// A wildcard where different owners register names is worth a word.
  void JudgeBreadth() {
    const std::string_view name = out_.name;
    const bool prefix = out_.kind != PatternKind::kName;
    if (!allow_) return;
    if (prefix && IsPublicSuffix(out_.name)) {
      out_.broad = out_.name;
      return;
    }
    if (!out_.has_wildcards) return;
    const std::size_t wild = name.find_last_of("*?");
    const std::size_t dot = name.find('.', wild);
    if (dot == std::string_view::npos) {
      out_.broad = "*";
      return;
    }
    const std::string right(name.substr(dot + 1));
    if (IsPublicSuffix(right)) out_.broad = right;
    const bool owned = !out_.broad.empty() || right.find('.') == std::string::npos;
    const bool glued = !prefix && wild == 0 && name.front() == '*';
    if (owned && glued) ReadGluedStar(name.substr(1, dot - 1));
  }

  /// "*example.com" would cover "evilexample.com", which somebody else owns. `label` is what
  /// follows the star in its label.
  void ReadGluedStar(std::string_view label) {
    if (label.empty() || label.front() == '-') return;
    if (label.starts_with("xn--") && !IsALabel(label)) return;
    out_.kind = PatternKind::kAtOrBelow;
    out_.name.erase(0, 1);
    out_.has_wildcards = false;
    out_.broad = IsPublicSuffix(out_.name) ? out_.name : "";
    out_.note =
        fmt::format("means \"**.{}\", the host and everything below; write it so", out_.name);
  }

  std::string_view given_;
  std::string text_;
  bool allow_;
  HostPattern out_;
};

}  // namespace

std::string HostPattern::Text() const {
  const auto host = [this]() -> std::string {
    switch (kind) {
      case PatternKind::kEvery:
        return "*";
      case PatternKind::kBelow:
        return "*." + name;
      case PatternKind::kAtOrBelow:
        return "**." + name;
      case PatternKind::kRange:
        return range.Text();
      case PatternKind::kAddress: {
        const bool mapped = spelling == Spelling::kMapped;
        const std::string text = (mapped ? "::ffff:" : "") + range.base.Text();
        const bool brackets = has_ports && (mapped || !range.base.is_v4());
        return brackets ? "[" + text + "]" : text;
      }
      case PatternKind::kName:
      case PatternKind::kAddressGlob:
        break;
    }
    return name;
  };
  if (!has_ports) return host();
  if (ports.low == ports.high) return fmt::format("{}:{}", host(), ports.low);
  return fmt::format("{}:{}-{}", host(), ports.low, ports.high);
}

Result<HostPattern> ParseHostPattern(std::string_view text, bool allow) {
  return PatternReader(text, allow).Read();
}

}  // namespace ambit::policy
