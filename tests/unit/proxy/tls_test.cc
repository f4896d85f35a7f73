#include "proxy/tls.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "os/unique_fd.h"

namespace ambit::proxy {
namespace {

policy::Destination To(std::string_view host) {
  return policy::ParseDestination(host, 443).value();
}

/// Two ends of one connection in one process.
class TlsTest : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    client_fd_.Reset(ends[0]);
    server_fd_.Reset(ends[1]);
    authority_ = CertificateAuthority::Make().value();
    tls_ = Tls::Make(authority_->pem(), false).value();
  }

  /// Server with a certificate for `shown`, client that wants `wanted` and knows `roots`.
  TlsLayer::State Agree(std::string_view shown, std::string_view wanted, Tls& roots,
                        std::string_view early = {}) {
    server_ = tls_->Accept(server_fd_.get(), early, **authority_->For(To(shown), 0)).value();
    client_ = roots.Connect(client_fd_.get(), To(wanted)).value();
    auto client = TlsLayer::State::kMore, server = TlsLayer::State::kMore;
    for (int i = 0; i < 20; ++i) {
      if (client == TlsLayer::State::kMore) client = client_->Handshake();
      if (server == TlsLayer::State::kMore) server = server_->Handshake();
    }
    return client == TlsLayer::State::kDone ? server : client;
  }

  os::UniqueFd client_fd_, server_fd_;
  std::unique_ptr<CertificateAuthority> authority_;
  std::unique_ptr<Tls> tls_;
  std::unique_ptr<TlsLayer> client_, server_;
};

TEST_F(TlsTest, CarriesBytesBothWays) {
  ASSERT_EQ(Agree("example.com", "example.com", *tls_), TlsLayer::State::kDone);
  char bytes[100];
  EXPECT_EQ(server_->Receive(bytes, sizeof bytes), -EAGAIN);
  EXPECT_EQ(client_->Send("there"), 5);
  ASSERT_EQ(server_->Receive(bytes, sizeof bytes), 5);
  EXPECT_EQ(std::string(bytes, 5), "there");
  EXPECT_EQ(server_->Send("back"), 4);
  ASSERT_EQ(client_->Receive(bytes, 2), 2);
  EXPECT_TRUE(client_->HasMore());
  EXPECT_FALSE(client_->is_http2());
}

TEST_F(TlsTest, SendsWhatTheSocketTakesAndGoesOnWhereItStopped) {
  ASSERT_EQ(Agree("example.com", "example.com", *tls_), TlsLayer::State::kDone);
  std::string all(2UL << 20, 'x');
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i * 7 + i / 251);
  std::string got, room(64UL << 10, '\0');
  std::string_view left = all;
  bool was_full = false;
  while (got.size() < all.size()) {
    const std::ptrdiff_t sent = client_->Send(left);
    was_full = was_full || sent == -EAGAIN;
    if (sent > 0) left.remove_prefix(static_cast<std::size_t>(sent));
    const std::ptrdiff_t size = server_->Receive(room.data(), room.size());
    ASSERT_TRUE(size > 0 || size == -EAGAIN) << size;
    if (size > 0) got.append(room.data(), static_cast<std::size_t>(size));
  }
  EXPECT_TRUE(was_full);
  EXPECT_EQ(got, all);
}

TEST_F(TlsTest, TellsAnEndFromACut) {
  ASSERT_EQ(Agree("example.com", "example.com", *tls_), TlsLayer::State::kDone);
  char byte = 0;
  client_->ShutdownWriting();
  EXPECT_EQ(server_->Receive(&byte, 1), 0);
  server_fd_.Reset();
  EXPECT_LT(client_->Receive(&byte, 1), 0);
}

TEST_F(TlsTest, HoldsTheCertificateAgainstTheHost) {
  EXPECT_EQ(Agree("evil.test", "example.com", *tls_), TlsLayer::State::kFailed);
  EXPECT_NE(client_->problem().find("mismatch"), std::string::npos) << client_->problem();
}

TEST_F(TlsTest, HoldsTheCertificateAgainstTheAddress) {
  EXPECT_EQ(Agree("192.0.2.1", "192.0.2.2", *tls_), TlsLayer::State::kFailed);
}

TEST_F(TlsTest, TakesAnAddress) {
  EXPECT_EQ(Agree("[2001:db8::1]", "[2001:db8::1]", *tls_), TlsLayer::State::kDone);
}

TEST_F(TlsTest, DoesNotBelieveAnotherAuthority) {
  const auto other = CertificateAuthority::Make().value();
  const auto roots = Tls::Make(other->pem(), false).value();
  EXPECT_EQ(Agree("example.com", "example.com", *roots), TlsLayer::State::kFailed);
}

TEST_F(TlsTest, DoesNotBelieveAnybodyWithoutAuthorities) {
  const auto roots = Tls::Make("", false).value();
  EXPECT_EQ(Agree("example.com", "example.com", *roots), TlsLayer::State::kFailed);
}

TEST_F(TlsTest, RefusesWhatIsNoHandshake) {
  server_ = tls_->Accept(server_fd_.get(), "GET / HTTP/1.1\r\n\r\n",
                         **authority_->For(To("example.com"), 0))
                .value();
  EXPECT_EQ(server_->Handshake(), TlsLayer::State::kFailed);
}

TEST(CertificateAuthority, MakesOneCertificateForAHostAndAnotherWhenItIsOld) {
  const auto authority = CertificateAuthority::Make().value();
  const std::string first = (*authority->For(To("example.com"), 100))->certificate;
  EXPECT_EQ((*authority->For(To("EXAMPLE.com."), 200))->certificate, first);
  EXPECT_NE((*authority->For(To("www.example.com"), 200))->certificate, first);
  EXPECT_NE((*authority->For(To("example.com"), 100 + 13 * 3600))->certificate, first);
}

TEST(CertificateAuthority, KeepsNoMoreThanItMay) {
  const auto authority = CertificateAuthority::Make().value();
  const std::string first = (*authority->For(To("h0.test"), 0))->certificate;
  for (std::size_t i = 1; i <= CertificateAuthority::kMostLeaves; ++i) {
    ASSERT_TRUE(authority->For(To("h" + std::to_string(i) + ".test"), 0));
  }
  EXPECT_NE((*authority->For(To("h0.test"), 0))->certificate, first);
}

TEST(CertificateAuthority, IsAnotherEachTime) {
  EXPECT_NE(CertificateAuthority::Make().value()->pem(),
            CertificateAuthority::Make().value()->pem());
}

}  // namespace
}  // namespace ambit::proxy
