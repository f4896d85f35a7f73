#include "cli/policy_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/load.h"
#include "support/fake_file_view.h"

namespace ambit::cli {
namespace {

using testing_support::FakeFileView;

constexpr const char* kConfig = "/home/ann/.config/ambit/config.toml";
constexpr const char* kProfile =
    "[permissions.w]\nextends = \":workspace\"\n[permissions.w.filesystem]\n\"/srv\" = \"write\"\n"
    "[permissions.w.filesystem.\":workspace_roots\"]\n\"**/*.env\" = \"deny\"\n";

FakeFileView Disk() { return FakeFileView().Dir("/work").Dir("/srv").Dir("/tmp").Dir("/bin"); }

Loaded LoadedOf(const FakeFileView& files, PolicyOptions options = {}) {
  if (!options.profile) options.profile = "w";
  const Surroundings around{
      .environment = {"HOME=/home/ann"}, .directory = "/work", .uid = 1000, .host_name = "h"};
  StepTimer timer;
  Result<Loaded> loaded = LoadPolicy(options, around, files, timer);
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
  return loaded ? *std::move(loaded) : Loaded{};
}

const std::string kBase = CanonicalText(LoadedOf(Disk().File(kConfig, kProfile)));

TEST(PolicyHashTest, TextIsTheInterface) {
  EXPECT_EQ(kBase.substr(0, kBase.find("environment")),
            "policy 1\n"
            "profile 'w'\n"
            "start in '/work'\n"
            "path '/' read entry\n"
            "path '/srv' write entry\n"
            "path '/srv/.agents' read protected\n"
            "path '/srv/.ambit' read protected\n"
            "path '/srv/.aws' read protected\n"
            "path '/srv/.codex' read protected\n"
            "path '/srv/.git' read protected\n"
            "path '/tmp' write entry\n"
            "path '/tmp/.agents' read protected\n"
            "path '/tmp/.ambit' read protected\n"
            "path '/tmp/.aws' read protected\n"
            "path '/tmp/.codex' read protected\n"
            "path '/tmp/.git' read protected\n"
            "path '/work' write entry\n"
            "path '/work/.agents' read entry\n"
            "path '/work/.ambit' read protected\n"
            "path '/work/.aws' read protected\n"
            "path '/work/.codex' read entry\n"
            "path '/work/.git' read entry\n"
            "pattern '**/*.env' below '/work' from '/work' depth any entry\n"
            "writable root '/srv'\n"
            "writable root '/tmp'\n"
            "writable root '/work'\n"
            "deny_mode live\n"
            "network off\n");
  EXPECT_NE(kBase.find("\nenvironment all exclude ['*TOKEN*', "), std::string::npos);
  EXPECT_TRUE(kBase.ends_with("] include []\n"));
}

TEST(PolicyHashTest, HashIsOfTheText) {
  const std::string hash = PolicyHash(LoadedOf(Disk().File(kConfig, kProfile)));
  EXPECT_EQ(hash.size(), 64U);
  EXPECT_EQ(hash, PolicyHash(LoadedOf(Disk().File(kConfig, kProfile))));
}

TEST(PolicyHashTest, WhereItIsWrittenAndWhatLiesOnTheDiskDoNotCount) {
  const FakeFileView moved = Disk()
                                 .File("/work/a.env")
                                 .File("/srv/x")
                                 .File("/etc/ambit/config.toml", std::string("\n# c\n") + kProfile);
  EXPECT_EQ(CanonicalText(LoadedOf(moved)), kBase);
}

TEST(PolicyHashTest, FileOfEventsDoesNotCount) {
  const FakeFileView files = Disk().File(kConfig, kProfile).File("/work/ev1");
  const Loaded loaded = LoadedOf(files, {.events_file = "/work/ev1"});
  ASSERT_EQ(policy::Decide(loaded.policy, "/work/ev1").access, policy::Access::kRead);
  EXPECT_EQ(CanonicalText(loaded), kBase);
}

TEST(PolicyHashTest, EveryKindOfRuleCounts) {
  const std::string base(kProfile);
  for (const std::string& more : {
           std::string("[permissions.w.workspace_roots]\n\"/srv/more\" = true\n"),
           std::string("[permissions.w.environment]\ninherit = \"core\"\n"),
           std::string("[permissions.w.environment]\nset = { A = \"1\" }\n"),
           std::string("[permissions.w.limits]\nopen_files = 100\n"),
       }) {
    const FakeFileView files = Disk().Dir("/srv/more").File(kConfig, base + more);
    EXPECT_NE(CanonicalText(LoadedOf(files)), kBase) << more;
  }
  std::string other = base;
  other.replace(other.find("\"write\""), 7, "\"deny\"");
  EXPECT_NE(CanonicalText(LoadedOf(Disk().File(kConfig, other))), kBase);
  other = base;
  other.replace(other.find("*.env"), 5, "*.key");
  EXPECT_NE(CanonicalText(LoadedOf(Disk().File(kConfig, other))), kBase);
}

/// Every key of a network table. Each line below is one thing that the proxy does otherwise.
constexpr std::string_view kNetwork = R"(
[permissions.w.network]
enabled = true
mode = "full"
proxy_url = "http://127.0.0.1:3128"
socks_url = "socks5://127.0.0.1:1080"
enable_socks5 = true
enable_socks5_udp = false
allow_upstream_proxy = true
allow_local_binding = false
dangerously_allow_non_loopback_proxy = false
dangerously_allow_all_unix_sockets = false
default_ports = [80, "443-444"]
allow_broad_wildcards = true
require_sni_match = false
strict_hooks = false
capture = true
publish = ["127.0.0.1:3000"]
[permissions.w.network.domains]
"api.example.com" = "allow"
"b.example.com" = "allow"
"c.example.com" = "allow"
[permissions.w.network.unix_sockets]
"/srv/a.sock" = { access = "allow", acknowledge_risk = true }
[permissions.w.network.limited]
allow_bodies = false
max_target_bytes = 100
[permissions.w.network.upstream]
http = "http://one.test:3128"
https = "http://two.test:3128"
no_proxy = ["near.test"]
resolve = "local"
[permissions.w.network.credentials.first]
env = "FIRST_KEY"
hosts = ["b.example.com"]
header = "authorization"
scheme = "bearer"
[permissions.w.network.credentials.second]
file = "/srv/second-key"
hosts = ["b.example.com:8443"]
[permissions.w.network.mitm]
version = 2
exclude = ["c.example.com"]
[permissions.w.network.mitm.hooks.hook]
host = "api.example.com"
methods = ["GET"]
path_prefixes = ["/a/"]
query = { q = ["one"] }
headers = { x-a = ["two"] }
schemes = ["https"]
ports = [443, 445]
action = ["act"]
[permissions.w.network.mitm.actions.act]
strip_request_headers = ["cookie"]
[[permissions.w.network.mitm.actions.act.inject_request_headers]]
name = "x-k"
secret_env_var = "HOOK_KEY"
prefix = "p-"
placeholder = "0123456789abcdef"
[[permissions.w.network.mitm.actions.act.inject_request_headers]]
name = "x-l"
secret_file = "/srv/hook-key"
[permissions.w.network.mitm.actions.act.body_secret_substitution]
port = 443
max_body_bytes = 5000
[[permissions.w.network.mitm.actions.act.body_secret_substitution.replacements]]
placeholder = "{{first-of-body}}"
secret = { env_var = "BODY_KEY" }
[[permissions.w.network.mitm.actions.act.body_secret_substitution.replacements]]
placeholder = "{{second-of-body}}"
secret = { file = "/srv/body-key" }
[permissions.w.network.mitm.hooks.signed]
host = "b.example.com"
methods = ["POST"]
path_prefixes = ["/"]
action = ["sign"]
[permissions.w.network.mitm.actions.sign.aws_sigv4]
placeholder_access_key_id = "AKIAPLACEHOLDER1"
region = "eu-north-1"
service = "s3"
access_key_id = { env_var = "SIGN_ID" }
secret_access_key = { file = "/srv/sign-key" }
session_token = { env_var = "SIGN_TOKEN" }
port = 8443
max_body_bytes = 7000
)";

struct Change {
  std::string_view from;  ///< Of kNetwork.
  std::string_view to;
};

constexpr Change kChanges[] = {
    {"enabled = true", "enabled = false"},
    {"mode = \"full\"", "mode = \"limited\""},
    {"127.0.0.1:3128", "127.0.0.1:3129"},
    {"127.0.0.1:1080", "127.0.0.1:1081"},
    {"enable_socks5 = true", "enable_socks5 = false"},
    {"enable_socks5_udp = false", "enable_socks5_udp = true"},
    {"allow_upstream_proxy = true", "allow_upstream_proxy = false"},
    {"allow_local_binding = false", "allow_local_binding = true"},
    {"non_loopback_proxy = false", "non_loopback_proxy = true"},
    {"all_unix_sockets = false", "all_unix_sockets = true"},
    {"[80, \"443-444\"]", "[80, \"443-445\"]"},
    {"[80, \"443-444\"]", "[\"443-444\"]"},
    {"allow_broad_wildcards = true", "allow_broad_wildcards = false"},
    {"require_sni_match = false", "require_sni_match = true"},
    {"strict_hooks = false", "strict_hooks = true"},
    {"capture = true", "capture = false"},
    {"127.0.0.1:3000", "127.0.0.1:3001"},
    {"\"c.example.com\" = \"allow\"",
     "\"*.c.example.com\" = \"allow\"\n\"c.example.com\" = \"allow\""},
    {"\"c.example.com\" = \"allow\"", "\"c.example.com\" = \"deny\""},
    {"a.sock\" = { access = \"allow\"", "a.sock\" = { access = \"deny\""},
    {"a.sock", "b.sock"},
    {"acknowledge_risk = true", "acknowledge_risk = false"},
    {"allow_bodies = false", "allow_bodies = true"},
    {"max_target_bytes = 100", "max_target_bytes = 101"},
    {"one.test:3128", "one.test:3129"},
    {"two.test:3128", "two.test:3129"},
    {"near.test", "far.test"},
    {"resolve = \"local\"", "resolve = \"remote\""},
    {"credentials.first", "credentials.other"},
    {"env = \"FIRST_KEY\"", "env = \"THIRD_KEY\""},
    {"env = \"FIRST_KEY\"", "file = \"/srv/first-key\""},
    {"hosts = [\"b.example.com\"]", "hosts = [\"b.example.com:444\"]"},
    {"header = \"authorization\"\n", ""},
    {"scheme = \"bearer\"", "scheme = \"basic\""},
    {"/srv/second-key", "/srv/third-key"},
    {"version = 2\nexclude = [\"c.example.com\"]", "version = 2\nexclude = []"},
    {"hooks.hook", "hooks.another"},
    {"host = \"api.example.com\"", "host = \"b.example.com\""},
    {"methods = [\"GET\"]", "methods = [\"GET\", \"PUT\"]"},
    {"/a/", "/b/"},
    {"q = [\"one\"]", "r = [\"one\"]"},
    {"q = [\"one\"]", "q = [\"three\"]"},
    {"x-a = [\"two\"]", "x-b = [\"two\"]"},
    {"x-a = [\"two\"]", "x-a = []"},
    {"ports = [443, 445]", "ports = [443, 446]"},
    {"schemes = [\"https\"]\n", ""},
    {"action = [\"act\"]",
     "action = [\"act\", \"more\"]\n[permissions.w.network.mitm.actions.more]\n"
     "strip_request_headers = [\"x-q\"]"},
    {"[\"cookie\"]", "[\"cookie\", \"x-z\"]"},
    {"name = \"x-k\"", "name = \"x-m\""},
    {"HOOK_KEY", "OTHER_KEY"},
    {"prefix = \"p-\"", "prefix = \"q-\""},
    {"0123456789abcdef", "0123456789abcdeg"},
    {"/srv/hook-key", "/srv/other-key"},
    {"port = 443\n", "port = 445\n"},
    {"max_body_bytes = 5000", "max_body_bytes = 5001"},
    {"first-of-body", "third-of-body"},
    {"BODY_KEY", "FORM_KEY"},
    {"second-of-body", "third-of-body"},
    {"/srv/body-key", "/srv/form-key"},
    {"hooks.signed", "hooks.written"},
    {"host = \"b.example.com\"", "host = \"api.example.com\""},
    {"methods = [\"POST\"]", "methods = [\"PUT\"]"},
    {"path_prefixes = [\"/\"]", "path_prefixes = [\"/b/\"]"},
    {"action = [\"sign\"]",
     "action = [\"sign\", \"more\"]\n[permissions.w.network.mitm.actions.more]\n"
     "strip_request_headers = [\"x-q\"]"},
    {"AKIAPLACEHOLDER1", "AKIAPLACEHOLDER2"},
    {"eu-north-1", "eu-north-2"},
    {"service = \"s3\"", "service = \"s4\""},
    {"SIGN_ID", "SIGN_OTHER"},
    {"env_var = \"SIGN_ID\"", "file = \"/SIGN_ID\""},
    {"/srv/sign-key", "/srv/sign-other"},
    {"SIGN_TOKEN", "OTHER_TOKEN"},
    {"session_token = { env_var = \"SIGN_TOKEN\" }\n", ""},
    {"port = 8443", "port = 8444"},
    {"max_body_bytes = 7000", "max_body_bytes = 7001"},
};

TEST(PolicyHashTest, EveryKeyOfTheNetworkCounts) {
  const std::string whole = std::string(kProfile) + std::string(kNetwork);
  std::map<std::string, std::string> seen;
  const auto hash_of = [&](const std::string& text) {
    return PolicyHash(LoadedOf(Disk().Dir("/srv").File(kConfig, text)));
  };
  seen[hash_of(whole)] = "nothing changed";
  for (const Change& change : kChanges) {
    const std::string name = std::string(change.from) + " -> " + std::string(change.to);
    std::string text = whole;
    const std::size_t at = text.find(change.from);
    ASSERT_NE(at, std::string::npos) << name;
    text.replace(at, change.from.size(), change.to);
    const auto [same, is_new] = seen.try_emplace(hash_of(text), name);
    EXPECT_TRUE(is_new) << name << " is the same as " << same->second;
  }
}

/// No line of kNetwork is without a row above.
TEST(PolicyHashTest, EveryKeyOfTheNetworkHasARow) {
  std::string_view rest = kNetwork;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    const std::size_t start = static_cast<std::size_t>(line.data() - kNetwork.data());
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.find(" = ") == line.npos) continue;
    // The first two of the hosts are what others of the keys are about, the version has one value.
    if (line.find("\"allow\"") != line.npos && line.find("\"c.") == line.npos) continue;
    if (line.starts_with("version") || line.find("x-l") != line.npos ||
        line.find(":8443") != line.npos)
      continue;
    const bool changed = std::ranges::any_of(kChanges, [&](const Change& change) {
      const std::size_t at = kNetwork.find(change.from);
      return at < start + line.size() && at + change.from.size() > start;
    });
    EXPECT_TRUE(changed) << line;
  }
}

TEST(PolicyHashTest, WhatTheRequirementsSayOfTheNetworkCounts) {
  const std::string whole = std::string(kProfile) + "[permissions.w.network]\nenabled = true\n";
  const auto text_of = [&](const std::string& requirements) {
    const FakeFileView files =
        Disk().File(kConfig, whole).File("/etc/ambit/requirements.toml", requirements);
    return CanonicalText(LoadedOf(files));
  };
  const std::string head = "[permissions.network]\n";
  std::set<std::string> texts = {CanonicalText(LoadedOf(Disk().File(kConfig, whole)))};
  const std::vector<std::string> tables = {
      "enabled = true\n",
      "enabled = false\n",
      "allow_upstream_proxy = false\n",
      "allow_local_binding = false\n",
      "dangerously_allow_non_loopback_proxy = false\n",
      "dangerously_allow_all_unix_sockets = false\n",
      "managed_allowed_domains_only = true\n",
      "[permissions.network.domains]\n\"d.example.com\" = \"deny\"\n",
      "[permissions.network.unix_sockets]\n\"/srv/c.sock\" = \"deny\"\n"};
  for (const std::string& table : tables) {
    EXPECT_TRUE(texts.insert(text_of(head + table)).second) << table;
  }
}

TEST(PolicyHashTest, SecretsThemselvesAreNoneOfIt) {
  const FakeFileView files = Disk()
                                 .File("/srv/second-key", "hunter2-hunter2-hunter2")
                                 .File("/srv/hook-key", "hunter2-hunter2-hunter2")
                                 .File(kConfig, std::string(kProfile) + std::string(kNetwork));
  const std::string text = CanonicalText(LoadedOf(files));
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  EXPECT_NE(text.find("/srv/second-key"), std::string::npos);
  EXPECT_NE(text.find("FIRST_KEY"), std::string::npos);
}

TEST(PolicyHashTest, WithoutASandboxNothingElseCounts) {
  EXPECT_EQ(CanonicalText(LoadedOf(Disk(), {.profile = ":danger-full-access"})),
            "policy 1\nprofile ':danger-full-access'\nno sandbox\n");
}

}  // namespace
}  // namespace ambit::cli
