#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "message_case.h"

/// The exact text of every error and warning about profiles and requirements: each names the object
/// at fault, the problem, and what to do next.
namespace ambit::cli {
namespace {

struct MessageCase {
  const char* name;
  const char* user;          ///< ~/.config/ambit/config.toml
  const char* requirements;  ///< /etc/ambit/requirements.toml
  const char* profile;       ///< -P, or null.
  const char* lines;         ///< What `check` says, without the directories of the two files.
};

const MessageCase kCases[] = {
    {"W1NoUsableEntries", "[permissions.p]\n", "", "p",
     "config.toml:1:14: error: profile 'p' has no usable file entries, so the command cannot be "
     "loaded; add \":minimal\" = \"read\" to its filesystem table\n"},
    {"W1NoEntriesButRoots",
     "[permissions.p.workspace_roots]\n"
     "\"/srv\" = true\n",
     "", "p",
     "config.toml:1:14: error: profile 'p' has no usable file entries, so the command cannot be "
     "loaded; add \":minimal\" = \"read\" to its filesystem table\n"},
    {"W2UnknownName",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":cache\" = \"read\"\n",
     "", "p",
     "config.toml:4:1: warning: ':cache' in profile 'p' is ignored: no such name is known; a newer "
     "version may know it\n"},
    {"W2SubpathOfUnknownName",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":cache\" = { a = \"read\" }\n",
     "", "p",
     "config.toml:4:14: warning: ':cache/a' in profile 'p' is ignored: no such name is known; a "
     "newer version may know it\n"},
    {"W3NoDepthLimit",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "deny_mode = \"snapshot\"\n"
     "\":workspace_roots\" = { \"**/*.env\" = \"deny\" }\n",
     "", "p",
     "config.toml:4:13: warning: 'filesystem.deny_mode' widens access: what appears after the "
     "start is not closed; leave it out if that is not needed\n"
     "config.toml:5:24: warning: ':workspace_roots/**/*.env' in profile 'p' searches without a "
     "limit; set glob_scan_max_depth, or list the depths as '*/x', '*/*/x'\n"},
    {"W4NotAllowed", "default_permissions = \":workspace\"\n",
     "default_permissions = \":read-only\"\n"
     "[allowed_permission_profiles]\n"
     "\":read-only\" = true\n",
     nullptr,
     "config.toml:1:23: warning: profile ':workspace' is not allowed by the administrator's "
     "requirements (requirements.toml:2:2); ':read-only' is used instead\n"},
    {"W5UnknownTopLevelKey", "default_permission = \":workspace\"\n", "", nullptr,
     "config.toml:1:1: warning: unknown top-level key 'default_permission' is ignored; did you "
     "mean 'default_permissions'?\n"},
    {"PathRelative",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"src\" = \"read\"\n",
     "", "p",
     "config.toml:4:1: error: 'src' in profile 'p' is not a path that can be used here; write an "
     "absolute path, '~/...', or one of ':root', ':minimal', ':workspace_roots', ':tmpdir', "
     "':slash_tmp'\n"},
    {"PathDotRelative",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"./src\" = \"read\"\n",
     "", "p",
     "config.toml:4:1: error: './src' in profile 'p' is not a path that can be used here; write an "
     "absolute path, '~/...', or one of ':root', ':minimal', ':workspace_roots', ':tmpdir', "
     "':slash_tmp'\n"},
    {"PathEmpty",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"\" = \"read\"\n",
     "", "p",
     "config.toml:4:1: error: '' in profile 'p' is not a path that can be used here; write an "
     "absolute path, '~/...', or one of ':root', ':minimal', ':workspace_roots', ':tmpdir', "
     "':slash_tmp'\n"},
    {"PathOtherHome",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"~bob/x\" = \"read\"\n",
     "", "p",
     "config.toml:4:1: error: '~bob/x' in profile 'p' is not a path that can be used here; write "
     "an absolute path, '~/...', or one of ':root', ':minimal', ':workspace_roots', ':tmpdir', "
     "':slash_tmp'\n"},
    {"PathVariable",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"$HOME/x\" = \"read\"\n",
     "", "p",
     "config.toml:4:1: error: '$HOME/x' in profile 'p' is not a path that can be used here; write "
     "an absolute path, '~/...', or one of ':root', ':minimal', ':workspace_roots', ':tmpdir', "
     "':slash_tmp'\n"},
    {"PathUrl",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"https://x\" = \"read\"\n",
     "", "p",
     "config.toml:4:1: error: 'https://x' in profile 'p' is not a path that can be used here; "
     "write an absolute path, '~/...', or one of ':root', ':minimal', ':workspace_roots', "
     "':tmpdir', ':slash_tmp'\n"},
    {"PathNul",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"/a\\u0000b\" = \"read\"\n",
     "", "p",
     "config.toml:4:1: error: '/a\\x00b' in profile 'p' is not a path that can be used here; write "
     "an absolute path, '~/...', or one of ':root', ':minimal', ':workspace_roots', ':tmpdir', "
     "':slash_tmp'\n"},
    {"DenyOfMinimal",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":minimal\" = \"deny\"\n",
     "", "p",
     "config.toml:4:1: error: ':minimal' in profile 'p' cannot be denied, no program could start; "
     "deny single paths instead\n"},
    {"DenyOfUnknownName",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":cache\" = \"deny\"\n",
     "", "p",
     "config.toml:4:1: error: ':cache' in profile 'p' is a name that is not known, so this 'deny' "
     "would be lost; remove it or name the path\n"},
    {"SubpathEmpty",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":workspace_roots\" = { \"\" = \"read\" }\n",
     "", "p",
     "config.toml:4:24: error: '' in profile 'p' is not a subpath of ':workspace_roots'; write "
     "names joined by '/', without '.', '..', '~' or a '/' in front\n"},
    {"SubpathAbsolute",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":workspace_roots\" = { \"/a\" = \"read\" }\n",
     "", "p",
     "config.toml:4:24: error: '/a' in profile 'p' is not a subpath of ':workspace_roots'; write "
     "names joined by '/', without '.', '..', '~' or a '/' in front\n"},
    {"SubpathDot",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":workspace_roots\" = { \"./a\" = \"read\" }\n",
     "", "p",
     "config.toml:4:24: error: './a' in profile 'p' is not a subpath of ':workspace_roots'; write "
     "names joined by '/', without '.', '..', '~' or a '/' in front\n"},
    {"SubpathInnerDot",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":workspace_roots\" = { \"a/./b\" = \"read\" }\n",
     "", "p",
     "config.toml:4:24: error: 'a/./b' in profile 'p' is not a subpath of ':workspace_roots'; "
     "write names joined by '/', without '.', '..', '~' or a '/' in front\n"},
    {"SubpathUp",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":workspace_roots\" = { \"../a\" = \"read\" }\n",
     "", "p",
     "config.toml:4:24: error: '../a' in profile 'p' is not a subpath of ':workspace_roots'; write "
     "names joined by '/', without '.', '..', '~' or a '/' in front\n"},
    {"SubpathHome",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":workspace_roots\" = { \"~/a\" = \"read\" }\n",
     "", "p",
     "config.toml:4:24: error: '~/a' in profile 'p' is not a subpath of ':workspace_roots'; write "
     "names joined by '/', without '.', '..', '~' or a '/' in front\n"},
    {"ScopedOnRoot",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":root\" = { a = \"read\" }\n",
     "", "p",
     "config.toml:4:13: error: ':root' in profile 'p' takes no subpath such as 'a'; give it an "
     "access word, or use '.'\n"},
    {"ScopedOnTmp",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":tmpdir\" = { a = \"read\" }\n",
     "", "p",
     "config.toml:4:15: error: ':tmpdir' in profile 'p' takes no subpath such as 'a'; give it an "
     "access word, or use '.'\n"},
    {"ScopedBasePattern",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"/srv/*\" = { a = \"deny\" }\n",
     "", "p",
     "config.toml:4:14: error: '/srv/*' in profile 'p' has pattern characters, but its subpaths "
     "would take it literally; write the whole pattern as one key with 'deny'\n"},
    {"PatternWithGrant",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"/srv/*.txt\" = \"read\"\n",
     "", "p",
     "config.toml:4:1: error: '/srv/*.txt' in profile 'p' is a pattern, which only 'deny' can "
     "have; name a directory, or end in '/**' for all that is below one\n"},
    {"PatternWithWrite",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":workspace_roots\" = { \"*\" = \"write\" }\n",
     "", "p",
     "config.toml:4:24: error: '*' in profile 'p' is a pattern, which only 'deny' can have; name a "
     "directory, or end in '/**' for all that is below one\n"},
    {"DepthZero",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "glob_scan_max_depth = 0\n",
     "", "p",
     "config.toml:4:23: error: 'glob_scan_max_depth' in [permissions.p.filesystem] must be at "
     "least 1; leave it out for no limit\n"},
    {"DepthNegative",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "glob_scan_max_depth = -1\n",
     "", "p",
     "config.toml:4:23: error: 'glob_scan_max_depth' in [permissions.p.filesystem] must be at "
     "least 1; leave it out for no limit\n"},
    {"UndefinedProfile",
     "[permissions.r]\n"
     "extends = \":read-only\"\n",
     "", "rr", "error: profile 'rr' is not defined in any configuration file; did you mean 'r'?\n"},
    {"UndefinedBuiltin", "", "", ":workspaces",
     "error: profile ':workspaces' is not built in; did you mean ':workspace'?\n"},
    {"UndefinedDefault", "default_permissions = \"work\"\n", "", nullptr,
     "config.toml:1:23: error: profile 'work' is not defined in any configuration file; define it "
     "as [permissions.work]\n"},
    {"UndefinedParent",
     "[permissions.p]\n"
     "extends = \"base\"\n",
     "", "p",
     "config.toml:2:11: error: profile 'p' extends 'base', which is not defined; define it as "
     "[permissions.base] or extend \":read-only\" or \":workspace\"\n"},
    {"UnsupportedParent",
     "[permissions.p]\n"
     "extends = \":danger-full-access\"\n",
     "", "p",
     "config.toml:2:11: error: profile 'p' extends ':danger-full-access', which cannot be a "
     "parent; built-in parents are \":read-only\" or \":workspace\"\n"},
    {"Cycle",
     "[permissions.a]\n"
     "extends = \"b\"\n"
     "[permissions.b]\n"
     "extends = \"c\"\n"
     "[permissions.c]\n"
     "extends = \"a\"\n",
     "", "a",
     "config.toml:2:11: warning: profiles extend each other in a circle: 'b' -> 'c' -> 'a' -> 'b'; "
     "remove one 'extends'\n"
     "config.toml:4:11: warning: profiles extend each other in a circle: 'c' -> 'a' -> 'b' -> 'c'; "
     "remove one 'extends'\n"
     "config.toml:6:11: error: profiles extend each other in a circle: 'a' -> 'b' -> 'c' -> 'a'; "
     "remove one 'extends'\n"},
    {"ReservedPrefix", "[permissions.\":x\"]\n", "", nullptr,
     "config.toml:1:14: error: ':x' in [permissions] is not a name for a profile: names that begin "
     "with ':' are built in; choose another\n"},
    {"NoneSelected",
     "[permissions.r]\n"
     "extends = \":read-only\"\n",
     "", nullptr,
     "config.toml:1:14: error: profiles are defined, such as 'r', but none is selected; name one "
     "with -P or set default_permissions\n"},
    {"BothSystems",
     "sandbox_mode = \"read-only\"\n"
     "default_permissions = \"r\"\n"
     "[permissions.r]\n"
     "extends = \":read-only\"\n",
     "", nullptr,
     "config.toml:1:16: error: 'sandbox_mode' here and 'default_permissions' at config.toml:2:23 "
     "both choose what a command may do; remove one of them, or name a profile with -P\n"},
    {"ReplaceableLink",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\":workspace_roots\" = { \"link/x\" = \"deny\" }\n",
     "", "p",
     "config.toml:4:24: error: '/home/u/repo/link/x' of profile 'p' leads through the link "
     "'/home/u/repo/link', which the command could replace; name the real path '/srv/x' instead, "
     "or remove the link\n"},
    {"ProtectedLink",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.workspace_roots]\n"
     "\"/home/u/linked\" = true\n",
     "", "p",
     "<built-in>: error: '/home/u/linked/.git' is a link to '/srv' that the command could replace, "
     "so it cannot be protected; make it a directory, or grant it 'write' in profile 'p'\n"},
    {"PatternFromRoot",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"/**/*.env\" = \"deny\"\n",
     "", "p",
     "config.toml:4:1: error: '/**/*.env' in profile 'p' is a pattern over the whole disk; begin "
     "it with a directory, such as '~/**/*.env'\n"},
    {"PatternOpenBrace",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"/srv/*.{a\" = \"deny\"\n",
     "", "p",
     "config.toml:4:1: error: pattern '*.{a' has a '{' that is never closed; close it, or write "
     "'\\{' for a brace (profile 'p')\n"},
    {"PatternBackwards",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"/srv/[z-a]*\" = \"deny\"\n",
     "", "p",
     "config.toml:4:1: error: pattern '[z-a]*' has a range that runs backwards; put the smaller "
     "character first (profile 'p')\n"},
    {"WorkspaceRootName",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.workspace_roots]\n"
     "\":tmpdir\" = true\n",
     "", "p",
     "config.toml:4:1: error: ':tmpdir' in workspace_roots of profile 'p' is not a directory's "
     "path; write an absolute path, '~/...', or one relative to the start directory\n"},
    {"WholeDiskRoot",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.workspace_roots]\n"
     "\"/\" = true\n",
     "", "p",
     "config.toml:4:1: error: '/' cannot be a writable workspace root of profile 'p': it is the "
     "whole disk; name a project directory instead\n"},
    {"UnknownKey",
     "[permissions.p]\n"
     "extend = \":workspace\"\n",
     "", "p",
     "config.toml:2:1: error: unknown key 'extend' in [permissions.p]; did you mean 'extends'?\n"},
    {"UnknownNetworkKey",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.network]\n"
     "enable = true\n",
     "", "p",
     "config.toml:4:1: error: unknown key 'enable' in [permissions.p.network]; did you mean "
     "'enabled'?\n"},
    {"AccessWord",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"/srv\" = \"rw\"\n",
     "", "p",
     "config.toml:4:10: error: '/srv' in [permissions.p.filesystem] must be \"read\", \"write\" or "
     "\"deny\", not 'rw'\n"},
    {"DomainWord",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.network.domains]\n"
     "\"x.org\" = \"none\"\n",
     "", "p",
     "config.toml:4:11: error: 'x.org' in [permissions.p.network.domains] must be \"allow\" or "
     "\"deny\", not 'none'\n"},
    {"DomainStarDeny",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.network.domains]\n"
     "\"*\" = \"deny\"\n",
     "", "p",
     "config.toml:4:7: error: '*' in [permissions.p.network.domains] can only be \"allow\"; what "
     "no rule allows is denied already\n"},
    {"SocketRelative",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.network.unix_sockets]\n"
     "\"x.sock\" = \"allow\"\n",
     "", "p",
     "config.toml:4:1: error: 'x.sock' in [permissions.p.network.unix_sockets] must be an absolute "
     "path, such as \"/run/x.sock\"\n"},
    {"CannotParse", "", "allowed_sandbox_modes = [\n", nullptr,
     "requirements.toml:1:27: error: syntax error: expected ',' or ']' in the list; found the end "
     "of the file\n"},
    {"ReqUnknownKey", "", "allowed_permission_profile = {}\n", nullptr,
     "requirements.toml:1:1: error: unknown key 'allowed_permission_profile' in the requirements; "
     "did you mean 'allowed_permission_profiles'?\n"},
    {"ReqUnknownKeyFar", "", "colour = 1\n", nullptr,
     "requirements.toml:1:1: error: unknown key 'colour' in the requirements; correct it or take "
     "it out, nothing is run under rules ambit does not know\n"},
    {"ReqUnknownBesideDenyRead", "",
     "[permissions.filesystem]\n"
     "deny_raed = []\n",
     nullptr,
     "requirements.toml:2:1: error: unknown key 'deny_raed' in [permissions.filesystem]; did you "
     "mean 'deny_read'?\n"},
    {"ReqSessionKey", "", "allowed_approval_policies = [\"never\"]\n", nullptr,
     "requirements.toml:1:1: warning: requirement 'allowed_approval_policies' is about an agent's "
     "session, not its sandbox; ambit leaves it to the agent\n"},
    {"ListEntryUndefined", "",
     "default_permissions = \":read-only\"\n"
     "[allowed_permission_profiles]\n"
     "\":read-only\" = true\n"
     "ghost = false\n",
     nullptr,
     "requirements.toml:4:1: error: 'ghost' in [allowed_permission_profiles] of the requirements "
     "is not a profile: neither built in nor defined anywhere; define it, or take it off the "
     "list\n"},
    {"ListEntryOfUser",
     "[permissions.r]\n"
     "extends = \":read-only\"\n",
     "default_permissions = \":read-only\"\n"
     "[allowed_permission_profiles]\n"
     "\":read-only\" = true\n"
     "r = true\n",
     nullptr,
     "requirements.toml:4:1: error: 'r' in [allowed_permission_profiles] is defined by "
     "configuration files only, so others decide what it permits; define it in the requirements\n"},
    {"ListIsAList", "", "allowed_permission_profiles = [\":read-only\"]\n", nullptr,
     "requirements.toml:1:31: error: 'allowed_permission_profiles' must be a table, not a list\n"},
    {"ListEntryNotBoolean", "",
     "default_permissions = \":read-only\"\n"
     "[allowed_permission_profiles]\n"
     "\":read-only\" = \"yes\"\n",
     nullptr,
     "requirements.toml:3:16: error: ':read-only' in [allowed_permission_profiles] must be true or "
     "false, not a string\n"},
    {"DefaultMissing", "",
     "[allowed_permission_profiles]\n"
     "\":read-only\" = true\n",
     nullptr,
     "requirements.toml:1:2: error: 'default_permissions' is missing in the requirements; it may "
     "be left out only where [allowed_permission_profiles] sets both ':workspace' and ':read-only' "
     "to true\n"},
    {"DefaultNotAllowed", "",
     "default_permissions = \":workspace\"\n"
     "[allowed_permission_profiles]\n"
     "\":read-only\" = true\n",
     nullptr,
     "requirements.toml:1:23: error: ':workspace' is the required default, but "
     "[allowed_permission_profiles] does not set it to true; allowed: ':read-only'\n"},
    {"DefaultWithoutList", "", "default_permissions = \":workspace\"\n", nullptr,
     "requirements.toml:1:23: error: 'default_permissions' in the requirements needs "
     "[allowed_permission_profiles] beside it\n"},
    {"ManagedCollision",
     "[permissions.r]\n"
     "extends = \":read-only\"\n",
     "[permissions.r]\n"
     "extends = \":read-only\"\n",
     ":read-only",
     "config.toml:1:14: error: profile 'r' is defined by the administrator's requirements "
     "(requirements.toml:1:14); give yours another name\n"},
    {"ReservedNameInRequirements", "", "[permissions.\":x\"]\n", nullptr,
     "requirements.toml:1:14: error: ':x' in [permissions] is not a name for a profile: names that "
     "begin with ':' are built in; choose another\n"},
    {"ReservedTableInRequirements", "",
     "[permissions.filesystem]\n"
     "\"/srv\" = \"read\"\n",
     nullptr,
     "requirements.toml:2:1: error: unknown key '/srv' in [permissions.filesystem]: in "
     "requirements this table holds 'deny_read' only; a managed profile needs another name\n"},
    {"ReservedNetworkInRequirements", "",
     "[permissions.network.filesystem]\n"
     "\"/srv\" = \"read\"\n",
     nullptr,
     "requirements.toml:1:22: error: 'filesystem' in [permissions.network] is a key of profiles, "
     "but in requirements this table holds network rules; give the managed profile another name\n"},
    {"GrantInsideManagedDeny",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "\"/srv/data\" = \"read\"\n",
     "[permissions.filesystem]\n"
     "deny_read = [\"/srv\"]\n",
     "p",
     "config.toml:4:1: error: '/srv/data' in profile 'p' grants 'read' inside what the "
     "administrator's deny_read closes with '/srv' (requirements.toml:2:14); remove it\n"},
    {"ManagedDenyRelative", "",
     "[permissions.filesystem]\n"
     "deny_read = [\"secret\"]\n",
     nullptr,
     "requirements.toml:2:14: error: 'secret' in 'deny_read' must be an absolute path or begin "
     "with \"~/\"; anything else would deny nothing\n"},
    {"ManagedDenyNotAList", "",
     "[permissions.filesystem]\n"
     "deny_read = \"/srv\"\n",
     nullptr,
     "requirements.toml:2:13: error: 'deny_read' in [permissions.filesystem] must be a list of "
     "strings, not a string\n"},
    {"ModesWithoutReadOnly", "", "allowed_sandbox_modes = [\"workspace-write\"]\n", nullptr,
     "requirements.toml:1:25: error: 'allowed_sandbox_modes' must contain \"read-only\"\n"},
    {"ModesUnknownWord", "", "allowed_sandbox_modes = [\"read-only\", \"full\"]\n", nullptr,
     "requirements.toml:1:39: error: a mode in 'allowed_sandbox_modes' must be \"read-only\", "
     "\"workspace-write\", \"danger-full-access\" or \"external-sandbox\", not 'full'\n"},
    {"ModeNotAllowed", "sandbox_mode = \"danger-full-access\"\n",
     "allowed_sandbox_modes = [\"read-only\"]\n", nullptr,
     "config.toml:1:16: warning: profile ':danger-full-access' counts as \"danger-full-access\", "
     "which the administrator's requirements do not allow (requirements.toml:1:25); the command "
     "runs read-only\n"},
    {"ModeNotAllowedExplicit", "", "allowed_sandbox_modes = [\"read-only\"]\n", ":workspace",
     "error: profile ':workspace' counts as \"workspace-write\", which the administrator's "
     "requirements do not allow (requirements.toml:1:25); allowed: read-only\n"},
    {"RemoteWithoutPatterns", "",
     "[[remote_sandbox_config]]\n"
     "allowed_sandbox_modes = [\"read-only\"]\n",
     nullptr,
     "requirements.toml:1:1: error: 'hostname_patterns' is missing in an entry of "
     "[[remote_sandbox_config]]; add it\n"},
    {"NetworkTwice", "",
     "[network_proxy]\n"
     "enabled = true\n"
     "[experimental_network]\n"
     "enabled = true\n",
     nullptr,
     "requirements.toml:1:1: error: the network is configured twice in the requirements, as "
     "[experimental_network] and as [network_proxy]; keep one of them\n"},
    {"BothFormsOfDomains", "",
     "[network_proxy]\n"
     "allowed_domains = [\"x.org\"]\n"
     "[network_proxy.domains]\n"
     "\"y.org\" = \"allow\"\n",
     nullptr,
     "requirements.toml:2:19: error: 'domains' in [network_proxy] and 'allowed_domains' are two "
     "forms of one thing; keep the table\n"},
    {"BothFormsOfSockets", "",
     "[network_proxy]\n"
     "allow_unix_sockets = [\"/run/x\"]\n"
     "[network_proxy.unix_sockets]\n"
     "\"/run/y\" = \"allow\"\n",
     nullptr,
     "requirements.toml:2:22: error: 'unix_sockets' in [network_proxy] and 'allow_unix_sockets' "
     "are two forms of one thing; keep the table\n"},
    {"ManagedStar", "",
     "[network_proxy]\n"
     "allowed_domains = [\"*\"]\n",
     nullptr,
     "requirements.toml:2:20: error: '*' cannot be a domain of [network_proxy]; name the domains, "
     "or leave the choice to the profiles\n"},
    {"PortRange", "",
     "[network_proxy]\n"
     "http_port = 70000\n",
     nullptr,
     "requirements.toml:2:13: error: 'http_port' in [network_proxy] must be an integer from 0 to "
     "65535, not 70000\n"},
    {"ProfileNotAllowedExplicit", "",
     "default_permissions = \":read-only\"\n"
     "[allowed_permission_profiles]\n"
     "\":read-only\" = true\n",
     ":workspace",
     "error: profile ':workspace' is not allowed by the administrator's requirements "
     "(requirements.toml:2:2); allowed: ':read-only'\n"},
    {"ForbiddenKey",
     "[permissions.p]\n"
     "extends = \":workspace\"\n"
     "[permissions.p.filesystem]\n"
     "deny_mode = \"snapshot\"\n",
     "forbidden_keys = [\"filesystem.deny_mode\"]\n", "p",
     "config.toml:4:13: error: profile 'p' uses 'filesystem.deny_mode', which the administrator's "
     "requirements forbid (requirements.toml:1:19); leave it out\n"},
    {"ForbiddenKeyUnknown", "", "forbidden_keys = [\"filesystem.denymode\"]\n", nullptr,
     "requirements.toml:1:19: error: 'filesystem.denymode' in 'forbidden_keys' is not a key that "
     "can be forbidden; did you mean 'filesystem.deny_mode'?\n"},
    {"EngineUnknown", "", "require_engine = [\"magic\"]\n", nullptr,
     "requirements.toml:1:19: error: an engine in 'require_engine' must be \"native\", "
     "\"landlock\" or \"bubblewrap\", not 'magic'\n"},
    {"EngineNotPermitted", "", "require_engine = []\n", nullptr,
     "requirements.toml:1:18: error: 'require_engine' of the requirements does not permit any "
     "engine that there is (native, landlock, bubblewrap); add one to the list\n"},
    {"FullAccessBesideDenyRead", "default_permissions = \":danger-full-access\"\n",
     "[permissions.filesystem]\n"
     "deny_read = [\"/srv\"]\n",
     nullptr,
     "config.toml:1:23: warning: profile ':danger-full-access' gives full access, which is not "
     "possible beside the administrator's deny_read (requirements.toml:2:14); the command runs "
     "read-only\n"},
};

std::string Said(const MessageCase& one) {
  PolicyOptions options;
  if (one.profile != nullptr) options.profile = one.profile;
  return Said(MessageDisk(one.user, one.requirements), options, MessagePlace());
}

class MessageTest : public testing::TestWithParam<MessageCase> {};

TEST_P(MessageTest, IsExactlyThis) {
  const std::string said = Said(GetParam());
  EXPECT_EQ(said, GetParam().lines);
}

INSTANTIATE_TEST_SUITE_P(Golden, MessageTest, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace ambit::cli
