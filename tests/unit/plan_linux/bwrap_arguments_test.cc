#include "plan_linux/bwrap_arguments.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ambit::plan_linux {
namespace {

using plan::View;

plan::Plan PlanOf(std::vector<plan::Op> ops) {
  plan::Plan out;
  out.profile = "p";
  out.ops = std::move(ops);
  return out;
}

plan::Expose Shown(std::string path, bool writable, bool directory = true) {
  return {std::move(path), writable, directory, {}, ""};
}

/// The lines of RenderText that are not about namespaces, capabilities and /proc.
std::string Mounts(const plan::Plan& plan, const BwrapSituation& situation = {}) {
  const std::string text = RenderText(BwrapArgumentsFor(plan, situation));
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.find("--unshare") != std::string::npos || line.find("--cap") != std::string::npos ||
        line.find("/proc/") != std::string::npos) {
      continue;
    }
    out += line.substr(line.find("--")) + "\n";
  }
  return out;
}

bool Has(const plan::Plan& plan, const BwrapSituation& situation, std::string_view words) {
  return RenderText(BwrapArgumentsFor(plan, situation)).find(words) != std::string::npos;
}

TEST(BwrapArgumentsTest, EveryNamespaceIsNewAndEverybodyEndsTogether) {
  const plan::Plan plan = PlanOf({plan::StartFrom{View::kReadOnly}});
  for (const char* const option :
       {"--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup",
        "--unshare-net", "--die-with-parent", "--as-pid-1", "--cap-drop ALL"}) {
    EXPECT_TRUE(Has(plan, {}, option)) << option;
  }
  EXPECT_FALSE(Has(plan, {}, "--share"));
  EXPECT_FALSE(Has(plan, {}, "-try /\n"));
}

TEST(BwrapArgumentsTest, AReadOnlyDiskWithAWritablePlace) {
  EXPECT_EQ(Mounts(PlanOf({plan::StartFrom{View::kReadOnly}, plan::FreshProc{}, plan::PrivateDev{},
                           Shown("/w", true), Shown("/w/.git", false), plan::StartIn{"/w"}})),
            "--die-with-parent\n"
            "--as-pid-1\n"
            "--ro-bind-fd <descriptor of /> /\n"
            "--proc /proc\n"
            "--dev /dev\n"
            "--perms 1777\n"
            "--size 67108864\n"
            "--tmpfs /dev/shm\n"
            "--bind-fd <descriptor of /w> /w\n"
            "--ro-bind-fd <descriptor of /w/.git> /w/.git\n"
            "--remount-ro /dev\n"
            "--chdir /\n");
}

TEST(BwrapArgumentsTest, SwitchesOfTheKernelAreCoveredForEveryUser) {
  const plan::Plan plan = PlanOf({plan::StartFrom{View::kWritable}, plan::FreshProc{}});
  for (const std::uint32_t uid : {0U, 1000U}) {
    EXPECT_TRUE(Has(plan, {.uid = uid}, "--ro-bind /proc/sys /proc/sys\n"));
    EXPECT_TRUE(Has(plan, {.uid = uid}, "--ro-bind-try /proc/sysrq-trigger /proc/sysrq-trigger\n"));
  }
}

TEST(BwrapArgumentsTest, AnEmptyRootIsClosedAfterItIsFilled) {
  EXPECT_EQ(Mounts(PlanOf({plan::StartFrom{View::kEmpty}, plan::MakeLink{"/bin", "usr/bin"},
                           plan::MakeLink{"/usr/x", "y"}, Shown("/usr", false),
                           Shown("/etc/hosts", false, false), plan::StartIn{"/srv/a"}})),
            "--die-with-parent\n"
            "--as-pid-1\n"
            "--symlink usr/bin /bin\n"
            "--ro-bind-fd <descriptor of /usr> /usr\n"
            "--ro-bind-fd <descriptor of /etc/hosts> /etc/hosts\n"
            "--perms 0111\n"
            "--dir /srv\n"
            "--perms 0111\n"
            "--dir /srv/a\n"
            "--remount-ro /dev\n"
            "--remount-ro /\n"
            "--chdir /\n");
}

TEST(BwrapArgumentsTest, MasksAreClosedAfterWhatIsOpenInThemIsMounted) {
  EXPECT_EQ(Mounts(PlanOf({plan::StartFrom{View::kReadOnly}, Shown("/w", true),
                           plan::Hide{"/w/key", false, {}, {}, ""},
                           plan::Hide{"/w/d", true, {"/w/d/a/b"}, {}, ""}, Shown("/w/d/a/b", true),
                           plan::Hide{"/w/e", true, {}, {}, ""}})),
            "--die-with-parent\n"
            "--as-pid-1\n"
            "--ro-bind-fd <descriptor of /> /\n"
            "--bind-fd <descriptor of /w> /w\n"
            "--perms 0000\n"
            "--ro-bind-data <descriptor of 0 bytes> /w/key\n"
            "--perms 0111\n"
            "--tmpfs /w/d\n"
            "--perms 0111\n"
            "--dir /w/d/a\n"
            "--bind-fd <descriptor of /w/d/a/b> /w/d/a/b\n"
            "--perms 0000\n"
            "--tmpfs /w/e\n"
            "--remount-ro /w/d\n"
            "--remount-ro /w/e\n"
            "--remount-ro /dev\n"
            "--chdir /\n");
}

TEST(BwrapArgumentsTest, DevicesStayUsable) {
  const std::string text = Mounts(PlanOf({plan::StartFrom{View::kReadOnly}, plan::PrivateDev{},
                                          Shown("/dev/dri", true), Shown("/dev/kvm", false)}));
  EXPECT_NE(text.find("--dev-bind /dev/dri /dev/dri\n--dev-bind /dev/kvm /dev/kvm\n"
                      "--remount-ro /dev/kvm\n--remount-ro /dev\n"),
            std::string::npos)
      << text;
}

TEST(BwrapArgumentsTest, ASetIdBwrapIsAskedForNoCapability) {
  const plan::Plan plan =
      PlanOf({plan::StartFrom{View::kReadOnly}, plan::ProxiedNetwork{true, {}}});
  EXPECT_TRUE(Has(plan, {}, "--cap-add CAP_SYS_PTRACE\n"));
  EXPECT_TRUE(Has(plan, {}, "--cap-add CAP_NET_BIND_SERVICE\n"));
  EXPECT_FALSE(Has(plan, {.set_id = true}, "--cap-add"));
  EXPECT_FALSE(Has(PlanOf({plan::PrivateDev{}}), {.set_id = true}, "--size"));
  EXPECT_FALSE(
      Has(PlanOf({plan::StartFrom{View::kReadOnly}}), {}, "--cap-add CAP_NET_BIND_SERVICE"));
}

TEST(BwrapArgumentsTest, ANameServiceOfItsOwnTakesAFileAndNoSecondUserNamespace) {
  const plan::Plan plan = PlanOf(
      {plan::StartFrom{View::kReadOnly}, plan::PrivateDev{}, plan::ProxiedNetwork{true, {}}});
  const BwrapSituation user{.resolver_file = "/etc/resolv.conf", .uid = 1000};
  EXPECT_TRUE(Has(plan, user, "/etc/resolv.conf\n"));
  EXPECT_FALSE(Has(plan, user, "--dev /dev"));
  EXPECT_TRUE(Has(plan, {.uid = 0}, "--dev /dev"));
  EXPECT_TRUE(
      Has(PlanOf({plan::PrivateDev{}, plan::ProxiedNetwork{false, {}}}), user, "--dev /dev"));
}

TEST(BwrapArgumentsTest, OwnFilesAreMadeBeforeDevIsClosed) {
  const std::string text = Mounts(PlanOf({plan::StartFrom{View::kReadOnly}, plan::PrivateDev{}}),
                                  {.own_files = {{"/dev/ambit/ca", "abc"}}});
  EXPECT_NE(text.find("--perms 0644\n--file <descriptor of 3 bytes> /dev/ambit/ca\n"
                      "--remount-ro /dev\n"),
            std::string::npos)
      << text;
}

TEST(BwrapArgumentsTest, WhatHasToBeFoundIsTold) {
  const BwrapArguments call =
      BwrapArgumentsFor(PlanOf({plan::StartFrom{View::kReadOnly}, plan::FreshProc{},
                                Shown("/w", true), plan::Hide{"/w/key", false, {}, {}, ""}}),
                        {});
  constexpr std::size_t kNone = BwrapMount::kNoPlace;
  EXPECT_EQ(call.mounts, (std::vector<BwrapMount>{{"/", false, false, 0},
                                                  {"/proc/sys", false, false, kNone},
                                                  {"/w", true, false, 1},
                                                  {"/w/key", false, true, kNone}}));
  std::vector<std::string> places;
  for (const BwrapArgument& argument : call.arguments) {
    if (argument.kind == BwrapArgument::Kind::kPlace) places.push_back(argument.text);
  }
  EXPECT_EQ(places, (std::vector<std::string>{"/", "/w"}));
}

TEST(BwrapArgumentsTest, JsonHasOneArrayForEachOption) {
  const std::string json =
      RenderJson(BwrapArgumentsFor(PlanOf({plan::StartFrom{View::kReadOnly}}), {}));
  EXPECT_NE(json.find("[\"--ro-bind-fd\",\"<descriptor of />\",\"/\"]"), std::string::npos) << json;
  EXPECT_EQ(std::ranges::count(json, '['), std::ranges::count(json, ']'));
}

}  // namespace
}  // namespace ambit::plan_linux
