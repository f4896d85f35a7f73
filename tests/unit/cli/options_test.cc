#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/exit_status.h"

namespace ambit::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Arguments = std::vector<std::string_view>;

Options Parsed(const Arguments& arguments) {
  Result<Options> options = ParseOptions(arguments);
  EXPECT_TRUE(options) << (options ? "" : options.error().message);
  return options ? *std::move(options) : Options{};
}

// Where the options end and the command begins.

struct CommandCase {
  const char* name;
  Arguments arguments;
  std::vector<std::string> argv;
  std::optional<std::string> profile;
};
class CommandTest : public testing::TestWithParam<CommandCase> {};

TEST_P(CommandTest, CommandIsLeftAlone) {
  const Options options = Parsed(GetParam().arguments);
  EXPECT_EQ(options.command, CommandName::kRun);
  EXPECT_EQ(options.argv, GetParam().argv);
  EXPECT_EQ(options.policy.profile, GetParam().profile);
}

INSTANTIATE_TEST_SUITE_P(
    CommandLines, CommandTest,
    testing::Values(
        CommandCase{"AfterDashes", {"run", "--", "make", "test"}, {"make", "test"}, {}},
        CommandCase{"WithoutDashes", {"run", "make", "test"}, {"make", "test"}, {}},
        CommandCase{"ItsOptionsAreItsOwn", {"run", "make", "-P", "x"}, {"make", "-P", "x"}, {}},
        CommandCase{"ItsDashesAreItsOwn", {"run", "git", "--", "a"}, {"git", "--", "a"}, {}},
        CommandCase{"SecondDashesStay", {"run", "--", "--", "a"}, {"--", "a"}, {}},
        CommandCase{"BeginsWithADash", {"run", "--", "-x"}, {"-x"}, {}},
        CommandCase{"SingleDashIsAWord", {"run", "-", "a"}, {"-", "a"}, {}},
        CommandCase{"NamedLikeACommandOfOurs", {"run", "plan", "--json"}, {"plan", "--json"}, {}},
        CommandCase{"EmptyArgumentsStay", {"run", "printf", "", ""}, {"printf", "", ""}, {}},
        CommandCase{"HelpOfTheCommand", {"run", "ls", "--help"}, {"ls", "--help"}, {}},
        CommandCase{"ShortApart", {"run", "-P", "x", "ls"}, {"ls"}, "x"},
        CommandCase{"ShortTogether", {"run", "-Px", "ls"}, {"ls"}, "x"},
        CommandCase{"LongApart", {"run", "--profile", "x", "ls"}, {"ls"}, "x"},
        CommandCase{"LongTogether", {"run", "--profile=x", "ls"}, {"ls"}, "x"},
        CommandCase{"ValueWithEquals", {"run", "--profile=a=b", "ls"}, {"ls"}, "a=b"},
        CommandCase{"ValueLikeAnOption", {"run", "-P", "-x", "ls"}, {"ls"}, "-x"},
        CommandCase{"AttachedDashes", {"run", "--profile=--", "ls"}, {"ls"}, "--"},
        CommandCase{"ValueInBrackets", {"run", "-P", "[a,b]", "ls"}, {"ls"}, "[a,b]"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ParseOptionsTest, EveryOptionOfRun) {
  const Options options = Parsed({"run",
                                  "-P",
                                  "work",
                                  "-C",
                                  "/src",
                                  "--add-dir",
                                  "/a",
                                  "--add-dir=/b",
                                  "-c",
                                  "k=[1, 2]",
                                  "--config",
                                  "l=\"x\"",
                                  "--config-home",
                                  "/h",
                                  "-p",
                                  "extra",
                                  "--system-config",
                                  "/s.toml",
                                  "--managed-config",
                                  "/m.toml",
                                  "--requirements",
                                  "/r1",
                                  "--requirements",
                                  "/r2",
                                  "--engine",
                                  "native",
                                  "--pass-fd",
                                  "3",
                                  "--pass-fd=9",
                                  "--verbose",
                                  "--",
                                  "true"});
  const PolicyOptions& policy = options.policy;
  EXPECT_EQ(policy.profile, "work");
  EXPECT_EQ(policy.directory, "/src");
  EXPECT_THAT(policy.add_dirs, ElementsAre("/a", "/b"));
  EXPECT_THAT(policy.overrides, ElementsAre("k=[1, 2]", "l=\"x\""));
  EXPECT_EQ(policy.config_home, "/h");
  EXPECT_EQ(policy.config_profile, "extra");
  EXPECT_EQ(policy.system_config, "/s.toml");
  EXPECT_EQ(policy.managed_config, "/m.toml");
  EXPECT_THAT(policy.requirements, ElementsAre("/r1", "/r2"));
  EXPECT_THAT(options.pass_fds, ElementsAre(3, 9));
  EXPECT_TRUE(options.verbose);
  EXPECT_FALSE(options.quiet);
  EXPECT_THAT(options.argv, ElementsAre("true"));
}

TEST(ParseOptionsTest, QuestionsKeepTheirOrder) {
  const Options options = Parsed({"explain", "--write", "a", "--read=b", "--write", "c", "--json"});
  ASSERT_EQ(options.questions.size(), 3U);
  EXPECT_EQ(options.questions[0].path, "a");
  EXPECT_TRUE(options.questions[0].write);
  EXPECT_EQ(options.questions[1].path, "b");
  EXPECT_FALSE(options.questions[1].write);
  EXPECT_EQ(options.questions[2].path, "c");
  EXPECT_TRUE(options.questions[2].write);
  EXPECT_TRUE(options.json);
}

// Help and version.

struct HelpCase {
  const char* name;
  Arguments arguments;
  std::optional<CommandName> subject;
};
class HelpRequestTest : public testing::TestWithParam<HelpCase> {};

TEST_P(HelpRequestTest, IsUnderstood) {
  const Options options = Parsed(GetParam().arguments);
  EXPECT_EQ(options.command, CommandName::kHelp);
  EXPECT_EQ(options.help_subject, GetParam().subject);
}

INSTANTIATE_TEST_SUITE_P(
    CommandLines, HelpRequestTest,
    testing::Values(HelpCase{"Word", {"help"}, std::nullopt},
                    HelpCase{"Long", {"--help"}, std::nullopt},
                    HelpCase{"Short", {"-h"}, std::nullopt},
                    HelpCase{"OfHelp", {"help", "--help"}, std::nullopt},
                    HelpCase{"Subject", {"help", "run"}, CommandName::kRun},
                    HelpCase{"OptionOfACommand", {"plan", "--help"}, CommandName::kPlan},
                    HelpCase{"BeforeTheCommand", {"run", "-h", "ls"}, CommandName::kRun},
                    HelpCase{"WithoutQuestions", {"explain", "-h"}, CommandName::kExplain}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ParseOptionsTest, Version) { EXPECT_EQ(Parsed({"--version"}).command, CommandName::kVersion); }

// What is refused, and with which way out.

struct Refusal {
  const char* name;
  Arguments arguments;
  const char* says;
};
class RefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(RefusalTest, SaysWhatToDo) {
  const Result<Options> options = ParseOptions(GetParam().arguments);
  ASSERT_FALSE(options);
  EXPECT_THAT(options.error().message, HasSubstr(GetParam().says));
  EXPECT_EQ(options.error().message.find('\n'), std::string::npos);
  const bool run = !GetParam().arguments.empty() && GetParam().arguments[0] == "run";
  EXPECT_EQ(UsageStatus(GetParam().arguments), run ? kRefused : kUsage);
}

INSTANTIATE_TEST_SUITE_P(
    CommandLines, RefusalTest,
    testing::Values(
        Refusal{"Nothing", {}, "'ambit help' lists them"},
        Refusal{"UnknownCommand", {"rnu"}, "did you mean 'run'?"},
        Refusal{"FarCommand", {"frobnicate"}, "'ambit help' lists them"},
        Refusal{"OptionBeforeCommand", {"-P", "x", "run"}, "options follow it"},
        Refusal{"CommandForgotten", {"--", "make"}, "ambit run [options] -- CMD"},
        Refusal{"UnknownHelp", {"help", "rum"}, "did you mean 'run'?"},
        Refusal{"TwoHelps", {"help", "run", "plan"}, "'ambit help COMMAND'"},
        Refusal{"VersionOfWhat", {"--version", "x"}, "unexpected argument 'x'"},

        Refusal{"NoCommand", {"run"}, "ambit run [options] -- CMD"},
        Refusal{"NoCommandAfterDashes", {"run", "-P", "x", "--"}, "no command to run"},
        Refusal{"EmptyCommand", {"run", ""}, "no command to run"},

        Refusal{"UnknownLong", {"run", "--profil", "x", "ls"}, "did you mean '--profile'?"},
        Refusal{"UnknownLongWithValue", {"run", "--profil=x", "ls"}, "did you mean '--profile'?"},
        Refusal{"FarLong", {"run", "--frobnicate", "ls"}, "'ambit help run' lists the options"},
        Refusal{"UnknownShort", {"run", "-x", "ls"}, "unknown option '-x'"},
        Refusal{"NoAbbreviations", {"run", "--verb", "ls"}, "unknown option"},
        Refusal{"LongWithOneDash", {"run", "-verbose", "ls"}, "unknown option '-verbose'"},
        Refusal{"Unprintable", {"run", "--\x1b[2J", "ls"}, "unknown option '--\\x1b[2J'"},
        Refusal{"OfAnotherCommand", {"plan", "--pass-fd", "3"}, "but of: run"},
        Refusal{"OfExplain", {"run", "--read", "a", "ls"}, "but of: explain"},

        Refusal{"ValueMissing", {"run", "-P"}, "'--profile' needs a value: --profile NAME"},
        Refusal{"DashesAreNoValue", {"run", "-P", "--", "rm"}, "'--profile' needs a value"},
        Refusal{"EmptyValue", {"run", "--profile=", "--", "rm"}, "'--profile' needs a value"},
        Refusal{"EmptyValueApart", {"run", "-P", "", "ls"}, "'--profile' needs a value"},
        Refusal{"SwitchWithValue", {"run", "--quiet=yes", "ls"}, "takes no value"},
        Refusal{"SwitchWithTail", {"run", "-hx", "ls"}, "takes no value"},
        Refusal{"Twice", {"run", "-P", "a", "--profile=b", "ls"}, "'--profile' is given twice"},
        Refusal{"LoudAndQuiet", {"run", "--quiet", "--verbose", "ls"}, "exclude each other"},

        Refusal{"Engine",
                {"run", "--engine", "magic", "ls"},
                "give auto, native, landlock or bubblewrap"},
        Refusal{"FdWord", {"run", "--pass-fd", "x", "ls"}, "'x' is not the number"},
        Refusal{"FdTail", {"run", "--pass-fd", "3x", "ls"}, "'3x' is not the number"},
        Refusal{"FdNegative", {"run", "--pass-fd", "-3", "ls"}, "'-3' is not the number"},
        Refusal{"FdHuge", {"run", "--pass-fd", "99999999999", "ls"}, "is not the number"},
        Refusal{"FdStandard", {"run", "--pass-fd", "1", "ls"}, "give a number above 2"},

        Refusal{"PlanTakesNoCommand", {"plan", "make"}, "unexpected argument 'make'"},
        Refusal{"PlanTakesNoDashes", {"plan", "--", "make"}, "unexpected argument 'make'"},
        Refusal{"NoQuestion", {"explain", "-P", "x"}, "give --read PATH, --write PATH"},
        Refusal{"OptionAfterWord", {"explain", "a", "--read", "b"}, "unexpected argument 'a'"},

        Refusal{"ProfilesOther", {"profiles", "lst"}, "say 'list' or 'show NAME'"},
        Refusal{"ProfilesListOne", {"profiles", "list", "p"}, "unexpected argument 'p'"},
        Refusal{"ProfilesShowTwo", {"profiles", "show", "p", "q"}, "unexpected argument 'q'"},
        Refusal{"ListAsToml", {"profiles", "list", "--toml"}, "goes with 'show'"},
        Refusal{"TomlAndJson", {"profiles", "show", "--toml", "--json"}, "without '--json'"},
        Refusal{"TrustNothing", {"trust"}, "'ambit trust DIR'"},
        Refusal{"TrustEmpty", {"trust", ""}, "'ambit trust DIR'"},
        Refusal{"UntrustTwo", {"untrust", "a", "b"}, "unexpected argument 'b'"},
        Refusal{"CheckEmptyName", {"check", ""}, "is empty"},
        Refusal{"CompletionOfNothing", {"completion"}, "bash|zsh|fish"},
        Refusal{"CompletionOfAnother", {"completion", "tcsh"}, "give bash, zsh or fish"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(WordsTest, OptionsMayFollowThem) {
  const Options shown = Parsed({"profiles", "show", "work", "--toml", "--config-home", "d"});
  EXPECT_TRUE(shown.profiles.show);
  EXPECT_TRUE(shown.toml);
  EXPECT_EQ(shown.profiles.name, "work");
  EXPECT_EQ(shown.policy.config_home, "d");
  EXPECT_EQ(Parsed({"profiles", "show"}).profiles.name, std::nullopt);
  EXPECT_FALSE(Parsed({"profiles", "--json"}).profiles.show);
  EXPECT_THAT(Parsed({"check", "a", "--json", "--", "-b"}).policy.checked_files,
              ElementsAre("a", "-b"));
  EXPECT_EQ(Parsed({"trust", "."}).word, ".");
  EXPECT_EQ(Parsed({"completion", "zsh"}).word, "zsh");
}

// Where events go, and how many denials are shown.

TEST(EventsOptionTest, IsAFileOrADescriptor) {
  EXPECT_EQ(Parsed({"run", "--events", "log", "ls"}).events_file, "log");
  EXPECT_EQ(Parsed({"run", "--events", "./fd:3", "ls"}).events_file, "./fd:3");
  const Options options = Parsed({"run", "--events=fd:12", "ls"});
  EXPECT_EQ(options.events_fd, 12);
  EXPECT_EQ(options.events_file, std::nullopt);
}

TEST(EventsOptionTest, CommandMustNotHaveTheDescriptor) {
  const std::pair<Arguments, const char*> table[] = {
      {{"run", "--events", "fd:2", "ls"}, "give a descriptor above 2"},
      {{"run", "--events", "fd:", "ls"}, "'' is not the number of a file descriptor"},
      {{"run", "--events", "fd:3x", "ls"}, "a file of that name is './fd:3x'"},
      {{"run", "--events", "fd:-3", "ls"}, "is not the number"},
      {{"run", "--events", "fd:99999999999", "ls"}, "is not the number"},
      {{"run", "--events", "fd:5", "--pass-fd", "5", "ls"}, "'--pass-fd' would give the command"},
      {{"run", "--events", "a", "--events", "b", "ls"}, "given twice"},
      {{"run", "--events"}, "needs a value: --events FILE|fd:N"}};
  for (const auto& [arguments, words] : table) {
    const Result<Options> options = ParseOptions(arguments);
    ASSERT_FALSE(options) << words;
    EXPECT_THAT(options.error().message, HasSubstr(words));
  }
}

TEST(DenialsOptionTest, ShowsTwentyUnlessTold) {
  EXPECT_EQ(Parsed({"denials"}).command, CommandName::kDenials);
  EXPECT_EQ(Parsed({"denials"}).last, 20U);
  EXPECT_EQ(Parsed({"denials", "--last", "3", "--json"}).last, 3U);
  for (const char* wrong : {"0", "-1", "x", "3x", "1.5"}) {
    const Result<Options> options = ParseOptions(Arguments{"denials", "--last", wrong});
    ASSERT_FALSE(options) << wrong;
    EXPECT_THAT(options.error().message, HasSubstr("give 1 or more"));
  }
}

}  // namespace
}  // namespace ambit::cli
