# What every target of ours is compiled with. Targets opt in by linking ambit_warnings.
add_library(ambit_warnings INTERFACE)
target_compile_options(ambit_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -Werror=unused-result
  -fvisibility=hidden)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of g++ 12: the first for every optional string, the second for assignments of
  # strings at -O3. clang-tidy looks for the real ones.
  target_compile_options(ambit_warnings INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
else()
  # clang++ sees inside libstdc++ 12, whose stable_sort calls what C++17 deprecated.
  target_compile_options(ambit_warnings INTERFACE -Wno-deprecated-declarations)
endif()
target_compile_definitions(ambit_warnings INTERFACE _FORTIFY_SOURCE=2)
if(AMBIT_SANITIZE)
  # "vptr" looks at memory through a pipe that it makes, which the broker may not.
  target_compile_options(ambit_warnings INTERFACE
    -fsanitize=${AMBIT_SANITIZE} -fno-sanitize=vptr -fno-omit-frame-pointer
    -fno-sanitize-recover=undefined -U_FORTIFY_SOURCE)
  target_link_options(ambit_warnings INTERFACE -fsanitize=${AMBIT_SANITIZE})
endif()
