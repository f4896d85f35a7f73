#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace ambit::cli {

enum class Severity : std::uint8_t { kError, kWarning };

/// One thing that `check` has to say.
struct Finding {
  Severity severity = Severity::kError;
  SourceRef where;
  std::string message;
};

/// Findings, each once however often it is found.
class Findings {
 public:
  /// What is an error once stays one.
  void Add(Severity severity, const SourceRef& where, const std::string& message);
  void Add(Severity severity, const Error& error) { Add(severity, error.where, error.message); }
  void AddWarnings(const std::vector<config::Notice>& notices);

  /// Whether something at this line and column was told already. False for no place.
  [[nodiscard]] bool Tells(const SourceRef& where) const;
  /// Sorted by place, those without one last.
  [[nodiscard]] std::vector<Finding> Sorted() const;
  [[nodiscard]] std::size_t Count(Severity severity) const;

 private:
  /// No file, file, line, column: in the order in which findings are told.
  using Spot = std::tuple<bool, std::string, std::uint32_t, std::uint32_t>;
  static Spot SpotOf(const SourceRef& where);

  std::map<Spot, std::map<std::string, Finding>> all_;
};

}  // namespace ambit::cli
