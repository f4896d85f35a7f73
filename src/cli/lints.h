#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "config/config.h"
#include "config/node.h"
#include "policy/policy.h"

/// What is not wrong but hardly meant. Pure.
namespace ambit::cli {

/// Rules that decide nothing, found by looking at every profile in turn: a line that parents hand
/// down is only told when it decides nothing in any of them.
class RuleLints {
 public:
  void Look(const policy::Policy& policy);
  [[nodiscard]] std::vector<config::Notice> Notices() const;

 private:
  struct Line {
    SourceRef from;
    std::string why;  ///< Empty: it decides something.
  };
  void Note(const policy::PathRule& rule, const std::string& why);

  std::map<std::tuple<std::string, std::uint32_t, std::uint32_t>, Line> lines_;
};

/// The keys of a profile's table that widen what a command may do or see, one notice each.
std::vector<config::Notice> WideningKeys(const config::Node& profile);

}  // namespace ambit::cli
