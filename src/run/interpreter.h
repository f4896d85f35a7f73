#pragma once

#include <cstddef>
#include <string_view>

namespace ambit::run {

/// The path that the first line of a script names (`#!`, execve(2)); empty for anything else.
/// `head` is what a file begins with.
std::string_view ScriptInterpreter(std::string_view head);

/// Reads the path of the program that the kernel starts together with the program file `fd`: the
/// interpreter of a script, the loader of an ELF file (PT_INTERP, elf(5)). Returns its length with
/// a null after it in `out`, 0 when there is none, -errno.
int ReadInterpreter(int fd, char* out, std::size_t size);

}  // namespace ambit::run
