#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ambit::cli {

/// What a comment says about the access that an entry beside it gives.
struct CommentClaim {
  enum class Kind : std::uint8_t {
    kReadOnly,  ///< "read-only", "no writes", "do not write here"
    kNothing,   ///< "denied", "no access", "do not read"
    kOnlyThis,  ///< "only /srv/data", or nothing but a path or a host
  };
  Kind kind = Kind::kReadOnly;
  std::string words;        ///< What says so, as it is written.
  std::string object;       ///< The path or host that it is about; empty when it names none.
  bool of_writing = false;  ///< kOnlyThis: it limits writing, and leaves reading open.

  bool operator==(const CommentClaim&) const = default;
};

/// The claims in `comment`. Only plain statements count: whatever has a "but", "except", "unless",
/// a "not" or a past tense about it may mean anything, and so does a setting that was commented
/// out.
std::vector<CommentClaim> ClaimsOf(std::string_view comment);

}  // namespace ambit::cli
