#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "proxy/loop.h"
#include "proxy/service.h"
#include "proxy/stream.h"

namespace ambit::proxy {

/// Whether a request may go over an idle connection, which the origin may just be closing.
enum class Reuse : std::uint8_t {
  kNever,
  kIfOpen,  ///< Only over one that is open when the kernel is asked: it cannot be sent twice.
  kAny,     ///< It can be sent again on a new one.
};

/// Idle connections to origins, for the next request to the same address under the same name.
class UpstreamPool : StreamUser {
 public:
  static constexpr std::size_t kMost = 64;

  UpstreamPool(Loop& loop, const Limits& limits);

  /// Keeps a connection on which nothing is expected.
  void Put(std::unique_ptr<Stream> stream);
  /// A connection on which no end has been seen, or nothing.
  std::unique_ptr<Stream> Take(const os::SocketAddress& address, std::string_view name,
                               Reuse reuse);

 private:
  void OnStream(Stream& stream) override;
  void DropOld();

  Loop& loop_;
  std::uint64_t idle_us_;
  Timer timer_;
  std::vector<std::unique_ptr<Stream>> idle_;  ///< Oldest first.
};

}  // namespace ambit::proxy
