#pragma once

#include <cstdint>
#include <vector>

#include "os/unique_fd.h"
#include "proxy/session.h"

namespace ambit::proxy {

/// The sockets of the sandbox's network that we were given. A socket stays in the network that it
/// was made in and can be connected again and again (connect(2), AF_UNSPEC), so they last for any
/// number of connections; how many there are bounds those at one time.
class InnerSockets {
 public:
  /// Takes one back. What it has not sent yet goes on while nobody else needs it.
  void Give(os::UniqueFd socket);
  /// One that is not connected; invalid when all are in use.
  os::UniqueFd Take();

 private:
  std::vector<os::UniqueFd> sockets_;
};

/// A connection from this host to a published port of the sandbox.
class PublishedSession final : public Session {
 public:
  PublishedSession(Context& context, std::uint16_t client_port, InnerSockets& sockets,
                   const Published& published)
      : Session(context, client_port), sockets_(sockets), published_(published) {
    set_outside();
  }
  PublishedSession(const PublishedSession&) = delete;
  PublishedSession& operator=(const PublishedSession&) = delete;
  ~PublishedSession() override { ReturnSocket(); }

 private:
  void OnBegin() override;
  void OnProgress() override;
  void OnTimeout() override;
  // What goes in is not decided by the rules of what goes out.
  void OnConnected(std::unique_ptr<Stream> /*origin*/, std::string_view /*early*/) override {}
  void OnRefused(const Refusal& /*refusal*/) override {}
  void GiveUp(int error);
  void ReturnSocket();

  InnerSockets& sockets_;
  const Published& published_;
};

}  // namespace ambit::proxy
