#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace ambit::config {

/// `none` in a file is an older word for `deny`.
enum class AccessWord : std::uint8_t { kRead, kWrite, kDeny };

/// One access word of a `filesystem` table, still as written.
struct PathEntry {
  std::string key;                     ///< Top-level key: "/abs", "~/x", ":workspace_roots", …
  std::optional<std::string> subpath;  ///< Key inside a scoped table; nullopt for a plain value.
  AccessWord access = AccessWord::kDeny;
  SourceRef from;
};

struct WorkspaceRoot {
  std::string path;  ///< As written: absolute, "~/…" or relative to the command's directory.
  bool enabled = true;
  SourceRef from;
};

/// A value together with the line that set it.
template <class T>
struct Placed {
  T value{};
  SourceRef from;
};

enum class DenyMode : std::uint8_t { kLive, kSnapshot };
enum class EnvironmentInherit : std::uint8_t { kAll, kCore, kNone };

struct EnvironmentTable {
  std::optional<Placed<EnvironmentInherit>> inherit;
  std::vector<Placed<std::string>> exclude;
  std::optional<Placed<bool>> default_excludes;
  std::vector<Placed<std::string>> include;
  std::map<std::string, Placed<std::string>> set;
};

struct LimitsTable {
  std::optional<Placed<std::int64_t>> processes, open_files, file_size, cpu_seconds;
};

struct NetworkTable {
  std::optional<Placed<bool>> enabled;
  std::map<std::string, Placed<bool>> domains;       ///< pattern -> true for allow
  std::map<std::string, Placed<bool>> unix_sockets;  ///< path -> true for allow
  std::optional<Placed<std::string>> mode;           ///< "limited" or "full"
};

/// A profile as far as files say, after the merge of layers and, once selected, of its parents.
struct Profile {
  std::string name;
  SourceRef from;  ///< The place of `[permissions.<name>]`; file "<built-in>" for built-ins.
  std::optional<Placed<std::string>> description;
  std::optional<Placed<std::string>> extends;
  /// In the order of their keys; every (key, subpath) at most once.
  std::vector<PathEntry> filesystem;
  std::optional<Placed<std::int64_t>> glob_scan_max_depth;
  std::optional<Placed<DenyMode>> deny_mode;
  std::vector<WorkspaceRoot> workspace_roots;
  NetworkTable network;
  EnvironmentTable environment;
  LimitsTable limits;
  bool unrestricted = false;  ///< :danger-full-access: no sandbox at all.
  bool managed = false;       ///< Defined in requirements.
};

}  // namespace ambit::config
