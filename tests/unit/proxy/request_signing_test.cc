#include "proxy/request_signing.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ambit::proxy {
namespace {

constexpr std::int64_t kNow = 1'440'938'160;  // 2015-08-30 12:36:00
constexpr std::string_view kOfNothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

policy::RequestSigning Signing() {
  policy::RequestSigning out;
  out.placeholder = "AKIAPLACEHOLDER1";
  out.region = "eu-north-1";
  out.service = "s3";
  return out;
}

std::string Authorization(
    const std::string& credential = "AKIAPLACEHOLDER1/20150830/eu-north-1/s3/aws4_request") {
  return "AWS4-HMAC-SHA256 Credential=" + credential +
         ", SignedHeaders=host;x-amz-date, Signature=" + std::string(64, '0');
}

struct Given {
  std::string authorization = Authorization();
  std::string target = "/object";
  std::vector<std::pair<std::string, std::string>> more = {};
  std::string time = "20150830T123600Z";
  bool has_body = false;
};

std::string Problem(const Given& given) {
  std::vector<Field> fields = {{"X-Amz-Date", given.time}, {"Authorization", given.authorization}};
  for (const auto& [name, value] : given.more) fields.push_back({name, value});
  return SigningProblem(Signing(), {given.target, fields, given.has_body}, kNow);
}

TEST(SigningProblemTest, NoneWithThePlaceholder) {
  EXPECT_EQ(Problem({}), "");
  EXPECT_EQ(Problem({.target = "/object?prefix=x-amz-signature"}), "");
}

TEST(SigningProblemTest, AnotherKeyRegionOrService) {
  EXPECT_EQ(Problem({.authorization =
                         Authorization("AKIAPLACEHOLDER2/20150830/eu-north-1/s3/aws4_request")}),
            "wants 'AKIAPLACEHOLDER1' for the access key in Authorization");
  EXPECT_EQ(Problem({.authorization =
                         Authorization("AKIAPLACEHOLDER1/20150830/us-east-1/s3/aws4_request")}),
            "takes signatures for the region 'eu-north-1' only");
  EXPECT_EQ(Problem({.authorization =
                         Authorization("AKIAPLACEHOLDER1/20150830/eu-north-1/iam/aws4_request")}),
            "takes signatures for the service 's3' only");
}

TEST(SigningProblemTest, NoAuthorizationOrSeveral) {
  const std::string wants = "wants one Authorization of AWS4-HMAC-SHA256";
  EXPECT_EQ(Problem({.authorization = ""}), wants);
  EXPECT_EQ(Problem({.authorization = "Bearer x"}), wants);
  EXPECT_EQ(Problem({.more = {{"authorization", Authorization()}}}), wants);
}

TEST(SigningProblemTest, SignaturesInTheQuery) {
  for (const char* const name : {"X-Amz-Signature", "x-amz-credential", "X-Amz-Algorithm",
                                 "X-Amz-Security-Token", "X%2DAmz-Signature"}) {
    EXPECT_EQ(Problem({.target = "/object?a=1&" + std::string(name) + "=1"}),
              "takes no request that is signed in its query");
  }
}

TEST(SigningProblemTest, TimesThatAreNotNow) {
  const std::string far = "takes no signature of a time more than 15 minutes from now";
  EXPECT_EQ(Problem({.time = "20150830T125100Z"}), "");
  EXPECT_EQ(Problem({.time = "20150830T125101Z"}), far);
  EXPECT_EQ(Problem({.time = "20150830T122100Z"}), "");
  EXPECT_EQ(Problem({.time = "20150830T122059Z"}), far);
  EXPECT_EQ(Problem({.time = "20150831T123600Z"}),
            "wants one day in 'x-amz-date' and in the signature's scope");
  const std::string form = "wants one 'x-amz-date' such as 20150830T123600Z";
  EXPECT_EQ(Problem({.time = "20150830 123600Z"}), form);
  EXPECT_EQ(Problem({.more = {{"x-amz-date", "20150830T123600Z"}}}), form);
}

TEST(SigningProblemTest, BodiesThatTheSignatureIsNotOver) {
  const auto hashed = [](const std::string& hash, bool has_body) {
    return Problem({.more = {{"X-Amz-Content-Sha256", hash}}, .has_body = has_body});
  };
  EXPECT_EQ(hashed(std::string(kOfNothing), false), "");
  EXPECT_EQ(hashed("UNSIGNED-PAYLOAD", true), "");
  EXPECT_EQ(hashed("STREAMING-UNSIGNED-PAYLOAD-TRAILER", true), "");
  for (const char* const words :
       {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-EVENTS", "STREAMING-"}) {
    EXPECT_EQ(hashed(words, true), "takes no body that is signed piece by piece");
  }
  EXPECT_EQ(hashed("unsigned-payload", false), kAnotherHash);
  EXPECT_EQ(hashed(std::string(64, '0'), false), kAnotherHash);
  EXPECT_EQ(hashed(std::string(64, '0'), true), "") << "the body tells, when it is there";
  EXPECT_EQ(Problem({.more = {{"x-amz-content-sha256", std::string(kOfNothing)},
                              {"x-amz-content-sha256", "UNSIGNED-PAYLOAD"}}}),
            "wants one 'x-amz-content-sha256'");
}

TEST(PayloadHashTest, IsOfTheBodyUnlessTheRequestLeavesItOut) {
  const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(PayloadHash({}, "abc"), abc);
  EXPECT_EQ(PayloadHash(std::vector<Field>{{"x-amz-content-sha256", abc}}, "abc"), abc);
  EXPECT_EQ(PayloadHash(std::vector<Field>{{"x-amz-content-sha256", abc}}, "abcd"), std::nullopt);
  EXPECT_EQ(PayloadHash(std::vector<Field>{{"x-amz-content-sha256", ""}}, "abc"), std::nullopt);
  const std::vector<Field> unsigned_body = {{"X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD"}};
  EXPECT_EQ(PayloadHash(unsigned_body, "abc"), "UNSIGNED-PAYLOAD");
  EXPECT_FALSE(SignsBody(unsigned_body));
  EXPECT_TRUE(SignsBody({}));
}

TEST(SignAgainTest, IsOverWhatIsSentAndWhatAwsAsksFor) {
  const std::string written =
      "AWS4-HMAC-SHA256 Credential=AKIAPLACEHOLDER1/20150830/us-east-1/service/aws4_request, "
      "SignedHeaders=connection;my-header, Signature=" +
      std::string(64, '0');
  const auto given = sigv4::ParseAuthorization(written);
  const std::string expected =
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE00000/20150830/us-east-1/service/aws4_request, ";
  const SecretText id("AKIDEXAMPLE00000"), key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  std::vector<Field> sent = {
      {"host", "example.amazonaws.com"}, {"Accept", "*/*"}, {"X-Amz-Date", "20150830T123600Z"}};
  // The suite's plain request: what the client signed of it is not sent.
  EXPECT_EQ(SignAgain(*given, {"GET", "/", sent, kOfNothing}, id, key),
            expected +
                "SignedHeaders=host;x-amz-date, "
                "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  sent.push_back({"X-Amz-Security-Token", "t"});
  sent.push_back({"My-Header", "1"});
  EXPECT_TRUE(SignAgain(*given, {"GET", "/", sent, kOfNothing}, id, key)
                  .starts_with(expected +
                               "SignedHeaders=host;my-header;x-amz-date;x-amz-security-token, "));
}

TEST(SigningTimeTest, IsOfOneForm) {
  EXPECT_EQ(ParseSigningTime("20150830T123600Z"), kNow);
  EXPECT_EQ(ParseSigningTime("19700101T000000Z"), 0);
  EXPECT_EQ(ParseSigningTime("20240229T235959Z"), 1'709'251'199);
  for (const char* const text :
       {"", "20150830T123600", "20150830T123600ZZ", "20150830t123600Z", "20150830T123600+",
        "20150230T123600Z", "20151330T123600Z", "20150830T243600Z", "20150830T126000Z",
        "20150830T123660Z", "2015083 T123600Z", "-0150830T123600Z", "20150830T1236 0Z"}) {
    EXPECT_EQ(ParseSigningTime(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ambit::proxy
