#include "connect/reconcile.h"

#include <algorithm>
#include <boost/json.hpp>

#include "aws/cost_explorer.h"
#include "billing/registry.h"
#include "connect/collected.h"
#include "connect/cost_explorer_fit.h"
#include "engine/duckdb.h"

namespace farthing::connect {
namespace {

namespace json = boost::json;

constexpr std::int64_t kDayMicros = std::int64_t{86'400} * 1'000'000;
constexpr int kGroupsPerPage = 500;  // as assumed in connect/first_day.cc
constexpr std::string_view kTaxService = "Tax";
constexpr std::string_view kAllTypes = "all charges";

using Key = std::tuple<Period, std::string, std::string>;
using Cells = std::map<Key, ReconcileCell>;

ReconcileCell& CellAt(Cells& cells, Period period, const std::string& service,
                      const std::string& type) {
  ReconcileCell& cell = cells[{period, service, type}];
  cell.period = period;
  cell.service = service;
  cell.charge_type = type;
  return cell;
}

/// The bills of one connection in the lake.
struct Bills {
  std::vector<lake::Load> loads;
  bool has_types = true;      ///< FOCUS has none
  bool has_unblended = true;  ///< FOCUS has billed cost instead
};

class Reconciler {
 public:
  Reconciler(Installation& installation, Connection connection, const ReconcileOptions& options)
      : installation_(installation),
        connection_(std::move(connection)),
        options_(options),
        spending_(installation.store.database(), connection_, options.now) {}

  Result<ReconcilePlan> Plan() {
    const Period current = PeriodOf(options_.now());
    const Period before = PeriodOf({current.start().micros - 1});
    const Period first = options_.period.value_or(before);
    const Period last = options_.period.value_or(current);
    TRY(ReadBills(first, last));
    ReconcilePlan plan;
    for (const lake::Load& load : bills_.loads) {
      if (plan.periods.empty() || plan.periods.back() != load.period)
        plan.periods.push_back(load.period);
    }
    if (plan.periods.empty()) {
      return Error(Errc::kNotFound, "no bill of connection " + connection_.settings.name +
                                        " covers " + ToString(first) +
                                        (first == last ? "" : " or " + ToString(last)))
          .Hint("collect first: farthing collect --connection " + connection_.settings.name);
    }
    Cells cells;
    TRY(AddBills(cells));
    plan.expected_requests = 1 + static_cast<int>(cells.size()) / kGroupsPerPage;
    TRY_ASSIGN(plan.spending, spending_.State());
    return plan;
  }

  Result<Reconciliation> Run() {
    TRY_ASSIGN(const ReconcilePlan plan, Plan());
    Cells cells;
    TRY(AddBills(cells));
    TRY(AskCostExplorer(plan, cells));
    Reconciliation outcome;
    outcome.connection_id = connection_.id;
    outcome.connection_name = connection_.settings.name;
    outcome.metric = bills_.has_unblended ? "unblended_cost" : "billed_cost";
    std::vector<ReconcileCell> list;
    for (const auto& [key, cell] : cells) list.push_back(cell);
    context_.now = options_.now();
    context_.leaves_accounts_out =
        connection_.settings.import_policy == ImportPolicy::kConnectedAccounts;
    TRY_ASSIGN(outcome.rows, ExplainDifferences(list, context_));
    for (const Period period : plan.periods) {
      TRY_ASSIGN(ReconcileTotal total, TotalOf(period, list, outcome.rows));
      outcome.totals.push_back(std::move(total));
    }
    TRY_ASSIGN(outcome.spending, spending_.State());
    outcome.requests = outcome.spending.spent - plan.spending.spent;
    TRY(Record(outcome));
    return outcome;
  }

 private:
  Result<void> ReadBills(Period first, Period last) {
    TRY_ASSIGN(const std::vector<lake::Load> elected,
               installation_.catalog.ActiveLoads({first, last, std::nullopt}));
    bills_ = {};
    for (const lake::Load& load : elected) {
      if (!IsBillOf(load, connection_)) continue;
      bills_.loads.push_back(load);
      const bool focus = load.format == "focus";
      if (focus) bills_.has_types = bills_.has_unblended = false;
    }
    std::stable_sort(bills_.loads.begin(), bills_.loads.end(),
                     [](const auto& a, const auto& b) { return a.period < b.period; });
    return {};
  }

  /// Adds up the bills by month, service and charge type.
  Result<void> AddBills(Cells& cells) {
    TRY_ASSIGN(const auto database, engine::Database::Open({.threads = 1}));
    TRY_ASSIGN(engine::Connection connection, database->Connect());
    const bool member = connection_.settings.type == ConnectionType::kMember;
    for (const lake::Load& load : bills_.loads) {
      const std::string relation = DailyRelation(installation_.catalog.layout(), load);
      TRY_ASSIGN(
          const engine::Table table,
          connection.Query(
              "SELECT coalesce(service_name, service_code, ''), coalesce(line_item_type, ''), "
              "charge_category, coalesce(sum(" +
                  std::string(bills_.has_unblended ? "unblended_cost" : "billed_cost") +
                  "), 0) FROM " + relation + " WHERE ?1 = '' OR sub_account_id = ?1 GROUP BY ALL",
              {member ? connection_.settings.account_id : std::string()}));
      for (const auto& row : table.rows) {
        const bool tax = row[2].value_or("") == "Tax";
        TRY_ASSIGN(const Decimal amount, ParseDecimal(row[3].value_or("0")));
        ReconcileCell& cell =
            CellAt(cells, load.period,
                   tax ? std::string(kTaxService) : ComparableService(row[0].value_or("")),
                   TypeOf(tax ? "Tax" : row[1].value_or("")));
        TRY_ASSIGN(cell.bill, Add(cell.bill, amount));
      }
      TRY_ASSIGN(const engine::Table last,
                 connection.Query("SELECT CAST(max(charge_day) AS VARCHAR) FROM " + relation +
                                  " WHERE charge_category = 'Usage'"));
      std::string& until = context_.bill_until[load.period];
      until = std::max(until, last.rows.at(0)[0].value_or(""));
    }
    return {};
  }

  std::string TypeOf(const std::string& type) const {
    return bills_.has_types ? ComparableType(type) : std::string(kAllTypes);
  }

  Result<void> AskCostExplorer(const ReconcilePlan& plan, Cells& cells) {
    TRY_ASSIGN(const auto client,
               ClientFor(connection_, installation_.platform, installation_.vault));
    const auto metered = Metered(client, spending_, "reconcile")
                             ->WithLimits(std::chrono::milliseconds(0), options_.cancellation);
    const std::string metric = bills_.has_unblended ? "UnblendedCost" : "NetUnblendedCost";
    aws::CostQuery query;
    query.start = DayString(plan.periods.front().start());
    const Instant tomorrow{options_.now().micros + kDayMicros};
    query.end = DayString(std::min(plan.periods.back().end(), tomorrow));
    query.granularity = "MONTHLY";
    query.metrics = {metric};
    query.dimensions = {"SERVICE", "RECORD_TYPE"};
    const int pages = std::max(plan.spending.left(), 1);
    TRY_ASSIGN(const aws::CostAnswer answer, aws::GetCostAndUsage(*metered, query, pages));
    for (const aws::CostGroup& group : answer.groups) {
      TRY_ASSIGN(const Instant start, ParseInstant(group.start));
      const Period period = PeriodOf(start);
      if (group.estimated) context_.estimated.insert(period);
      const bool wanted =
          std::find(plan.periods.begin(), plan.periods.end(), period) != plan.periods.end();
      if (group.keys.size() != 2 || !wanted) continue;
      const auto amount = group.amounts.find(metric);
      if (amount == group.amounts.end() || amount->second.empty()) continue;
      const bool tax = ComparableType(group.keys[1]) == "Tax";
      ReconcileCell& cell =
          CellAt(cells, period, tax ? std::string(kTaxService) : ComparableService(group.keys[0]),
                 TypeOf(group.keys[1]));
      TRY_ASSIGN(const Decimal value, ParseDecimal(amount->second));
      TRY_ASSIGN(cell.cost_explorer, Add(cell.cost_explorer, value));
    }
    return {};
  }

  Result<ReconcileTotal> TotalOf(Period period, const std::vector<ReconcileCell>& cells,
                                 const std::vector<ReconcileRow>& rows) const {
    ReconcileTotal total;
    total.period = period;
    total.estimated = context_.estimated.contains(period);
    TRY_ASSIGN(total.is_final, HasFinalBill(installation_.catalog, connection_, period));
    const auto until = context_.bill_until.find(period);
    if (until != context_.bill_until.end()) total.bill_until = until->second;
    for (const ReconcileCell& cell : cells) {
      if (cell.period != period) continue;
      ++total.compared;
      TRY_ASSIGN(total.cost_explorer, Add(total.cost_explorer, cell.cost_explorer));
      TRY_ASSIGN(total.bill, Add(total.bill, cell.bill));
    }
    for (const ReconcileRow& row : rows) {
      if (row.period != period) continue;
      ++total.differing;
      if (row.cause.empty()) {
        TRY_ASSIGN(total.unexplained, Add(total.unexplained, row.difference));
      }
    }
    TRY_ASSIGN(total.difference, Add(total.cost_explorer, Negate(total.bill)));
    return total;
  }

  Result<void> Record(const Reconciliation& outcome) {
    std::string text;
    json::array totals;
    for (const ReconcileTotal& total : outcome.totals) {
      if (!text.empty()) text += "; ";
      text += ToString(total.period) + ": Cost Explorer " + ToString(total.cost_explorer) +
              ", bill " + ToString(total.bill) + ", difference " + ToString(total.difference) +
              ", of it unexplained " + ToString(total.unexplained);
      totals.push_back(json::object{{"period", ToString(total.period)},
                                    {"cost_explorer", ToString(total.cost_explorer)},
                                    {"bill", ToString(total.bill)},
                                    {"difference", ToString(total.difference)},
                                    {"unexplained", ToString(total.unexplained)},
                                    {"final", total.is_final},
                                    {"differing", total.differing}});
    }
    return installation_.store.Record(connection_.id, "reconciled", text,
                                      json::serialize(json::object{{"totals", totals}}));
  }

  Installation& installation_;
  Connection connection_;
  const ReconcileOptions& options_;
  Spending spending_;
  Bills bills_;
  ReconcileContext context_;
};

Result<Connection> FindAsking(Installation& installation, const std::string& name) {
  TRY_ASSIGN(Connection connection, installation.store.Find(name));
  const ConnectionType type = connection.settings.type;
  if (type == ConnectionType::kDirectory || type == ConnectionType::kBucket ||
      type == ConnectionType::kLinkedKeys) {
    return Error(Errc::kInvalidArgument, "connection " + connection.settings.name +
                                             " has no Cost Explorer to compare its bill with")
        .Hint("reconciling needs a role or keys of the account that pays");
  }
  return connection;
}

}  // namespace

bool Reconciliation::has_unexplained() const {
  return std::any_of(rows.begin(), rows.end(),
                     [](const ReconcileRow& row) { return row.cause.empty(); });
}

Result<ReconcilePlan> PlanReconcile(Installation& installation, const std::string& name,
                                    const ReconcileOptions& options) {
  TRY_ASSIGN(Connection connection, FindAsking(installation, name));
  return Reconciler(installation, std::move(connection), options).Plan();
}

Result<Reconciliation> Reconcile(Installation& installation, const std::string& name,
                                 const ReconcileOptions& options) {
  TRY_ASSIGN(Connection connection, FindAsking(installation, name));
  return Reconciler(installation, std::move(connection), options).Run();
}

}  // namespace farthing::connect
