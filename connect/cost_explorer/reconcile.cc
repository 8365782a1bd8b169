#include "connect/cost_explorer/reconcile.h"

#include <algorithm>
#include <boost/json.hpp>

#include "aws/cost_explorer.h"
#include "aws/error.h"
#include "aws/sts.h"
#include "base/shell_words.h"
#include "connect/cost_explorer/reconcile_figures.h"

namespace farthing::connect {
namespace {

namespace json = boost::json;

constexpr std::int64_t kDayMicros = std::int64_t{86'400} * 1'000'000;
constexpr int kGroupsPerPage = 500;  // as assumed in connect/cost_explorer/first_day.cc

/// The filter that leaves these accounts out; "" for none.
std::string WithoutAccounts(const std::set<std::string>& accounts) {
  if (accounts.empty()) return {};
  const json::array values(accounts.begin(), accounts.end());
  const json::object dimension{{"Key", "LINKED_ACCOUNT"}, {"Values", values}};
  return json::serialize(json::object{{"Not", json::object{{"Dimensions", dimension}}}});
}

Decimal SizeOf(const Decimal& value) { return value.units < 0 ? Negate(value) : value; }

class Reconciler {
 public:
  Reconciler(Installation& installation, Connection connection, const ReconcileOptions& options)
      : installation_(installation),
        connection_(std::move(connection)),
        options_(options),
        spending_(installation.store.database(), connection_, options.now),
        figures_(installation.catalog, connection_) {}

  Result<ReconcilePlan> Plan() {
    const Period current = PeriodOf(options_.now());
    const Period before = PeriodOf({current.start().micros - 1});
    const Period first = options_.period.value_or(before);
    const Period last = options_.period.value_or(current);
    TRY(figures_.ReadBills(first, last));
    context_.now = options_.now();
    context_.bill_until = figures_.bill_until();
    ReconcilePlan plan;
    plan.periods = figures_.periods();
    if (plan.periods.empty()) {
      return Error(Errc::kNotFound, "no bill of connection " + connection_.settings.name +
                                        " covers " + ToString(first) +
                                        (first == last ? "" : " or " + ToString(last)))
          .Hint("collect first: " +
                CommandLine({"farthing", "collect", "--connection", connection_.settings.name}));
    }
    const auto open = std::count_if(plan.periods.begin(), plan.periods.end(),
                                    [&](Period period) { return IsOpen(period, context_); });
    plan.expected_requests = static_cast<int>(Questions().size() + open) +
                             static_cast<int>(figures_.size()) / kGroupsPerPage;
    TRY_ASSIGN(plan.spending, spending_.State());
    return plan;
  }

  Result<Reconciliation> Run() {
    TRY_ASSIGN(const ReconcilePlan plan, Plan());
    TRY(ReadClock());
    TRY(AskForMonths());
    TRY_ASSIGN(std::vector<ReconcileRow> rows, ExplainDifferences(figures_.List(), context_));
    TRY_ASSIGN(const bool has_asked, AskForLastDays(rows));
    if (has_asked) {
      TRY_ASSIGN(rows, ExplainDifferences(figures_.List(), context_));
    }
    Reconciliation outcome;
    outcome.connection_id = connection_.id;
    outcome.connection_name = connection_.settings.name;
    outcome.metric = figures_.has_unblended() ? "unblended_cost" : "billed_cost";
    outcome.rows = std::move(rows);
    const std::vector<ReconcileCell> list = figures_.List();
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
  /// Cost Explorer refuses what its clock has not reached, for a cent.  Its clock is measured by a question that is free,
  /// and is no earlier than its last delivery.
  Result<void> ReadClock() {
    TRY_ASSIGN(client_, ClientFor(connection_, installation_.platform, installation_.vault));
    TRY(aws::GetCallerIdentity(*client_));
    aws_now_ = Instant{options_.now().micros + client_->clock_skew_ms() * 1000};
    aws_now_ = std::max(aws_now_, connection_.last_delivery.value_or(aws_now_));
    return {};
  }

  /// Months by what is left out of them: one question each.
  std::map<std::set<std::string>, std::set<Period>> Questions() const {
    std::map<std::set<std::string>, std::set<Period>> questions;
    for (const Period period : figures_.periods()) {
      questions[figures_.LeftOut(period)].insert(period);
    }
    return questions;
  }

  Result<void> AskForMonths() {
    for (const auto& [left_out, periods] : Questions()) {
      TRY_ASSIGN(const aws::CostAnswer answer,
                 Ask(DayString(periods.begin()->start()), periods.rbegin()->end(), left_out));
      TRY(figures_.AddAnswer(answer, periods));
    }
    context_.estimated = figures_.estimated();
    return {};
  }

  /// How far the two lag is asked only where an open month differs without another cause.  True where it was.
  Result<bool> AskForLastDays(const std::vector<ReconcileRow>& rows) {
    bool has_asked = false;
    for (const Period period : figures_.periods()) {
      const std::string from = figures_.LastDaysFrom(period);
      const bool differs = std::any_of(rows.begin(), rows.end(), [&](const ReconcileRow& row) {
        return row.period == period && row.unexplained.units != 0;
      });
      if (!differs || from.empty() || !IsOpen(period, context_)) continue;
      Result<aws::CostAnswer> answer = Ask(from, period.end(), figures_.LeftOut(period));
      // Under the cap the comparison itself comes first.
      if (!answer.ok() && answer.error().code() == Errc::kTooLarge) break;
      if (!answer.ok()) return std::move(answer).error();
      TRY(figures_.AddLastDays(*answer, period));
      context_.last_days[period] = from;
      has_asked = true;
    }
    return has_asked;
  }

  Result<aws::CostAnswer> Ask(std::string first_day, Instant end,
                              const std::set<std::string>& left_out) {
    const Instant until = std::min(end, Instant{aws_now_.micros + kDayMicros});
    if (first_day >= DayString(until)) {
      return Error(Errc::kNotFound, "Cost Explorer has no " + first_day.substr(0, 7) +
                                        " yet, the clock of AWS says " + ToString(aws_now_))
          .Hint("name a month that has begun with --period");
    }
    const auto metered = Metered(client_, spending_, "reconcile")
                             ->WithLimits(std::chrono::milliseconds(0), options_.cancellation);
    aws::CostQuery query;
    query.start = std::move(first_day);
    query.end = DayString(until);
    query.granularity = "MONTHLY";
    query.metrics = {figures_.metric()};
    query.dimensions = {"SERVICE", "RECORD_TYPE"};
    query.filter_json = WithoutAccounts(left_out);
    TRY_ASSIGN(const SpendingState state, spending_.State());
    auto answer = aws::GetCostAndUsage(*metered, query, std::max(state.left(), 1));
    if (!answer.ok() && aws::AwsCode(answer.error()) == "ValidationException") {
      return std::move(answer).error().Hint(
          "Cost Explorer keeps 13 months and the current one: name one of them with --period, and "
          "see that the clock of this machine is right");
    }
    return answer;
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
      if (row.unexplained.units == 0) continue;
      ++total.without_cause;
      TRY_ASSIGN(total.unexplained, Add(total.unexplained, SizeOf(row.unexplained)));
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
              ", unexplained " + ToString(total.unexplained);
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
  ReconcileFigures figures_;
  ReconcileContext context_;
  std::shared_ptr<aws::Client> client_;
  Instant aws_now_;
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
                     [](const ReconcileRow& row) { return row.unexplained.units != 0; });
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
