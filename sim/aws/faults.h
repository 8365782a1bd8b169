#pragma once

// What can be made to go wrong, and when.  Plain data; guarded by rehearsal::Aws's lock.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/server.h"

namespace farthing::rehearsal {

enum class FaultKind {
  // Of requests that match:
  kDeny,         ///< AccessDenied, as an administrator's explicit deny
  kThrottle,     ///< the service's own throttling error
  kServerError,  ///< 500
  kUnavailable,  ///< 503
  kTruncate,     ///< the connection ends amid the body
  kClose,        ///< the connection ends before the body
  kSlow,         ///< waits `amount` milliseconds first
  kEmptyPage,    ///< a list answers nothing but a token to go on with
  kStaleToken,   ///< a page token is refused
  kRedeliver,    ///< after the answer, all exports are delivered anew with other content
  kArchived,     ///< InvalidObjectState of GetObject
  kNotEnabled,   ///< the service says that it is not enabled for the account
  // Of the world, until cleared:
  kSkewClock,  ///< our clock is `amount` seconds ahead
  kSkewCosts,  ///< Cost Explorer reports `amount` cents more a day for the payer's first service
  kStopDeliveries,  ///< exports stay as they are
  kTearManifest,    ///< the next delivery leaves manifests cut in half
  kMissingFile,     ///< the next delivery's manifests name a file that is not there
  kSurplusObject,   ///< the next delivery leaves a stale data file that its manifest does not name
  kUnhealthy,       ///< data exports are UNHEALTHY, `text` the reason
  // At once:
  kExpireTokens,  ///< every session ends now
};
/// "deny", "server-error", …
std::string_view Name(FaultKind kind);
/// Errors: kInvalidArgument.
Result<FaultKind> ParseFaultKind(std::string_view text);

struct Fault {
  FaultKind kind = FaultKind::kDeny;
  std::string service = {};   ///< signing name; empty: any
  std::string action = {};    ///< "GetObject", wildcards allowed; empty: any
  std::string resource = {};  ///< wildcard over what is asked for; empty: any
  std::int64_t count = 0;     ///< the next so many; 0: until cleared
  std::int64_t every = 1;     ///< only each so-manieth that matches
  std::int64_t skip = 0;      ///< matches to let pass first
  std::int64_t amount = 0;
  std::string text = {};
};

class Faults {
 public:
  void Add(const Fault& fault) { active_.push_back({fault, 0, 0}); }
  void Clear() { active_.clear(); }

  /// Returns those that strike this request, and counts.
  std::vector<Fault> Strike(std::string_view service, std::string_view action,
                            std::string_view resource);
  /// Returns the first active fault of the world of that kind, or nullptr.
  const Fault* Find(FaultKind kind) const;
  /// The same, and counts it as happened.
  bool Take(FaultKind kind);
  std::vector<Fault> List() const;

 private:
  struct Active {
    Fault fault;
    std::int64_t seen, struck;
    bool spent() const { return fault.count > 0 && struck >= fault.count; }
  };
  std::vector<Active> active_;
};

}  // namespace farthing::rehearsal
