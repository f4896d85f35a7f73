// The capabilities in the sandbox's own user namespace are kept.
#include "os/process_calls.h"
#include "wrap.h"

namespace ambit::os {

int KeepCapabilities(bool keep_trace) AMBIT_IN_PLACE_OF("_ZN5ambit2os16DropCapabilitiesEb");
int KeepLastCapability() AMBIT_IN_PLACE_OF("_ZN5ambit2os18DropLastCapabilityEv");

int KeepCapabilities(bool /*keep_trace*/) { return 0; }

int KeepLastCapability() { return 0; }

}  // namespace ambit::os
