#include "audit/flat_json.h"

#include <gtest/gtest.h>

#include <vector>

namespace ambit::audit {
namespace {

struct TextCase {
  const char* name;
  std::string text;
  const char* json;
};
class TextTest : public testing::TestWithParam<TextCase> {};

TEST_P(TextTest, IsWrittenAsJsonAndReadBackExactly) {
  FlatJson json;
  json.Text("o", GetParam().text);
  const std::string line = std::move(json).Take();
  EXPECT_EQ(line, GetParam().json);
  const auto read = FlatObject::Read(line);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->Text("o"), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, TextTest,
    testing::Values(
        TextCase{"Plain", "/srv/a b", R"({"o":"/srv/a b"})"}, TextCase{"Empty", "", R"({"o":""})"},
        TextCase{"QuotesAndBackslashes", R"(/a"b\c)", R"({"o":"/a\"b\\c"})"},
        TextCase{"LineBreak", "/a\nb\tc\rd", R"({"o":"/a\nb\tc\u000dd"})"},
        TextCase{"ControlCharacters", std::string("\x1b[31m\0\x7f", 7),
                 R"({"o":"\u001b[31m\u0000\u007f"})"},
        TextCase{"Utf8", "/\xc3\xa4\xf0\x9f\x98\x80", "{\"o\":\"/\xc3\xa4\xf0\x9f\x98\x80\"}"},
        TextCase{"OneWrongByte", "/\xff", "{\"o\":\"/\\ufffd\",\"o_base64\":\"L/8=\"}"},
        TextCase{"Surrogate", "\xed\xa0\x80",
                 "{\"o\":\"\\ufffd\\ufffd\\ufffd\",\"o_base64\":\"7aCA\"}"},
        TextCase{"Overlong", "\xc0\xaf.", "{\"o\":\"\\ufffd\\ufffd.\",\"o_base64\":\"wK8u\"}"},
        TextCase{"ReplacementItself", "\xef\xbf\xbd", "{\"o\":\"\xef\xbf\xbd\"}"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(FlatJsonTest, WritesEveryKindOfValue) {
  const std::vector<std::string> list = {"a", "b\"c"};
  FlatJson json;
  json.Number("n", -7)
      .Boolean("yes", true)
      .Boolean("no", false)
      .TextOrNull("null", "")
      .TextOrNull("some", "x")
      .List("list", list)
      .List("none", {});
  EXPECT_EQ(
      std::move(json).Take(),
      R"({"n":-7,"yes":true,"no":false,"null":null,"some":"x","list":["a","b\"c"],"none":[]})");
}

TEST(FlatJsonTest, EmptyObjectIsOne) {
  EXPECT_EQ(FlatJson().Take(), "{}");
  EXPECT_TRUE(FlatObject::Read("{}"));
}

TEST(FlatObjectTest, ReadsWhatOthersMayWrite) {
  const auto read = FlatObject::Read(
      " { \"a\" : \"\\u00e4\\ud83d\\ude00\\/\" ,\t\"b\":true,\"c\":null,\"d\":12 } ");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->Text("a"), "\xc3\xa4\xf0\x9f\x98\x80/");
  EXPECT_EQ(read->Boolean("b"), true);
  EXPECT_EQ(read->Text("c"), std::nullopt);
  EXPECT_EQ(read->Number("d"), 12);
}

TEST(FlatObjectTest, AnswersNothingForAnotherKind) {
  const auto read = FlatObject::Read(R"({"a":"x","b":true,"c":1})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->Number("a"), std::nullopt);
  EXPECT_EQ(read->Text("b"), std::nullopt);
  EXPECT_EQ(read->Boolean("c"), std::nullopt);
  EXPECT_EQ(read->Text("d"), std::nullopt);
}

class DamagedTest : public testing::TestWithParam<std::string> {};

TEST_P(DamagedTest, IsNoObject) { EXPECT_FALSE(FlatObject::Read(GetParam())); }

INSTANTIATE_TEST_SUITE_P(
    Texts, DamagedTest,
    testing::Values("", "{", "}", "x", "null", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\":1,}",
                    "{\"a\":1}x", "{\"a\":1}{}", "{a:1}", "{\"a\":\"x}", "{\"a\":\"\\q\"}",
                    "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\ud800\"}",
                    "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\n\"}",
                    "{\"a\":\"\xff\"}", "{\"a\":[]}", "{\"a\":{}}", "{\"a\":1.5}", "{\"a\":-}",
                    "{\"a\":99999999999999999999}", "{\"a\":tru}", "{\"a\":1,\"a\":2}"));

TEST(Base64Test, AgreesWithTheRfc) {
  const std::pair<const char*, const char*> table[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : table) {
    EXPECT_EQ(ToBase64(bytes), text);
    EXPECT_EQ(FromBase64(text), bytes);
  }
  EXPECT_FALSE(FromBase64("Zg="));
  EXPECT_FALSE(FromBase64("Zg!="));
  EXPECT_FALSE(FromBase64("Z=g="));
}

}  // namespace
}  // namespace ambit::audit
