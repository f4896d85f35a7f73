#include "config/node.h"

#include <algorithm>
#include <utility>

namespace ambit::config {
namespace {

auto LowerBound(auto& members, std::string_view key) {
  return std::lower_bound(members.begin(), members.end(), key,
                          [](const Member& member, std::string_view k) { return member.key < k; });
}

}  // namespace

SourceRef Place::Ref() const { return {file ? *file : std::string(), line, column}; }

Place NamedPlace(std::string name) {
  return {std::make_shared<const std::string>(std::move(name)), 0, 0};
}

std::string_view KindName(NodeKind kind) {
  switch (kind) {
    case NodeKind::kString:
      return "a string";
    case NodeKind::kInteger:
      return "an integer";
    case NodeKind::kFloat:
      return "a decimal number";
    case NodeKind::kBoolean:
      return "a boolean";
    case NodeKind::kDateTime:
      return "a date or time";
    case NodeKind::kArray:
      return "a list";
    case NodeKind::kTable:
      return "a table";
  }
  return "a value";
}

const Member* Node::FindMember(std::string_view key) const {
  const auto at = LowerBound(members, key);
  return at != members.end() && at->key == key ? &*at : nullptr;
}

const Node* Node::Find(std::string_view key) const {
  const Member* member = FindMember(key);
  return member ? &member->value : nullptr;
}

Node* Node::Find(std::string_view key) {
  const auto at = LowerBound(members, key);
  return at != members.end() && at->key == key ? &at->value : nullptr;
}

void Node::Set(std::string key, Place key_place, Node value) {
  const auto at = LowerBound(members, key);
  Member member{std::move(key), std::move(key_place), std::move(value)};
  if (at != members.end() && at->key == member.key) {
    *at = std::move(member);
  } else {
    members.insert(at, std::move(member));
  }
}

void Node::Erase(std::string_view key) {
  const auto at = LowerBound(members, key);
  if (at != members.end() && at->key == key) members.erase(at);
}

Node StringNode(std::string text, Place where) {
  Node node;
  node.kind = NodeKind::kString;
  node.where = std::move(where);
  node.text = std::move(text);
  return node;
}

Node BooleanNode(bool value, Place where) {
  Node node;
  node.kind = NodeKind::kBoolean;
  node.where = std::move(where);
  node.boolean = value;
  return node;
}

Node TableNode(Place where) {
  Node node;
  node.where = std::move(where);
  return node;
}

}  // namespace ambit::config
