#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"
#include "policy/policy.h"
#include "support/fake_file_view.h"

namespace ambit::policy {

inline constexpr auto kDeny = config::AccessWord::kDeny;
inline constexpr auto kGrantRead = config::AccessWord::kRead;
inline constexpr auto kGrantWrite = config::AccessWord::kWrite;

/// A selected profile, its surroundings and a disk, put together line by line.
class Given {
 public:
  /// Home /home/u, work in /w, and what every Linux machine has.
  Given() {
    selected_.profile.name = "p";
    selected_.profile.from = {"config.toml", 1, 1};
    around_.cwd = "/w";
    around_.home = "/home/u";
    disk_.Dir("/w").Dir("/home/u").Dir("/tmp").Dir("/etc").Dir("/usr/bin").Dir("/usr/lib");
    disk_.Link("/bin", "usr/bin").Link("/lib", "usr/lib");
  }

  /// A plain entry. Every entry sits on a line of its own, from 10 on.
  Given& Entry(std::string key, config::AccessWord access) {
    return Add({std::move(key), std::nullopt, access, NextLine()});
  }
  Given& Scoped(std::string key, std::string subpath, config::AccessWord access) {
    return Add({std::move(key), std::move(subpath), access, NextLine()});
  }
  Given& InRoots(std::string subpath, config::AccessWord access) {
    return Scoped(":workspace_roots", std::move(subpath), access);
  }
  Given& ReadOnly() { return Entry(":root", kGrantRead); }
  Given& Minimal() { return Entry(":minimal", kGrantRead); }
  /// What the built-in :workspace contributes as a parent.
  Given& Workspace() {
    ReadOnly().InRoots(".", kGrantWrite).InRoots(".git", kGrantRead);
    InRoots(".agents", kGrantRead).InRoots(".codex", kGrantRead);
    return Entry(":slash_tmp", kGrantWrite).Entry(":tmpdir", kGrantWrite);
  }
  Given& Root(std::string path, bool enabled = true) {
    selected_.profile.workspace_roots.push_back({std::move(path), enabled, NextLine()});
    return *this;
  }
  Given& Managed(std::string text) {
    selected_.managed_denies.push_back({std::move(text), {"requirements.toml", 3, 14}});
    return *this;
  }
  Given& ManagedNetwork(config::ManagedNetwork network) {
    selected_.managed_network = std::move(network);
    return *this;
  }
  Given& Depth(std::int64_t depth) {
    selected_.profile.glob_scan_max_depth = {depth, {"config.toml", 9, 1}};
    return *this;
  }
  Given& Cwd(std::string cwd) {
    around_.cwd = std::move(cwd);
    return *this;
  }
  Given& Dir(const std::string& path) {
    disk_.Dir(path);
    return *this;
  }
  Given& File(const std::string& path, std::string content = "") {
    disk_.File(path, std::move(content));
    return *this;
  }
  Given& Link(const std::string& path, std::string text) {
    disk_.Link(path, std::move(text));
    return *this;
  }

  config::Profile& profile() { return selected_.profile; }
  Surroundings& around() { return around_; }
  testing_support::FakeFileView& disk() { return disk_; }

  [[nodiscard]] Result<Policy> Resolve() const {
    return policy::Resolve(selected_, around_, disk_);
  }

 private:
  Given& Add(config::PathEntry entry) {
    // Like the merge of parents: a later entry of the same key replaces the earlier one.
    for (config::PathEntry& old : selected_.profile.filesystem) {
      if (old.key != entry.key || old.subpath != entry.subpath) continue;
      old = std::move(entry);
      return *this;
    }
    selected_.profile.filesystem.push_back(std::move(entry));
    return *this;
  }
  SourceRef NextLine() { return {"config.toml", line_++, 1}; }

  config::Selected selected_;
  Surroundings around_;
  testing_support::FakeFileView disk_;
  std::uint32_t line_ = 10;
};

/// "deny", "read" or "write" for `path`; "refused: ..." when there is no policy.
inline std::string AccessOf(const Given& setup, std::string_view path) {
  const Result<Policy> policy = setup.Resolve();
  if (!policy) return "refused: " + policy.error().message;
  return std::string(ToWord(Decide(*policy, path).access));
}

/// The message of a refusal, with its place; "accepted" when there is a policy.
inline std::string RefusalOf(const Given& setup) {
  const Result<Policy> policy = setup.Resolve();
  return policy ? "accepted" : ToString(policy.error());
}

}  // namespace ambit::policy
