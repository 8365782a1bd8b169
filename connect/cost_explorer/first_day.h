#pragma once

// The first day: Cost Explorer's figures for days that no bill of the lake covers.  Every request is paid for
// through the ledger (connect/spending.h).  docs/decisions/0008-cost-explorer.md.  One thread per call.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "connect/cost_explorer/cost_explorer_fit.h"
#include "connect/installation.h"
#include "connect/spending.h"

namespace farthing::connect {

struct FirstDayPlan;

struct FirstDayOptions {
  std::optional<Period> first;  ///< oldest month wanted; absent: all that Cost Explorer keeps
  bool hourly = false;          ///< hours of the last 14 days, where enabled
  bool again = false;           ///< ask anew for months whose answer is still fresh
  bool unanswered = false;      ///< only months that were never answered
  std::function<Instant()> now = Now;  ///< our clock; what may be asked is told by that of AWS
  std::function<void(const FirstDayPlan& plan)> on_plan;  ///< before anything is spent
  std::function<void(const std::string& what)> observer;
  const http::Cancellation* cancellation = nullptr;
};

/// What would be asked and what that costs, before anything is spent.
struct FirstDayPlan {
  std::vector<Period> months;         ///< newest first
  std::map<Period, Instant> from;     ///< of those a bill covers in part: the first day it does not
  std::vector<std::string> left_out;  ///< sentences: months that need nothing, and why
  int least_requests = 0, expected_requests = 0;
  std::string expectation;  ///< what the expected number rests on
  SpendingState spending;
};
/// Asks nothing that costs.  Errors: kInvalidArgument (no Cost Explorer behind this type), kConflict (state).
Result<FirstDayPlan> PlanFirstDay(Installation& installation, const std::string& connection,
                                  const FirstDayOptions& options);

struct FirstDayOutcome {
  std::vector<Period> filled;   ///< answered now; the lake has them where no bill does
  std::vector<Period> missing;  ///< the cap or an error came first
  std::vector<Fit> fits;
  std::vector<std::string> notes;
  int requests = 0;
  SpendingState spending;
  std::optional<Error> stopped;  ///< why `missing` is not empty
};
/// Plans anew by AWS's clock, which refuses what it has not reached, and asks month group by month group, newest first; a month counts only when all of it was answered.
/// Errors: as PlanFirstDay; what stops the asking later is in the outcome.
Result<FirstDayOutcome> FillFirstDay(Installation& installation, const std::string& connection,
                                     const FirstDayOptions& options);

/// A person's consent to spend without being asked each time: a cap that was set on the connection.  The default cap only
/// limits what a person asks for.
bool MayFillUnasked(const Connection& connection);

/// For schedules: FillFirstDay for a connection with that consent which waits for its first delivery, while a month was
/// never asked for.  Nothing where that is not so; each month is asked for once, under the cap.
Result<std::optional<FirstDayOutcome>> FillWhileWaiting(Installation& installation,
                                                        const std::string& connection,
                                                        const FirstDayOptions& options);

}  // namespace farthing::connect
