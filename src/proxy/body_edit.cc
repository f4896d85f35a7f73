#include "proxy/body_edit.h"

#include <array>

#include "base/secret_text.h"

namespace ambit::proxy {
namespace {

using Placeholders = std::vector<policy::BodyPlaceholder>;

/// The first placeholder at or after `at`, and where it is.
struct Found {
  const policy::BodyPlaceholder* placeholder = nullptr;
  std::size_t at = 0;
};

class Finder {
 public:
  explicit Finder(const Placeholders& placeholders) : placeholders_(placeholders) {
    for (const auto& one : placeholders) begins_[static_cast<unsigned char>(one.text[0])] = true;
  }

  [[nodiscard]] Found Next(std::string_view body, std::size_t at) const {
    for (; at < body.size(); ++at) {
      if (!begins_[static_cast<unsigned char>(body[at])]) continue;
      const std::string_view rest = body.substr(at);
      for (const auto& one : placeholders_) {
        if (rest.starts_with(one.text)) return {&one, at};
      }
    }
    return {};
  }

 private:
  const Placeholders& placeholders_;
  std::array<bool, 256> begins_{};
};

/// How long the new body is.
std::size_t SizeOf(const Finder& finder, const Secrets& secrets, std::string_view body) {
  std::size_t size = body.size();
  std::size_t at = 0;
  for (Found found = finder.Next(body, at); found.placeholder != nullptr;
       found = finder.Next(body, at)) {
    at = found.at + found.placeholder->text.size();
    size = size - found.placeholder->text.size() + secrets[found.placeholder->secret].real.size();
  }
  return size;
}

}  // namespace

bool PutSecretsIn(const policy::BodyEdit& edit, const Secrets& secrets, std::string_view body,
                  std::string& out) {
  Wipe(out);
  const Finder finder(edit.placeholders);
  const std::size_t size = SizeOf(finder, secrets, body);
  if (size > edit.max_bytes) return false;
  out.reserve(size);  // so that no copy is left behind
  std::size_t at = 0;
  for (Found found = finder.Next(body, at); found.placeholder != nullptr;
       found = finder.Next(body, at)) {
    out.append(body.substr(at, found.at - at));
    out.append(secrets[found.placeholder->secret].real.view());
    at = found.at + found.placeholder->text.size();
  }
  out.append(body.substr(at));
  return true;
}

}  // namespace ambit::proxy
