#pragma once

#include <string>
#include <vector>

#include "base/file_view.h"
#include "config/config.h"
#include "config/node.h"

namespace ambit::cli {

/// The entries of `profiles` (name -> profile table) that grant more than the comment beside them
/// says: on the entry's own line, or on the lines right above it. An entry that shares its line
/// with others is left alone. `files` gives the texts, which nodes do not keep; one that cannot be
/// read has no comments. `home` is what `~` stands for.
std::vector<config::Notice> GrantsWiderThanComments(const config::Node& profiles,
                                                    const FileView& files, const std::string& home);

}  // namespace ambit::cli
