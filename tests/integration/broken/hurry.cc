// Whoever hides its memory takes its time, and so do processes that begin.
#include <chrono>
#include <thread>

#include "os/process_calls.h"
#include "wrap.h"

namespace ambit::os {

#define SET_NOT_DUMPABLE "_ZN5ambit2os14SetNotDumpableEv"
int Hide() AMBIT_REAL(SET_NOT_DUMPABLE);
int HideLater() AMBIT_IN_PLACE_OF(SET_NOT_DUMPABLE);

#define DIE_WITH_PARENT "_ZN5ambit2os13DieWithParentEv"
int Begin() AMBIT_REAL(DIE_WITH_PARENT);
int BeginLater() AMBIT_IN_PLACE_OF(DIE_WITH_PARENT);

int HideLater() {
  std::this_thread::sleep_for(std::chrono::seconds(1));
  return Hide();
}

int BeginLater() {
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  return Begin();
}

}  // namespace ambit::os
