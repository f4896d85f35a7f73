#include "config/toml_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace ambit::config {
namespace {

struct Case {
  const char* name;
  const char* text;
  const char* message;
};

class SyntaxErrorTest : public testing::TestWithParam<Case> {};

TEST_P(SyntaxErrorTest, SaysInOneLineWhatWasExpectedWhere) {
  const auto node = ReadToml(GetParam().text, "f.toml");
  ASSERT_FALSE(node);
  EXPECT_EQ(ToString(node.error()), GetParam().message);
  EXPECT_EQ(node.error().code, ErrorCode::kInvalidConfig);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, SyntaxErrorTest,
    testing::Values(
        Case{"ThreeBrackets", "[[[\n",
             "f.toml:1:3: syntax error: expected a key: letters, digits, '_' and '-', or a quoted "
             "string; found '['"},
        Case{"NoValue", "a = \n",
             "f.toml:1:5: syntax error: expected a value: a quoted string, a number, true, false, "
             "[a list] or {a table}; found the end of the line"},
        Case{"BareWord", "x = 1\na = read\n",
             "f.toml:2:5: syntax error: expected a value: a quoted string, a number, true, false, "
             "[a list] or {a table}; found 'r'"},
        Case{"NoEquals", "key with = 1\n",
             "f.toml:1:5: syntax error: expected '=' after the key; a key with special characters "
             "needs quotes; found 'w'"},
        Case{"KeyTwice", "a = 1\na = 2\n",
             "f.toml:2:5: syntax error: this name is already defined above; define it once; found "
             "'2'"},
        Case{"TableTwice", "[a]\n[a]\n",
             "f.toml:2:1: syntax error: this name is already defined above; define it once; found "
             "'['"},
        Case{"StringOverLine", "a = \"x\nb = 1\n",
             "f.toml:1:7: syntax error: the string holds a line break or another control "
             "character; close the quote; found the end of the line"},
        Case{"StringNeverClosed", "a = '''x",
             "f.toml:1:9: syntax error: the string is never closed; found the end of the file"},
        Case{"UnknownEscape", "a = \"\\q\"\n",
             "f.toml:1:7: syntax error: unknown backslash escape; write the text in 'single "
             "quotes' to take it as it is; found 'q'"},
        Case{"ListWithoutComma", "a = [1 2]\n",
             "f.toml:1:8: syntax error: expected ',' or ']' in the list; found '2'"},
        Case{"InlineTableOverLine", "a = {b = 1,\nc = 2}\n",
             "f.toml:1:12: syntax error: expected 'key = value' or '}' in the inline table, on one "
             "line; found the end of the line"},
        Case{"TwoValues", "a = 1 2\n",
             "f.toml:1:7: syntax error: expected the end of the line; found '2'"},
        Case{"HeaderNotClosed", "[a\n",
             "f.toml:1:3: syntax error: expected a table header: [name] or [[name]] on a line of "
             "its own; found the end of the line"},
        Case{"EmptyHeader", "[]\n",
             "f.toml:1:2: syntax error: expected a name between the brackets; found ']'"},
        Case{"IntegerTooLarge", "a = 99999999999999999999\n",
             "f.toml:1:25: syntax error: the integer does not fit into 64 bits; found the end of "
             "the line"},
        Case{"KeyInACompleteTable", "a = {b = 1}\na.c = 2\n",
             "f.toml:2:1: syntax error: this name is already defined above; define it once; found "
             "'a'"},
        Case{"TableInACompleteTable", "a = {b = 1}\n[a.c]\n",
             "f.toml:2:7: syntax error: this table is already complete above; add the key there; "
             "found the end of the file"},
        Case{"Surrogate", "a = \"\\ud800\"\n",
             "f.toml:1:12: syntax error: a \\u escape must name a character; found '\\\"'"},
        Case{"BasicStringNeverClosed", "a = \"\"\"x",
             "f.toml:1:9: syntax error: the string is never closed; found the end of the file"},
        Case{"Word", "a = yes\n",
             "f.toml:1:5: syntax error: expected a value: a quoted string, a number, true, false, "
             "[a list] or {a table}; found 'y'"},
        Case{"MisspeltTrue", "a = tru\n",
             "f.toml:1:8: syntax error: not a valid value; write true or false; found the end of "
             "the line"},
        Case{"NoKey", "= 1\n",
             "f.toml:1:1: syntax error: expected a key or a [table] header; found '='"},
        Case{"OddLine", "!\n",
             "f.toml:1:1: syntax error: expected a key or a [table] header; found '!'"},
        Case{"BadInteger", "a = 0x\n",
             "f.toml:1:7: syntax error: not a valid integer; found the end of the line"},
        Case{"BadNumber", "a = 1.e\n", "f.toml:1:7: syntax error: not a valid number; found 'e'"},
        Case{"BadDate", "a = 2026-13-01\n",
             "f.toml:1:12: syntax error: not a valid date; found '-'"},
        Case{"BadTime", "a = 25:00:00\n", "f.toml:1:7: syntax error: not a valid time; found ':'"},
        Case{"HeaderWithoutEnd", "[[a]\n",
             "f.toml:1:5: syntax error: expected a table header: [name] or [[name]] on a line of "
             "its own; found the end of the line"},
        Case{"KeyWithoutValue", "a\n",
             "f.toml:1:2: syntax error: expected '=' after the key; a key with special characters "
             "needs quotes; found the end of the line"},
        Case{"NotUtf8", "a = 1\nb = \"\xff\"\n",
             "f.toml:2:5: syntax error: the text is not valid UTF-8; found '\\\"'"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(TomlReader, KeepsThePlaceOfEveryKeyAndValue) {
  const auto root = ReadToml("x = 1\n[a.b]\n  \"k y\" = [ 'v' ]\n", "f.toml");
  ASSERT_TRUE(root);
  const Member* const member = root->Find("a")->Find("b")->FindMember("k y");
  ASSERT_NE(member, nullptr);
  EXPECT_EQ(ToString(member->key_place.Ref()), "f.toml:3:3");
  EXPECT_EQ(ToString(member->value.where.Ref()), "f.toml:3:11");
  EXPECT_EQ(ToString(member->value.items.at(0).where.Ref()), "f.toml:3:13");
}

TEST(TomlReader, TellsEveryKindOfValueApart) {
  const auto root = ReadToml("a='t'\nb=7\nc=1.5\nd=true\ne=2026-01-02\nf=[1]\ng={h=1}\n", "f.toml");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->Find("a")->text, "t");
  EXPECT_EQ(root->Find("b")->integer, 7);
  EXPECT_EQ(root->Find("c")->real, 1.5);
  EXPECT_TRUE(root->Find("d")->boolean);
  EXPECT_TRUE(root->Find("e")->Is(NodeKind::kDateTime));
  EXPECT_EQ(root->Find("f")->items.size(), 1U);
  EXPECT_EQ(root->Find("g")->Find("h")->integer, 1);
}

std::string Repeat(std::string_view part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

TEST(TomlReader, RefusesKeysThatWouldNestTooDeep) {
  for (const std::string& key :
       {Repeat("a.", 40) + "a = 1", "x = {" + Repeat("'a' . ", 40) + "a = 1}",
        "\n[" + Repeat("\"a.b\".", 40) + "a]", Repeat("a.", 4'000'000) + "a = 1"}) {
    const auto node = ReadToml(key, "f.toml");
    ASSERT_FALSE(node) << key.substr(0, 40);
    EXPECT_EQ(node.error().message,
              "a key here has more than 32 parts; no key of a configuration has");
  }
}

TEST(TomlReader, DotsInStringsAndCommentsAreNotPartsOfAKey) {
  const std::string dots = Repeat(".", 100);
  EXPECT_TRUE(ReadToml("a = '" + dots + "' # " + dots + "\nb = \"\\\"" + dots + "\"\n" +
                           "c = '''\n" + dots + "''''\nd = \"\"\"" + dots + "\\\"\"\"\"\n'" + dots +
                           "' = [1.5, " + Repeat("2.5, ", 100) + "]\n",
                       "f.toml"));
}

TEST(TomlReader, RefusesCharactersOutsideAsciiWhereTomlHasNone) {
  for (const char* text : {"x = 1\na = \xD0\x8D\n", "x = 1\n\xD0\x8D = 1\n", "x = 1\n[\xC3\xA9]\n",
                           "'''\n'''\xC3\xA9"}) {
    const auto node = ReadToml(text, "f.toml");
    ASSERT_FALSE(node);
    EXPECT_EQ(ToString(node.error()),
              "f.toml:2: syntax error: a character outside ASCII needs quotes around the key or "
              "value");
  }
  EXPECT_TRUE(ReadToml("\xEF\xBB\xBF'\xC3\xA9' = \"\xD0\x8D\" # \xD0\x8D\n", "f.toml"));
}

TEST(TomlReader, LettersAfterALineEndingBackslashAreText) {
  for (const std::string letter : {"\xD0\x8D", "\xC3\xA9", "\xEF\xBB\xBD", "\xE2\x80\xB0"}) {
    const auto node = ReadToml("a = \"\"\"\\\n  " + letter + "\\\n\"\"\"\n", "f.toml");
    ASSERT_TRUE(node) << ToString(node.error());
    EXPECT_EQ(node->Find("a")->text, letter);
  }
}

TEST(TomlReader, RefusesValuesNestedTooDeep) {
  const auto node = ReadToml("a = " + Repeat("[", 100'000), "f.toml");
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().message.substr(0, 49),
            "syntax error: values are nested deeper than 64; f");
}

}  // namespace
}  // namespace ambit::config
