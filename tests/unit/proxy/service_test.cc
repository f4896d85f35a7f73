#include "proxy/service.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "os/tcp_calls.h"

// The entrances that `ambit proxy` does not have: names and captured connections.
namespace ambit::proxy {
namespace {

constexpr int kPatienceMs = 200'000;

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

os::UniqueFd Bound(int type, std::uint16_t& port) {
  os::UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  if (type == SOCK_STREAM) {
    EXPECT_EQ(::listen(fd.get(), 64), 0);
  }
  port = ntohs(address.sin_port);
  return fd;
}

os::UniqueFd Connected(int type, std::uint16_t port, std::uint16_t* own = nullptr) {
  os::UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in address = Loopback(port);
  socklen_t size = sizeof address;
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  if (own != nullptr) *own = ntohs(address.sin_port);
  return fd;
}

bool Readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, kPatienceMs) == 1;
}

std::string Receive(int fd) {
  char bytes[4096];
  if (!Readable(fd)) return "nothing came";
  const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
  if (got < 0) return std::strerror(errno);
  return {bytes, static_cast<std::size_t>(got)};
}

std::string Question(const std::string& name, int type) {
  std::string out("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
  std::size_t from = 0;
  while (from <= name.size()) {
    const std::size_t dot = std::min(name.find('.', from), name.size());
    out += static_cast<char>(dot - from) + name.substr(from, dot - from);
    from = dot + 1;
  }
  return out + std::string("\0\0", 2) + static_cast<char>(type) + std::string("\0\x01", 2);
}

/// Answers every question for an address with 127.0.0.1 and counts the questions.
class NameServer {
 public:
  NameServer() : fd_(Bound(SOCK_DGRAM, port_)), thread_([this] { Run(); }) {}
  ~NameServer() {
    stopped_ = true;
    const os::UniqueFd wake = Connected(SOCK_DGRAM, port_);
    static_cast<void>(::send(wake.get(), "", 0, 0));
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int asked() const { return asked_; }

 private:
  void Run() {
    char bytes[512];
    while (!stopped_) {
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got =
          ::recvfrom(fd_.get(), bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 17) continue;
      ++asked_;
      std::string answer(bytes, static_cast<std::size_t>(got));
      const std::size_t question_end = answer.find('\0', 12) + 5;
      const bool v4 = answer[question_end - 3] == 1;
      answer.resize(question_end);
      answer[2] = '\x81';
      answer[3] = '\x80';
      answer[7] = v4 ? 1 : 0;
      answer[11] = 0;
      if (v4) answer += std::string("\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x04\x7f\0\0\x01", 16);
      ::sendto(fd_.get(), answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from),
               size);
    }
  }

  std::uint16_t port_ = 0;
  os::UniqueFd fd_;
  std::atomic<bool> stopped_ = false;
  std::atomic<int> asked_ = 0;
  std::thread thread_;
};

class Keeper final : public Observer {
 public:
  void OnRecord(const Record& record) override {
    const std::lock_guard lock(mutex_);
    seen_.push_back(std::string(record.protocol) + " " + record.host + " " + record.reason);
  }
  std::vector<std::string> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> seen_;
};

class ServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    config::NetworkTable table;
    table.enabled = {true, {}};
    table.allow_local_binding = {true, {}};
    table.domains["allowed.test"] = {true, {}};
    table.domains["port.test:5432"] = {true, {}};
    std::vector<config::Notice> notices;
    auto rules = policy::NetworkRules::Make(table, std::nullopt, notices);
    ASSERT_TRUE(rules);
    rules_ = *std::move(rules);
    settings_.rules = &rules_;
    settings_.observer = &keeper_;
    settings_.name_servers = "127.0.0.1:" + std::to_string(server_.port());
    Entrances entrances;
    entrances.capture = Bound(SOCK_STREAM, capture_port_);
    entrances.dns_udp = Bound(SOCK_DGRAM, udp_port_);
    entrances.dns_tcp = Bound(SOCK_STREAM, tcp_port_);
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    entrances.captured.Reset(ends[0]);
    broker_.Reset(ends[1]);
    ASSERT_EQ(::pipe(ends), 0);
    stop_read_.Reset(ends[0]);
    stop_.Reset(ends[1]);
    thread_ = std::thread([this, held = std::move(entrances)]() mutable {
      served_ = Serve(std::move(held), settings_, stop_read_.get()).has_value();
    });
  }

  void TearDown() override {
    stop_.Reset();
    if (thread_.joinable()) thread_.join();
    EXPECT_TRUE(served_);
  }

  std::string AskName(const std::string& name, int type) const {
    const os::UniqueFd fd = Connected(SOCK_DGRAM, udp_port_);
    const std::string question = Question(name, type);
    ::send(fd.get(), question.data(), question.size(), 0);
    return Receive(fd.get());
  }

  void Tell(std::uint16_t client_port, std::array<std::uint8_t, 4> address, std::uint16_t port) {
    Captured captured;
    captured.client_port = client_port;
    captured.port = port;
    captured.address_size = 4;
    std::ranges::copy(address, captured.address.begin());
    ASSERT_EQ(::send(broker_.get(), &captured, sizeof captured, 0),
              static_cast<ssize_t>(sizeof captured));
  }

  NameServer server_;
  Keeper keeper_;
  policy::NetworkRules rules_;
  Settings settings_;
  std::uint16_t capture_port_ = 0, udp_port_ = 0, tcp_port_ = 0;
  os::UniqueFd broker_, stop_, stop_read_;
  std::atomic<bool> served_ = false;
  std::thread thread_;
};

constexpr int kA = 1, kAaaa = 28, kTxt = 16;

TEST_F(ServiceTest, GivesAllowedNamesAnAddressAndAsksNobody) {
  const std::string answer = AskName("Allowed.TEST", kA);
  ASSERT_GT(answer.size(), 16U);
  EXPECT_EQ(answer.substr(answer.size() - 4), std::string("\xc6\x12\x00\x01", 4));
  EXPECT_EQ(answer[3] & 0xf, 0);
  for (const int type : {kAaaa, kTxt}) {
    const std::string empty = AskName("allowed.test", type);
    EXPECT_EQ(empty[3] & 0xf, 0);
    EXPECT_EQ(empty[7], 0);
  }
  EXPECT_EQ(AskName("port.test", kA)[7], 1);
  EXPECT_EQ(server_.asked(), 0);
}

TEST_F(ServiceTest, KnowsNoOtherNames) {
  for (const std::string& name : {std::string("evil.test"), std::string("below.allowed.test"),
                                  std::string("secret.attacker.test")}) {
    for (const int type : {kA, kAaaa, kTxt}) {
      const std::string answer = AskName(name, type);
      EXPECT_EQ(answer[3] & 0xf, 3) << name;
      EXPECT_EQ(answer[7], 0);
    }
  }
  EXPECT_EQ(server_.asked(), 0);
  EXPECT_EQ(keeper_.seen().front(), "dns evil.test not_allowed");
}

TEST_F(ServiceTest, LeavesLocalhostAtHome) {
  const std::string answer = AskName("localhost", kA);
  EXPECT_EQ(answer.substr(answer.size() - 4), std::string("\x7f\x00\x00\x01", 4));
}

TEST_F(ServiceTest, AnswersOverTcpToo) {
  const os::UniqueFd fd = Connected(SOCK_STREAM, tcp_port_);
  const std::string question = Question("allowed.test", kA);
  const std::string message = std::string("\0", 1) + static_cast<char>(question.size()) + question;
  for (const char c : message) ASSERT_EQ(::send(fd.get(), &c, 1, 0), 1);
  const std::string answer = Receive(fd.get());
  ASSERT_GT(answer.size(), 20U);
  EXPECT_EQ(answer.substr(answer.size() - 4), std::string("\xc6\x12\x00\x01", 4));
}

TEST_F(ServiceTest, EndsASessionForGoodAtAnOverLongMessage) {
  const std::string question = Question("allowed.test", kA);
  const std::string message = std::string("\0", 1) + static_cast<char>(question.size()) + question;
  const std::string over_long("\x10\x01", 2);
  const os::UniqueFd asked_before = Connected(SOCK_STREAM, tcp_port_);
  const std::string both = message + over_long;
  ASSERT_EQ(::send(asked_before.get(), both.data(), both.size(), 0),
            static_cast<ssize_t>(both.size()));
  EXPECT_EQ(Receive(asked_before.get()), "");

  // Whatever else is sent, nobody reads it.
  const os::UniqueFd endless = Connected(SOCK_STREAM, tcp_port_);
  ASSERT_EQ(::send(endless.get(), over_long.data(), over_long.size(), 0), 2);
  const std::string piece(1U << 20, '\0');
  int sent = 0;
  while (sent < 256 && ::send(endless.get(), piece.data(), piece.size(), MSG_NOSIGNAL) > 0) ++sent;
  EXPECT_LT(sent, 256);

  const os::UniqueFd next = Connected(SOCK_STREAM, tcp_port_);
  ASSERT_EQ(::send(next.get(), message.data(), message.size(), 0),
            static_cast<ssize_t>(message.size()));
  EXPECT_GT(Receive(next.get()).size(), 20U);
}

TEST_F(ServiceTest, LeadsCapturedConnectionsToTheirName) {
  std::uint16_t origin_port = 0;
  const os::UniqueFd origin = Bound(SOCK_STREAM, origin_port);
  ASSERT_GT(AskName("allowed.test", kA).size(), 16U);
  std::uint16_t own = 0;
  const os::UniqueFd client = Connected(SOCK_STREAM, capture_port_, &own);
  Tell(own, {198, 18, 0, 1}, origin_port);
  ASSERT_TRUE(Readable(origin.get()));
  const os::UniqueFd peer(::accept(origin.get(), nullptr, nullptr));
  ::send(client.get(), "hello", 5, 0);
  EXPECT_EQ(Receive(peer.get()), "hello");
  ::send(peer.get(), "back", 4, 0);
  EXPECT_EQ(Receive(client.get()), "back");
}

TEST_F(ServiceTest, TakesTheMessageBeforeTheConnection) {
  ASSERT_GT(AskName("allowed.test", kA).size(), 16U);
  std::uint16_t origin_port = 0;
  const os::UniqueFd origin = Bound(SOCK_STREAM, origin_port);
  os::UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in own = Loopback(0);
  socklen_t size = sizeof own;
  ASSERT_EQ(::bind(client.get(), reinterpret_cast<sockaddr*>(&own), size), 0);
  ASSERT_EQ(::getsockname(client.get(), reinterpret_cast<sockaddr*>(&own), &size), 0);
  Tell(ntohs(own.sin_port), {198, 18, 0, 1}, origin_port);
  sockaddr_in to = Loopback(capture_port_);
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  EXPECT_TRUE(Readable(origin.get()));
}

TEST_F(ServiceTest, RefusesCapturedConnectionsInTheirOwnLanguage) {
  std::uint16_t own = 0;
  const os::UniqueFd ssh = Connected(SOCK_STREAM, capture_port_, &own);
  Tell(own, {93, 184, 216, 34}, 22);
  EXPECT_EQ(Receive(ssh.get()).substr(0, 15), "SSH-2.0-ambit\r\n");
  const os::UniqueFd web = Connected(SOCK_STREAM, capture_port_, &own);
  Tell(own, {93, 184, 216, 34}, 80);
  EXPECT_EQ(Receive(web.get()).substr(0, 13), "HTTP/1.1 403 ");
  const os::UniqueFd other = Connected(SOCK_STREAM, capture_port_, &own);
  Tell(own, {93, 184, 216, 34}, 5432);
  EXPECT_EQ(Receive(other.get()), std::strerror(ECONNRESET));
}

TEST_F(ServiceTest, EndsConnectionsOfUnknownOrigin) {
  const os::UniqueFd unannounced = Connected(SOCK_STREAM, capture_port_);
  EXPECT_EQ(Receive(unannounced.get()), std::strerror(ECONNRESET));
  std::uint16_t own = 0;
  const os::UniqueFd unnamed = Connected(SOCK_STREAM, capture_port_, &own);
  Tell(own, {198, 18, 99, 99}, 80);
  EXPECT_EQ(Receive(unnamed.get()), std::strerror(ECONNRESET));
  EXPECT_EQ(server_.asked(), 0);
}

TEST(ServeTest, RefusesWithoutRules) {
  EXPECT_FALSE(Serve({}, Settings{}, -1));
  const policy::NetworkRules off;
  Settings settings;
  settings.rules = &off;
  EXPECT_FALSE(Serve({}, settings, -1));
}

}  // namespace
}  // namespace ambit::proxy
