#include "policy/idna.h"

#include <idn2.h>

#include <memory>

namespace ambit::policy {
namespace {

struct Idn2Free {
  void operator()(char* text) const { idn2_free(text); }
};
using OwnedText = std::unique_ptr<char, Idn2Free>;

}  // namespace

Result<std::string> ToALabel(std::string_view label) {
  char* converted = nullptr;
  const int error = idn2_to_ascii_8z(std::string(label).c_str(), &converted,
                                     IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const OwnedText owned(converted);
  if (error != IDN2_OK) return Fail(ErrorCode::kInvalidConfig, idn2_strerror(error));
  return std::string(owned.get());
}

bool IsALabel(std::string_view label) {
  char* unicode = nullptr;
  const int error = idn2_to_unicode_8z8z(std::string(label).c_str(), &unicode, 0);
  const OwnedText owned(unicode);
  if (error != IDN2_OK || owned.get() == label) return false;
  const auto again = ToALabel(owned.get());
  return again && *again == label;
}

}  // namespace ambit::policy
