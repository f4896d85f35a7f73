// Runs a fuzz target without libFuzzer: over every file of a directory, then over mutations of them
// from a generator with a fixed seed, so that each run tries the same inputs.
//
//     fuzz_NAME CORPUS_DIRECTORY [MUTATIONS]
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kMutations = 20'000;
constexpr std::size_t kMostOctets = 4096;

std::vector<std::string> ReadCorpus(const char* directory) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<std::string> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& corpus) : corpus_(corpus) {}

  std::string Next() {
    std::string text = Pick();
    for (std::size_t steps = 1 + Below(4); steps > 0; --steps) Change(text);
    if (text.size() > kMostOctets) text.resize(kMostOctets);
    return text;
  }

 private:
  std::size_t Below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  const std::string& Pick() { return corpus_[Below(corpus_.size())]; }

  void Change(std::string& text) {
    const std::size_t at = Below(text.size() + 1);
    switch (Below(6)) {
      case 0:
        text.insert(at, 1, static_cast<char>(Below(256)));
        break;
      case 1:
        text.erase(at, 1 + Below(4));
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(Below(256));
        break;
      case 3:  // doubles a part of itself
        text.insert(at, text.substr(Below(text.size()), Below(16)));
        break;
      case 4: {
        const std::string& other = Pick();
        text.insert(at, other.substr(Below(other.size()), Below(32)));
        break;
      }
      default:
        text.resize(at);
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_{1};
};

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_DIRECTORY [MUTATIONS]\n", argv[0]);
    return 2;
  }
  const std::vector<std::string> corpus = ReadCorpus(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: no file in %s\n", argv[0], argv[1]);
    return 2;
  }
  const std::size_t mutations = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : kMutations;
  for (const std::string& input : corpus) Run(input);
  Mutator mutator(corpus);
  for (std::size_t i = 0; i < mutations; ++i) Run(mutator.Next());
  std::printf("%zu files and %zu mutations\n", corpus.size(), mutations);
  return 0;
}
