#include "cli/proxy_environment.h"

#include <fmt/format.h>

#include <string_view>

#include "cli/environment.h"

namespace ambit::cli {
namespace {

constexpr std::string_view kHttpNames[] = {
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
    "WS_PROXY",
    "WSS_PROXY",
    "ws_proxy",
    "wss_proxy",
    "YARN_HTTP_PROXY",
    "YARN_HTTPS_PROXY",
    "npm_config_http_proxy",
    "npm_config_https_proxy",
    "npm_config_proxy",
    "NPM_CONFIG_HTTP_PROXY",
    "NPM_CONFIG_HTTPS_PROXY",
    "NPM_CONFIG_PROXY",
    "BUNDLE_HTTP_PROXY",
    "BUNDLE_HTTPS_PROXY",
    "PIP_PROXY",
    "DOCKER_HTTP_PROXY",
    "DOCKER_HTTPS_PROXY",
    // gRPC refuses socks5h and reads no other name.
    "GRPC_PROXY",
    "grpc_proxy",
};

constexpr std::string_view kSocksNames[] = {"ALL_PROXY", "all_proxy", "FTP_PROXY", "ftp_proxy"};

constexpr std::string_view kExceptionNames[] = {"NO_PROXY",           "no_proxy",
                                                "YARN_NO_PROXY",      "npm_config_noproxy",
                                                "NPM_CONFIG_NOPROXY", "BUNDLE_NO_PROXY"};
/// The loopback is the sandbox's own: a server that the command starts is reached directly.
constexpr std::string_view kExceptions = "localhost,127.0.0.1,::1";

constexpr std::string_view kAddress = "127.0.0.1";

/// Java takes no variable of the others. What the user wants of it stays, before ours.
std::string JavaOptions(const std::vector<std::string>& environment, std::uint16_t port) {
  std::string out = Lookup(environment, "JAVA_TOOL_OPTIONS").value_or("");
  if (!out.empty()) out += ' ';
  for (const std::string_view scheme : {"http", "https"}) {
    out += fmt::format("-D{0}.proxyHost={1} -D{0}.proxyPort={2} ", scheme, kAddress, port);
  }
  return out + "-DsocksProxyHost=";
}

/// See resolv.conf(5). What the user wants stays.
std::string ResolverOptions(const std::vector<std::string>& environment) {
  const std::string given = Lookup(environment, "RES_OPTIONS").value_or("");
  return given.empty() ? "use-vc" : given + " use-vc";
}

std::string SshCommand(std::string_view program) {
  return fmt::format(
      "ssh -o ProxyCommand='{} connect %h %p' -o ControlMaster=no -o ControlPath=none", program);
}

/// ssh hands its proxy command to a shell, and reads % for itself.
bool CanStandInProxyCommand(std::string_view program) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+";
  return program.starts_with('/') && program.find_first_not_of(kPlain) == std::string_view::npos;
}

}  // namespace

void AddProxyVariables(const ProxyVariables& told, std::vector<std::string>& environment) {
  const std::uint16_t port = told.doors.http_port;
  const std::string http = fmt::format("http://{}:{}", kAddress, port);
  const std::string socks =
      told.socks ? fmt::format("socks5h://{}:{}", kAddress, told.doors.socks_port) : http;
  for (const std::string_view name : kHttpNames) SetVariable(environment, name, http);
  for (const std::string_view name : kSocksNames) SetVariable(environment, name, socks);
  for (const std::string_view name : kExceptionNames) SetVariable(environment, name, kExceptions);
  SetVariable(environment, "RSYNC_PROXY", fmt::format("{}:{}", kAddress, port));
  SetVariable(environment, "CLOUDSDK_PROXY_TYPE", "http");
  SetVariable(environment, "CLOUDSDK_PROXY_ADDRESS", kAddress);
  SetVariable(environment, "CLOUDSDK_PROXY_PORT", std::to_string(port));
  SetVariable(environment, "ELECTRON_GET_USE_PROXY", "true");
  SetVariable(environment, "NODE_USE_ENV_PROXY", "1");
  SetVariable(environment, "JAVA_TOOL_OPTIONS", JavaOptions(environment, port));
  if (told.names_by_tcp) SetVariable(environment, "RES_OPTIONS", ResolverOptions(environment));
  SetVariable(environment, "AMBIT_PROXY_ACTIVE", "1");
  SetVariable(environment, "AMBIT_PROFILE", told.profile);
  if (told.git_ssh_command) {
    SetVariable(environment, "GIT_SSH_COMMAND", *told.git_ssh_command);
  } else if (CanStandInProxyCommand(told.program)) {
    SetVariable(environment, "GIT_SSH_COMMAND", SshCommand(told.program));
  }
}

}  // namespace ambit::cli
