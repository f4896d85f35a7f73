// The sandbox has the network of the host, however its namespaces are made.
#include <linux/sched.h>
#include <sys/syscall.h>

#include <cstdarg>
#include <cstring>

#include "os/process_calls.h"
#include "wrap.h"

namespace ambit::os {

int MakeNoNetwork() AMBIT_IN_PLACE_OF("_ZN5ambit2os15EnterNewNetworkEv");
int StayInNetwork(int holder) AMBIT_IN_PLACE_OF("_ZN5ambit2os14EnterNetworkOfEi");

int MakeNoNetwork() { return 0; }

int StayInNetwork(int /*holder*/) { return 0; }

}  // namespace ambit::os

extern "C" {

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...) {
  std::va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  clone_args shared{};
  if (number == SYS_clone3) {
    std::memcpy(&shared, reinterpret_cast<const void*>(arguments[0]), sizeof shared);
    shared.flags &= ~static_cast<unsigned long long>(CLONE_NEWNET);
    arguments[0] = reinterpret_cast<long>(&shared);
  }
  return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
                        arguments[4], arguments[5]);
}

}  // extern "C"
