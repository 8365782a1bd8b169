#pragma once

// A connection that collects from a rehearsal AWS, and the two questions every test of it ends with: are the lake's
// figures exactly the bill's, and is nothing left behind?  One thread.

#include <string>
#include <vector>

#include "tests/connect/stage.h"

namespace farthing::connect {

/// SmallWorld() amid a month, whenever the tests run.
rehearsal::Options FixedWorld();

class Gathering {
 public:
  /// One verified connection to the world's existing export.
  explicit Gathering(const rehearsal::Options& options = FixedWorld(),
                     ImportPolicy policy = ImportPolicy::kOrganization);

  Stage& stage() { return stage_; }
  rehearsal::Aws& aws() { return stage_.aws(); }
  const Connection& connection() const { return connection_; }

  Result<CollectSummary> Collect(const CollectOptions& options = {});
  /// Collects and says what became of each new delivery: "loaded 2026-11", "incomplete 2026-11"; or "failed: …".
  std::vector<std::string> Outcomes(const CollectOptions& options = {});
  /// AWS delivers the current month anew, with other content than before.
  void Deliver();

  /// The active loads, proven by the same code as `farthing verify`.
  std::vector<lake::Load> Loads();
  /// Expects that every month of the rehearsal is in the lake with exactly its totals, and no other.
  void ExpectExact();
  /// Files that nothing refers to: of downloads, of staging, of loads that the catalog does not name.
  std::vector<std::string> Leftovers();

 private:
  Stage stage_;
  Connection connection_;
};

/// What went wrong, with everything or with single deliveries.
std::vector<Error> Refusals(const Result<CollectSummary>& summary);

/// The sums that a bill and a load must share.
std::map<std::string, Decimal> Sums(const sim::Totals& totals);
/// The same of what the lake holds and what the import policy left out together.
std::map<std::string, Decimal> Sums(const lake::Load& load);

/// The first month of a world and the current one.
Period Current(const rehearsal::Aws& aws);

}  // namespace farthing::connect
