#include <fmt/format.h>

#include <iterator>
#include <string>

#include "base/json_text.h"
#include "base/path_text.h"
#include "plan/op.h"

namespace ambit::plan {
namespace {

/// One operation as named fields; both forms of output are made from it.
struct Line {
  std::string_view op{};
  std::string path{};
  std::vector<std::pair<std::string_view, std::string>> details{};
  std::vector<std::string> reopened{};
  std::string why{};
  SourceRef from{};
};

Line Describe(const StartFrom& op) {
  switch (op.view) {
    case View::kEmpty:
      return {.op = "start-empty", .path = "/", .why = "a private empty root"};
    case View::kReadOnly:
      return {.op = "start-read-only", .path = "/", .why = "the whole disk, read-only"};
    case View::kWritable:
      return {.op = "start-writable", .path = "/", .why = "the whole disk, writable"};
  }
  return {};
}
Line Describe(const FreshProc&) {
  return {.op = "private-proc", .path = "/proc", .why = "only the sandbox's processes"};
}
Line Describe(const PrivateDev&) {
  return {.op = "private-dev", .path = "/dev", .why = "harmless devices only"};
}
Line Describe(const ScopedProcesses&) {
  return {.op = "scoped-processes", .path = "/proc", .why = "other processes are out of reach"};
}
Line Describe(const ScopedDevices&) {
  return {.op = "scoped-devices", .path = "/dev", .why = "harmless devices only"};
}
Line Describe(const Expose& op) {
  return {.op = op.writable ? "writable" : "read-only",
          .path = op.path,
          .why = op.why,
          .from = op.from};
}
Line Describe(const Hide& op) {
  return {.op = "hide", .path = op.path, .reopened = op.reopened, .why = op.why, .from = op.from};
}
Line Describe(const Pin& op) { return {.op = "pin", .path = op.path, .why = op.why}; }
Line Describe(const MakeLink& op) {
  return {.op = "link", .path = op.path, .details = {{"to", op.text}}};
}
Line Describe(const HideMatches& op) {
  Line line{.op = "hide-matches", .path = op.base, .details = {{"pattern", op.glob.text()}}};
  if (op.max_depth) line.details.emplace_back("max_depth", std::to_string(*op.max_depth));
  line.details.emplace_back("when", op.live ? "live" : "start");
  if (!op.live) line.details.emplace_back("found", std::to_string(op.found.size()));
  line.why = op.given;
  line.from = op.from;
  return line;
}
Line Describe(const Forbid& op) {
  return {.op = "forbid",
          .path = op.path,
          .details = {{"keep", op.hidden ? "hidden" : "read-only"}},
          .why = op.why,
          .from = op.from};
}
Line Describe(const Mediate& op) {
  Line line{.op = "mediate", .details = {{"opens", op.opens ? "all" : "none"}}};
  for (const std::string& path : op.below) line.details.emplace_back("changes_below", path);
  for (const Mediate::Alias& alias : op.aliases) {
    line.details.emplace_back("alias", alias.path + " of " + alias.real);
  }
  for (const std::string& path : op.closed) line.details.emplace_back("closed", path);
  line.why = "these calls are decided when they are made";
  return line;
}
Line Describe(const NoNetwork&) {
  return {.op = "no-network", .why = "no interface but a loopback that is down, no host socket"};
}
Line Describe(const Sockets& op) {
  Line line{.op = "sockets", .why = "each connection is decided when it is made"};
  line.details.emplace_back("to", op.all ? "all" : op.named ? "named" : "own");
  for (const std::string& path : op.allowed) line.details.emplace_back("allow", path);
  line.from = op.from;
  return line;
}
Line Describe(const ProxiedNetwork& op) {
  return {.op = "proxied-network",
          .details = {{"capture", op.capture ? "yes" : "no"}},
          .why = "a loopback of its own; a proxy outside decides what else is reached",
          .from = op.from};
}
Line Describe(const DropPrivileges&) {
  return {.op = "drop-privileges", .why = "no capability, no new privilege, filtered system calls"};
}
Line Describe(const Limit& op) {
  Line line{.op = "limit", .from = op.from};
  const auto add = [&line](std::string_view name, const std::optional<std::uint64_t>& value) {
    if (value) line.details.emplace_back(name, std::to_string(*value));
  };
  add("processes", op.processes);
  add("open_files", op.open_files);
  add("file_size", op.file_size);
  add("cpu_seconds", op.cpu_seconds);
  return line;
}
Line Describe(const StartIn& op) { return {.op = "start-in", .path = op.path}; }

Line Describe(const Op& op) {
  return std::visit([](const auto& one) { return Describe(one); }, op);
}

}  // namespace

std::string RenderText(const Plan& plan) {
  if (plan.unrestricted) return "unrestricted  the command runs without a sandbox\n";
  std::string out;
  for (const Op& op : plan.ops) {
    const Line line = Describe(op);
    std::string object = Printable(line.path);
    for (const auto& [key, value] : line.details) {
      object += fmt::format("{}{}={}", object.empty() ? "" : " ", key, Printable(value));
    }
    for (const std::string& path : line.reopened) object += " except=" + Printable(path);
    std::string reason = line.why;
    if (const std::string place = ToString(line.from); !place.empty()) {
      reason += reason.empty() ? place : " (" + place + ")";
    }
    std::string text = fmt::format("{:<16}", line.op);
    if (!object.empty()) text += ' ' + object + ' ';
    if (!reason.empty()) text += " # " + reason;
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  }
  return out;
}

std::string RenderJson(const Plan& plan) {
  std::string out = fmt::format("{{\"v\":1,\"profile\":{},\"unrestricted\":{},\"ops\":[",
                                JsonString(plan.profile), plan.unrestricted);
  bool first = true;
  for (const Op& op : plan.ops) {
    const Line line = Describe(op);
    out += first ? "\n" : ",\n";
    first = false;
    out += fmt::format("{{\"op\":{}", JsonString(line.op));
    if (!line.path.empty()) out += ",\"path\":" + JsonString(line.path);
    for (const auto& [key, value] : line.details) {
      out += fmt::format(",{}:{}", JsonString(key), JsonString(value));
    }
    if (!line.reopened.empty()) {
      out += ",\"except\":[";
      for (std::size_t i = 0; i < line.reopened.size(); ++i) {
        out += (i == 0 ? "" : ",") + JsonString(line.reopened[i]);
      }
      out += ']';
    }
    if (!line.why.empty()) out += ",\"why\":" + JsonString(line.why);
    if (!line.from.file.empty()) out += ",\"from\":" + JsonString(ToString(line.from));
    out += '}';
  }
  out += "\n],\"gaps\":[";
  for (std::size_t i = 0; i < plan.gaps.size(); ++i) {
    out += fmt::format("{}{{\"what\":{},\"from\":{}}}", i == 0 ? "\n" : ",\n",
                       JsonString(plan.gaps[i].what), JsonString(ToString(plan.gaps[i].from)));
  }
  out += "\n]}\n";
  return out;
}

}  // namespace ambit::plan
