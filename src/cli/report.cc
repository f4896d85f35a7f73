#include "cli/report.h"

#include <cstdio>

#include "base/ascii.h"
#include "base/utf8.h"
#include "cli/exit_status.h"

namespace ambit::cli {
namespace {

std::string WithPlace(const SourceRef& where, const std::string& message) {
  return where.file.empty() ? message : ToString(where) + ": " + message;
}

}  // namespace

std::string OneLine(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character next = DecodeUtf8(text);
    const bool control = next.code < 0x20 || (next.code >= 0x7f && next.code < 0xa0);
    if (control || next.code >= kInvalidByteBase) {
      for (const char byte : text.substr(0, next.length)) {
        out += "\\x";
        AppendHex(static_cast<unsigned char>(byte), out);
      }
    } else {
      out += text.substr(0, next.length);
    }
    text.remove_prefix(next.length);
  }
  return out;
}

std::string ErrorLine(const Error& error) {
  return "ambit: error: " + OneLine(WithPlace(error.where, error.message));
}

std::string WarningLine(const config::Notice& notice) {
  return "ambit: warning: " + OneLine(WithPlace(notice.where, notice.message));
}

std::string NoteLine(std::string_view text) { return "ambit: note: " + OneLine(text); }

std::string StepLine(const run::StepTime& step) {
  return "ambit: step " + OneLine(step.name) + " " + std::to_string(step.microseconds);
}

void Say(std::string_view line) {
  const std::string text = std::string(line) + '\n';
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

bool Answer(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (std::fflush(stdout) == 0 && written) return true;
  Say(ErrorLine({ErrorCode::kSystem, "cannot write to standard output", 0, {}}));
  return false;
}

int AnswerOrRefuse(const Result<std::string>& answer) {
  if (answer) return Answer(*answer) ? kSuccess : kRefused;
  Say(ErrorLine(answer.error()));
  return kRefused;
}

}  // namespace ambit::cli
