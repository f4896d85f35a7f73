#include "config/requirements.h"

#include <gtest/gtest.h>

#include <string>

#include "loading.h"

namespace ambit::config {
namespace {

constexpr const char* kBoth =
    "[allowed_permission_profiles]\n':read-only' = true\n':workspace' = true\n";

struct Case {
  const char* name;
  const char* text;
  const char* message;
};

class BadRequirementsTest : public testing::TestWithParam<Case> {};

TEST_P(BadRequirementsTest, RefuseEveryStart) {
  Loading loading;
  loading.P(":read-only").User("[permissions.u]\nextends = ':workspace'\n");
  loading.Require(GetParam().text);
  EXPECT_EQ(loading.Refusal(), "/etc/ambit/requirements.toml:" + std::string(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    AllowList, BadRequirementsTest,
    testing::Values(
        Case{"Malformed", "[[[\n",
             "1:3: syntax error: expected a key: letters, digits, '_' and '-', or a quoted string; "
             "found '['"},
        Case{"Misspelt", "[allowed_permision_profiles]\n':read-only' = true\n",
             "1:2: unknown key 'allowed_permision_profiles' in the requirements; did you mean "
             "'allowed_permission_profiles'?"},
        Case{
            "Unknown", "zzz = 1\n",
            "1:1: unknown key 'zzz' in the requirements; correct it or take it out, nothing is run "
            "under rules ambit does not "
            "know"},
        Case{"List", "allowed_permission_profiles = [':read-only']\n",
             "1:31: 'allowed_permission_profiles' must be a table, not a list"},
        Case{"Word", "[allowed_permission_profiles]\n':read-only' = 'yes'\n",
             "2:16: ':read-only' in [allowed_permission_profiles] must be true or false, not a "
             "string"},
        Case{"DefaultAlone", "default_permissions = ':workspace'\n",
             "1:23: 'default_permissions' in the requirements needs [allowed_permission_profiles] "
             "beside it"},
        Case{"DefaultMissing", "[allowed_permission_profiles]\n':read-only' = true\n",
             "1:2: 'default_permissions' is missing in the requirements; it may be left out only "
             "where [allowed_permission_profiles] sets both ':workspace' and ':read-only' to true"},
        Case{"EmptyList", "[allowed_permission_profiles]\n",
             "1:2: 'default_permissions' is missing in the requirements; it may be left out only "
             "where [allowed_permission_profiles] sets both ':workspace' and ':read-only' to true"},
        Case{"DefaultNotListed",
             "default_permissions = ':workspace'\n[allowed_permission_profiles]\n':read-only' = "
             "true\n':workspace' = false\n",
             "1:23: ':workspace' is the required default, but [allowed_permission_profiles] does "
             "not set it to true; allowed: ':read-only'"},
        Case{"AllFalse",
             "default_permissions = ':read-only'\n[allowed_permission_profiles]\n':read-only' = "
             "false\n",
             "1:23: ':read-only' is the required default, but [allowed_permission_profiles] does "
             "not set it to true; allowed: none"},
        Case{"UndefinedEvenFalse",
             "default_permissions = ':read-only'\n[allowed_permission_profiles]\n':read-only' = "
             "true\nzzz = false\n",
             "4:1: 'zzz' in [allowed_permission_profiles] of the requirements is not a profile: "
             "neither built in nor defined anywhere; define it, or take it off the list"},
        Case{"DefinedByTheUserOnly",
             "default_permissions = ':read-only'\n[allowed_permission_profiles]\n':read-only' = "
             "true\nu = true\n",
             "4:1: 'u' in [allowed_permission_profiles] is defined by configuration files only, so "
             "others decide what it permits; define it in the requirements"}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Rest, BadRequirementsTest,
    testing::Values(
        Case{"DenyString", "permissions.filesystem.deny_read = '/d'\n",
             "1:36: 'deny_read' in [permissions.filesystem] must be a list of strings, not a "
             "string"},
        Case{"DenyNumber", "permissions.filesystem.deny_read = [1]\n",
             "1:37: 'deny_read' in [permissions.filesystem] must be a list of strings, not an "
             "integer"},
        Case{"DenyRelative", "permissions.filesystem.deny_read = ['**/*.env']\n",
             "1:37: '**/*.env' in 'deny_read' must be an absolute path or begin with \"~/\"; "
             "anything else would deny nothing"},
        Case{"DenyDot", "permissions.filesystem.deny_read = ['./d']\n",
             "1:37: './d' in 'deny_read' must be an absolute path or begin with \"~/\"; anything "
             "else would deny nothing"},
        Case{"DenySpecial", "permissions.filesystem.deny_read = [':workspace_roots']\n",
             "1:37: ':workspace_roots' in 'deny_read' must be an absolute path or begin with "
             "\"~/\"; anything else would deny nothing"},
        Case{"DenyOtherHome", "permissions.filesystem.deny_read = ['~root/x']\n",
             "1:37: '~root/x' in 'deny_read' must be an absolute path or begin with \"~/\"; "
             "anything else would deny nothing"},
        Case{"ReservedName", "[permissions.filesystem]\nextends = ':workspace'\n",
             "2:1: unknown key 'extends' in [permissions.filesystem]: in requirements this table "
             "holds 'deny_read' only; a managed profile needs another name"},
        Case{"DenyMisspelt", "[permissions.filesystem]\ndeny_reads = []\n",
             "2:1: unknown key 'deny_reads' in [permissions.filesystem]; did you mean "
             "'deny_read'?"},
        Case{"ManagedColon", "[permissions.':m']\n",
             "1:14: ':m' in [permissions] is not a name for a profile: names that begin with ':' "
             "are built in; choose another"},
        Case{"ManagedType", "[permissions.m]\nextends = 1\n",
             "2:11: 'extends' in [permissions.m] must be a string, not an integer"},
        Case{"ModesString", "allowed_sandbox_modes = 'read-only'\n",
             "1:25: 'allowed_sandbox_modes' must be a list, not a string"},
        Case{"ModesWord", "allowed_sandbox_modes = ['read-only', 'all']\n",
             "1:39: a mode in 'allowed_sandbox_modes' must be \"read-only\", \"workspace-write\", "
             "\"danger-full-access\" or \"external-sandbox\", not 'all'"},
        Case{"ModesWithoutReadOnly", "allowed_sandbox_modes = ['workspace-write']\n",
             "1:25: 'allowed_sandbox_modes' must contain \"read-only\""},
        Case{
            "HostPatternsMissing",
            "[[remote_sandbox_config]]\nallowed_sandbox_modes = ['read-only']\n",
            "1:1: 'hostname_patterns' is missing in an entry of [[remote_sandbox_config]]; add it"},
        Case{"HostUnknownKey",
             "[[remote_sandbox_config]]\nhostname_patterns = []\nallowed_sandbox_modes = "
             "['read-only']\ndeny = 1\n",
             "4:1: unknown key 'deny' in [remote_sandbox_config]; known keys are hostname_patterns "
             "and allowed_sandbox_modes"},
        Case{"NetworkTwice",
             "[permissions.network]\nenabled = false\n[experimental_network]\nenabled = false\n",
             "1:1: the network is configured twice in the requirements, as [experimental_network] "
             "and as [permissions.network]; keep one of them"},
        Case{"NetworkStar", "experimental_network.allowed_domains = ['*']\n",
             "1:41: '*' cannot be a domain of [experimental_network]; name the domains, or leave "
             "the choice to the profiles"},
        Case{"NetworkPort", "network_proxy.http_port = 99999\n",
             "1:27: 'http_port' in [network_proxy] must be an integer from 0 to 65535, not 99999"},
        Case{
            "NetworkBothForms",
            "[network_proxy]\nallow_unix_sockets = ['/x']\nunix_sockets = { '/y' = 'allow' }\n",
            "2:22: 'unix_sockets' in [network_proxy] and 'allow_unix_sockets' are two forms of one "
            "thing; keep the table"},
        Case{"NetworkSocketWord", "[network_proxy.unix_sockets]\n'/y' = 'none'\n",
             "2:8: '/y' in [network_proxy.unix_sockets] must be \"allow\" or \"deny\", not 'none'"},
        Case{
            "NetworkUnknown", "network_proxy.foo = 1\n",
            "1:15: unknown key 'foo' in [network_proxy]; known keys are enabled, http_port, "
            "socks_port, allow_upstream_proxy, allow_local_binding, "
            "dangerously_allow_non_loopback_proxy, dangerously_allow_all_unix_sockets, "
            "managed_allowed_domains_only, domains, allowed_domains, denied_domains, unix_sockets, "
            "allow_unix_sockets and header_injections"},
        Case{"ForbiddenWord", "forbidden_keys = ['network.publsh']\n",
             "1:19: 'network.publsh' in 'forbidden_keys' is not a key that can be forbidden; did "
             "you mean 'network.publish'?"},
        Case{"EngineWord", "require_engine = ['docker']\n",
             "1:19: an engine in 'require_engine' must be \"native\", \"landlock\" or "
             "\"bubblewrap\", not 'docker'"},
        Case{"Proof", "require_proof = 'yes'\n",
             "1:17: 'require_proof' must be true or false, not a string"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Requirements, AnEmptyFileDemandsNothing) {
  EXPECT_TRUE(Loading().Require("").P(":danger-full-access").Get().profile.unrestricted);
}

TEST(Requirements, SessionKeysAreAcceptedWithANotice) {
  Loading loading;
  loading.Require("allowed_approval_policies = ['never']\n");
  EXPECT_EQ(Notices(loading.Get()),
            "/etc/ambit/requirements.toml:1:1: requirement 'allowed_approval_policies' is about an "
            "agent's session, not its sandbox; ambit leaves it to the agent\n");
}

TEST(Requirements, MustBelongToTheAdministrator) {
  for (const auto& [uid, mode] : {std::pair{1000U, 0644U}, {0U, 0664U}, {0U, 0646U}}) {
    Loading loading;
    loading.Require("").disk.Own(kRequirementsPath, uid, mode);
    EXPECT_EQ(
        loading.Refusal(),
        "'/etc/ambit/requirements.toml' binds everybody but is not the administrator's alone: "
        "it must belong to root and not be writable by group or others (chown root, chmod "
        "go-w)");
  }
}

TEST(Requirements, AFileNamedOnTheCommandLineMayBelongToAnybody) {
  Loading loading;
  loading.disk.File("/r.toml", "allowed_sandbox_modes = ['read-only']\n")
      .Own("/r.toml", 1000, 0666);
  loading.sources.extra_requirements = {"/r.toml"};
  EXPECT_NE(loading.P(":workspace").Refusal(), "");
}

TEST(Requirements, FilesOfTheDirectoryAreReadInTheOrderOfTheirNames) {
  Loading loading;
  loading.Require("allowed_sandbox_modes = ['read-only']\n")
      .disk
      .File("/etc/ambit/requirements.d/20.toml",
            "allowed_sandbox_modes = ['read-only', 'workspace-write']\n")
      .File("/etc/ambit/requirements.d/10.toml", "allowed_sandbox_modes = ['read-only']\n")
      .File("/etc/ambit/requirements.d/notes.txt", "[[[");
  EXPECT_EQ(loading.P(":workspace").Get().profile.name, ":workspace");
  loading.disk.Own("/etc/ambit/requirements.d/20.toml", 7, 0644);
  EXPECT_NE(loading.Refusal().find("'/etc/ambit/requirements.d/20.toml' binds everybody"),
            std::string::npos);
}

TEST(AllowList, AnExplicitProfileThatIsNotAllowedRefusesAndListsWhatIs) {
  Loading loading;
  EXPECT_EQ(loading.Require(kBoth).P(":danger-full-access").Refusal(),
            "profile ':danger-full-access' is not allowed by the administrator's requirements "
            "(/etc/ambit/requirements.toml:1:2); allowed: ':read-only', ':workspace'");
}

TEST(AllowList, ADefaultThatIsNotAllowedFallsBackWithANotice) {
  Loading loading;
  loading.Require(kBoth).User("default_permissions = ':danger-full-access'\n");
  EXPECT_EQ(loading.Get().profile.name, ":workspace");
  EXPECT_EQ(Notices(loading.Get()),
            "/home/u/.config/ambit/config.toml:1:23: profile ':danger-full-access' is not allowed "
            "by the administrator's requirements (/etc/ambit/requirements.toml:1:2); ':workspace' "
            "is used instead\n");
}

TEST(AllowList, AnAllowedSelectionIsKept) {
  Loading loading;
  loading.Require(kBoth).User("default_permissions = ':read-only'\n");
  EXPECT_EQ(loading.Get().profile.name, ":read-only");
}

TEST(AllowList, WithoutASelectionTheRequiredDefaultIsUsed) {
  EXPECT_EQ(Loading().Require(kBoth).Get().profile.name, ":workspace");
  EXPECT_EQ(Loading()
                .Require(std::string("default_permissions = ':read-only'\n") + kBoth)
                .User("[permissions.p]\n")
                .Get()
                .profile.name,
            ":read-only");
}

TEST(AllowList, DisregardsTheOlderSetting) {
  Loading loading;
  loading.Require(std::string("default_permissions = ':read-only'\n") + kBoth)
      .User("sandbox_mode = 'danger-full-access'\n");
  EXPECT_EQ(loading.Get().profile.name, ":read-only");
}

TEST(AllowList, OnlyTheSelectedNameIsChecked) {
  Loading loading;
  loading.Require(
      "default_permissions = 'm'\n[allowed_permission_profiles]\nm = true\n"
      "[permissions.m]\nextends = ':workspace'\n");
  EXPECT_EQ(loading.Get().profile.name, "m");
  EXPECT_TRUE(loading.Get().profile.managed);
  loading.User("[permissions.u]\nextends = 'm'\n");
  EXPECT_EQ(loading.P("u").Refusal(),
            "profile 'u' is not allowed by the administrator's requirements "
            "(/etc/ambit/requirements.toml:2:2); allowed: 'm'");
}

TEST(ManagedProfiles, CollideWithConfiguredOnesAlsoUnselected) {
  Loading loading;
  loading.Require("[permissions.m]\n").User("[permissions.m]\n").P(":read-only");
  EXPECT_EQ(loading.Refusal(),
            "/home/u/.config/ambit/config.toml:1:14: profile 'm' is defined by the administrator's "
            "requirements (/etc/ambit/requirements.toml:1:14); give yours another name");
}

TEST(ManagedProfiles, MayBeExtended) {
  Loading loading;
  loading.Require("[permissions.m]\nfilesystem.'/m' = 'deny'\n")
      .User("[permissions.u]\nextends = 'm'\n");
  EXPECT_EQ(Entries(loading.P("u").Get().profile), "/m=deny");
}

/// A further requirements file, which can only narrow.
class NarrowTest : public testing::Test {
 protected:
  Loading& With(std::string system, std::string extra) {
    loading_.Require(std::move(system)).disk.File("/r.toml", std::move(extra));
    loading_.sources.extra_requirements = {"/r.toml"};
    return loading_;
  }
  Loading loading_;
};

TEST_F(NarrowTest, CannotAllowAnotherProfile) {
  With(kBoth, std::string(kBoth) + "':danger-full-access' = true\n");
  EXPECT_EQ(loading_.P(":danger-full-access").Refusal(),
            "profile ':danger-full-access' is not allowed by the administrator's requirements "
            "(/r.toml:1:2); allowed: ':read-only', ':workspace'");
}

TEST_F(NarrowTest, CanTakeAProfileAway) {
  With(kBoth,
       "default_permissions = ':read-only'\n[allowed_permission_profiles]\n':read-only' = true\n");
  EXPECT_NE(loading_.P(":workspace").Refusal(), "");
}

TEST_F(NarrowTest, CannotAllowAnotherMode) {
  With("allowed_sandbox_modes = ['read-only']\n",
       "allowed_sandbox_modes = ['read-only', 'workspace-write']\n");
  EXPECT_NE(loading_.P(":workspace").Refusal(), "");
}

TEST_F(NarrowTest, DeniesAddUpWithoutDuplicates) {
  With("permissions.filesystem.deny_read = ['/a', '/b']\n",
       "permissions.filesystem.deny_read = ['/b', '~/c']\n");
  const Selected selected = loading_.P(":read-only").Get();
  ASSERT_EQ(selected.managed_denies.size(), 3U);
  EXPECT_EQ(selected.managed_denies[2].text, "~/c");
  EXPECT_EQ(ToString(selected.managed_denies[2].from), "/r.toml:1:43");
}

TEST_F(NarrowTest, CannotChangeAManagedProfile) {
  With("[permissions.m]\n", "[permissions.m]\nextends = ':workspace'\n");
  EXPECT_EQ(loading_.P("m").Refusal(),
            "/r.toml:1:14: profile 'm' is already a managed profile "
            "(/etc/ambit/requirements.toml:1:14); a further requirements file cannot change it, "
            "use another name");
}

TEST_F(NarrowTest, CannotOpenTheManagedNetwork) {
  With(
      "[network_proxy]\nmanaged_allowed_domains_only = true\ndomains = { 'a.x' = 'allow', 'd.x' = "
      "'deny' }\n",
      "[network_proxy]\nmanaged_allowed_domains_only = false\ndomains = { 'a.x' = 'deny', 'd.x' = "
      "'allow' }\n");
  const Selected selected = loading_.P(":read-only").Get();
  ASSERT_TRUE(selected.managed_network);
  EXPECT_TRUE(selected.managed_network->managed_allowed_domains_only->value);
  EXPECT_FALSE(selected.managed_network->domains.at("a.x").value);
  EXPECT_FALSE(selected.managed_network->domains.at("d.x").value);

  loading_.disk.File("/r.toml", "[network_proxy]\ndomains = { 'b.x' = 'allow' }\n");
  EXPECT_EQ(loading_.Refusal(),
            "/r.toml:2:21: 'b.x' is not allowed by the administrator's requirements; remove it, a "
            "further requirements file can only narrow them");
}

TEST_F(NarrowTest, EnginesAndProofOnlyGetStricter) {
  With("require_engine = ['native', 'landlock']\nrequire_proof = true\n",
       "require_engine = ['landlock', 'bubblewrap']\nrequire_proof = false\n");
  const Selected selected = loading_.P(":read-only").Get();
  EXPECT_EQ(selected.require_engine->value, std::vector<std::string>{"landlock"});
  EXPECT_TRUE(selected.require_proof);
}

}  // namespace
}  // namespace ambit::config
