#pragma once

#include <string>

#include "cli/examine.h"
#include "support/fake_file_view.h"

/// What `check` says about two files, for tests of the exact texts.
namespace ambit::cli {

inline constexpr const char* kUserFile = "/home/u/.config/ambit/config.toml";
inline constexpr const char* kRequirementsFile = "/etc/ambit/requirements.toml";

/// A repository with a link and a protected link beside it, and the two files.
inline testing_support::FakeFileView MessageDisk(const std::string& user,
                                                 const std::string& requirements) {
  testing_support::FakeFileView files;
  files.Dir("/bin").Dir("/tmp").Dir("/srv/data").Dir("/home/u/repo/.git");
  files.Link("/home/u/repo/link", "/srv").Link("/home/u/linked/.git", "/srv");
  files.File(kUserFile, user);
  files.File(kRequirementsFile, requirements);
  return files;
}

inline Surroundings MessagePlace() {
  return {.environment = {"HOME=/home/u"},
          .directory = "/home/u/repo",
          .uid = 1000,
          .host_name = "box"};
}

inline std::string WithoutDirectories(std::string text) {
  for (const std::string directory : {"/home/u/.config/ambit/", "/etc/ambit/"}) {
    for (const std::string name : {"config.toml:", "requirements.toml:"}) {
      for (std::size_t at = text.find(directory + name); at != std::string::npos;
           at = text.find(directory + name)) {
        text.erase(at, directory.size());
      }
    }
  }
  return text;
}

/// A line for every finding, without the directories of the two files.
inline std::string Said(const FileView& files, const PolicyOptions& options,
                        const Surroundings& here) {
  HostFacts facts;
  facts.uid = 1000;
  facts.gid = 1000;
  facts.mounts = {{1, 1, 1, "/", "/", "ext4"}};
  const Host host{files, [](policy::Policy&) -> Result<> { return {}; }, facts};
  std::string out;
  for (const Finding& finding : Examine(options, here, host).findings.Sorted()) {
    // What a host cannot enforce depends on it, not on the files.
    if (finding.message.starts_with("not enforced: ")) continue;
    const std::string place = ToString(finding.where);
    out += place + (place.empty() ? "" : ": ");
    out += finding.severity == Severity::kError ? "error: " : "warning: ";
    out += finding.message + "\n";
  }
  return WithoutDirectories(out);
}

}  // namespace ambit::cli
