#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/text_hash.h"
#include "proxy/loop.h"

namespace ambit::proxy {

/// Who waits for the addresses of a name.
class NameUser {
 public:
  /// The whole answer; empty when there is none, for whatever reason.
  virtual void OnAddresses(std::span<const IpAddress> addresses) = 0;

 protected:
  ~NameUser() = default;
};

/// Resolves names (hosts(5), then DNS) without blocking. Answers are kept as long as they say, at
/// most half a minute; failures are not kept. Nothing here decides: it is asked only for names that
/// may be looked up.
class NameLookup {
 public:
  /// `servers` as in Settings::name_servers.
  static Result<std::unique_ptr<NameLookup>> Make(Loop& loop, const std::string& servers,
                                                  std::uint32_t patience_ms);
  ~NameLookup();

  /// `user` is told later, or within this call when the answer is known.
  void Find(const std::string& name, NameUser& user);
  /// `user` is not told any more.
  void Forget(NameUser& user);

 private:
  class Channel;
  struct Pending {
    std::vector<NameUser*> users;
    std::unique_ptr<Timer> timer;
    std::uint64_t id = 0;
  };
  struct Known {
    std::vector<IpAddress> addresses;
    std::uint64_t until = 0;
  };

  NameLookup(Loop& loop, std::uint32_t patience_ms);
  void Finish(const std::string& name, std::uint64_t id, std::vector<IpAddress> addresses,
              std::uint32_t ttl_seconds);
  void Remember(const std::string& name, const std::vector<IpAddress>& addresses,
                std::uint32_t ttl_seconds);

  Loop& loop_;
  std::uint32_t patience_ms_;
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::string, Pending> pending_;
  std::unordered_map<std::string, Known> known_;
  std::unique_ptr<Channel> channel_;
};

}  // namespace ambit::proxy
