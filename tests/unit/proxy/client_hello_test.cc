#include "proxy/client_hello.h"

#include <gtest/gtest.h>

#include <string>

namespace ambit::proxy {
namespace {

using State = ClientHello::State;

std::string Number(std::size_t value, int width) {
  std::string bytes;
  for (int i = width - 1; i >= 0; --i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}
std::string Vector(const std::string& content, int width) {
  return Number(content.size(), width) + content;
}
std::string Extension(std::size_t type, const std::string& body) {
  return Number(type, 2) + Vector(body, 2);
}
std::string NameExtension(const std::string& name) {
  return Extension(0, Vector(Number(0, 1) + Vector(name, 2), 2));
}
std::string Message(const std::string& extensions) {
  const std::string body = Number(0x0303, 2) + std::string(32, 'r') + Vector("", 1) +
                           Vector(Number(0x1301, 2), 2) + Vector(Number(0, 1), 1) +
                           Vector(extensions, 2);
  return Number(1, 1) + Vector(body, 3);
}
std::string Record(const std::string& content) {
  return Number(22, 1) + Number(0x0301, 2) + Vector(content, 2);
}

TEST(ClientHelloTest, FindsTheName) {
  const ClientHello hello =
      ParseClientHello(Record(Message(Extension(10, "xy") + NameExtension("example.com"))));
  EXPECT_EQ(hello.state, State::kDone);
  EXPECT_EQ(hello.server_name, "example.com");
  EXPECT_FALSE(hello.encrypted);
}

TEST(ClientHelloTest, PutsRecordsTogether) {
  const std::string message = Message(NameExtension("example.com"));
  for (std::size_t cut = 1; cut < message.size(); ++cut) {
    const ClientHello hello =
        ParseClientHello(Record(message.substr(0, cut)) + Record(message.substr(cut)));
    ASSERT_EQ(hello.state, State::kDone) << cut;
    EXPECT_EQ(hello.server_name, "example.com");
  }
}

TEST(ClientHelloTest, NeedsEveryByte) {
  const std::string bytes = Record(Message(NameExtension("example.com")));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ParseClientHello(bytes.substr(0, size)).state, State::kMore) << size;
  }
}

TEST(ClientHelloTest, SaysWhenThereIsNoName) {
  const ClientHello hello = ParseClientHello(Record(Message("")));
  EXPECT_EQ(hello.state, State::kDone);
  EXPECT_EQ(hello.server_name, "");
}

TEST(ClientHelloTest, SeesAnEncryptedHello) {
  EXPECT_TRUE(
      ParseClientHello(Record(Message(NameExtension("outer.test") + Extension(0xfe0d, "x"))))
          .encrypted);
}

TEST(ClientHelloTest, RefusesWhatIsMalformed) {
  const std::string name = NameExtension("a.test");
  const std::string two = Vector(Number(0, 1) + Vector("a", 2) + Number(0, 1) + Vector("b", 2), 2);
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\n"), std::string("SSH-2.0-x\r\n"),
        Record(Message(name + name)), Record(Message(Extension(0, two))),
        Record(Message(Extension(0, ""))), Record(Message(Extension(0, Vector("", 2)))),
        Record(Message("\x01")), Record(Number(2, 1) + Vector("server hello", 3)),
        Record(Message(name)) + "early", Record(Message(name) + "x"),
        Record(Number(1, 1) + Number(40000, 3)),
        Number(22, 1) + Number(0x0301, 2) + Number(0, 2)}) {
    EXPECT_EQ(ParseClientHello(bytes).state, State::kNotTls) << testing::PrintToString(bytes);
  }
}

}  // namespace
}  // namespace ambit::proxy
