// Waiting calls: whatever the registers hold, the kernel reads its numbers from their low halves,
// and a mode has no other bits than the kernel takes.
#include <fcntl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "os/notified_call.h"

namespace {

using ambit::os::CallKind;
using ambit::os::DecodeCall;
using ambit::os::NotifiedCall;

void Require(bool condition) {
  if (!condition) std::abort();
}

/// All but the addresses and the sizes, which have 64 bits.
bool SameNumbers(const NotifiedCall& a, const NotifiedCall& b) {
  return a.kind == b.kind && a.dir == b.dir && a.on_descriptor == b.on_descriptor &&
         a.follow == b.follow && a.empty_is_dir == b.empty_is_dir && a.second_dir == b.second_dir &&
         a.flags == b.flags && a.mode == b.mode && a.directory == b.directory &&
         a.owner == b.owner && a.group == b.group && a.times == b.times &&
         a.address_size == b.address_size;
}

void CheckModes(const NotifiedCall& call) {
  switch (call.kind) {
    case CallKind::kOpen:
      Require(call.follow == ((call.flags & O_NOFOLLOW) == 0));
      Require((call.mode & ~07777U) == 0);
      break;
    case CallKind::kMakeDirectory:
      Require((call.mode & ~01777U) == 0);
      break;
    case CallKind::kChangeMode:
      Require((call.mode & ~07777U) == 0);
      break;
    case CallKind::kRemove:
    case CallKind::kRename:
      Require(!call.follow);
      break;
    case CallKind::kLink:
      Require(call.follow == ((call.flags & AT_SYMLINK_FOLLOW) != 0));
      break;
    default:
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint64_t words[8] = {};
  std::memcpy(words, data, std::min(size, sizeof words));
  // The known numbers are small; now and then any number.
  const int number = static_cast<int>(words[0] % 16 == 0 ? words[0] >> 4 : words[0] % 480);
  std::uint64_t arguments[6];
  std::copy_n(words + 1, 6, arguments);
  const NotifiedCall call = DecodeCall(number, arguments);
  Require(call.id == 0 && call.thread == 0);
  CheckModes(call);
  if (call.kind == CallKind::kOther) {
    Require(SameNumbers(call, NotifiedCall()) && call.path == 0 && call.data == 0);
  }
  std::uint64_t garbage[6];
  for (std::size_t i = 0; i < 6; ++i) {
    // A null pointer stays one: that a path is missing means something.
    const bool keep = static_cast<std::uint32_t>(arguments[i]) == 0;
    garbage[i] = keep ? arguments[i] : arguments[i] ^ (words[7] << 32);
  }
  Require(SameNumbers(DecodeCall(number, garbage), call));
  return 0;
}
