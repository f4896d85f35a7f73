#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "config/config.h"
#include "support/fake_file_view.h"

namespace ambit::config {

/// A disk with a user's configuration and a project, and the sources that lead there.
class Loading {
 public:
  Loading() {
    sources.home = "/home/u";
    sources.cwd = "/home/u/repo";
    sources.host_name = "box.example.org";
    disk.Dir("/home/u/repo/.git");
  }

  Loading& User(std::string text) {
    disk.File("/home/u/.config/ambit/config.toml", std::move(text));
    return *this;
  }
  Loading& System(std::string text) {
    disk.File(kSystemConfigPath, std::move(text));
    return *this;
  }
  Loading& Managed(std::string text) {
    disk.File(kManagedConfigPath, std::move(text));
    return *this;
  }
  Loading& Require(std::string text) {
    disk.File(kRequirementsPath, std::move(text));
    return *this;
  }
  Loading& Project(std::string text, const std::string& directory = "/home/u/repo") {
    disk.File(directory + "/.ambit/config.toml", std::move(text));
    return *this;
  }
  Loading& P(std::string name) {
    sources.profile = std::move(name);
    return *this;
  }
  Loading& C(std::string override) {
    sources.overrides.push_back(std::move(override));
    return *this;
  }

  Result<Selected> Load() const { return LoadAndSelect(sources, disk); }

  /// The error as a person sees it, or "" when loading works.
  std::string Refusal() const {
    const auto selected = Load();
    return selected ? "" : ToString(selected.error());
  }
  /// The selected profile. Fails the test when there is none.
  Selected Get() const {
    auto selected = Load();
    if (selected) return *std::move(selected);
    ADD_FAILURE() << ToString(selected.error());
    return {};
  }

  Sources sources;
  testing_support::FakeFileView disk;
};

/// "key[/subpath]=word" of every entry, joined by spaces.
inline std::string Entries(const Profile& profile) {
  std::string out;
  for (const PathEntry& entry : profile.filesystem) {
    if (!out.empty()) out += ' ';
    out += entry.key + (entry.subpath ? "/" + *entry.subpath : "") + '=';
    out += entry.access == AccessWord::kRead    ? "read"
           : entry.access == AccessWord::kWrite ? "write"
                                                : "deny";
  }
  return out;
}

/// The notices as a person sees them, one a line.
inline std::string Notices(const Selected& selected) {
  std::string out;
  for (const Notice& notice : selected.notices) {
    const std::string place = ToString(notice.where);
    out += (place.empty() ? "" : place + ": ") + notice.message + "\n";
  }
  return out;
}

}  // namespace ambit::config
