#include "policy/draft.h"

namespace ambit::policy {

Result<Request> MakeRequest(PathResolver& paths, const std::string& spelled, Access access) {
  AMBIT_TRY(RealPath real, paths.Resolve(spelled));
  Request out;
  out.rule.path = std::move(real.path);
  out.rule.access = access;
  out.rule.kind = real.kind;
  out.rule.deepest_existing = std::move(real.deepest_existing);
  out.crossed = std::move(real.crossed);
  if (!out.crossed.empty()) out.through_links = spelled;
  return out;
}

Result<PatternRequest> MakePattern(PathResolver& paths, const std::string& spelled,
                                   std::string_view pattern) {
  AMBIT_TRY(RealPath real, paths.Resolve(spelled));
  AMBIT_TRY(Glob glob, Glob::Compile(pattern));
  PatternRequest out{{.base = std::move(real.path),
                      .glob = std::move(glob),
                      .max_depth = std::nullopt,
                      .base_exists = real.kind == FileKind::kDirectory,
                      .pin_from = "/",
                      .origin = Origin::kEntry,
                      .given = {},
                      .from = {},
                      .matches = {}},
                     spelled,
                     std::move(real.crossed)};
  return out;
}

}  // namespace ambit::policy
