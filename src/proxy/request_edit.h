#pragma once

#include <string_view>
#include <vector>

#include "base/http_field.h"
#include "base/secret_text.h"
#include "policy/http_rules.h"
#include "proxy/request_head.h"
#include "proxy/scrubber.h"
#include "proxy/secrets.h"

namespace ambit::proxy {

/// What hooks and credentials do to the requests of one connection, and to their answers. For
/// requests over TLS alone.
class RequestEdit {
 public:
  /// Both outlive it; `secrets` in the order of rules.secrets().
  RequestEdit(const policy::HttpRules& rules, const Secrets& secrets)
      : rules_(rules), secrets_(secrets) {}

  /// Changes the fields of a request to `to` that `verdict` allows: takes out and adds what its
  /// hook says, and puts real credentials where their dummies stand in Authorization. Where the
  /// answer is to be scrubbed, the origin is asked for no content coding and no range. The new
  /// values live until the next Apply or Forget.
  void Apply(const policy::Destination& to, const policy::HttpVerdict& verdict,
             std::vector<Field>& fields);

  /// After Apply, for a request in which SigningProblem finds none: signs it again, as it is sent
  /// to `to`. `payload_hash`: see PayloadHash.
  void Sign(const policy::RequestSigning& signing, const policy::Destination& to,
            std::string_view payload_hash, RequestHead& request);

  /// For the answer to the last Apply and Sign; empty when no secret is sent to the host.
  Scrubber MakeScrubber() const;

  /// Wipes the new values.
  void Forget();

 private:
  void PutIn(const policy::CredentialRule& credential, Field& field);
  void Swap(Field& field, std::string_view dummy, std::string_view real);
  void SwapBasic(Field& field, std::string_view token, const Secret& secret);
  void Seek(std::size_t secret);
  /// Whether any of them is of use to who has it.
  bool SeekAll(const policy::Destination& to);

  struct Sought {
    std::string_view secret, shown;
  };
  const policy::HttpRules& rules_;
  const Secrets& secrets_;
  std::vector<SecretText> values_;
  std::vector<SecretText> shown_;
  std::vector<Sought> sought_;
};

}  // namespace ambit::proxy
