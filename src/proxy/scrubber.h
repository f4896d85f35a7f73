#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret_text.h"
#include "proxy/buffer.h"

namespace ambit::proxy {

/// Takes secrets out of what an origin answers (network.md R11.1): each is replaced by a text of
/// the same length wherever it stands. Of several that begin at one place the longest counts.
class Scrubber {
 public:
  Scrubber() = default;
  ~Scrubber();
  Scrubber(Scrubber&&) = default;
  Scrubber& operator=(Scrubber&&) = default;

  /// `shown` is as long as `secret`; else, and when `secret` is empty, nothing is added.
  void Add(std::string_view secret, std::string_view shown);
  [[nodiscard]] bool empty() const { return pairs_.empty(); }

  /// For a head, which is there as a whole.
  void Replace(std::span<char> bytes) const;

  /// For a body, piece by piece. What may be the beginning of a secret is held back until the next
  /// call; so much is never more than the longest secret. Finish gives out what is left.
  void Feed(std::string_view piece, Buffer& out);
  void Finish(Buffer& out);
  [[nodiscard]] std::size_t held() const { return held_.size(); }

 private:
  struct Pair {
    SecretText secret;
    std::string shown;
  };
  /// What can be said about a secret that begins at the front of a text.
  struct Found {
    const Pair* pair = nullptr;
    bool needs_more = false;  ///< A longer one might begin here.
  };
  [[nodiscard]] Found Look(std::string_view text) const;
  /// Replaces in `bytes` and returns how many of them are settled: all when `whole`.
  std::size_t Settle(std::span<char> bytes, bool whole) const;

  std::vector<Pair> pairs_;  ///< The longest first.
  std::array<bool, 256> begins_{};
  std::string held_;
};

/// The same at once, for comparison and for single values.
std::string Scrubbed(const Scrubber& scrubber, std::string_view text);

}  // namespace ambit::proxy
