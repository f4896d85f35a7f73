#include "config/config.h"

#include <utility>

#include "config/assembly.h"

namespace ambit::config {

Result<Selected> LoadAndSelect(const Sources& sources, const FileView& files) {
  AMBIT_TRY(Assembly assembly, Assemble(sources, files));
  AMBIT_TRY(Settled settled, Settle(sources, std::move(assembly)));
  return std::move(settled.selected);
}

}  // namespace ambit::config
