#include "run/first_state.h"

#include <gtest/gtest.h>

namespace ambit::run {
namespace {

policy::Policy SamplePolicy() {
  policy::Policy out;
  out.profile = "p";
  policy::PathRule all;
  all.path = all.given = all.deepest_existing = "/";
  all.access = policy::Access::kRead;
  all.kind = FileKind::kDirectory;
  policy::PathRule closed = all;
  closed.path = "/w/key";
  closed.access = policy::Access::kNone;
  closed.origin = policy::Origin::kManaged;
  closed.from = {"config.toml", 3, 7};
  out.rules = {all, closed};
  policy::PatternRule pattern;
  pattern.base = "/w";
  pattern.glob = *Glob::Compile("**/{a,b}*.env");
  pattern.max_depth = 3;
  out.patterns = {pattern};
  policy::SocketRule socket;
  socket.path = "/run/x.sock";
  socket.allow = true;
  socket.kind = FileKind::kSocket;
  socket.dev = 5;
  socket.ino = 77;
  out.sockets.enabled = true;
  out.sockets.rules = {socket};
  out.Reindex();
  return out;
}

Prepared SamplePrepared() {
  Prepared out;
  out.start_in = "/w";
  out.launched = true;
  out.view = {{"/", false, false, true, 1, 2}, {"/w/key", false, true, true, 1, 9}};
  out.host_namespaces = {1, 2, 3, 4, 5, 6, 7};
  out.mediation.needed = true;
  out.mediation.below = {"/w"};
  out.limit.open_files = 100;
  out.witnesses.resize(2);
  out.witnesses[1].path = "/w/key";
  out.witnesses[1].process = 11;
  return out;
}

const Command kCommand{{"prog", "", "a b"}, {"A=1"}, {4}};

std::string Sample() {
  FirstStateFds fds;
  fds.hello = 8;
  fds.pipes.doors = 9;
  return WriteFirstState(SamplePolicy(), SamplePrepared(), kCommand, fds);
}

TEST(FirstStateTest, DecisionsAreTheSameOnTheOtherSide) {
  const policy::Policy before = SamplePolicy();
  const Result<FirstState> after = ReadFirstState(Sample());
  ASSERT_TRUE(after) << after.error().message;
  for (const char* const path : {"/", "/etc", "/w", "/w/key", "/w/key/x", "/w/a.env",
                                 "/w/1/2/a.env", "/w/1/2/3/a.env", "/w/c.env", "relative"}) {
    const policy::Decision here = policy::Decide(before, path);
    const policy::Decision there = policy::Decide(after->policy, path);
    EXPECT_EQ(here.access, there.access) << path;
    EXPECT_EQ(here.rule == nullptr ? "" : here.rule->path,
              there.rule == nullptr ? "" : there.rule->path)
        << path;
    EXPECT_EQ(here.pattern == nullptr, there.pattern == nullptr) << path;
  }
  const policy::SocketFacts socket{"/run/x.sock", 5, 77, false};
  EXPECT_EQ(
      policy::DecideSocket(after->policy, socket, policy::Decide(after->policy, "/run")).reason,
      policy::SocketReason::kAllowed);
}

TEST(FirstStateTest, NothingOfTheRestIsLost) {
  const Result<FirstState> state = ReadFirstState(Sample());
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->prepared.start_in, "/w");
  EXPECT_TRUE(state->prepared.launched);
  ASSERT_EQ(state->prepared.view.size(), 2U);
  EXPECT_TRUE(state->prepared.view[1].masked);
  EXPECT_EQ(state->prepared.view[1].ino, 9U);
  EXPECT_EQ(state->prepared.host_namespaces[6], 7U);
  EXPECT_EQ(state->prepared.mediation.below, std::vector<std::string>{"/w"});
  EXPECT_EQ(state->prepared.limit.open_files, 100U);
  EXPECT_FALSE(state->prepared.limit.processes);
  EXPECT_EQ(state->prepared.witnesses[1].process, 11);
  EXPECT_EQ(state->command.argv, kCommand.argv);
  EXPECT_EQ(state->command.environment, kCommand.environment);
  EXPECT_EQ(state->command.pass_fds, kCommand.pass_fds);
  EXPECT_EQ(state->fds.hello, 8);
  EXPECT_EQ(state->fds.pipes.doors, 9);
}

TEST(FirstStateTest, WhatIsCutShortOrLongerIsRefused) {
  const std::string text = Sample();
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(ReadFirstState(std::string_view(text).substr(0, size))) << size;
  }
  EXPECT_FALSE(ReadFirstState(text + "x"));
}

}  // namespace
}  // namespace ambit::run
