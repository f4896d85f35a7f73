#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// What two files of /etc say about this user and this host. Read directly: the resolver of the C
/// library loads modules at run time, which a static program cannot.
namespace ambit::cli {

/// The home directory of `uid` in the text of /etc/passwd (passwd(5)); "" when it has none.
std::string HomeFromPasswd(std::string_view passwd, std::uint32_t uid);

/// The fully qualified form of `name` that the text of /etc/hosts (hosts(5)) gives; `name` itself
/// when it already has a dot or the file knows none.
std::string QualifiedHostName(std::string_view hosts, std::string_view name);

}  // namespace ambit::cli
