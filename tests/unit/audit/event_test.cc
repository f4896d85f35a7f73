#include "audit/event.h"

#include <gtest/gtest.h>

namespace ambit::audit {
namespace {

const Stamp kStamp{1'772'355'907'042, "00c0ffee"};

// The lines are the interface: whoever reads them relies on every member.

TEST(EventTest, RunStarted) {
  EXPECT_EQ(ToLine(kStamp, RunStarted{"dev", "ab12", "native", "live", {"read /x"}}),
            R"({"v":1,"time":"2026-03-01T09:05:07.042Z","run":"00c0ffee","type":"run.started",)"
            R"("profile":"dev","policy_hash":"ab12","engine":"native","deny_mode":"live",)"
            R"("verified":["read /x"]})");
}

TEST(EventTest, Denied) {
  const Denial denial{.operation = "open",
                      .object = "/p/a.env",
                      .rule = "/c.toml:8",
                      .reason = "pattern",
                      .grant = "[permissions.dev.filesystem]\n\"/p/a.env\" = \"read\"\n",
                      .advice = "add",
                      .grant_permitted = true};
  EXPECT_EQ(ToLine(kStamp, denial),
            R"({"v":1,"time":"2026-03-01T09:05:07.042Z","run":"00c0ffee","type":"denied",)"
            R"("layer":"filesystem","operation":"open","object":"/p/a.env","rule":"/c.toml:8",)"
            R"("reason":"pattern",)"
            R"("grant":"[permissions.dev.filesystem]\n\"/p/a.env\" = \"read\"\n",)"
            R"("advice":"add","grant_permitted":true,"pid":null,"comm":null,"retry_helps":false})");
}

TEST(EventTest, DeniedByNoRuleAndWithoutAGrant) {
  const Denial denial{.operation = "create",
                      .object = "/p/\xff",
                      .rule = "",
                      .reason = "no rule",
                      .grant = "",
                      .advice = "none",
                      .grant_permitted = false};
  EXPECT_EQ(
      ToLine(kStamp, denial),
      R"({"v":1,"time":"2026-03-01T09:05:07.042Z","run":"00c0ffee","type":"denied",)"
      R"("layer":"filesystem","operation":"create","object":"/p/\ufffd",)"
      R"("object_base64":"L3Av/w==","rule":null,"reason":"no rule","grant":null,)"
      R"("advice":"none","grant_permitted":false,"pid":null,"comm":null,"retry_helps":false})");
}

TEST(EventTest, Connection) {
  const Connection allowed{.profile = "dev",
                           .protocol = "http",
                           .host = "example.com",
                           .port = 80,
                           .method = "GET",
                           .allowed = true,
                           .reason = "allowed",
                           .rule = "*.com",
                           .place = "/c.toml:9",
                           .address = "192.0.2.1",
                           .address_checked = true,
                           .client_port = 40000,
                           .client_process = 7,
                           .client_program = "a \"\x1b\n",
                           .bytes_sent = 1,
                           .bytes_received = 2,
                           .microseconds = 3};
  EXPECT_EQ(ToLine(kStamp, allowed),
            R"({"v":1,"time":"2026-03-01T09:05:07.042Z","run":"00c0ffee","type":"connection",)"
            R"("profile":"dev","protocol":"http","host":"example.com","port":80,"method":"GET",)"
            R"("decision":"allow","reason":"allowed","rule":"*.com","from":"/c.toml:9",)"
            R"("address":"192.0.2.1","address_checked":true,"client_port":40000,"pid":7,)"
            R"("comm":"a \"\u001b\n","bytes_sent":1,"bytes_received":2,"duration_us":3})");
  Connection of_nobody = allowed;
  of_nobody.client_process = 0;
  of_nobody.client_program.clear();
  const std::string unknown = ToLine(kStamp, of_nobody);
  EXPECT_NE(unknown.find(R"("pid":null,"comm":null)"), std::string::npos) << unknown;
}

TEST(EventTest, RunFinished) {
  EXPECT_EQ(ToLine(kStamp, RunFinished{2, 5, 3, 1234, ""}),
            R"({"v":1,"time":"2026-03-01T09:05:07.042Z","run":"00c0ffee","type":"run.finished",)"
            R"("status":2,"denials":5,"distinct_denials":3,"duration_ms":1234,"error":null})");
  EXPECT_EQ(ToLine(kStamp, RunFinished{125, 0, 0, 1, "no"}),
            R"({"v":1,"time":"2026-03-01T09:05:07.042Z","run":"00c0ffee","type":"run.finished",)"
            R"("status":125,"denials":0,"distinct_denials":0,"duration_ms":1,"error":"no"})");
}

}  // namespace
}  // namespace ambit::audit
