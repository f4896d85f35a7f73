#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "os/hand_over.h"
#include "os/processor_set.h"
#include "run/broker.h"

namespace ambit::run {

/// The threads that receive calls and answer them, each with a broker of its own. One does for a
/// command that makes one call after the other; calls that come beside each other get more, at most
/// one for each processor. One more rests and looks now and then whether somebody has been held up
/// for long, by a filesystem that does not answer: then it takes the place of that one. Nothing
/// allocates, but for the start of a thread.
class BrokerCrew {
 public:
  static constexpr int kMostThreads = 6;

  /// `most_threads`: at most kMostThreads; each counts as a process of the sandbox. The broker
  /// `first` is for the thread that calls Run(). All is borrowed.
  BrokerCrew(const Gate& gate, const Broker::Options& options, BrokerShared& shared, Broker& first,
             int most_threads);

  /// Answers the calls of `listener`; what goes wrong with a call goes to its caller. 0 when nobody
  /// is left who could call, -errno when the listener itself fails; the process has to end then.
  int Run(int listener);

 private:
  static constexpr std::uint64_t kHeldUp = ~std::uint64_t{0};
  /// Of Seat::since.
  static bool IsAtWork(std::uint64_t since) { return since != 0 && since != kHeldUp; }

  /// What the others know of a thread.
  struct Seat {
    std::atomic<std::uint64_t> since = 0;  ///< It is busy (microseconds); 0: it is not; kHeldUp.
    std::atomic<int> caller = 0;           ///< For whom.
    Broker* broker = nullptr;
    int processor = -1;  ///< The one of ours that it stays on.
  };

  int Work(Seat& seat);
  bool Serve(Seat& seat, DescriptorHandOver& hand_over, bool looks, int& result);
  void Begin(Seat& seat, int caller);
  void End(Seat& seat);
  void AdaptTo(Seat& seat, const os::NotifiedCall& call, bool others_wait);
  [[nodiscard]] bool IsBesideOthers(const Seat& seat) const;
  void TakeProcessor(Seat& seat, os::OwnProcessor& place);
  void LeaveProcessor(Seat& seat, os::OwnProcessor& place);
  void Rest();
  void WatchOthers(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool IsAnybodyAtWork() const;
  void FindHeldUp();
  void HaveOneResting();
  [[nodiscard]] bool IsAnybodyResting() const;
  void StartThread();
  static void* RunThread(void* crew);

  const Gate& gate_;
  const Broker::Options& options_;
  BrokerShared& shared_;
  const int most_threads_;
  const os::ProcessorSet processors_;  ///< For all of them.
  int most_at_once_ = 1;
  bool wakes_here_ = false;  ///< What os::WakeOnOurProcessor() said.

  std::atomic<int> wanted_ = 1;   ///< Threads that should receive calls.
  std::atomic<int> at_work_ = 1;  ///< Those that do, and are not held up.
  std::atomic<int> crowd_ = 0;    ///< How much of late spoke for more threads.
  std::atomic<int> last_caller_ = 0;
  std::atomic<bool> watch_sleeps_ = false;

  std::mutex lock_;  ///< For what is below, and for changing `wanted_` and `at_work_`.
  std::condition_variable changed_;
  std::array<Seat, kMostThreads> seats_;
  int threads_ = 1;
  bool watched_ = false;                ///< One of those that rest looks after the others.
  std::uint32_t processors_taken_ = 0;  ///< A bit for each of ours.
};

}  // namespace ambit::run
