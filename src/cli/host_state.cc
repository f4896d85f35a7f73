#include "cli/host_state.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "cli/environment.h"
#include "os/process_info.h"

namespace ambit::cli {
namespace {

constexpr std::size_t kLimit = 64U << 10;

std::string Read(const FileView& files, const std::string& path) {
  const Result<std::string> text = files.ReadFile(path, kLimit);
  return text ? *text : "";
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

std::optional<std::int64_t> ReadNumber(const FileView& files, const std::string& path) {
  const std::string text = Read(files, path);
  const std::string_view digits = Trimmed(text);
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (problem != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

/// The value behind `key` at the beginning of a line; "" when there is none.
std::string_view Value(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(key)) return Trimmed(line.substr(key.size()));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return "";
}

/// As in os-release(5), where a value may stand in quotes.
std::string_view Unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                      text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

void AddWords(std::string_view text, std::vector<std::string>& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end != 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string Container(const FileView& files, const std::vector<std::string>& environment) {
  const auto exists = [&files](const char* path) {
    const Result<FileInfo> info = files.Lstat(path);
    return info && info->kind != FileKind::kMissing;
  };
  if (Lookup(environment, "KUBERNETES_SERVICE_HOST")) return "kubernetes";
  if (exists("/run/.containerenv")) return "podman";
  if (exists("/.dockerenv")) return "docker";
  const std::string told = Read(files, "/run/systemd/container");
  if (!told.empty()) return std::string(Trimmed(told));
  return Lookup(environment, "container").value_or("");
}

/// Ids are passed through one to one by the first user namespace alone.
bool IsMapped(std::string_view uid_map) {
  std::vector<std::string> words;
  AddWords(Trimmed(uid_map), words);
  const std::vector<std::string> all = {"0", "0", "4294967295"};
  return words != all;
}

/// A process's name and its parent.
struct Ancestor {
  std::string name;
  std::string parent;  ///< Its number; "" when nothing is known.
};

/// From "1 (name) S 0 …", where the name may hold anything.
Ancestor ReadAncestor(const FileView& files, const std::string& process) {
  const std::string text = Read(files, "/proc/" + process + "/stat");
  const std::size_t begin = text.find('(');
  const std::size_t end = text.rfind(')');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  std::vector<std::string> words;
  AddWords(std::string_view(text).substr(end + 1), words);
  return {text.substr(begin + 1, end - begin - 1), words.size() > 1 ? words[1] : ""};
}

}  // namespace

bool IsInsideAmbit(const FileView& files) {
  constexpr int kMostAncestors = 100;
  std::string process = "self";
  for (int i = 0; i < kMostAncestors && !process.empty() && process != "0"; ++i) {
    const Ancestor one = ReadAncestor(files, process);
    if (one.name == "ambit-init") return true;
    process = one.parent;
  }
  return false;
}

bool HostState::IsLike(std::string_view family) const {
  return std::ranges::find(families, family) != families.end();
}

HostState ReadHostState(const FileView& files, const std::vector<std::string>& environment) {
  HostState out;
  std::string release = Read(files, "/etc/os-release");
  if (release.empty()) release = Read(files, "/usr/lib/os-release");
  out.distribution = Unquoted(Value(release, "PRETTY_NAME="));
  AddWords(Unquoted(Value(release, "ID=")), out.families);
  AddWords(Unquoted(Value(release, "ID_LIKE=")), out.families);
  out.kernel = os::KernelRelease();
  if (Result<std::string> program = files.ReadLink("/proc/self/exe")) {
    out.program = *std::move(program);
  }
  out.container = Container(files, environment);
  const std::string status = Read(files, "/proc/self/status");
  out.filtered = Value(status, "Seccomp:") == "2";
  out.no_new_privileges = Value(status, "NoNewPrivs:") == "1";
  out.inside_ambit = IsInsideAmbit(files);
  out.in_user_namespace = IsMapped(Read(files, "/proc/self/uid_map"));
  out.max_user_namespaces = ReadNumber(files, "/proc/sys/user/max_user_namespaces");
  out.unprivileged_userns_clone = ReadNumber(files, "/proc/sys/kernel/unprivileged_userns_clone");
  out.apparmor_restricts =
      ReadNumber(files, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
  out.ptrace_scope = ReadNumber(files, "/proc/sys/kernel/yama/ptrace_scope");
  out.security_modules = Trimmed(Read(files, "/sys/kernel/security/lsm"));
  return out;
}

}  // namespace ambit::cli
