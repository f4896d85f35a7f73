#include "proxy/dns_message.h"

#include <gtest/gtest.h>

#include <string>

namespace ambit::proxy::dns {
namespace {

std::string Number(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}
std::string Header(unsigned flags, unsigned questions, unsigned additional) {
  return Number(0x1234) + Number(flags) + Number(questions) + Number(0) + Number(0) +
         Number(additional);
}
std::string Name(std::initializer_list<std::string> labels) {
  std::string name;
  for (const std::string& label : labels) name += static_cast<char>(label.size()) + label;
  return name + '\0';
}
const std::string kOption =
    std::string("\0", 1) + Number(41) + Number(1232) + Number(0) + Number(0) + Number(0);

std::string Question(const std::string& name, unsigned type, unsigned kind = 1) {
  return name + Number(type) + Number(kind);
}

TEST(ParseQueryTest, ReadsAQuestion) {
  const std::string bytes = Header(0x0100, 1, 0) + Question(Name({"Api", "Example", "COM"}), 28);
  const Parsed parsed = ParseQuery(bytes);
  ASSERT_TRUE(parsed.query);
  EXPECT_EQ(parsed.query->id, 0x1234);
  EXPECT_EQ(parsed.query->name, "api.example.com");
  EXPECT_EQ(parsed.query->type, 28);
  EXPECT_TRUE(parsed.query->recursion_desired);
  EXPECT_FALSE(parsed.query->extended);
  EXPECT_EQ(parsed.query->question, bytes.substr(12));
}

TEST(ParseQueryTest, SeesTheExtension) {
  const Parsed parsed = ParseQuery(Header(0, 1, 1) + Question(Name({"a"}), 1) + kOption);
  ASSERT_TRUE(parsed.query);
  EXPECT_TRUE(parsed.query->extended);
}

TEST(ParseQueryTest, ANameHasAtMost253Characters) {
  const std::string label(62, 'a');  // four of them and the dots between are 251
  const auto parsed = [&](const std::string& last) {
    return ParseQuery(Header(0, 1, 0) + Question(Name({label, label, label, label, last}), 1));
  };
  ASSERT_TRUE(parsed("b").query);
  EXPECT_EQ(parsed("b").query->name.size(), 253);
  EXPECT_EQ(parsed("bb").code, Code::kFormatError);
}

TEST(ParseQueryTest, AnswersMistakesWithACode) {
  const std::string name = Name({"a"});
  const std::string too_long(64, 'a');
  EXPECT_EQ(ParseQuery(Header(0x2800, 1, 0) + Question(name, 1)).code, Code::kNotImplemented);
  EXPECT_EQ(ParseQuery(Header(0, 1, 0) + Question(name, 1, 3)).code, Code::kNotImplemented);
  for (const std::string& bytes :
       {Header(0, 0, 0), Header(0, 2, 0) + Question(name, 1) + Question(name, 1),
        Header(0x0200, 1, 0) + Question(name, 1), Header(0, 1, 0) + name,
        Header(0, 1, 0) + Question(Name({too_long}), 1), Header(0, 1, 0) + Question("\xc0\x0c", 1),
        Header(0, 1, 0) + Question(Name({"a.b"}), 1),
        Header(0, 1, 0) + Question(Name({std::string("a\0", 2)}), 1),
        Header(0, 1, 0) + Question(Name({"a", "\xc3\xbc"}), 1),
        Header(0, 1, 0) + "\x05"
                          "ab"}) {
    const Parsed parsed = ParseQuery(bytes);
    EXPECT_FALSE(parsed.query);
    EXPECT_EQ(parsed.code, Code::kFormatError) << testing::PrintToString(bytes);
  }
}

TEST(ParseQueryTest, SaysNothingToResponsesAndScraps) {
  for (const std::string& bytes :
       {std::string(), std::string("short"), Header(0x8000, 1, 0) + Question(Name({"a"}), 1)}) {
    const Parsed parsed = ParseQuery(bytes);
    EXPECT_FALSE(parsed.query);
    EXPECT_EQ(parsed.code, Code::kOk);
  }
}

TEST(MakeAnswerTest, CarriesTheAddress) {
  const std::string question = Question(Name({"a"}), 1);
  const std::string bytes = Header(0x0100, 1, 0) + question;
  const Query query = *ParseQuery(bytes).query;
  EXPECT_EQ(MakeAnswer(query, Code::kOk, Address{{198, 18, 0, 1}, 4}, 5),
            Number(0x1234) + Number(0x8180) + Number(1) + Number(1) + Number(0) + Number(0) +
                question + Number(0xc00c) + Number(1) + Number(1) + Number(0) + Number(5) +
                Number(4) + std::string("\xc6\x12\x00\x01", 4));
}

TEST(MakeAnswerTest, RefusesWithAReason) {
  const std::string question = Question(Name({"a"}), 1);
  const std::string bytes = Header(0, 1, 1) + question + kOption;
  const Query query = *ParseQuery(bytes).query;
  EXPECT_EQ(MakeAnswer(query, Code::kNoSuchName, std::nullopt, 0, "why"),
            Number(0x1234) + Number(0x8083) + Number(1) + Number(0) + Number(0) + Number(1) +
                question + std::string("\0", 1) + Number(41) + Number(1232) + Number(0) +
                Number(0) + Number(9) + Number(15) + Number(5) + Number(18) + "why");
}

TEST(MakeFailureTest, KeepsTheIdAndTheOperation) {
  EXPECT_EQ(MakeFailure(Header(0x2800, 1, 0), Code::kNotImplemented),
            Number(0x1234) + Number(0xa884) + std::string(8, '\0'));
}

}  // namespace
}  // namespace ambit::proxy::dns
