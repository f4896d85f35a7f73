#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace ambit::config {

/// `none` in a file is an older word for `deny`.
enum class AccessWord : std::uint8_t { kRead, kWrite, kDeny };

/// One access word of a `filesystem` table, still as written.
struct PathEntry {
  std::string key;                     ///< Top-level key: "/abs", "~/x", ":workspace_roots", …
  std::optional<std::string> subpath;  ///< Key inside a scoped table; nullopt for a plain value.
  AccessWord access = AccessWord::kDeny;
  SourceRef from;
};

struct WorkspaceRoot {
  std::string path;  ///< As written: absolute, "~/…" or relative to the command's directory.
  bool enabled = true;
  SourceRef from;
};

/// A value together with the line that set it.
template <class T>
struct Placed {
  T value{};
  SourceRef from;
};

enum class DenyMode : std::uint8_t { kLive, kSnapshot };
enum class EnvironmentInherit : std::uint8_t { kAll, kCore, kNone };

struct EnvironmentTable {
  std::optional<Placed<EnvironmentInherit>> inherit;
  std::vector<Placed<std::string>> exclude;
  std::optional<Placed<bool>> default_excludes;
  std::vector<Placed<std::string>> include;
  std::map<std::string, Placed<std::string>> set;
};

struct LimitsTable {
  std::optional<Placed<std::int64_t>> processes, open_files, file_size, cpu_seconds;
};

/// Destination ports, both ends included.
struct PortRange {
  std::uint16_t low = 0;
  std::uint16_t high = 0;

  bool operator==(const PortRange&) const = default;
};

/// `network.upstream`: the parent proxy.
struct UpstreamTable {
  std::optional<Placed<std::string>> http, https;
  std::vector<Placed<std::string>> no_proxy;
  std::optional<Placed<std::string>> resolve;  ///< "local" or "remote"
};

/// `network.credentials.<id>`: exactly one of `env` and `file`.
struct CredentialTable {
  std::optional<Placed<std::string>> env, file;
  std::vector<Placed<std::string>> hosts;
  std::optional<Placed<std::string>> header;  ///< "authorization"
  std::optional<Placed<std::string>> scheme;  ///< "bearer", "basic" or "raw"
  SourceRef from;
};

/// One entry of `inject_request_headers`. A profile that is used has exactly one of `env` and
/// `file`.
struct InjectedHeaderTable {
  Placed<std::string> name;
  std::optional<Placed<std::string>> env, file;  ///< `secret_env_var`, `secret_file`
  std::optional<Placed<std::string>> prefix, placeholder;
  SourceRef from;
};

/// One entry of `replacements`. Exactly one of `env` and `file` is there.
struct BodyReplacementTable {
  Placed<std::string> placeholder;
  std::optional<Placed<std::string>> env, file;  ///< `secret.env_var`, `secret.file`
};

/// `body_secret_substitution`
struct BodySubstitutionTable {
  std::vector<BodyReplacementTable> replacements;
  std::optional<Placed<std::uint16_t>> port;
  std::optional<Placed<std::int64_t>> max_body_bytes;
  SourceRef from;
};

/// `{ env_var = "NAME" }` or `{ file = "PATH" }`; a profile that is used has exactly one of them.
struct SecretTable {
  std::optional<Placed<std::string>> env, file;
  SourceRef from;
};

/// `aws_sigv4`, as far as it says.
struct SigningTable {
  std::optional<Placed<std::string>> placeholder;  ///< `placeholder_access_key_id`
  std::optional<Placed<std::string>> region, service;
  std::optional<SecretTable> access_key_id, secret_access_key, session_token;
  std::optional<Placed<std::uint16_t>> port;
  std::optional<Placed<std::int64_t>> max_body_bytes;
  SourceRef from;
};

/// `network.mitm.actions.<name>`
struct MitmActionTable {
  std::vector<Placed<std::string>> strip;  ///< `strip_request_headers`
  std::vector<InjectedHeaderTable> inject;
  std::optional<BodySubstitutionTable> body;
  std::optional<SigningTable> aws_sigv4;
  SourceRef from;
};

/// `network.mitm.hooks.<name>`, as far as it says.
struct MitmHookTable {
  std::string name;
  std::optional<Placed<std::string>> host;
  std::vector<Placed<std::string>> methods, path_prefixes, schemes, actions;
  std::map<std::string, Placed<std::vector<std::string>>> query, headers;
  std::vector<Placed<std::uint16_t>> ports;
  std::optional<SourceRef> body;  ///< Where it is said.
  SourceRef from;
};

/// `network.mitm`
struct MitmTable {
  std::optional<Placed<std::int64_t>> version;  ///< 2
  std::vector<MitmHookTable> hooks;             ///< In the order of their names.
  std::map<std::string, MitmActionTable> actions;
  std::vector<Placed<std::string>> exclude;
};

struct NetworkTable {
  std::optional<Placed<bool>> enabled;
  /// Pattern -> true for allow. Patterns are trimmed, in lower case and without a trailing dot.
  std::map<std::string, Placed<bool>> domains;
  std::map<std::string, Placed<bool>> unix_sockets;  ///< absolute path -> true for allow
  /// The paths of unix_sockets whose rule says acknowledge_risk = true.
  std::map<std::string, Placed<bool>> acknowledged_sockets;
  std::optional<Placed<std::string>> mode;  ///< "limited" or "full"
  std::optional<Placed<std::string>> proxy_url, socks_url;
  std::optional<Placed<bool>> enable_socks5, enable_socks5_udp;
  std::optional<Placed<bool>> allow_upstream_proxy, allow_local_binding;
  std::optional<Placed<bool>> dangerously_allow_non_loopback_proxy;
  std::optional<Placed<bool>> dangerously_allow_all_unix_sockets;
  std::vector<Placed<PortRange>> default_ports;
  std::optional<Placed<bool>> allow_broad_wildcards, require_sni_match, strict_hooks, capture;
  std::optional<Placed<bool>> limited_allow_bodies;
  std::optional<Placed<std::int64_t>> limited_max_target_bytes;
  UpstreamTable upstream;
  std::vector<Placed<std::string>> publish;  ///< "ADDR:PORT" or "ADDR:HOSTPORT:PORT"
  std::map<std::string, CredentialTable> credentials;
  MitmTable mitm;
};

/// One entry of `tests`: what `ambit check` must find answered so.
struct ProfileTest {
  enum class Question : std::uint8_t { kRead, kWrite, kConnect, kUnix };
  bool expect_allow = false;
  Question question = Question::kRead;
  std::string object;
  SourceRef from;
};

/// A profile as far as files say, after the merge of layers and, once selected, of its parents.
struct Profile {
  std::string name;
  SourceRef from;  ///< The place of `[permissions.<name>]`; file "<built-in>" for built-ins.
  std::optional<Placed<std::string>> description;
  std::optional<Placed<std::string>> extends;
  /// In the order of their keys; every (key, subpath) at most once.
  std::vector<PathEntry> filesystem;
  std::optional<Placed<std::int64_t>> glob_scan_max_depth;
  std::optional<Placed<DenyMode>> deny_mode;
  std::vector<WorkspaceRoot> workspace_roots;
  NetworkTable network;
  EnvironmentTable environment;
  LimitsTable limits;
  std::vector<ProfileTest> tests;  ///< Never inherited.
  bool unrestricted = false;       ///< :danger-full-access: no sandbox at all.
  bool managed = false;            ///< Defined in requirements.
};

}  // namespace ambit::config
