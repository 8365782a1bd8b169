#include "ingest/import.h"

#include "base/files.h"
#include "ingest/bare_import.h"
#include "ingest/delivery_files.h"
#include "ingest/discover/discover.h"
#include "ingest/opened_files.h"
#include "ingest/outcomes.h"
#include "ingest/period_import.h"
#include "ingest/versions.h"
#include "lake/stage.h"

namespace farthing::ingest {
namespace {

// One import of one group of paths: the steps from found deliveries to outcomes.
class Importer {
 public:
  Importer(lake::Catalog& catalog, const ImportOptions& options)
      : catalog_(catalog),
        options_(options),
        outcomes_(catalog, options),
        periods_(catalog, options, outcomes_),
        bare_(catalog, options, outcomes_, periods_) {}

  Result<ImportSummary> Run(const PathGroup& group) {
    TRY_ASSIGN(Discovery discovery, Discover(group));
    outcomes_.AddNotes(discovery.notes);
    MarkLatest(discovery.deliveries);
    for (FoundDelivery& found : discovery.deliveries) {
      if (options_.name) found.export_name = *options_.name;
      TRY(found.version_key.empty() ? bare_.Run(found) : ImportManifested(found));
    }
    return outcomes_.Take();
  }

 private:
  Result<void> ImportManifested(const FoundDelivery& found) {
    TRY_ASSIGN(lake::Delivery delivery, outcomes_.NewDelivery(found));
    if (found.problem) {
      delivery.fingerprint = found.version_key;
      return outcomes_.Refuse(std::move(delivery), *found.problem);
    }
    TRY_ASSIGN(const bool passed_over, IsPassedOver(catalog_, options_, found, delivery));
    if (passed_over) return outcomes_.NoteSuperseded(std::move(delivery));
    TRY_ASSIGN(const std::optional<lake::Delivery> newer,
               NewerActive(catalog_, options_, found, delivery));
    if (newer) return outcomes_.NoteOlder(std::move(delivery), *newer);
    if (!found.period) {
      return outcomes_.Refuse(
          std::move(delivery),
          Error(Errc::kCorrupt, found.manifest.string() +
                                    ": neither the manifest nor its folder says "
                                    "which billing period this is")
              .Hint("copy the manifest again from the bucket, "
                    "with the folders it lies in"));
    }
    TRY_ASSIGN(delivery.files, HashFiles(found.files));
    delivery.fingerprint = Fingerprint(delivery.files);
    // The same figures around another bill are another content.
    for (const std::string& around : found.fills_around) {
      delivery.fingerprint = Sha256(delivery.fingerprint + "\n" + around);
    }
    Result<OpenedFiles> opened = OpenFiles(found.files);
    if (!opened.ok()) return outcomes_.Refuse(std::move(delivery), std::move(opened).error());
    if (found.is_data_export) opened->detection.is_cur2 = true;  // its query may leave out all maps
    return periods_.Run(found, *opened, std::move(delivery));
  }

  lake::Catalog& catalog_;
  const ImportOptions& options_;
  Outcomes outcomes_;
  PeriodImport periods_;
  BareImport bare_;
};

}  // namespace

Result<ImportSummary> Import(lake::Catalog& catalog, const std::filesystem::path& path,
                             const ImportOptions& options) {
  return Import(catalog, PathGroup{path}, options);
}

Result<ImportSummary> Import(lake::Catalog& catalog, const PathGroup& group,
                             const ImportOptions& options) {
  TRY_ASSIGN(const auto lock, DirectoryLock::Acquire(catalog.layout().lock()));
  TRY(lake::Sweep(catalog));
  Result<ImportSummary> summary = Importer(catalog, options).Run(group);
  // Published or not, nothing staged is needed any more; what cannot be removed now goes next time.
  [[maybe_unused]] const Result<void> removed = RemoveTree(catalog.layout().staging());
  return summary;
}

}  // namespace farthing::ingest
