#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace ambit {

/// Where in the user's configuration something came from. `line` and `column` are 1-based;
/// 0 means "no such place" (a built-in profile, a command-line flag).
struct SourceRef {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  bool operator==(const SourceRef&) const = default;
};

/// "file:line:column", without the parts that are 0.
std::string ToString(const SourceRef& ref);

/// What a caller may branch on. Anything finer belongs in Error::message.
enum class ErrorCode : std::uint8_t { kInvalidConfig, kDenied, kNotFound, kUnsupported, kSystem };

struct Error {
  ErrorCode code = ErrorCode::kSystem;
  std::string message;  ///< One line: the object in quotes, then the problem, then the way out.
  int sys_errno = 0;    ///< errno of the failed call; 0 when no system call failed.
  SourceRef where;      ///< The configuration line at fault, when there is one.
};

/// The line a person sees: "file:line:column: message", or only the message when there is no place.
std::string ToString(const Error& error);

/// Shorthand for the error side of a Result: return Fail(ErrorCode::kSystem, "...");
std::unexpected<Error> Fail(ErrorCode code, std::string message, SourceRef where = {});

/// "message: strerror(err)", with the code that fits the errno.
std::unexpected<Error> FailErrno(int err, std::string message);

/// A T or the Error that prevented it. The type is [[nodiscard]]; std::expected itself is not.
template <class T = void>
struct [[nodiscard]] Result : std::expected<T, Error> {
  using std::expected<T, Error>::expected;
};

#define AMBIT_CAT_(a, b) a##b
#define AMBIT_CAT(a, b) AMBIT_CAT_(a, b)
#define AMBIT_TRY_(tmp, decl, ...)                          \
  auto tmp = (__VA_ARGS__);                                 \
  if (!tmp) return std::unexpected(std::move(tmp).error()); \
  decl = *std::move(tmp)
/// AMBIT_TRY(UniqueFd dir, OpenDir(path));  declares `dir`, or returns the error to our caller.
#define AMBIT_TRY(decl, ...) AMBIT_TRY_(AMBIT_CAT(try_, __COUNTER__), decl, __VA_ARGS__)

#define AMBIT_CHECK_(tmp, ...) \
  if (auto tmp = (__VA_ARGS__); !tmp) return std::unexpected(std::move(tmp).error())
/// AMBIT_CHECK(Step());  for a Result<> without a value: goes on, or returns the error.
#define AMBIT_CHECK(...) AMBIT_CHECK_(AMBIT_CAT(check_, __COUNTER__), __VA_ARGS__)

}  // namespace ambit
