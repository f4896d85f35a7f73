// The compiled half of fmt, once: Debian ships it only as a shared library, which a static program
// cannot use, and as headers, which would be compiled again for every file that formats something.
#include <fmt/format-inl.h>

namespace fmt::detail {
template thousands_sep_result<char> thousands_sep_impl(locale_ref);
template char decimal_point_impl(locale_ref);
}  // namespace fmt::detail
