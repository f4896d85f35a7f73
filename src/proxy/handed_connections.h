#pragma once

#include <functional>

#include "os/unique_fd.h"
#include "proxy/context.h"
#include "proxy/loop.h"
#include "proxy/service.h"

namespace ambit::proxy {

/// Takes connections that the broker made, where there is no listener to accept them on.
class HandedConnections final : public Watcher {
 public:
  using Make = std::function<void(const Captured&, os::UniqueFd connection, bool crowded)>;

  HandedConnections(Context& context, os::UniqueFd messages, Make make);

  /// Watches the messages. False: the kernel refuses.
  [[nodiscard]] bool Begin() { return context_.loop.WatchReadable(messages_.get(), *this); }
  void OnReady(const os::Readiness& ready) override;

 private:
  Context& context_;
  os::UniqueFd messages_;
  Make make_;
};

}  // namespace ambit::proxy
