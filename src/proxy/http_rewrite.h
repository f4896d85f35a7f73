#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/destination.h"
#include "proxy/buffer.h"
#include "proxy/request_head.h"
#include "proxy/response_head.h"
#include "proxy/service.h"

/// What is sent on of a head: everything but what is for one hop only. Nothing is added about the
/// client or about us.
namespace ambit::proxy {

/// "host", or "host:port" when it is not the usual port.
std::string HostValue(const policy::Destination& to, std::uint16_t usual_port);
/// What the origin is asked for.
std::string TargetOf(const RequestHead& request);
/// Whether the origin gets this one of the request's fields as it is.
bool IsSentOn(const Field& field, const std::vector<Field>& fields);

/// The request for the origin `to`, or for the parent proxy in front of it when there is one. Host
/// says what was decided about, however the client wrote it; it leaves `usual_port` out.
void RewriteRequest(const RequestHead& request, const policy::Destination& to,
                    std::uint16_t usual_port, const ParentProxy* parent, Buffer& out);

/// The final response. `framing` is that of the body that follows.
void RewriteResponse(const ResponseHead& response, Framing framing, bool keep_alive, bool upgrade,
                     Buffer& out);

/// A response before the final one.
void RewriteInterim(const ResponseHead& response, Buffer& out);

/// One chunk of a body, nothing for no data; and the end of the body.
void AppendChunk(std::string_view data, Buffer& out);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace ambit::proxy
