#include "connect/cost_explorer/first_day.h"

#include <algorithm>

#include "aws/organizations.h"
#include "aws/sts.h"
#include "base/shell_words.h"
#include "connect/cost_explorer/first_day_plan.h"
#include "connect/cost_explorer/first_day_questions.h"
#include "connect/lifecycle.h"

namespace farthing::connect {
namespace {

using ingest::CostExplorerRow;

constexpr std::int64_t kDayMicros = std::int64_t{86'400} * 1'000'000;

/// The account that pays; asked of Organizations, which is free, else the connection's own.
std::string PayerOf(const Connection& connection, aws::Client& client) {
  const auto organization = aws::DescribeOrganization(client);
  if (organization.ok() && *organization) return (*organization)->management_account_id;
  return connection.settings.account_id;
}

/// Asks for one connection's months and keeps the answers.
class Filler {
 public:
  /// `client` has not been asked for anything that costs; `options` tell the time of AWS.
  Filler(Installation& installation, const Connection& connection, const FirstDayOptions& options,
         std::shared_ptr<aws::Client> client)
      : installation_(installation),
        connection_(connection),
        options_(options),
        answers_(installation.store.database(), installation.catalog.layout()),
        spending_(installation.store.database(), connection_, options.now),
        client_(std::move(client)) {}

  Result<FirstDayOutcome> Run(const FirstDayPlan& plan) {
    if (options_.on_plan) options_.on_plan(plan);
    FirstDayOutcome outcome;
    payer_ = PayerOf(connection_, *client_);
    client_ = Metered(client_, spending_, "first-day")
                  ->WithLimits(std::chrono::milliseconds(0), options_.cancellation);
    TRY(AskMonths(plan, outcome));
    TRY_ASSIGN(outcome.fits, FitCostExplorer(installation_.store, installation_.catalog));
    TRY_ASSIGN(outcome.spending, spending_.State());
    outcome.requests = outcome.spending.spent - plan.spending.spent;
    if (outcome.requests > 0) {
      TRY(installation_.store.Record(
          connection_.id, "first-day",
          "Cost Explorer answered for " + std::to_string(outcome.filled.size()) + " months, " +
              std::to_string(outcome.requests) + " requests, US$" + Dollars(outcome.requests)));
    }
    return outcome;
  }

 private:
  using Rows = std::map<Period, std::vector<CostExplorerRow>>;

  /// Asks for all months, newest first, until something stops it.
  Result<void> AskMonths(const FirstDayPlan& plan, FirstDayOutcome& outcome) {
    const std::vector<Period>& months = plan.months;
    int largest = 0;  // rows of a month
    for (std::size_t asked = 0; asked < months.size() && !outcome.stopped;) {
      TRY_ASSIGN(const SpendingState state, spending_.State());
      const std::vector<Period> span =
          SpanAt(plan, asked, page_.MonthsTogether(asked == 0, largest, state.left()));
      Result<int> rows = AskSpan(plan, span, outcome);
      if (!rows.ok()) {
        outcome.stopped = std::move(rows).error();
        break;
      }
      largest = std::max(largest, *rows);
      outcome.filled.insert(outcome.filled.end(), span.begin(), span.end());
      asked += span.size();
    }
    outcome.missing.assign(months.begin() + static_cast<std::ptrdiff_t>(outcome.filled.size()),
                           months.end());
    return {};
  }

  /// Asks for consecutive months, newest first, and keeps them.  Returns the rows of the largest.
  Result<int> AskSpan(const FirstDayPlan& plan, const std::vector<Period>& span,
                      FirstDayOutcome& outcome) {
    TRY_ASSIGN(const SpendingState before, spending_.State());
    if (before.left() < QuestionCount()) {
      return Error(Errc::kTooLarge, "the spending cap of connection " + connection_.settings.name +
                                        " leaves US$" + Dollars(before.left()) + " this month, " +
                                        ToString(span.front()) + " needs at least US$" +
                                        Dollars(QuestionCount()))
          .With("spending_cap", Dollars(before.cap))
          .Hint("raise it with: " +
                CommandLine({"farthing", "connections", "edit", connection_.settings.name,
                             "--cost-explorer-cap", "USD"}));
    }
    Rows rows;
    for (const Period month : span) rows[month];
    const Instant now = options_.now();
    const AskedDays days = DaysOf(plan, span, now);
    const std::vector<CostQuestion> questions =
        QuestionsOf(DayString(days.start), DayString(days.end));
    for (const CostQuestion& question : questions) TRY(Ask(question, rows));
    if (options_.hourly) {
      TRY(AskHours(questions.back(), rows, outcome));
    }
    TRY_ASSIGN(const SpendingState after, spending_.State());
    int largest = 0;
    for (auto& [month, of_month] : rows) {
      largest = std::max(largest, static_cast<int>(of_month.size()));
      KeptAnswer answer;
      answer.connection_id = connection_.id;
      answer.period = month;
      answer.asked_at = now;
      answer.requests = after.spent - before.spent;
      TRY(KeepEarlierDays(answer, DayString(days.start), of_month));
      TRY(answers_.Keep(answer, of_month));
    }
    return largest;
  }

  /// Adds the rows of an earlier answer for days that were not asked for anew: the bill that has them now may go.
  Result<void> KeepEarlierDays(const KeptAnswer& answer, const std::string& from,
                               std::vector<CostExplorerRow>& rows) {
    TRY_ASSIGN(const std::vector<KeptAnswer> kept, answers_.List(connection_.id));
    for (const KeptAnswer& earlier : kept) {
      if (earlier.period != answer.period) continue;
      TRY_ASSIGN(const std::vector<CostExplorerRow> before, answers_.Rows(earlier));
      std::copy_if(before.begin(), before.end(), std::back_inserter(rows),
                   [&](const CostExplorerRow& row) { return row.day() < from; });
    }
    return {};
  }

  Result<void> Ask(const CostQuestion& question, Rows& rows) {
    if (options_.observer) {
      options_.observer("asking Cost Explorer for " + question.query.start + " to " +
                        question.query.end + ", " + question.charge_group);
    }
    TRY_ASSIGN(const SpendingState state, spending_.State());
    TRY_ASSIGN(const aws::CostAnswer answer,
               aws::GetCostAndUsage(*client_, question.query, std::max(state.left(), 1)));
    page_.Learn(answer);
    for (const aws::CostGroup& cell : answer.groups) {
      TRY_ASSIGN(CostExplorerRow row, RowOf(cell, question.charge_group, payer_, answer));
      TRY_ASSIGN(const Instant start, ParseInstant(row.start));
      const auto month = rows.find(PeriodOf(start));
      if (month != rows.end()) month->second.push_back(std::move(row));
    }
    return {};
  }

  /// Hours in place of days, where they add up to exactly the day.
  Result<void> AskHours(CostQuestion question, Rows& rows, FirstDayOutcome& outcome) {
    const Instant now = options_.now();
    const Instant first = *ParseInstant(DayString({now.micros - (kHourlyDays - 1) * kDayMicros}));
    const Instant end{now.micros - now.micros % (kDayMicros / 24)};
    aws::CostQuery& query = question.query;
    TRY_ASSIGN(const Instant asked_from, ParseInstant(query.start));
    const Instant start = std::max(first, asked_from);
    if (start >= end || rows.rbegin()->first.end() <= start) return {};
    query.start = ToString(start);
    query.end = ToString(end);
    query.granularity = "HOURLY";
    Rows hours;
    for (const auto& [month, ignored] : rows) hours[month];
    Result<void> asked = Ask(question, hours);
    if (!asked.ok() && asked.error().code() != Errc::kTooLarge &&
        asked.error().code() != Errc::kUnavailable) {
      outcome.notes.push_back("hours are not available, days are used: " + asked.error().message());
      return {};
    }
    TRY(std::move(asked));
    int kept_days = 0;
    for (auto& [month, of_month] : rows) {
      TRY_ASSIGN(const int kept, ReplaceByHours(hours[month], of_month));
      kept_days += kept;
    }
    if (kept_days > 0) {
      outcome.notes.push_back(std::to_string(kept_days) +
                              " figures of days differ from the sum of their hours and stay whole");
    }
    return {};
  }

  Installation& installation_;
  const Connection& connection_;
  const FirstDayOptions& options_;
  KeptAnswers answers_;
  Spending spending_;
  std::shared_ptr<aws::Client> client_;
  std::string payer_;
  PageSize page_;
};

Result<Connection> FindAsking(Installation& installation, const std::string& name) {
  TRY_ASSIGN(Connection connection, installation.store.Find(name));
  const Settings& settings = connection.settings;
  if (settings.type == ConnectionType::kDirectory || settings.type == ConnectionType::kBucket) {
    return Error(Errc::kInvalidArgument,
                 "connection " + settings.name + " has no AWS account behind it to ask")
        .Hint("Cost Explorer needs a role or keys of an AWS account");
  }
  if (settings.type == ConnectionType::kLinkedKeys) {
    return Error(Errc::kInvalidArgument,
                 "connection " + settings.name + " contributes resources only")
        .Hint("ask for its payer's connection");
  }
  if (!MayCollect(connection.state)) {
    return Error(Errc::kConflict,
                 "connection " + settings.name + " is " + std::string(Name(connection.state)))
        .Hint("verify it first: " + CommandLine({"farthing", "check", settings.name}));
  }
  return connection;
}

/// Cost Explorer refuses days that its clock has not reached, for a cent.  A question that is free tells the clock.
Result<FirstDayOutcome> FillByClockOfAws(Installation& installation, const Connection& connection,
                                         const FirstDayOptions& options) {
  TRY_ASSIGN(const std::shared_ptr<aws::Client> client,
             ClientFor(connection, installation.platform, installation.vault));
  TRY(aws::GetCallerIdentity(*client));
  FirstDayOptions of_aws = options;
  of_aws.now = [ours = options.now, ahead = client->clock_skew_ms() * 1000] {
    return Instant{ours().micros + ahead};
  };
  TRY_ASSIGN(const FirstDayPlan plan, PlanMonths(installation, connection, of_aws));
  return Filler(installation, connection, of_aws, client).Run(plan);
}

}  // namespace

Result<FirstDayPlan> PlanFirstDay(Installation& installation, const std::string& name,
                                  const FirstDayOptions& options) {
  TRY_ASSIGN(const Connection connection, FindAsking(installation, name));
  return PlanMonths(installation, connection, options);
}

Result<FirstDayOutcome> FillFirstDay(Installation& installation, const std::string& name,
                                     const FirstDayOptions& options) {
  TRY_ASSIGN(const Connection connection, FindAsking(installation, name));
  return FillByClockOfAws(installation, connection, options);
}

bool MayFillUnasked(const Connection& connection) {
  const Settings& settings = connection.settings;
  return settings.cost_explorer_cap_usd.has_value() &&
         settings.permission_sets.contains(PermissionSet::kCostExplorer);
}

Result<std::optional<FirstDayOutcome>> FillWhileWaiting(Installation& installation,
                                                        const std::string& name,
                                                        const FirstDayOptions& options) {
  TRY_ASSIGN(const Connection connection, FindAsking(installation, name));
  if (connection.state != State::kWaiting || !MayFillUnasked(connection)) {
    return std::optional<FirstDayOutcome>();
  }
  FirstDayOptions once = options;
  once.unanswered = true;
  TRY_ASSIGN(const FirstDayPlan plan, PlanMonths(installation, connection, once));
  if (plan.months.empty()) return std::optional<FirstDayOutcome>();
  TRY_ASSIGN(FirstDayOutcome outcome, FillByClockOfAws(installation, connection, once));
  return std::optional(std::move(outcome));
}

}  // namespace farthing::connect
