#include "proxy/scrubber.h"

#include <algorithm>

namespace ambit::proxy {

Scrubber::~Scrubber() { Wipe(held_); }

void Scrubber::Add(std::string_view secret, std::string_view shown) {
  if (secret.empty() || secret.size() != shown.size()) return;
  const auto at = std::ranges::find_if(
      pairs_, [&](const Pair& pair) { return pair.secret.size() < secret.size(); });
  pairs_.insert(at, Pair{SecretText(secret), std::string(shown)});
  begins_[static_cast<unsigned char>(secret.front())] = true;
}

Scrubber::Found Scrubber::Look(std::string_view text) const {
  for (const Pair& pair : pairs_) {
    const std::string_view secret = pair.secret.view();
    if (text.starts_with(secret)) return {&pair, false};
    if (text.size() < secret.size() && secret.starts_with(text)) return {nullptr, true};
  }
  return {};
}

std::size_t Scrubber::Settle(std::span<char> bytes, bool whole) const {
  const std::string_view text(bytes.data(), bytes.size());
  std::size_t at = 0;
  while (at < text.size()) {
    if (!begins_[static_cast<unsigned char>(text[at])]) {
      ++at;
      continue;
    }
    std::string_view rest = text.substr(at);
    Found found = Look(rest);
    if (found.needs_more && !whole) return at;
    if (found.needs_more) {
      // There is no more: only what is there as a whole counts.
      const auto fits = std::ranges::find_if(
          pairs_, [rest](const Pair& pair) { return rest.starts_with(pair.secret.view()); });
      found.pair = fits == pairs_.end() ? nullptr : &*fits;
    }
    if (found.pair == nullptr) {
      ++at;
      continue;
    }
    std::ranges::copy(found.pair->shown, bytes.data() + at);
    at += found.pair->shown.size();
  }
  return at;
}

void Scrubber::Replace(std::span<char> bytes) const { Settle(bytes, true); }

void Scrubber::Feed(std::string_view piece, Buffer& out) {
  if (pairs_.empty()) return out.Append(piece);
  const std::size_t size = held_.size() + piece.size();
  char* const room = out.Room(size);
  std::ranges::copy(held_, room);
  std::ranges::copy(piece, room + held_.size());
  const std::size_t settled = Settle({room, size}, false);
  out.Added(settled);
  Wipe(held_);
  held_.assign(room + settled, size - settled);
  Wipe(room + settled, size - settled);
}

void Scrubber::Finish(Buffer& out) {
  Settle(held_, true);
  out.Append(held_);
  Wipe(held_);
}

std::string Scrubbed(const Scrubber& scrubber, std::string_view text) {
  std::string out(text);
  scrubber.Replace(out);
  return out;
}

}  // namespace ambit::proxy
