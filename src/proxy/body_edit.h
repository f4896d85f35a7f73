#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "policy/http_rules.h"
#include "proxy/secrets.h"

namespace ambit::proxy {

/// The body of a request with the secrets in the places of their placeholders, byte for byte
/// (network.md 10). `secrets` in the order of HttpRules::secrets(). False when it comes to more
/// than edit.max_bytes; `out` is empty then. It holds secrets: wipe it.
bool PutSecretsIn(const policy::BodyEdit& edit, const Secrets& secrets, std::string_view body,
                  std::string& out);

}  // namespace ambit::proxy
