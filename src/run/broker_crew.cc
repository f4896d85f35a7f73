#include "run/broker_crew.h"

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "os/channel.h"
#include "os/process_calls.h"

namespace ambit::run {
namespace {

constexpr int kMostAtOnce = 4;
constexpr int kPatienceMs = 5;             // of those who keep what waits
constexpr unsigned kLookEvery = 16;        // calls
constexpr unsigned kFirstRestAfter = 16;   // calls: short commands do without
constexpr int kCrowdSeen = 4, kCrowd = 8;  // what one look counts, and enough for a thread more
constexpr std::chrono::microseconds kHeldUpAfter{50'000};

}  // namespace

BrokerCrew::BrokerCrew(const Gate& gate, const Broker::Options& options, BrokerShared& shared,
                       Broker& first, int most_threads)
    : gate_(gate), options_(options), shared_(shared), most_threads_(most_threads), processors_(0) {
  seats_[0].broker = &first;
}

int BrokerCrew::Run(int listener) {
  shared_.listener = listener;
  wakes_here_ = os::WakeOnOurProcessor(listener);
  shared_.own_umasks = os::HaveOwnUmask() >= 0;
  most_at_once_ = std::clamp(processors_.Count(), 1, std::min(kMostAtOnce, most_threads_));
  return Work(seats_[0]);
}

int BrokerCrew::Work(Seat& seat) {
  Broker& broker = *seat.broker;
  DescriptorHandOver hand_over;
  os::OwnProcessor place;
  int result = 0;
  for (unsigned served = 1;; ++served) {
    if (at_work_ > wanted_ && !broker.keeps()) {
      LeaveProcessor(seat, place);
      Rest();
      broker.BeginToKeep();
    }
    const int wanted = wanted_;
    hand_over.SetMayHold(wakes_here_ && wanted == 1);
    const bool spread = wanted > 1 && wanted >= processors_.Count();
    if (spread && seat.processor < 0) TakeProcessor(seat, place);
    if (!spread) LeaveProcessor(seat, place);
    if (broker.keeps()) {
      Begin(seat, 0);
      broker.Keep(hand_over);
      End(seat);
      // It must not wait for a call while others wait for it; whoever else there is receives.
      const std::size_t listeners = at_work_ == 1 ? 1 : 0;
      if (broker.keeps() && os::WaitReadable(&shared_.listener, listeners, kPatienceMs) == 0) {
        continue;
      }
    }
    if (!Serve(seat, hand_over, served % kLookEvery == 0, result)) return result;
    if (served == kFirstRestAfter && &seat == seats_.data()) HaveOneResting();
  }
}

/// False when there is nothing more to serve; `result` is what Run() returns then.
bool BrokerCrew::Serve(Seat& seat, DescriptorHandOver& hand_over, bool looks, int& result) {
  os::NotifiedCall call;
  const bool others_wait = looks && os::WaitReadable(&shared_.listener, 1, 0) == 1;
  result = os::ReceiveCall(shared_.listener, call);
  if (result == -EINTR) return true;
  if (result == -ENOENT) {
    if (!os::HasNoCallers(shared_.listener)) return true;  // only this one has gone
    result = 0;
    return false;
  }
  if (result < 0) return false;
  Begin(seat, call.thread);
  if (looks) AdaptTo(seat, call, others_wait);
  last_caller_.store(call.thread, std::memory_order_relaxed);
  seat.broker->Serve(call, hand_over);
  End(seat);
  return true;
}

/// What may take long: a call of `caller`, or (0) another look at those that wait.
void BrokerCrew::Begin(Seat& seat, int caller) {
  seat.caller = caller;
  seat.since = os::NowMicroseconds();
  if (!watch_sleeps_) return;
  const std::lock_guard lock(lock_);
  watch_sleeps_ = false;
  changed_.notify_all();
}

void BrokerCrew::End(Seat& seat) {
  if (seat.since.exchange(0) != kHeldUp) return;
  const std::lock_guard lock(lock_);
  ++at_work_;
}

/// Several callers at once are seen when a call has waited for us that is not of the one whom we
/// have just answered, and when another thread is busy for somebody else.
void BrokerCrew::AdaptTo(Seat& seat, const os::NotifiedCall& call, bool others_wait) {
  const bool beside = IsBesideOthers(seat) ||
                      (others_wait && last_caller_.load(std::memory_order_relaxed) != call.thread);
  const int crowd = std::clamp(crowd_ + (beside ? kCrowdSeen : -1), 0, 2 * kCrowd);
  crowd_ = crowd;
  if (crowd < kCrowd && (crowd > 0 || wanted_ == 1)) return;
  const std::lock_guard lock(lock_);
  if (crowd == 0) {
    wanted_ = 1;
  } else if (beside && wanted_ < most_at_once_) {
    ++wanted_;
    if (!IsAnybodyResting()) StartThread();
    changed_.notify_all();
  }
}

bool BrokerCrew::IsBesideOthers(const Seat& seat) const {
  return std::ranges::any_of(seats_, [&seat](const Seat& other) {
    const int caller = other.caller;
    return &other != &seat && IsAtWork(other.since) && caller != 0 && caller != seat.caller;
  });
}

/// Where there is a thread for each processor, each stays on its own: the kernel would put all of
/// them on one, and wake the others for nothing.
void BrokerCrew::TakeProcessor(Seat& seat, os::OwnProcessor& place) {
  const std::lock_guard lock(lock_);
  int free = 0;
  while ((processors_taken_ >> static_cast<unsigned>(free) & 1U) != 0) ++free;
  if (free >= processors_.Count() || !place.StayOn(free)) return;
  processors_taken_ |= 1U << static_cast<unsigned>(free);
  seat.processor = free;
}

void BrokerCrew::LeaveProcessor(Seat& seat, os::OwnProcessor& place) {
  if (seat.processor < 0) return;
  const std::lock_guard lock(lock_);
  place.Leave();
  processors_taken_ &= ~(1U << static_cast<unsigned>(seat.processor));
  seat.processor = -1;
}

/// Until one more is needed.
void BrokerCrew::Rest() {
  std::unique_lock lock(lock_);
  if (at_work_ <= wanted_) return;
  --at_work_;
  while (at_work_ >= wanted_) {
    if (watched_) {
      changed_.wait(lock);
    } else {
      WatchOthers(lock);
    }
  }
  ++at_work_;
  changed_.notify_all();  // somebody else has to watch
  lock.unlock();
  HaveOneResting();
}

void BrokerCrew::WatchOthers(std::unique_lock<std::mutex>& lock) {
  watched_ = true;
  watch_sleeps_ = true;
  if (IsAnybodyAtWork()) {
    watch_sleeps_ = false;
    changed_.wait_for(lock, kHeldUpAfter);
    FindHeldUp();
  } else {
    changed_.wait(lock);
    watch_sleeps_ = false;
  }
  watched_ = false;
}

bool BrokerCrew::IsAnybodyAtWork() const {
  return std::ranges::any_of(seats_, [](const Seat& seat) { return IsAtWork(seat.since); });
}

void BrokerCrew::FindHeldUp() {
  const std::uint64_t now = os::NowMicroseconds();
  const auto limit = static_cast<std::uint64_t>(kHeldUpAfter.count());
  for (Seat& seat : seats_) {
    std::uint64_t since = seat.since;
    if (!IsAtWork(since) || now < since + limit) continue;
    if (!seat.since.compare_exchange_strong(since, kHeldUp)) continue;
    --at_work_;
    seat.broker->LeaveKeepingToOthers();
  }
}

/// Somebody has to be there who takes the place of another one.
void BrokerCrew::HaveOneResting() {
  const std::lock_guard lock(lock_);
  if (!IsAnybodyResting()) StartThread();
}

/// With the lock held; who has just been started counts.
bool BrokerCrew::IsAnybodyResting() const {
  const auto held_up =
      std::ranges::count_if(seats_, [](const Seat& seat) { return seat.since == kHeldUp; });
  return at_work_ + held_up < threads_;
}

/// With the lock held.
void BrokerCrew::StartThread() {
  if (threads_ >= most_threads_) return;
  if (os::StartThread(RunThread, this) >= 0) ++threads_;
}

void* BrokerCrew::RunThread(void* data) {
  BrokerCrew& crew = *static_cast<BrokerCrew*>(data);
  if (crew.shared_.own_umasks && os::HaveOwnUmask() < 0) os::ExitNow(1);
  // Who started it may just be staying on one.
  static_cast<void>(crew.processors_.ApplyTo(0));
  Broker broker(crew.gate_, crew.options_, crew.shared_);
  Seat* seat = nullptr;
  {
    const std::lock_guard lock(crew.lock_);
    seat = std::ranges::find(crew.seats_, nullptr, &Seat::broker);
    seat->broker = &broker;
    ++crew.at_work_;
  }
  os::ExitNow(crew.Work(*seat) == 0 ? 0 : 1);
}

}  // namespace ambit::run
