#pragma once

#include "base/result.h"
#include "policy/draft.h"

namespace ambit::policy {

/// Turns every entry of the selected profile into requests: names stand for places, each place is
/// looked up. Needs draft.roots. Adds a notice for every name a later version may know.
/// Errors: the entry's form, a pattern from "/", a depth limit below 1, unreadable places.
Result<> ExpandEntries(Draft& draft);

/// Closes the files that hold secrets of hooks and credentials (network.md R10.2), but for those
/// that an entry of the profile grants by their own names. Needs the requests of all entries.
Result<> CloseSecretFiles(Draft& draft);

/// Turns the administrator's deny_read into requests of Origin::kManaged.
Result<> ExpandManagedDenies(Draft& draft);

}  // namespace ambit::policy
