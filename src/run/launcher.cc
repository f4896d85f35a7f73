#include "run/launcher.h"

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "base/path_text.h"
#include "os/channel.h"
#include "os/launch_calls.h"
#include "os/process_calls.h"
#include "plan_linux/bwrap_arguments.h"
#include "run/first_process.h"
#include "run/first_state.h"

namespace ambit::run {
namespace {

using plan_linux::BwrapArgument;
using plan_linux::BwrapArguments;
using plan_linux::BwrapMount;

constexpr std::size_t kMostWords = 4096;
constexpr int kCannotExecute = 126;

/// Descriptors that bwrap and the first process get, under the numbers that they have here.
class Descriptors {
 public:
  int Add(os::UniqueFd fd) {
    const int number = fd.get();
    owned_.push_back(std::move(fd));
    return Borrow(number);
  }
  int Borrow(int fd) {
    if (fd > 2) numbers_.push_back(fd);
    return fd;
  }
  /// Sorted.
  std::vector<int> Numbers() {
    std::ranges::sort(numbers_);
    return numbers_;
  }

 private:
  std::vector<os::UniqueFd> owned_;
  std::vector<int> numbers_;
};

/// Those of the files for the stage that have a content.
std::vector<plan_linux::BwrapFile> OwnFiles(const Prepared& prepared) {
  std::vector<plan_linux::BwrapFile> out;
  for (const StageNode& node : prepared.stage) {
    std::string path = "/" + node.path;
    if (IsAtOrBelow(path, kOwnFiles) && !node.text.empty()) {
      out.push_back({std::move(path), node.text});
    }
  }
  return out;
}

/// The text for --args: its descriptors are open from here on.
Result<std::string> Fill(const BwrapArguments& call, Descriptors& fds, std::vector<int>& places) {
  std::string out;
  for (const BwrapArgument& argument : call.arguments) {
    std::string text = argument.text;
    if (argument.kind == BwrapArgument::Kind::kPlace) {
      AMBIT_TRY(os::UniqueFd place, os::HoldPlace(argument.text));
      places.push_back(fds.Add(std::move(place)));
      text = std::to_string(places.back());
    } else if (argument.kind == BwrapArgument::Kind::kData) {
      AMBIT_TRY(os::UniqueFd data, os::MakeSealedFile(argument.text));
      text = std::to_string(fds.Add(std::move(data)));
    }
    out += text;
    out += '\0';
  }
  return out;
}

/// What the first process has to find.
Result<std::vector<ViewPlace>> ExpectedView(const BwrapArguments& call,
                                            const std::vector<int>& places) {
  std::vector<ViewPlace> out;
  for (const BwrapMount& mount : call.mounts) {
    ViewPlace place{mount.path, mount.writable, mount.mask, false, 0, 0};
    os::UniqueFd held;
    if (mount.mask) {
      AMBIT_TRY(held, os::HoldPlace(mount.path));
    }
    const bool named = mount.place != BwrapMount::kNoPlace;
    if (named || held.valid()) {
      os::PlaceFacts facts;
      const int r = os::InspectPlace(named ? places[mount.place] : held.get(), facts);
      if (r < 0) return FailErrno(-r, "cannot look at '" + Printable(mount.path) + "'");
      place.identified = true;
      place.dev = facts.dev;
      place.ino = facts.ino;
    }
    out.push_back(std::move(place));
  }
  return out;
}

std::string_view Remedy(std::string_view words) {
  if (words.find("Unknown option") != std::string_view::npos) {
    return "bubblewrap 0.10 is needed, or an older one that knows this option";
  }
  if (words.find("namespace") != std::string_view::npos ||
      words.find("uid map") != std::string_view::npos) {
    return "namespaces are refused to bwrap as well: allow it user namespaces, in a container by "
           "its seccomp profile, else by an AppArmor profile for bwrap";
  }
  if (words.find("proc") != std::string_view::npos) {
    return "the outer /proc is partly covered, as containers do: run the container with an "
           "unmasked /proc";
  }
  return "nothing of the command was run";
}

std::unexpected<Error> Failed(const os::SystemProgram& bwrap, std::string_view words) {
  if (words.starts_with("bwrap: ")) words.remove_prefix(7);
  words = words.substr(0, words.find('\n'));
  if (words.empty()) words = "it ended without a word";
  return Fail(ErrorCode::kUnsupported, "cannot start the sandbox: '" + Printable(bwrap.path) +
                                           "' says: " + Printable(words) + "; " +
                                           std::string(Remedy(words)));
}

/// bwrap's process: everything was prepared before.
[[noreturn]] void ExecBwrap(const os::SystemProgram& bwrap, const std::vector<int>& keep,
                            int errors, char* const argv[], int parent) {
  os::DieWithParent();
  if (os::ParentProcessId() != parent) os::ExitNow(0);
  os::CopyTo(errors, 2);
  int r = os::CloseAbove2(keep.data(), keep.size(), false);
  for (const int fd : keep) {
    if (r >= 0) r = os::KeepAcrossExec(fd);
  }
  char* const nothing[] = {nullptr};
  if (r >= 0) os::ExecDescriptor(bwrap.file.get(), argv, nothing);
  os::ExitNow(kCannotExecute);
}

/// A signal that asks us to end; 0: none.
int EndingSignal(int signals) {
  for (;;) {
    const os::PendingSignal signal = os::NextSignal(signals);
    switch (signal.number) {
      case 0:
        return 0;
      case SIGINT:
      case SIGTERM:
      case SIGHUP:
      case SIGQUIT:
        return signal.number;
      default:
        break;
    }
  }
}

/// Waits for the first process to say who it is. Without it, out.init stays invalid.
void AwaitHello(int hello, int signals, LaunchedInit& out) {
  const int fds[] = {hello, signals, out.keepers.outer.get()};
  for (;;) {
    const int ready = os::WaitReadable(fds, 3, -1);
    if ((ready & 2) != 0) out.early_signal = EndingSignal(signals);
    if (out.early_signal != 0) return;
    if ((ready & 1) != 0) break;
    if ((ready & 4) != 0) return;
  }
  const int init = os::ReceiveDescriptor(hello);
  if (init >= 0) out.init.Reset(init);
}

void End(const LaunchedInit& out) { EndKept(out.keepers.outer.get(), out.keepers.line.get()); }

}  // namespace

Result<os::SystemProgram> FindBwrap() {
  for (const std::string_view place : kBwrapPlaces) {
    Result<os::SystemProgram> found = os::OpenSystemProgram(std::string(place));
    if (found || found.error().code != ErrorCode::kNotFound) return found;
  }
  return Fail(ErrorCode::kUnsupported, "the engine 'bubblewrap' needs the program bwrap at '" +
                                           std::string(kBwrapPlaces[0]) +
                                           "'; install the package bubblewrap");
}

namespace {
Result<LaunchedInit> TryLaunch(const Launch& launch) {
  AMBIT_TRY(const os::SystemProgram bwrap, FindBwrap());
  Prepared& prepared = launch.prepared;
  if (bwrap.set_id && prepared.proxy.capture) {
    return Fail(ErrorCode::kUnsupported,
                "'" + Printable(bwrap.path) +
                    "' is set-id and lets nobody inside use the port of the name service, which "
                    "capture needs; say network.capture = false, or use another engine");
  }
  const plan_linux::BwrapSituation situation{
      .set_id = bwrap.set_id,
      .resolver_file = prepared.proxy.capture ? prepared.proxy.resolver_file : "",
      .own_files = OwnFiles(prepared),
      .uid = prepared.uid};
  const BwrapArguments call = BwrapArgumentsFor(launch.plan, situation);
  Descriptors fds;
  std::vector<int> places;
  AMBIT_TRY(const std::string text, Fill(call, fds, places));
  AMBIT_TRY(prepared.view, ExpectedView(call, places));
  AMBIT_TRY(prepared.host_namespaces, os::OwnNamespaces());

  AMBIT_TRY(os::UniqueFd own, os::OpenOwnProgram());
  AMBIT_TRY(os::UniqueFd errors, os::Duplicate(2));
  AMBIT_TRY(os::ChannelPair hello, os::MakeChannel());
  AMBIT_TRY(os::Pipe words, os::MakePipe());
  AMBIT_TRY(os::UniqueFd arguments, os::MakeSealedFile(text));
  const InitPipes& pipes = launch.pipes;
  for (const int fd :
       {pipes.supervisor, pipes.listener_in, pipes.listener_out, pipes.leave, pipes.doors,
        pipes.captured, launch.progress, launch.results, launch.outside, hello.theirs.get()}) {
    fds.Borrow(fd);
  }
  for (const int fd : launch.command.pass_fds) fds.Borrow(fd);
  const int errors_number = fds.Add(std::move(errors));
  const FirstStateFds numbers{pipes, hello.theirs.get(), errors_number, launch.progress,
                              launch.results};
  AMBIT_TRY(os::UniqueFd state,
            os::MakeSealedFile(WriteFirstState(launch.policy, prepared, launch.command, numbers)));
  std::vector<std::string> words_for_bwrap = {
      "bwrap",
      "--args",
      std::to_string(fds.Add(std::move(arguments))),
      "--",
      "/proc/self/fd/" + std::to_string(fds.Add(std::move(own))),
      std::string(kFirstProcessWord),
      std::to_string(fds.Add(std::move(state)))};
  std::vector<char*> argv;
  for (std::string& word : words_for_bwrap) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::vector<int> keep = fds.Numbers();

  LaunchedInit out;
  AMBIT_TRY(out.keepers, StartKept([&](int parent) {
              ExecBwrap(bwrap, keep, words.in.get(), argv.data(), parent);
            }));
  hello.theirs.Reset();
  AwaitHello(hello.ours.get(), launch.signals, out);
  if (out.init.valid()) return out;
  End(out);
  if (out.early_signal != 0) return out;
  return Failed(bwrap, os::ReadAvailable(words.out.get(), kMostWords));
}

}  // namespace

Result<LaunchedInit> LaunchThroughBwrap(const Launch& launch) {
  Result<LaunchedInit> out = TryLaunch(launch);
  if (!out && out.error().sys_errno != 0) {
    out.error().message = "cannot start the sandbox: " + out.error().message +
                          "; 'ambit doctor' says what is missing here and what to do; nothing of "
                          "the command was run";
  }
  return out;
}

}  // namespace ambit::run
