// When a schedule reconciles: what was compared last is read from the events that reconciling records.

#include <boost/json.hpp>

#include "base/shell_words.h"
#include "connect/cost_explorer/cost_explorer_fit.h"
#include "connect/cost_explorer/reconcile.h"
#include "connect/lifecycle.h"

namespace farthing::connect {
namespace {

namespace json = boost::json;

constexpr std::int64_t kWeekMicros = std::int64_t{7 * 86'400} * 1'000'000;
constexpr int kEventsRead = 200;

/// True where the event tells of that month with its final bill.
bool TellsOfFinal(const Event& event, Period month) {
  if (event.kind != "reconciled") return false;
  boost::system::error_code failed;
  const json::value detail = json::parse(event.detail, failed);
  const json::object* object = failed ? nullptr : detail.if_object();
  const json::value* list = object == nullptr ? nullptr : object->if_contains("totals");
  if (list == nullptr || !list->is_array()) return false;
  for (const json::value& each : list->get_array()) {
    const json::object* total = each.if_object();
    if (total == nullptr) continue;
    const json::value* period = total->if_contains("period");
    const json::value* final = total->if_contains("final");
    if (period != nullptr && *period == json::string(ToString(month)) && final != nullptr &&
        *final == true) {
      return true;
    }
  }
  return false;
}

/// True where the month's bill became final and nobody has compared that one yet.
Result<bool> IsFinalAndUncompared(Installation& installation, const Connection& connection,
                                  Period month) {
  TRY_ASSIGN(const std::vector<Event> events,
             installation.store.Events(connection.id, kEventsRead));
  for (const Event& event : events) {
    if (TellsOfFinal(event, month)) return false;
  }
  return HasFinalBill(installation.catalog, connection, month);
}

}  // namespace

Result<bool> HasFinalBill(lake::Catalog& catalog, const Connection& connection, Period month) {
  TRY_ASSIGN(const std::vector<lake::Load> loads,
             catalog.ActiveLoads({month, month, std::nullopt}));
  bool found = false;
  for (const lake::Load& load : loads) {
    if (!IsBillOf(load, connection)) continue;
    TRY_ASSIGN(const bool final, IsInvoiced(catalog.layout(), load));
    if (!final) return false;
    found = true;
  }
  return found;
}

Result<bool> ReconcileDue(Installation& installation, const Connection& connection, Instant now) {
  const Settings& settings = connection.settings;
  const bool may_ask = settings.permission_sets.contains(PermissionSet::kCostExplorer) &&
                       MayCollect(connection.state) && !settings.account_id.empty() &&
                       settings.type != ConnectionType::kLinkedKeys;
  if (!may_ask || !connection.last_delivery) return false;
  TRY_ASSIGN(const std::optional<Event> last,
             installation.store.LastEvent(connection.id, "reconciled"));
  if (!last || now.micros - last->at.micros >= kWeekMicros) return true;
  const Period before = PeriodOf({PeriodOf(now).start().micros - 1});
  return IsFinalAndUncompared(installation, connection, before);
}

Result<std::optional<Reconciliation>> ReconcileIfDue(Installation& installation,
                                                     const std::string& name,
                                                     const ReconcileOptions& options) {
  TRY_ASSIGN(const Connection connection, installation.store.Find(name));
  TRY_ASSIGN(const bool due, ReconcileDue(installation, connection, options.now()));
  if (!due) return std::optional<Reconciliation>();
  Result<ReconcilePlan> planned = PlanReconcile(installation, name, options);
  // Bills of these months have not come yet: the checks and the coverage map tell of that.
  if (!planned.ok() && planned.error().code() == Errc::kNotFound) {
    return std::optional<Reconciliation>();
  }
  TRY_ASSIGN(const ReconcilePlan plan, std::move(planned));
  if (plan.expected_requests > plan.spending.left()) {
    return Error(Errc::kTooLarge, "connection " + connection.settings.name +
                                      " is not reconciled: the spending cap leaves US$" +
                                      Dollars(plan.spending.left()) +
                                      " this month, it costs about US$" +
                                      Dollars(plan.expected_requests))
        .With("spending_cap", Dollars(plan.spending.cap))
        .Hint("raise it with: " +
              CommandLine({"farthing", "connections", "edit", connection.settings.name,
                           "--cost-explorer-cap", "USD"}));
  }
  TRY_ASSIGN(Reconciliation outcome, Reconcile(installation, name, options));
  return std::optional(std::move(outcome));
}

}  // namespace farthing::connect
