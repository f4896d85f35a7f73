#include "config/layers.h"

#include <utility>

#include "base/path_text.h"
#include "config/layer_check.h"
#include "config/merge.h"
#include "config/override.h"
#include "config/toml_reader.h"
#include "config/trust.h"

namespace ambit::config {
namespace {

/// The directory of the user's files; nothing when there is no home to look in.
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

class Loader {
 public:
  Loader(const Sources& sources, const FileView& files, std::vector<Notice>& notices)
      : sources_(sources), files_(files), notices_(notices) {}

  Result<std::vector<Layer>> Load() {
    AMBIT_CHECK(AddFile(LayerKind::kSystem, sources_.system_config,
                        sources_.system_config != kSystemConfigPath));
    AMBIT_CHECK(AddUserFiles());
    AMBIT_TRY(std::optional<Layer> command_line, ReadCommandLine());
    AMBIT_CHECK(AddProjectFiles(command_line));
    if (command_line) layers_.push_back(*std::move(command_line));
    if (sources_.extra_managed_config) {
      AMBIT_CHECK(AddFile(LayerKind::kManaged, *sources_.extra_managed_config, true));
      layers_.back().from_command_line = true;
    }
    AMBIT_CHECK(CheckRootOwned(files_, sources_.managed_config));
    AMBIT_CHECK(AddFile(LayerKind::kManaged, sources_.managed_config,
                        sources_.managed_config != kManagedConfigPath));
    return std::move(layers_);
  }

 private:
  Result<> AddFile(LayerKind kind, const std::string& path, bool must_exist) {
    AMBIT_TRY(const auto text, ReadOptionalFile(files_, path, must_exist));
    if (!text) return {};
    AMBIT_TRY(Node root, ReadToml(*text, path));
    return Add({kind, std::move(root)});
  }

  Result<> Add(Layer layer) {
    AMBIT_CHECK(CheckLayer(layer.root, notices_));
    layers_.push_back(std::move(layer));
    return {};
  }

  Result<> AddUserFiles() {
    AMBIT_TRY(const auto home, ConfigHome(sources_));
    if (home) AMBIT_CHECK(AddFile(LayerKind::kUser, JoinPath(*home, "config.toml"), false));
    if (!sources_.config_profile) return {};
    const std::string& name = *sources_.config_profile;
    if (name.empty() || name.find('/') != std::string::npos ||
        name.find('\0') != std::string::npos) {
      return Fail(ErrorCode::kInvalidConfig,
                  "'" + Printable(name) + "' after -p is not the name of a config profile");
    }
    if (!home) {
      return Fail(ErrorCode::kInvalidConfig,
                  "'" + Printable(name) +
                      "' after -p cannot be found without a home directory; use --config-home");
    }
    return AddFile(LayerKind::kConfigProfile, JoinPath(*home, name + ".config.toml"), true);
  }

  Result<std::optional<Layer>> ReadCommandLine() {
    std::optional<Layer> layer;
    for (const std::string& text : sources_.overrides) {
      AMBIT_TRY(Node override, ReadOverride(text));
      AMBIT_CHECK(CheckLayer(override, notices_));
      if (!layer) layer = Layer{LayerKind::kCommandLine, TableNode({})};
      layer->root = MergeOver(std::move(layer->root), std::move(override));
    }
    return layer;
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
        NoticeUnused(path, directories.front().path);
      }
    }
    return {};
  }

  /// A project nobody has trusted yet may hold anything at all, so nothing about it is an error.
  void NoticeUnused(const std::string& path, const std::string& project) {
    const auto info = files_.Lstat(path);
    if (!info || info->kind == FileKind::kMissing) return;
    notices_.push_back({"'" + Printable(path) + "' is not used: the project is not trusted; set " +
                            "trust_level = \"trusted\" under [projects.\"" + Printable(project) +
                            "\"] in your own configuration to use it",
                        {}});
  }

  const Sources& sources_;
  const FileView& files_;
  std::vector<Notice>& notices_;
  std::vector<Layer> layers_;
};

}  // namespace

Result<std::optional<std::string>> ReadOptionalFile(const FileView& files, const std::string& path,
                                                    bool must_exist) {
  auto text = files.ReadFile(path, kMaxFileSize);
  if (text) return *std::move(text);
  if (text.error().code != ErrorCode::kNotFound) {
    return std::unexpected(std::move(text).error());
  }
  if (!must_exist) return std::nullopt;
  return Fail(ErrorCode::kNotFound, "'" + Printable(path) + "' does not exist, but was asked for");
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
                                      std::vector<Notice>& notices) {
  return Loader(sources, files, notices).Load();
}

}  // namespace ambit::config
