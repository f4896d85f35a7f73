#pragma once

#include <optional>
#include <string>

#include "cli/options.h"

namespace ambit::cli {

/// What `ambit help [COMMAND]` prints: for a command its purpose, usage, options, an example and
/// the exit statuses; without one the list of commands.
std::string HelpText(std::optional<CommandName> subject);

/// "ambit 0.1.0\n"
std::string VersionText();

}  // namespace ambit::cli
