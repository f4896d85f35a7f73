#include "proxy/name_lookup.h"

#include <ares.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace ambit::proxy {
namespace {

constexpr std::uint32_t kLongestSeconds = 30;
constexpr std::size_t kMostKnown = 1024;
constexpr std::size_t kMostAddresses = 64;

std::optional<IpAddress> ToAddress(const ares_addrinfo_node& node) {
  if (node.ai_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, node.ai_addr, sizeof in);
    return IpAddress::V4(ntohl(in.sin_addr.s_addr));
  }
  if (node.ai_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, node.ai_addr, sizeof in);
    return IpAddress::V6(std::span<const std::uint8_t, 16>(in.sin6_addr.s6_addr, 16));
  }
  return std::nullopt;
}

}  // namespace

/// The library, its sockets and its clock on our loop.
class NameLookup::Channel {
 public:
  Channel(NameLookup& owner, Loop& loop)
      : owner_(owner),
        loop_(loop),
        timer_(loop, [this] { Process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() {
    if (channel_ != nullptr) ares_destroy(channel_);
    for (auto& [fd, socket] : sockets_) loop_.Bury(std::move(socket));
  }

  Result<> Open(const std::string& servers, std::uint32_t patience_ms);
  void Ask(const std::string& name, std::uint64_t id);

 private:
  struct Question {
    Channel* channel;
    std::string name;
    std::uint64_t id;
  };
  struct Socket : Watcher {
    Socket(Channel& owner, int number) : channel(owner), fd(number) {}
    void OnReady(const os::Readiness& ready) override {
      if (!open) return;
      channel.Process(ready.readable ? fd : ARES_SOCKET_BAD, ready.writable ? fd : ARES_SOCKET_BAD);
    }
    Channel& channel;
    int fd;
    bool open = true;
  };

  static void OnSocket(void* self, ares_socket_t fd, int readable, int writable);
  static void OnAnswer(void* question, int status, int timeouts, ares_addrinfo* info);
  void Process(ares_socket_t readable, ares_socket_t writable);
  void SetTimer();

  NameLookup& owner_;
  Loop& loop_;
  Timer timer_;
  ares_channel channel_ = nullptr;
  std::map<int, std::unique_ptr<Socket>> sockets_;
};

Result<> NameLookup::Channel::Open(const std::string& servers, std::uint32_t patience_ms) {
  ares_options options{};
  // Names mean what they say: no search list, no alias file.
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  // Two tries, the second one twice as long, are over just before our own patience is.
  options.timeout = static_cast<int>(patience_ms / 4);
  options.tries = 2;
  options.sock_state_cb = &Channel::OnSocket;
  options.sock_state_cb_data = this;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  int status = ares_library_init(ARES_LIB_INIT_ALL);
  if (status == ARES_SUCCESS) status = ares_init_options(&channel_, &options, mask);
  if (status == ARES_SUCCESS && !servers.empty()) {
    status = ares_set_servers_ports_csv(channel_, servers.c_str());
  }
  if (status == ARES_SUCCESS) return {};
  return Fail(ErrorCode::kSystem,
              std::string("cannot prepare to look up names: ") + ares_strerror(status));
}

void NameLookup::Channel::Ask(const std::string& name, std::uint64_t id) {
  ares_addrinfo_hints hints{};
  // Sorting would connect sockets to every address, checked or not.
  hints.ai_flags = ARES_AI_NOSORT;
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &Channel::OnAnswer,
                   new Question{this, name, id});
  SetTimer();
}

void NameLookup::Channel::OnSocket(void* self, ares_socket_t fd, int readable, int writable) {
  Channel& channel = *static_cast<Channel*>(self);
  const auto found = channel.sockets_.find(fd);
  const bool known = found != channel.sockets_.end();
  if (readable == 0 && writable == 0) {
    if (!known) return;
    channel.loop_.Unwatch(fd);
    found->second->open = false;
    channel.loop_.Bury(std::move(found->second));
    channel.sockets_.erase(found);
    return;
  }
  if (!known) channel.sockets_[fd] = std::make_unique<Socket>(channel, fd);
  // Refused only when memory runs out; the look-up then fails when its time is over.
  static_cast<void>(os::WatchLevel(channel.loop_.poll(), fd, channel.sockets_[fd].get(),
                                   readable != 0, writable != 0, known));
}

void NameLookup::Channel::OnAnswer(void* question, int status, int /*timeouts*/,
                                   ares_addrinfo* info) {
  const std::unique_ptr<Question> asked(static_cast<Question*>(question));
  std::vector<IpAddress> addresses;
  std::uint32_t ttl = kLongestSeconds;
  if (status == ARES_SUCCESS && info != nullptr) {
    for (const ares_addrinfo_node* node = info->nodes; node != nullptr; node = node->ai_next) {
      if (const auto address = ToAddress(*node)) addresses.push_back(*address);
      ttl = std::min(ttl, static_cast<std::uint32_t>(std::max(node->ai_ttl, 0)));
    }
  }
  if (info != nullptr) ares_freeaddrinfo(info);
  if (status != ARES_EDESTRUCTION) {
    asked->channel->owner_.Finish(asked->name, asked->id, std::move(addresses), ttl);
  }
}

void NameLookup::Channel::Process(ares_socket_t readable, ares_socket_t writable) {
  ares_process_fd(channel_, readable, writable);
  SetTimer();
}

void NameLookup::Channel::SetTimer() {
  timeval room{};
  const timeval* left = ares_timeout(channel_, nullptr, &room);
  if (left == nullptr) return timer_.Clear();
  timer_.SetMs(static_cast<std::uint64_t>(left->tv_sec) * 1000 +
               static_cast<std::uint64_t>(left->tv_usec) / 1000 + 1);
}

NameLookup::NameLookup(Loop& loop, std::uint32_t patience_ms)
    : loop_(loop), patience_ms_(patience_ms) {}

NameLookup::~NameLookup() = default;

Result<std::unique_ptr<NameLookup>> NameLookup::Make(Loop& loop, const std::string& servers,
                                                     std::uint32_t patience_ms) {
  std::unique_ptr<NameLookup> lookup(new NameLookup(loop, patience_ms));
  lookup->channel_ = std::make_unique<Channel>(*lookup, loop);
  AMBIT_CHECK(lookup->channel_->Open(servers, patience_ms));
  return lookup;
}

void NameLookup::Find(const std::string& name, NameUser& user) {
  if (const auto known = known_.find(name); known != known_.end()) {
    if (known->second.until > loop_.now()) return user.OnAddresses(known->second.addresses);
    known_.erase(known);
  }
  const auto [entry, is_new] = pending_.try_emplace(name);
  entry->second.users.push_back(&user);
  if (!is_new) return;
  const std::uint64_t id = ++last_id_;
  entry->second.id = id;
  entry->second.timer =
      std::make_unique<Timer>(loop_, [this, name, id] { Finish(name, id, {}, 0); });
  entry->second.timer->SetMs(patience_ms_);
  channel_->Ask(name, id);
}

void NameLookup::Forget(NameUser& user) {
  for (auto& [name, pending] : pending_) std::erase(pending.users, &user);
}

void NameLookup::Finish(const std::string& name, std::uint64_t id, std::vector<IpAddress> addresses,
                        std::uint32_t ttl_seconds) {
  const auto found = pending_.find(name);
  if (found == pending_.end() || found->second.id != id) return;  // its time was over
  // The timer may be what calls us: it is kept until we return.
  const Pending pending = std::move(found->second);
  const std::string kept = found->first;
  pending_.erase(found);
  // Whole or not at all: a part could leave out the address that must not be reached.
  if (addresses.size() > kMostAddresses) addresses.clear();
  if (!addresses.empty()) Remember(kept, addresses, ttl_seconds);
  std::vector<NameUser*> users = pending.users;
  for (NameUser* user : users) user->OnAddresses(addresses);
}

void NameLookup::Remember(const std::string& name, const std::vector<IpAddress>& addresses,
                          std::uint32_t ttl_seconds) {
  if (ttl_seconds == 0) return;
  if (known_.size() >= kMostKnown) known_.clear();
  known_[name] = {addresses, loop_.now() + std::min(ttl_seconds, kLongestSeconds) * 1'000'000ULL};
}

}  // namespace ambit::proxy
