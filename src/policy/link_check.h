#pragma once

#include "base/result.h"
#include "policy/draft.h"

namespace ambit::policy {

/// Refuses every deny, read-only path and deny pattern that is reached through a link which the
/// command could replace, because the link's directory is writable under the finished rules. A
/// `write` entry reached so is only noted: this start is not affected, a later one might be.
Result<> CheckLinks(Draft& draft);

}  // namespace ambit::policy
