// The command's process is never through with exec, as on a filesystem that does not answer.
#include <unistd.h>

#include "run/exec_command.h"
#include "wrap.h"

namespace ambit::run {

int ExecNever(Prepared& prepared) AMBIT_IN_PLACE_OF("_ZN5ambit3run11ExecCommandERNS0_8PreparedE");

int ExecNever(Prepared& /*prepared*/) {
  for (;;) ::pause();
}

}  // namespace ambit::run
