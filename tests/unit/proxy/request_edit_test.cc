#include "proxy/request_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/flat_json.h"
#include "base/ascii.h"
#include "proxy/request_signing.h"
#include "unit/policy/network_table.h"

namespace ambit::proxy {
namespace {

using ::testing::ElementsAre;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kTable = R"(
domains = { "api.example" = "allow", "raw.example" = "allow", "any.example" = "allow", "basic.example" = "allow", "hook.example" = "allow", "other.example" = "allow", "body.example" = "allow", "sign.example" = "allow" }
credentials.a = { env = "A", hosts = ["api.example"], scheme = "bearer" }
credentials.b = { env = "B", hosts = ["basic.example"], scheme = "basic" }
credentials.c = { env = "C", hosts = ["raw.example"], scheme = "raw" }
credentials.d = { env = "D", hosts = ["any.example", "any.example:8443"] }
mitm.hooks.h = { host = "hook.example", methods = ["GET"], path_prefixes = ["/"], action = ["x"] }
mitm.hooks.b = { host = "body.example", methods = ["GET"], path_prefixes = ["/"], action = ["y"] }
mitm.hooks.s = { host = "sign.example", methods = ["GET"], path_prefixes = ["/"], action = ["z"] }
mitm.actions.z.aws_sigv4 = { placeholder_access_key_id = "AKIAPLACEHOLDER1", region = "us-east-1", service = "service", access_key_id = { file = "/I" }, secret_access_key = { file = "/S" }, session_token = { file = "/T" } }
mitm.actions.x.strip_request_headers = ["Cookie", "X-Mine"]
mitm.actions.y.body_secret_substitution.replacements = [{ placeholder = "PLACEHOLDER-0001", secret = { file = "/P" } }]
mitm.actions.x.inject_request_headers = [{ name = "X-Key", env = "H", prefix = "Key " }]
)";

class RequestEditTest : public testing::Test {
 protected:
  RequestEditTest() : rules_(policy::RulesOf(Table())) {
    for (const policy::SecretPlace& place : rules_.http().secrets()) {
      secrets_.push_back(
          {SecretText("real-secret-of-" + place.text), "dummy-masked-00" + place.text});
    }
  }
  static std::string Table() {
    std::string out(kTable);
    out.replace(out.find("env = \"H\""), 3, "secret_env_var");
    return out;
  }

  /// The fields of a request to `host` after the edit, without what is about content codings.
  Fields Edit(std::string_view host, const Fields& fields, std::uint16_t port = 443) {
    const policy::Destination to = *policy::ParseDestination(host, port);
    std::vector<Field> edited;
    for (const auto& [name, value] : fields) edited.push_back({name, value});
    const policy::HttpVerdict verdict = rules_.http().Decide(
        to, {.method = "GET", .target = "/", .fields = edited, .secure = true});
    EXPECT_TRUE(verdict.allowed());
    edit_.Apply(to, verdict, edited);
    Fields out;
    asks_identity_ = false;
    for (const Field& field : edited) {
      if (field.name == "accept-encoding" && field.value == "identity") {
        asks_identity_ = true;
      } else {
        out.emplace_back(field.name, field.value);
      }
    }
    return out;
  }
  Fields Authorized(std::string_view host, const std::string& value, std::uint16_t port = 443) {
    return Edit(host, {{"Authorization", value}}, port);
  }
  std::string Answer(std::string_view text) const { return Scrubbed(edit_.MakeScrubber(), text); }

  policy::NetworkRules rules_;
  Secrets secrets_;
  RequestEdit edit_{rules_.http(), secrets_};
  bool asks_identity_ = false;
};

Fields Sent(const std::string& value) { return {{"Authorization", value}}; }

TEST_F(RequestEditTest, PutsTheRealOneInPlaceOfItsDummy) {
  EXPECT_EQ(Authorized("api.example", "Bearer dummy-masked-00A"), Sent("Bearer real-secret-of-A"));
  EXPECT_EQ(Authorized("api.example", "bearer  dummy-masked-00A"),
            Sent("bearer  real-secret-of-A"));
  EXPECT_EQ(Authorized("raw.example", "token dummy-masked-00C!"), Sent("token real-secret-of-C!"));
  EXPECT_EQ(Authorized("raw.example", "dummy-masked-00C"), Sent("real-secret-of-C"));
  EXPECT_EQ(Authorized("any.example", "token dummy-masked-00D"), Sent("token real-secret-of-D"));
  EXPECT_EQ(Authorized("any.example", "Bearer dummy-masked-00D", 8443),
            Sent("Bearer real-secret-of-D"));
}

TEST_F(RequestEditTest, LooksIntoBasic) {
  const std::string asked = "Basic " + audit::ToBase64("user:dummy-masked-00B");
  const std::string sent = "Basic " + audit::ToBase64("user:real-secret-of-B");
  EXPECT_EQ(Authorized("basic.example", asked), Sent(sent));
  EXPECT_EQ(Answer("you sent " + sent), "you sent " + asked);
  EXPECT_EQ(Answer("that is user:real-secret-of-B"), "that is user:dummy-masked-00B");
  EXPECT_EQ(Authorized("any.example", "basic " + audit::ToBase64("dummy-masked-00D:")),
            Sent("basic " + audit::ToBase64("real-secret-of-D:")));
}

TEST_F(RequestEditTest, LeavesEverythingElseAlone) {
  for (const auto& [host, value] : std::vector<std::pair<std::string, std::string>>{
           {"api.example", "Basic " + audit::ToBase64("u:dummy-masked-00A")},
           {"api.example", "Bearer dummy-masked-00A0"},
           {"api.example", "dummy-masked-00A"},
           {"api.example", "Bearer dummy-masked-00B"},
           {"basic.example", "Bearer dummy-masked-00B"},
           {"basic.example", "Basic dummy-masked-00B"},
           {"other.example", "Bearer dummy-masked-00A"},
           {"raw.example", "token dummy-masked-00A"}}) {
    EXPECT_EQ(Authorized(host, value), Sent(value)) << host;
  }
  const Fields others = {{"X-Authorization", "dummy-masked-00C"}, {"Cookie", "dummy-masked-00C"}};
  EXPECT_EQ(Edit("raw.example", others), others);
  EXPECT_EQ(Authorized("api.example", "Bearer dummy-masked-00A", 8443),
            Sent("Bearer dummy-masked-00A"));
}

TEST_F(RequestEditTest, StripsBeforeItInjects) {
  EXPECT_THAT(Edit("hook.example", {{"cookie", "a"},
                                    {"Accept", "*/*"},
                                    {"x-mine", "1"},
                                    {"X-KEY", "guess"},
                                    {"x-key", "again"}}),
              ElementsAre(std::pair("Accept", "*/*"), std::pair("x-key", "Key real-secret-of-H")));
  EXPECT_THAT(Edit("hook.example", {}), ElementsAre(std::pair("x-key", "Key real-secret-of-H")));
}

TEST_F(RequestEditTest, WhatIsSentIsTakenOutOfAnswers) {
  Authorized("api.example", "Bearer dummy-masked-00A");
  EXPECT_TRUE(asks_identity_);
  EXPECT_EQ(Answer("A: real-secret-of-A real-secret-of-B"), "A: dummy-masked-00A real-secret-of-B");
  Edit("hook.example", {});
  EXPECT_TRUE(asks_identity_);
  EXPECT_EQ(Answer("real-secret-of-H"), "dummy-masked-00H");
  // A host that knows it from an earlier request may tell it as well.
  Edit("api.example", {{"Accept-Encoding", "gzip"}});
  EXPECT_TRUE(asks_identity_);
  EXPECT_EQ(Answer("real-secret-of-A"), "dummy-masked-00A");
}

TEST_F(RequestEditTest, WhatBodiesGetIsTakenOutOfAnswersToo) {
  EXPECT_EQ(Edit("body.example", {}), Fields());
  EXPECT_TRUE(asks_identity_);
  EXPECT_EQ(Answer("real-secret-of-/P"), "dummy-masked-00/P");
}

/// A request that the command signed with its placeholder, after the edit.
class SigningEditTest : public RequestEditTest {
 protected:
  Fields Signed(const std::string& more = "") {
    text_ =
        "GET /a?b HTTP/1.1\r\nHost: SIGN.example\r\nX-Amz-Date: 20150830T123600Z\r\n"
        "X-Amz-Security-Token: mine\r\nConnection: close, x-hop\r\nX-Hop: 1\r\n" +
        more +
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIAPLACEHOLDER1/20150830/us-east-1/service/"
        "aws4_request, SignedHeaders=accept-encoding;content-length;host;range;x-amz-date;"
        "x-amz-security-token;x-hop, Signature=" +
        std::string(64, '0') + "\r\n\r\n";
    EXPECT_FALSE(ParseRequestHead(text_, {}, head_));
    const policy::Destination to = *policy::ParseDestination("sign.example", 443);
    const policy::HttpVerdict verdict = rules_.http().Decide(
        to, {.method = "GET", .target = "/a?b", .fields = head_.fields, .secure = true});
    EXPECT_TRUE(verdict.allowed());
    edit_.Apply(to, verdict, head_.fields);
    edit_.Sign(*verdict.hook->signing, to, "hash", head_);
    Fields out;
    for (const Field& field : head_.fields) out.emplace_back(field.name, field.value);
    return out;
  }
  static std::string Of(const Fields& fields, std::string_view name) {
    std::string out;
    for (const auto& [one, value] : fields) {
      if (EqualsIgnoreCase(one, name)) out += value;
    }
    return out;
  }
  std::string text_;
  RequestHead head_;
};

TEST_F(SigningEditTest, SignsWhatIsSent) {
  const Fields fields =
      Signed("Content-Length: 3\r\nRange: bytes=0-9\r\nAccept-Encoding: gzip\r\n");
  EXPECT_EQ(Of(fields, "x-amz-security-token"), "real-secret-of-/T");
  EXPECT_EQ(Of(fields, "range"), "bytes=0-9");
  const std::string expected =
      SignAgain(*sigv4::ParseAuthorization(
                    text_.substr(text_.find("AWS4"), text_.find("\r\n\r\n") - text_.find("AWS4"))),
                {"GET", "/a?b",
                 std::vector<Field>{{"host", "sign.example"},
                                    {"content-length", "3"},
                                    {"x-amz-date", "20150830T123600Z"},
                                    {"range", "bytes=0-9"},
                                    {"accept-encoding", "identity"},
                                    {"x-amz-security-token", "real-secret-of-/T"}},
                 "hash"},
                SecretText("real-secret-of-/I"), SecretText("real-secret-of-/S"));
  EXPECT_EQ(Of(fields, "authorization"), expected);
  EXPECT_THAT(expected,
              ::testing::HasSubstr("Credential=real-secret-of-/I/20150830/us-east-1/service/"
                                   "aws4_request, SignedHeaders=accept-encoding;content-length;"
                                   "host;range;x-amz-date;x-amz-security-token, Signature="));
}

TEST_F(SigningEditTest, KeyTokenAndSignatureAreTakenOutOfAnswers) {
  const std::string authorization = Of(Signed(), "authorization");
  EXPECT_EQ(Answer("real-secret-of-/I real-secret-of-/S real-secret-of-/T"),
            "dummy-masked-00/I dummy-masked-00/S dummy-masked-00/T");
  EXPECT_EQ(Answer(authorization.substr(authorization.size() - 64)), std::string(64, '0'));
}

TEST_F(RequestEditTest, OtherHostsAreLeftAlone) {
  const Fields asked = {{"Accept-Encoding", "gzip"}};
  EXPECT_EQ(Edit("other.example", asked), asked);
  EXPECT_FALSE(asks_identity_);
  EXPECT_TRUE(edit_.MakeScrubber().empty());
}

TEST_F(RequestEditTest, ForgetsWhatItPutIn) {
  Authorized("api.example", "Bearer dummy-masked-00A");
  edit_.Forget();
  EXPECT_TRUE(edit_.MakeScrubber().empty());
}

TEST(ContentCodingTest, IsSeen) {
  EXPECT_FALSE(HasContentCoding(std::vector<Field>{}));
  EXPECT_FALSE(HasContentCoding(std::vector<Field>{{"Content-Encoding", "Identity"}}));
  EXPECT_TRUE(HasContentCoding(std::vector<Field>{{"Content-Encoding", "gzip"}}));
  EXPECT_TRUE(HasContentCoding(
      std::vector<Field>{{"content-encoding", "identity"}, {"Content-encoding", "br"}}));
}

}  // namespace
}  // namespace ambit::proxy
