#pragma once

#include "policy/draft.h"

namespace ambit::policy {

/// Where a deny or read-only entry in a writable place names something below directories that are
/// missing themselves, the first of them cannot be made either (profiles.md, section 11): adds the
/// rule that keeps it so.
void CloseFirstMissing(Draft& draft);

}  // namespace ambit::policy
