#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"
#include "run/run.h"

/// What people see on standard error, one line each: "ambit: KIND: PLACE: text". Control characters
/// are escaped, so that no file name can write to the terminal.
namespace ambit::cli {

/// "ambit: error: FILE:LINE:COL: message", without a line break. The place is left out when there
/// is none.
std::string ErrorLine(const Error& error);
/// "ambit: warning: FILE:LINE:COL: message"
std::string WarningLine(const config::Notice& notice);
/// "ambit: note: text"
std::string NoteLine(std::string_view text);
/// "ambit: step NAME MICROSECONDS", the form that benchmarks read.
std::string StepLine(const run::StepTime& step);

/// `text` with control characters and bytes that are not UTF-8 as \xNN. Quotes and backslashes
/// stay: messages have already escaped the names they quote.
std::string OneLine(std::string_view text);

/// Writes one line to standard error. Nothing is left to do when that fails.
void Say(std::string_view line);

/// Writes a command's answer to standard output. False, after saying so, when it could not be
/// written in full.
[[nodiscard]] bool Answer(std::string_view text);

/// The end of a command that only answers: writes the answer, or the error, and returns the exit
/// status.
int AnswerOrRefuse(const Result<std::string>& answer);

}  // namespace ambit::cli
