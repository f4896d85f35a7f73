#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// What is told about a run, one JSON object a line: `"v":1`, `"time"`, `"run"`, `"type"` and the
/// members of the type. No argument and no environment variable of the command is ever among them.
namespace ambit::audit {

/// When, and in which run.
struct Stamp {
  std::uint64_t milliseconds = 0;
  std::string run;  ///< Its id.
};

/// The sandbox stands and the command is about to start.
struct RunStarted {
  std::string profile;
  std::string policy_hash;            ///< SHA-256 of the effective policy, hexadecimal.
  std::string engine;                 ///< "native"; "none" for a profile without a sandbox.
  std::string deny_mode;              ///< "live" or "snapshot"
  std::vector<std::string> verified;  ///< What was tried from inside.
};

/// Something that the command was not allowed to do. To try again is of no use.
struct Denial {
  std::string layer = "filesystem";
  std::string operation;  ///< "open", "create", "rename", …
  std::string object;     ///< A canonical path; any bytes.
  std::string rule;       ///< FILE:LINE of the rule that decided; "" when none covers the object.
  std::string reason;     ///< The rule, in words for people.
  std::string grant;      ///< The smallest grant as lines of TOML; "" when a line has to change.
  std::string advice;     ///< What to do with the grant, or instead, in words for people.
  bool grant_permitted = true;  ///< Whether managed requirements permit it.
  std::string program = {};     ///< Who was refused, as it calls itself; "": not known.
  std::int32_t process = 0;     ///< As the sandbox numbers it.
};

/// The network proxy decided about one request, and this came of it.
struct Connection {
  std::string profile;
  std::string protocol;  ///< "http", "connect", "socks5", "tcp", "dns" or "publish".
  std::string host;      ///< A name or a canonical address.
  std::uint16_t port = 0;
  std::string method;  ///< Of HTTP, else "".
  bool allowed = false;
  std::string reason;           ///< One stable word.
  std::string rule;             ///< The pattern that decided; "" when none did.
  std::string place;            ///< FILE:LINE of it.
  std::string address;          ///< Dialled; "" when nothing was.
  bool address_checked = true;  ///< False: a parent proxy resolved the name.
  std::uint16_t client_port = 0;
  std::int32_t client_process = 0;  ///< As the sandbox numbers it; 0: not known.
  std::string client_program;       ///< What that calls itself; any bytes.
  std::uint64_t bytes_sent = 0;     ///< To the destination.
  std::uint64_t bytes_received = 0;
  std::uint64_t microseconds = 0;
};

struct RunFinished {
  int status = 0;
  std::uint64_t denials = 0;   ///< How often something was denied, as far as it is known.
  std::uint64_t distinct = 0;  ///< How many `denied` events there were.
  std::uint64_t duration_ms = 0;
  std::string error;  ///< Why ambit refused or failed; "" when the command ran.
};

/// The line, without its end.
std::string ToLine(const Stamp& stamp, const RunStarted& event);
std::string ToLine(const Stamp& stamp, const Denial& event);
std::string ToLine(const Stamp& stamp, const Connection& event);
std::string ToLine(const Stamp& stamp, const RunFinished& event);

}  // namespace ambit::audit
