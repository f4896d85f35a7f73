#include "config/problems.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

namespace ambit::config {
namespace {

bool IsAt(const Place& place, const SourceRef& ref) {
  return place.line == ref.line && place.column == ref.column && place.file &&
         *place.file == ref.file;
}

/// What was taken out of a tree.
struct Taken {
  std::optional<SourceRef> holder;  ///< The table or list it was in; nothing for the top.
  bool by_value = false;            ///< Its value starts at the place, not its key.
};

/// Takes the deepest value that starts at `ref`, or whose key does, out of `node`.
std::optional<Taken> TakeOut(Node& node, const SourceRef& ref, bool is_top) {
  const auto holder = [&]() -> std::optional<SourceRef> {
    if (is_top) return std::nullopt;
    return node.where.Ref();
  };
  for (auto item = node.items.begin(); item != node.items.end(); ++item) {
    if (auto taken = TakeOut(*item, ref, false)) return taken;
    if (!IsAt(item->where, ref)) continue;
    node.items.erase(item);
    return Taken{holder(), true};
  }
  for (auto member = node.members.begin(); member != node.members.end(); ++member) {
    if (auto taken = TakeOut(member->value, ref, false)) return taken;
    const bool by_value = IsAt(member->value.where, ref);
    if (!by_value && !IsAt(member->key_place, ref)) continue;
    node.members.erase(member);
    return Taken{holder(), by_value};
  }
  return std::nullopt;
}

}  // namespace

Result<> Tolerate(Result<> result, Problems* problems) {
  if (result || !problems) return result;
  problems->errors.push_back(std::move(result).error());
  return {};
}

Result<> TolerateFile(Result<> result, Problems* problems) {
  if (problems && !result) problems->incomplete = true;
  return Tolerate(std::move(result), problems);
}

bool CheckPiecewise(Node& root, const std::function<Result<>(Node&)>& check, Problems& problems) {
  std::vector<SourceRef> holders;
  std::vector<Error> found;
  bool whole = true;
  while (found.size() < kMaxProblems) {
    const Result<> result = check(root);
    if (result) break;
    const Error& error = result.error();
    const bool told = std::ranges::any_of(found, [&error](const Error& other) {
      return other.where == error.where && other.message == error.message;
    });
    whole = false;
    const auto taken = TakeOut(root, error.where, true);
    const bool follows =
        taken && taken->by_value && std::ranges::find(holders, error.where) != holders.end();
    if (!told && !follows) found.push_back(error);
    if (!taken) break;
    if (taken->holder) holders.push_back(*taken->holder);
  }
  std::ranges::move(found, std::back_inserter(problems.errors));
  return whole;
}

}  // namespace ambit::config
