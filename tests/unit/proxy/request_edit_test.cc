#include "proxy/request_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/flat_json.h"
#include "unit/policy/network_table.h"

namespace ambit::proxy {
namespace {

using ::testing::ElementsAre;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kTable = R"(
domains = { "api.example" = "allow", "raw.example" = "allow", "any.example" = "allow", "basic.example" = "allow", "hook.example" = "allow", "other.example" = "allow", "body.example" = "allow" }
credentials.a = { env = "A", hosts = ["api.example"], scheme = "bearer" }
credentials.b = { env = "B", hosts = ["basic.example"], scheme = "basic" }
credentials.c = { env = "C", hosts = ["raw.example"], scheme = "raw" }
credentials.d = { env = "D", hosts = ["any.example", "any.example:8443"] }
mitm.hooks.h = { host = "hook.example", methods = ["GET"], path_prefixes = ["/"], action = ["x"] }
mitm.hooks.b = { host = "body.example", methods = ["GET"], path_prefixes = ["/"], action = ["y"] }
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
