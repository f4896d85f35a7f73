#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_view.h"

namespace ambit::cli {

/// Certificates as PEM blocks, each once, in the order they came in.
class TrustBundle {
 public:
  static constexpr std::size_t kMostBytes = 4UL << 20;  ///< Of one file, and of all together.

  /// Adds every certificate in `text`; whatever else is in there is left out.
  void Add(std::string_view text);
  /// The certificate authorities of this host, from the first bundle of the usual places.
  void AddPlatform(const FileView& files);
  /// What the variables that name certificates (SSL_CERT_FILE, SSL_CERT_DIR, CURL_CA_BUNDLE and
  /// their like) say in `environment`. What cannot be read is left out, and what `may_read` does
  /// not let through.
  void AddUsers(std::span<const std::string> environment, const FileView& files,
                const std::function<bool(const std::string&)>& may_read);

  [[nodiscard]] const std::vector<std::string>& certificates() const { return certificates_; }
  [[nodiscard]] std::string Text() const;

 private:
  std::vector<std::string> certificates_;
  std::size_t bytes_ = 0;
};

/// Makes `environment` lead programs that check certificates to the bundle at `bundle`, and the JVM
/// to the PKCS #12 store at `store` (network.md 9, R9.2).
void AddTrustVariables(std::string_view bundle, std::string_view store,
                       std::vector<std::string>& environment);

}  // namespace ambit::cli
