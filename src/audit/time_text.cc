#include "audit/time_text.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <ctime>

namespace ambit::audit {
namespace {

using std::chrono::milliseconds;
using std::chrono::sys_days;
using Time = std::chrono::sys_time<milliseconds>;

/// The `count` digits at `at`.
std::optional<unsigned> Digits(std::string_view text, std::size_t at, std::size_t count) {
  unsigned value = 0;
  const char* const begin = text.data() + at;
  const auto [end, problem] = std::from_chars(begin, begin + count, value);
  if (problem != std::errc() || end != begin + count) return std::nullopt;
  return value;
}

}  // namespace

std::uint64_t NowMilliseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(now).count());
}

std::string ToRfc3339(std::uint64_t count) {
  const Time time{milliseconds(static_cast<std::int64_t>(count))};
  const sys_days day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<std::uint64_t> FromRfc3339(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
  if (text.size() != kForm.size()) return std::nullopt;
  const auto year = Digits(text, 0, 4), month = Digits(text, 5, 2), day = Digits(text, 8, 2),
             hour = Digits(text, 11, 2), minute = Digits(text, 14, 2), second = Digits(text, 17, 2),
             rest = Digits(text, 20, 3);
  if (!year || !month || !day || !hour || !minute || !second || !rest) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day));
  if (!date.ok()) return std::nullopt;
  const Time time = sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                    std::chrono::seconds(*second) + milliseconds(*rest);
  if (time.time_since_epoch().count() < 0) return std::nullopt;
  const auto count = static_cast<std::uint64_t>(time.time_since_epoch().count());
  // Catches every other way in which the text may be wrong.
  if (ToRfc3339(count) != text) return std::nullopt;
  return count;
}

std::string ToLocalTime(std::uint64_t count) {
  const auto seconds = static_cast<std::time_t>(count / 1000);
  std::tm fields{};
  if (::localtime_r(&seconds, &fields) == nullptr) return ToRfc3339(count);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", fields.tm_year + 1900,
                     fields.tm_mon + 1, fields.tm_mday, fields.tm_hour, fields.tm_min,
                     fields.tm_sec);
}

}  // namespace ambit::audit
