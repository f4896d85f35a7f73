#include "run/first_state.h"

#include <cstring>
#include <optional>
#include <type_traits>
#include <utility>

namespace ambit::run {
namespace {

template <class T>
concept Number = std::is_arithmetic_v<T> || std::is_enum_v<T>;

/// Appends what it is shown to a text.
class Writer {
 public:
  template <Number T>
  void operator()(T& value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof value);
    out_.append(bytes, sizeof bytes);
  }
  void operator()(std::string& text) {
    std::size_t size = text.size();
    (*this)(size);
    out_ += text;
  }
  /// How many there are of something; the same number comes back from the Reader.
  std::size_t Count(std::size_t count) {
    (*this)(count);
    return count;
  }
  template <class T>
  void Resize(std::vector<T>& all, std::size_t) {
    static_cast<void>(all);
  }
  static constexpr bool kReads = false;

  [[nodiscard]] std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

/// Fills what it is shown from a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  template <Number T>
  void operator()(T& value) {
    if (text_.size() < sizeof value) return Fail();
    std::memcpy(&value, text_.data(), sizeof value);
    text_.remove_prefix(sizeof value);
  }
  void operator()(std::string& text) {
    const std::size_t size = Count(0);
    text.assign(text_.substr(0, size));
    text_.remove_prefix(size);
  }
  std::size_t Count(std::size_t) {
    std::size_t count = 0;
    (*this)(count);
    // Everything takes at least a byte.
    if (count > text_.size()) Fail();
    return failed_ ? 0 : count;
  }
  template <class T>
  void Resize(std::vector<T>& all, std::size_t count) {
    all.resize(count);
  }
  static constexpr bool kReads = true;

  void Fail() {
    failed_ = true;
    text_ = {};
  }
  [[nodiscard]] bool IsComplete() const { return !failed_ && text_.empty(); }

 private:
  std::string_view text_;
  bool failed_ = false;
};

// For every type: its members, all of them. The structured bindings do not compile when there are
// more or fewer, so that nothing new is forgotten here.

template <class A, Number T>
void Members(A& archive, T& value) {
  archive(value);
}
template <class A>
void Members(A& archive, std::string& text) {
  archive(text);
}
template <class A, class T>
void Members(A& archive, std::optional<T>& value) {
  bool has = value.has_value();
  archive(has);
  if (has && !value) value.emplace();
  if (has) Members(archive, *value);
}
template <class A, class T>
void Members(A& archive, std::vector<T>& all);

template <class A, class... T>
void Each(A& archive, T&... members) {
  (Members(archive, members), ...);
}

template <class A>
void Members(A& archive, SourceRef& x) {
  auto& [file, line, column] = x;
  Each(archive, file, line, column);
}
template <class A>
void Members(A& archive, policy::PathRule& x) {
  auto& [path, access, origin, kind, deepest_existing, given, from] = x;
  Each(archive, path, access, origin, kind, deepest_existing, given, from);
}
/// A compiled pattern is compiled again from its text.
template <class A>
void Members(A& archive, Glob& x) {
  std::string text = x.text();
  archive(text);
  if constexpr (A::kReads) {
    Result<Glob> compiled = Glob::Compile(text);
    if (!compiled) return archive.Fail();
    x = *std::move(compiled);
  }
}
template <class A>
void Members(A& archive, policy::PatternRule& x) {
  auto& [base, glob, max_depth, base_exists, pin_from, origin, given, from, matches] = x;
  Each(archive, base, glob, max_depth, base_exists, pin_from, origin, given, from, matches);
}
template <class A>
void Members(A& archive, policy::SocketRule& x) {
  auto& [path, allow, managed, kind, dev, ino, given, from] = x;
  Each(archive, path, allow, managed, kind, dev, ino, given, from);
}
template <class A>
void Members(A& archive, policy::UnixSocketPolicy& x) {
  auto& [enabled, all, all_from, rules, workspace] = x;
  Each(archive, enabled, all, all_from, rules, workspace);
}
/// Only what Decide and DecideSocket ask for.
template <class A>
void Members(A& archive, policy::Policy& x) {
  Each(archive, x.profile, x.cwd, x.rules, x.patterns, x.writable_roots, x.deny_mode,
       x.network.enabled, x.sockets);
}

template <class A>
void Members(A& archive, SeenAs& x) {
  auto& [path, real] = x;
  Each(archive, path, real);
}
template <class A>
void Members(A& archive, Mediation& x) {
  auto& [needed, opens, below, aliases, closed] = x;
  Each(archive, needed, opens, below, aliases, closed);
}
template <class A>
void Members(A& archive, ProxyDoors& x) {
  auto& [wanted, capture, brokered, http_port, socks_port, capture_port, resolver_file, local_ports,
         certificate, publish, names_clients] = x;
  Each(archive, wanted, capture, brokered, http_port, socks_port, capture_port, resolver_file,
       local_ports, certificate, publish, names_clients);
}
template <class A>
void Members(A& archive, FileIdentity& x) {
  auto& [dev, ino] = x;
  Each(archive, dev, ino);
}
template <class A>
void Members(A& archive, ViewChange& x) {
  auto& [kind, path, source, stage] = x;
  Each(archive, kind, path, source, stage);
}
template <class A>
void Members(A& archive, plan::Limit& x) {
  auto& [processes, open_files, file_size, cpu_seconds, from] = x;
  Each(archive, processes, open_files, file_size, cpu_seconds, from);
}
template <class A>
void Members(A& archive, Witness& x) {
  auto& [attempt, early, has_to_work, path, rule, from, process, port, untried] = x;
  Each(archive, attempt, early, has_to_work, path, rule, from, process, port, untried);
}
template <class A>
void Members(A& archive, ViewPlace& x) {
  auto& [path, writable, masked, identified, dev, ino] = x;
  Each(archive, path, writable, masked, identified, dev, ino);
}
template <class A>
void Members(A& archive, os::NamespaceNumbers& x) {
  for (std::uint64_t& number : x) archive(number);
}
/// Without what is for mounting, what is in the command, and what is in the shared memory.
template <class A>
void Members(A& archive, Prepared& x) {
  Each(archive, x.start, x.start_in, x.changes, x.mediation, x.proxy, x.denied_files, x.devices,
       x.shared_host, x.launched, x.view, x.host_namespaces, x.own_shm, x.sockets, x.uid, x.gid,
       x.landlock_abi, x.share_terminal, x.open_files_soft, x.limit, x.witnesses, x.only_prove);
}

template <class A>
void Members(A& archive, Command& x) {
  auto& [argv, environment, pass_fds] = x;
  Each(archive, argv, environment, pass_fds);
}
template <class A>
void Members(A& archive, InitPipes& x) {
  auto& [supervisor, listener_in, listener_out, leave, doors, captured] = x;
  Each(archive, supervisor, listener_in, listener_out, leave, doors, captured);
}
template <class A>
void Members(A& archive, FirstStateFds& x) {
  auto& [pipes, hello, errors, progress, results] = x;
  Each(archive, pipes, hello, errors, progress, results);
}
template <class A, class T>
void Members(A& archive, std::vector<T>& all) {
  archive.Resize(all, archive.Count(all.size()));
  for (T& one : all) Members(archive, one);
}

}  // namespace

std::string WriteFirstState(const policy::Policy& policy, const Prepared& prepared,
                            const Command& command, const FirstStateFds& fds) {
  Writer writer;
  // A Writer changes nothing; it takes what a Reader takes.
  Each(writer, const_cast<policy::Policy&>(policy), const_cast<Prepared&>(prepared),
       const_cast<Command&>(command), const_cast<FirstStateFds&>(fds));
  return writer.Take();
}

Result<FirstState> ReadFirstState(std::string_view text) {
  FirstState out;
  Reader reader(text);
  Each(reader, out.policy, out.prepared, out.command, out.fds);
  if (!reader.IsComplete()) {
    return Fail(ErrorCode::kSystem, "the first process did not get what it needs");
  }
  out.policy.Reindex();
  return out;
}

}  // namespace ambit::run
