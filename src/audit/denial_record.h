#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/tally.h"
#include "base/result.h"

/// What `ambit denials` shows: the user's own record of what was denied in recent runs, a file of
/// JSON lines below the state directory.
namespace ambit::audit {

/// The name of the file in the state directory, and how large it may grow in bytes.
inline constexpr std::string_view kRecordFile = "denials.jsonl";
inline constexpr std::size_t kRecordSize = 1U << 20;
/// How many of one run are recorded: no run may push out all others.
inline constexpr std::size_t kRecordedOfARun = 200;

/// One line of the record.
struct Recorded {
  Stamp stamp;  ///< When it happened first.
  std::string profile;
  std::uint64_t count = 1;
  Denial denial;
};

/// The line, without its end.
std::string ToLine(const Recorded& recorded);
/// Nothing when the line is damaged, or was written by a version that means something else.
std::optional<Recorded> FromLine(std::string_view line);

struct Record {
  std::vector<Recorded> denials;  ///< Oldest first.
  std::size_t damaged = 0;        ///< Lines that cannot be read.
};

/// Adds the denials of one run to the file at `path`, see os::AppendLines. Does nothing when there
/// are none.
Result<> AddToRecord(const std::string& path, const std::string& run, const std::string& profile,
                     const Tally& tally);
/// Empty when there is no file.
Result<Record> ReadRecord(const std::string& path);

}  // namespace ambit::audit
