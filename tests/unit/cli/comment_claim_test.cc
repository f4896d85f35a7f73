#include "cli/comment_claim.h"

#include <gtest/gtest.h>

namespace ambit::cli {
namespace {

struct Case {
  const char* name;
  const char* comment;
  const char* claims;  ///< One letter each, the words, "@" and the object; joined by "|".
};

std::string Text(const std::vector<CommentClaim>& claims) {
  std::string out;
  for (const CommentClaim& claim : claims) {
    if (!out.empty()) out += '|';
    out += claim.kind == CommentClaim::Kind::kReadOnly  ? 'r'
           : claim.kind == CommentClaim::Kind::kNothing ? 'n'
           : claim.of_writing                           ? 'w'
                                                        : 'o';
    out += ' ' + claim.words;
    if (!claim.object.empty()) out += '@' + claim.object;
  }
  return out;
}

class ClaimsOfTest : public testing::TestWithParam<Case> {};

TEST_P(ClaimsOfTest, FindsWhatIsPlainlySaid) {
  EXPECT_EQ(Text(ClaimsOf(GetParam().comment)), GetParam().claims);
}

INSTANTIATE_TEST_SUITE_P(
    Comments, ClaimsOfTest,
    testing::Values(
        Case{"ReadOnly", "Read-only.", "r Read-only"},
        Case{"ReadOnlyAmongOthers", "the vendored sources are read only here", "r read only"},
        Case{"OneWord", "readonly", "r readonly"},
        Case{"OnlyRead", "the build only reads this", "r only reads"},
        Case{"NoWrites", "no writes, please", "r no writes"},
        Case{"DoNotWrite", "We must not write here; make does", "r not write"},
        Case{"Contraction", "don't write", "r don't write"},
        Case{"SecondLine", "Documentation\nof us; read-only", "r read-only"},
        Case{"ReadOnlyPath", "/srv/docs is read-only", "r read-only@/srv/docs"},
        Case{"ButMore", "read-only, but writable for make", ""},
        Case{"Except", "read-only except on release days", ""},
        Case{"NotReadOnly", "this is not read-only", ""},
        Case{"NoLonger", "no longer read-only", ""}, Case{"WasReadOnly", "was read-only", ""},
        Case{"BothSaid", "read-only for people, writable for make", ""},
        Case{"CommentedOut", "\"/srv\" = \"deny\"", ""}, Case{"Denied", "denied", "n denied"},
        Case{"NoAccess", "secrets: no access", "n no access"},
        Case{"NeverRead", "keys, never read", "n never read"},
        Case{"LeastIsClaimed", "read-only or denied", "n denied"},
        Case{"LongStory", "what the deny further down takes away from it again", ""},
        Case{"OpenedAndDenied", "denied to others, open here", ""},
        Case{"OnlyPath", "only /srv/data", "o only /srv/data@/srv/data"},
        Case{"PathOnly", "for /srv/data only", "o /srv/data only@/srv/data"},
        Case{"BarePath", "`/srv/data`", "o /srv/data@/srv/data"},
        Case{"OnlyHost", "just api.example.com", "o just api.example.com@api.example.com"},
        Case{"OnlyWriting", "writes only /srv/data", "w only /srv/data@/srv/data"},
        Case{"MentionedPath", "see /srv/data for more", ""},
        Case{"OnlySomething", "only for tests", ""},
        Case{"Address", "only https://example.com/a", ""}, Case{"Empty", "", ""},
        Case{"Marks", "--- ... ---", ""}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace ambit::cli
