#pragma once

// A connection that may ask the rehearsal's Cost Explorer, with or without an export.  One thread.

#include <map>
#include <string>

#include "connect/cost_explorer/first_day.h"
#include "connect/cost_explorer/reconcile.h"
#include "tests/connect/stage.h"

namespace farthing::connect {

/// Three months before the current one, amid November 2026, nothing delivered.
rehearsal::Options AskingWorld();

class Asking {
 public:
  explicit Asking(const rehearsal::Options& options = AskingWorld(),
                  const std::string& cap = "1.00",
                  ImportPolicy policy = ImportPolicy::kOrganization);

  Stage& stage() { return stage_; }
  rehearsal::Aws& aws() { return stage_.aws(); }
  const Connection& connection() const { return connection_; }

  FirstDayOptions Options() {
    FirstDayOptions options;
    options.now = [this] { return aws().now(); };
    return options;
  }
  FirstDayOutcome Fill(FirstDayOptions options);
  FirstDayOutcome Fill() { return Fill(Options()); }
  Reconciliation Reconcile(std::optional<Period> period = {});
  CollectSummary Collect();
  /// The console makes an export, which delivers the current month.
  void AddExport();
  /// Requests to Cost Explorer that the rehearsal has seen.
  int Requests();

  /// Unblended cost by data source of the loads that a question of that month reads.
  std::map<std::string, Decimal> Sources(Period month);
  /// All of it.
  Decimal Unblended(Period month);
  Period Current() { return PeriodOf(aws().now()); }
  Period Before(int months);
  /// Rows of the answer that is kept of that month.
  std::size_t KeptRows(Period month);
  /// Text of the newest event of that kind; "" when there is none.
  std::string LastEvent(const std::string& kind);

 private:
  Stage stage_;
  Connection connection_;
};

}  // namespace farthing::connect
