#include "policy/public_suffix.h"

#include <libpsl.h>

namespace ambit::policy {

bool IsPublicSuffix(const std::string& name) {
  return psl_is_public_suffix2(psl_builtin(), name.c_str(), PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) ==
         1;
}

}  // namespace ambit::policy
