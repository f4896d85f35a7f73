#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/option_table.h"

namespace ambit::cli {
namespace {

using testing::HasSubstr;

TEST(CompletionTest, EveryShellKnowsEveryCommandAndOption) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string script = CompletionScript(shell);
    const std::string dashes = shell == "fish" ? "-l " : "--";
    for (const CommandSpec& spec : AllCommands()) {
      EXPECT_THAT(script, HasSubstr(ToWord(spec.command))) << shell;
    }
    for (const OptionSpec& option : AllOptions()) {
      EXPECT_THAT(script, HasSubstr(dashes + std::string(option.name))) << shell;
    }
  }
}

TEST(CompletionTest, OtherShellsHaveNone) { EXPECT_EQ(CompletionScript("tcsh"), ""); }

}  // namespace
}  // namespace ambit::cli
