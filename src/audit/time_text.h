#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ambit::audit {

/// Milliseconds since 1970-01-01T00:00:00Z.
std::uint64_t NowMilliseconds();

/// "2026-03-01T09:05:07.042Z" (RFC 3339).
std::string ToRfc3339(std::uint64_t milliseconds);

/// What ToRfc3339 wrote. Nothing for anything else.
std::optional<std::uint64_t> FromRfc3339(std::string_view text);

/// "2026-03-01 10:05:07", as clocks show it here.
std::string ToLocalTime(std::uint64_t milliseconds);

}  // namespace ambit::audit
