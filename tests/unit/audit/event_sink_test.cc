#include "audit/event_sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

#include "support/temporary_directory.h"

namespace ambit::audit {
namespace {

using testing::HasSubstr;
using testing_support::TemporaryDirectory;

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class EventSinkTest : public testing::Test {
 protected:
  static EventSink ToFile(const std::string& path) {
    Result<EventSink> sink = EventSink::ToFile(path);
    EXPECT_TRUE(sink) << (sink ? "" : sink.error().message);
    return sink ? *std::move(sink) : EventSink();
  }
  TemporaryDirectory directory_;
};

TEST_F(EventSinkTest, AddsToTheEndOfAPrivateFile) {
  const std::string path = directory_ / "events";
  {
    EventSink sink = ToFile(path);
    sink.Write("one");
  }
  EventSink again = ToFile(path);
  again.Write("two");
  EXPECT_EQ(Content(path), "one\ntwo\n");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
}

TEST_F(EventSinkTest, DescriptorIsNotInherited) {
  int pair[2];
  ASSERT_EQ(::pipe(pair), 0);
  Result<EventSink> sink = EventSink::ToDescriptor(pair[1]);
  ASSERT_TRUE(sink);
  // The number itself is closed, or not passed on by exec.
  const int flags = ::fcntl(pair[1], F_GETFD);
  EXPECT_TRUE(flags < 0 || (flags & FD_CLOEXEC) != 0);
  sink->Write("line");
  char text[16] = {};
  EXPECT_EQ(::read(pair[0], text, sizeof text), 5);
  EXPECT_STREQ(text, "line\n");
  ::close(pair[0]);
}

TEST_F(EventSinkTest, DescriptorForReadingIsRefused) {
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const Result<EventSink> sink = EventSink::ToDescriptor(fd);
  ASSERT_FALSE(sink);
  EXPECT_THAT(sink.error().message, HasSubstr("not open for writing"));
  ::close(fd);
}

TEST_F(EventSinkTest, ClosedDescriptorIsRefused) {
  const int fd = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ::close(fd);
  EXPECT_FALSE(EventSink::ToDescriptor(fd));
}

TEST_F(EventSinkTest, PipeThatNobodyReadsIsRefusedAtOnce) {
  const std::string path = directory_ / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const Result<EventSink> sink = EventSink::ToFile(path);
  ASSERT_FALSE(sink);
  EXPECT_THAT(sink.error().message, HasSubstr("nobody reads it"));
}

TEST_F(EventSinkTest, DirectoryAndMissingDirectoryAreRefused) {
  EXPECT_FALSE(EventSink::ToFile(directory_ / "."));
  EXPECT_FALSE(EventSink::ToFile(directory_ / "no/events"));
}

TEST_F(EventSinkTest, FullDiskIsOneProblem) {
  EventSink sink = ToFile("/dev/full");
  sink.Write("one");
  ASSERT_TRUE(sink.problem());
  EXPECT_EQ(sink.problem()->sys_errno, ENOSPC);
  EXPECT_THAT(sink.problem()->message, HasSubstr("cannot write events to '/dev/full'"));
}

TEST_F(EventSinkTest, ReaderThatLeavesIsAProblemAndNoSignal) {
  const std::string path = directory_ / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  EventSink sink = ToFile(path);
  ::close(reader);
  sink.Write("one");  // SIGPIPE would end the test
  ASSERT_TRUE(sink.problem());
  EXPECT_EQ(sink.problem()->sys_errno, EPIPE);
}

TEST_F(EventSinkTest, ReaderThatTakesNothingIsGivenUp) {
  int pair[2];
  ASSERT_EQ(::pipe(pair), 0);
  Result<EventSink> sink = EventSink::ToDescriptor(pair[1]);
  ASSERT_TRUE(sink);
  const std::string line(40'000, 'x');
  for (int i = 0; i < 10 && !sink->problem(); ++i) sink->Write(line);
  ASSERT_TRUE(sink->problem());
  EXPECT_EQ(sink->problem()->sys_errno, ETIMEDOUT);
  ::close(pair[0]);
}

TEST_F(EventSinkTest, SocketWorksAndItsEndIsAProblem) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  Result<EventSink> sink = EventSink::ToDescriptor(pair[1]);
  ASSERT_TRUE(sink);
  sink->Write("a");
  char text[4] = {};
  EXPECT_EQ(::read(pair[0], text, sizeof text), 2);
  ::close(pair[0]);
  sink->Write("b");
  EXPECT_TRUE(sink->problem());
}

TEST_F(EventSinkTest, WithoutATargetNothingIsWritten) {
  EventSink sink;
  sink.Write("x");
  EXPECT_FALSE(sink.problem());
}

}  // namespace
}  // namespace ambit::audit
