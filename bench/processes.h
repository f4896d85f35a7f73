#pragma once

#include <string>
#include <vector>

namespace bench {

/// One command that was started with posix_spawn and waited for.
struct Run {
  double milliseconds = 0;  ///< From before the spawn until wait4 has returned.
  int status = -1;          ///< The exit status, 128 + signal, or -1 when it could not be started.
  std::string errors;       ///< What it wrote to standard error, when that was asked for.
};

/// Runs `argv` (argv[0] is a path or found in PATH) in `directory`, with standard input and output
/// on /dev/null. Standard error goes there too, or into Run::errors when `keep_errors`.
Run Measure(const std::vector<std::string>& argv, const std::string& directory,
            bool keep_errors = false);

struct Spread {
  double min = 0;
  double median = 0;
  double p95 = 0;
};
/// `values` must not be empty.
Spread SpreadOf(std::vector<double> values);

}  // namespace bench
