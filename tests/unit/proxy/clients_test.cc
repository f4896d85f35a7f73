#include "proxy/clients.h"

#include <gtest/gtest.h>

namespace ambit::proxy {
namespace {

TEST(ClientsTest, StreamIsToldOnce) {
  Clients clients;
  clients.Note(false, 40000, {7, "curl"}, 1);
  const Client first = clients.TakeStream(40000);
  EXPECT_EQ(first.process, 7);
  EXPECT_EQ(first.program, "curl");
  EXPECT_EQ(clients.TakeStream(40000).process, 0);
}

TEST(ClientsTest, LastOfAPortCounts) {
  Clients clients;
  clients.Note(false, 40000, {7, "curl"}, 1);
  clients.Note(false, 40000, {8, "wget"}, 2);
  EXPECT_EQ(clients.TakeStream(40000).process, 8);
}

TEST(ClientsTest, DatagramsAreOtherPorts) {
  Clients clients;
  clients.Note(true, 40000, {7, "curl"}, 1);
  EXPECT_EQ(clients.TakeStream(40000).process, 0);
  EXPECT_EQ(clients.OfDatagrams(40000, 1).process, 7);
  EXPECT_EQ(clients.OfDatagrams(40000, 2).process, 7);
}

TEST(ClientsTest, PortOfDatagramsIsForgotten) {
  Clients clients;
  clients.Note(true, 40000, {7, "curl"}, 1);
  EXPECT_EQ(clients.OfDatagrams(40000, 1 + Clients::kDatagramsFor).process, 7);
  EXPECT_EQ(clients.OfDatagrams(40000, 2 + Clients::kDatagramsFor).process, 0);
}

TEST(ClientsTest, WhatIsHeldIsBounded) {
  Clients clients;
  for (std::uint32_t port = 1; port <= Clients::kMost + 1; ++port) {
    clients.Note(false, static_cast<std::uint16_t>(port), {7, "x"}, 1);
  }
  EXPECT_EQ(clients.TakeStream(1).process, 0);
  EXPECT_EQ(clients.TakeStream(Clients::kMost + 1).process, 7);
}

}  // namespace
}  // namespace ambit::proxy
