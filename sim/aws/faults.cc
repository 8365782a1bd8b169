#include "sim/aws/faults.h"

#include <array>

#include "base/text.h"
#include "sim/aws/policy.h"

namespace farthing::rehearsal {
namespace {

constexpr std::array<std::string_view, 20> kNames = {
    "deny",          "throttle",     "server-error",   "unavailable", "truncate",
    "close",         "slow",         "empty-page",     "stale-token", "redeliver",
    "archived",      "not-enabled",  "skew-clock",     "skew-costs",  "stop-deliveries",
    "tear-manifest", "missing-file", "surplus-object", "unhealthy",   "expire-tokens"};

bool IsOfRequests(FaultKind kind) { return kind < FaultKind::kSkewClock; }
bool Matches(std::string_view pattern, std::string_view text) {
  return pattern.empty() || WildcardMatch(pattern, text);
}

}  // namespace

std::string_view Name(FaultKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

Result<FaultKind> ParseFaultKind(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == text) return static_cast<FaultKind>(i);
  }
  return Error(Errc::kInvalidArgument, "unknown fault: " + std::string(text))
      .Hint("known are " + Join({kNames.begin(), kNames.end()}, ", "));
}

std::vector<Fault> Faults::Strike(std::string_view service, std::string_view action,
                                  std::string_view resource) {
  std::vector<Fault> striking;
  for (Active& active : active_) {
    const Fault& fault = active.fault;
    if (!IsOfRequests(fault.kind) || active.spent()) continue;
    if (!Matches(fault.service, service) || !Matches(fault.action, action) ||
        !Matches(fault.resource, resource)) {
      continue;
    }
    const std::int64_t number = active.seen++ - fault.skip;
    if (number < 0 || (number + 1) % fault.every != 0) continue;
    ++active.struck;
    striking.push_back(fault);
  }
  return striking;
}

const Fault* Faults::Find(FaultKind kind) const {
  for (const Active& active : active_) {
    if (active.fault.kind == kind && !active.spent()) return &active.fault;
  }
  return nullptr;
}

bool Faults::Take(FaultKind kind) {
  for (Active& active : active_) {
    if (active.fault.kind != kind || active.spent()) continue;
    ++active.struck;
    return true;
  }
  return false;
}

std::vector<Fault> Faults::List() const {
  std::vector<Fault> list;
  for (const Active& active : active_) {
    if (!active.spent()) list.push_back(active.fault);
  }
  return list;
}

}  // namespace farthing::rehearsal
