#pragma once

#include <string>
#include <string_view>

namespace ambit::cli {

/// A script that makes `shell` ("bash", "zsh" or "fish") complete the commands and options of this
/// program, made from the tables that are also parsed. Empty for any other shell.
std::string CompletionScript(std::string_view shell);

}  // namespace ambit::cli
