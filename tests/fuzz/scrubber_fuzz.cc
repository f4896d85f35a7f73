// However a text is cut into pieces, what comes out is the text with every secret replaced: the
// same as a slow and obvious replacement makes of the whole, and no secret is in it. A text without
// a secret comes out as it went in.
//
// The first octet: how many secrets there are. Each secret is an octet that says how long it is,
// and its bytes. The next octet is how many cuts there are; each is an octet too, how long that
// piece is. The rest is the text.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/buffer.h"
#include "proxy/scrubber.h"

namespace {

using namespace ambit::proxy;

void Require(bool condition) {
  if (!condition) std::abort();
}

class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}
  std::size_t Octet() {
    if (rest_.empty()) return 0;
    const auto octet = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return octet;
  }
  std::string_view Text(std::size_t size) {
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(out.size());
    return out;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// An octet that is in no secret: what is shown in their places can be part of none.
char Stranger(const std::vector<std::string_view>& secrets) {
  std::array<bool, 256> used{};
  for (const std::string_view secret : secrets) {
    for (const char c : secret) used[static_cast<unsigned char>(c)] = true;
  }
  return static_cast<char>(std::ranges::find(used, false) - used.begin());
}

std::string Slowly(const std::vector<std::string_view>& secrets, std::string_view text, char mark) {
  std::string out;
  while (!text.empty()) {
    std::size_t longest = 0;
    for (const std::string_view secret : secrets) {
      if (text.starts_with(secret)) longest = std::max(longest, secret.size());
    }
    if (longest == 0) out += text.front();
    out.append(longest, mark);
    text.remove_prefix(std::max<std::size_t>(longest, 1));
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader reader({reinterpret_cast<const char*>(data), size});
  std::vector<std::string_view> secrets(reader.Octet() % 5);
  for (std::string_view& secret : secrets) secret = reader.Text(reader.Octet() % 40);
  std::vector<std::size_t> cuts(reader.Octet() % 16);
  for (std::size_t& cut : cuts) cut = reader.Octet();
  const std::string_view text = reader.rest();

  const char mark = Stranger(secrets);
  Scrubber scrubber;
  std::size_t longest = 1;
  for (const std::string_view secret : secrets) {
    scrubber.Add(secret, std::string(secret.size(), mark));
    longest = std::max(longest, secret.size());
  }
  const std::string expected = Slowly(secrets, text, mark);
  Require(Scrubbed(scrubber, text) == expected);

  Buffer out;
  std::string_view rest = text;
  for (const std::size_t cut : cuts) {
    scrubber.Feed(rest.substr(0, cut), out);
    Require(scrubber.held() < longest);
    rest.remove_prefix(std::min(cut, rest.size()));
  }
  scrubber.Feed(rest, out);
  scrubber.Finish(out);
  Require(scrubber.held() == 0 && out.view() == expected);

  bool had_one = false;
  for (const std::string_view secret : secrets) {
    if (secret.empty()) continue;
    Require(out.view().find(secret) == std::string_view::npos);
    had_one = had_one || text.find(secret) != std::string_view::npos;
  }
  Require(had_one || out.view() == text);
  return 0;
}
