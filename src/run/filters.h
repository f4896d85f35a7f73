#pragma once

#include "run/prepared.h"
#include "run/sandbox_init.h"

namespace ambit::run {

/// The system call filters that a sandbox needs.
Filters FiltersFor(const Prepared& prepared);

}  // namespace ambit::run
