#include "cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/option_table.h"

namespace ambit::cli {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(HelpTest, OverviewNamesEveryCommand) {
  const std::string text = HelpText(std::nullopt);
  for (const CommandSpec& spec : AllCommands()) {
    EXPECT_THAT(text, HasSubstr("  " + std::string(ToWord(spec.command)) + " "));
  }
}

TEST(HelpTest, EveryCommandListsItsOptionsAndNoOthers) {
  for (const CommandSpec& spec : AllCommands()) {
    const std::string text = HelpText(spec.command);
    for (const OptionSpec& option : AllOptions()) {
      const std::string name = "--" + std::string(option.name) + " ";
      if (Takes(spec.command, option)) {
        EXPECT_THAT(text, HasSubstr(name)) << ToWord(spec.command);
      } else if (spec.command != CommandName::kHelp) {
        EXPECT_THAT(text, Not(HasSubstr("  " + name))) << ToWord(spec.command);
      }
    }
  }
}

TEST(HelpTest, NothingStandsCloseToAnOptionsValue) {
  for (const CommandSpec& spec : AllCommands()) {
    const std::string text = HelpText(spec.command);
    for (const OptionSpec& option : AllOptions()) {
      if (option.value.empty() || !Takes(spec.command, option)) continue;
      const std::string left = "--" + std::string(option.name) + " " + std::string(option.value);
      const std::size_t at = text.find("  " + left);
      if (at == std::string::npos) continue;
      EXPECT_THAT(text.substr(at + 2 + left.size(), 2), AnyOf(StartsWith("\n"), "  ")) << left;
    }
  }
}

TEST(HelpTest, EveryWorkingCommandHasAnExampleAndItsStatuses) {
  for (const CommandSpec& spec : AllCommands()) {
    if (spec.command == CommandName::kHelp) continue;
    EXPECT_THAT(HelpText(spec.command), HasSubstr("\nExample")) << ToWord(spec.command);
    EXPECT_THAT(HelpText(spec.command), HasSubstr("\nExit status:\n")) << ToWord(spec.command);
  }
}

TEST(HelpTest, RunTellsItsOwnStatuses) {
  const std::string text = HelpText(CommandName::kRun);
  for (const char* status : {"125", "126", "127", "128+N"}) EXPECT_THAT(text, HasSubstr(status));
}

TEST(HelpTest, FitsATerminal) {
  std::vector<std::optional<CommandName>> subjects = {std::nullopt};
  for (const CommandSpec& spec : AllCommands()) subjects.emplace_back(spec.command);
  for (const auto& subject : subjects) {
    const std::string text = HelpText(subject);
    std::size_t start = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos;
         start = end + 1, end = text.find('\n', start)) {
      EXPECT_LE(end - start, 100U) << text.substr(start, end - start);
    }
    EXPECT_EQ(start, text.size()) << "ends without a line break";
  }
}

TEST(VersionTest, IsOneLineWithTheName) {
  EXPECT_THAT(VersionText(), testing::StartsWith("ambit "));
  EXPECT_THAT(VersionText(), testing::EndsWith("\n"));
}

TEST(OptionTableTest, NamesAndLettersAreUnique) {
  const auto all = AllOptions();
  for (const OptionSpec& one : all) {
    for (const OptionSpec& other : all) {
      if (&one == &other) continue;
      EXPECT_NE(one.name, other.name);
      EXPECT_NE(one.id, other.id);
      if (one.letter != 0) {
        EXPECT_NE(one.letter, other.letter);
      }
    }
  }
}

}  // namespace
}  // namespace ambit::cli
