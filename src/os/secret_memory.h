#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret_text.h"
#include "os/unique_fd.h"

/// Secrets between files, our environment and our processes, so that no copy is left behind.
namespace ambit::os {

/// What a regular file of at most `limit` bytes holds. Errors: it cannot be read, is larger, or is
/// something else.
Result<SecretText> ReadSecretFile(const std::string& path, std::size_t limit);

/// Takes the value of a variable out of the memory that this process was started with, where
/// /proc/PID/environ shows it, for us and for what we fork. The variable is empty from then on.
void WipeVariable(std::string_view name);

/// A descriptor that holds the text in memory of the kernel (memfd_create(2)); nobody can change
/// it. It is closed on exec.
Result<UniqueFd> HoldSecret(std::string_view text);
/// What HoldSecret put there.
Result<SecretText> ReadHeldSecret(int fd);

}  // namespace ambit::os
