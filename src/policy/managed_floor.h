#pragma once

#include "base/result.h"
#include "policy/draft.h"

namespace ambit::policy {

/// Refuses (kDenied) a profile that openly grants something the administrator's deny_read closes:
/// an absolute or home-relative entry, one below such a base, or a workspace root, whose written
/// path lies at or below a managed deny or is matched by one. A scoped entry for the very path of
/// a managed deny only loses the tie. Whatever reaches such a place by another way needs no
/// refusal: no rule reopens the floor.
Result<> CheckOpenGrants(const Draft& draft);

}  // namespace ambit::policy
