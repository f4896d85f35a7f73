#include "run/run.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>

#include "base/path_text.h"
#include "os/channel.h"
#include "os/inherited_calls.h"
#include "os/process_calls.h"
#include "os/unix_calls.h"
#include "run/denied_files.h"
#include "run/exec_command.h"
#include "run/filters.h"
#include "run/host_sockets.h"
#include "run/launcher.h"
#include "run/prepared.h"
#include "run/progress.h"
#include "run/refusal_message.h"
#include "run/sandbox_init.h"
#include "run/sandbox_setup.h"
#include "run/supervisor.h"

namespace ambit::run {
namespace {

constexpr int kSignalBase = 128;
constexpr int kKilled = 128 + 9;
constexpr int kAbiWithSignalScope = 6;
constexpr std::uint32_t kPublicFile = 0644;
constexpr std::uint32_t kPublicDirectory = 0755;

/// What a person can do about a step that this host refuses.
std::string_view Remedy(Step step, int error) {
  switch (step) {
    case Step::kNamespaces:
      if (error == ENOSPC) {
        return "user namespaces are limited here: raise user.max_user_namespaces (and the limits "
               "beside it) with sysctl";
      }
      if (error == EPERM || error == ENOSYS) {
        return "user namespaces are forbidden to this process: in a container, allow clone3 and "
               "unshare in its seccomp profile; on the host, see kernel.unprivileged_userns_clone";
      }
      return "this kernel lacks a namespace that ambit needs";
    case Step::kIdentity:
    case Step::kCapture:
    case Step::kStage:
    case Step::kView:
      if (error == EPERM || error == EACCES) {
        return "a security module takes the rights of user namespaces away: give ambit an AppArmor "
               "profile with 'userns', or run it where namespaces are not restricted";
      }
      if (error == ENOSYS) return "Linux 5.12 or newer is needed";
      break;
    case Step::kPrivateRoot:
      if (error == EINVAL) return "a profile without ':root' needs a root that can be left";
      break;
    case Step::kProc:
      if (error == EPERM) {
        return "the outer /proc is partly covered, as containers do: run the container with an "
               "unmasked /proc";
      }
      break;
    case Step::kNetwork:
      if (error == EACCES || error == EPERM) {
        return "nobody inside may use the port of the name service, which capture needs; say "
               "network.capture = false in the profile";
      }
      break;
    case Step::kFilter:
      if (error == EBUSY) {
        return "a sandbox around ambit answers system calls itself, and Linux allows only one; say "
               "filesystem.deny_mode = \"snapshot\" in the profile, or run ambit outside of it";
      }
      return "the kernel needs seccomp filters with user notification (Linux 5.14)";
    default:
      break;
  }
  return "'ambit doctor' says what is missing here and what to do; nothing of the command was run";
}

ErrorCode CodeFor(int error) {
  switch (error) {
    case EPERM:
    case EACCES:
    case ENOSYS:
    case ENOSPC:
    case EOPNOTSUPP:
      return ErrorCode::kUnsupported;
    default:
      return ErrorCode::kSystem;
  }
}

std::unexpected<Error> StepFailed(const Progress& progress, const Prepared& prepared) {
  const StepText& text = kStepTexts[static_cast<std::size_t>(progress.failed_step)];
  const bool asks_others =
      progress.failed_step == Step::kNamespaces || progress.failed_step == Step::kFilter;
  if (asks_others && progress.failed_errno == -kEndedFromOutside) {
    return Fail(ErrorCode::kSystem,
                "a process that makes the sandbox was ended from outside; nothing of the command "
                "was run");
  }
  std::string message = "cannot start the sandbox: " + std::string(text.does);
  const std::size_t object = progress.failed_object;
  if (progress.failed_step == Step::kCapture && object < prepared.captures.size()) {
    message += " '" + Printable(prepared.captures[object].path) + "'";
  } else if (progress.failed_step == Step::kPaths && object < prepared.changes.size()) {
    message += " '" + Printable(prepared.changes[object].path) + "'";
  }
  if (progress.failed_step == Step::kCheckView) {
    message += " failed: ";
    message += object < prepared.view.size()
                   ? "'" + Printable(prepared.view[object].path) + "' is not what was to be there"
                   : "something is shared or writable that the plan does not make so";
    message += " (" + std::string(std::strerror(progress.failed_errno)) +
               "); somebody may have moved files meanwhile: run the command again";
    return std::unexpected(Error{ErrorCode::kSystem, std::move(message), 0, {}});
  }
  if (progress.failed_step == Step::kProof && object < prepared.witnesses.size()) {
    const Witness& witness = prepared.witnesses[object];
    return Fail(ErrorCode::kSystem,
                "a rule does not hold on this host, so the command is not run: " + witness.rule +
                    ": to " + Describe(witness) +
                    (witness.has_to_work ? " did not work" : " worked") +
                    "; 'ambit verify' shows every rule",
                witness.from);
  }
  message += " failed: ";
  message += std::strerror(progress.failed_errno);
  message += "; ";
  message += Remedy(progress.failed_step, progress.failed_errno);
  return std::unexpected(
      Error{CodeFor(progress.failed_errno), std::move(message), progress.failed_errno, {}});
}

void AddExecProblem(Finished& finished, const Command& command, int exec_errno) {
  finished.exit_status = StatusOfExecFailure(exec_errno);
  finished.problem =
      "cannot execute '" + Printable(command.argv.front()) + "': " + std::strerror(exec_errno);
  if (exec_errno == ENOENT && command.argv.front().find('/') == std::string::npos) {
    finished.problem = "'" + Printable(command.argv.front()) +
                       "' was not found in the directories of PATH inside the sandbox";
  }
}

std::vector<StepTime> StepTimes(const Progress& progress) {
  std::vector<StepTime> out;
  std::uint64_t before = progress.started_at;
  for (std::size_t i = 0; i < kSteps; ++i) {
    const std::uint64_t end = progress.ended_at[i];
    if (end == 0) continue;
    // The command's process may be through with its first step before PID 1 is with its last.
    const std::uint64_t begun = std::min(before, end);
    out.push_back({std::string(kStepTexts[i].name), end - begun});
    before = std::max(before, end);
  }
  return out;
}

/// Makes a Refusal of what the broker wrote.
void PassOn(const Job& job, const unsigned char* data, std::size_t size) {
  RefusalMessage message;
  if (size < kRefusalHead || size > sizeof message) return;
  std::memcpy(&message, data, size);
  Refusal refusal;
  refusal.operation = os::NameOf(message.kind);
  refusal.path.assign(message.path, size - kRefusalHead);
  if (message.rule < job.policy.rules.size())
    refusal.decision.rule = &job.policy.rules[message.rule];
  if (message.pattern < job.policy.patterns.size()) {
    refusal.decision.pattern = &job.policy.patterns[message.pattern];
  }
  refusal.decision.access = message.access;
  if (message.is_socket) {
    refusal.socket = policy::SocketDecision{false, message.socket_reason, nullptr};
    const auto& rules = job.policy.sockets.rules;
    if (message.socket_rule < rules.size()) refusal.socket->rule = &rules[message.socket_rule];
  }
  job.on_refusal(refusal);
}

std::vector<Proven> ProofOf(const Prepared& prepared) {
  std::vector<Proven> out;
  for (std::size_t i = 0; i < prepared.witnesses.size(); ++i) {
    const int result = prepared.witness_results[i];
    out.push_back({prepared.witnesses[i], result, Judge(prepared.witnesses[i], result)});
  }
  return out;
}

Finished RunWithoutSandbox(const Command& command) {
  Prepared prepared;
  PrepareCommand(command, prepared);
  Finished finished;
  AddExecProblem(finished, command, -ExecCommand(prepared));
  return finished;
}

/// The descriptor of the secrets, or -1.
int SecretsOf(const Job& job) { return job.secrets == nullptr ? -1 : job.secrets->get(); }

void CloseSecrets(const Job& job) {
  if (job.secrets != nullptr) job.secrets->Reset();
}

/// The command's leave to start, which depends on the proof and on the proxy.
class Leave {
 public:
  Leave(const Job& job, const Prepared& prepared, os::UniqueFd channel)
      : job_(job),
        prepared_(prepared),
        channel_(std::move(channel)),
        proxy_ready_(!prepared.proxy.wanted) {}

  void OnProven() {
    proven_ = true;
    if (job_.on_proven) problem_ = job_.on_proven(ProofOf(prepared_));
    Decide();
  }

  void OnProxy(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (*data == kProxyRecord && job_.on_proxy_record) job_.on_proxy_record(text);
    if (*data == kProxyReady) {
      proxy_ready_ = true;
      Decide();
    }
    if (*data == kProxyFailed && !given_) {
      problem_ =
          Fail(ErrorCode::kSystem,
               "cannot start the network proxy, so the command is not run: " + std::string(text));
      channel_.Reset();
    }
  }

  [[nodiscard]] bool is_given() const { return given_; }
  [[nodiscard]] const Result<>& problem() const { return problem_; }

 private:
  void Decide() {
    if (!problem_) return channel_.Reset();
    if (!proven_ || !proxy_ready_ || !channel_.valid()) return;
    CloseSecrets(job_);
    os::SendByte(channel_.get(), 1);
    channel_.Reset();
    given_ = true;
  }

  const Job& job_;
  const Prepared& prepared_;
  os::UniqueFd channel_;
  bool proxy_ready_;
  bool proven_ = false;
  bool given_ = false;
  Result<> problem_;
};

/// The channels of the proxy's process, before there is one.
struct ProxyChannels {
  os::ChannelPair doors;     ///< Ours: to the proxy's process. Theirs: to the sandbox.
  os::ChannelPair captured;  ///< The same.
  os::ChannelPair line;      ///< Theirs: to the proxy's process.
};

Result<ProxyChannels> MakeProxyChannels(const ProxyDoors& proxy) {
  ProxyChannels out;
  if (!proxy.wanted) return out;
  AMBIT_TRY(out.doors, os::MakeChannel());
  AMBIT_TRY(out.line, os::MakeChannel());
  if (proxy.capture || proxy.brokered || proxy.names_clients) {
    AMBIT_TRY(out.captured, os::MakeChannel());
  }
  return out;
}

/// Its process; invalid when none is wanted.
Result<os::UniqueFd> StartProxy(const Job& job, const Prepared& prepared, ProxyChannels& channels) {
  if (!prepared.proxy.wanted) return os::UniqueFd();
  const int self = os::ProcessId();
  const int pid = os::Fork();
  if (pid < 0) return FailErrno(-pid, "cannot start a process for the network proxy");
  if (pid == 0) {
    RunProxyProcess(job.proxy, channels.doors.ours.get(), channels.line.theirs.get(),
                    std::move(channels.captured.ours), SecretsOf(job), prepared.proxy,
                    prepared.landlock_abi, self);
  }
  os::UniqueFd out(os::OpenProcess(pid));
  if (!out.valid()) return FailErrno(-out.get(), "cannot watch the network proxy");
  channels.doors.ours.Reset();
  channels.captured.ours.Reset();
  channels.line.theirs.Reset();
  return out;
}

std::unexpected<Error> HostLacks(const std::string& what, int error) {
  return std::unexpected(Error{ErrorCode::kSystem,
                               what + " (" + std::strerror(error) +
                                   "); 'ambit doctor' says what is missing here and what to do",
                               error,
                               {}});
}

/// Our own process, as something that the sandbox must not reach. That this host lets processes be
/// held and, where the profile lets the command connect, descriptors be copied is found out here,
/// because later nobody could be told.
Result<os::UniqueFd> HoldOurselves(const Job& job, const Prepared& prepared) {
  os::UniqueFd self(os::OpenProcess(os::ProcessId()));
  const int held = self.valid() ? os::SendSignalToPidfd(self.get(), 0) : self.get();
  if (held < 0) return HostLacks("this host lets no process be held by a descriptor", -held);
  if (!job.policy.sockets.AllowsAny() && !prepared.proxy.wanted) return self;
  const os::UniqueFd copy(os::CopyDescriptor(os::ProcessId(), self.get()));
  if (copy.valid()) return self;
  return HostLacks("the profile '" + Printable(job.plan.profile) +
                       "' lets the command connect, and this host lets no descriptor be copied for "
                       "that from one process to another",
                   -copy.get());
}

Result<> AddDoors(const Job& job, Prepared& prepared) {
  if (!prepared.proxy.wanted) return {};
  if (!job.proxy) {
    return Fail(ErrorCode::kUnsupported,
                "profile '" + Printable(job.plan.profile) +
                    "' needs the network proxy, which is not available here; use a profile without "
                    "network");
  }
  const bool capture = prepared.proxy.capture;
  prepared.proxy = job.doors;
  prepared.proxy.wanted = true;
  prepared.proxy.capture = capture;
  prepared.proxy.brokered = prepared.shared_host;
  if (prepared.shared_host) return {};
  if (!capture || prepared.proxy.resolver_file.empty()) return {};
  prepared.stage.push_back(
      {StageNode::Kind::kFile, "resolver", kPublicFile, "nameserver 127.0.0.1\n"});
  prepared.changes.push_back(
      {ViewChange::Kind::kHide, prepared.proxy.resolver_file, 0, "resolver"});
  return {};
}

/// Whether the command is given a descriptor of something on disk.
bool GetsFileOnDisk(const Command& command) {
  return os::LeadsToDisk(0) || os::LeadsToDisk(1) || os::LeadsToDisk(2) ||
         std::ranges::any_of(command.pass_fds, os::LeadsToDisk);
}

/// A descriptor from outside is used through the host's mounts, where everything can be changed
/// that the user may change: its mode, its owner, its times. So changes are decided call by call.
void MediateChanges(Prepared& prepared) {
  if (prepared.mediation.needed || prepared.shared_host) return;
  prepared.mediation.needed = true;
  // A socket file is a change too, and the fence closes it to the command itself.
  if (prepared.sockets == plan_linux::UnixSockets::kPairs) {
    prepared.sockets = plan_linux::UnixSockets::kStreams;
  }
  if (prepared.start == plan::View::kWritable) prepared.mediation.below.emplace_back("/");
  for (const Capture& capture : prepared.captures) {
    if (capture.writable) prepared.mediation.below.push_back(capture.path);
  }
}

/// What the proxy says before anything else: its certificate, or why there is none.
Result<std::string> HearCertificate(int line) {
  std::string message(ProxyLine::kMostRecord + 1, '\0');
  const int size = os::ReceiveMessage(line, message.data(), message.size());
  if (size <= 0) {
    return Fail(ErrorCode::kSystem, "the network proxy ended before the sandbox was set up");
  }
  message.resize(static_cast<std::size_t>(size));
  if (static_cast<unsigned char>(message.front()) == kProxyCertificate) return message.substr(1);
  return Fail(ErrorCode::kSystem,
              "cannot start the network proxy, so the command is not run: " + message.substr(1));
}

/// What the command is to know of the proxy's certificate goes into the sandbox's own memory.
Result<> AddOwnFiles(const Job& job, int line, Prepared& prepared) {
  if (!prepared.proxy.certificate) return {};
  AMBIT_TRY(const std::string certificate, HearCertificate(line));
  if (!job.own_files) return {};
  AMBIT_TRY(std::vector<OwnFile> files, job.own_files(certificate));
  const std::string directory(kOwnFiles.substr(1));
  prepared.stage.push_back({StageNode::Kind::kDirectory, directory, kPublicDirectory, ""});
  for (OwnFile& file : files) {
    prepared.stage.push_back(
        {StageNode::Kind::kFile, directory + "/" + file.name, kPublicFile, std::move(file.text)});
  }
  return {};
}

/// Where the sandbox was not made: the proxy has nobody to serve.
void EndUnused(const os::UniqueFd& proxy) {
  if (!proxy.valid()) return;
  os::SendSignalToPidfd(proxy.get(), SIGKILL);
  os::WaitPidfd(proxy.get());
}

Result<Finished> Conclude(const SupervisorEnd& end, const Progress& progress,
                          const Prepared& prepared, const Command& command, bool started) {
  if (end.early_signal != 0) {
    Finished finished;
    finished.exit_status = kSignalBase + end.early_signal;
    return finished;
  }
  if (progress.failed_errno != 0) return StepFailed(progress, prepared);
  if (end.proxy_lost && !progress.finished && !started) {
    return Fail(ErrorCode::kSystem,
                "the network proxy ended while the sandbox was being set up; nothing of the "
                "command was run");
  }
  if (progress.ended_at[static_cast<std::size_t>(Step::kFork)] == 0) {
    return Fail(ErrorCode::kSystem,
                "the sandbox's first process was ended while it was being set up; nothing of the "
                "command was run");
  }
  Finished finished;
  finished.steps = StepTimes(progress);
  if (prepared.only_prove) finished.proof = ProofOf(prepared);
  finished.stragglers = progress.stragglers;
  if (!progress.finished) {
    finished.exit_status = kKilled;
    if (end.proxy_lost) {
      finished.problem = "the network proxy was ended, and the command with it";
    }
    if (progress.helper_lost) {
      finished.problem =
          "a process of ambit inside the sandbox was ended from outside, and the command with it";
    }
  } else if (progress.exec_errno != 0) {
    AddExecProblem(finished, command, progress.exec_errno);
  } else {
    finished.exit_status = progress.killed ? kSignalBase + progress.code : progress.code;
  }
  return finished;
}

/// Memory that the sandbox's first process shares with us.
struct SharedRoom {
  void* memory = nullptr;
  os::UniqueFd fd;  ///< Only for a process that is executed.
};

Result<SharedRoom> MakeSharedRoom(std::size_t bytes, bool executed) {
  SharedRoom out;
  if (executed) {
    Result<os::SharedFile> file = os::MakeSharedFile(bytes);
    if (!file) {
      return HostLacks("this host lets no memory be shared by a descriptor",
                       file.error().sys_errno);
    }
    out.memory = file->memory;
    out.fd = std::move(file->fd);
  } else {
    AMBIT_TRY(out.memory, os::MapShared(bytes));
  }
  return out;
}

/// What the two sides of the sandbox's first process are connected with.
struct Connections {
  os::ChannelPair channel;
  os::ChannelPair listener;
  os::ChannelPair leave;
  ProxyChannels proxy;

  [[nodiscard]] InitPipes Theirs() const {
    return {channel.theirs.get(), listener.ours.get(),      listener.theirs.get(),
            leave.theirs.get(),   proxy.doors.theirs.get(), proxy.captured.theirs.get()};
  }
  void CloseTheirs() {
    channel.theirs.Reset();
    listener.ours.Reset();
    listener.theirs.Reset();
    leave.theirs.Reset();
    proxy.doors.theirs.Reset();
    proxy.captured.theirs.Reset();
  }
  void CloseOurs() {
    channel.ours.Reset();
    leave.ours.Reset();
    proxy.doors.ours.Reset();
    proxy.captured.ours.Reset();
    proxy.line = {};
  }
};

Result<Connections> Connect(const Job& job, const Prepared& prepared) {
  Connections out;
  AMBIT_TRY(out.channel, os::MakeChannel());
  AMBIT_TRY(out.listener, os::MakeChannel());
  if (job.on_proven || prepared.proxy.wanted) {
    AMBIT_TRY(out.leave, os::MakeChannel());
  }
  AMBIT_TRY(out.proxy, MakeProxyChannels(prepared.proxy));
  return out;
}

os::Cloned CloneFor(const Job& job, Prepared& prepared) {
  if (prepared.shared_host) {
    if (job.namespaces != nullptr) job.namespaces->End();
    return os::CloneHere();
  }
  if (job.namespaces != nullptr) {
    prepared.namespaces = job.namespaces;
    const os::Cloned child = job.namespaces->Clone();
    if (child.pid >= 0 || child.pid == kEndedFromOutside) return child;
    prepared.namespaces = nullptr;
    job.namespaces->End();
  }
  return os::CloneIntoNamespaces();
}

/// The sandbox's first process as a copy of this one.
Result<LaunchedInit> ForkInit(const Job& job, Prepared& prepared, Progress& progress,
                              Connections& connections, os::UniqueFd& proxy) {
  const os::Cloned child = CloneFor(job, prepared);
  if (child.pid == 0) {
    CloseSecrets(job);
    connections.CloseOurs();
    proxy.Reset();
    RunSandboxInit(prepared, job.policy, FiltersFor(prepared), progress, connections.Theirs());
  }
  if (child.pid < 0) {
    Report(progress, Step::kNamespaces, child.pid);
    return StepFailed(progress, prepared);
  }
  LaunchedInit out;
  out.init.Reset(child.pidfd);
  return out;
}

Result<Prepared> PrepareJob(const Job& job, const HostSockets& sockets,
                            std::uint64_t open_files_soft) {
  AMBIT_TRY(Prepared prepared, Prepare(job.plan));
  PrepareCommand(job.command, prepared);
  if (sockets.datagrams || HasDatagramSocket(job.command.pass_fds)) {
    prepared.sockets = plan_linux::UnixSockets::kDatagrams;
  }
  AMBIT_CHECK(AddDoors(job, prepared));
  // The devices that bwrap shows can be changed like the host's own.
  if (job.through_bwrap || GetsFileOnDisk(job.command)) MediateChanges(prepared);
  if (prepared.mediation.opens) prepared.denied_files = LinkedDeniedFiles(job.policy);
  prepared.launched = job.through_bwrap;
  prepared.uid = job.host.uid;
  prepared.gid = job.host.gid;
  prepared.landlock_abi = job.host.landlock_abi;
  prepared.share_terminal = job.host.landlock_abi >= kAbiWithSignalScope && os::HasTerminal();
  prepared.open_files_soft = open_files_soft;
  prepared.only_prove = job.only_prove;
  return prepared;
}

}  // namespace

Result<Finished> Run(const Job& job) {
  const bool ours = !job.plan.unrestricted && !job.through_bwrap;
  if (job.namespaces != nullptr && !ours) job.namespaces->End();
  if (job.plan.unrestricted) return RunWithoutSandbox(job.command);
  // Each granted path costs a descriptor while the sandbox is being set up.
  const std::uint64_t open_files_soft = os::RaiseOpenFiles();
  AMBIT_TRY(const HostSockets sockets, HoldAllowedSockets(job.policy));
  AMBIT_TRY(Prepared prepared, PrepareJob(job, sockets, open_files_soft));

  AMBIT_TRY(const SharedRoom shared, MakeSharedRoom(sizeof(Progress), prepared.launched));
  Progress& progress = *new (shared.memory) Progress{};
  AMBIT_TRY(const os::UniqueFd self, HoldOurselves(job, prepared));
  prepared.witnesses = WitnessesFor(job.plan, job.policy, job.host, self.get(), job.prove_all,
                                    prepared.proxy.http_port);
  const std::size_t results = ResultsSize(prepared.witnesses.size());
  AMBIT_TRY(const SharedRoom outcomes, MakeSharedRoom(results, prepared.launched));
  prepared.witness_results = static_cast<int*>(outcomes.memory);
  std::fill_n(prepared.witness_results, results / sizeof(int), kNotTried);
  AMBIT_TRY(Connections connections, Connect(job, prepared));
  const os::UniqueFd signals(os::BlockSignals());
  if (!signals.valid()) return FailErrno(-signals.get(), "cannot watch signals");

  progress.started_at = os::NowMicroseconds();
  // First the proxy: what the command has to know of it goes into the sandbox when that is made.
  AMBIT_TRY(os::UniqueFd proxy, StartProxy(job, prepared, connections.proxy));
  if (Result<> added = AddOwnFiles(job, connections.proxy.line.ours.get(), prepared); !added) {
    EndUnused(proxy);
    return std::unexpected(std::move(added.error()));
  }
  Result<LaunchedInit> started =
      prepared.launched
          ? LaunchThroughBwrap({job.plan, job.policy, job.command, prepared, connections.Theirs(),
                                shared.fd.get(), outcomes.fd.get(), self.get(), signals.get()})
          : ForkInit(job, prepared, progress, connections, proxy);
  if (!started || started->early_signal != 0) EndUnused(proxy);
  if (!started) return std::unexpected(started.error());
  connections.CloseTheirs();
  if (started->early_signal != 0) {
    return Conclude({started->early_signal, false}, progress, prepared, job.command, false);
  }
  Leave to_start(job, prepared, std::move(connections.leave.ours));
  const Watched watched{started->init.get(),
                        connections.channel.ours.get(),
                        signals.get(),
                        prepared.share_terminal,
                        job.only_prove,
                        proxy.get(),
                        connections.proxy.line.ours.get(),
                        started->keepers.outer.get(),
                        started->keepers.line.get(),
                        job.namespaces == nullptr ? -1 : job.namespaces->process()};
  const Reports reports{
      .refused =
          [&job](const unsigned char* data, std::size_t size) {
            if (job.on_refusal) PassOn(job, data, size);
          },
      .proven = [&] { to_start.OnProven(); },
      .proxy = [&](const unsigned char* data, std::size_t size) { to_start.OnProxy(data, size); }};
  const SupervisorEnd end = Supervise(watched, reports);
  EndProxy(watched, reports);
  // A signal that ended the sandbox, or a step that failed, is also why the proxy got nothing.
  if (!to_start.problem() && progress.failed_errno == 0 && end.early_signal == 0)
    return std::unexpected(to_start.problem().error());
  return Conclude(end, progress, prepared, job.command, to_start.is_given());
}

}  // namespace ambit::run
