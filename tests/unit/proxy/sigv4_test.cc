#include "proxy/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.h"
#include "proxy/digest.h"

namespace ambit::proxy::sigv4 {
namespace {

using ::testing::ElementsAre;

const std::string kNoBody = Hex(Sha256(""));

/// A request with a known signature. "host" and "x-amz-date" are added.
struct Case {
  const char* name;
  std::string_view method, target;
  std::vector<Field> fields;
  std::string_view body, signature;
};

/// In lower case, sorted, each once.
std::vector<std::string> Names(const std::vector<Field>& fields) {
  std::vector<std::string> out;
  for (const Field& field : fields) out.push_back(Lowered(field.name));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::string Canonical(const Request& request, std::string_view service) {
  const std::vector<std::string> names = Names({request.fields.begin(), request.fields.end()});
  return CanonicalRequest(request, std::vector<std::string_view>(names.begin(), names.end()),
                          service);
}

/// The published test suite of AWS Signature Version 4: one key, one time, a service "service".
class SuiteTest : public testing::TestWithParam<Case> {};

TEST_P(SuiteTest, HasThePublishedSignature) {
  std::vector<Field> fields = GetParam().fields;
  fields.push_back({"host", "example.amazonaws.com"});
  fields.push_back({"x-amz-date", "20150830T123600Z"});
  const std::string payload = Hex(Sha256(GetParam().body));
  const std::string canonical =
      Canonical({GetParam().method, GetParam().target, fields, payload}, "service");
  EXPECT_EQ(Sign({"20150830T123600Z", "us-east-1", "service"},
                 "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", canonical),
            GetParam().signature)
      << canonical;
}

constexpr std::string_view kUnreserved =
    "/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz="
    "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kToken =
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfI"
    "eoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0"
    "wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
    "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

INSTANTIATE_TEST_SUITE_P(
    Requests, SuiteTest,
    testing::Values(
        Case{"Get",
             "GET",
             "/",
             {},
             "",
             "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        Case{"Post",
             "POST",
             "/",
             {},
             "",
             "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
        Case{"QueryOrder",
             "GET",
             "/?Param2=value2&Param1=value1",
             {},
             "",
             "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
        Case{"QueryPair",
             "GET",
             "/?Param1=value1",
             {},
             "",
             "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
        Case{"Unreserved",
             "GET",
             kUnreserved,
             {},
             "",
             "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
        Case{"Utf8",
             "GET",
             "/\xe1\x88\xb4",
             {},
             "",
             "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
        Case{"Blank",
             "GET",
             "/example space/",
             {},
             "",
             "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
        Case{"Slashes",
             "GET",
             "//example//",
             {},
             "",
             "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
        Case{"ValuesTrimmed",
             "GET",
             "/",
             {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
             "",
             "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
        Case{"FieldTwice",
             "GET",
             "/",
             {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
             "",
             "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
        Case{"ValuesInTheirOrder",
             "GET",
             "/",
             {{"My-Header1", "value4"},
              {"My-Header1", "value1"},
              {"My-Header1", "value3"},
              {"My-Header1", "value2"}},
             "",
             "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
        Case{"Form",
             "POST",
             "/",
             {{"Content-Type", "application/x-www-form-urlencoded"}},
             "Param1=value1",
             "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
        Case{"SessionToken",
             "POST",
             "/",
             {{"X-Amz-Security-Token", kToken}},
             "",
             "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"}),
    [](const auto& test) { return std::string(test.param.name); });

/// The examples of the S3 guide.
class ObjectStoreTest : public testing::TestWithParam<Case> {};

TEST_P(ObjectStoreTest, HasThePublishedSignature) {
  const std::string payload = Hex(Sha256(GetParam().body));
  std::vector<Field> fields = GetParam().fields;
  fields.push_back({"Host", "examplebucket.s3.amazonaws.com"});
  fields.push_back({"x-amz-content-sha256", payload});
  fields.push_back({"x-amz-date", "20130524T000000Z"});
  const std::string canonical =
      Canonical({GetParam().method, GetParam().target, fields, payload}, "s3");
  EXPECT_EQ(Sign({"20130524T000000Z", "us-east-1", "s3"},
                 "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", canonical),
            GetParam().signature)
      << canonical;
}

INSTANTIATE_TEST_SUITE_P(
    Requests, ObjectStoreTest,
    testing::Values(Case{"Range",
                         "GET",
                         "/test.txt",
                         {{"Range", "bytes=0-9"}},
                         "",
                         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
                    Case{"Put",
                         "PUT",
                         "/test%24file.text",
                         {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                          {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                         "Welcome to Amazon S3.",
                         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
                    // The same object however its name is written.
                    Case{"PutOtherwise",
                         "PUT",
                         "/test$file.text",
                         {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                          {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                         "Welcome to Amazon S3.",
                         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
                    Case{"KeyWithoutValue",
                         "GET",
                         "/?lifecycle",
                         {},
                         "",
                         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
                    Case{"List",
                         "GET",
                         "/?max-keys=2&prefix=J",
                         {},
                         "",
                         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(CanonicalRequestTest, HasThePublishedHash) {
  const std::vector<Field> fields = {
      {"Host", "iam.amazonaws.com"},
      {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
      {"X-Amz-Date", "20150830T123600Z"}};
  const std::string_view names[] = {"content-type", "host", "x-amz-date"};
  EXPECT_EQ(Hex(Sha256(CanonicalRequest(
                {"GET", "/?Action=ListUsers&Version=2010-05-08", fields, kNoBody}, names, "iam"))),
            "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
}

std::string PathOf(std::string_view target, std::string_view service) {
  const std::string canonical = CanonicalRequest({"GET", target, {}, ""}, {}, service);
  const std::size_t start = canonical.find('\n') + 1;
  return canonical.substr(start, canonical.find("\n\n") - start);
}

TEST(CanonicalRequestTest, PathsAreEncodedTwiceButForS3) {
  EXPECT_EQ(PathOf("/a%2Fb/c d", "lambda"), "/a%252Fb/c%20d");
  EXPECT_EQ(PathOf("/a%2fb/c%20d/e:f", "s3"), "/a/b/c%20d/e%3Af");
  EXPECT_EQ(PathOf("/a//b/", "s3"), "/a//b/");
  EXPECT_EQ(PathOf("/a//b/", "es"), "/a/b/");
  EXPECT_EQ(PathOf("/%zz%2", "s3"), "/%25zz%252");
}

TEST(CanonicalRequestTest, QueriesAreWrittenInOneWay) {
  EXPECT_EQ(PathOf("/?b=2&a=%2b+%20&a=1&&c", "es"), "/\na=%2B%2B%20&a=1&b=2&c=");
  EXPECT_EQ(PathOf("/?a=b=c", "es"), "/\na=b%3Dc");
}

constexpr std::string_view kDigits =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

std::string With(std::string_view credential, std::string_view headers = "host;x-amz-date") {
  return "AWS4-HMAC-SHA256 Credential=" + std::string(credential) +
         ", SignedHeaders=" + std::string(headers) + ", Signature=" + std::string(kDigits);
}

TEST(AuthorizationTest, IsTakenApart) {
  const std::string text = With("AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request");
  const auto read = ParseAuthorization(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->access_key_id, "AKIDEXAMPLE");
  EXPECT_EQ(read->date, "20150830");
  EXPECT_EQ(read->region, "us-east-1");
  EXPECT_EQ(read->service, "iam");
  EXPECT_THAT(read->signed_headers, ElementsAre("host", "x-amz-date"));
  EXPECT_EQ(read->signature, kDigits);
  EXPECT_TRUE(ParseAuthorization("AWS4-HMAC-SHA256 Signature=" + std::string(kDigits) +
                                 ",SignedHeaders=host,Credential=A/20150830/r/s/aws4_request"));
}

TEST(AuthorizationTest, IsNothingElse) {
  const std::string scope = "A/20150830/r/s/aws4_request";
  const std::string digits(kDigits);
  for (const std::string& text : {std::string(),
                                  std::string("Bearer x"),
                                  "AWS4-ECDSA-P256-SHA256" + With(scope).substr(16),
                                  "AWS4-HMAC-SHA256," + With(scope).substr(17),
                                  With("A/20150830/r/s/aws4_reques"),
                                  With("A/2015083/r/s/aws4_request"),
                                  With("A/2015083x/r/s/aws4_request"),
                                  With("/20150830/r/s/aws4_request"),
                                  With("A/20150830//s/aws4_request"),
                                  With("A/B/20150830/r/s/aws4_request"),
                                  With("A B/20150830/r/s/aws4_request"),
                                  With(scope, ""),
                                  With(scope, "Host"),
                                  With(scope, "x;host"),
                                  With(scope, "host;host"),
                                  With(scope, "host;;x"),
                                  With(scope, "ho st"),
                                  With(scope) + "0",
                                  With(scope).substr(0, With(scope).size() - 1) + "g",
                                  With(scope) + ", Signature=" + digits,
                                  With(scope) + ", Other=1",
                                  "AWS4-HMAC-SHA256 Credential=" + scope,
                                  "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=" + digits}) {
    EXPECT_FALSE(ParseAuthorization(text)) << text;
  }
}

}  // namespace
}  // namespace ambit::proxy::sigv4
