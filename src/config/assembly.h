#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file_view.h"
#include "base/result.h"
#include "config/config.h"
#include "config/layers.h"
#include "config/node.h"
#include "config/problems.h"
#include "config/requirements.h"
#include "config/select.h"

namespace ambit::config {

/// Everything that was read and checked, before a profile is chosen.
struct Assembly {
  std::vector<Layer> layers;  ///< Without their profiles: those are in `candidates`.
  Requirements requirements;
  Candidates candidates;
  std::vector<Notice> notices;
};

/// Reads every layer and the requirements, checks all of them and merges the profiles. With
/// `problems` whatever is wrong is put there and left out, and the rest is still checked.
Result<Assembly> Assemble(const Sources& sources, const FileView& files,
                          Problems* problems = nullptr);

/// A profile that may be used, and its table as the files say it, parents merged in.
struct Settled {
  Selected selected;
  Node table;
  SourceRef chosen_at;  ///< The setting that chose it.
};

/// Chooses the profile that `sources` ask for, resolves its parents and applies the requirements.
Result<Settled> Settle(const Sources& sources, const Assembly& assembly);
/// The same, taking apart an assembly that nobody asks again.
Result<Settled> Settle(const Sources& sources, Assembly&& assembly);

/// Where the profile `name` is defined; `<built-in>` for built-ins.
SourceRef PlaceOfProfile(const std::string& name, const Candidates& candidates);

}  // namespace ambit::config
