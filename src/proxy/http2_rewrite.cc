#include "proxy/http2_rewrite.h"

#include <algorithm>
#include <string_view>

#include "base/ascii.h"

namespace ambit::proxy {
namespace {

/// Of one connection only (RFC 9113 §8.2.2).
constexpr std::string_view kForOneHop[] = {"connection", "keep-alive", "proxy-connection",
                                           "transfer-encoding", "upgrade"};

/// What is asked for, as a line of HTTP/1.1 has it.
std::string TargetOf(const Http2Request& request) {
  if (request.method == "CONNECT") return request.authority;
  if (request.scheme == "https") return request.path;
  return request.scheme + "://" + request.authority + request.path;
}

void AppendLine(std::string_view name, std::string_view value, Buffer& out) {
  out.Append(name);
  out.Append(": ");
  out.Append(value);
  out.Append("\r\n");
}

}  // namespace

std::vector<std::pair<std::string, std::string>> ToHttp2Fields(const std::vector<Field>& fields) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Field& field : fields) {
    std::string name = Lowered(field.name);
    if (std::ranges::find(kForOneHop, name) != std::end(kForOneHop)) continue;
    out.emplace_back(std::move(name), field.value);
  }
  return out;
}

void RewriteAsHttp1(const Http2Request& request, bool chunked, Buffer& out) {
  out.Append(request.method);
  out.Append(" ");
  out.Append(TargetOf(request));
  out.Append(" HTTP/1.1\r\n");
  if (!request.authority.empty()) AppendLine("Host", request.authority, out);
  for (const auto& [name, value] : request.fields) {
    if (name == "host" && value == request.authority) continue;
    AppendLine(name, value, out);
  }
  if (chunked) AppendLine("Transfer-Encoding", "chunked", out);
  out.Append("\r\n");
}

}  // namespace ambit::proxy
