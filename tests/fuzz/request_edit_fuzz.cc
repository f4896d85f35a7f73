// Whatever fields a command sends: a secret goes into Authorization for a bound host and into the
// fields that a hook names, nowhere else; other hosts get the fields as they were; nothing that is
// put in could end a line; and an answer that gives back all that was sent tells no secret.
//
// The first octet chooses the host; the rest is fields of HTTP/1.1.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "config/network_reader.h"
#include "config/toml_reader.h"
#include "policy/network.h"
#include "proxy/http_fields.h"
#include "proxy/request_edit.h"

namespace {

using namespace ambit;
using namespace ambit::proxy;

constexpr std::string_view kTable = R"(
domains = { "*.example" = "allow" }
credentials.a = { env = "A", hosts = ["bearer.example"], scheme = "bearer" }
credentials.b = { env = "B", hosts = ["basic.example"], scheme = "basic" }
credentials.c = { env = "C", hosts = ["raw.example"], scheme = "raw" }
credentials.d = { env = "D", hosts = ["any.example"] }
mitm.hooks.h = { host = "hook.example", methods = ["GET"], path_prefixes = ["/"], action = ["x"] }
mitm.actions.x.strip_request_headers = ["Cookie"]
mitm.actions.x.inject_request_headers = [{ name = "X-Key", secret_env_var = "E", prefix = "Key " }]
)";
constexpr std::string_view kHosts[] = {"bearer.example", "basic.example", "raw.example",
                                       "any.example",    "hook.example",  "other.example"};

void Require(bool condition) {
  if (!condition) std::abort();
}

policy::NetworkRules Rules() {
  const auto node = config::ReadToml(kTable, "t.toml");
  const auto table = config::ReadNetwork(config::TableReader(*node, "permissions.p.network"));
  std::vector<config::Notice> notices;
  return policy::NetworkRules::Make(*table, std::nullopt, notices).value();
}

Secrets MakeSecrets(const policy::HttpRules& rules) {
  Secrets out;
  for (const policy::SecretPlace& place : rules.secrets()) {
    out.push_back({SecretText("7h3-r3al-0n3-0f-" + place.text), "masked-masked-00" + place.text});
  }
  return out;
}

bool TellsSecret(const Secrets& secrets, std::string_view text) {
  for (const Secret& secret : secrets) {
    if (text.find(secret.real.view()) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const policy::NetworkRules kRules = Rules();
  static const Secrets kSecrets = MakeSecrets(kRules.http());
  if (size == 0) return 0;
  const std::string_view host = kHosts[data[0] % std::size(kHosts)];
  const std::string_view lines(reinterpret_cast<const char*>(data + 1), size - 1);
  std::vector<Field> fields;
  const std::string kept = std::string(lines) + "\r\n";
  if (ParseFields(kept, 100, fields)) return 0;
  const std::vector<Field> before = fields;
  // What the command does not know it does not send.
  if (TellsSecret(kSecrets, kept)) return 0;

  const policy::Destination to = *policy::ParseDestination(host, 443);
  const policy::HttpVerdict verdict =
      kRules.http().Decide(to, {.method = "GET", .target = "/", .fields = fields, .secure = true});
  if (!verdict.allowed()) return 0;
  RequestEdit edit(kRules.http(), kSecrets);
  edit.Apply(to, verdict, fields);

  if (host == "other.example") {
    Require(fields.size() == before.size() && edit.MakeScrubber().empty());
  }
  std::string sent;
  for (const Field& field : fields) {
    const bool may = EqualsIgnoreCase(field.name, "authorization") ||
                     (host == "hook.example" && EqualsIgnoreCase(field.name, "x-key"));
    Require(may || !TellsSecret(kSecrets, field.value));
    Require(host != "hook.example" || !EqualsIgnoreCase(field.name, "cookie"));
    sent.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  std::vector<Field> again;
  Require(!ParseFields(sent + "\r\n", 110, again) && again.size() == fields.size());
  Require(!TellsSecret(kSecrets, Scrubbed(edit.MakeScrubber(), sent)));
  edit.Forget();
  Require(edit.MakeScrubber().empty());
  return 0;
}
