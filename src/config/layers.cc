#include "config/layers.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/path_text.h"
#include "base/sha256.h"
#include "config/layer_check.h"
#include "config/merge.h"
#include "config/override.h"
#include "config/toml_reader.h"
#include "config/trust.h"
#include "config/trust_records.h"

namespace ambit::config {
namespace {

class Loader {
 public:
  Loader(const Sources& sources, const FileView& files, std::vector<Notice>& notices,
         Problems* problems)
      : sources_(sources), files_(files), notices_(notices), problems_(problems) {}

  Result<std::vector<Layer>> Load() {
    AMBIT_CHECK(AddFile(LayerKind::kSystem, sources_.system_config,
                        sources_.system_config != kSystemConfigPath));
    AMBIT_CHECK(TolerateFile(AddUserFiles(), problems_));
    AMBIT_TRY(std::optional<Layer> command_line, ReadCommandLine());
    AMBIT_CHECK(TolerateFile(AddProjectFiles(command_line), problems_));
    AMBIT_CHECK(AddCheckedFiles());
    if (command_line) layers_.push_back(*std::move(command_line));
    if (sources_.extra_managed_config) {
      const std::size_t before = layers_.size();
      AMBIT_CHECK(AddFile(LayerKind::kManaged, *sources_.extra_managed_config, true));
      if (layers_.size() > before) layers_.back().from_command_line = true;
    }
    AMBIT_CHECK(Tolerate(CheckRootOwned(files_, sources_.managed_config), problems_));
    AMBIT_CHECK(AddFile(LayerKind::kManaged, sources_.managed_config,
                        sources_.managed_config != kManagedConfigPath));
    return std::move(layers_);
  }

 private:
  Result<> AddFile(LayerKind kind, const std::string& path, bool must_exist) {
    return TolerateFile(ReadFile(kind, path, must_exist), problems_);
  }

  Result<> ReadFile(LayerKind kind, const std::string& path, bool must_exist) {
    AMBIT_TRY(const auto text, ReadOptionalFile(files_, path, must_exist));
    return text ? AddText(kind, path, *text) : Result<>();
  }

  Result<> AddText(LayerKind kind, const std::string& path, const std::string& text) {
    AMBIT_TRY(Node root, ReadToml(text, path));
    read_.push_back(path);
    AMBIT_CHECK(Check(root));
    layers_.push_back({kind, std::move(root)});
    return {};
  }

  Result<> Check(Node& root) {
    if (!problems_) return CheckLayer(root, notices_);
    std::vector<Notice> notices;
    const auto check = [&notices](Node& node) {
      notices.clear();
      return CheckLayer(node, notices);
    };
    static_cast<void>(CheckPiecewise(root, check, *problems_));
    std::ranges::move(notices, std::back_inserter(notices_));
    return {};
  }

  Result<> AddUserFiles() {
    AMBIT_TRY(const auto home, ConfigHome(sources_));
    if (home) AMBIT_CHECK(AddFile(LayerKind::kUser, JoinPath(*home, kUserFile), false));
    if (!sources_.config_profile) return {};
    const std::string& name = *sources_.config_profile;
    if (name.empty() || name.find('/') != std::string::npos ||
        name.find('\0') != std::string::npos) {
      return Fail(ErrorCode::kInvalidConfig,
                  "'" + Printable(name) +
                      "' after -p is not the name of a config profile; say NAME for "
                      "NAME.config.toml beside the user's configuration");
    }
    if (!home) {
      return Fail(ErrorCode::kInvalidConfig,
                  "'" + Printable(name) +
                      "' after -p cannot be found without a home directory; use --config-home");
    }
    return AddFile(LayerKind::kConfigProfile, JoinPath(*home, name + ".config.toml"), true);
  }

  Result<std::optional<Layer>> ReadCommandLine() {
    std::vector<Node> roots;
    for (const std::string& text : sources_.overrides) {
      auto override = ReadOverride(text);
      if (!override) {
        AMBIT_CHECK(TolerateFile(std::unexpected(std::move(override).error()), problems_));
        continue;
      }
      AMBIT_CHECK(Check(*override));
      roots.push_back(*std::move(override));
    }
    if (roots.empty()) return std::nullopt;
    return Layer{LayerKind::kCommandLine, MergeAll(std::move(roots))};
  }

  Result<> AddProjectFiles(const std::optional<Layer>& command_line) {
    Node projects = TableNode({});
    const auto add_trust = [&projects](const Layer& layer) {
      const Node* const table = layer.root.Find("projects");
      if (table) projects = MergeOver(std::move(projects), *table);
    };
    for (const Layer& layer : layers_) add_trust(layer);
    if (command_line) add_trust(*command_line);

    AMBIT_TRY(const auto directories, FindProjectDirectories(sources_.cwd, files_));
    for (const ProjectDirectory& directory : directories) {
      const std::string path = JoinPath(directory.path, kProjectFile);
      const Trust trust = TrustOf(&projects, directory, directories.front());
      if (trust == Trust::kTrusted) {
        AMBIT_CHECK(AddFile(LayerKind::kProject, path, false));
      } else if (trust == Trust::kUnknown) {
        AMBIT_CHECK(AddRecordedFile(path, directory.path));
      }
    }
    return {};
  }

  /// A project file that no layer speaks about: used only as it was when it was trusted. One that
  /// nobody has trusted yet may hold anything at all, so nothing about it is an error.
  Result<> AddRecordedFile(const std::string& path, const std::string& directory) {
    const auto info = files_.Lstat(path);
    if (!info || info->kind == FileKind::kMissing) return {};
    const std::string command = "'ambit trust " + Printable(directory) + "'";
    AMBIT_CHECK(ReadRecords());
    const auto record = records_->find(path);
    if (record == records_->end()) {
      Unused(path, "the project is not trusted; read the file, then run " + command + " to use it");
      return {};
    }
    const auto text = files_.ReadFile(path, kMaxFileSize);
    if (!text || Sha256Hex(*text) != record->second.value) {
      Unused(path,
             "it has changed since it was trusted; read it, then run " + command + " to use it");
      return {};
    }
    return TolerateFile(AddText(LayerKind::kProject, path, *text), problems_);
  }

  void Unused(const std::string& path, const std::string& why) {
    notices_.push_back({"'" + Printable(path) + "' is not used: " + why, {}});
  }

  Result<> ReadRecords() {
    if (records_) return {};
    AMBIT_TRY(const auto home, ConfigHome(sources_));
    records_.emplace();
    if (home) {
      AMBIT_TRY(records_, ReadTrustRecords(files_, JoinPath(*home, kTrustFile)));
    }
    return {};
  }

  /// Files that are only to be looked at, above everything the user has. One that is a layer
  /// already is not read twice.
  Result<> AddCheckedFiles() {
    for (const std::string& path : sources_.checked_files) {
      if (std::ranges::find(read_, path) != read_.end()) continue;
      AMBIT_CHECK(AddFile(LayerKind::kCheckedFile, path, true));
    }
    return {};
  }

  const Sources& sources_;
  const FileView& files_;
  std::vector<Notice>& notices_;
  Problems* problems_;
  std::vector<Layer> layers_;
  std::vector<std::string> read_;  ///< The files that are in `layers_`.
  std::optional<TrustRecords> records_;
};

}  // namespace

Result<std::optional<std::string>> ConfigHome(const Sources& sources) {
  if (sources.config_home) return sources.config_home;
  if (sources.ambit_home && !sources.ambit_home->empty()) {
    if (!sources.ambit_home->starts_with('/')) {
      return Fail(ErrorCode::kInvalidConfig, "'" + Printable(*sources.ambit_home) +
                                                 "' in $AMBIT_HOME must be an absolute path");
    }
    return sources.ambit_home;
  }
  // A relative XDG_CONFIG_HOME counts as unset: XDG base directory specification, "Basics".
  if (sources.xdg_config_home && sources.xdg_config_home->starts_with('/')) {
    return JoinPath(*sources.xdg_config_home, "ambit");
  }
  if (!sources.home.starts_with('/')) return std::nullopt;
  return JoinPath(sources.home, ".config/ambit");
}

Result<std::optional<std::string>> ReadOptionalFile(const FileView& files, const std::string& path,
                                                    bool must_exist) {
  auto text = files.ReadFile(path, kMaxFileSize);
  if (text) return *std::move(text);
  if (text.error().code != ErrorCode::kNotFound) {
    return std::unexpected(std::move(text).error());
  }
  if (!must_exist) return std::nullopt;
  return Fail(ErrorCode::kNotFound,
              "'" + Printable(path) +
                  "' does not exist, but was asked for; create it, or do not ask for it");
}

Result<> CheckRootOwned(const FileView& files, const std::string& path) {
  AMBIT_TRY(const RealPath real, ResolveRealPath(files, FoldPath(path)));
  if (real.hidden || real.kind == FileKind::kMissing) return {};
  AMBIT_TRY(const FileInfo info, files.Lstat(real.path));
  constexpr std::uint32_t kOthersWrite = 022;
  if (info.uid == 0 && (info.mode & kOthersWrite) == 0) return {};
  return Fail(ErrorCode::kDenied,
              "'" + Printable(path) +
                  "' binds everybody but is not the administrator's alone: it must belong to root "
                  "and not be writable by group or others (chown root, chmod go-w)");
}

Result<std::vector<Layer>> LoadLayers(const Sources& sources, const FileView& files,
                                      std::vector<Notice>& notices, Problems* problems) {
  return Loader(sources, files, notices, problems).Load();
}

}  // namespace ambit::config
