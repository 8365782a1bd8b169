#pragma once

// What the lake knows about itself: exports, deliveries, loads, versions, elections; in SQLite.
// The only place that decides which load a reader sees.  One Catalog belongs to one thread;
// several processes may hold one on the same file.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/sqlite.h"
#include "lake/account_figures.h"
#include "lake/layout.h"
#include "lake/left_out.h"

namespace farthing::lake {

/// AWS's (or another provider's) definition of what is delivered.
struct Export {
  std::int64_t id = 0;
  std::string name;      ///< unique; from the manifest, or --name
  std::string format;    ///< "cur1", "cur2", "focus" or "cost_explorer"
  std::string source;    ///< where it was found: the directory given to import
  std::string identity;  ///< what makes it the same export next time: ARN, report id, or path
};

/// One file of a delivery as it was read.
struct DeliveryFile {
  std::string path;
  std::uint64_t size_bytes = 0;
  std::string sha256;
};

enum class DeliveryStatus {
  kLoaded,
  kQuarantined,  ///< cannot be read; `reason` says why and how to mend it
  kDuplicate,    ///< the content of the active version under a new id
  kSuperseded,   ///< a newer version of the same period was there when it was found
};
std::string_view ToString(DeliveryStatus status);

/// One version of one billing period of an export, as its manifest describes it.  Never changed.
struct Delivery {
  std::string id;  ///< ULID
  std::int64_t export_id = 0;
  std::string export_name;
  Period period;
  std::string version_key;  ///< assembly or execution id; for bare files the content hash
  std::string fingerprint;  ///< SHA-256 over the content of all files
  std::string manifest;     ///< path; empty for bare files: completeness unknown
  DeliveryStatus status = DeliveryStatus::kLoaded;
  std::string reason;   ///< why it was quarantined, with the fix; what it duplicates or leaves out
  std::string seen_at;  ///< "2026-01-31T23:00:00Z"
  std::vector<DeliveryFile> files;
};

/// A bad row that --tolerate-bad-rows let pass.
struct RowIssue {
  enum class Fate {
    kSetAside,          ///< the row is not in the lake
    kKeptWithReplaced,  ///< the row is in the lake, bytes that are not UTF-8 replaced by U+FFFD
  };
  int file = 0;
  std::int64_t row = 0;
  std::string column;
  std::string message;
  Fate fate = Fate::kSetAside;
  std::string cost =
      {};  ///< what a row set aside charges, as the source wrote it; empty: unreadable
  std::string currency = {};  ///< of the cost
};
std::string_view ToString(RowIssue::Fate fate);

/// What a load wrote: table → file name → what was written.
struct LoadFile {
  std::uint64_t size_bytes = 0;
  std::string sha256;  ///< hex
  bool operator==(const LoadFile&) const = default;
};
using LoadFiles = std::map<std::string, std::map<std::string, LoadFile>, std::less<>>;

/// Our immutable conversion of one delivery.
struct Load {
  std::string id;  ///< ULID; the load_id of every path and query
  std::string delivery_id;
  std::int64_t export_id = 0;
  std::string export_name;
  Period period;
  std::string format;
  std::int64_t line_count = 0;
  std::string created_at;
  bool complete = true;                     ///< false: no manifest, completeness unknown
  std::map<std::string, Decimal> totals;    ///< lake column or "source:<column>" → exact sum
  std::vector<std::string> unavailable;     ///< amount columns whose inputs the source lacks
  std::vector<std::string> missed_columns;  ///< source columns without which a figure is unknown
  /// Lake column → the source columns it is made of: texts that are blank in lines for want of all of them.
  std::map<std::string, std::vector<std::string>, std::less<>> blank_columns;
  std::vector<std::string> currencies;
  std::vector<std::string> billing_accounts;
  std::vector<std::string> sub_accounts;
  std::vector<std::string> providers;
  std::vector<std::string> tag_keys;  ///< as stored, e.g. "user:CostCenter"
  std::vector<std::string> cost_categories;
  std::vector<std::string> unknown_columns;  ///< kept in attribute_sets, reported once
  std::vector<std::string> tag_collisions;   ///< keys that differ only after normalisation
  std::vector<RowIssue> issues;
  std::string condition;  ///< the WHERE of the export's query, as far as its manifest has one
  std::vector<std::string> notes;  ///< what else a reader should know of the source
  /// First and last day on which a charge began, "2026-01-31"; lines may lie outside their period.
  /// Empty where unknown: the load was made before these were kept.
  std::string first_charge_day;
  std::string last_charge_day;
  /// Of Cost Explorer's answers: the loads whose accounts and days were left out of this one.
  std::vector<std::string> fills_around;
  /// Written with the load; loads that the catalog returns have none (lake/account_figures.h).
  AccountsOfLoad accounts;
  std::optional<LeftOut> left_out;  ///< absent: every line of the delivery is kept
  LoadFiles files;                  ///< empty: the load was made before these were kept
};

/// A load that was active for (export, period) from `active_from` until `active_to` (empty: now).
struct Version {
  std::int64_t number = 0;  ///< 1, 2, … per (export, period)
  std::int64_t export_id = 0;
  std::string export_name;
  Period period;
  std::string load_id;
  std::string active_from;
  std::string active_to;
};

/// A load and what the election says of it.
struct Candidate {
  Load load;
  bool elected = false;
  std::string reason;          ///< why elected, or whose bill it repeats
  std::string elected_export;  ///< for the others: the export that stands for the bill
  std::string difference;      ///< for the others: what the elected loads lack or have otherwise
};

struct LoadFilter {
  std::optional<Period> first;   ///< inclusive
  std::optional<Period> last;    ///< inclusive
  std::optional<Instant> as_of;  ///< versions as they were then; absent: now
};

class Catalog {
 public:
  /// Opens or creates DATA/farthing.db and brings its schema up to date.
  static Result<std::unique_ptr<Catalog>> Open(const Layout& layout);
  /// The same where there is one; creates nothing.  Where this user may not write it can be read all the same.
  /// Errors: kNotFound (nothing was imported), kConflict (older, and it cannot be brought up to date).
  static Result<std::unique_ptr<Catalog>> OpenExisting(const Layout& layout);

  const Layout& layout() const { return layout_; }

  /// Returns the export with this identity, or makes it; a taken name gets a number.
  Result<Export> FindOrCreateExport(const Export& wanted);
  Result<std::vector<Export>> Exports();
  /// Gives a known export the identity it turns out to have.
  Result<void> Identify(std::int64_t export_id, const std::string& identity);
  Result<std::vector<Delivery>> Deliveries();
  Result<std::vector<Version>> Versions();
  /// Newest delivery of (export, period) with that version key, whatever its status.
  Result<std::optional<Delivery>> FindDelivery(std::int64_t export_id, Period period,
                                               const std::string& version_key);
  /// The delivery behind the active version of (export, period).
  Result<std::optional<Delivery>> ActiveDelivery(std::int64_t export_id, Period period);
  Result<Delivery> GetDelivery(const std::string& id);
  Result<Load> GetLoad(const std::string& id);

  /// Records a delivery that is not loaded.
  Result<void> RecordDelivery(const Delivery& delivery);
  /// The flip: records delivery and load, ends the previous version, starts the new one; one transaction.
  Result<void> Publish(const Delivery& delivery, const Load& load);

  /// Ends the active version of (export, period) without another: nothing of it is read any more.
  Result<void> Retire(std::int64_t export_id, Period period);

  /// All active loads in the filter with the outcome of the election, by period and export.
  /// Several exports of the same account and month are one bill: one is elected, the rest are not added.
  Result<std::vector<Candidate>> Candidates(const LoadFilter& filter);
  /// The elected ones: what a question reads.
  Result<std::vector<Load>> ActiveLoads(const LoadFilter& filter);

  /// Makes `export_name` stand for its bill wherever exports overlap, in `period` or (absent) always.
  Result<void> Elect(const std::string& export_name, std::optional<Period> period);

  /// Forgets an export with all its deliveries, loads and versions; its files go with the next sweep.
  Result<void> ForgetExport(std::int64_t export_id);

  /// Ids of all published loads, for the sweep.
  Result<std::vector<std::string>> LoadIds();

 private:
  Result<std::vector<Delivery>> ReadDeliveries(const std::string& condition,
                                               const std::vector<engine::SqliteValue>& parameters);
  Catalog(Layout layout, std::unique_ptr<engine::SqliteDatabase> database)
      : layout_(std::move(layout)), database_(std::move(database)) {}
  Layout layout_;
  std::unique_ptr<engine::SqliteDatabase> database_;
};

}  // namespace farthing::lake
