// Nothing is mounted over what is hidden.
#include <algorithm>

#include "run/prepared.h"
#include "wrap.h"

namespace ambit::run {

#define PREPARE "_ZN5ambit3run7PrepareERKNS_4plan4PlanE"
Result<Prepared> PrepareAll(const plan::Plan& plan) AMBIT_REAL(PREPARE);
Result<Prepared> PrepareWithoutMasks(const plan::Plan& plan) AMBIT_IN_PLACE_OF(PREPARE);

Result<Prepared> PrepareWithoutMasks(const plan::Plan& plan) {
  AMBIT_TRY(Prepared out, PrepareAll(plan));
  std::erase_if(out.changes, [](const ViewChange& change) {
    return change.kind == ViewChange::Kind::kHide || change.kind == ViewChange::Kind::kHideMatch;
  });
  return out;
}

}  // namespace ambit::run
