#include "audit/event.h"

#include "audit/flat_json.h"
#include "audit/time_text.h"

namespace ambit::audit {
namespace {

FlatJson Begin(const Stamp& stamp, std::string_view type) {
  FlatJson out;
  out.Number("v", 1)
      .Text("time", ToRfc3339(stamp.milliseconds))
      .Text("run", stamp.run)
      .Text("type", type);
  return out;
}

}  // namespace

std::string ToLine(const Stamp& stamp, const RunStarted& event) {
  FlatJson out = Begin(stamp, "run.started");
  out.Text("profile", event.profile)
      .Text("policy_hash", event.policy_hash)
      .Text("engine", event.engine)
      .Text("deny_mode", event.deny_mode)
      .List("verified", event.verified);
  return std::move(out).Take();
}

std::string ToLine(const Stamp& stamp, const Denial& event) {
  FlatJson out = Begin(stamp, "denied");
  out.Text("layer", event.layer)
      .Text("operation", event.operation)
      .Text("object", event.object)
      .TextOrNull("rule", event.rule)
      .Text("reason", event.reason)
      .TextOrNull("grant", event.grant)
      .Text("advice", event.advice)
      .Boolean("grant_permitted", event.grant_permitted)
      .NumberOrNull("pid", event.process)
      .TextOrNull("comm", event.program)
      .Boolean("retry_helps", false);
  return std::move(out).Take();
}

std::string ToLine(const Stamp& stamp, const Connection& event) {
  FlatJson out = Begin(stamp, "connection");
  out.Text("profile", event.profile)
      .Text("protocol", event.protocol)
      .Text("host", event.host)
      .Number("port", event.port)
      .TextOrNull("method", event.method)
      .Text("decision", event.allowed ? "allow" : "deny")
      .Text("reason", event.reason)
      .TextOrNull("rule", event.rule)
      .TextOrNull("from", event.place)
      .TextOrNull("address", event.address)
      .Boolean("address_checked", event.address_checked)
      .Number("client_port", event.client_port)
      .NumberOrNull("pid", event.client_process)
      .TextOrNull("comm", event.client_program)
      .Number("bytes_sent", static_cast<std::int64_t>(event.bytes_sent))
      .Number("bytes_received", static_cast<std::int64_t>(event.bytes_received))
      .Number("duration_us", static_cast<std::int64_t>(event.microseconds));
  return std::move(out).Take();
}

std::string ToLine(const Stamp& stamp, const RunFinished& event) {
  FlatJson out = Begin(stamp, "run.finished");
  out.Number("status", event.status)
      .Number("denials", static_cast<std::int64_t>(event.denials))
      .Number("distinct_denials", static_cast<std::int64_t>(event.distinct))
      .Number("duration_ms", static_cast<std::int64_t>(event.duration_ms))
      .TextOrNull("error", event.error);
  return std::move(out).Take();
}

}  // namespace ambit::audit
