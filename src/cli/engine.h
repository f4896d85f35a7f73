#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace ambit::cli {

/// What carries a plan out.
enum class Engine : std::uint8_t {
  kNative,      ///< Namespaces, mounts, Landlock, seccomp and the broker.
  kLandlock,    ///< The last three, where there are no namespaces.
  kBubblewrap,  ///< The last three, in namespaces and mounts that bwrap makes.
};

/// "native", "landlock", "bubblewrap".
std::string_view ToWord(Engine engine);
std::optional<Engine> EngineNamed(std::string_view word);

/// The engines to try, best first: the one asked for, or all; of these what the requirements
/// permit. Errors: kUnsupported when that leaves none.
Result<std::vector<Engine>> EnginesFor(const config::Selected& selected,
                                       std::optional<Engine> asked);

}  // namespace ambit::cli
