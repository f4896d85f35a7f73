#pragma once

#include "cli/options.h"

namespace ambit::cli {

/// The commands. Each prints its answer and its problems and returns the exit status.
int Run(const Options& options);
int Plan(const Options& options);
int Explain(const Options& options);
int Check(const Options& options);
int Profiles(const Options& options);
int Verify(const Options& options);
int Doctor(const Options& options);
int Proxy(const Options& options);
int Trust(const Options& options);
int Untrust(const Options& options);
int Denials(const Options& options);
int Connect(const Options& options);
int Completion(const Options& options);

}  // namespace ambit::cli
