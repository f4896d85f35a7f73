#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "unit/policy/network_table.h"

namespace ambit::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Refusal(const std::string& toml) {
  std::vector<config::Notice> notices;
  const auto rules = TryRulesOf(toml, notices);
  return rules ? "" : ToString(rules.error());
}

std::vector<std::string> Notices(const std::string& toml) {
  std::vector<config::Notice> notices;
  const auto rules = TryRulesOf(toml, notices);
  EXPECT_TRUE(rules) << (rules ? "" : ToString(rules.error()));
  std::vector<std::string> out;
  for (const auto& notice : notices) out.push_back(ToString(notice.where) + ": " + notice.message);
  return out;
}

struct Case {
  std::string_view name;
  std::string_view hook;  ///< Lines 4 and following, below [mitm.hooks.h].
  std::string_view refusal;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

class BadHookTest : public testing::TestWithParam<Case> {};

TEST_P(BadHookTest, IsRefusedWithItsPlace) {
  const std::string head =
      "domains = { 'a.example' = 'allow', 'b.example' = 'deny', 'x.example:8443' = 'allow' }\n"
      "mitm.actions.act.strip_request_headers = ['cookie']\n"
      "[mitm.hooks.h]\n";
  EXPECT_EQ(Refusal(head + std::string(GetParam().hook)), GetParam().refusal);
}

constexpr std::string_view kRest = "";

INSTANTIATE_TEST_SUITE_P(
    Hooks, BadHookTest,
    testing::Values(
        Case{"Complete",
             "host = 'a.example'\nmethods = ['GET']\npath_prefixes = ['/']\naction = ['act']\n",
             kRest},
        Case{"OtherPort",
             "host = 'x.example'\nmethods = ['GET']\npath_prefixes = ['/']\naction = ['act']\n",
             kRest},
        Case{"NoHost", "methods = ['GET']\n",
             "c.toml:3:1: hook 'h' must say which host it is for; add 'host'"},
        Case{"Wildcard", "host = '*.example'\n",
             "c.toml:4:8: 'host' of hook 'h' must name one host, and '*.example' stands for "
             "several; write one entry for each"},
        Case{"Range", "host = '10.0.0.0/8'\n",
             "c.toml:4:8: 'host' of hook 'h' must name one host, and '10.0.0.0/8' stands for "
             "several; write one entry for each"},
        Case{"HostWithPort", "host = 'a.example:443'\n",
             "c.toml:4:8: 'host' of hook 'h' takes a host without ports, not 'a.example:443'; say "
             "ports = [...] beside it"},
        Case{"NotGranted", "host = 'c.example'\n",
             "c.toml:4:8: hook 'h' is for 'c.example', which no rule of 'network.domains' allows; "
             "allow the host there, or remove the entry"},
        Case{"Denied", "host = 'b.example'\n",
             "c.toml:4:8: hook 'h' is for 'b.example', which no rule of 'network.domains' allows; "
             "allow the host there, or remove the entry"},
        Case{"NoMethods", "host = 'a.example'\n",
             "c.toml:3:1: hook 'h' must list the methods it takes, such as methods = [\"GET\"]"},
        Case{"BadMethod", "host = 'a.example'\nmethods = ['GE T']\n",
             "c.toml:5:12: 'GE T' in 'methods' of hook 'h' is no method"},
        Case{"Connect", "host = 'a.example'\nmethods = ['GET', 'connect']\n",
             "c.toml:5:19: 'CONNECT' in 'methods' of hook 'h' is never passed on; hooks are about "
             "the requests inside"},
        Case{
            "NoPaths", "host = 'a.example'\nmethods = ['GET']\npath_prefixes = []\n",
            "c.toml:3:1: hook 'h' must list the paths it takes; path_prefixes = [\"/\"] takes all"},
        Case{"BadPath", "host = 'a.example'\nmethods = ['GET']\npath_prefixes = ['api']\n",
             "c.toml:6:18: 'path_prefixes' of hook 'h': 'api' matches no path: every path begins "
             "with \"/\""},
        Case{"EmptyQuery",
             "host = 'a.example'\nmethods = ['GET']\npath_prefixes = ['/']\nquery.a = []\n",
             "c.toml:7:7: 'query' of hook 'h': 'a' lists no value that would be taken"},
        Case{"BadHeader",
             "host = 'a.example'\nmethods = ['GET']\npath_prefixes = ['/']\nheaders.'a b' = []\n",
             "c.toml:7:9: 'headers' of hook 'h': 'a b' is no header"},
        Case{"SchemesOfVersion2",
             "host = 'a.example'\nmethods = ['GET']\npath_prefixes = ['/']\nschemes = ['https']\n",
             "c.toml:7:12: 'schemes' of hook 'h' needs version = 2 in 'network.mitm'"},
        Case{"PortsOfVersion2",
             "host = 'a.example'\nmethods = ['GET']\npath_prefixes = ['/']\nports = [443]\n",
             "c.toml:7:10: 'ports' of hook 'h' needs version = 2 in 'network.mitm'"},
        Case{"NoAction", "host = 'a.example'\nmethods = ['GET']\npath_prefixes = ['/']\n",
             "c.toml:3:1: hook 'h' must list what is done: action = [\"NAME\"] of "
             "'network.mitm.actions'"},
        Case{"UnknownAction",
             "host = 'a.example'\nmethods = ['GET']\npath_prefixes = ['/']\naction = ['akt']\n",
             "c.toml:7:11: hook 'h' names the action 'akt', which is not defined; did you mean "
             "'act'?"},
        Case{"FarAction",
             "host = 'a.example'\nmethods = ['GET']\npath_prefixes = ['/']\naction = ['zzzzzz']\n",
             "c.toml:7:11: hook 'h' names the action 'zzzzzz', which is not defined; define it in "
             "'network.mitm.actions'"},
        Case{"Body", "host = 'a.example'\nbody = { a = 1 }\n",
             "c.toml:5:1: hook 'h' compares bodies, which this version does not; remove 'body'"}),
    [](const auto& test) { return std::string(test.param.name); });

class BadActionTest : public testing::TestWithParam<Case> {};

TEST_P(BadActionTest, IsRefusedWithItsPlace) {
  const std::string head =
      "domains = { 'a.example' = 'allow' }\n"
      "mitm.hooks.h = { host = 'a.example', methods = ['GET'], path_prefixes = ['/'], "
      "action = ['act'] }\n"
      "[mitm.actions.act]\n";
  EXPECT_EQ(Refusal(head + std::string(GetParam().hook)), GetParam().refusal);
}

INSTANTIATE_TEST_SUITE_P(
    Actions, BadActionTest,
    testing::Values(
        Case{"Idle", "",
             "c.toml:3:1: action 'act' does nothing; give it 'strip_request_headers', "
             "'inject_request_headers', 'body_secret_substitution' or 'aws_sigv4'"},
        Case{"Unused",
             "strip_request_headers = ['a']\n[mitm.actions.b]\n"
             "strip_request_headers = ['a']\n",
             "c.toml:5:1: no hook uses action 'b'; name it in a hook's 'action', or remove it"},
        Case{"BadStrip", "strip_request_headers = ['a b']\n",
             "c.toml:4:26: action 'act' cannot strip 'a b': it is no header"},
        Case{"FixedStrip", "strip_request_headers = ['Host']\n",
             "c.toml:4:26: action 'act' cannot strip 'Host', which the proxy sets itself"},
        Case{"UserAgent",
             "inject_request_headers = [{ name = 'User-Agent', secret_file = '/s' }]\n",
             "c.toml:4:36: action 'act' cannot inject the header 'User-Agent'"},
        Case{"FixedInject",
             "inject_request_headers = [{ name = 'content-length', secret_file = '/s' }]\n",
             "c.toml:4:36: action 'act' cannot inject the header 'content-length'"},
        Case{"Twice",
             "inject_request_headers = [{ name = 'a', secret_file = '/s' }, "
             "{ name = 'A', secret_file = '/t' }]\n",
             "c.toml:4:72: the actions of hook 'h' inject 'A' twice; keep one"},
        Case{"Prefix",
             "inject_request_headers = [{ name = 'a', secret_file = '/s', "
             "prefix = \"x\\r\\ny: \" }]\n",
             "c.toml:4:70: 'prefix' of action 'act' may not hold control characters"},
        Case{"Placeholder",
             "inject_request_headers = [{ name = 'a', secret_file = '/s', "
             "placeholder = 'p' }]\n",
             "c.toml:4:75: 'placeholder' of action 'act' needs version = 2 in 'network.mitm'"},
        Case{"RelativeFile", "inject_request_headers = [{ name = 'a', secret_file = 's' }]\n",
             "c.toml:4:55: the secret file 's' must be an absolute path, or begin with \"~/\""},
        Case{"BadVariable", "inject_request_headers = [{ name = 'a', secret_env_var = 'A=B' }]\n",
             "c.toml:4:58: 'A=B' is no name of a variable"},
        Case{"NoReplacement", "strip_request_headers = ['a']\nbody_secret_substitution = {}\n",
             "c.toml:5:1: 'body_secret_substitution' of action 'act' must list what is replaced: "
             "replacements = [{ placeholder = \"TEXT\", secret = { env_var = \"NAME\" } }]"},
        Case{"ShortPlaceholder",
             "body_secret_substitution.replacements = [{ placeholder = 'fifteen-letters', "
             "secret = { env_var = 'T' } }]\n",
             "c.toml:4:58: the placeholder 'fifteen-letters' of action 'act' must be 16 to 256 "
             "visible ASCII characters without blanks"},
        Case{"BlankInPlaceholder",
             "body_secret_substitution.replacements = [{ placeholder = 'sixteen letters!', "
             "secret = { env_var = 'T' } }]\n",
             "c.toml:4:58: the placeholder 'sixteen letters!' of action 'act' must be 16 to 256 "
             "visible ASCII characters without blanks"},
        Case{"PlaceholderInPlaceholder",
             "body_secret_substitution.replacements = [\n"
             "{ placeholder = 'a-PLACEHOLDER-0001', secret = { env_var = 'T' } },\n"
             "{ placeholder = 'PLACEHOLDER-0001', secret = { env_var = 'U' } }]\n",
             "c.toml:6:17: the placeholders 'a-PLACEHOLDER-0001' and 'PLACEHOLDER-0001' of action "
             "'act' can overlap; let them begin and end differently"},
        Case{"PlaceholderOverPlaceholder",
             "body_secret_substitution.replacements = [\n"
             "{ placeholder = 'PLACEHOLDER-000_', secret = { env_var = 'T' } },\n"
             "{ placeholder = '_placeholder-001', secret = { env_var = 'U' } }]\n",
             "c.toml:6:17: the placeholders 'PLACEHOLDER-000_' and '_placeholder-001' of action "
             "'act' can overlap; let them begin and end differently"},
        Case{"BodySecretFile",
             "body_secret_substitution.replacements = [{ placeholder = 'PLACEHOLDER-0001', "
             "secret = { file = 's' } }]\n",
             "c.toml:4:96: the secret file 's' must be an absolute path, or begin with \"~/\""},
        Case{"NoPlaceholder", "aws_sigv4 = { region = 'r' }\n",
             "c.toml:4:1: 'placeholder_access_key_id' of 'aws_sigv4' of action 'act' is missing; "
             "it takes 16 to 128 letters, digits and '_'"},
        Case{"BadAccessKey", "aws_sigv4 = { placeholder_access_key_id = 'AKIA/PLACEHOLDER' }\n",
             "c.toml:4:43: 'placeholder_access_key_id' of 'aws_sigv4' of action 'act' takes 16 to "
             "128 letters, digits and '_', not 'AKIA/PLACEHOLDER'"},
        Case{"BadRegion",
             "aws_sigv4 = { placeholder_access_key_id = 'AKIAPLACEHOLDER1', region = 'a b' }\n",
             "c.toml:4:72: 'region' of 'aws_sigv4' of action 'act' takes letters, digits, '-', '_' "
             "and '.', not 'a b'"},
        Case{"NoAccessKey",
             "aws_sigv4 = { placeholder_access_key_id = 'AKIAPLACEHOLDER1', region = 'r', "
             "service = 's' }\n",
             "c.toml:4:1: 'access_key_id' of 'aws_sigv4' of action 'act' is missing; it takes "
             "{ env_var = \"NAME\" } or { file = \"/PATH\" }"},
        Case{"TwoPlacesOfAKey",
             "aws_sigv4 = { placeholder_access_key_id = 'AKIAPLACEHOLDER1', region = 'r', "
             "service = 's', access_key_id = { env_var = 'I', file = '/i' } }\n",
             "c.toml:4:108: 'access_key_id' of 'aws_sigv4' of action 'act' must say where the "
             "secret is: either { env_var = \"NAME\" } or { file = \"/PATH\" }"},
        Case{"RelativeKeyFile",
             "aws_sigv4 = { placeholder_access_key_id = 'AKIAPLACEHOLDER1', region = 'r', "
             "service = 's', access_key_id = { env_var = 'I' }, secret_access_key = { file = 'k' "
             "} }\n",
             "c.toml:4:156: the secret file 'k' must be an absolute path, or begin with \"~/\""}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(BodySubstitutionTest, OneForEachHookAndForAPortOfIt) {
  const auto table = [](const std::string& hook, const std::string& body) {
    return "domains = { 'a.example' = 'allow' }\nmitm.version = 2\n"
           "mitm.hooks.h = { host = 'a.example', methods = ['POST'], path_prefixes = ['/'], " +
           hook + " }\nmitm.actions.a.body_secret_substitution = { " + body +
           "replacements = [{ placeholder = 'PLACEHOLDER-0001', secret = { env_var = 'T' } }] }\n";
  };
  const std::string other =
      "mitm.actions.b.body_secret_substitution.replacements = "
      "[{ placeholder = 'placeholder-0002', secret = { env_var = 'T' } }]\n";
  EXPECT_EQ(Refusal(table("action = ['a']", "")), "");
  EXPECT_EQ(Refusal(table("action = ['a'], ports = [443, 8443]", "port = 8443, ")), "");
  EXPECT_EQ(Refusal(table("action = ['a'], ports = [443]", "port = 8443, ")),
            "c.toml:4:52: 'port' of action 'a' is 8443, which is not among the 'ports' of hook "
            "'h'; leave one of them out");
  EXPECT_EQ(Refusal(table("action = ['a', 'b']", "") + other),
            "c.toml:5:16: the actions of hook 'h' have 'body_secret_substitution' twice; put all "
            "replacements into one");
}

/// A hook that signs, with `hook` and `action` beside that, and `more` after it.
std::string Signing(const std::string& hook, const std::string& action, const std::string& more) {
  return "domains = { 'a.example' = 'allow' }\nmitm.version = 2\n"
         "mitm.hooks.h = { host = 'a.example', methods = ['POST'], path_prefixes = ['/'], " +
         hook +
         " }\nmitm.actions.a.aws_sigv4 = { placeholder_access_key_id = 'AKIAPLACEHOLDER1', "
         "region = 'r', service = 's', access_key_id = { env_var = 'I' }, "
         "secret_access_key = { env_var = 'S' }" +
         action + " }\n" + more;
}

TEST(SigningActionTest, StandsAloneWithWhatItSets) {
  EXPECT_EQ(Refusal(Signing("action = ['a']", "", "")), "");
  EXPECT_EQ(Refusal(Signing("action = ['a'], ports = [8443]", ", port = 8443", "")), "");
  EXPECT_EQ(Refusal(Signing("action = ['a'], ports = [443]", ", port = 8443", ""))
                .substr(0, sizeof "c.toml:4:" - 1),
            "c.toml:4:");
  const std::string again =
      "mitm.actions.b.aws_sigv4 = { placeholder_access_key_id = 'AKIAPLACEHOLDER1', region = 'q', "
      "service = 's', access_key_id = { env_var = 'I' }, secret_access_key = { env_var = 'S' } }\n";
  EXPECT_EQ(Refusal(Signing("action = ['a', 'b']", "", again)),
            "c.toml:5:16: the actions of hook 'h' have 'aws_sigv4' twice; keep one");
  const std::string replaces =
      "mitm.actions.b.body_secret_substitution.replacements = "
      "[{ placeholder = 'PLACEHOLDER-0001', secret = { env_var = 'T' } }]\n";
  for (const char* const actions : {"action = ['a', 'b']", "action = ['b', 'a']"}) {
    EXPECT_EQ(Refusal(Signing(actions, "", replaces)),
              "c.toml:4:16: the actions of hook 'h' sign requests and replace text in their "
              "bodies; make two hooks of it");
    EXPECT_EQ(
        Refusal(Signing(actions, "", "mitm.actions.b.strip_request_headers = ['X-Amz-Date']\n")),
        "c.toml:4:16: the actions of hook 'h' sign requests and change the header "
        "'x-amz-date', which signing sets; leave that out");
    EXPECT_EQ(Refusal(Signing(actions, "",
                              "mitm.actions.b.inject_request_headers = "
                              "[{ name = 'Authorization', secret_env_var = 'T' }]\n")),
              "c.toml:4:16: the actions of hook 'h' sign requests and change the header "
              "'authorization', which signing sets; leave that out");
  }
}

TEST(SigningActionTest, OneKeyHasOnePlaceholder) {
  const auto more = [](const std::string& placeholder, const std::string& variable) {
    return "mitm.hooks.i = { host = 'a.example', methods = ['PUT'], path_prefixes = ['/'], "
           "action = ['b'] }\nmitm.actions.b.aws_sigv4 = { placeholder_access_key_id = '" +
           placeholder + "', region = 'q', service = 's', access_key_id = { env_var = '" +
           variable + "' }, secret_access_key = { env_var = 'S' } }\n";
  };
  EXPECT_EQ(Refusal(Signing("action = ['a']", "", more("AKIAPLACEHOLDER1", "I"))), "");
  EXPECT_EQ(Refusal(Signing("action = ['a']", "", more("AKIAPLACEHOLDER2", "J"))), "");
  EXPECT_EQ(Refusal(Signing("action = ['a']", "", more("AKIAPLACEHOLDER2", "I"))),
            "c.toml:6:16: hook 'i' and hook 'h' have two placeholders for one access key; use the "
            "same");
}

class BadCredentialTest : public testing::TestWithParam<Case> {};

TEST_P(BadCredentialTest, IsRefusedWithItsPlace) {
  const std::string head = "[domains]\n'a.example' = 'allow'\n[credentials]\n";
  EXPECT_EQ(Refusal(head + std::string(GetParam().hook)), GetParam().refusal);
}

INSTANTIATE_TEST_SUITE_P(
    Credentials, BadCredentialTest,
    testing::Values(
        Case{"NoHosts", "c = { env = 'T' }\n",
             "c.toml:4:5: credential 'c' must list the hosts that get it: hosts = [\"HOST\"]"},
        Case{"KnownButClosed", "c = { env = 'GITHUB_TOKEN' }\n",
             "c.toml:4:5: credential 'c' is meant for 'api.github.com', which no rule of "
             "'network.domains' allows; allow the host there, or list others in 'hosts'"},
        Case{"Wildcard", "c = { env = 'T', hosts = ['*.example'] }\n",
             "c.toml:4:27: 'hosts' of credential 'c' must name one host, and '*.example' stands "
             "for several; write one entry for each"},
        Case{"Ports", "c = { env = 'T', hosts = ['a.example:1-2'] }\n",
             "c.toml:4:27: 'hosts' of credential 'c' takes a host without ports, not "
             "'a.example:1-2'; one port may follow it"},
        Case{"NotGranted", "c = { env = 'T', hosts = ['b.example'] }\n",
             "c.toml:4:27: credential 'c' is for 'b.example', which no rule of 'network.domains' "
             "allows; allow the host there, or remove the entry"},
        Case{"Twice",
             "c = { env = 'T', hosts = ['a.example'] }\n"
             "d = { env = 'T', hosts = ['a.example'] }\n",
             "c.toml:5:5: credential 'd' and 'c' are the same secret; keep one of them"},
        Case{"Excluded",
             "c = { env = 'T', hosts = ['a.example'] }\n[mitm]\nexclude = ['*.example', "
             "'a.example']\n",
             "c.toml:4:27: credential 'c' is for 'a.example', which 'network.mitm.exclude' keeps "
             "from being looked into; remove one of the two"}),
    [](const auto& test) { return std::string(test.param.name); });

constexpr std::string_view kHook =
    "[mitm]\n"
    "hooks.h = { host = 'a.example', methods = ['GET'], path_prefixes = ['/'], action = ['s'] }\n"
    "actions.s.strip_request_headers = ['cookie']\n";

TEST(HttpRulesBuildTest, WarnsOfOtherWaysToAHookedHost) {
  const std::string hook(kHook);
  EXPECT_THAT(Notices("[domains]\n'a.example' = 'allow'\n'10.1.2.3' = 'deny'\n" + hook), IsEmpty());
  EXPECT_THAT(
      Notices("[domains]\n'a.example' = 'allow'\n'93.184.216.34' = 'allow'\n" + hook),
      ElementsAre("c.toml:3:19: '93.184.216.34' may lead to the servers of hosts with hooks by "
                  "another name, where no hook holds; remove it, or say strict_hooks = true"));
  EXPECT_THAT(Notices("strict_hooks = true\n[domains]\n'a.example' = 'allow'\n"
                      "'93.184.216.34' = 'allow'\n" +
                      hook),
              IsEmpty());
}

TEST(HttpRulesBuildTest, StrictHooksNeedToKnowAddresses) {
  EXPECT_EQ(Refusal("strict_hooks = true\nupstream = { http = 'http://p:1', resolve = 'remote' }\n"
                    "[domains]\n'a.example' = 'allow'\n" +
                    std::string(kHook)),
            "c.toml:2:45: strict_hooks compares addresses, which upstream.resolve = \"remote\" "
            "leaves to the parent proxy; remove one of the two");
}

TEST(HttpRulesBuildTest, SaysWhatHasNoEffect) {
  EXPECT_THAT(Notices("limited.allow_bodies = true\n"),
              ElementsAre("c.toml:1:24: the keys of 'network.limited' have no effect without mode "
                          "= \"limited\""));
  EXPECT_THAT(Notices("[domains]\n'a.example' = 'allow'\n[mitm]\nversion = 2\n"
                      "hooks.h = { host = 'a.example', methods = ['GET'], path_prefixes = ['/'], "
                      "schemes = ['http', 'https'], action = ['s'] }\n"
                      "actions.s.strip_request_headers = ['cookie']\n"),
              ElementsAre("c.toml:5:86: \"http\" in 'schemes' of hook 'h' has no effect: plain "
                          "requests to a host with hooks are refused"));
}

TEST(HttpRulesBuildTest, HooksOfOneFileKeepTheirOrder) {
  const NetworkRules rules = RulesOf(
      "[domains]\n'a.example' = 'allow'\n[mitm]\nactions.s.strip_request_headers = ['cookie']\n"
      "hooks.z = { host = 'a.example', methods = ['GET'], path_prefixes = ['/'], action = ['s'] }\n"
      "hooks.b = { host = 'a.example', methods = ['GET'], path_prefixes = ['/'], action = ['s'] "
      "}\n");
  ASSERT_EQ(rules.http().hooks().size(), 2U);
  EXPECT_EQ(rules.http().hooks()[0].name, "z");
}

}  // namespace
}  // namespace ambit::policy
