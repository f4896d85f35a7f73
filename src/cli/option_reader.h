#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/options.h"

namespace ambit::cli {

/// The error for a command line that cannot be understood.
std::unexpected<Error> Misuse(std::string message);

/// 'text', printable, for messages.
std::string Quoted(std::string_view text);

/// `-x`, `--long` and `--long=value` begin an option; "-" alone is a word.
bool IsOption(std::string_view argument);

/// Reads what follows the name of `command`, which is not `help`.
Result<Options> ReadOptions(CommandName command, std::span<const std::string_view> arguments);

}  // namespace ambit::cli
