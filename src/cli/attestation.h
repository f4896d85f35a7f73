#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/engine.h"
#include "cli/load.h"
#include "run/run.h"

/// What was tried from inside a sandbox before a command, for people and for machines.
namespace ambit::cli {

struct Attestation {
  std::uint64_t milliseconds = 0;  ///< When, since 1970.
  std::string profile;
  std::string policy_hash;  ///< See PolicyHash.
  std::string engine;
  std::string kernel;  ///< Its release.
  std::vector<run::Proven> rules;
};

/// Of now, on the running kernel.
Attestation Attest(const Loaded& loaded, Engine engine, const std::vector<run::Proven>& proof);

/// One object, with a line for each rule.
std::string ToJson(const Attestation& attestation);

/// A table of rule, attempt, result and verdict, and a line that sums it up.
std::string ToText(const Attestation& attestation);

/// How many rules came to this.
std::size_t Count(const std::vector<run::Proven>& proof, run::Verdict verdict);

/// A line for each attempt that showed that a rule holds: "ATTEMPT: RESULT: RULE (PLACE)".
std::vector<std::string> Verified(const std::vector<run::Proven>& proof);

}  // namespace ambit::cli
