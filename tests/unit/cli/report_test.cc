#include "cli/report.h"

#include <gtest/gtest.h>

namespace ambit::cli {
namespace {

Error ErrorAt(std::string message, SourceRef where) {
  return {ErrorCode::kInvalidConfig, std::move(message), 0, std::move(where)};
}

TEST(ErrorLineTest, PutsThePlaceFirst) {
  EXPECT_EQ(ErrorLine(ErrorAt("unknown key 'raed'", {"/h/config.toml", 3, 7})),
            "ambit: error: /h/config.toml:3:7: unknown key 'raed'");
}

TEST(ErrorLineTest, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(ErrorLine(ErrorAt("no file", {"/h/config.toml", 0, 0})),
            "ambit: error: /h/config.toml: no file");
  EXPECT_EQ(ErrorLine(ErrorAt("no place", {})), "ambit: error: no place");
}

struct Case {
  const char* name;
  std::string text;
  const char* want;
};
class OneLineTest : public testing::TestWithParam<Case> {};

TEST_P(OneLineTest, IsOneHarmlessLine) { EXPECT_EQ(OneLine(GetParam().text), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(
    Texts, OneLineTest,
    testing::Values(Case{"Plain", "it's a \"name\" \\ here", "it's a \"name\" \\ here"},
                    Case{"LineBreak", "a\nb\r", "a\\x0ab\\x0d"},
                    Case{"Escape", "\x1b[2J", "\\x1b[2J"}, Case{"Delete", "\x7f", "\\x7f"},
                    Case{"EightBitControl", "\xc2\x9b", "\\xc2\\x9b"},
                    Case{"NotUtf8", "a\xff\xfe", "a\\xff\\xfe"},
                    Case{"Utf8", "caf\xc3\xa9", "caf\xc3\xa9"},
                    Case{"Nul", std::string("a\0b", 3), "a\\x00b"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(WarningLineTest, HasTheFormOfAnError) {
  EXPECT_EQ(WarningLine({.message = "has no usable entries", .where = {"/c.toml", 1, 1}}),
            "ambit: warning: /c.toml:1:1: has no usable entries");
}

TEST(StepLineTest, IsWhatBenchmarksRead) {
  EXPECT_EQ(StepLine({.name = "load", .microseconds = 127}), "ambit: step load 127");
}

}  // namespace
}  // namespace ambit::cli
