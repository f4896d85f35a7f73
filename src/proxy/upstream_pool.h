#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "proxy/loop.h"
#include "proxy/service.h"
#include "proxy/stream.h"

namespace ambit::proxy {

/// Idle connections to origins, for the next request to the same address under the same name.
class UpstreamPool : StreamUser {
 public:
  static constexpr std::size_t kMost = 64;

  UpstreamPool(Loop& loop, const Limits& limits);

  /// Keeps a connection on which nothing is expected.
  void Put(std::unique_ptr<Stream> stream);
  /// A connection that is still open, or nothing.
  std::unique_ptr<Stream> Take(const os::SocketAddress& address, std::string_view name);

 private:
  void OnStream(Stream& stream) override;
  void DropOld();

  Loop& loop_;
  std::uint64_t idle_us_;
  Timer timer_;
  std::vector<std::unique_ptr<Stream>> idle_;  ///< Oldest first.
};

}  // namespace ambit::proxy
