#include "proxy/http2_rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ambit::proxy {
namespace {

using ::testing::ElementsAre;

std::string AsHttp1(const Http2Request& request, bool chunked = false) {
  Buffer out;
  RewriteAsHttp1(request, chunked, out);
  return std::string(out.view());
}

TEST(Http2RewriteTest, WritesOneHead) {
  EXPECT_EQ(AsHttp1({"GET", "https", "a.example", "/x?y", {{"accept", "*/*"}, {"x", ""}}}),
            "GET /x?y HTTP/1.1\r\nHost: a.example\r\naccept: */*\r\nx: \r\n\r\n");
  EXPECT_EQ(AsHttp1({"PUT", "https", "a.example:8443", "/", {}}, true),
            "PUT / HTTP/1.1\r\nHost: a.example:8443\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(Http2RewriteTest, HidesNothingFromWhoDecides) {
  EXPECT_EQ(AsHttp1({"CONNECT", "", "b.example:443", "", {}}),
            "CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n");
  EXPECT_EQ(AsHttp1({"GET", "http", "a.example", "/", {}}),
            "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_EQ(AsHttp1({"GET", "https", "a.example", "/", {{"host", "a.example"}}}),
            "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_EQ(AsHttp1({"GET", "https", "a.example", "/", {{"host", "b.example"}}}),
            "GET / HTTP/1.1\r\nHost: a.example\r\nhost: b.example\r\n\r\n");
}

TEST(Http2RewriteTest, KeepsFieldsOfOneHop) {
  EXPECT_THAT(ToHttp2Fields({{"Content-Type", "a"},
                             {"Connection", "close"},
                             {"Keep-Alive", "1"},
                             {"Transfer-Encoding", "chunked"},
                             {"Upgrade", "x"},
                             {"Proxy-Connection", "y"},
                             {"X-A", "B"}}),
              ElementsAre(std::pair("content-type", "a"), std::pair("x-a", "B")));
}

}  // namespace
}  // namespace ambit::proxy
