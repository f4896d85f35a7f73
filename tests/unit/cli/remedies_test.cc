#include "cli/remedies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "support/fake_file_view.h"

namespace ambit::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing_support::FakeFileView;

HostAbilities Plain() {
  HostAbilities host;
  host.landlock_abi = 7;
  host.uid = 1000;
  return host;
}

/// Where namespaces cannot be made, nothing that needs them was tried.
HostAbilities WithoutNamespaces(int error) {
  HostAbilities host = Plain();
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Ability::kProc); ++i) {
    host.errors[i] =
        i <= static_cast<std::size_t>(Ability::kAllNamespaces) ? error : HostAbilities::kNotTried;
  }
  return host;
}

HostAbilities Without(Ability ability, int error) {
  HostAbilities host = Plain();
  host.errors[static_cast<std::size_t>(ability)] = error;
  return host;
}

std::string Text(const HostAbilities& abilities, const HostState& state) {
  std::string out;
  for (const Remedy& remedy : RemediesFor(abilities, state)) {
    out += remedy.problem + "\n" + remedy.text;
  }
  return out;
}

HostState On(std::vector<std::string> families) {
  HostState state;
  state.families = std::move(families);
  state.program = "/opt/ambit/bin/ambit";
  return state;
}

TEST(RemediesTest, NothingIsMissing) { EXPECT_THAT(RemediesFor(Plain(), {}), IsEmpty()); }

TEST(RemediesTest, ALimitIsNamed) {
  EXPECT_THAT(Text(WithoutNamespaces(ENOSPC), On({"debian"})),
              HasSubstr("'user.max_user_namespaces = 15000'"));
  EXPECT_THAT(Text(Without(Ability::kNetworkNamespace, ENOSPC), On({"debian"})),
              HasSubstr("'user.max_net_namespaces = 15000'"));
}

TEST(RemediesTest, CallsThatEveryEngineMakes) {
  const HostAbilities host = Without(Ability::kFindPaths, EPERM);
  EXPECT_THAT(Text(host, On({"debian"})), HasSubstr("missing that ambit makes: openat2"));
  EXPECT_THAT(Text(host, On({"debian"})), HasSubstr("backports"));
  HostState state = On({"debian"});
  state.filtered = true;
  EXPECT_THAT(Text(host, state), HasSubstr("sandbox around ambit allow these calls"));
  EXPECT_THAT(Text(host, state), Not(HasSubstr("backports")));
  state.container = "docker";
  EXPECT_THAT(Text(host, state), HasSubstr("profile allows:\n  openat2\n"));
}

TEST(RemediesTest, InsideOfAmbitNothingElseHelps) {
  HostState state = On({"debian"});
  state.inside_ambit = state.filtered = true;
  state.container = "docker";
  const std::string text = Text(WithoutNamespaces(EPERM), state);
  EXPECT_THAT(text, HasSubstr("a sandbox around ambit is one of its own"));
  EXPECT_THAT(text, Not(HasSubstr("docker")));
}

TEST(HostStateTest, KnowsTheInsideOfAmbit) {
  FakeFileView files;
  EXPECT_FALSE(IsInsideAmbit(files));
  files.File("/proc/self/stat", "9 (a) b) S 8 9 9 0\n");
  files.File("/proc/8/stat", "8 (sh) S 1 8 8 0\n");
  files.File("/proc/1/stat", "1 (init) S 0 1 1 0\n");
  EXPECT_FALSE(IsInsideAmbit(files));
  files.File("/proc/1/stat", "1 (ambit-init) S 0 1 1 0\n");
  EXPECT_TRUE(IsInsideAmbit(files));
}

TEST(RemediesTest, ALandlockThatIsNotThereIsNotForbidden) {
  HostAbilities host = Without(Ability::kLandlock, EOPNOTSUPP);
  EXPECT_THAT(Text(host, On({"debian"})), HasSubstr("landlock_restrict_self"));
  host.landlock_abi = 0;
  EXPECT_THAT(Text(host, On({"debian"})), Not(HasSubstr("landlock_restrict_self")));
}

TEST(RemediesTest, DebiansSwitch) {
  HostState state = On({"debian"});
  state.unprivileged_userns_clone = 0;
  EXPECT_THAT(Text(WithoutNamespaces(EPERM), state),
              HasSubstr("'kernel.unprivileged_userns_clone = 1'"));
}

TEST(RemediesTest, UbuntuGetsAProfileForThisProgramAlone) {
  HostState state = On({"ubuntu", "debian"});
  state.apparmor_restricts = 1;
  for (const HostAbilities& host : {Without(Ability::kTmpfs, EACCES),
                                    Without(Ability::kIdMap, EPERM), WithoutNamespaces(EPERM)}) {
    const std::string text = Text(host, state);
    if (host.Has(Ability::kIdMap) || !host.Has(Ability::kAllNamespaces)) {
      EXPECT_THAT(text, HasSubstr("profile ambit /opt/ambit/bin/ambit flags=(unconfined) {"));
      EXPECT_THAT(text, HasSubstr("userns,"));
    }
    EXPECT_THAT(text, Not(HasSubstr("apparmor_restrict_unprivileged_userns")));
  }
}

TEST(RemediesTest, ContainersGetTheirOwnFlag) {
  HostState state = On({"debian"});
  for (const auto& [container, flag] :
       {std::pair{"docker", "docker run --security-opt seccomp=ambit.json"},
        std::pair{"podman", "podman run --security-opt seccomp=ambit.json"},
        std::pair{"kubernetes", "localhostProfile: ambit.json"}}) {
    state.container = container;
    const std::string text = Text(WithoutNamespaces(EPERM), state);
    EXPECT_THAT(text, HasSubstr(flag));
    EXPECT_THAT(text, HasSubstr("clone3"));
  }
}

TEST(RemediesTest, ASandboxAroundIsNotTakenForAContainer) {
  HostState state = On({"debian"});
  state.container = "docker";
  state.filtered = true;
  HostAbilities host = WithoutNamespaces(EPERM);
  host.errors[static_cast<std::size_t>(Ability::kListener)] = EBUSY;
  const std::string text = Text(host, state);
  EXPECT_THAT(text, HasSubstr("a sandbox around ambit forbids namespaces"));
  EXPECT_THAT(text, Not(HasSubstr("docker")));
}

TEST(RemediesTest, OldKernels) {
  EXPECT_THAT(Text(Without(Ability::kMountFlags, ENOSYS), On({"debian"})), HasSubstr("-backports"));
  HostAbilities old = Plain();
  old.landlock_abi = 2;
  EXPECT_THAT(Text(old, On({"ubuntu", "debian"})), HasSubstr("linux-generic-hwe"));
  EXPECT_THAT(Text(old, On({"fedora"})), HasSubstr("dnf upgrade kernel"));
  EXPECT_THAT(Text(old, On({"something"})), HasSubstr("Install a newer kernel"));
}

TEST(RemediesTest, LandlockThatIsSwitchedOff) {
  HostAbilities host = Plain();
  host.landlock_abi = 0;
  HostState state = On({"debian"});
  state.security_modules = "capability,yama,apparmor";
  EXPECT_THAT(Text(host, state), HasSubstr("lsm=landlock,capability,yama,apparmor"));
}

TEST(RemediesTest, NeverSwitchesAProtectionOff) {
  std::string all;
  for (const char* container : {"", "docker", "podman", "kubernetes"}) {
    HostState state = On({"ubuntu", "debian"});
    state.container = container;
    state.ptrace_scope = 1;
    for (std::size_t i = 0; i < kAbilities; ++i) {
      for (const int error : {EPERM, EACCES, ENOSYS, ENOSPC, EBUSY, ETIMEDOUT}) {
        for (const int restricts : {0, 1}) {
          state.apparmor_restricts = restricts;
          all += Text(Without(static_cast<Ability>(i), error), state);
        }
      }
    }
  }
  for (const char* bad :
       {"seccomp=unconfined", "apparmor=unconfined", "--privileged", "systempaths=unconfined",
        "ptrace_scope=", "restrict_unprivileged_userns", "setenforce", "--cap-add"}) {
    EXPECT_THAT(all, Not(HasSubstr(bad)));
  }
}

TEST(HostStateTest, ReadsWhatTheSystemSays) {
  FakeFileView files;
  files
      .File("/etc/os-release",
            "NAME=\"Ubuntu\"\nPRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\nID=ubuntu\nID_LIKE=debian\n")
      .File("/proc/self/status", "Name:\tambit\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n")
      .File("/proc/self/uid_map", "         0          0 4294967295\n")
      .File("/proc/sys/user/max_user_namespaces", "0\n")
      .File("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n")
      .File("/.dockerenv");
  const HostState state = ReadHostState(files, {});
  EXPECT_EQ(state.distribution, "Ubuntu 24.04.1 LTS");
  EXPECT_TRUE(state.IsLike("ubuntu"));
  EXPECT_TRUE(state.IsLike("debian"));
  EXPECT_EQ(state.container, "docker");
  EXPECT_TRUE(state.filtered);
  EXPECT_TRUE(state.no_new_privileges);
  EXPECT_FALSE(state.in_user_namespace);
  EXPECT_EQ(state.max_user_namespaces, 0);
  EXPECT_EQ(state.apparmor_restricts, 1);
  EXPECT_EQ(state.ptrace_scope, std::nullopt);
}

TEST(HostStateTest, ASystemThatSaysNothing) {
  const HostState state = ReadHostState(FakeFileView(), {"container=lxc"});
  EXPECT_EQ(state.distribution, "");
  EXPECT_EQ(state.container, "lxc");
  EXPECT_FALSE(state.filtered);
}

}  // namespace
}  // namespace ambit::cli
