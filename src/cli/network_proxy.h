#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/event.h"
#include "base/result.h"
#include "cli/load.h"
#include "cli/secret_store.h"
#include "cli/trust_bundle.h"
#include "os/unique_fd.h"
#include "proxy/record.h"
#include "proxy/service.h"
#include "run/run.h"

/// The policy proxy as a part of a run: its settings from the profile, the environment that leads
/// to it, and what it tells.
namespace ambit::cli {

/// What the proxy of one run needs, made before anything is started.
class NetworkProxy {
 public:
  /// Nothing when `plan` needs no proxy. The arguments have to live as long. Errors: the profile
  /// asks of the proxy what it cannot do, or a secret is missing. The secrets are read, and wiped
  /// from `around` where the command must not see them.
  static Result<std::optional<NetworkProxy>> For(const Loaded& loaded, const plan::Plan& plan,
                                                 Surroundings& around);

  /// Adds what programs have to know of it.
  void AddVariables(std::vector<std::string>& environment);
  /// Runs the proxy. `every_decision`: permitted requests are told of too, not only refusals.
  /// `publish`: the ports that the profile publishes are opened.
  [[nodiscard]] run::ProxyBody Body(bool every_decision, bool publish) const;
  /// Has the broker find out which program each connection is of, before doors() is asked for.
  void NameClients() { doors_.names_clients = true; }
  [[nodiscard]] const run::ProxyDoors& doors() const { return doors_; }
  /// For Errand::secrets: what Body reads; null when there is none.
  [[nodiscard]] os::UniqueFd* secrets() { return secrets_.valid() ? &secrets_ : nullptr; }
  /// What the command needs to trust `certificate`, the proxy's, and whom it trusted before.
  [[nodiscard]] Result<std::vector<run::OwnFile>> TrustFiles(std::string_view certificate) const;

 private:
  NetworkProxy(const Loaded& loaded, const Surroundings& around)
      : loaded_(&loaded), around_(&around) {}
  Result<> HoldSecrets(Surroundings& around);
  [[nodiscard]] Result<proxy::Secrets> TakeSecrets() const;

  const Loaded* loaded_;
  const Surroundings* around_;
  std::vector<std::string> command_environment_;  ///< As it was before AddVariables.
  TrustBundle roots_;                             ///< By which origins are known.
  proxy::Settings settings_;
  run::ProxyDoors doors_;
  bool on_shared_host_ = false;
  os::UniqueFd secrets_;
  Dummies dummies_;
};

/// A record of the proxy as it passes from its process to ours, and back.
std::string ToText(const proxy::Record& record);
std::optional<proxy::Record> RecordOf(std::string_view text);

/// The record as an event, and, of a refusal, as what is kept for `ambit denials`.
audit::Connection ConnectionOf(const proxy::Record& record, const std::string& profile);
audit::Denial DenialOf(const proxy::Record& record);

}  // namespace ambit::cli
