#include "cli/comment_lint.h"

#include <gtest/gtest.h>

#include "cli/examine.h"
#include "support/fake_file_view.h"

namespace ambit::cli {
namespace {

constexpr const char* kUser = "/home/u/.config/ambit/config.toml";

/// "LINE MESSAGE" of every finding about a comment.
std::string Said(const std::string& user) {
  testing_support::FakeFileView files;
  files.Dir("/bin").Dir("/srv/data").Dir("/home/u/repo/.git").File(kUser, user);
  const Surroundings here = {.environment = {"HOME=/home/u"},
                             .directory = "/home/u/repo",
                             .uid = 1000,
                             .host_name = "box"};
  HostFacts facts;
  facts.uid = 1000;
  facts.gid = 1000;
  facts.mounts = {{1, 1, 1, "/", "/", "ext4"}};
  const Host host{files, [](policy::Policy&) -> Result<> { return {}; }, facts};
  std::string out;
  for (const Finding& finding : Examine({}, here, host).findings.Sorted()) {
    if (!finding.message.contains("grants more than its comment")) continue;
    EXPECT_EQ(finding.severity, Severity::kWarning);
    out += std::to_string(finding.where.line) + " " + finding.message + "\n";
  }
  return out;
}

std::string SaidOfEntries(const std::string& entries) {
  return Said(
      "default_permissions = \"p\"\n[permissions.p]\nextends = \":workspace\"\n"
      "[permissions.p.filesystem]\n" +
      entries);
}

TEST(CommentLintTest, WriteThatIsCalledReadOnly) {
  EXPECT_EQ(SaidOfEntries("\"/srv\" = \"write\"  # read-only\n"),
            "5 '/srv' = \"write\" grants more than its comment says, 'read-only'; say \"read\", or "
            "correct the comment\n");
}

TEST(CommentLintTest, GrantThatIsCalledDenied) {
  EXPECT_EQ(SaidOfEntries("# Keys: no access.\n\"~/.ssh\" = \"read\"\n"),
            "6 '~/.ssh' = \"read\" grants more than its comment says, 'no access'; say \"deny\", "
            "or correct the comment\n");
}

TEST(CommentLintTest, GrantOfMoreThanThePathThatIsNamed) {
  EXPECT_EQ(SaidOfEntries("\"/srv\" = \"read\"  # only /srv/data\n"
                          "\"~/x\" = \"write\"  # /home/u/x/y\n"
                          "\":workspace_roots\" = { \"docs/**\" = \"write\" }  # docs/api only\n"),
            "5 '/srv' = \"read\" grants more than its comment says, 'only /srv/data'; name "
            "'/srv/data', or correct the comment\n"
            "6 '~/x' = \"write\" grants more than its comment says, '/home/u/x/y'; name "
            "'/home/u/x/y', or correct the comment\n"
            "7 ':workspace_roots/docs/**' = \"write\" grants more than its comment says, 'docs/api "
            "only'; name 'docs/api', or correct the comment\n");
}

TEST(CommentLintTest, HostsAndSockets) {
  EXPECT_EQ(Said("default_permissions = \"p\"\n[permissions.p]\nextends = \":workspace\"\n"
                 "[permissions.p.network.domains]\n"
                 "\"*.example.com\" = \"allow\"  # only api.example.com\n"
                 "\"example.org\" = \"allow\"  # example.org\n"
                 "# blocked\n"
                 "\"tracker.example.net\" = \"allow\"\n"
                 "[permissions.p.network.unix_sockets]\n"
                 "\"/run/x\" = \"allow\"  # denied\n"
                 "\"/run/y\" = \"deny\"  # denied\n"),
            "5 '*.example.com' = \"allow\" grants more than its comment says, 'only "
            "api.example.com'; name 'api.example.com', or correct the comment\n"
            "8 'tracker.example.net' = \"allow\" grants more than its comment says, 'blocked'; say "
            "\"deny\", or correct the comment\n"
            "10 '/run/x' = \"allow\" grants more than its comment says, 'denied'; say \"deny\", or "
            "correct the comment\n");
}

struct Quiet {
  const char* name;
  const char* entries;
};

class CommentLintQuietTest : public testing::TestWithParam<Quiet> {};

TEST_P(CommentLintQuietTest, SaysNothing) { EXPECT_EQ(SaidOfEntries(GetParam().entries), ""); }

INSTANTIATE_TEST_SUITE_P(
    Comments, CommentLintQuietTest,
    testing::Values(
        Quiet{"ReadThatIsReadOnly", "\"/srv\" = \"read\"  # read-only\n"},
        Quiet{"DenyThatIsDenied", "\"/srv\" = \"deny\"  # no access\n"},
        Quiet{"CommentOfTheLineBefore", "\"/srv\" = \"read\"  # read-only\n\"/var\" = \"write\"\n"},
        Quiet{"CommentAboveSomethingElse",
              "# read-only\n\"/srv\" = \"read\"\n\"/var\" = \"write\"\n"},
        Quiet{"CommentAboveABlankLine", "# read-only from here on\n\n\"/srv\" = \"write\"\n"},
        Quiet{"EarlierParagraph", "# read-only\n#\n# The data\n\"/srv\" = \"write\"\n"},
        Quiet{"SeveralOnALine",
              "\":workspace_roots\" = { a = \"read\", b = \"write\" }  # read-only\n"},
        Quiet{"OtherPath", "\"/srv\" = \"write\"  # /var is read-only\n"},
        Quiet{"PathBelowIsReadOnly", "\"/srv\" = \"write\"  # /srv/docs is read-only\n"},
        Quiet{"OnlyThatPath", "\"/srv\" = \"read\"  # only /srv\n"},
        Quiet{"OnlyAnotherPath", "\"/srv\" = \"read\"  # only /srvx/a\n"},
        Quiet{"OnlyWritesThere", "\"/srv\" = \"read\"  # make writes only /srv/data\n"},
        Quiet{"Words", "\":workspace_roots\" = { \".\" = \"write\" }  # input/output\n"},
        Quiet{"CommentedOut", "# \"/srv\" = \"deny\"\n\"/srv\" = \"write\"\n"},
        Quiet{"InAString", "\"/srv/# read-only\" = \"write\"\n"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(CommentLintTest, TextThatCannotBeReadAgainHasNoComments) {
  const auto place = [](std::uint32_t line) {
    return config::Place{std::make_shared<const std::string>("/gone.toml"), line, 1};
  };
  config::Node files = config::TableNode(place(2));
  files.Set("/srv", place(2), config::StringNode("write", place(2)));
  config::Node profile = config::TableNode(place(1));
  profile.Set("filesystem", place(1), std::move(files));
  config::Node profiles = config::TableNode(place(1));
  profiles.Set("p", place(1), std::move(profile));
  testing_support::FakeFileView disk;
  EXPECT_TRUE(GrantsWiderThanComments(profiles, disk, "").empty());
  disk.File("/gone.toml", "\n\"/srv\" = \"write\" # read-only\n");
  EXPECT_EQ(GrantsWiderThanComments(profiles, disk, "").size(), 1U);
}

}  // namespace
}  // namespace ambit::cli
