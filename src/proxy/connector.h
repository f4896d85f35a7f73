#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "policy/destination.h"
#include "policy/network.h"
#include "proxy/buffer.h"
#include "proxy/context.h"
#include "proxy/name_lookup.h"
#include "proxy/refusal.h"
#include "proxy/stream.h"
#include "proxy/tls.h"

namespace ambit::proxy {

/// Who wants a connection.
class ConnectUser {
 public:
  /// `early` is what the origin has sent already.
  virtual void OnConnected(std::unique_ptr<Stream> origin, std::string_view early) = 0;
  virtual void OnRefused(const Refusal& refusal) = 0;

 protected:
  ~ConnectUser() = default;
};

/// The way out, the same for every protocol: asks the rules, looks the name up if they let it, asks
/// them about the addresses, and dials exactly those that they leave.
class Connector : NameUser, StreamUser {
 public:
  Connector(Context& context, ConnectUser& user);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  /// Tells the user, possibly within this call.
  void Start(const policy::Destination& to, policy::Protocol protocol, Reuse reuse);
  void Cancel();

  /// Of the last Start: what the rules said, and how it was carried out.
  [[nodiscard]] const policy::NetworkVerdict& verdict() const { return verdict_; }
  /// The parent proxy that was taken, or null.
  [[nodiscard]] const ParentProxy* parent() const { return parent_; }
  [[nodiscard]] bool address_checked() const { return checked_; }

 private:
  enum class State : std::uint8_t {
    kIdle,
    kNaming,
    kNamingHooked,
    kNamingParent,
    kDialling,
    kSecuringParent,
    kAskingParent
  };

  void OnAddresses(std::span<const IpAddress> addresses) override;
  void OnStream(Stream& stream) override;
  void Decide(std::span<const IpAddress> addresses);
  /// Goes on with what Decide found, once it is known where the hosts with hooks are.
  void CompareWithHooked(std::size_t next);
  void Proceed();
  void GoToParent();
  void DialAll(std::span<const IpAddress> addresses, std::uint16_t port);
  void DialNext();
  bool DialOne(const os::SocketAddress& address);
  void OnNextTime();
  void OnTooLate();
  void Won(Stream& stream);
  void GreetParent();
  void SecureParent();
  void ReachedParent();
  void AskParent();
  void HearParent();
  void HandOverParent(std::string_view early);
  void HandOver(std::unique_ptr<Stream> stream, std::string_view early);
  void Refuse(const Refusal& refusal);
  [[nodiscard]] const ParentProxy* ParentFor(policy::Protocol protocol) const;
  [[nodiscard]] std::string PoolName() const;

  Context& context_;
  ConnectUser& user_;
  State state_ = State::kIdle;
  policy::Destination to_;
  policy::Protocol protocol_ = policy::Protocol::kHttp;
  Reuse reuse_ = Reuse::kNever;
  bool checked_ = true;
  policy::NetworkVerdict verdict_;
  const ParentProxy* parent_ = nullptr;
  TlsLayer* securing_ = nullptr;  ///< With the parent, whose stream owns it.
  std::vector<IpAddress> dial_;   ///< What the rules leave.
  std::vector<policy::NetworkRules::HookedAddress> hooked_;
  std::size_t hooked_next_ = 0;
  std::vector<os::SocketAddress> addresses_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<Stream>> attempts_;
  int last_error_ = 0;
  Timer next_timer_, late_timer_;
  Buffer question_, answer_;  ///< To and from the parent proxy.
  std::size_t scanned_ = 0;
};

}  // namespace ambit::proxy
