#include "config/trust.h"

#include <algorithm>
#include <optional>

#include "base/path_text.h"
#include "config/table_reader.h"

namespace ambit::config {
namespace {

std::optional<Trust> TrustUnder(const Node& projects, const ProjectDirectory& directory) {
  for (const Member& project : projects.members) {
    if (!project.key.starts_with('/')) continue;
    const Node* const level = project.value.Find("trust_level");
    if (!level) continue;
    if (std::ranges::find(directory.names, FoldPath(project.key)) == directory.names.end()) {
      continue;
    }
    return level->text == "trusted" ? Trust::kTrusted : Trust::kUntrusted;
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<ProjectDirectory>> FindProjectDirectories(const std::string& cwd,
                                                             const FileView& files) {
  AMBIT_TRY(const RealPath real, ResolveRealPath(files, FoldPath(cwd)));
  std::vector<ProjectDirectory> directories;  // Innermost first while walking up.
  bool found_root = false;
  std::string given = FoldPath(cwd);
  for (std::string path = real.path;; path = std::string(ParentPath(path))) {
    ProjectDirectory directory{path, {path}};
    // The name it was given by still holds as long as both names go up in step.
    if (!given.empty()) {
      AMBIT_TRY(const RealPath same, ResolveRealPath(files, given));
      if (same.path == path && given != path) directory.names.push_back(given);
      given = given == "/" ? "" : std::string(ParentPath(given));
    }
    directories.push_back(std::move(directory));
    AMBIT_TRY(const FileInfo marker, files.Lstat(JoinPath(path, ".git")));
    found_root = marker.kind != FileKind::kMissing;
    if (found_root || path == "/") break;
  }
  if (!found_root) directories.erase(directories.begin() + 1, directories.end());
  std::ranges::reverse(directories);
  return directories;
}

Trust TrustOf(const Node* projects, const ProjectDirectory& directory,
              const ProjectDirectory& root) {
  if (!projects) return Trust::kUnknown;
  if (const auto trust = TrustUnder(*projects, directory)) return *trust;
  return TrustUnder(*projects, root).value_or(Trust::kUnknown);
}

Result<> CheckProjects(const Node& projects) {
  static constexpr std::string_view kLevels[] = {"trusted", "untrusted"};
  const TableReader reader(projects, "projects");
  for (const Member& member : projects.members) {
    AMBIT_TRY(const auto project, reader.Table(member.key));
    AMBIT_CHECK(project->Word("trust_level", kLevels));
  }
  return {};
}

}  // namespace ambit::config
