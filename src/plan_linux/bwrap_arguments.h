#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "plan/op.h"

/// What the program bwrap(1) is told, so that it makes the namespaces and the coarse mounts of a
/// plan. Everything finer is decided call by call inside. Pure.
namespace ambit::plan_linux {

/// One argument. Where bwrap wants a descriptor, `text` says what it is of.
struct BwrapArgument {
  enum class Kind : std::uint8_t {
    kText,
    kPlace,  ///< The number of a descriptor of the place `text`.
    kData,   ///< The number of a descriptor to read `text` from.
  };
  Kind kind = Kind::kText;
  std::string text;

  bool operator==(const BwrapArgument&) const = default;
};

/// What the view has to be when bwrap is done.
struct BwrapMount {
  std::string path;
  bool writable = false;
  bool mask = false;  ///< Something empty, and not what the host has there.
  /// The index of its descriptor among the arguments of kind kPlace; kNoPlace: bwrap got a path.
  std::size_t place = kNoPlace;
  static constexpr std::size_t kNoPlace = ~std::size_t{0};

  bool operator==(const BwrapMount&) const = default;
};

struct BwrapArguments {
  std::vector<BwrapArgument> arguments;  ///< Without the program to run.
  /// In the order in which they are made, so that of several that cover a path the last one counts.
  /// The first is for "/".
  std::vector<BwrapMount> mounts;
};

/// A file of the sandbox's own: its path, below /dev, and its content.
struct BwrapFile {
  std::string path;
  std::string text;
};

/// What a plan does not say.
struct BwrapSituation {
  /// A bwrap with its own privileges, which gives none on.
  bool set_id = false;
  /// The file that tells programs where to ask for names, when that is to be the proxy.
  std::string resolver_file{};
  std::vector<BwrapFile> own_files{};
  std::uint32_t uid = 0;
};

BwrapArguments BwrapArgumentsFor(const plan::Plan& plan, const BwrapSituation& situation);

/// One line per option, for people.
std::string RenderText(const BwrapArguments& call);
/// The same as an array of arrays of strings, one for each option.
std::string RenderJson(const BwrapArguments& call);

}  // namespace ambit::plan_linux
