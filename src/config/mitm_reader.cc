#include "config/mitm_reader.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ambit::config {
namespace {

constexpr std::int64_t kMostBody = std::int64_t{16} << 20;

using Lists = std::map<std::string, Placed<std::vector<std::string>>>;

/// A table of lists of strings.
Result<Lists> ReadLists(const TableReader& table, std::string_view key) {
  Lists out;
  AMBIT_TRY(const auto lists, table.Table(key));
  if (!lists) return out;
  for (const Member& member : lists->node().members) {
    AMBIT_TRY(auto values, lists->Strings(member.key));
    Placed<std::vector<std::string>>& list = out[member.key];
    list.from = member.key_place.Ref();
    for (auto& value : values) list.value.push_back(std::move(value.value));
  }
  return out;
}

Result<Placed<std::uint16_t>> ReadPort(const Node& port, const std::string& name) {
  if (!port.Is(NodeKind::kInteger) || port.integer < 1 || port.integer > 65535) {
    return Fail(ErrorCode::kInvalidConfig, name + " takes ports from 1 to 65535", port.where.Ref());
  }
  return Placed<std::uint16_t>{static_cast<std::uint16_t>(port.integer), port.where.Ref()};
}

Result<std::vector<Placed<std::uint16_t>>> ReadPorts(const TableReader& hook) {
  std::vector<Placed<std::uint16_t>> out;
  AMBIT_TRY(const auto ports, hook.List("ports"));
  for (const Node& port : ports) {
    AMBIT_TRY(out.emplace_back(), ReadPort(port, hook.Name("ports")));
  }
  return out;
}

Result<MitmHookTable> ReadHook(const TableReader& hook) {
  static constexpr std::string_view kKeys[] = {
      "host", "methods", "path_prefixes", "query", "headers", "schemes", "ports", "action", "body"};
  static constexpr std::string_view kSchemes[] = {"https", "http"};
  AMBIT_CHECK(hook.RefuseUnknown(kKeys));
  MitmHookTable out;
  out.from = hook.node().where.Ref();
  AMBIT_TRY(out.host, hook.String("host"));
  AMBIT_TRY(out.methods, hook.Strings("methods"));
  AMBIT_TRY(out.path_prefixes, hook.Strings("path_prefixes"));
  AMBIT_TRY(out.query, ReadLists(hook, "query"));
  AMBIT_TRY(out.headers, ReadLists(hook, "headers"));
  AMBIT_TRY(const auto schemes, hook.List("schemes"));
  for (const Node& scheme : schemes) {
    AMBIT_TRY(std::string word, ReadWord(scheme, hook.Name("schemes"), kSchemes));
    out.schemes.push_back({std::move(word), scheme.where.Ref()});
  }
  AMBIT_TRY(out.ports, ReadPorts(hook));
  AMBIT_TRY(out.actions, hook.Strings("action"));
  if (const Member* const body = hook.node().FindMember("body")) out.body = body->key_place.Ref();
  return out;
}

Result<InjectedHeaderTable> ReadInjected(const TableReader& action, const Node& item) {
  static constexpr std::string_view kKeys[] = {"name", "secret_env_var", "secret_file", "prefix",
                                               "placeholder"};
  if (!item.Is(NodeKind::kTable)) {
    return WrongType(action.Name("inject_request_headers"), "a list of tables", item);
  }
  const TableReader table(item, ChildPath(action.path(), "inject_request_headers"));
  AMBIT_CHECK(table.RefuseUnknown(kKeys));
  InjectedHeaderTable out;
  out.from = item.where.Ref();
  AMBIT_TRY(auto name, table.String("name"));
  AMBIT_TRY(out.env, table.String("secret_env_var"));
  AMBIT_TRY(out.file, table.String("secret_file"));
  AMBIT_TRY(out.prefix, table.String("prefix"));
  AMBIT_TRY(out.placeholder, table.String("placeholder"));
  if (!name) {
    return Fail(ErrorCode::kInvalidConfig,
                table.Name("name") + " is missing; write the header's name", out.from);
  }
  out.name = *std::move(name);
  if (out.env.has_value() == out.file.has_value()) {
    return Fail(ErrorCode::kInvalidConfig,
                "an entry of " + action.Name("inject_request_headers") +
                    " must say where the secret is: either 'secret_env_var' or 'secret_file'",
                out.from);
  }
  return out;
}

/// `secret = { env_var = "NAME" }` or `{ file = "PATH" }`.
Result<> ReadSecret(const TableReader& table, BodyReplacementTable& out) {
  static constexpr std::string_view kKeys[] = {"env_var", "file"};
  AMBIT_TRY(const auto secret, table.Table("secret"));
  if (secret) {
    AMBIT_CHECK(secret->RefuseUnknown(kKeys));
    AMBIT_TRY(out.env, secret->String("env_var"));
    AMBIT_TRY(out.file, secret->String("file"));
  }
  if (out.env.has_value() != out.file.has_value()) return {};
  return Fail(ErrorCode::kInvalidConfig,
              table.Name("secret") +
                  " must say where the secret is: either { env_var = \"NAME\" } or "
                  "{ file = \"/PATH\" }",
              secret ? secret->node().where.Ref() : table.node().where.Ref());
}

Result<BodyReplacementTable> ReadReplacement(const TableReader& body, const Node& item) {
  static constexpr std::string_view kKeys[] = {"placeholder", "secret"};
  if (!item.Is(NodeKind::kTable)) {
    return WrongType(body.Name("replacements"), "a list of tables", item);
  }
  const TableReader table(item, ChildPath(body.path(), "replacements"));
  AMBIT_CHECK(table.RefuseUnknown(kKeys));
  BodyReplacementTable out;
  AMBIT_TRY(auto placeholder, table.String("placeholder"));
  if (!placeholder) {
    return Fail(ErrorCode::kInvalidConfig,
                table.Name("placeholder") + " is missing; write what the command puts in bodies",
                item.where.Ref());
  }
  out.placeholder = *std::move(placeholder);
  AMBIT_CHECK(ReadSecret(table, out));
  return out;
}

Result<std::optional<BodySubstitutionTable>> ReadBody(const TableReader& action) {
  static constexpr std::string_view kKeys[] = {"replacements", "port", "max_body_bytes"};
  AMBIT_TRY(const auto table, action.Table("body_secret_substitution"));
  if (!table) return std::optional<BodySubstitutionTable>();
  AMBIT_CHECK(table->RefuseUnknown(kKeys));
  BodySubstitutionTable out;
  out.from = action.node().FindMember("body_secret_substitution")->key_place.Ref();
  AMBIT_TRY(const auto replacements, table->List("replacements"));
  for (const Node& item : replacements) {
    AMBIT_TRY(BodyReplacementTable replacement, ReadReplacement(*table, item));
    out.replacements.push_back(std::move(replacement));
  }
  if (const Member* const port = table->node().FindMember("port")) {
    AMBIT_TRY(out.port, ReadPort(port->value, table->Name("port")));
  }
  AMBIT_TRY(out.max_body_bytes, table->Integer("max_body_bytes", 1, kMostBody));
  return std::optional(std::move(out));
}

Result<std::optional<SecretTable>> ReadSecretTable(const TableReader& signing,
                                                   std::string_view key) {
  static constexpr std::string_view kKeys[] = {"env_var", "file"};
  AMBIT_TRY(const auto table, signing.Table(key));
  if (!table) return std::optional<SecretTable>();
  AMBIT_CHECK(table->RefuseUnknown(kKeys));
  SecretTable out;
  out.from = table->node().where.Ref();
  AMBIT_TRY(out.env, table->String("env_var"));
  AMBIT_TRY(out.file, table->String("file"));
  return std::optional(std::move(out));
}

Result<std::optional<SigningTable>> ReadSigning(const TableReader& action) {
  static constexpr std::string_view kKeys[] = {
      "placeholder_access_key_id", "region",        "service", "access_key_id",
      "secret_access_key",         "session_token", "port",    "max_body_bytes"};
  AMBIT_TRY(const auto table, action.Table("aws_sigv4"));
  if (!table) return std::optional<SigningTable>();
  AMBIT_CHECK(table->RefuseUnknown(kKeys));
  SigningTable out;
  out.from = action.node().FindMember("aws_sigv4")->key_place.Ref();
  AMBIT_TRY(out.placeholder, table->String("placeholder_access_key_id"));
  AMBIT_TRY(out.region, table->String("region"));
  AMBIT_TRY(out.service, table->String("service"));
  AMBIT_TRY(out.access_key_id, ReadSecretTable(*table, "access_key_id"));
  AMBIT_TRY(out.secret_access_key, ReadSecretTable(*table, "secret_access_key"));
  AMBIT_TRY(out.session_token, ReadSecretTable(*table, "session_token"));
  if (const Member* const port = table->node().FindMember("port")) {
    AMBIT_TRY(out.port, ReadPort(port->value, table->Name("port")));
  }
  AMBIT_TRY(out.max_body_bytes, table->Integer("max_body_bytes", 1, kMostBody));
  return std::optional(std::move(out));
}

Result<MitmActionTable> ReadAction(const TableReader& action) {
  static constexpr std::string_view kKeys[] = {"strip_request_headers", "inject_request_headers",
                                               "body_secret_substitution", "aws_sigv4"};
  AMBIT_CHECK(action.RefuseUnknown(kKeys));
  MitmActionTable out;
  out.from = action.node().where.Ref();
  AMBIT_TRY(out.strip, action.Strings("strip_request_headers"));
  AMBIT_TRY(const auto injected, action.List("inject_request_headers"));
  for (const Node& item : injected) {
    AMBIT_TRY(InjectedHeaderTable header, ReadInjected(action, item));
    out.inject.push_back(std::move(header));
  }
  AMBIT_TRY(out.body, ReadBody(action));
  AMBIT_TRY(out.aws_sigv4, ReadSigning(action));
  return out;
}

}  // namespace

Result<MitmTable> ReadMitm(const TableReader& table) {
  static constexpr std::string_view kKeys[] = {"version", "hooks", "actions", "exclude"};
  AMBIT_CHECK(table.RefuseUnknown(kKeys));
  MitmTable out;
  AMBIT_TRY(out.version, table.Integer("version", 1));
  if (out.version && out.version->value != 2) {
    return Fail(ErrorCode::kInvalidConfig,
                table.Name("version") + " must be 2, not " + std::to_string(out.version->value) +
                    "; leave it out for the form without 'schemes', 'ports' and 'placeholder'",
                out.version->from);
  }
  AMBIT_TRY(const auto hooks, table.Table("hooks"));
  if (hooks) {
    for (const Member& member : hooks->node().members) {
      AMBIT_TRY(const auto entry, hooks->Table(member.key));
      AMBIT_TRY(MitmHookTable hook, ReadHook(*entry));
      hook.name = member.key;
      out.hooks.push_back(std::move(hook));
    }
  }
  AMBIT_TRY(const auto actions, table.Table("actions"));
  if (actions) {
    for (const Member& member : actions->node().members) {
      AMBIT_TRY(const auto entry, actions->Table(member.key));
      AMBIT_TRY(out.actions[member.key], ReadAction(*entry));
    }
  }
  AMBIT_TRY(out.exclude, table.Strings("exclude"));
  return out;
}

}  // namespace ambit::config
