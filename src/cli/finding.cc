#include "cli/finding.h"

#include <algorithm>

namespace ambit::cli {

Findings::Spot Findings::SpotOf(const SourceRef& where) {
  return {where.file.empty(), where.file, where.line, where.column};
}

void Findings::Add(Severity severity, const SourceRef& where, const std::string& message) {
  const auto [at, is_new] =
      all_[SpotOf(where)].try_emplace(message, Finding{severity, where, message});
  at->second.severity = std::min(at->second.severity, severity);
}

void Findings::AddWarnings(const std::vector<config::Notice>& notices) {
  for (const config::Notice& notice : notices) {
    Add(Severity::kWarning, notice.where, notice.message);
  }
}

bool Findings::Tells(const SourceRef& where) const {
  return where.line != 0 && all_.contains(SpotOf(where));
}

std::vector<Finding> Findings::Sorted() const {
  std::vector<Finding> sorted;
  for (const auto& [spot, messages] : all_) {
    for (const auto& [message, finding] : messages) sorted.push_back(finding);
  }
  return sorted;
}

std::size_t Findings::Count(Severity severity) const {
  std::size_t count = 0;
  for (const auto& [spot, messages] : all_) {
    count += static_cast<std::size_t>(std::ranges::count_if(
        messages, [severity](const auto& entry) { return entry.second.severity == severity; }));
  }
  return count;
}

}  // namespace ambit::cli
