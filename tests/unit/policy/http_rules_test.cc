#include "policy/http_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/network.h"
#include "unit/policy/network_table.h"

namespace ambit::policy {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kHooks = R"(
enabled = true
domains = { "api.example.com" = "allow", "other.example" = "allow", "93.184.216.34" = "allow" }
[mitm]
version = 2
[mitm.hooks.read]
host = "API.example.com."
methods = ["get", "HEAD"]
path_prefixes = ["/api/", "pattern:/repos/*/issues"]
action = ["token"]
[mitm.hooks.search]
host = "api.example.com"
methods = ["GET"]
path_prefixes = ["/search"]
query = { state = ["open", "pattern:tri*"] }
headers = { X-Version = ["1", "2"], x-seen = [] }
ports = [443]
action = ["strip"]
[mitm.hooks.other]
host = "93.184.216.34"
methods = ["PUT"]
path_prefixes = ["/"]
action = ["held", "strip"]
[mitm.actions.token]
strip_request_headers = ["Authorization"]
inject_request_headers = [{ name = "Authorization", secret_env_var = "TOK", prefix = "Bearer " }]
[mitm.actions.strip]
strip_request_headers = ["cookie"]
[mitm.actions.held]
inject_request_headers = [{ name = "x-key", secret_file = "/s/key", placeholder = "PLACE" }]
)";

class HttpRulesTest : public testing::Test {
 protected:
  explicit HttpRulesTest(std::string_view toml = kHooks) : rules_(RulesOf(toml)) {}

  HttpVerdict Decide(std::string_view host, std::string_view method, std::string_view target,
                     std::vector<Field> fields = {}, std::uint16_t port = 443) const {
    HttpRequest request{.method = method, .target = target, .fields = fields, .secure = true};
    return rules_.http().Decide(*ParseDestination(host, port), request);
  }
  std::string Hook(std::string_view host, std::string_view method, std::string_view target,
                   const std::vector<Field>& fields = {}, std::uint16_t port = 443) const {
    const HttpVerdict verdict = Decide(host, method, target, fields, port);
    if (!verdict.allowed()) return std::string(ToWord(verdict.reason));
    return verdict.hook == nullptr ? "none" : verdict.hook->name;
  }

  NetworkRules rules_;
};

TEST_F(HttpRulesTest, TakesTheFirstHookThatFits) {
  EXPECT_EQ(Hook("api.example.com", "GET", "/api/x"), "read");
  EXPECT_EQ(Hook("api.example.com", "HEAD", "/repos/a/issues"), "read");
  EXPECT_EQ(Hook("api.example.com", "GET", "/api/x?any=thing"), "read");
  EXPECT_EQ(Hook("other.example", "DELETE", "/"), "none");
}

TEST_F(HttpRulesTest, RefusesWhatNoHookOfAHookedHostTakes) {
  for (const auto& [method, target] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"POST", "/api/x"},
           {"get", "/api/x"},
           {"GET", "/"},
           {"GET", ""},
           {"GET", "/repos/a/b/issues"},
           {"GET", "/api/../secret"},
           {"GET", "/api/%2e%2e/secret"},
           {"GET", "/%61pi/x"},
           {"OPTIONS", "*"},
           {"GET", "?/api/"},
           {"GET", "/search"},
       }) {
    EXPECT_EQ(Hook("api.example.com", method, target), "mitm_hook_denied") << method << target;
  }
  const HttpVerdict verdict = Decide("api.example.com", "POST", "/api/x?token=abc");
  EXPECT_EQ(verdict.rule, "mitm.hooks.read");
  EXPECT_EQ(verdict.from.file, "c.toml");
  EXPECT_EQ(verdict.detail,
            "no hook of 'api.example.com' permits POST /api/x: hook 'read' takes other methods");
}

TEST_F(HttpRulesTest, EveryValueOfAKeyAndAHeaderHasToFit) {
  const std::vector<Field> good = {{"x-version", "2"}, {"X-Seen", ""}};
  EXPECT_EQ(Hook("api.example.com", "GET", "/search?state=open", good), "search");
  EXPECT_EQ(Hook("api.example.com", "GET", "/search?a=b&state=tri%61ge", good), "search");
  EXPECT_EQ(Hook("api.example.com", "GET", "/search?st%61te=open", good), "search");
  for (const std::string_view query : {"", "?state", "?state=closed", "?state=open&state=closed",
                                       "?State=open", "?state=open%00"}) {
    EXPECT_EQ(Hook("api.example.com", "GET", "/search" + std::string(query), good),
              "mitm_hook_denied")
        << query;
  }
  for (const std::vector<Field>& fields :
       std::vector<std::vector<Field>>{{},
                                       {{"x-version", "2"}},
                                       {{"x-version", "3"}, {"x-seen", ""}},
                                       {{"x-version", "2"}, {"x-version", "3"}, {"x-seen", ""}}}) {
    EXPECT_EQ(Hook("api.example.com", "GET", "/search?state=open", fields), "mitm_hook_denied");
  }
  EXPECT_EQ(Hook("api.example.com", "GET", "/search?state=open", good, 8443), "mitm_hook_denied");
}

TEST_F(HttpRulesTest, APlaceholderHasToBeThereAsItIs) {
  EXPECT_EQ(Hook("93.184.216.34", "PUT", "/", {{"X-Key", "PLACE"}}), "other");
  for (const std::vector<Field>& fields : std::vector<std::vector<Field>>{
           {}, {{"x-key", "PLACES"}}, {{"x-key", "PLACE"}, {"x-key", "mine"}}}) {
    EXPECT_EQ(Hook("93.184.216.34", "PUT", "/", fields), "mitm_hook_denied");
  }
}

TEST_F(HttpRulesTest, SumsUpTheActionsOfAHook) {
  const HttpVerdict verdict = Decide("93.184.216.34", "PUT", "/", {{"x-key", "PLACE"}});
  ASSERT_NE(verdict.hook, nullptr);
  EXPECT_EQ(verdict.hook->strip, std::vector<std::string>{"cookie"});
  ASSERT_EQ(verdict.hook->inject.size(), 1U);
  EXPECT_EQ(verdict.hook->inject[0].name, "x-key");
  const SecretPlace& secret = rules_.http().secrets()[verdict.hook->inject[0].secret];
  EXPECT_TRUE(secret.is_file);
  EXPECT_EQ(secret.text, "/s/key");
}

class BodyEditTest : public HttpRulesTest {
 protected:
  BodyEditTest()
      : HttpRulesTest(R"(
domains = { "a.example" = "allow" }
[mitm.hooks.h]
host = "a.example"
methods = ["POST"]
path_prefixes = ["/"]
action = ["a"]
[mitm.actions.a.body_secret_substitution]
replacements = [
  { placeholder = "PLACEHOLDER-0001", secret = { env_var = "ONE" } },
  { placeholder = "placeholder-0002", secret = { file = "/s/two" } },
]
port = 8443
max_body_bytes = 100
)") {}

  /// What is said against a request with a body.
  std::string Problem(const std::vector<Field>& fields, std::uint16_t port = 8443) const {
    const HttpRequest request{
        .method = "POST", .target = "/", .fields = fields, .has_body = true, .secure = true};
    const HttpVerdict verdict = rules_.http().Decide(*ParseDestination("a.example", port), request);
    if (verdict.allowed()) return "";
    EXPECT_EQ(verdict.reason, Reason::kMitmHook);
    EXPECT_EQ(verdict.rule, "mitm.hooks.h");
    return verdict.detail;
  }
};

TEST_F(BodyEditTest, IsPartOfTheHook) {
  const BodyEdit& edit = *rules_.http().hooks()[0].body;
  ASSERT_EQ(edit.placeholders.size(), 2U);
  EXPECT_EQ(edit.placeholders[0].text, "PLACEHOLDER-0001");
  EXPECT_EQ(rules_.http().secrets()[edit.placeholders[0].secret].text, "ONE");
  EXPECT_TRUE(rules_.http().secrets()[edit.placeholders[1].secret].is_file);
  EXPECT_EQ(edit.max_bytes, 100U);
}

TEST_F(BodyEditTest, TakesOnlyBodiesThatCanBeRead) {
  EXPECT_EQ(Problem({}), "");
  EXPECT_EQ(Problem({{"Content-Encoding", "Identity"}, {"content-encoding", ""}}), "");
  const std::string why = "hook 'h' replaces text in bodies and takes ";
  EXPECT_EQ(Problem({{"Content-Encoding", "gzip"}}), why + "no body with a content coding");
  EXPECT_EQ(Problem({{"Content-Encoding", "identity, br"}}), why + "no body with a content coding");
  EXPECT_EQ(Problem({{"TRAILER", "x"}}), why + "no body with trailers");
  EXPECT_EQ(Problem({}, 443), why + "requests to port 8443 only");
  // Without a body there is nothing to replace.
  EXPECT_EQ(Hook("a.example", "POST", "/", {{"Content-Encoding", "gzip"}}, 8443), "h");
}

class SigningTest : public HttpRulesTest {
 protected:
  SigningTest()
      : HttpRulesTest(R"(
domains = { "a.example" = "allow" }
[mitm.hooks.h]
host = "a.example"
methods = ["PUT"]
path_prefixes = ["/"]
action = ["a"]
[mitm.actions.a.aws_sigv4]
placeholder_access_key_id = "AKIAPLACEHOLDER1"
region = "eu-north-1"
service = "s3"
access_key_id = { env_var = "ID" }
secret_access_key = { file = "/s/key" }
session_token = { env_var = "TOKEN" }
port = 8443
max_body_bytes = 100
)") {}
};

TEST_F(SigningTest, IsPartOfTheHook) {
  const RequestSigning& signing = *rules_.http().hooks()[0].signing;
  EXPECT_EQ(signing.placeholder, "AKIAPLACEHOLDER1");
  EXPECT_EQ(signing.region, "eu-north-1");
  EXPECT_EQ(signing.service, "s3");
  EXPECT_EQ(signing.max_bytes, 100U);
  const auto& secrets = rules_.http().secrets();
  ASSERT_EQ(secrets.size(), 3U);
  EXPECT_EQ(secrets[signing.access_key_id].text, "ID");
  EXPECT_EQ(secrets[signing.secret_access_key].text, "/s/key");
  EXPECT_EQ(secrets[signing.session_token.value()].text, "TOKEN");
  EXPECT_TRUE(rules_.http().HasDummy(signing.access_key_id));
  EXPECT_TRUE(rules_.http().HasDummy(*signing.session_token));
}

TEST_F(SigningTest, TakesOnePortAndEveryKindOfBody) {
  EXPECT_EQ(Hook("a.example", "PUT", "/", {{"Content-Encoding", "gzip"}}, 8443), "h");
  const HttpVerdict verdict = rules_.http().Decide(
      *ParseDestination("a.example", 443), {.method = "PUT", .target = "/", .secure = true});
  EXPECT_EQ(verdict.reason, Reason::kMitmHook);
  EXPECT_EQ(verdict.detail, "hook 'h' signs requests and takes requests to port 8443 only");
}

TEST_F(HttpRulesTest, AHookedHostIsReachedOverTlsAlone) {
  const Destination to = *ParseDestination("api.example.com", 443);
  EXPECT_EQ(rules_.http().InterceptionFor(to), Interception::kRequired);
  EXPECT_EQ(rules_.http().InterceptionFor(*ParseDestination("other.example", 443)),
            Interception::kNone);
  const auto before = [&](std::string_view host, std::uint16_t port, Protocol protocol) {
    return std::string(ToWord(rules_.Before(*ParseDestination(host, port), protocol).reason));
  };
  EXPECT_EQ(before("api.example.com", 443, Protocol::kConnect), "allowed");
  EXPECT_EQ(before("api.example.com", 8443, Protocol::kConnect), "allowed");
  EXPECT_EQ(before("api.example.com", 443, Protocol::kSocks5), "allowed");
  EXPECT_EQ(before("api.example.com", 443, Protocol::kTcp), "allowed");
  EXPECT_EQ(before("api.example.com", 8443, Protocol::kSocks5), "mitm_required");
  EXPECT_EQ(before("api.example.com", 22, Protocol::kTcp), "mitm_required");
  EXPECT_EQ(before("api.example.com", 80, Protocol::kHttp), "mitm_required");
  EXPECT_EQ(before("other.example", 80, Protocol::kHttp), "allowed");
  EXPECT_EQ(before("elsewhere.example", 80, Protocol::kHttp), "not_allowed");
  HttpRequest plain{.method = "GET", .target = "/api/x"};
  EXPECT_EQ(rules_.http().Decide(to, plain).reason, Reason::kMitmRequired);
}

constexpr std::string_view kLimited = R"(
enabled = true
mode = "limited"
domains = { "api.example.com" = "allow", "other.example" = "allow", "*.dart.example" = "allow" }
limited.max_target_bytes = 20
[mitm]
exclude = ["**.dart.example"]
[mitm.hooks.write]
host = "api.example.com"
methods = ["POST", "GET"]
path_prefixes = ["/api/"]
action = ["strip"]
[mitm.actions.strip]
strip_request_headers = ["cookie"]
)";

class LimitedTest : public HttpRulesTest {
 protected:
  LimitedTest() : HttpRulesTest(kLimited) {}
  std::string Ask(const HttpRequest& request) const {
    const Destination to = *ParseDestination("other.example", 80);
    return std::string(ToWord(rules_.http().Decide(to, request).reason));
  }
};

TEST_F(LimitedTest, OnlyReads) {
  for (const std::string_view method : {"GET", "HEAD", "OPTIONS"}) {
    EXPECT_EQ(Ask({.method = method, .target = "/"}), "allowed");
    EXPECT_EQ(Ask({.method = method, .target = "/", .has_body = true}), "method_not_allowed");
  }
  for (const std::string_view method : {"get", "PUT", "POST", "DELETE", "TRACE", "GETS", ""}) {
    EXPECT_EQ(Ask({.method = method, .target = "/"}), "method_not_allowed") << method;
  }
  EXPECT_EQ(Ask({.method = "GET", .target = "/", .websocket = true}), "method_not_allowed");
}

TEST_F(LimitedTest, NoFieldNamesAnotherMethod) {
  for (const std::string_view name :
       {"X-HTTP-Method-Override", "x-http-method", "X-Method-Override"}) {
    const std::vector<Field> fields = {{name, "GET"}};
    EXPECT_EQ(Ask({.method = "GET", .target = "/", .fields = fields}), "method_not_allowed");
    EXPECT_EQ(Hook("api.example.com", "POST", "/api/x", fields), "mitm_hook_denied");
  }
}

TEST_F(LimitedTest, BoundsTheTarget) {
  EXPECT_EQ(Ask({.method = "GET", .target = "/345678901234567890?"}), "allowed");
  EXPECT_EQ(Ask({.method = "GET", .target = "/345678901234567890?x"}), "method_not_allowed");
}

TEST_F(LimitedTest, HooksSayWhatElseAHostTakes) {
  EXPECT_EQ(Hook("api.example.com", "POST", "/api/x"), "write");
  EXPECT_EQ(Hook("api.example.com", "PUT", "/api/x"), "mitm_hook_denied");
  EXPECT_EQ(Hook("api.example.com", "GET", "/x"), "mitm_hook_denied");
  EXPECT_EQ(Hook("api.example.com", "GET", "/api/67890123456789012"), "method_not_allowed");
}

TEST_F(LimitedTest, LooksIntoEverythingButWhatIsExcluded) {
  const auto how = [&](std::string_view host, std::uint16_t port) {
    return rules_.http().InterceptionFor(*ParseDestination(host, port));
  };
  EXPECT_EQ(how("other.example", 443), Interception::kRequired);
  EXPECT_EQ(how("other.example", 22), Interception::kRequired);
  EXPECT_EQ(how("pub.dart.example", 443), Interception::kNone);
  EXPECT_TRUE(rules_.Before(*ParseDestination("pub.dart.example", 22), Protocol::kTcp).allowed());
  EXPECT_TRUE(rules_.http().MayIntercept());
}

TEST(CredentialRulesTest, AreBoundToHostsAndPorts) {
  const NetworkRules rules = RulesOf(R"(
enabled = true
domains = { "api.github.com" = "allow", "ghe.corp.example" = "allow", "x.example" = "allow" }
credentials.gh = { env = "GH_TOKEN" }
credentials.corp = { file = "~/.corp", hosts = ["ghe.corp.example:8443"], scheme = "basic" }
)");
  const HttpRules& http = rules.http();
  const auto ids = [&http](std::string_view host, std::uint16_t port) {
    std::string out;
    for (const CredentialRule* rule : http.CredentialsFor(*ParseDestination(host, port))) {
      out += rule->id;
    }
    return out;
  };
  EXPECT_EQ(ids("api.github.com", 443), "gh");
  EXPECT_EQ(ids("github.com", 443), "");
  EXPECT_EQ(ids("api.github.com", 80), "");
  EXPECT_EQ(ids("ghe.corp.example", 8443), "corp");
  EXPECT_EQ(ids("ghe.corp.example", 443), "");
  EXPECT_EQ(ids("x.example", 443), "");
  EXPECT_EQ(http.InterceptionFor(*ParseDestination("api.github.com", 443)), Interception::kOffered);
  EXPECT_EQ(http.InterceptionFor(*ParseDestination("x.example", 443)), Interception::kNone);
  ASSERT_EQ(http.credentials().size(), 2U);
  EXPECT_EQ(http.credentials()[0].scheme, CredentialScheme::kBasic);
  EXPECT_EQ(http.credentials()[1].scheme, CredentialScheme::kAny);
}

TEST(StrictHooksTest, RefusesOtherWaysToAHookedAddress) {
  std::string toml(kHooks);
  toml.insert(toml.find("[mitm]"), "strict_hooks = true\n");
  const NetworkRules strict = RulesOf(toml);
  const NetworkRules usual = RulesOf(kHooks);
  const HttpHook& hook = strict.http().hooks().front();
  const std::vector<NetworkRules::HookedAddress> hooked = {{&hook, *ParseIp("198.51.100.1")}};
  const std::vector<IpAddress> same = {*ParseIp("198.51.100.7"), *ParseIp("198.51.100.1")};
  const std::vector<IpAddress> other = {*ParseIp("198.51.100.7")};
  const Destination beside = *ParseDestination("other.example", 443);
  const auto refused = strict.RefuseBesideHooks(beside, same, hooked);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->reason, Reason::kMitmRequired);
  EXPECT_THAT(refused->detail, HasSubstr("198.51.100.1"));
  EXPECT_FALSE(strict.RefuseBesideHooks(beside, other, hooked));
  EXPECT_FALSE(strict.RefuseBesideHooks(*ParseDestination("api.example.com", 443), same, hooked));
  EXPECT_FALSE(usual.RefuseBesideHooks(beside, same, hooked));
}

}  // namespace
}  // namespace ambit::policy
