#include "policy/entry_form.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/glob.h"
#include "base/path_text.h"

namespace ambit::policy {
namespace {

struct SpecialName {
  std::string_view name;
  EntryBase base;
};

constexpr std::array kSpecialNames = {
    SpecialName{":root", EntryBase::kRoot},
    SpecialName{":minimal", EntryBase::kMinimal},
    SpecialName{":workspace_roots", EntryBase::kWorkspaceRoots},
    SpecialName{":project_roots", EntryBase::kWorkspaceRoots},
    SpecialName{":tmpdir", EntryBase::kTmpdir},
    SpecialName{":slash_tmp", EntryBase::kSlashTmp},
};

// PATH_MAX without the NUL at its end: limits.h(0p).
constexpr std::size_t kLongestPath = 4095;

bool IsTooLong(std::string_view text) { return text.size() > kLongestPath; }

/// Enough of a long text to find it by.
std::string Cut(std::string_view text) { return std::string(text.substr(0, 40)) + "..."; }

constexpr std::string_view kTooLong =
    "is longer than a path can be, 4095 bytes; name a directory above it";

bool IsPathText(std::string_view text) {
  return text.starts_with('/') || text == "~" || text.starts_with("~/");
}

std::string Suggestion(std::string_view name) {
  std::vector<std::string_view> names;
  for (const SpecialName& special : kSpecialNames) names.push_back(special.name);
  const std::string_view nearest = NearestWord(name, names);
  return nearest.empty() ? "" : "; did you mean '" + std::string(nearest) + "'?";
}

/// The checks of one entry, with what their messages share.
class Parser {
 public:
  Parser(const config::PathEntry& entry, std::string_view profile)
      : entry_(entry), profile_(profile) {}

  Result<EntryForm> Run() {
    if (IsTooLong(entry_.key)) return Bad(Cut(entry_.key), kTooLong);
    if (entry_.subpath && IsTooLong(*entry_.subpath)) return Bad(Cut(*entry_.subpath), kTooLong);
    AMBIT_CHECK(ParseKey());
    if (entry_.subpath) {
      AMBIT_CHECK(ParseSubpath(*entry_.subpath));
    } else if (form_.base == EntryBase::kPath) {
      AMBIT_TRY(form_.path, SplitPattern(entry_.key));
    }
    return std::move(form_);
  }

 private:
  [[nodiscard]] bool denies() const { return entry_.access == config::AccessWord::kDeny; }

  [[nodiscard]] std::unexpected<Error> Bad(std::string_view object,
                                           std::string_view problem) const {
    return Fail(ErrorCode::kInvalidConfig,
                "'" + Printable(object) + "' in profile '" + Printable(profile_) + "' " +
                    std::string(problem),
                entry_.from);
  }

  Result<> ParseKey() {
    const std::string& key = entry_.key;
    if (key.starts_with(':')) return ParseName();
    if (!IsPathText(key) || key.contains('\0')) {
      return Bad(key,
                 "is not a path that can be used here; write an absolute path, '~/...', or one of "
                 "':root', ':minimal', ':workspace_roots', ':tmpdir', ':slash_tmp'");
    }
    if (entry_.subpath && LooksLikePattern(key)) {
      return Bad(key,
                 "has pattern characters, but its subpaths would take it literally; write the "
                 "whole pattern as one key with 'deny'");
    }
    form_.base = EntryBase::kPath;
    if (entry_.subpath) form_.path = key;
    return {};
  }

  Result<> ParseName() {
    const auto* const known = std::ranges::find(kSpecialNames, entry_.key, &SpecialName::name);
    if (known == kSpecialNames.end()) {
      if (!denies()) return {};
      return Bad(entry_.key, "is a name that is not known, so this 'deny' would be lost" +
                                 (Suggestion(entry_.key).empty() ? "; remove it or name the path"
                                                                 : Suggestion(entry_.key)));
    }
    form_.base = known->base;
    if (form_.base == EntryBase::kMinimal && denies()) {
      return Bad(entry_.key, "cannot be denied, no program could start; deny single paths instead");
    }
    return {};
  }

  Result<> ParseSubpath(const std::string& subpath) {
    if (form_.base == EntryBase::kUnknown) return {};
    const bool takes_subpaths =
        form_.base == EntryBase::kPath || form_.base == EntryBase::kWorkspaceRoots;
    if (!takes_subpaths && subpath != ".") {
      return Bad(entry_.key, "takes no subpath such as '" + Printable(subpath) +
                                 "'; give it an access word, or use '.'");
    }
    if (subpath == ".") return {};
    AMBIT_CHECK(CheckSubpath(subpath));
    AMBIT_TRY(const std::string plain, SplitPattern(subpath));
    for (const std::string_view name : Components(plain)) {
      if (!form_.below.empty()) form_.below += '/';
      form_.below += name;
    }
    return {};
  }

  Result<> CheckSubpath(const std::string& subpath) const {
    const std::vector<std::string_view> names = Components(subpath);
    const bool has_dots = std::ranges::any_of(
        names, [](std::string_view name) { return name == "." || name == ".."; });
    if (names.empty() || subpath.starts_with('/') || names.front() == "~" || has_dots ||
        subpath.contains('\0')) {
      return Bad(subpath, "is not a subpath of '" + Printable(entry_.key) +
                              "'; write names joined by '/', without '.', '..', '~' or a '/' in "
                              "front");
    }
    return {};
  }

  /// Gives the plain part of `text` and keeps the pattern that follows it, if there is one.
  Result<std::string> SplitPattern(std::string_view text) {
    if (!LooksLikePattern(text)) return std::string(text);
    if (!denies()) return SubtreeOf(text);
    const PatternParts parts = SplitFixedPrefix(text);
    const Result<Glob> glob = Glob::Compile(parts.rest);
    if (!glob) return Fail(glob.error().code, glob.error().message + InProfile(), entry_.from);
    // "~*" and the like: what is before the pattern must be a path by itself.
    if (!entry_.subpath && !IsPathText(parts.fixed)) {
      return Bad(text, "is not a path pattern; begin it with '/' or '~/'");
    }
    form_.pattern = parts.rest;
    return std::string(parts.fixed);
  }

  /// What a grant ending in "/**" stands for.
  Result<std::string> SubtreeOf(std::string_view text) const {
    constexpr std::string_view kTail = "/**";
    std::string_view plain = text;
    if (plain.ends_with(kTail)) plain.remove_suffix(kTail.size());
    if (plain.size() == text.size() || LooksLikePattern(plain)) {
      return Bad(text,
                 "is a pattern, which only 'deny' can have; name a directory, or end in '/**' for "
                 "all that is below one");
    }
    return plain.empty() ? "/" : std::string(plain);
  }

  [[nodiscard]] std::string InProfile() const { return " (profile '" + Printable(profile_) + "')"; }

  const config::PathEntry& entry_;
  std::string_view profile_;
  EntryForm form_;
};

}  // namespace

Result<EntryForm> ParseEntry(const config::PathEntry& entry, std::string_view profile) {
  return Parser(entry, profile).Run();
}

Result<EntryForm> ParseManagedDeny(std::string_view text, const SourceRef& from) {
  const auto bad = [&](std::string_view problem) {
    return Fail(ErrorCode::kInvalidConfig,
                "'" + Printable(IsTooLong(text) ? Cut(text) : std::string(text)) +
                    "' in the administrator's deny_read " + std::string(problem),
                from);
  };
  if (IsTooLong(text)) return bad(kTooLong);
  EntryForm form;
  form.base = EntryBase::kPath;
  form.path = text;
  if (LooksLikePattern(text)) {
    const PatternParts parts = SplitFixedPrefix(text);
    form.path = parts.fixed;
    form.pattern = parts.rest;
    const Result<Glob> glob = Glob::Compile(form.pattern);
    if (!glob) return bad("is not usable: " + glob.error().message);
  }
  if (!IsPathText(form.path) || text.contains('\0')) {
    return bad("is neither absolute nor home-relative; begin it with '/' or '~/'");
  }
  return form;
}

Result<std::string> ExpandHome(std::string_view path, std::string_view home,
                               const SourceRef& from) {
  if (!path.starts_with('~')) return FoldPath(path);
  if (!home.starts_with('/')) {
    return Fail(ErrorCode::kInvalidConfig,
                "'" + Printable(path) +
                    "' needs a home directory, but HOME is not an absolute path; set HOME or write "
                    "the path in full",
                from);
  }
  return FoldPath(std::string(home).append(path.substr(1)));
}

std::string GivenText(const config::PathEntry& entry) {
  if (!entry.subpath || *entry.subpath == ".") return entry.key;
  return entry.key + (entry.key.ends_with('/') ? "" : "/") + *entry.subpath;
}

}  // namespace ambit::policy
