#include "cli/comment_lint.h"

#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "base/path_text.h"
#include "cli/comment_claim.h"
#include "config/layers.h"
#include "config/toml_comments.h"

namespace ambit::cli {
namespace {

using config::Member;
using config::Node;
using config::NodeKind;

/// Something that may be granted, and whether it is.
struct Entry {
  enum class Kind : std::uint8_t { kPath, kHost, kSocket };
  Kind kind = Kind::kPath;
  std::string key;      ///< Of the outer table.
  std::string subpath;  ///< Of a scoped path: never empty then.
  std::string word;     ///< "read", "write", "allow"; anything else grants nothing.
  const config::Place* place = nullptr;

  [[nodiscard]] bool grants() const { return word == "read" || word == "write" || word == "allow"; }
  [[nodiscard]] std::string Name() const {
    return "'" + Printable(subpath.empty() || subpath == "." ? key : JoinPath(key, subpath)) +
           "' = \"" + word + "\"";
  }
};

class Collector {
 public:
  std::vector<Entry> Collect(const Node& profiles) {
    for (const Member& profile : profiles.members) {
      if (const Node* const files = profile.value.Find("filesystem")) AddPaths(*files);
      const Node* const network = profile.value.Find("network");
      if (network == nullptr) continue;
      if (const Node* const domains = network->Find("domains")) Add(*domains, Entry::Kind::kHost);
      if (const Node* const sockets = network->Find("unix_sockets")) {
        Add(*sockets, Entry::Kind::kSocket);
      }
    }
    return std::move(entries_);
  }

 private:
  void AddPaths(const Node& table) {
    for (const Member& member : table.members) {
      if (!member.value.Is(NodeKind::kTable)) {
        entries_.push_back(
            {Entry::Kind::kPath, member.key, "", member.value.text, &member.key_place});
        continue;
      }
      for (const Member& sub : member.value.members) {
        entries_.push_back(
            {Entry::Kind::kPath, member.key, sub.key, sub.value.text, &sub.key_place});
      }
    }
  }

  void Add(const Node& table, Entry::Kind kind) {
    for (const Member& member : table.members) {
      const Node* const access = member.value.Find("access");
      const Node& word = access != nullptr ? *access : member.value;
      entries_.push_back({kind, member.key, "", word.text, &member.key_place});
    }
  }

  std::vector<Entry> entries_;
};

/// The comments of the files that configurations lie in, read when they are asked for.
class Comments {
 public:
  explicit Comments(const FileView& files) : files_(files) {}

  /// What stands beside line `line` of `file`: on it, and in the last paragraph right above it.
  std::vector<std::string> Beside(const std::string& file, std::uint32_t line) {
    const config::TomlComments& all = Of(file);
    std::vector<std::string> out;
    if (const auto own = all.find(line); own != all.end()) out.push_back(own->second.text);
    std::string above;
    for (auto at = all.find(line - 1); at != all.end() && IsText(at->second);
         at = all.find(--line - 1)) {
      above = at->second.text + (above.empty() ? "" : "\n") + above;
    }
    if (!above.empty()) out.push_back(std::move(above));
    return out;
  }

 private:
  /// Not the end of a paragraph, nor a setting that was commented out.
  static bool IsText(const config::TomlComment& comment) {
    return comment.alone && !comment.text.empty() && !comment.text.contains('=');
  }

  const config::TomlComments& Of(const std::string& file) {
    const auto [at, is_new] = by_file_.try_emplace(file);
    if (is_new) {
      if (const auto text = files_.ReadFile(file, config::kMaxFileSize)) {
        at->second = config::FindComments(*text);
      }
    }
    return at->second;
  }

  const FileView& files_;
  std::map<std::string, config::TomlComments> by_file_;
};

bool IsRooted(std::string_view path) {
  return path.starts_with('/') || path == "~" || path.starts_with("~/");
}

std::string Rooted(std::string_view path, const std::string& home) {
  return path.starts_with('~') ? FoldPath(home + "/" + std::string(path.substr(1)))
                               : FoldPath(path);
}

/// "a//b/" -> "/a/b"; what `name` says relative to wherever it is taken from.
std::string Relative(std::string_view name) { return FoldPath("/" + std::string(name)); }

enum class Relation : std::uint8_t { kUnknown, kSame, kBelow };

Relation Compare(const std::string& named, const std::string& granted) {
  if (named == granted) return Relation::kSame;
  return IsAtOrBelow(named, granted) ? Relation::kBelow : Relation::kUnknown;
}

std::string_view WithoutTail(std::string_view path) {
  return path.ends_with("/**") ? path.substr(0, path.size() - 3) : path;
}

/// How the path `named` by a comment lies to what the entry grants.
Relation ComparePaths(const std::string& named, const Entry& entry, const std::string& home) {
  const std::string_view below = entry.subpath == "." ? "" : WithoutTail(entry.subpath);
  if (IsRooted(named)) {
    if (!IsRooted(entry.key)) return Relation::kUnknown;
    return Compare(Rooted(named, home), Rooted(JoinPath(WithoutTail(entry.key), below), home));
  }
  // "input/output" is only a path where a path begins like it.
  if (below.empty() && !named.ends_with('/') && !named.starts_with("./")) {
    return Relation::kUnknown;
  }
  if (IsRooted(entry.key) && entry.subpath.empty()) return Relation::kUnknown;
  return Compare(Relative(named), Relative(below));
}

/// The same for hosts: only a pattern grants more than one.
Relation CompareHosts(std::string_view named, std::string_view pattern) {
  if (named == pattern) return Relation::kSame;
  std::string_view domain = pattern;
  while (domain.starts_with('*')) domain.remove_prefix(1);
  const bool is_pattern = domain.size() < pattern.size();
  return is_pattern && named.ends_with(domain) ? Relation::kBelow : Relation::kUnknown;
}

/// What to write instead, or nothing when the entry grants no more than is claimed.
std::optional<std::string> WayOut(const Entry& entry, const CommentClaim& claim,
                                  const std::string& home) {
  const Relation relation = claim.object.empty() ? Relation::kSame
                            : entry.kind == Entry::Kind::kHost
                                ? CompareHosts(claim.object, entry.key)
                                : ComparePaths(claim.object, entry, home);
  switch (claim.kind) {
    case CommentClaim::Kind::kReadOnly:
      if (entry.word == "write" && relation == Relation::kSame) return "say \"read\"";
      return std::nullopt;
    case CommentClaim::Kind::kNothing:
      if (relation == Relation::kSame) return "say \"deny\"";
      return std::nullopt;
    case CommentClaim::Kind::kOnlyThis:
      if (entry.kind == Entry::Kind::kSocket || relation != Relation::kBelow) return std::nullopt;
      if (claim.of_writing && entry.word != "write") return std::nullopt;
      return "name '" + Printable(claim.object) + "'";
  }
  return std::nullopt;
}

using Line = std::pair<std::string, std::uint32_t>;

Line LineOf(const config::Place& place) { return {place.file ? *place.file : "", place.line}; }

}  // namespace

std::vector<config::Notice> GrantsWiderThanComments(const Node& profiles, const FileView& files,
                                                    const std::string& home) {
  const std::vector<Entry> entries = Collector().Collect(profiles);
  std::map<Line, std::size_t> on_line;
  for (const Entry& entry : entries) ++on_line[LineOf(*entry.place)];
  Comments comments(files);
  std::vector<config::Notice> out;
  for (const Entry& entry : entries) {
    const Line line = LineOf(*entry.place);
    if (!entry.grants() || line.second == 0 || on_line[line] > 1) continue;
    for (const std::string& comment : comments.Beside(line.first, line.second)) {
      for (const CommentClaim& claim : ClaimsOf(comment)) {
        const auto way_out = WayOut(entry, claim, home);
        if (!way_out) continue;
        out.push_back({entry.Name() + " grants more than its comment says, '" +
                           Printable(claim.words) + "'; " + *way_out + ", or correct the comment",
                       entry.place->Ref()});
      }
    }
  }
  return out;
}

}  // namespace ambit::cli
