#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/load.h"
#include "proxy/secrets.h"

/// Secrets of hooks and credentials on their way from where the user keeps them to the proxy.
namespace ambit::cli {

/// Reads every secret that the network table names, in the order of HttpRules::secrets(), and makes
/// the dummies. Errors, with the place in the profile and never with the secret: a variable that is
/// not set, a file that cannot be read, a value that no header can hold, a credential too short to
/// be masked.
Result<proxy::Secrets> ReadSecrets(const Loaded& loaded, const Surroundings& around);

/// Wipes the variables that the command must not see from our own environment, and from `around`,
/// where they are empty afterwards.
void ForgetSecretVariables(const policy::EnvironmentPolicy& policy, Surroundings& around);

/// What the command is told instead.
struct Dummies {
  /// The variables of credentials and of keys that sign requests, with their dummies; that of an
  /// access key ID with its placeholder.
  std::vector<std::pair<std::string, std::string>> variables;
  /// Of credentials alone: {"ID":"DUMMY",…}; "" when there are none.
  std::string json;
};
Dummies DummiesOf(const policy::HttpRules& rules, const proxy::Secrets& secrets);

/// Sets them, and AMBIT_CREDENTIALS to the JSON; what the profile itself sets stays.
void AddDummies(const Dummies& dummies, const policy::EnvironmentPolicy& policy,
                std::vector<std::string>& environment);

}  // namespace ambit::cli
