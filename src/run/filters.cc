#include "run/filters.h"

#include <span>

#include "plan_linux/seccomp_program.h"

namespace ambit::run {
namespace {

plan_linux::Mediated MediatedBy(const Mediation& mediation, bool shared_host) {
  if (!mediation.needed) return plan_linux::Mediated::kNothing;
  if (shared_host) return plan_linux::Mediated::kOnSharedHost;
  return mediation.opens ? plan_linux::Mediated::kOpens : plan_linux::Mediated::kChanges;
}

plan_linux::NetworkMode NetworkModeOf(const ProxyDoors& proxy) {
  if (!proxy.wanted) return plan_linux::NetworkMode::kNone;
  return proxy.brokered ? plan_linux::NetworkMode::kBrokered : plan_linux::NetworkMode::kProxied;
}

plan_linux::BrokerPlace PlaceOf(const Prepared& prepared) {
  if (prepared.proxy.brokered) return plan_linux::BrokerPlace::kHostNetwork;
  return prepared.shared_host ? plan_linux::BrokerPlace::kSharedHost
                              : plan_linux::BrokerPlace::kNamespaces;
}

Filter AsFilter(std::span<const plan_linux::BpfInstruction> program) {
  return {program.data(), program.size()};
}

}  // namespace

Filters FiltersFor(const Prepared& prepared) {
  return {AsFilter(plan_linux::SeccompProgram(NetworkModeOf(prepared.proxy),
                                              MediatedBy(prepared.mediation, prepared.shared_host),
                                              prepared.sockets)),
          AsFilter(plan_linux::BrokerProgram(PlaceOf(prepared)))};
}

}  // namespace ambit::run
