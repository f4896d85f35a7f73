#pragma once

#include <string>
#include <utility>
#include <vector>

#include "proxy/buffer.h"
#include "proxy/http2_connection.h"
#include "proxy/http_fields.h"

/// Between HTTP/2 and HTTP/1.1 (RFC 9113 §8). Nothing is judged here: whoever reads what is written
/// decides.
namespace ambit::proxy {

/// The request as the head of one in HTTP/1.1; `chunked` says that a body of unknown length
/// follows. Both `:authority` and a Host of another text go on, so that they are seen to differ.
void RewriteAsHttp1(const Http2Request& request, bool chunked, Buffer& out);

/// The fields of an answer: names in lower case, without those that are for one hop only.
std::vector<std::pair<std::string, std::string>> ToHttp2Fields(const std::vector<Field>& fields);

}  // namespace ambit::proxy
