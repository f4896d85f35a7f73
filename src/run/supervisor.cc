#include "run/supervisor.h"

#include <csignal>
#include <iterator>

#include "os/channel.h"
#include "run/keepers.h"
#include "run/proxy_process.h"
#include "run/refusal_message.h"
#include "run/sandbox_init.h"

namespace ambit::run {
namespace {

/// How long a command may go on after SIGTERM or SIGHUP before it is ended.
constexpr std::uint64_t kGraceMicroseconds = 5'000'000;

/// How long the proxy may take for its last words.
constexpr std::uint64_t kLastWordsMicroseconds = 5'000'000;

/// Passes one message on. False: there will be no more.
bool HearProxy(const Watched& watched, const Reports& reports) {
  unsigned char data[ProxyLine::kMostRecord + 1];
  const int length = os::ReceiveMessage(watched.proxy_line, data, sizeof data);
  if (length <= 0) return false;
  reports.proxy(data, static_cast<std::size_t>(length));
  return true;
}

class Supervision {
 public:
  Supervision(const Watched& watched, const Reports& reports)
      : watched_(watched), reports_(reports) {}

  SupervisorEnd Run() {
    int fds[] = {watched_.init_pidfd,  watched_.channel,     watched_.signal_fd,
                 watched_.proxy_line,  watched_.proxy_pidfd, watched_.keeper_pidfd,
                 watched_.holder_pidfd};
    for (;;) {
      const int ready = os::WaitReadable(fds, std::size(fds), TimeLeft());
      if (ready < 0) os::SendSignalToPidfd(watched_.init_pidfd, SIGKILL);
      // PID 1 is on its way out when the channel is closed; to be told so again and again would
      // only take the processor from it.
      if ((ready & 2) != 0 && !OnMessage()) fds[1] = -1;
      // Whether the command has started decides what a signal means.
      if ((ready & 4) != 0 && (started_ || (ready & 2) == 0)) OnSignals();
      if ((ready & 8) != 0 && !HearProxy(watched_, reports_)) fds[3] = -1;
      // Its last words first.
      if ((ready & 16) != 0 && (fds[3] < 0 || (ready & 8) == 0)) {
        fds[4] = -1;
        proxy_lost_ = true;
        os::SendSignalToPidfd(watched_.init_pidfd, SIGKILL);
      }
      if ((ready & 32) != 0) {
        fds[5] = -1;
        os::SendSignalToPidfd(watched_.init_pidfd, SIGKILL);
      }
      if ((ready & 64) != 0) {
        fds[6] = -1;
        os::WaitPidfd(watched_.holder_pidfd);
      }
      // Messages first: PID 1 may have written some before it ended.
      if ((ready & 1) != 0 && (fds[1] < 0 || (ready & 2) == 0)) break;
      if (deadline_ != 0 && os::NowMicroseconds() >= deadline_) {
        os::SendSignalToPidfd(watched_.init_pidfd, SIGKILL);
        deadline_ = 0;
      }
    }
    // What ended PID 1, or the command before it was one, may have been sent to all of us.
    if (!started_) OnSignals();
    if (watched_.keeper_pidfd >= 0) {
      EndKept(watched_.keeper_pidfd, watched_.keepers_line);
    } else {
      os::WaitPidfd(watched_.init_pidfd);
    }
    return {early_signal_, proxy_lost_};
  }

 private:
  [[nodiscard]] int TimeLeft() const {
    if (deadline_ == 0) return -1;
    const std::uint64_t now = os::NowMicroseconds();
    return now >= deadline_ ? 0 : static_cast<int>((deadline_ - now) / 1000 + 1);
  }

  /// False: there will be no more.
  bool OnMessage() {
    unsigned char data[sizeof(RefusalMessage)];
    const int length = os::ReceiveMessage(watched_.channel, data, sizeof data);
    if (length < 0) return false;
    const unsigned char message = data[0];
    if (message == kMessageRefused) {
      reports_.refused(data, static_cast<std::size_t>(length));
    } else if (message == kMessageProven) {
      reports_.proven();
    } else if (message == kMessageStarted) {
      started_ = true;
      if (!watched_.keeps_streams) os::ReleaseStdinStdout();
    } else if (message == kMessageStopped) {
      // Our shell waits for us, so we have to be seen stopping; the SIGCONT that wakes us here is
      // passed on like any other.
      os::StopAsJob();
    }
    return true;
  }

  void OnSignals() {
    for (;;) {
      const os::PendingSignal signal = os::NextSignal(watched_.signal_fd);
      if (signal.number == 0) return;
      OnSignal(signal);
    }
  }

  void OnSignal(const os::PendingSignal& signal) {
    switch (signal.number) {
      case SIGINT:
      case SIGTERM:
      case SIGHUP:
      case SIGQUIT:
        if (!started_) return EndEarly(signal.number);
        break;
      case SIGUSR1:
      case SIGUSR2:
      case SIGWINCH:
      case SIGCONT:
      case SIGTSTP:
        break;
      default:
        return;
    }
    if (watched_.shares_terminal && signal.from_kernel) return;
    // The leader of a session of its own would not stop for SIGTSTP: its group is orphaned.
    Forward(signal.number == SIGTSTP ? SIGSTOP : signal.number);
    if ((signal.number == SIGTERM || signal.number == SIGHUP) && deadline_ == 0) {
      deadline_ = os::NowMicroseconds() + kGraceMicroseconds;
    }
  }

  void EndEarly(int signal) {
    early_signal_ = signal;
    os::SendSignalToPidfd(watched_.init_pidfd, SIGKILL);
  }

  void Forward(int signal) const {
    os::SendByte(watched_.channel, static_cast<unsigned char>(signal));
  }

  const Watched& watched_;
  const Reports& reports_;
  bool started_ = false;
  int early_signal_ = 0;
  bool proxy_lost_ = false;
  std::uint64_t deadline_ = 0;
};

}  // namespace

SupervisorEnd Supervise(const Watched& watched, const Reports& reports) {
  return Supervision(watched, reports).Run();
}

void EndProxy(const Watched& watched, const Reports& reports) {
  if (watched.proxy_pidfd < 0) return;
  os::EndMessages(watched.proxy_line);
  const std::uint64_t end = os::NowMicroseconds() + kLastWordsMicroseconds;
  for (std::uint64_t now = os::NowMicroseconds(); now < end; now = os::NowMicroseconds()) {
    const int left = static_cast<int>((end - now) / 1000 + 1);
    if (os::WaitReadable(&watched.proxy_line, 1, left) <= 0) continue;
    if (!HearProxy(watched, reports)) break;
  }
  os::SendSignalToPidfd(watched.proxy_pidfd, SIGKILL);
  os::WaitPidfd(watched.proxy_pidfd);
}

}  // namespace ambit::run
