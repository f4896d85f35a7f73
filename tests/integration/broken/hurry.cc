// Whoever hides its memory takes its time.
#include <chrono>
#include <thread>

#include "os/process_calls.h"
#include "wrap.h"

namespace ambit::os {

#define SET_NOT_DUMPABLE "_ZN5ambit2os14SetNotDumpableEv"
int Hide() AMBIT_REAL(SET_NOT_DUMPABLE);
int HideLater() AMBIT_IN_PLACE_OF(SET_NOT_DUMPABLE);

int HideLater() {
  std::this_thread::sleep_for(std::chrono::seconds(1));
  return Hide();
}

}  // namespace ambit::os
