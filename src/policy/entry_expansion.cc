#include "policy/entry_expansion.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/path_text.h"
#include "policy/entry_form.h"

namespace ambit::policy {
namespace {

// profiles.md 3.3: what a program needs in order to be loaded.
constexpr std::array kMinimalPlaces = {"/bin", "/sbin",  "/usr",       "/etc",
                                       "/lib", "/lib64", "/nix/store", "/run/current-system/sw"};

Access ToAccess(config::AccessWord word) {
  switch (word) {
    case config::AccessWord::kRead:
      return Access::kRead;
    case config::AccessWord::kWrite:
      return Access::kWrite;
    case config::AccessWord::kDeny:
      break;
  }
  return Access::kNone;
}

/// Expands one entry.
class Expansion {
 public:
  Expansion(Draft& draft, const config::PathEntry& entry, std::optional<std::uint32_t> max_depth)
      : draft_(draft), entry_(entry), max_depth_(max_depth) {}

  Result<> Run() {
    AMBIT_TRY(form_, ParseEntry(entry_, draft_.profile()));
    switch (form_.base) {
      case EntryBase::kRoot:
        return Add("/");
      case EntryBase::kMinimal:
        return AddMinimal();
      case EntryBase::kWorkspaceRoots:
        return AddRoots();
      case EntryBase::kTmpdir:
        return AddTmpdir();
      case EntryBase::kSlashTmp:
        return AddIfDirectory("/tmp");
      case EntryBase::kPath:
        return AddPath();
      case EntryBase::kUnknown:
        break;
    }
    draft_.policy.notices.push_back(
        {"'" + Printable(GivenText(entry_)) + "' in profile '" + Printable(draft_.profile()) +
             "' is ignored: no such name is known; a newer version may know it",
         entry_.from});
    return {};
  }

 private:
  Result<> Add(const std::string& spelled) {
    AMBIT_TRY(Request request, MakeRequest(draft_.paths, spelled, ToAccess(entry_.access)));
    Keep(std::move(request));
    return {};
  }

  void Keep(Request request) {
    request.rule.given = GivenText(entry_);
    request.rule.from = entry_.from;
    request.open_grant = form_.base == EntryBase::kPath;
    request.scoped = entry_.subpath.has_value();
    draft_.requests.push_back(std::move(request));
  }

  Result<> AddPath() {
    AMBIT_TRY(const std::string base, ExpandHome(form_.path, draft_.around.home, entry_.from));
    const std::string spelled = JoinPath(base, form_.below);
    return form_.pattern.empty() ? Add(spelled) : AddPattern(spelled, "/");
  }

  Result<> AddRoots() {
    for (const Root& root : draft_.roots) {
      const bool whole = form_.below.empty() && form_.pattern.empty();
      // Nothing is below a file.
      if (root.is_file && !whole) continue;
      const std::string spelled = JoinPath(root.path, form_.below);
      if (!form_.pattern.empty()) {
        AMBIT_CHECK(AddPattern(spelled, root.path));
        continue;
      }
      AMBIT_CHECK(Add(spelled));
      if (entry_.access != config::AccessWord::kDeny) AddLinks(root.crossed);
    }
    return {};
  }

  Result<> AddPattern(const std::string& spelled, const std::string& written_against) {
    AMBIT_TRY(PatternRequest request, MakePattern(draft_.paths, spelled, form_.pattern));
    if (request.rule.base == "/") {
      return Fail(ErrorCode::kInvalidConfig,
                  "'" + Printable(GivenText(entry_)) + "' in profile '" +
                      Printable(draft_.profile()) +
                      "' is a pattern over the whole disk; begin it with a directory, such as "
                      "'~/**/*.env'",
                  entry_.from);
    }
    request.rule.max_depth = max_depth_;
    if (IsAtOrBelow(request.rule.base, written_against)) request.rule.pin_from = written_against;
    request.rule.given = GivenText(entry_);
    request.rule.from = entry_.from;
    NoteUnlimitedDepth(request.rule);
    draft_.patterns.push_back(std::move(request));
    return {};
  }

  /// Only a snapshot walks the tree, and only then an unlimited `**` costs something.
  void NoteUnlimitedDepth(const PatternRule& rule) {
    const bool walks = draft_.policy.deny_mode == config::DenyMode::kSnapshot;
    if (!walks || rule.max_depth || !rule.glob.has_globstar()) return;
    draft_.policy.notices.push_back(
        {"'" + Printable(rule.given) + "' in profile '" + Printable(draft_.profile()) +
             "' searches without a limit; set glob_scan_max_depth, or list the depths as '*/x', "
             "'*/*/x'",
         rule.from});
  }

  Result<> AddTmpdir() {
    const std::optional<std::string>& tmpdir = draft_.around.tmpdir;
    if (!tmpdir || tmpdir->empty()) return {};
    return AddIfDirectory(
        FoldPath(tmpdir->starts_with('/') ? *tmpdir : JoinPath(draft_.policy.cwd, *tmpdir)));
  }

  Result<> AddIfDirectory(const std::string& spelled) {
    AMBIT_TRY(Request request, MakeRequest(draft_.paths, spelled, ToAccess(entry_.access)));
    if (request.rule.kind != FileKind::kDirectory) return {};
    // A variable must not make a profile for a workspace one for everything.
    if (request.rule.path == "/" && request.rule.access != Access::kNone) {
      return Fail(ErrorCode::kInvalidConfig,
                  "'" + Printable(spelled) + "' cannot be the temporary directory of '" +
                      Printable(entry_.key) + "' in profile '" + Printable(draft_.profile()) +
                      "': it is the whole disk; set TMPDIR to another directory",
                  entry_.from);
    }
    Keep(std::move(request));
    return {};
  }

  /// Where /bin is a link into /usr it only has to be there as a link: a rule of its own at
  /// /usr/bin would be deeper than what a profile says about /usr.
  Result<> AddMinimal() {
    std::vector<Request> found;
    for (const char* place : kMinimalPlaces) {
      AMBIT_TRY(Request request, MakeRequest(draft_.paths, place, Access::kRead));
      if (request.rule.kind != FileKind::kMissing) found.push_back(std::move(request));
    }
    for (Request& request : found) {
      const bool covered = std::ranges::any_of(found, [&](const Request& other) {
        return other.crossed.empty() && &other != &request &&
               IsAtOrBelow(request.rule.path, other.rule.path);
      });
      if (!request.crossed.empty() && covered) {
        AddLinks(request.crossed);
      } else {
        Keep(request);
      }
    }
    return {};
  }

  void AddLinks(const std::vector<RealPath::Crossed>& crossed) {
    for (const RealPath::Crossed& link : crossed) {
      draft_.policy.links.push_back({link.link, link.text});
    }
  }

  Draft& draft_;
  const config::PathEntry& entry_;
  std::optional<std::uint32_t> max_depth_;
  EntryForm form_;
};

Result<std::optional<std::uint32_t>> MaxDepth(const config::Profile& profile) {
  if (!profile.glob_scan_max_depth) return std::nullopt;
  const std::int64_t depth = profile.glob_scan_max_depth->value;
  if (depth < 1) {
    return Fail(ErrorCode::kInvalidConfig,
                "'glob_scan_max_depth' in profile '" + Printable(profile.name) + "' is " +
                    std::to_string(depth) + "; it must be 1 or more",
                profile.glob_scan_max_depth->from);
  }
  return static_cast<std::uint32_t>(
      std::min<std::int64_t>(depth, std::numeric_limits<std::uint32_t>::max()));
}

Result<> AddManagedDeny(Draft& draft, const config::ManagedDeny& deny, const EntryForm& form,
                        const std::string& home) {
  AMBIT_TRY(const std::string spelled, ExpandHome(form.path, home, deny.from));
  if (!form.pattern.empty()) {
    AMBIT_TRY(PatternRequest request, MakePattern(draft.paths, spelled, form.pattern));
    request.rule.origin = Origin::kManaged;
    request.rule.given = deny.text;
    request.rule.from = deny.from;
    draft.patterns.push_back(std::move(request));
    return {};
  }
  AMBIT_TRY(Request request, MakeRequest(draft.paths, spelled, Access::kNone));
  request.rule.origin = Origin::kManaged;
  request.rule.given = deny.text;
  request.rule.from = deny.from;
  draft.requests.push_back(std::move(request));
  return {};
}

}  // namespace

Result<> ExpandEntries(Draft& draft) {
  AMBIT_TRY(const std::optional<std::uint32_t> max_depth, MaxDepth(draft.selected.profile));
  draft.requests.reserve(draft.selected.profile.filesystem.size());
  for (const config::PathEntry& entry : draft.selected.profile.filesystem) {
    AMBIT_CHECK(Expansion(draft, entry, max_depth).Run());
  }
  return {};
}

Result<> CloseSecretFiles(Draft& draft) {
  if (!draft.policy.network.enabled) return {};
  for (const SecretPlace& place : draft.policy.network.rules.http().secrets()) {
    if (!place.is_file) continue;
    AMBIT_TRY(const std::string spelled, ExpandHome(place.text, draft.around.home, place.from));
    AMBIT_TRY(Request request, MakeRequest(draft.paths, spelled, Access::kNone));
    const bool granted = std::ranges::any_of(draft.requests, [&request](const Request& other) {
      return other.rule.path == request.rule.path && other.rule.access != Access::kNone;
    });
    if (granted) continue;
    request.rule.origin = Origin::kSecret;
    request.rule.given = place.text;
    request.rule.from = place.from;
    draft.requests.push_back(std::move(request));
  }
  return {};
}

Result<> ExpandManagedDenies(Draft& draft) {
  const std::string& home = draft.around.home;
  const std::string& account_home = draft.around.account_home;
  for (const config::ManagedDeny& deny : draft.selected.managed_denies) {
    AMBIT_TRY(const EntryForm form, ParseManagedDeny(deny.text, deny.from));
    const bool has_account = account_home.starts_with('/');
    if (form.path.starts_with('~') && has_account) {
      AMBIT_CHECK(AddManagedDeny(draft, deny, form, account_home));
      if (!home.starts_with('/') || FoldPath(home) == FoldPath(account_home)) continue;
    }
    AMBIT_CHECK(AddManagedDeny(draft, deny, form, home));
  }
  return {};
}

}  // namespace ambit::policy
