#include "cli/engine.h"

#include <algorithm>
#include <string>

namespace ambit::cli {
namespace {

constexpr Engine kAll[] = {Engine::kNative, Engine::kLandlock, Engine::kBubblewrap};

}  // namespace

std::string_view ToWord(Engine engine) {
  switch (engine) {
    case Engine::kNative:
      return "native";
    case Engine::kLandlock:
      return "landlock";
    case Engine::kBubblewrap:
      return "bubblewrap";
  }
  return "";
}

std::optional<Engine> EngineNamed(std::string_view word) {
  for (const Engine engine : kAll) {
    if (word == ToWord(engine)) return engine;
  }
  return std::nullopt;
}

Result<std::vector<Engine>> EnginesFor(const config::Selected& selected,
                                       std::optional<Engine> asked) {
  std::vector<Engine> out;
  for (const Engine engine : kAll) {
    if (asked && *asked != engine) continue;
    const auto& permitted = selected.require_engine;
    if (permitted &&
        std::ranges::find(permitted->value, ToWord(engine)) == permitted->value.end()) {
      continue;
    }
    out.push_back(engine);
  }
  if (!out.empty()) return out;
  const std::string which =
      asked ? "the engine '" + std::string(ToWord(*asked)) + "'"
            : std::string("any engine that there is (native, landlock, bubblewrap)");
  return Fail(ErrorCode::kUnsupported,
              "'require_engine' of the requirements does not permit " + which +
                  (asked ? "; use one of those it lists" : "; add one to the list"),
              selected.require_engine->from);
}

}  // namespace ambit::cli
