// The broker ends before anybody has asked it.
#include "run/broker.h"

#include "os/process_calls.h"
#include "wrap.h"

namespace ambit::run {

void EndNow(Broker* broker) AMBIT_IN_PLACE_OF("_ZN5ambit3run6Broker8RehearseEv");

void EndNow(Broker* /*broker*/) { os::ExitNow(1); }

}  // namespace ambit::run
