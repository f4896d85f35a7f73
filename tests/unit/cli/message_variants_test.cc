#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "message_case.h"

/// More of the exact texts of messages_test.cc: other ways to make the same mistakes, and mistakes
/// that need more than two files.
namespace ambit::cli {
namespace {

/// Everything that a check is about; a case may change it.
struct World {
  testing_support::FakeFileView files;
  PolicyOptions options;
  Surroundings place = MessagePlace();
};

struct VariantCase {
  const char* name;
  std::string user;          ///< ~/.config/ambit/config.toml
  const char* requirements;  ///< /etc/ambit/requirements.toml
  const char* profile;       ///< -P, or null.
  void (*change)(World&);    ///< May be null.
  const char* lines;         ///< What `check` says, without the directories of the two files.
};

/// 256 profiles, each of which stands on the next.
std::string Parents() {
  std::string out;
  for (int i = 0; i < 256; ++i) {
    out +=
        "[permissions.p" + std::to_string(i) + "]\nextends = \"p" + std::to_string(i + 1) + "\"\n";
  }
  return out + "[permissions.p256]\nextends = \":read-only\"\n";
}

const VariantCase kCases[] = {
    {"ReadThroughReplaceableLink",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":workspace_roots\" = { link = \"read\" }\n",
     "", "p", nullptr,
     "config.toml:4:24: error: '/home/u/repo/link' of profile 'p' leads through the link "
     "'/home/u/repo/link', which the command could replace; name the real path '/srv' instead, or "
     "remove the link\n"},
    {"EqualReadThroughReplaceableLink",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"/srv\" = \"read\"\n"
     "\":workspace_roots\" = { link = \"read\" }\n",
     "", "p", nullptr,
     "config.toml:5:24: error: '/home/u/repo/link' of profile 'p' leads through the link "
     "'/home/u/repo/link', which the command could replace; name the real path '/srv' instead, or "
     "remove the link\n"},
    {"PatternThroughReplaceableLink",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":workspace_roots\" = { \"link/*.env\" = \"deny\" }\n",
     "", "p", nullptr,
     "config.toml:4:24: error: '/home/u/repo/link/*.env' of profile 'p' leads through the link "
     "'/home/u/repo/link', which the command could replace; name the real path '/srv/*.env' "
     "instead, or remove the link\n"},
    {"DenyOfALoop",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":workspace_roots\" = { loop = \"deny\" }\n",
     "", "p", [](World& one) { one.files.Link("/home/u/repo/loop", "loop"); },
     "config.toml:4:24: error: '/home/u/repo/loop' of profile 'p' leads through the link "
     "'/home/u/repo/loop', which the command could replace; remove the link\n"},
    {"WriteThroughReplaceableLink",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":workspace_roots\" = { link = \"write\" }\n",
     "", "p", nullptr,
     "config.toml:4:24: warning: '/home/u/repo/link' of profile 'p' leads through the link "
     "'/home/u/repo/link', which the command could replace before the next start; name the real "
     "path '/srv' instead\n"},
    {"ManagedDenyThroughReplaceableLink", "",
     "[permissions.filesystem]\n"
     "deny_read = [\"/home/u/repo/link/x\"]\n",
     ":workspace", nullptr,
     "requirements.toml:2:14: error: '/home/u/repo/link/x' of the administrator's deny_read leads "
     "through the link '/home/u/repo/link', which the command could replace; name the real path "
     "'/srv/x' instead, or remove the link\n"},
    {"NoProgramReadable",
     "[permissions.p.filesystem]\n"
     "\"/srv\" = \"read\"\n",
     "", "p", nullptr,
     "config.toml:1:14: error: profile 'p' gives no program to load: neither ':minimal' nor "
     "':root' is readable; add \":minimal\" = \"read\" to its filesystem table\n"},
    {"RootInsideProtected",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.workspace_roots]\n"
     "\"/home/u/repo/.git/x\" = true\n",
     "", "p", [](World& one) { one.files.Dir("/home/u/repo/.git/x"); },
     "config.toml:4:1: error: '/home/u/repo/.git/x' cannot be a writable workspace root of profile "
     "'p': it lies inside the protected '/home/u/repo/.git'; name a directory outside of it "
     "instead\n"},
    {"RootInsideGitDirectory",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.workspace_roots]\n"
     "\"/srv/bare/hooks\" = true\n",
     "", "p",
     [](World& one) {
       one.files.File("/srv/bare/HEAD")
           .Dir("/srv/bare/objects")
           .Dir("/srv/bare/refs")
           .Dir("/srv/bare/hooks");
     },
     "config.toml:4:1: error: '/srv/bare/hooks' cannot be a writable workspace root of profile "
     "'p': it lies inside the git directory '/srv/bare'; name a directory outside of it instead\n"},
    {"WholeDiskAsTemporaryDirectory",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":tmpdir\" = \"write\"\n",
     "", "p",
     [](World& one) {
       one.place.environment = {"HOME=/home/u", "TMPDIR=/srv/.."};
     },
     "config.toml:4:1: error: '/' cannot be the temporary directory of ':tmpdir' in profile 'p': "
     "it "
     "is the whole disk; set TMPDIR to another directory\n"},
    {"PathTooLong",
     "[permissions.p]\nextends = \":workspace\"\n[permissions.p.filesystem]\n\"/srv/" +
         std::string(4096, 'a') + "\" = \"read\"\n\":workspace_roots\" = { \"" +
         std::string(4096, 'b') + "\" = \"deny\" }\n",
     "", "p", nullptr,
     "config.toml:4:1: error: '/srv/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...' in profile 'p' is "
     "longer "
     "than a path can be, 4095 bytes; name a directory above it\n"
     "config.toml:5:24: error: 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb...' in profile 'p' is "
     "longer "
     "than a path can be, 4095 bytes; name a directory above it\n"},
    {"RootOfAStrangeHome",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.workspace_roots]\n"
     "\"~bob\" = true\n",
     "", "p", nullptr,
     "config.toml:4:1: error: '~bob' in workspace_roots of profile 'p' is not a directory's path; "
     "write an absolute path, '~/...', or one relative to the start directory\n"},
    {"ScopedOnMinimal",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":minimal\" = { usr = \"read\" }\n",
     "", "p", nullptr,
     "config.toml:4:16: error: ':minimal' in profile 'p' takes no subpath such as 'usr'; give it "
     "an access word, or use '.'\n"},
    {"ScopedOnSlashTmp",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":slash_tmp\" = { a = \"read\" }\n",
     "", "p", nullptr,
     "config.toml:4:18: error: ':slash_tmp' in profile 'p' takes no subpath such as 'a'; give it "
     "an access word, or use '.'\n"},
    {"DenyOfMisspeltName",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":workspace_root\" = \"deny\"\n",
     "", "p", nullptr,
     "config.toml:4:1: error: ':workspace_root' in profile 'p' is a name that is not known, so "
     "this 'deny' would be lost; did you mean ':workspace_roots'?\n"},
    {"PatternOfNoPath",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"~*\" = \"deny\"\n",
     "", "p", nullptr,
     "config.toml:4:1: error: '~*' in profile 'p' is not a path that can be used here; write an "
     "absolute path, '~/...', or one of ':root', ':minimal', ':workspace_roots', ':tmpdir', "
     "':slash_tmp'\n"},
    {"HomeThatIsNone",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"~/x\" = \"read\"\n",
     "", "p",
     [](World& one) {
       one.place.environment = {"HOME=home"};
       one.options.config_home = "/home/u/.config/ambit";
     },
     "config.toml:4:1: error: '~/x' needs a home directory, but HOME is not an absolute path; set "
     "HOME or write the path in full\n"},
    {"TooManyParents", Parents(), "", "p0", nullptr,
     "config.toml:512:11: error: profile 'p0' stands on more than 255 parents; let it extend one "
     "that has fewer\n"
     "config.toml:514:11: warning: profile 'p1' stands on more than 255 parents; let it extend one "
     "that has fewer\n"},
    {"UndefinedParentNearby",
     "[permissions.base]\n"
     "extends = \":read-only\"\n"
     "[permissions.p]\n"
     "extends = \"bas\"\n",
     "", "p", nullptr,
     "config.toml:4:11: error: profile 'p' extends 'bas', which is not defined; did you mean "
     "'base'?\n"},
    {"EmptyParent",
     "[permissions.p]\n"
     "extends = \"\"\n",
     "", "p", nullptr,
     "config.toml:2:11: error: profile 'p' extends '', which is not defined; extend \":read-only\" "
     "or \":workspace\"\n"},
    {"ParentThatIsItself",
     "[permissions.p]\n"
     "extends = \"p\"\n",
     "", "p", nullptr,
     "config.toml:2:11: error: profiles extend each other in a circle: 'p' -> 'p'; remove one "
     "'extends'\n"},
    {"EmptyProfileName", "", "", "", nullptr,
     "error: an empty name is no profile; name one, such as ':workspace'\n"},
    {"EmptyProfileDefault", "default_permissions = \"\"\n", "", nullptr, nullptr,
     "config.toml:1:23: error: an empty name is no profile; name one, such as ':workspace'\n"},
    {"UnknownKeyFar",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "colour = 1\n",
     "", "p", nullptr,
     "config.toml:3:1: error: unknown key 'colour' in [permissions.p]; known keys are description, "
     "extends, workspace_roots, filesystem, network, environment, limits and tests\n"},
    {"RootsValue",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.workspace_roots]\n"
     "\"/srv\" = \"yes\"\n",
     "", "p", nullptr,
     "config.toml:4:10: error: '/srv' in [permissions.p.workspace_roots] must be true or false, "
     "not a string\n"},
    {"DepthString",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "glob_scan_max_depth = \"2\"\n",
     "", "p", nullptr,
     "config.toml:4:23: error: 'glob_scan_max_depth' in [permissions.p.filesystem] must be an "
     "integer, not a string\n"},
    {"Ports",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.network]\n"
     "default_ports = [0]\n",
     "", "p", nullptr,
     "config.toml:4:18: error: 'default_ports' in [permissions.p.network] takes ports from 1 to "
     "65535 and ranges such as \"8000-8099\"\n"},
    {"Publish",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.network]\n"
     "publish = [\"80\"]\n",
     "", "p", nullptr,
     "config.toml:4:12: error: '80' in 'publish' in [permissions.p.network] must be "
     "\"ADDRESS:PORT\" or \"ADDRESS:HOSTPORT:PORT\"\n"},
    {"SocketWithoutAccess",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.network]\n"
     "unix_sockets = { \"/run/x\" = { acknowledge_risk = true } }\n",
     "", "p", nullptr,
     "config.toml:4:29: error: 'access' in [permissions.p.network.unix_sockets.\"/run/x\"] is "
     "missing; write \"allow\" or \"deny\"\n"},
    {"CredentialWithoutSecret",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.network]\n"
     "credentials = { x = { hosts = [\"x.org\"] } }\n",
     "", "p", nullptr,
     "config.toml:4:21: error: [permissions.p.network.credentials.x] must say where the secret is: "
     "either 'env' or 'file'\n"},
    {"NetworkMode",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.network]\n"
     "mode = \"Full\"\n",
     "", "p", nullptr,
     "config.toml:4:8: error: 'mode' in [permissions.p.network] must be \"limited\" or \"full\", "
     "not 'Full'\n"},
    {"TestWithoutQuestion",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[[permissions.p.tests]]\n"
     "expect = \"deny\"\n",
     "", "p", nullptr,
     "config.toml:3:1: error: an entry of [[permissions.p.tests]] must have 'expect' and exactly "
     "one of 'read', 'write', 'connect', 'unix'\n"},
    {"VariableName",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.environment.set]\n"
     "\"A=B\" = \"x\"\n",
     "", "p", nullptr,
     "config.toml:4:1: error: 'A=B' in [permissions.p.environment.set] cannot be set: a name is "
     "not empty and has no '=', and nothing holds NUL\n"},
    {"OlderRoots",
     "sandbox_mode = \"workspace-write\"\n"
     "[sandbox_workspace_write]\n"
     "writable_roots = [\"x\"]\n",
     "", nullptr, nullptr,
     "config.toml:3:19: error: 'x' in 'writable_roots' in [sandbox_workspace_write] must be an "
     "absolute path or begin with \"~/\"\n"},
    {"OlderModeWord", "sandbox_mode = \"workspace\"\n", "", nullptr, nullptr,
     "config.toml:1:16: error: 'sandbox_mode' must be \"read-only\", \"workspace-write\" or "
     "\"danger-full-access\", not 'workspace'\n"},
    {"RequirementKeyInConfiguration", "require_engine = [\"native\"]\n", "", nullptr, nullptr,
     "config.toml:1:1: warning: 'require_engine' demands nothing here: it belongs in a "
     "requirements file, such as /etc/ambit/requirements.toml\n"},
    {"ConfigProfileMissing", "", "", ":read-only",
     [](World& one) { one.options.config_profile = "work"; },
     "error: '/home/u/.config/ambit/work.config.toml' does not exist, but was asked for; create "
     "it, or do not ask for it\n"},
    {"ConfigProfileName", "", "", ":read-only",
     [](World& one) { one.options.config_profile = "../x"; },
     "error: '../x' after -p is not the name of a config profile; say NAME for NAME.config.toml "
     "beside the user's configuration\n"},
    {"OverrideWithoutValue", "", "", ":read-only",
     [](World& one) { one.options.overrides = {"sandbox_mode"}; },
     "error: 'sandbox_mode' after -c is not KEY=VALUE; write, for example, -c "
     "default_permissions=NAME\n"},
    {"OverrideKey", "", "", ":read-only", [](World& one) { one.options.overrides = {"a..b=1"}; },
     "-c a..b: error: 'a..b' is not a key: it is split at every dot and no part may be empty; put "
     "a key with dots into an inline table, such as -c 'a={\"x.y\"=1}'\n"},
    {"OverrideValue", "", "", ":read-only", [](World& one) { one.options.overrides = {"a=[1"}; },
     "-c a: error: '[1' is not a TOML value: syntax error: expected ',' or ']' in the list; found "
     "the end of the file\n"},
    {"ManagedChoice", "", "", ":workspace",
     [](World& one) {
       one.files.File("/etc/ambit/managed_config.toml", "default_permissions = \":read-only\"\n");
     },
     "error: profile ':workspace' cannot be selected: the managed configuration "
     "(/etc/ambit/managed_config.toml:1:23) sets ':read-only' for every command\n"},
    {"ManagedConfigOfSomebody", "", "", ":read-only",
     [](World& one) {
       one.files.File("/etc/ambit/managed_config.toml")
           .Own("/etc/ambit/managed_config.toml", 1000, 0644);
     },
     "error: '/etc/ambit/managed_config.toml' binds everybody but is not the administrator's "
     "alone: it must belong to root and not be writable by group or others (chown root, chmod "
     "go-w)\n"},
    {"RequirementsOfSomebody", "", "", ":read-only",
     [](World& one) { one.files.Own(kRequirementsFile, 0, 0664); },
     "error: '/etc/ambit/requirements.toml' binds everybody but is not the administrator's alone: "
     "it must belong to root and not be writable by group or others (chown root, chmod go-w)\n"},
    {"OlderModeBesideAllowList", "sandbox_mode = \"workspace-write\"\n",
     "default_permissions = \":read-only\"\n"
     "[allowed_permission_profiles]\n"
     "\":read-only\" = true\n",
     nullptr, nullptr,
     "config.toml:1:16: warning: 'sandbox_mode' is not used: the administrator's requirements "
     "(requirements.toml:2:2) choose among profiles; allowed: ':read-only'\n"},
    {"DefaultUndefinedInList", "",
     "default_permissions = \"ghost\"\n"
     "[allowed_permission_profiles]\n"
     "ghost = true\n",
     nullptr, nullptr,
     "requirements.toml:1:23: error: profile 'ghost' is not defined in any configuration file; "
     "define it as [permissions.ghost]\n"
     "requirements.toml:3:1: error: 'ghost' in [allowed_permission_profiles] of the requirements "
     "is not a profile: neither built in nor defined anywhere; define it, or take it off the "
     "list\n"},
    {"EmptyList", "", "allowed_permission_profiles = {}\n", nullptr, nullptr,
     "requirements.toml:1:1: error: 'default_permissions' is missing in the requirements; it may "
     "be left out only where [allowed_permission_profiles] sets both ':workspace' and ':read-only' "
     "to true\n"},
    {"RootInsideManagedDeny",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.workspace_roots]\n"
     "\"/srv/data\" = true\n",
     "[permissions.filesystem]\n"
     "deny_read = [\"/srv\"]\n",
     "p", nullptr,
     "config.toml:4:1: error: '/srv/data' in profile 'p' makes a workspace root of what the "
     "administrator's deny_read closes with '/srv' (requirements.toml:2:14); remove it\n"},
    {"GrantMatchedByManagedPattern",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"/srv/data/x.key\" = \"write\"\n",
     "[permissions.filesystem]\n"
     "deny_read = [\"/srv/**/*.key\"]\n",
     "p", nullptr,
     "config.toml:4:1: error: '/srv/data/x.key' in profile 'p' grants 'write' inside what the "
     "administrator's deny_read closes with '/srv/**/*.key' (requirements.toml:2:14); remove it\n"},
    {"GrantOfHomeInsideManagedDeny",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"~/.ssh/config\" = \"read\"\n",
     "[permissions.filesystem]\n"
     "deny_read = [\"~/.ssh\"]\n",
     "p", nullptr,
     "config.toml:4:1: error: '~/.ssh/config' in profile 'p' grants 'read' inside what the "
     "administrator's deny_read closes with '~/.ssh' (requirements.toml:2:14); remove it\n"},
    {"ManagedPatternOfTheDisk", "",
     "[permissions.filesystem]\n"
     "deny_read = [\"/**/*.env\"]\n",
     ":read-only", nullptr, ""},
    {"ManagedPatternInvalid", "",
     "[permissions.filesystem]\n"
     "deny_read = [\"/srv/[z-a]\"]\n",
     ":read-only", nullptr,
     "requirements.toml:2:14: error: '/srv/[z-a]' in the administrator's deny_read is not usable: "
     "pattern '[z-a]' has a range that runs backwards; put the smaller character first\n"},
    {"ManagedDenyElement", "",
     "[permissions.filesystem]\n"
     "deny_read = [\"/srv\", 1]\n",
     ":read-only", nullptr,
     "requirements.toml:2:22: error: 'deny_read' in [permissions.filesystem] must be a list of "
     "strings, not an integer\n"},
    {"ModesEmpty", "", "allowed_sandbox_modes = []\n", nullptr, nullptr,
     "requirements.toml:1:25: error: 'allowed_sandbox_modes' must contain \"read-only\"\n"},
    {"ModesString", "", "allowed_sandbox_modes = \"read-only\"\n", nullptr, nullptr,
     "requirements.toml:1:25: error: 'allowed_sandbox_modes' must be a list, not a string\n"},
    {"RemoteWithoutModes", "",
     "[[remote_sandbox_config]]\n"
     "hostname_patterns = [\"*\"]\n",
     nullptr, nullptr,
     "requirements.toml:1:1: error: 'allowed_sandbox_modes' is missing in an entry of "
     "[[remote_sandbox_config]]; add it\n"},
    {"RemoteUnknownKey", "",
     "[[remote_sandbox_config]]\n"
     "hostname_patterns = [\"*\"]\n"
     "allowed_sandbox_modes = [\"read-only\"]\n"
     "default_permissions = \"x\"\n",
     nullptr, nullptr,
     "requirements.toml:4:1: error: unknown key 'default_permissions' in [remote_sandbox_config]; "
     "known keys are hostname_patterns and allowed_sandbox_modes\n"},
    {"ForbiddenKeyFar", "", "forbidden_keys = [\"colour\"]\n", nullptr, nullptr,
     "requirements.toml:1:19: error: 'colour' in 'forbidden_keys' is not a key that can be "
     "forbidden; write it as \"table.key\", such as \"network.publish\"\n"},
    {"NetworkUnknownKey", "",
     "[network_proxy]\n"
     "domain = {}\n",
     nullptr, nullptr,
     "requirements.toml:2:1: error: unknown key 'domain' in [network_proxy]; did you mean "
     "'domains'?\n"},
    {"NetworkWord", "",
     "[network_proxy.domains]\n"
     "\"x.org\" = \"none\"\n",
     nullptr, nullptr,
     "requirements.toml:2:11: error: 'x.org' in [network_proxy.domains] must be \"allow\" or "
     "\"deny\", not 'none'\n"},
    {"NetworkUnderPermissionsAndAlone", "",
     "[permissions.network]\n"
     "enabled = true\n"
     "[network_proxy]\n"
     "enabled = true\n",
     nullptr, nullptr,
     "requirements.toml:1:1: error: the network is configured twice in the requirements, as "
     "[network_proxy] and as [permissions.network]; keep one of them\n"},
    {"FurtherRequirementsWiden", "",
     "default_permissions = \":read-only\"\n"
     "[allowed_permission_profiles]\n"
     "\":read-only\" = true\n"
     "\":workspace\" = false\n",
     nullptr,
     [](World& one) {
       one.files.File("/more.toml",
                      "default_permissions = "
                      "\":workspace\"\n[allowed_permission_profiles]\n\":workspace\" = true\n");
       one.options.requirements = {"/more.toml"};
     },
     "/more.toml:1:23: error: ':workspace' is the required default, but "
     "[allowed_permission_profiles] does not set it to true; allowed: none\n"},
    {"FurtherRequirementsRedefine", "",
     "[permissions.m]\n"
     "extends = \":read-only\"\n",
     ":read-only",
     [](World& one) {
       one.files.File("/more.toml", "[permissions.m]\nextends = \":workspace\"\n");
       one.options.requirements = {"/more.toml"};
     },
     "/more.toml:1:14: error: profile 'm' is already a managed profile (requirements.toml:1:14); a "
     "further requirements file cannot change it, use another name\n"},
    {"FurtherRequirementsMissing", "", "", ":read-only",
     [](World& one) { one.options.requirements = {"/more.toml"}; },
     "error: '/more.toml' does not exist, but was asked for; create it, or do not ask for it\n"},
    {"FurtherRequirementsAllowDomain", "",
     "[network_proxy]\n"
     "managed_allowed_domains_only = true\n"
     "[network_proxy.domains]\n"
     "\"x.org\" = \"allow\"\n",
     ":read-only",
     [](World& one) {
       one.files.File("/more.toml", "[network_proxy.domains]\n\"y.org\" = \"allow\"\n");
       one.options.requirements = {"/more.toml"};
     },
     "/more.toml:2:11: error: 'y.org' is not allowed by the administrator's requirements; remove "
     "it, a further requirements file can only narrow them\n"},
};

class MessageVariantTest : public testing::TestWithParam<VariantCase> {};

TEST_P(MessageVariantTest, IsExactlyThis) {
  const VariantCase& one = GetParam();
  World world{.files = MessageDisk(one.user, one.requirements), .options = {}};
  if (one.profile != nullptr) world.options.profile = one.profile;
  if (one.change != nullptr) one.change(world);
  const std::string said = Said(world.files, world.options, world.place);
  EXPECT_EQ(said, one.lines);
}

INSTANTIATE_TEST_SUITE_P(Golden, MessageVariantTest, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace ambit::cli
