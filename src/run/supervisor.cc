#include "run/supervisor.h"

#include <csignal>

#include "os/channel.h"
#include "run/refusal_message.h"
#include "run/sandbox_init.h"

namespace ambit::run {
namespace {

/// How long a command may go on after SIGTERM or SIGHUP before it is ended.
constexpr std::uint64_t kGraceMicroseconds = 5'000'000;

class Supervision {
 public:
  Supervision(const Watched& watched, const Reports& reports)
      : watched_(watched), reports_(reports) {}

  SupervisorEnd Run() {
    const int fds[] = {watched_.init_pidfd, watched_.channel, watched_.signal_fd};
    for (;;) {
      const int ready = os::WaitReadable(fds, 3, TimeLeft());
      if (ready < 0) os::SendSignalToPidfd(watched_.init_pidfd, SIGKILL);
      if ((ready & 2) != 0 && !channel_closed_) OnMessage();
      if ((ready & 4) != 0) OnSignals();
      // Messages first: PID 1 may have written some before it ended.
      if ((ready & 1) != 0 && ((ready & 2) == 0 || channel_closed_)) break;
      if (deadline_ != 0 && os::NowMicroseconds() >= deadline_) {
        os::SendSignalToPidfd(watched_.init_pidfd, SIGKILL);
        deadline_ = 0;
      }
    }
    os::WaitPidfd(watched_.init_pidfd);
    return {early_signal_};
  }

 private:
  [[nodiscard]] int TimeLeft() const {
    if (channel_closed_) return 10;
    if (deadline_ == 0) return -1;
    const std::uint64_t now = os::NowMicroseconds();
    return now >= deadline_ ? 0 : static_cast<int>((deadline_ - now) / 1000 + 1);
  }

  void OnMessage() {
    unsigned char data[sizeof(RefusalMessage)];
    const int length = os::ReceiveMessage(watched_.channel, data, sizeof data);
    const unsigned char message = data[0];
    if (length < 0) {
      channel_closed_ = true;  // PID 1 is on its way out
    } else if (message == kMessageRefused) {
      reports_.refused(data, static_cast<std::size_t>(length));
    } else if (message == kMessageProven) {
      reports_.proven();
    } else if (message == kMessageStarted) {
      started_ = true;
      if (!watched_.keeps_streams) os::ReleaseStdinStdout();
    } else if (message == kMessageStopped) {
      // Our shell waits for us, so we have to be seen stopping; SIGCONT wakes us here.
      os::StopSelf();
      Forward(SIGCONT);
    }
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
  bool channel_closed_ = false;
  int early_signal_ = 0;
  std::uint64_t deadline_ = 0;
};

}  // namespace

SupervisorEnd Supervise(const Watched& watched, const Reports& reports) {
  return Supervision(watched, reports).Run();
}

}  // namespace ambit::run
