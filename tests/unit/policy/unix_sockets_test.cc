#include "policy/unix_sockets.h"

#include <gtest/gtest.h>

#include <string>

#include "unit/policy/resolve_fixture.h"

namespace ambit::policy {
namespace {

/// A profile whose network is on.
Given Networked() {
  Given given;
  given.Workspace();
  given.profile().network.enabled = {true, {"config.toml", 5, 1}};
  given.disk().Socket("/run/x.sock").Socket("/run/y.sock").Socket("/w/own.sock");
  given.disk().Dir("/w/p");
  return given;
}

void Rule(Given& given, const std::string& path, bool allow) {
  given.profile().network.unix_sockets[path] = {allow, {"config.toml", 6, 1}};
}

/// What is said to the socket that is at `path` now.
SocketDecision Ask(Given& given, const Policy& policy, const std::string& path, bool own = false) {
  const Result<FileInfo> info = given.disk().Lstat(path);
  SocketFacts facts{.path = path, .dev = info->dev, .ino = info->ino, .own = own};
  return DecideSocket(policy, facts, Decide(policy, path));
}

TEST(UnixSocketsTest, OnlyTheNamedSocketIsAllowed) {
  Given given = Networked();
  Rule(given, "/run/x.sock", true);
  const Result<Policy> policy = given.Resolve();
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_TRUE(Ask(given, *policy, "/run/x.sock").allowed);
  EXPECT_EQ(Ask(given, *policy, "/run/y.sock").reason, SocketReason::kNoRule);
  EXPECT_EQ(Ask(given, *policy, "/w/own.sock").reason, SocketReason::kNoRule);
  EXPECT_TRUE(Ask(given, *policy, "/w/own.sock", true).allowed);
}

TEST(UnixSocketsTest, ANameThatAnotherSocketHasTakenIsNotAllowed) {
  Given given = Networked();
  Rule(given, "/run/x.sock", true);
  const Result<Policy> policy = given.Resolve();
  ASSERT_TRUE(policy);
  SocketFacts facts{.path = "/run/x.sock", .dev = 9, .ino = 99999};
  EXPECT_EQ(DecideSocket(*policy, facts, Decide(*policy, facts.path)).reason,
            SocketReason::kReplaced);
}

TEST(UnixSocketsTest, ALinkMeansWhatItLeadsTo) {
  Given given = Networked();
  given.Link("/run/name", "x.sock");
  Rule(given, "/run/name", true);
  const Result<Policy> policy = given.Resolve();
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->sockets.rules.front().path, "/run/x.sock");
  EXPECT_TRUE(Ask(given, *policy, "/run/x.sock").allowed);
}

TEST(UnixSocketsTest, DenyWinsOverAllowUnderWhateverName) {
  Given given = Networked();
  given.Link("/run/name", "x.sock");
  Rule(given, "/run/x.sock", true);
  Rule(given, "/run/name", false);
  given.profile().network.dangerously_allow_all_unix_sockets = {true, {"config.toml", 7, 1}};
  const Result<Policy> policy = given.Resolve();
  ASSERT_TRUE(policy);
  EXPECT_EQ(Ask(given, *policy, "/run/x.sock").reason, SocketReason::kDenied);
  EXPECT_EQ(Ask(given, *policy, "/run/y.sock").reason, SocketReason::kAll);
}

TEST(UnixSocketsTest, ADeniedDirectoryClosesWhatIsBelow) {
  Given given = Networked();
  Rule(given, "/run", false);
  given.profile().network.dangerously_allow_all_unix_sockets = {true, {"config.toml", 7, 1}};
  const Result<Policy> policy = given.Resolve();
  ASSERT_TRUE(policy);
  EXPECT_EQ(Ask(given, *policy, "/run/y.sock").reason, SocketReason::kDenied);
}

TEST(UnixSocketsTest, AFileRuleThatDeniesClosesASocketToo) {
  Given given = Networked();
  given.Entry("/run/x.sock", kDeny);
  Rule(given, "/run/x.sock", true);
  const Result<Policy> policy = given.Resolve();
  ASSERT_TRUE(policy);
  EXPECT_EQ(Ask(given, *policy, "/run/x.sock").reason, SocketReason::kClosedFile);
}

TEST(UnixSocketsTest, WithoutTheNetworkRulesAllowNothing) {
  Given given = Networked();
  given.profile().network.enabled.reset();
  Rule(given, "/run/x.sock", true);
  const Result<Policy> policy = given.Resolve();
  ASSERT_TRUE(policy);
  EXPECT_EQ(Ask(given, *policy, "/run/x.sock").reason, SocketReason::kNetworkOff);
  EXPECT_TRUE(Ask(given, *policy, "/w/own.sock", true).allowed);
  EXPECT_FALSE(policy->sockets.AllowsAny());
  ASSERT_FALSE(policy->notices.empty());
}

TEST(UnixSocketsTest, WithNothingNamedTheWorkspaceIsOpen) {
  Given given = Networked();
  given.Cwd("/w/p").disk().Socket("/w/p/s").Socket("/w/p/docker.sock");
  const Result<Policy> policy = given.Resolve();
  ASSERT_TRUE(policy);
  EXPECT_EQ(Ask(given, *policy, "/w/p/s").reason, SocketReason::kWorkspace);
  EXPECT_EQ(Ask(given, *policy, "/w/p/docker.sock").reason, SocketReason::kRisk);
  EXPECT_EQ(Ask(given, *policy, "/run/x.sock").reason, SocketReason::kNoRule);
}

TEST(UnixSocketsTest, ATopDirectoryIsNoProject) {
  Given given = Networked();
  const Result<Policy> policy = given.Resolve();  // works in /w
  ASSERT_TRUE(policy);
  EXPECT_EQ(Ask(given, *policy, "/w/own.sock").reason, SocketReason::kNoRule);
}

TEST(UnixSocketsTest, TheHomeIsExpanded) {
  Given given = Networked();
  given.disk().Socket("/home/u/s");
  Rule(given, "~/s", true);
  const Result<Policy> policy = given.Resolve();
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_TRUE(Ask(given, *policy, "/home/u/s").allowed);
}

TEST(UnixSocketsTest, WhatIsAllowedHasToBeASocket) {
  Given given = Networked();
  given.File("/run/file");
  Rule(given, "/run/file", true);
  EXPECT_EQ(RefusalOf(given),
            "config.toml:6:1: '/run/file' is not a socket; name the socket itself");
}

TEST(UnixSocketsTest, ANameHasAtMost107Bytes) {
  Given given = Networked();
  Rule(given, "/" + std::string(107, 'x'), false);
  EXPECT_NE(RefusalOf(given).find("has 108 bytes; the name of a socket has at most 107"),
            std::string::npos);
  Given fits = Networked();
  Rule(fits, "/" + std::string(106, 'x'), false);
  EXPECT_EQ(RefusalOf(fits), "accepted");
}

TEST(UnixSocketsTest, RiskHasToBeAcknowledged) {
  Given given = Networked();
  given.disk().Socket("/run/docker.sock");
  Rule(given, "/run/docker.sock", true);
  EXPECT_EQ(RefusalOf(given),
            "config.toml:6:1: '/run/docker.sock' gives control of the host (whoever can start "
            "containers can read and write the disk); write { access = \"allow\", "
            "acknowledge_risk = true } if that is meant");
  given.profile().network.acknowledged_sockets["/run/docker.sock"] = {true, {}};
  EXPECT_EQ(RefusalOf(given), "accepted");
}

TEST(UnixSocketsTest, ALinkHidesNoRisk) {
  Given given = Networked();
  given.disk().Socket("/run/docker.sock");
  given.Link("/run/harmless", "docker.sock");
  Rule(given, "/run/harmless", true);
  EXPECT_NE(RefusalOf(given), "accepted");
}

TEST(UnixSocketsTest, KnowsWhatGivesControlOfTheHost) {
  for (const char* path : {"/var/run/docker.sock",
                           "/run/podman/podman.sock",
                           "/run/user/1000/podman/podman.sock",
                           "/run/containerd/containerd.sock",
                           "/run/systemd/private",
                           "/run/user/1000/systemd/private",
                           "/run/dbus/system_bus_socket",
                           "/run/user/1000/bus",
                           "/tmp/dbus-Xy12",
                           "/tmp/ssh-ab/agent.12",
                           "/run/user/1000/gnupg/S.gpg-agent",
                           "/home/u/.gnupg/S.gpg-agent.ssh",
                           "/run/user/1000/keyring/ssh",
                           "/run/user/1000/gcr/ssh",
                           "/tmp/.X11-unix/X0",
                           "/run/user/1000/wayland-0",
                           "/run/libvirt/libvirt-sock",
                           "/run/snapd.socket",
                           "/var/lib/lxd/unix.socket",
                           "/var/snap/lxd/common/lxd/unix.socket",
                           "/tmp/tmux-1000/default"}) {
    EXPECT_FALSE(RiskOfSocket(path).empty()) << path;
  }
  for (const char* path : {"/run/postgresql/.s.PGSQL.5432", "/run/redis/redis.sock",
                           "/run/mysqld/mysqld.sock", "/w/app.sock", "/run/x/bus.sock"}) {
    EXPECT_TRUE(RiskOfSocket(path).empty()) << path;
  }
}

TEST(UnixSocketsTest, RequirementsAddAndForbid) {
  Given given = Networked();
  given.profile().network.dangerously_allow_all_unix_sockets = {true, {"config.toml", 7, 1}};
  Result<Policy> policy = given.Resolve();
  ASSERT_TRUE(policy);
  EXPECT_TRUE(policy->sockets.all);
  config::ManagedNetwork managed;
  managed.dangerously_allow_all_unix_sockets = {false, {"requirements.toml", 2, 1}};
  managed.unix_sockets["/run/y.sock"] = {true, {"requirements.toml", 3, 1}};
  managed.unix_sockets["/run/x.sock"] = {false, {"requirements.toml", 4, 1}};
  given.ManagedNetwork(managed);
  Rule(given, "/run/x.sock", true);
  policy = given.Resolve();
  ASSERT_TRUE(policy);
  EXPECT_FALSE(policy->sockets.all);
  EXPECT_EQ(Ask(given, *policy, "/run/x.sock").reason, SocketReason::kDenied);
  EXPECT_EQ(Ask(given, *policy, "/run/y.sock").reason, SocketReason::kAllowed);
}

}  // namespace
}  // namespace ambit::policy
