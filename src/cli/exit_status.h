#pragma once

/// Every exit status of the program. `ambit run` ends with the command's own status unless it is
/// one of the three that begin with 125.
namespace ambit::cli {

inline constexpr int kSuccess = 0;
/// `explain`: something is denied. `check`: a problem was found.
inline constexpr int kNegative = 1;
/// The command line cannot be understood (every command but `run`).
inline constexpr int kUsage = 2;
/// The policy could not be loaded or the sandbox not built: nothing of the command ran. Also for a
/// command line of `run` that cannot be understood.
inline constexpr int kRefused = 125;
inline constexpr int kCannotExecute = 126;
inline constexpr int kNotFound = 127;
/// Plus the number of the signal that ended the command.
inline constexpr int kSignalBase = 128;

}  // namespace ambit::cli
