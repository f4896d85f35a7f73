#pragma once

#include <vector>

#include "config/config.h"
#include "config/layers.h"

namespace ambit::config {

/// Tells of every `deny` that a layer sets and a higher one takes back, by another word for the
/// same key or by replacing the whole scoped table that holds it. That is allowed, but seldom
/// meant. `layers` lowest first, with their profiles.
void NoticeReopened(const std::vector<Layer>& layers, std::vector<Notice>& notices);

}  // namespace ambit::config
