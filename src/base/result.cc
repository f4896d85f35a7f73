#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace ambit {

std::string ToString(const SourceRef& ref) {
  std::string out = ref.file;
  if (ref.line != 0) out += ':' + std::to_string(ref.line);
  if (ref.line != 0 && ref.column != 0) out += ':' + std::to_string(ref.column);
  return out;
}

std::string ToString(const Error& error) {
  if (error.where.file.empty()) return error.message;
  return ToString(error.where) + ": " + error.message;
}

std::unexpected<Error> Fail(ErrorCode code, std::string message, SourceRef where) {
  return std::unexpected(Error{code, std::move(message), 0, std::move(where)});
}

std::unexpected<Error> FailErrno(int err, std::string message) {
  ErrorCode code = ErrorCode::kSystem;
  if (err == ENOENT) code = ErrorCode::kNotFound;
  if (err == EACCES || err == EPERM) code = ErrorCode::kDenied;
  if (err == ENOSYS || err == EOPNOTSUPP) code = ErrorCode::kUnsupported;
  return std::unexpected(Error{code, std::move(message) + ": " + std::strerror(err), err, {}});
}

}  // namespace ambit
