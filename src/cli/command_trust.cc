#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/path_text.h"
#include "base/sha256.h"
#include "cli/command.h"
#include "cli/load.h"
#include "cli/report.h"
#include "config/layer_check.h"
#include "config/layers.h"
#include "config/toml_reader.h"
#include "config/trust.h"
#include "config/trust_records.h"
#include "os/disk_view.h"
#include "os/file_write.h"

namespace ambit::cli {
namespace {

/// The project files that count for a command in DIR, and the records of what was trusted.
struct Project {
  std::string directory;           ///< Canonical.
  std::vector<std::string> files;  ///< Existing ones, canonical directory + kProjectFile.
  std::string records_path;
  config::TrustRecords records;
};

Result<Project> FindProject(const Options& options, const FileView& files) {
  PolicyOptions where = options.policy;
  where.directory = options.word;
  AMBIT_TRY(const config::Sources sources, SourcesFor(where, CurrentSurroundings(), files));
  AMBIT_TRY(const RealPath real, ResolveRealPath(files, sources.cwd));
  if (real.kind != FileKind::kDirectory) {
    return Fail(ErrorCode::kNotFound, "'" + Printable(options.word) +
                                          "' is not a directory; name the directory of a project");
  }
  AMBIT_TRY(const auto home, config::ConfigHome(sources));
  if (!home) {
    return Fail(ErrorCode::kNotFound,
                "there is no home directory to keep the record in; say --config-home DIR");
  }
  Project out{real.path, {}, JoinPath(*home, config::kTrustFile), {}};
  AMBIT_TRY(const auto directories, config::FindProjectDirectories(sources.cwd, files));
  for (const config::ProjectDirectory& directory : directories) {
    std::string path = JoinPath(directory.path, config::kProjectFile);
    AMBIT_TRY(const FileInfo info, files.Lstat(path));
    if (info.kind != FileKind::kMissing) out.files.push_back(std::move(path));
  }
  AMBIT_TRY(out.records, config::ReadTrustRecords(files, out.records_path));
  return out;
}

/// The digest of a project file that can be used: a mistake in it would stop every later start.
Result<std::string> DigestOfSound(const std::string& path, const FileView& files) {
  AMBIT_TRY(const std::string text, files.ReadFile(path, config::kMaxFileSize));
  AMBIT_TRY(config::Node root, config::ReadToml(text, path));
  std::vector<config::Notice> notices;
  AMBIT_CHECK(config::CheckLayer(root, notices));
  return Sha256Hex(text);
}

Result<std::string> TrustProject(const Options& options) {
  const os::DiskView files;
  AMBIT_TRY(Project project, FindProject(options, files));
  if (project.files.empty()) {
    return Fail(ErrorCode::kNotFound,
                fmt::format("'{}' brings no configuration along: neither it nor a directory above "
                            "it, up to the one with .git, has a {}",
                            Printable(project.directory), config::kProjectFile));
  }
  std::string said;
  for (const std::string& path : project.files) {
    AMBIT_TRY(std::string digest, DigestOfSound(path, files));
    said += OneLine(fmt::format("trusted: {} (sha256 {})", Printable(path), digest)) + '\n';
    project.records.insert_or_assign(path, config::Placed<std::string>{std::move(digest), {}});
  }
  AMBIT_CHECK(os::ReplaceFile(project.records_path, RenderTrustRecords(project.records)));
  return said;
}

/// The records of DIR, of the directories above it that count for it, and of all below it.
Result<std::string> ForgetProject(const Options& options) {
  const os::DiskView files;
  AMBIT_TRY(Project project, FindProject(options, files));
  std::string said;
  std::erase_if(project.records, [&](const auto& record) {
    const bool counts = std::ranges::find(project.files, record.first) != project.files.end();
    if (!counts && !IsAtOrBelow(record.first, project.directory)) return false;
    said += OneLine("forgotten: " + Printable(record.first)) + '\n';
    return true;
  });
  if (said.empty()) {
    return OneLine("nothing to forget: no file of '" + Printable(project.directory) +
                   "' was trusted") +
           '\n';
  }
  AMBIT_CHECK(os::ReplaceFile(project.records_path, RenderTrustRecords(project.records)));
  return said;
}

}  // namespace

int Trust(const Options& options) { return AnswerOrRefuse(TrustProject(options)); }

int Untrust(const Options& options) { return AnswerOrRefuse(ForgetProject(options)); }

}  // namespace ambit::cli
