#include "config/mitm_reader.h"

#include <string_view>

namespace ambit::config {
namespace {

Result<> CheckLists(const TableReader& table, std::string_view key) {
  AMBIT_TRY(const auto lists, table.Table(key));
  if (!lists) return {};
  for (const Member& member : lists->node().members) {
    AMBIT_CHECK(lists->Strings(member.key));
  }
  return {};
}

Result<> CheckHook(const TableReader& hook) {
  static constexpr std::string_view kKeys[] = {"host",    "methods", "path_prefixes", "query",
                                               "headers", "schemes", "ports",         "action"};
  AMBIT_CHECK(hook.RefuseUnknown(kKeys));
  AMBIT_CHECK(hook.String("host"));
  for (const std::string_view key : {"methods", "path_prefixes", "schemes", "action"}) {
    AMBIT_CHECK(hook.Strings(key));
  }
  AMBIT_CHECK(CheckLists(hook, "query"));
  AMBIT_CHECK(CheckLists(hook, "headers"));
  AMBIT_TRY(const auto ports, hook.List("ports"));
  for (const Node& port : ports) {
    if (!port.Is(NodeKind::kInteger) || port.integer < 1 || port.integer > 65535) {
      return Fail(ErrorCode::kInvalidConfig, hook.Name("ports") + " takes ports from 1 to 65535",
                  port.where.Ref());
    }
  }
  return {};
}

Result<> CheckAction(const TableReader& action) {
  static constexpr std::string_view kKeys[] = {"strip_request_headers", "inject_request_headers",
                                               "body_secret_substitution", "aws_sigv4"};
  AMBIT_CHECK(action.RefuseUnknown(kKeys));
  AMBIT_CHECK(action.Strings("strip_request_headers"));
  AMBIT_CHECK(action.List("inject_request_headers"));
  AMBIT_CHECK(action.Table("body_secret_substitution"));
  AMBIT_CHECK(action.Table("aws_sigv4"));
  return {};
}

Result<> CheckEach(const TableReader& table, std::string_view key,
                   Result<> (*check)(const TableReader&)) {
  AMBIT_TRY(const auto entries, table.Table(key));
  if (!entries) return {};
  for (const Member& member : entries->node().members) {
    AMBIT_TRY(const auto entry, entries->Table(member.key));
    AMBIT_CHECK(check(*entry));
  }
  return {};
}

}  // namespace

Result<> CheckMitm(const TableReader& table) {
  static constexpr std::string_view kKeys[] = {"version", "hooks", "actions", "exclude"};
  AMBIT_CHECK(table.RefuseUnknown(kKeys));
  AMBIT_CHECK(table.Integer("version", 2, 2));
  AMBIT_CHECK(CheckEach(table, "hooks", CheckHook));
  AMBIT_CHECK(CheckEach(table, "actions", CheckAction));
  AMBIT_CHECK(table.Strings("exclude"));
  return {};
}

}  // namespace ambit::config
