#pragma once

// Why a day of an account is there or is not: what is known of one connection, judged cell by cell.  Pure; for
// connect/collecting/coverage.cc, which reads the facts.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "connect/checks/checks.h"
#include "connect/collecting/coverage.h"
#include "connect/cost_explorer/cost_explorer_fit.h"
#include "connect/exports/member_accounts.h"

namespace farthing::connect {

struct CellVerdict {
  CellStatus status = CellStatus::kCovered;
  std::string cause;  ///< a sentence; empty for kCovered
  bool operator==(const CellVerdict&) const = default;
};

/// One export as far as coverage goes.
struct ExportDays {
  std::string name;
  std::int64_t id = 0;
  std::map<Period, Coverage> months;
  std::set<Period> final_months;  ///< every line of them is on an invoice
  std::map<Period, lake::LeftOut> left_out;
  std::map<std::string, std::pair<std::string, std::string>> seen;  ///< account → first, last day
  std::string covered_until;
  std::optional<Instant> last_delivery;  ///< that could be read
  std::string cause;        ///< why the newest word on one of its months is no bill; or ""
  std::string replaced_by;  ///< the export that is collected now in its place; or ""

  void Add(Period month, Coverage coverage);
};

struct CoverageFacts {
  std::string connection;  ///< its name
  ConnectionType type = ConnectionType::kRole;
  ExportDays filled;  ///< Cost Explorer's days, as far as they are elected
  std::map<std::pair<std::int64_t, Period>, std::string> quarantined;  ///< export, month → reason
  std::map<Period, CellVerdict> unready;  ///< without a cause: the newest word is a bill
  std::map<std::string, MemberAccount> members;
  std::optional<CellVerdict> problem;    ///< why nothing comes; see ProblemIn
  std::optional<Instant> seen_delivery;  ///< the newest that the last checks saw lie there
  Instant created, now;
};

/// The verdict on a day of an account, "2026-01-31", in the bill of that month.
CellVerdict Judge(const CoverageFacts& facts, const ExportDays& bill, const Cell& cell,
                  Period month);
/// The same where it is known that the bill does not reach the day.
CellVerdict JudgeMissing(const CoverageFacts& facts, const ExportDays& bill, const Cell& cell,
                         Period month);
/// What the last checks found that keeps bills from coming: first that we may not read them, then that AWS does not
/// deliver.  Nothing where other checks fail.
std::optional<CellVerdict> ProblemIn(const CheckReport& report);
/// When the newest delivery was made that the checks saw.
std::optional<Instant> DeliveryIn(const CheckReport& report);

}  // namespace farthing::connect
