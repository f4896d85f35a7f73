#include "run/proxy_process.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "os/channel.h"
#include "os/landlock_calls.h"
#include "os/namespace_network.h"
#include "os/process_calls.h"
#include "os/process_info.h"
#include "plan_linux/seccomp_program.h"

namespace ambit::run {
namespace {

constexpr std::uint16_t kDnsPort = 53;
// Where Linux takes ports from that nobody asked for (ip_local_port_range of ip(7)).
constexpr std::uint32_t kFirstPort = 32768;
constexpr std::uint32_t kPorts = 28000;

Result<std::uint32_t> RandomNumber() {
  AMBIT_TRY(const std::string hex, os::RandomHex(4));
  std::uint32_t out = 0;
  for (const char c : hex) {
    out = out * 16 + static_cast<std::uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return out;
}

int Pass(int doors, int socket) {
  if (socket < 0) return socket;
  const int r = os::SendDescriptor(doors, socket);
  os::CloseFd(socket);
  return r;
}

Result<os::UniqueFd> Take(int doors) {
  os::UniqueFd out(os::ReceiveDescriptor(doors));
  if (!out.valid()) return FailErrno(-out.get(), "the sandbox did not hand over its sockets");
  return out;
}

/// What a fault in the proxy could be used for ends here: it changes no file, signals nobody
/// outside, and gains nothing by exec.
Result<> GiveUpPrivileges(int landlock_abi) {
  if (const int r = os::SetNoNewPrivileges(); r < 0) return FailErrno(-r, "no-new-privileges");
  if (const int r = os::DropCapabilitiesGiven(false); r < 0) {
    return FailErrno(-r, "cannot give up capabilities");
  }
  os::DisableCoreDumps();
  os::SetNotDumpable();
  if (landlock_abi == 0) return {};
  const os::UniqueFd ruleset(os::NewLandlockRuleset(landlock_abi, {.changes = true}));
  const int r = ruleset.valid() ? os::RestrictSelf(ruleset.get()) : ruleset.get();
  if (r < 0) {
    return std::unexpected(Error{ErrorCode::kSystem,
                                 std::string("cannot give up writing to files (") +
                                     std::strerror(-r) + "); 'ambit doctor' says what is missing",
                                 -r,
                                 {}});
  }
  return {};
}

/// For good: what it needs no call for anyway, a fault in it does not get to use either.
Result<> LimitCalls() {
  const auto program = plan_linux::ProxyProgram();
  const int r = os::InstallSeccomp(program.data(), program.size());
  if (r == 0) return {};
  return std::unexpected(Error{ErrorCode::kSystem,
                               std::string("cannot limit the system calls of the proxy (") +
                                   std::strerror(-r) + "); 'ambit doctor' says what is missing",
                               -r,
                               {}});
}

void Write(int supervisor, unsigned char tag, std::string_view text) {
  std::string message(1, static_cast<char>(tag));
  message += text.substr(0, ProxyLine::kMostRecord);
  os::SendWholeMessage(supervisor, message.data(), message.size());
}

}  // namespace

Result<Entrances> ProxyLine::Receive() {
  Entrances out;
  if (brokered_) {
    os::CloseFd(std::exchange(doors_, -1));
    out.captured = std::move(captured_);
    return out;
  }
  AMBIT_TRY(out.http, Take(doors_));
  AMBIT_TRY(out.socks, Take(doors_));
  if (capture_) {
    AMBIT_TRY(out.capture, Take(doors_));
    AMBIT_TRY(out.dns_udp, Take(doors_));
    AMBIT_TRY(out.dns_tcp, Take(doors_));
  }
  out.captured = std::move(captured_);
  if (publish_) {
    static_cast<void>(os::RaiseOpenFiles());
    for (std::size_t i = 0; i < kInnerSockets; ++i) {
      AMBIT_TRY(os::UniqueFd socket, Take(doors_));
      out.inner_sockets.push_back(std::move(socket));
    }
  }
  os::CloseFd(std::exchange(doors_, -1));
  return out;
}

void ProxyLine::TellCertificate(std::string_view pem) const {
  Write(supervisor_, kProxyCertificate, pem);
}

void ProxyLine::SayReady() const { Write(supervisor_, kProxyReady, ""); }

void ProxyLine::Tell(std::string_view record) const { Write(supervisor_, kProxyRecord, record); }

void RunProxyProcess(const ProxyBody& body, int doors, int supervisor, os::UniqueFd captured,
                     int secrets, const ProxyDoors& wanted, int landlock_abi,
                     int supervisor_process) {
  os::DieWithParent();
  // It may have ended before we asked for that.
  if (os::ParentProcessId() != supervisor_process) os::ExitNow(0);
  // Until here it had the supervisor's signals too, which are for the supervisor to judge.
  os::NewSession();
  os::ForgetPendingSignals();
  os::ResetSignals();
  os::IgnoreBrokenPipes();
  int keep[] = {doors, supervisor, captured.valid() ? captured.get() : doors,
                secrets >= 0 ? secrets : doors};
  std::ranges::sort(keep);
  const std::size_t count = static_cast<std::size_t>(std::unique(keep, std::end(keep)) - keep);
  os::CloseAbove2(keep, count, true);
  os::ReleaseStandardStreams();
  os::ForgetArguments("ambit-proxy");

  ProxyLine line(doors, supervisor, wanted, std::move(captured));
  Result<> served = GiveUpPrivileges(landlock_abi);
  os::DieWithParent();  // a change of credentials may have switched it off
  if (served) served = LimitCalls();
  if (served) served = body(line);
  if (!served) Write(supervisor, kProxyFailed, ToString(served.error()));
  os::ExitNow(served ? 0 : 1);
}

int OpenDoors(const ProxyDoors& wanted, int doors) {
  if (const int r = os::RaiseLoopback(); r < 0) return r;
  int r = Pass(doors, os::ListenOnLoopback(wanted.http_port));
  if (r >= 0) r = Pass(doors, os::ListenOnLoopback(wanted.socks_port));
  if (wanted.capture) {
    if (r >= 0) r = Pass(doors, os::ListenOnLoopback(wanted.capture_port));
    if (r >= 0) r = Pass(doors, os::BindLoopbackDatagrams(kDnsPort));
    if (r >= 0) r = Pass(doors, os::ListenOnLoopback(kDnsPort));
  }
  const std::size_t inner = wanted.publish ? kInnerSockets : 0;
  for (std::size_t i = 0; i < inner && r >= 0; ++i) r = Pass(doors, os::MakeStream());
  return r;
}

Result<ProxyDoors> ChooseDoors() {
  ProxyDoors out;
  AMBIT_TRY(const std::uint32_t random, RandomNumber());
  // Three thirds of the range, so that they differ.
  constexpr std::uint32_t kThird = kPorts / 3;
  std::uint32_t offset = random % kThird;
  out.http_port = static_cast<std::uint16_t>(kFirstPort + offset);
  offset = random / kThird % kThird;
  out.socks_port = static_cast<std::uint16_t>(kFirstPort + kThird + offset);
  offset = (random ^ random >> 13) % kThird;
  out.capture_port = static_cast<std::uint16_t>(kFirstPort + 2 * kThird + offset);
  return out;
}

}  // namespace ambit::run
