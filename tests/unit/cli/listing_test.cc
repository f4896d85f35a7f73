#include "cli/listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/network_text.h"
#include "support/fake_file_view.h"

namespace ambit::cli {
namespace {

using testing::HasSubstr;
using testing_support::FakeFileView;

constexpr const char* kUser = "/home/u/.config/ambit/config.toml";

FakeFileView Disk(const std::string& user) {
  return FakeFileView().Dir("/bin").Dir("/home/u/repo/.git").Dir("/home/u/docs").File(kUser, user);
}

const Surroundings kHere = {
    .environment = {"HOME=/home/u"}, .directory = "/home/u/repo", .uid = 1000, .host_name = "box"};

Listing ListingOf(const FakeFileView& files, const PolicyOptions& options = {}) {
  Result<Listing> listing = ListProfiles(options, kHere, files);
  EXPECT_TRUE(listing) << (listing ? "" : ToString(listing.error()));
  return listing ? *std::move(listing) : Listing{};
}

std::string Get(const Result<std::string>& text) { return text ? *text : ToString(text.error()); }

Result<Shown> Show(const FakeFileView& files, const std::string& name) {
  return ShowProfile(ListingOf(files), name);
}

TEST(ListProfilesTest, NamesWhereWhichAndWhyNot) {
  FakeFileView files = Disk(
      "default_permissions = \"work\"\n"
      "[permissions.work]\n"
      "extends = \":workspace\"\n"
      "description = \"every day\"\n"
      "[permissions.orphan]\n"
      "extends = \"wrok\"\n"
      "[permissions.bad.filesystem]\n"
      "\":minimal\" = \"read\"\n"
      "\"x\" = \"read\"\n");
  EXPECT_EQ(
      ListText(ListingOf(files)),
      "  :read-only           <built-in>                              read the whole disk, write "
      "nothing, no network\n"
      "  :workspace           <built-in>                              read the whole disk, write "
      "the workspace and temporary files, no network\n"
      "  :danger-full-access  <built-in>                              no sandbox at all\n"
      "- bad                  /home/u/.config/ambit/config.toml:7:14\n"
      "    refused: /home/u/.config/ambit/config.toml:9:1: 'x' in profile 'bad' is not a path "
      "that can be used here; write an absolute path, '~/...', or one of ':root', ':minimal', "
      "':workspace_roots', ':tmpdir', ':slash_tmp'\n"
      "- orphan               /home/u/.config/ambit/config.toml:5:14\n"
      "    refused: /home/u/.config/ambit/config.toml:6:11: profile 'orphan' extends 'wrok', which "
      "is not defined; did you mean 'work'?\n"
      "* work                 /home/u/.config/ambit/config.toml:2:14  every day\n"
      "\n"
      "default: 'work' (default_permissions at /home/u/.config/ambit/config.toml:1:23)\n");
}

TEST(ListProfilesTest, RequirementsSayWhatMayBeSelected) {
  FakeFileView files = Disk("[permissions.mine]\nextends = \":read-only\"\n");
  files.File("/etc/ambit/requirements.toml",
             "default_permissions = \"safe\"\n"
             "[allowed_permission_profiles]\nsafe = true\n\":read-only\" = true\n"
             "[permissions.safe]\nextends = \":read-only\"\n");
  const Listing listing = ListingOf(files);
  for (const Listed& one : listing.profiles) {
    const bool allowed = one.name == "safe" || one.name == ":read-only";
    EXPECT_EQ(one.refused == std::nullopt, allowed) << one.name;
    EXPECT_EQ(one.is_default, one.name == "safe");
    if (one.name == "safe") {
      EXPECT_EQ(one.origin, "managed");
    }
    if (!allowed) {
      EXPECT_THAT(one.refused->message, HasSubstr("allowed: ':read-only', 'safe'"));
    }
  }
  EXPECT_THAT(ListJson(listing),
              HasSubstr(R"({"name":"safe","origin":"managed",)"
                        R"("from":"/etc/ambit/requirements.toml:5:14","description":"",)"
                        R"("default":true,"refused":null})"));
}

TEST(ListProfilesTest, SaysWhyThereIsNoDefault) {
  const Listing listing = ListingOf(Disk("[permissions.mine]\nextends = \":read-only\"\n"));
  EXPECT_THAT(ListText(listing), HasSubstr("\nno default: "));
  EXPECT_THAT(ListText(listing), HasSubstr("name one with -P or set default_permissions\n"));
  const auto shown = ShowProfile(listing, std::nullopt);
  ASSERT_FALSE(shown);
  EXPECT_THAT(shown.error().message, HasSubstr("none is selected"));
}

TEST(ShowProfileTest, EveryLineHasThePlaceItWasSetAt) {
  const FakeFileView files = Disk(
      "[permissions.base]\n"
      "extends = \":read-only\"\n"
      "description = \"the parent\"\n"
      "[permissions.base.filesystem]\n"
      "\"~/docs\" = \"write\"\n"
      "[permissions.mine]\n"
      "extends = \"base\"\n"
      "[permissions.mine.filesystem]\n"
      "deny_mode = \"snapshot\"\n"
      "\"~/docs\" = \"read\"\n"
      "\":workspace_roots\" = { \".\" = \"write\", \"**/*.env\" = \"deny\" }\n");
  const Listing listing = ListingOf(files, {.profile = "mine"});
  const auto shown = ShowProfile(listing, "mine");
  ASSERT_TRUE(shown) << ToString(shown.error());
  EXPECT_EQ(Get(ShowText(listing, *shown)),
            "# profile 'mine', extends 'base', which extends ':read-only'\n"
            "# defined: /home/u/.config/ambit/config.toml:6:14 (configured)\n"
            "# the default: -P\n"
            "# deny_mode: snapshot\n"
            "filesystem.\":root\" = \"read\"                        # <built-in>\n"
            "filesystem.\":workspace_roots\".\"**/*.env\" = \"deny\"  # "
            "/home/u/.config/ambit/config.toml:11:39\n"
            "filesystem.\":workspace_roots\".\".\" = \"write\"        # "
            "/home/u/.config/ambit/config.toml:11:24\n"
            "filesystem.deny_mode = \"snapshot\"                  # "
            "/home/u/.config/ambit/config.toml:9:1\n"
            "filesystem.\"~/docs\" = \"read\"                       # "
            "/home/u/.config/ambit/config.toml:10:1\n");
  EXPECT_THAT(Get(ShowJson(*shown)),
              HasSubstr(R"("deny_mode":"snapshot","lineage":["mine","base",":read-only"])"));
}

TEST(ShowProfileTest, UnknownNameIsRefusedWithTheNearest) {
  const auto shown = Show(Disk("[permissions.work]\nextends = \":workspace\"\n"), "wrok");
  ASSERT_FALSE(shown);
  EXPECT_EQ(shown.error().message, "there is no profile 'wrok'; did you mean 'work'?");
}

TEST(ShowProfileTest, NoTableSaysWhatFullAccessDoes) {
  const auto shown = Show(Disk(""), ":danger-full-access");
  ASSERT_TRUE(shown);
  EXPECT_THAT(Get(ShowToml(*shown)), HasSubstr("use the profile by its own name"));
}

/// A policy as text, without names of files.
std::string Dump(const Loaded& loaded) {
  const policy::Policy& policy = loaded.policy;
  std::string out;
  for (const policy::PathRule& rule : policy.rules) {
    out += rule.path + "=" + std::string(ToWord(rule.access)) + " " +
           std::to_string(static_cast<int>(rule.origin)) + "\n";
  }
  for (const policy::PatternRule& pattern : policy.patterns) {
    out += pattern.base + " " + pattern.given + " " +
           std::to_string(pattern.max_depth.value_or(0)) + "\n";
  }
  for (const std::string& root : policy.writable_roots) out += "root " + root + "\n";
  out += policy.deny_mode == config::DenyMode::kLive ? "live\n" : "snapshot\n";
  out += policy.network.enabled ? "network\n" : "";
  AddNetworkText(loaded.selected.profile.network, loaded.selected.managed_network, out);
  for (const auto& name : policy.environment.exclude) out += "exclude " + name + "\n";
  for (const auto& name : policy.environment.include) out += "include " + name + "\n";
  for (const auto& [name, value] : policy.environment.set) out += name + "=" + value + "\n";
  const auto& processes = policy.limits.processes;
  out += "processes " + std::to_string(processes ? processes->value : 0) + "\n";
  for (const auto& test : loaded.selected.profile.tests) {
    out += "test " + test.object + (test.expect_allow ? " allow\n" : " deny\n");
  }
  return out;
}

std::string PolicyOf(const FakeFileView& files, const std::string& name) {
  StepTimer timer;
  const Result<Loaded> loaded = LoadPolicy({.profile = name}, kHere, files, timer);
  return loaded ? Dump(*loaded) : "refused: " + ToString(loaded.error());
}

TEST(ShowTomlTest, LoadsAgainToTheSamePolicy) {
  const std::string text =
      "[permissions.\"odd \\\"name\\\" é\"]\n"
      "extends = \"parent\"\n"
      "description = \"tab\\tand \\\\ and \\u007f\"\n"
      "tests = [{ expect = \"deny\", read = \"a.env\" }, { expect = \"allow\", write = \"b\" }]\n"
      "[permissions.\"odd \\\"name\\\" é\".filesystem]\n"
      "glob_scan_max_depth = 4\n"
      "\"~/docs\" = \"none\"\n"
      "\"/home/u/with \\\"quotes\\\" and \\\\ and 'x'\" = \"deny\"\n"
      "\":workspace_roots\" = { \"**/*.env\" = \"deny\", \"a.b\" = \"read\" }\n"
      "[permissions.parent]\n"
      "extends = \":workspace\"\n"
      "[permissions.parent.workspace_roots]\n"
      "\"~/docs\" = true\n"
      "\"../other\" = false\n"
      "[permissions.parent.environment]\n"
      "include = [\"SSH_*\"]\n"
      "[permissions.parent.environment.set]\n"
      "A = \"line\\nbreak\"\n"
      "[permissions.parent.limits]\n"
      "processes = 9223372036854775807\n"
      "[permissions.parent.network]\n"
      "enabled = true\n"
      "[permissions.parent.network.domains]\n"
      "\"Example.ORG.\" = \"allow\"\n"
      "\"*.example.net\" = \"deny\"\n"
      "[permissions.parent.network.mitm]\n"
      "version = 2\n"
      "[permissions.parent.network.mitm.hooks.h]\n"
      "host = \"example.org\"\n"
      "methods = [\"GET\"]\n"
      "path_prefixes = [\"/\", \"pattern:/a/*\"]\n"
      "query = { a = [\"1\"] }\n"
      "ports = [443, 8443]\n"
      "action = [\"a\"]\n"
      "[permissions.parent.network.mitm.actions.a]\n"
      "inject_request_headers = [{ name = \"x-a\", secret_env_var = \"T\", prefix = \"p\" }]\n"
      "[permissions.empty]\n"
      "extends = \":read-only\"\n"
      "filesystem = {}\n";
  const FakeFileView files = Disk(text);
  for (const std::string name : {"odd \"name\" é", "parent", "empty"}) {
    const auto shown = Show(files, name);
    ASSERT_TRUE(shown) << name << ": " << ToString(shown.error());
    const std::string table = Get(ShowToml(*shown));
    const std::string before = PolicyOf(files, name);
    EXPECT_THAT(before, testing::Not(testing::StartsWith("refused"))) << name;
    EXPECT_EQ(PolicyOf(Disk(table), name), before) << table;
    const auto again = Show(Disk(table), name);
    ASSERT_TRUE(again) << name << ": " << ToString(again.error());
    EXPECT_EQ(Get(ShowToml(*again)), table);
  }
}

TEST(ShowTomlTest, BuiltinsBecomeTablesOfTheSamePolicy) {
  for (const std::string name : {":read-only", ":workspace"}) {
    const auto shown = Show(Disk(""), name);
    ASSERT_TRUE(shown);
    EXPECT_EQ(PolicyOf(Disk(Get(ShowToml(*shown))), name.substr(1)), PolicyOf(Disk(""), name));
  }
}

}  // namespace
}  // namespace ambit::cli
