#include "os/landlock_calls.h"

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/kernel_abi.h"

namespace ambit::os {
namespace {

int Check(long result) { return result < 0 ? -errno : static_cast<int>(result); }

/// struct landlock_ruleset_attr as of ABI 6; older kernels accept it when the newer fields are 0.
struct RulesetAttr {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;
  std::uint64_t scoped;
};

constexpr std::uint64_t kMakeAndRemove =
    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

std::uint64_t WriteRights(int abi) {
  std::uint64_t rights = LANDLOCK_ACCESS_FS_WRITE_FILE;
  if (abi >= 3) rights |= kernel_abi::kLandlockAccessFsTruncate;
  return rights;
}

std::uint64_t ChangeRights(int abi) {
  std::uint64_t rights = WriteRights(abi) | kMakeAndRemove;
  if (abi >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  return rights;
}

int AddRule(int ruleset, int place, std::uint64_t rights) {
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = place;
  return Check(::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0));
}

}  // namespace

int LandlockAbi() {
  const long abi =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

int NewLandlockRuleset(int abi, const LandlockHandled& handled) {
  RulesetAttr attributes{};
  if (handled.changes) attributes.handled_access_fs |= ChangeRights(abi);
  if (handled.reads) attributes.handled_access_fs |= LANDLOCK_ACCESS_FS_READ_FILE;
  if (handled.listing) attributes.handled_access_fs |= LANDLOCK_ACCESS_FS_READ_DIR;
  if (handled.tcp && abi >= 4) {
    attributes.handled_access_net =
        kernel_abi::kLandlockAccessNetBindTcp | kernel_abi::kLandlockAccessNetConnectTcp;
  }
  if (abi >= 6) {
    attributes.scoped =
        kernel_abi::kLandlockScopeAbstractUnixSocket | kernel_abi::kLandlockScopeSignal;
  }
  return Check(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0));
}

int AllowChangesBelow(int ruleset, int abi, int place) {
  return AddRule(ruleset, place, ChangeRights(abi));
}

int AllowWritesTo(int ruleset, int abi, int place) {
  return AddRule(ruleset, place, WriteRights(abi));
}

int AllowReadsAt(int ruleset, int place, bool listing) {
  std::uint64_t rights = LANDLOCK_ACCESS_FS_READ_FILE;
  if (listing) rights |= LANDLOCK_ACCESS_FS_READ_DIR;
  return AddRule(ruleset, place, rights);
}

int RestrictSelf(int ruleset) { return Check(::syscall(SYS_landlock_restrict_self, ruleset, 0)); }

}  // namespace ambit::os
