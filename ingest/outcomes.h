#pragma once

// What became of each delivery of an import: told to the caller and, where it is news, recorded in the catalog.
// One thread.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ingest/discover/discover.h"
#include "ingest/import.h"
#include "lake/catalog.h"

namespace farthing::ingest {

class Outcomes {
 public:
  Outcomes(lake::Catalog& catalog, const ImportOptions& options)
      : catalog_(catalog), options_(options) {}

  /// A delivery of the export that was found, which is made where it is not known.
  Result<lake::Delivery> NewDelivery(const FoundDelivery& found);
  /// As it is recorded: copies do not stay, so that it names where the files came from.
  lake::Delivery AtOrigin(lake::Delivery delivery) const;

  /// True for what is in the lake already: the same version again is nothing new, the active content under a new id is
  /// recorded, not loaded.  Older content that comes back under a new id is a restatement like any other.
  Result<bool> IsKnown(const lake::Delivery& delivery);
  /// Older than a version that another command imported.
  Result<void> NoteOlder(lake::Delivery delivery, const lake::Delivery& active);
  /// An older version beside a newer one: noted once, read only on demand.
  Result<void> NoteSuperseded(lake::Delivery delivery);
  /// Quarantines a delivery that cannot be read.  Errors: `error` itself, where it is no fault of the delivery.
  Result<void> Refuse(lake::Delivery delivery, Error error);
  /// The import ends with `error`, which is not the delivery's fault.  Where room was lacking, the delivery is recorded
  /// as quarantined if it can be, so that it is known to be missing; the next import tries it again.
  /// Requires: nothing of it is staged any more.
  Error Stop(lake::Delivery delivery, Error error);
  void NoteLoaded(lake::Delivery delivery, lake::Load load);

  void AddNotes(const std::vector<std::string>& notes);
  ImportSummary Take() { return std::move(summary_); }

 private:
  Result<void> MatchTorn(const std::string& name, std::string& identity);
  std::string Origin(const std::string& path) const;

  lake::Catalog& catalog_;
  const ImportOptions& options_;
  ImportSummary summary_;
};

}  // namespace farthing::ingest
