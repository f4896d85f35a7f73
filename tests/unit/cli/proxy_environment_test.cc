#include "cli/proxy_environment.h"

#include <gtest/gtest.h>

#include "cli/environment.h"
#include "cli/network_proxy.h"
#include "cli/proxy_settings.h"

namespace ambit::cli {
namespace {

ProxyVariables Told() {
  ProxyVariables out;
  out.doors.http_port = 40001;
  out.doors.socks_port = 40002;
  out.profile = "dev";
  out.program = "/usr/bin/ambit";
  return out;
}

std::string Value(const ProxyVariables& told, std::string_view name,
                  std::vector<std::string> environment = {}) {
  AddProxyVariables(told, environment);
  return Lookup(environment, name).value_or("(none)");
}

TEST(ProxyEnvironmentTest, ReplacesWhatWasThere) {
  EXPECT_EQ(Value(Told(), "HTTP_PROXY", {"HTTP_PROXY=http://other:1"}), "http://127.0.0.1:40001");
  EXPECT_EQ(Value(Told(), "no_proxy", {"no_proxy=*"}), "localhost,127.0.0.1,::1");
  EXPECT_EQ(Value(Told(), "AMBIT_PROFILE", {"AMBIT_PROFILE=x"}), "dev");
}

TEST(ProxyEnvironmentTest, WithoutSocksEverythingIsHttp) {
  ProxyVariables told = Told();
  EXPECT_EQ(Value(told, "ALL_PROXY"), "socks5h://127.0.0.1:40002");
  told.socks = false;
  for (const char* name : {"ALL_PROXY", "all_proxy", "FTP_PROXY", "ftp_proxy"}) {
    EXPECT_EQ(Value(told, name), "http://127.0.0.1:40001") << name;
  }
}

TEST(ProxyEnvironmentTest, WhereTheNameServerHearsTcpAloneTheResolverIsTold) {
  ProxyVariables told = Told();
  EXPECT_EQ(Value(told, "RES_OPTIONS"), "(none)");
  told.names_by_tcp = true;
  EXPECT_EQ(Value(told, "RES_OPTIONS"), "use-vc");
  EXPECT_EQ(Value(told, "RES_OPTIONS", {"RES_OPTIONS=ndots:2"}), "ndots:2 use-vc");
}

TEST(ProxyEnvironmentTest, SshGoesThroughThisProgramUnlessTheUserSaysOtherwise) {
  ProxyVariables told = Told();
  EXPECT_EQ(Value(told, "GIT_SSH_COMMAND"),
            "ssh -o ProxyCommand='/usr/bin/ambit connect %h %p' -o ControlMaster=no -o "
            "ControlPath=none");
  told.git_ssh_command = "ssh -v";
  EXPECT_EQ(Value(told, "GIT_SSH_COMMAND"), "ssh -v");
  told.git_ssh_command.reset();
  // A shell reads the command twice; what it could misread is left to capture.
  for (const char* program : {"", "/a b/ambit", "/a'b/ambit", "/a%h/ambit", "/$x/ambit", "ambit"}) {
    told.program = program;
    EXPECT_EQ(Value(told, "GIT_SSH_COMMAND"), "(none)") << program;
  }
}

TEST(ProxyEnvironmentTest, JavaKeepsWhatItWasTold) {
  EXPECT_EQ(Value(Told(), "JAVA_TOOL_OPTIONS", {"JAVA_TOOL_OPTIONS=-Xmx1g"}),
            "-Xmx1g -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=40001 -Dhttps.proxyHost=127.0.0.1 "
            "-Dhttps.proxyPort=40001 -DsocksProxyHost=");
}

TEST(ParentProxyTest, IsAnHttpUrl) {
  const auto parent = ParseParentProxy("http://us%40er:p%3Aw@proxy.corp.example:3128/");
  ASSERT_TRUE(parent) << parent.error().message;
  EXPECT_EQ(parent->host, "proxy.corp.example");
  EXPECT_EQ(parent->port, 3128);
  EXPECT_EQ(parent->authorization, "Basic dXNAZXI6cDp3");
  const auto plain = ParseParentProxy("127.0.0.1:8080");
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->port, 8080);
  const auto six = ParseParentProxy("http://[::1]");
  ASSERT_TRUE(six) << six.error().message;
  EXPECT_EQ(six->host + " " + std::to_string(six->port), "::1 80");
  EXPECT_FALSE(six->tls);
  const auto secure = ParseParentProxy("https://a:b@proxy.corp.example");
  ASSERT_TRUE(secure) << secure.error().message;
  EXPECT_TRUE(secure->tls);
  EXPECT_EQ(secure->host, "proxy.corp.example");
  EXPECT_EQ(secure->port, 443);
  EXPECT_EQ(secure->authorization, "Basic YTpi");
  for (const char* url : {"", "socks5://h:1", "https://", "http://", "http://h:0", "http://h:99999",
                          "http://h:", "http://a b:1"}) {
    EXPECT_FALSE(ParseParentProxy(url)) << url;
  }
}

TEST(ProxyRecordTest, PassesBetweenProcessesWhole) {
  proxy::Record record;
  record.protocol = "connect";
  record.host = "a\"b.example";
  record.port = 443;
  record.allowed = true;
  record.reason = "allowed";
  record.rule = "*.example";
  record.place = "/c.toml:3";
  record.address = "93.184.216.34";
  record.bytes_sent = 1ULL << 40;
  record.microseconds = 17;
  record.client = {7, "odd \x1b\xff"};
  const auto back = RecordOf(ToText(record));
  ASSERT_TRUE(back);
  EXPECT_EQ(ToText(*back), ToText(record));
  EXPECT_EQ(back->bytes_sent, record.bytes_sent);
  EXPECT_EQ(back->client.process, 7);
  EXPECT_EQ(back->client.program, record.client.program);
  EXPECT_FALSE(RecordOf("{}"));
  EXPECT_FALSE(RecordOf(R"({"protocol":"other"})"));
}

}  // namespace
}  // namespace ambit::cli
