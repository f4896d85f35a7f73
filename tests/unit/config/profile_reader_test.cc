#include "config/profile_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "loading.h"

namespace ambit::config {
namespace {

struct Case {
  const char* name;
  const char* text;  ///< Below [permissions.p]; the first line is line 2.
  const char* message;
};

class BadProfileTest : public testing::TestWithParam<Case> {};

TEST_P(BadProfileTest, RefusesTheLoadAlthoughAnotherProfileIsSelected) {
  Loading loading;
  loading.User("[permissions.p]\n" + std::string(GetParam().text)).P(":read-only");
  EXPECT_EQ(loading.Refusal(),
            "/home/u/.config/ambit/config.toml:" + std::string(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Types, BadProfileTest,
    testing::Values(
        Case{"Description", "description = 1\n",
             "2:15: 'description' in [permissions.p] must be a string, not an integer"},
        Case{"ExtendsList", "extends = [':workspace']\n",
             "2:11: 'extends' in [permissions.p] must be a string, not a list"},
        Case{"RootsList", "workspace_roots = ['/e']\n",
             "2:19: 'workspace_roots' in [permissions.p] must be a table, not a list"},
        Case{"RootsWord", "workspace_roots = { '/e' = 'true' }\n",
             "2:28: '/e' in [permissions.p.workspace_roots] must be true or false, not a string"},
        Case{"Filesystem", "filesystem = 'read'\n",
             "2:14: 'filesystem' in [permissions.p] must be a table, not a string"},
        Case{
            "AccessWord", "filesystem = { '/a' = 'DENY' }\n",
            "2:23: '/a' in [permissions.p.filesystem] must be \"read\", \"write\" or \"deny\", not "
            "'DENY'"},
        Case{
            "AccessNumber", "filesystem = { '/a' = 7 }\n",
            "2:23: '/a' in [permissions.p.filesystem] must be \"read\", \"write\" or \"deny\", not "
            "an integer"},
        Case{"ScopedWord", "filesystem = { '/a' = { b = 'raed' } }\n",
             "2:29: 'b' in [permissions.p.filesystem.\"/a\"] must be \"read\", \"write\" or "
             "\"deny\", not 'raed'"},
        Case{"ScopedTwice", "filesystem = { '/a' = { b = { c = 'read' } } }\n",
             "2:29: 'b' in [permissions.p.filesystem.\"/a\"] must be \"read\", \"write\" or "
             "\"deny\", not a table"},
        Case{"DepthNegative", "filesystem.glob_scan_max_depth = -1\n",
             "2:34: 'glob_scan_max_depth' in [permissions.p.filesystem] must be at least 1; leave "
             "it out for no limit"},
        Case{"DepthFloat", "filesystem.glob_scan_max_depth = 1.0\n",
             "2:34: 'glob_scan_max_depth' in [permissions.p.filesystem] must be an integer, not a "
             "decimal number"},
        Case{"DepthBoolean", "filesystem.glob_scan_max_depth = true\n",
             "2:34: 'glob_scan_max_depth' in [permissions.p.filesystem] must be an integer, not a "
             "boolean"},
        Case{
            "DenyMode", "filesystem.deny_mode = 'lively'\n",
            "2:24: 'deny_mode' in [permissions.p.filesystem] must be \"live\" or \"snapshot\", not "
            "'lively'"},
        Case{"UnknownKey", "filesytem.':root' = 'read'\n",
             "2:1: unknown key 'filesytem' in [permissions.p]; did you mean 'filesystem'?"},
        Case{"FarKey", "zzz = 1\n",
             "2:1: unknown key 'zzz' in [permissions.p]; known keys are description, extends, "
             "workspace_roots, filesystem, network, environment, limits and tests"},
        Case{
            "EnvironmentWord", "environment.inherit = 'some'\n",
            "2:23: 'inherit' in [permissions.p.environment] must be \"all\", \"core\" or \"none\", "
            "not 'some'"},
        Case{"EnvironmentList", "environment.exclude = ['A', 1]\n",
             "2:29: 'exclude' in [permissions.p.environment] must be a list of strings, not an "
             "integer"},
        Case{
            "EnvironmentName", "environment.set = { 'A=B' = 'x' }\n",
            "2:21: 'A=B' in [permissions.p.environment.set] cannot be set: a name is not empty and "
            "has no '=', and nothing holds NUL"},
        Case{"Limit", "limits.processes = 0\n",
             "2:20: 'processes' in [permissions.p.limits] must be an integer of at least 1, not 0"},
        Case{"TestWithoutQuestion", "[[permissions.p.tests]]\nexpect = 'deny'\n",
             "2:1: an entry of [[permissions.p.tests]] must have 'expect' and exactly one of "
             "'read', 'write', 'connect', 'unix'"}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Network, BadProfileTest,
    testing::Values(
        Case{"NotATable", "network = true\n",
             "2:11: 'network' in [permissions.p] must be a table, not a boolean"},
        Case{"Misspelt", "network.enabeld = true\n",
             "2:9: unknown key 'enabeld' in [permissions.p.network]; did you mean 'enabled'?"},
        Case{
            "DomainWord", "network.domains.'example.com' = 'none'\n",
            "2:33: 'example.com' in [permissions.p.network.domains] must be \"allow\" or \"deny\", "
            "not 'none'"},
        Case{
            "DomainBoolean", "network.domains.'example.com' = true\n",
            "2:33: 'example.com' in [permissions.p.network.domains] must be \"allow\" or \"deny\", "
            "not a boolean"},
        Case{"DomainsList", "network.domains = ['x']\n",
             "2:19: 'domains' in [permissions.p.network] must be a table, not a list"},
        Case{"StarDenied", "network.domains.' * ' = 'deny'\n",
             "2:25: ' * ' in [permissions.p.network.domains] can only be \"allow\"; what no rule "
             "allows is denied already"},
        Case{
            "SocketRelative", "network.unix_sockets.'x.sock' = 'allow'\n",
            "2:22: 'x.sock' in [permissions.p.network.unix_sockets] must be an absolute path, such "
            "as \"/run/x.sock\""},
        Case{"SocketTable", "network.unix_sockets.'/x' = { acknowledge_risk = true }\n",
             "2:29: 'access' in [permissions.p.network.unix_sockets.\"/x\"] is missing; write "
             "\"allow\" or \"deny\""},
        Case{"Mode", "network.mode = 'FULL'\n",
             "2:16: 'mode' in [permissions.p.network] must be \"limited\" or \"full\", not 'FULL'"},
        Case{"ProxyUrl", "network.proxy_url = 1\n",
             "2:21: 'proxy_url' in [permissions.p.network] must be a string, not an integer"},
        Case{"Ports", "network.default_ports = [80, '90-80']\n",
             "2:30: 'default_ports' in [permissions.p.network] takes ports from 1 to 65535 and "
             "ranges such as \"8000-8099\""},
        Case{
            "Publish", "network.publish = ['127.0.0.1']\n",
            "2:20: '127.0.0.1' in 'publish' in [permissions.p.network] must be \"ADDRESS:PORT\" or "
            "\"ADDRESS:HOSTPORT:PORT\""},
        Case{"Credential", "network.credentials.gh = { env = 'A', file = '/f' }\n",
             "2:26: [permissions.p.network.credentials.gh] must say where the secret is: either "
             "'env' or 'file'"},
        Case{"Mitm", "network.mitm = true\n",
             "2:16: 'mitm' in [permissions.p.network] must be a table, not a boolean"},
        Case{"MitmKey", "network.mitm.hoks = {}\n",
             "2:14: unknown key 'hoks' in [permissions.p.network.mitm]; did you mean 'hooks'?"},
        Case{"MitmVersion", "network.mitm.version = 1\n",
             "2:24: 'version' in [permissions.p.network.mitm] must be 2, not 1; leave it out for "
             "the form without 'schemes', 'ports' and 'placeholder'"},
        Case{"MitmNextVersion", "network.mitm.version = 9\n",
             "2:24: 'version' in [permissions.p.network.mitm] must be 2, not 9; leave it out for "
             "the form without 'schemes', 'ports' and 'placeholder'"},
        Case{"HookKey", "network.mitm.hooks.h.hots = 'x'\n",
             "2:22: unknown key 'hots' in [permissions.p.network.mitm.hooks.h]; did you mean "
             "'host'?"},
        Case{"HookScheme", "network.mitm.hooks.h.schemes = ['ftp']\n",
             "2:33: 'schemes' in [permissions.p.network.mitm.hooks.h] must be \"https\" or "
             "\"http\", not 'ftp'"},
        Case{"HookPort", "network.mitm.hooks.h.ports = [0]\n",
             "2:31: 'ports' in [permissions.p.network.mitm.hooks.h] takes ports from 1 to 65535"},
        Case{"HookQuery", "network.mitm.hooks.h.query.a = 'x'\n",
             "2:32: 'a' in [permissions.p.network.mitm.hooks.h.query] must be a list of strings, "
             "not a string"},
        Case{"ActionKey", "network.mitm.actions.a.strip = []\n",
             "2:24: unknown key 'strip' in [permissions.p.network.mitm.actions.a]; known keys are "
             "strip_request_headers, inject_request_headers, body_secret_substitution and "
             "aws_sigv4"},
        Case{"InjectedKind", "network.mitm.actions.a.inject_request_headers = ['x']\n",
             "2:50: 'inject_request_headers' in [permissions.p.network.mitm.actions.a] must be a "
             "list of tables, not a string"},
        Case{"InjectedName",
             "network.mitm.actions.a.inject_request_headers = [{ secret_env_var = 'T' }]\n",
             "2:50: 'name' in [permissions.p.network.mitm.actions.a.inject_request_headers] is "
             "missing; write the header's name"},
        Case{"InjectedSecret", "network.mitm.actions.a.inject_request_headers = [{ name = 'x' }]\n",
             "2:50: an entry of 'inject_request_headers' in "
             "[permissions.p.network.mitm.actions.a] must say where the secret is: either "
             "'secret_env_var' or 'secret_file'"},
        Case{"SigningKey", "network.mitm.actions.a.aws_sigv4.regoin = 'r'\n",
             "2:34: unknown key 'regoin' in [permissions.p.network.mitm.actions.a.aws_sigv4]; did "
             "you mean 'region'?"},
        Case{"SigningSecret", "network.mitm.actions.a.aws_sigv4.access_key_id = 'AKIA'\n",
             "2:50: 'access_key_id' in [permissions.p.network.mitm.actions.a.aws_sigv4] must be a "
             "table, not a string"},
        Case{"SigningSecretKey", "network.mitm.actions.a.aws_sigv4.session_token.env = 'T'\n",
             "2:48: unknown key 'env' in "
             "[permissions.p.network.mitm.actions.a.aws_sigv4.session_token]; known keys are "
             "env_var and file"},
        Case{"SigningPort", "network.mitm.actions.a.aws_sigv4.port = 0\n",
             "2:41: 'port' in [permissions.p.network.mitm.actions.a.aws_sigv4] takes ports from 1 "
             "to 65535"},
        Case{"BodyKey", "network.mitm.actions.a.body_secret_substitution.ports = [1]\n",
             "2:49: unknown key 'ports' in "
             "[permissions.p.network.mitm.actions.a.body_secret_substitution]; did you mean "
             "'port'?"},
        Case{"BodyPort", "network.mitm.actions.a.body_secret_substitution.port = 65536\n",
             "2:56: 'port' in [permissions.p.network.mitm.actions.a.body_secret_substitution] "
             "takes ports from 1 to 65535"},
        Case{"BodySize", "network.mitm.actions.a.body_secret_substitution.max_body_bytes = 0\n",
             "2:66: 'max_body_bytes' in "
             "[permissions.p.network.mitm.actions.a.body_secret_substitution] must be an integer "
             "from 1 to 16777216, not 0"},
        Case{"BodySizeBound",
             "network.mitm.actions.a.body_secret_substitution.max_body_bytes = 16777217\n",
             "2:66: 'max_body_bytes' in "
             "[permissions.p.network.mitm.actions.a.body_secret_substitution] must be an integer "
             "from 1 to 16777216, not 16777217"},
        Case{"ReplacementKind",
             "network.mitm.actions.a.body_secret_substitution.replacements = ['x']\n",
             "2:65: 'replacements' in "
             "[permissions.p.network.mitm.actions.a.body_secret_substitution] must be a list of "
             "tables, not a string"},
        Case{"ReplacementPlaceholder",
             "network.mitm.actions.a.body_secret_substitution.replacements = "
             "[{ secret = { env_var = 'T' } }]\n",
             "2:65: 'placeholder' in "
             "[permissions.p.network.mitm.actions.a.body_secret_substitution.replacements] is "
             "missing; write what the command puts in bodies"},
        Case{"ReplacementSecret",
             "network.mitm.actions.a.body_secret_substitution.replacements = "
             "[{ placeholder = 'p', secret = { env_var = 'T', file = '/f' } }]\n",
             "2:95: 'secret' in "
             "[permissions.p.network.mitm.actions.a.body_secret_substitution.replacements] must "
             "say where the secret is: either { env_var = \"NAME\" } or { file = \"/PATH\" }"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ReadProfile, KeepsEveryEntryWithItsPlace) {
  Loading loading;
  loading.P("p").User(
      "[permissions.p.filesystem]\n"
      "':root' = 'read'\n"
      "'/n' = 'none'\n"
      "glob_scan_max_depth = 3\n"
      "deny_mode = 'snapshot'\n"
      "[permissions.p.filesystem.':workspace_roots']\n"
      "'**/*.env' = 'deny'\n"
      "'.' = 'write'\n"
      "':future' = 'read'\n");
  const Profile profile = loading.Get().profile;
  EXPECT_EQ(Entries(profile),
            "/n=deny :root=read :workspace_roots/**/*.env=deny :workspace_roots/.=write "
            ":workspace_roots/:future=read");
  EXPECT_EQ(ToString(profile.filesystem[2].from), "/home/u/.config/ambit/config.toml:7:1");
  ASSERT_TRUE(profile.glob_scan_max_depth);
  EXPECT_EQ(profile.glob_scan_max_depth->value, 3);
  ASSERT_TRUE(profile.deny_mode);
  EXPECT_EQ(profile.deny_mode->value, DenyMode::kSnapshot);
}

TEST(ReadProfile, ReadsEveryTable) {
  Loading loading;
  loading.P("p").User(
      "[permissions.p]\n"
      "description = 'd'\n"
      "extends = ':read-only'\n"
      "workspace_roots = { '/a' = true, 'b' = false }\n"
      "[permissions.p.environment]\n"
      "inherit = 'core'\ndefault_excludes = false\ninclude = ['A*']\nset = { X = 'y' }\n"
      "[permissions.p.limits]\nprocesses = 10\n"
      "[permissions.p.network]\n"
      "enabled = true\ndefault_ports = [443, '8000-8010']\npublish = ['[::1]:80:8080']\n"
      "domains = { 'Example.COM.' = 'allow' }\n"
      "unix_sockets = { '/s' = { access = 'allow', acknowledge_risk = true } }\n"
      "credentials.gh = { env = 'T', hosts = ['h'], header = 'authorization', scheme = 'raw' }\n"
      "mitm.hooks.h = { host = 'h', methods = ['GET'], query = { a = ['1'] }, ports = [443] }\n"
      "mitm.actions.a.inject_request_headers = [{ name = 'X', secret_file = '/s', prefix = 'p' }]\n"
      "[[permissions.p.tests]]\nexpect = 'deny'\nread = '/x'\n");
  const Profile profile = loading.Get().profile;
  EXPECT_EQ(profile.description->value, "d");
  ASSERT_EQ(profile.workspace_roots.size(), 2U);
  EXPECT_FALSE(profile.workspace_roots[1].enabled);
  EXPECT_EQ(profile.environment.inherit->value, EnvironmentInherit::kCore);
  EXPECT_EQ(profile.environment.set.at("X").value, "y");
  EXPECT_EQ(profile.limits.processes->value, 10);
  EXPECT_TRUE(profile.network.domains.at("example.com").value);
  EXPECT_EQ(profile.network.default_ports.at(1).value, (PortRange{8000, 8010}));
  EXPECT_TRUE(profile.network.acknowledged_sockets.contains("/s"));
  EXPECT_EQ(profile.network.credentials.at("gh").env->value, "T");
  ASSERT_EQ(profile.network.mitm.hooks.size(), 1U);
  const MitmHookTable& hook = profile.network.mitm.hooks[0];
  EXPECT_EQ(hook.name, "h");
  EXPECT_EQ(hook.host->value, "h");
  EXPECT_EQ(hook.query.at("a").value, std::vector<std::string>{"1"});
  EXPECT_EQ(hook.ports.at(0).value, 443);
  const MitmActionTable& action = profile.network.mitm.actions.at("a");
  ASSERT_EQ(action.inject.size(), 1U);
  EXPECT_EQ(action.inject[0].file->value, "/s");
  EXPECT_EQ(action.inject[0].prefix->value, "p");
  ASSERT_EQ(profile.tests.size(), 1U);
  EXPECT_EQ(profile.tests[0].object, "/x");
}

TEST(ReadProfile, OfTwoSpellingsOfADomainDenyWins) {
  Loading loading;
  loading.P("p").User(
      "[permissions.p.network.domains]\n'a.example' = 'deny'\n'A.example' = 'allow'\n");
  EXPECT_FALSE(loading.Get().profile.network.domains.at("a.example").value);
}

TEST(ReadProfile, AHigherLayerReplacesADomainInAnotherSpelling) {
  Loading loading;
  loading.P("p")
      .System("[permissions.p.network.domains]\n'A.example' = 'deny'\n")
      .User("[permissions.p.network.domains]\n'a.example.' = 'allow'\n");
  EXPECT_TRUE(loading.Get().profile.network.domains.at("a.example").value);
}

TEST(CheckProfiles, RefusesAReservedNameThatNobodySelects) {
  Loading loading;
  loading.P(":read-only").User("[permissions.':mine']\nextends = ':workspace'\n");
  EXPECT_EQ(loading.Refusal(),
            "/home/u/.config/ambit/config.toml:1:14: ':mine' in [permissions] is not a name for a "
            "profile: names that begin with ':' are built in; choose another");
}

TEST(CheckProfiles, AWrongValueCountsEvenWhereAHigherLayerReplacesIt) {
  Loading loading;
  loading.P("p")
      .System("[permissions.p.filesystem]\n'/a' = 'zzz'\n")
      .User("[permissions.p.filesystem]\n'/a' = 'read'\n");
  EXPECT_EQ(loading.Refusal(),
            "/etc/ambit/config.toml:2:8: '/a' in [permissions.p.filesystem] must be \"read\", "
            "\"write\" or \"deny\", not 'zzz'");
}

}  // namespace
}  // namespace ambit::config
