#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/layers.h"
#include "config/node.h"
#include "config/requirements.h"

namespace ambit::config {

/// Every profile that is defined anywhere, and what the layers say about choosing one.
struct Candidates {
  Node profiles;  ///< Table name -> profile table: configuration and managed profiles.
  Node managed;   ///< The managed ones alone.

  [[nodiscard]] bool Defines(std::string_view name) const;
};

/// Merges the profiles of all layers, taking them out, and adds the managed ones. Errors: a name
/// that is both; a name in the allow list that nobody defines, or that only configuration files
/// define. With `problems` they are put there, and the administrator's profile is the one that
/// stays.
Result<Candidates> GatherProfiles(std::vector<Layer>& layers, const Requirements& requirements,
                                  Problems* problems = nullptr);

/// Which profile a command gets.
struct Choice {
  std::string name;
  std::string how;          ///< For people.
  SourceRef from;           ///< The setting that chose it.
  bool explicitly = false;  ///< Asked for on the command line: never answered with another one.
  bool older = false;       ///< sandbox_mode chose it: `[sandbox_workspace_write]` applies.
};

/// Decides between the command line, the layers and the required default.
Result<Choice> Choose(const Sources& sources, const std::vector<Layer>& layers,
                      const Requirements& requirements, const Candidates& candidates,
                      std::vector<Notice>& notices);

}  // namespace ambit::config
