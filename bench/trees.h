#pragma once

#include <string>

namespace bench {

/// A fresh directory with an empty home and configuration; removed with all that is in it.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Holds a config.toml with the profile "deny": `:workspace` and `"**/*.env" = "deny"`.
  [[nodiscard]] std::string config_home() const { return path_ + "/config"; }

 private:
  std::string path_;
};

/// How many files and directories a workspace has. Matches are files whose name ends in ".env".
struct TreeSize {
  int directories = 0;
  int files_each = 0;
  int matches = 0;  ///< Of the files; spread evenly over the directories.
};

/// Makes the git repository (an empty one) `path` with a tree of `size` in it.
void MakeWorkspace(const std::string& path, const TreeSize& size);

}  // namespace bench
