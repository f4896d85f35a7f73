#include "proxy/http_rewrite.h"

#include <charconv>
#include <string>

#include "base/ascii.h"

namespace ambit::proxy {
namespace {

void AppendField(std::string_view name, std::string_view value, Buffer& out) {
  out.Append(name);
  out.Append(": ");
  out.Append(value);
  out.Append("\r\n");
}

bool IsForWholeServer(const RequestHead& request) {
  return request.form == TargetForm::kAsterisk ||
         (request.form == TargetForm::kAbsolute && request.path.empty() &&
          request.method == "OPTIONS");
}

void AppendTarget(const RequestHead& request, const std::string& host, const ParentProxy* parent,
                  Buffer& out) {
  if (parent == nullptr) return out.Append(TargetOf(request));
  out.Append("http://");
  out.Append(host);
  if (!IsForWholeServer(request)) out.Append(TargetOf(request));
}

bool IsSkipped(const Field& field) {
  return EqualsIgnoreCase(field.name, "host") || EqualsIgnoreCase(field.name, "content-length") ||
         EqualsIgnoreCase(field.name, "expect");
}

void AppendStatus(const ResponseHead& response, Buffer& out) {
  out.Append("HTTP/1.1 ");
  char digits[4];
  std::to_chars(digits, digits + sizeof digits, response.status);
  out.Append({digits, 3});
  out.Append(" ");
  out.Append(response.reason);
  out.Append("\r\n");
}

void AppendLength(std::uint64_t length, Buffer& out) {
  AppendField("Content-Length", std::to_string(length), out);
}

}  // namespace

std::string HostValue(const policy::Destination& to, std::uint16_t usual_port) {
  const std::string text = to.Text();
  return to.port == usual_port ? text.substr(0, text.rfind(':')) : text;
}

std::string TargetOf(const RequestHead& request) {
  if (IsForWholeServer(request)) return "*";
  std::string out(request.path.starts_with('/') ? "" : "/");
  return out.append(request.path);
}

bool IsSentOn(const Field& field, const std::vector<Field>& fields) {
  return !IsSkipped(field) && !IsHopByHop(field, fields);
}

void RewriteRequest(const RequestHead& request, const policy::Destination& to,
                    std::uint16_t usual_port, const ParentProxy* parent, Buffer& out) {
  const std::string host = HostValue(to, usual_port);
  out.Append(request.method);
  out.Append(" ");
  AppendTarget(request, host, parent, out);
  out.Append(" HTTP/1.1\r\n");
  AppendField("Host", host, out);
  for (const Field& field : request.fields) {
    if (IsSentOn(field, request.fields)) AppendField(field.name, field.value, out);
  }
  if (request.framing == Framing::kChunked) {
    AppendField("Transfer-Encoding", "chunked", out);
  } else if (request.summary.content_length) {
    AppendLength(*request.summary.content_length, out);
  }
  if (request.websocket) {
    AppendField("Connection", "Upgrade", out);
    AppendField("Upgrade", "websocket", out);
  }
  if (parent != nullptr && !parent->authorization.empty()) {
    AppendField("Proxy-Authorization", parent->authorization, out);
  }
  out.Append("\r\n");
}

void RewriteResponse(const ResponseHead& response, Framing framing, bool keep_alive, bool upgrade,
                     Buffer& out) {
  AppendStatus(response, out);
  for (const Field& field : response.fields) {
    if (EqualsIgnoreCase(field.name, "content-length")) continue;
    if (IsHopByHop(field, response.fields)) continue;
    AppendField(field.name, field.value, out);
  }
  if (framing == Framing::kChunked) {
    AppendField("Transfer-Encoding", "chunked", out);
  } else if (response.summary.content_length && framing != Framing::kUntilClose) {
    AppendLength(*response.summary.content_length, out);
  }
  if (upgrade) {
    AppendField("Connection", "Upgrade", out);
    AppendField("Upgrade", "websocket", out);
  } else {
    AppendField("Connection", keep_alive ? "keep-alive" : "close", out);
  }
  out.Append("\r\n");
}

void RewriteInterim(const ResponseHead& response, Buffer& out) {
  AppendStatus(response, out);
  for (const Field& field : response.fields) {
    if (EqualsIgnoreCase(field.name, "content-length")) continue;
    if (IsHopByHop(field, response.fields)) continue;
    AppendField(field.name, field.value, out);
  }
  out.Append("\r\n");
}

void AppendChunk(std::string_view data, Buffer& out) {
  if (data.empty()) return;
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, data.size(), 16);
  out.Append({digits, static_cast<std::size_t>(end.ptr - digits)});
  out.Append("\r\n");
  out.Append(data);
  out.Append("\r\n");
}

}  // namespace ambit::proxy
