// An exec may still give privileges.
#include "os/process_calls.h"
#include "wrap.h"

namespace ambit::os {

int AllowNewPrivileges() AMBIT_IN_PLACE_OF("_ZN5ambit2os18SetNoNewPrivilegesEv");

int AllowNewPrivileges() { return 0; }

}  // namespace ambit::os
