#include "audit/denial_record.h"

#include <algorithm>
#include <utility>

#include "audit/flat_json.h"
#include "audit/time_text.h"
#include "os/record_file.h"

namespace ambit::audit {

std::string ToLine(const Recorded& recorded) {
  const Denial& denial = recorded.denial;
  FlatJson out;
  out.Number("v", 1)
      .Text("time", ToRfc3339(recorded.stamp.milliseconds))
      .Text("run", recorded.stamp.run)
      .Text("profile", recorded.profile)
      .Text("layer", denial.layer)
      .Text("operation", denial.operation)
      .Text("object", denial.object)
      .TextOrNull("rule", denial.rule)
      .Text("reason", denial.reason)
      .TextOrNull("grant", denial.grant)
      .Text("advice", denial.advice)
      .Boolean("grant_permitted", denial.grant_permitted)
      .TextOrNull("comm", denial.program)
      .Number("count", static_cast<std::int64_t>(recorded.count));
  return std::move(out).Take();
}

std::optional<Recorded> FromLine(std::string_view line) {
  const auto object = FlatObject::Read(line);
  if (!object || object->Number("v") != 1) return std::nullopt;
  Recorded out;
  const auto text = [&object](std::string_view name, std::string& to) {
    auto value = object->Text(name);
    if (!value) return false;
    to = *std::move(value);
    return true;
  };
  std::string time;
  const bool complete = text("time", time) && text("run", out.stamp.run) &&
                        text("profile", out.profile) && text("layer", out.denial.layer) &&
                        text("operation", out.denial.operation) &&
                        text("object", out.denial.object) && text("reason", out.denial.reason) &&
                        text("advice", out.denial.advice);
  const auto milliseconds = FromRfc3339(time);
  const auto permitted = object->Boolean("grant_permitted");
  const auto count = object->Number("count");
  if (!complete || !milliseconds || !permitted || !count || *count < 1) return std::nullopt;
  out.stamp.milliseconds = *milliseconds;
  out.denial.grant_permitted = *permitted;
  out.count = static_cast<std::uint64_t>(*count);
  text("rule", out.denial.rule);
  text("grant", out.denial.grant);
  text("comm", out.denial.program);
  return out;
}

Result<> AddToRecord(const std::string& path, const std::string& run, const std::string& profile,
                     const Tally& tally) {
  std::vector<std::string> lines;
  const std::size_t most = std::min(tally.entries().size(), kRecordedOfARun);
  for (std::size_t i = 0; i < most; ++i) {
    const Tally::Entry& entry = tally.entries()[i];
    lines.push_back(ToLine({{entry.milliseconds, run}, profile, entry.count, entry.denial}));
  }
  if (lines.empty()) return {};
  return os::AppendLines(path, lines, kRecordSize);
}

Result<Record> ReadRecord(const std::string& path) {
  Result<std::string> text = os::ReadLines(path, 2 * kRecordSize);
  if (!text) {
    if (text.error().code == ErrorCode::kNotFound) return Record{};
    return std::unexpected(std::move(text).error());
  }
  Record out;
  for (std::string_view rest = *text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (std::optional<Recorded> one = FromLine(rest.substr(0, end))) {
      out.denials.push_back(*std::move(one));
    } else if (end > 0) {
      ++out.damaged;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

}  // namespace ambit::audit
