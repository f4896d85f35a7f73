#include "cli/trust_bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/path_text.h"
#include "cli/environment.h"
#include "proxy/trust_store.h"

namespace ambit::cli {
namespace {

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
constexpr std::size_t kMostFiles = 2000;

/// Where distributions keep one file with all authorities: Debian, Fedora, SUSE, Alpine and others.
constexpr const char* kPlatformBundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

/// Each names one file with certificates.
constexpr std::string_view kFileNames[] = {
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
    "NPM_CONFIG_CAFILE",
    "npm_config_cafile",
    "BUNDLE_SSL_CA_CERT",
    "CARGO_HTTP_CAINFO",
    "AWS_CA_BUNDLE",
    "DENO_CERT",
    "HTTPLIB2_CA_CERTS",
    "NIX_SSL_CERT_FILE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
    "HEX_CACERTS_PATH",
};
constexpr std::string_view kDirectoryName = "SSL_CERT_DIR";

std::vector<std::string> FilesIn(const std::string& list, const FileView& files) {
  std::vector<std::string> out;
  std::string_view rest = list;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string directory(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!directory.starts_with('/')) continue;
    const Result<std::vector<std::string>> names = files.ListDirectory(directory);
    if (!names) continue;
    for (const std::string& name : *names) {
      if (out.size() < kMostFiles) out.push_back(JoinPath(directory, name));
    }
  }
  return out;
}

}  // namespace

void TrustBundle::Add(std::string_view text) {
  for (std::size_t at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin)) {
    const std::size_t end = text.find(kEnd, at);
    if (end == std::string_view::npos) return;
    std::string block(text.substr(at, end + kEnd.size() - at));
    text.remove_prefix(end + kEnd.size());
    const bool known = std::ranges::find(certificates_, block) != certificates_.end();
    if (known || bytes_ + block.size() > kMostBytes) continue;
    bytes_ += block.size() + 1;
    certificates_.push_back(std::move(block));
  }
}

void TrustBundle::AddPlatform(const FileView& files) {
  for (const char* const path : kPlatformBundles) {
    const Result<std::string> text = files.ReadFile(path, kMostBytes);
    if (text) return Add(*text);
  }
}

void TrustBundle::AddUsers(std::span<const std::string> environment, const FileView& files,
                           const std::function<bool(const std::string&)>& may_read) {
  std::vector<std::string> paths;
  for (const std::string_view name : kFileNames) {
    if (auto path = Lookup(environment, name)) paths.push_back(*std::move(path));
  }
  if (const auto list = Lookup(environment, kDirectoryName)) {
    for (std::string& path : FilesIn(*list, files)) paths.push_back(std::move(path));
  }
  std::ranges::sort(paths);
  const auto repeated = std::ranges::unique(paths);
  paths.erase(repeated.begin(), repeated.end());
  for (const std::string& path : paths) {
    if (!path.starts_with('/')) continue;
    const Result<RealPath> real = ResolveRealPath(files, FoldPath(path));
    if (!real || real->kind != FileKind::kRegular || !may_read(real->path)) continue;
    if (const Result<std::string> text = files.ReadFile(real->path, kMostBytes)) Add(*text);
  }
}

std::string TrustBundle::Text() const {
  std::string out;
  out.reserve(bytes_);
  for (const std::string& block : certificates_) {
    out += block;
    out += '\n';
  }
  return out;
}

void AddTrustVariables(std::string_view bundle, std::string_view store,
                       std::vector<std::string>& environment) {
  for (const std::string_view name : kFileNames) SetVariable(environment, name, bundle);
  SetVariable(environment, "AMBIT_CA_CERTIFICATE", bundle);
  // Some programs take the directory before the file; what was in it is in the bundle.
  std::erase_if(environment, [](const std::string& one) {
    return one.starts_with(kDirectoryName) && one.substr(kDirectoryName.size()).starts_with('=');
  });
  std::string java = Lookup(environment, "JAVA_TOOL_OPTIONS").value_or("");
  if (!java.empty()) java += ' ';
  java += fmt::format(
      "-Djavax.net.ssl.trustStore={} -Djavax.net.ssl.trustStoreType=PKCS12 "
      "-Djavax.net.ssl.trustStorePassword={}",
      store, proxy::kTrustStorePassword);
  SetVariable(environment, "JAVA_TOOL_OPTIONS", java);
}

}  // namespace ambit::cli
