#include "trees.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bench {
namespace {

namespace fs = std::filesystem;

void WriteFile(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

void MakeEmptyFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd >= 0) ::close(fd);
}

}  // namespace

Scratch::Scratch() {
  // Not /tmp: it is often a tmpfs, and a private one inside the sandbox.
  std::string name = "/var/tmp/ambit-bench-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) {
    std::perror("cannot make a directory in '/var/tmp'");
    std::exit(1);
  }
  path_ = name;
  fs::create_directory(config_home());
  WriteFile(config_home() + "/config.toml",
            "[permissions.net]\n"
            "extends = ':workspace'\n"
            "[permissions.net.network]\n"
            "enabled = true\n"
            "[permissions.net.network.domains]\n"
            "'example.com' = 'allow'\n"
            "[permissions.deny]\n"
            "extends = ':workspace'\n"
            "[permissions.deny.filesystem.':workspace_roots']\n"
            "'**/*.env' = 'deny'\n");
  WriteFile(path_ + "/system.toml", "");
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void MakeWorkspace(const std::string& path, const TreeSize& size) {
  for (const char* dir : {"/.git/objects", "/.git/refs/heads"}) fs::create_directories(path + dir);
  WriteFile(path + "/.git/HEAD", "ref: refs/heads/main\n");
  // Twenty modules of twenty packages each; the directories are spread over the packages.
  const int files = size.directories * size.files_each;
  int made = 0;
  for (int i = 0; i < size.directories; ++i) {
    const std::string dir = path + "/module" + std::to_string(i % 20) + "/package" +
                            std::to_string(i / 20 % 20) + "/part" + std::to_string(i / 400);
    fs::create_directories(dir);
    for (int f = 0; f < size.files_each; ++f, ++made) {
      // The file is a match when the share of matches so far reaches the next whole number.
      const auto share = [&](int n) { return static_cast<long>(n) * size.matches / files; };
      const char* end = share(made + 1) > share(made) ? ".env" : ".cc";
      MakeEmptyFile(dir + "/source_file_" + std::to_string(f) + end);
    }
  }
}

}  // namespace bench
