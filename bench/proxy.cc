// How much of a direct connection is left through the proxy: bytes of one large transfer, requests
// on kept connections, and new connections. Everything on loopback, one line for each proxy.
//
//   bench_proxy AMBIT [MIB]
//
// tinyproxy(8) and squid(8) are measured beside it where they are installed.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr int kClients = 8;
constexpr int kRounds = 5;
constexpr auto kSpan = std::chrono::milliseconds(1500);
std::uint64_t g_large = std::uint64_t{1} << 30;

double Seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

int Connect(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (fd < 0) Die("socket");
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Reads a head; returns how many bytes of the body came with it, or nothing.
std::optional<std::size_t> ReadHead(int fd, std::string& head) {
  head.clear();
  char piece[4096];
  for (;;) {
    const ssize_t got = recv(fd, piece, sizeof piece, 0);
    if (got <= 0) return std::nullopt;
    head.append(piece, static_cast<std::size_t>(got));
    if (const auto end = head.find("\r\n\r\n"); end != std::string::npos) {
      return head.size() - end - 4;
    }
  }
}

// The origin: "/large" is g_large bytes, everything else a small page.
void ServeOne(int fd) {
  static const std::string block(1 << 20, 'x');
  const std::string small =
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 's');
  const std::string large = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", g_large);
  std::string head;
  while (ReadHead(fd, head)) {
    if (head.find("/large") == std::string::npos) {
      if (!SendAll(fd, small)) break;
      continue;
    }
    if (!SendAll(fd, large)) break;
    for (std::uint64_t left = g_large; left > 0;) {
      const auto size = std::min<std::uint64_t>(left, block.size());
      if (!SendAll(fd, std::string_view(block).substr(0, size))) break;
      left -= size;
    }
  }
  close(fd);
}

/// Starts the origin as a process of its own and returns its port.
std::uint16_t StartOrigin(pid_t& child) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0) Die("bind");
  if (listen(listener, 1024) != 0) Die("listen");
  if (getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) Die("getsockname");
  child = fork();
  if (child == 0) {
    for (;;) {
      const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      const int one = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      std::thread(ServeOne, fd).detach();
    }
  }
  close(listener);
  return ntohs(address.sin_port);
}

/// A way to the origin.
struct Way {
  std::string name;
  std::uint16_t port = 0;  ///< Of the proxy, or of the origin.
  bool proxy = false;
};

std::string Request(const Way& way, std::uint16_t origin, std::string_view path) {
  return fmt::format("GET {}{} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n",
                     way.proxy ? fmt::format("http://127.0.0.1:{}", origin) : "", path, origin);
}

/// Bytes a second of one large transfer; 0 when it fails.
double Bulk(const Way& way, std::uint16_t origin, bool tunnel) {
  const int fd = Connect(way.port);
  if (fd < 0) return 0;
  std::string head;
  Way inner = way;
  if (tunnel && way.proxy) {
    SendAll(fd,
            fmt::format("CONNECT 127.0.0.1:{0} HTTP/1.1\r\nHost: 127.0.0.1:{0}\r\n\r\n", origin));
    if (!ReadHead(fd, head) || head.find(" 200 ") == std::string::npos) return 0;
    inner.proxy = false;
  }
  std::vector<char> buffer(256 << 10);
  const auto began = std::chrono::steady_clock::now();
  SendAll(fd, Request(inner, origin, "/large"));
  const auto early = ReadHead(fd, head);
  if (!early || head.find(" 200 ") == std::string::npos) return 0;
  std::uint64_t count = *early;
  while (count < g_large) {
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) return 0;
    count += static_cast<std::uint64_t>(got);
  }
  const double time = Seconds(std::chrono::steady_clock::now() - began);
  close(fd);
  return static_cast<double>(g_large) / time;
}

/// Requests a second of several clients, each on one connection or each time on a new one.
double Requests(const Way& way, std::uint16_t origin, bool keep) {
  std::atomic<std::uint64_t> done = 0;
  std::atomic<bool> stop = false;
  const std::string request = Request(way, origin, "/");
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&] {
      std::string head;
      int fd = -1;
      while (!stop) {
        if (fd < 0) fd = Connect(way.port);
        if (fd < 0) continue;
        bool good = SendAll(fd, request);
        std::optional<std::size_t> body;
        if (good) body = ReadHead(fd, head);
        good = body && head.find(" 200 ") != std::string::npos;
        while (good && *body < 100) {
          char rest[256];
          const ssize_t got = recv(fd, rest, sizeof rest, 0);
          good = got > 0;
          if (good) *body += static_cast<std::size_t>(got);
        }
        if (good) ++done;
        if (keep && good) continue;
        const linger now{1, 0};  // no port stays taken
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(fd);
        fd = -1;
      }
      if (fd >= 0) close(fd);
    });
  }
  std::this_thread::sleep_for(kSpan);
  stop = true;
  for (std::thread& client : clients) client.join();
  return static_cast<double>(done) / Seconds(std::chrono::steady_clock::now() - began);
}

pid_t Spawn(const std::vector<std::string>& arguments, int out) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    dup2(out, 1);
    execv(argv[0], argv.data());
    _exit(127);
  }
  return child;
}

std::uint16_t FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0) Die("bind");
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

bool WaitFor(std::uint16_t port) {
  for (int i = 0; i < 200; ++i) {
    if (const int fd = Connect(port); fd >= 0) {
      close(fd);
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

Way StartAmbit(const std::string& program, const std::string& top, pid_t& child) {
  std::ofstream(top + "/config.toml")
      << "[permissions.p]\nextends = ':workspace'\n"
         "[permissions.p.network]\nenabled = true\n"
         "[permissions.p.network.domains]\n\"127.0.0.1\" = 'allow'\n";
  int ends[2];
  if (pipe(ends) != 0) Die("pipe");
  child = Spawn({program, "proxy", "--config-home", top, "-P", "p", "-C", top, "--quiet"}, ends[1]);
  close(ends[1]);
  FILE* const out = fdopen(ends[0], "r");
  unsigned port = 0;
  if (out == nullptr || std::fscanf(out, "http http://127.0.0.1:%u", &port) != 1)
    Die("ambit proxy");
  return {"ambit", static_cast<std::uint16_t>(port), true};
}

std::optional<Way> StartTinyproxy(const std::string& top, pid_t& child) {
  if (!std::filesystem::exists("/usr/bin/tinyproxy")) return std::nullopt;
  const std::uint16_t port = FreePort();
  std::ofstream(top + "/tinyproxy.conf") << fmt::format(
      "Port {}\nListen 127.0.0.1\nTimeout 60\nMaxClients 200\nLogLevel Critical\n"
      "LogFile \"{}/tinyproxy.log\"\n",
      port, top);
  child = Spawn({"/usr/bin/tinyproxy", "-d", "-c", top + "/tinyproxy.conf"}, 2);
  if (!WaitFor(port)) return std::nullopt;
  return Way{"tinyproxy", port, true};
}

std::optional<Way> StartSquid(const std::string& top, pid_t& child) {
  if (!std::filesystem::exists("/usr/sbin/squid")) return std::nullopt;
  const std::uint16_t port = FreePort();
  std::ofstream(top + "/squid.conf") << fmt::format(
      "http_port 127.0.0.1:{}\nhttp_access allow all\ncache deny all\ncache_mem 8 MB\n"
      "pid_filename {}/squid.pid\naccess_log none\ncache_log /dev/null\n"
      "coredump_dir {}\nshutdown_lifetime 0 seconds\npinger_enable off\n",
      port, top, top);
  child = Spawn({"/usr/sbin/squid", "-N", "-f", top + "/squid.conf"}, 2);
  if (!WaitFor(port)) return std::nullopt;
  return Way{"squid", port, true};
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Both by turns, so that what else the machine does meets both.
double Ratio(const Way& direct, const Way& way, auto measure, double& absolute) {
  std::vector<double> ratios, values;
  for (int i = 0; i < kRounds; ++i) {
    const double one = measure(direct);
    const double other = measure(way);
    ratios.push_back(one > 0 ? other / one : 0);
    values.push_back(other);
  }
  absolute = Median(values);
  return Median(ratios);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_proxy AMBIT [MIB]\n");
    return 2;
  }
  if (argc > 2) g_large = std::strtoull(argv[2], nullptr, 10) << 20;
  std::signal(SIGPIPE, SIG_IGN);
  char name[] = "/var/tmp/ambit-bench-XXXXXX";
  if (mkdtemp(name) == nullptr) Die("mkdtemp");
  std::filesystem::permissions(name, std::filesystem::perms(0755));
  const std::string top = name;
  std::vector<pid_t> children(4, -1);
  const std::uint16_t origin = StartOrigin(children[0]);
  std::vector<Way> ways = {StartAmbit(argv[1], top, children[1])};
  if (auto way = StartTinyproxy(top, children[2])) ways.push_back(*way);
  if (auto way = StartSquid(top, children[3])) ways.push_back(*way);
  const Way direct{"direct", origin, false};
  fmt::print("{:<10} {:>16} {:>16} {:>18} {:>18}\n", "", "CONNECT MB/s", "GET MB/s",
             "kept requests/s", "new connections/s");
  for (const Way& way : ways) {
    double value[4] = {};
    double ratio[4] = {};
    ratio[0] = Ratio(
        direct, way, [&](const Way& w) { return Bulk(w, origin, true); }, value[0]);
    ratio[1] = Ratio(
        direct, way, [&](const Way& w) { return Bulk(w, origin, false); }, value[1]);
    ratio[2] = Ratio(
        direct, way, [&](const Way& w) { return Requests(w, origin, true); }, value[2]);
    ratio[3] = Ratio(
        direct, way, [&](const Way& w) { return Requests(w, origin, false); }, value[3]);
    fmt::print(
        "{:<10} {:>8.0f} x{:<6.2f} {:>8.0f} x{:<6.2f} {:>10.0f} x{:<6.2f} {:>10.0f} x{:<6.2f}\n",
        way.name, value[0] / 1e6, ratio[0], value[1] / 1e6, ratio[1], value[2], ratio[2], value[3],
        ratio[3]);
    std::fflush(stdout);
  }
  for (const pid_t child : children) {
    if (child <= 0) continue;
    kill(child, SIGTERM);
    waitpid(child, nullptr, 0);
  }
  std::filesystem::remove_all(top);
  return 0;
}
