#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "config/node.h"

namespace ambit::config {

/// The most problems of one file that are told; whoever has that many does not read further.
inline constexpr std::size_t kMaxProblems = 200;

/// What is wrong, in the order it was found. Where a function takes a null pointer to one, it stops
/// at the first problem and returns it.
struct Problems {
  std::vector<Error> errors;
  /// Whole files are missing from what was read, so that something may only look undefined.
  bool incomplete = false;
};

/// Puts the error of `result`, if it is one, where it belongs: to `problems`, so that the caller
/// can go on, or back to the caller when there is none.
Result<> Tolerate(Result<> result, Problems* problems);

/// The same for the reading of a whole file.
Result<> TolerateFile(Result<> result, Problems* problems);

/// Runs `check` on `root` until it is content: whatever it complains about is put in `problems`,
/// taken out of `root`, and the rest is checked again. What is only wrong because something was
/// taken out beside it is not told. False when something was taken out or a complaint has no place
/// in `root`.
bool CheckPiecewise(Node& root, const std::function<Result<>(Node&)>& check, Problems& problems);

}  // namespace ambit::config
