#include "plan_linux/bpf_evaluator.h"

#include <gtest/gtest.h>

#include <vector>

namespace ambit::plan_linux {
namespace {

constexpr SeccompData kData{
    .nr = 7, .arch = 0xc000003e, .instruction_pointer = 0, .args = {0x1'0000'0005, 0, 0, 0, 0, 9}};

struct Case {
  const char* name;
  std::vector<BpfInstruction> program;
  std::uint32_t want;
};
class EvaluateTest : public testing::TestWithParam<Case> {};

TEST_P(EvaluateTest, AnswersAsTheInstructionsSay) {
  const auto got = EvaluateBpf(GetParam().program, kData);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, GetParam().want);
}

// {0x06,0,0,n} answers n; a jump that is taken skips one answer.
std::vector<BpfInstruction> LoadAnd(std::uint32_t offset, BpfInstruction jump) {
  return {{0x20, 0, 0, offset}, jump, {0x06, 0, 0, 0}, {0x06, 0, 0, 1}};
}

INSTANTIATE_TEST_SUITE_P(
    Programs, EvaluateTest,
    testing::Values(
        Case{"Constant", {{0x06, 0, 0, 42}}, 42},
        Case{"LoadsNumber", LoadAnd(0, {0x15, 1, 0, 7}), 1},
        Case{"LoadsArch", LoadAnd(4, {0x15, 1, 0, 0xc000003e}), 1},
        Case{"LoadsLowHalf", LoadAnd(16, {0x15, 1, 0, 5}), 1},
        Case{"LoadsHighHalf", LoadAnd(20, {0x15, 1, 0, 1}), 1},
        Case{"LoadsLastArgument", LoadAnd(56, {0x15, 1, 0, 9}), 1},
        Case{"EqualNotTaken", LoadAnd(0, {0x15, 1, 0, 8}), 0},
        Case{"FalseBranchSkips", LoadAnd(0, {0x15, 0, 1, 8}), 1},
        Case{"GreaterIsStrict", LoadAnd(0, {0x25, 1, 0, 7}), 0},
        Case{"Greater", LoadAnd(0, {0x25, 1, 0, 6}), 1},
        Case{"GreaterIsUnsigned", LoadAnd(4, {0x25, 1, 0, 1}), 1},
        Case{"AtLeastIncludesEqual", LoadAnd(0, {0x35, 1, 0, 7}), 1},
        Case{"AtLeastNotTaken", LoadAnd(0, {0x35, 1, 0, 8}), 0},
        Case{"AnyBit", LoadAnd(0, {0x45, 1, 0, 4}), 1},
        Case{"AnyBitNotTaken", LoadAnd(0, {0x45, 1, 0, 8}), 0},
        Case{"JumpAlways", LoadAnd(0, {0x05, 0, 0, 1}), 1},
        Case{"AndKeepsOnlyTheMask",
             {{0x20, 0, 0, 0}, {0x54, 0, 0, 6}, {0x15, 0, 1, 6}, {0x06, 0, 0, 1}, {0x06, 0, 0, 0}},
             1}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(EvaluateBpf, RefusesWhatTheKernelRefuses) {
  const std::vector<BpfInstruction> bad[] = {
      {},
      {{0x20, 0, 0, 0}},                     // no answer
      {{0x05, 0, 0, 1}, {0x06, 0, 0, 0}},    // jumps past the end
      {{0x15, 0, 9, 1}, {0x06, 0, 0, 0}},    // the same, by a comparison
      {{0x20, 0, 0, 64}, {0x06, 0, 0, 0}},   // outside the data
      {{0x20, 0, 0, 2}, {0x06, 0, 0, 0}},    // not aligned
      {{0x05, 0, 0, 0xffffffff}},            // must not wrap around
      {{0xffff, 0, 0, 0}, {0x06, 0, 0, 0}},  // no such instruction
  };
  for (const auto& program : bad) {
    const auto got = EvaluateBpf(program, kData);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::kUnsupported);
  }
}

}  // namespace
}  // namespace ambit::plan_linux
