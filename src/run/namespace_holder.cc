#include "run/namespace_holder.h"

#include <csignal>

#include "os/channel.h"

namespace ambit::run {
namespace {

/// Tells the other end how a step went, as an errno or 0.
void Say(int line, int result) {
  os::SendByte(line, static_cast<unsigned char>(result < 0 ? -result : 0));
  if (result < 0) os::ExitNow(0);
}

/// What was told, as 0 or -errno.
int Hear(int line) {
  const int told = os::ReceiveByte(line);
  return told > 0 ? -told : told;
}

[[noreturn]] void Hold(int line, int parent, std::uint32_t uid, std::uint32_t gid) {
  os::DieWithParent();
  os::NameOurselves("ambit-holder");
  if (os::ParentProcessId() != parent) os::ExitNow(0);
  int r = os::EnterNewNamespaces();
  if (r >= 0) r = os::MapOwnIds(uid, gid);
  Say(line, r);
  Say(line, os::EnterNewNetwork());
  os::ReceiveByte(line);  // until that is all, or nobody has the other end
  os::ExitNow(0);
}

}  // namespace

void NamespaceHolder::Start() {
  Result<os::ChannelPair> channel = os::MakeChannel();
  if (!channel) return;
  const int self = os::ProcessId();
  const std::uint32_t uid = os::EffectiveUserId();
  const std::uint32_t gid = os::EffectiveGroupId();
  // A key that ends the run is the supervisor's business.
  const int pid = os::RawForkBlocked();
  if (pid < 0) return;
  if (pid == 0) {
    os::CloseFd(channel->ours.get());
    Hold(channel->theirs.get(), self, uid, gid);
  }
  os::MoveToOtherProcessor(pid);
  process_.Reset(os::OpenProcess(pid));
  line_ = std::move(channel->ours);
}

os::Cloned NamespaceHolder::Clone() {
  if (!process_.valid()) return {-ECHILD, -1};
  if (const int r = Hear(line_.get()); r < 0) return {r, -1};
  const os::Cloned child = os::CloneIntoNamespacesOf(process_.get());
  if (child.pid > 0) line_.Reset();  // that end is the child's
  return child;
}

int NamespaceHolder::EnterNetwork() {
  int r = Hear(line_.get());
  if (r >= 0) r = os::EnterNetworkOf(process_.get());
  os::SendByte(line_.get(), 1);
  line_.Reset();
  process_.Reset();
  return r < 0 ? r : 0;
}

void NamespaceHolder::End() {
  if (!process_.valid()) return;
  line_.Reset();
  os::SendSignalToPidfd(process_.get(), SIGKILL);
  os::WaitPidfd(process_.get());
  process_.Reset();
}

}  // namespace ambit::run
