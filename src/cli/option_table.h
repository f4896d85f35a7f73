#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cli/options.h"

namespace ambit::cli {

enum class OptionId : std::uint8_t {
  kProfile,
  kDirectory,
  kAddDir,
  kOverride,
  kConfigHome,
  kConfigProfile,
  kSystemConfig,
  kManagedConfig,
  kRequirements,
  kEngine,
  kPassFd,
  kEvents,
  kAttest,
  kLast,
  kRead,
  kWrite,
  kConnect,
  kScheme,
  kResolves,
  kMethod,
  kPath,
  kUnix,
  kJson,
  kToml,
  kVerbose,
  kQuiet,
  kHelp,
};

/// Where `help` lists an option.
enum class OptionGroup : std::uint8_t { kQuestion, kPolicy, kFiles, kSandbox, kOutput };

/// One option. Parsing and help read the same table, so neither can know one that the other does
/// not.
struct OptionSpec {
  OptionId id;
  char letter;             ///< 0 when there is only a long name.
  std::string_view name;   ///< Long name without the dashes.
  std::string_view value;  ///< What the value is called; empty for a switch.
  bool repeatable;
  OptionGroup group;
  std::uint32_t commands;  ///< Bit 1 << CommandName for each command that takes it.
  std::string_view help;   ///< One or more lines.
};

std::span<const OptionSpec> AllOptions();

[[nodiscard]] bool Takes(CommandName command, const OptionSpec& option);

struct CommandSpec {
  CommandName command;
  std::string_view purpose;  ///< One line, for the list of commands.
};

std::span<const CommandSpec> AllCommands();

}  // namespace ambit::cli
