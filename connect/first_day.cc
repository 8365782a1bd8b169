#include "connect/first_day.h"

#include <algorithm>
#include <boost/json.hpp>
#include <climits>

#include "aws/cost_explorer.h"
#include "aws/organizations.h"
#include "billing/registry.h"
#include "connect/import_policy.h"

namespace farthing::connect {
namespace {

namespace json = boost::json;
using ingest::CostExplorerRow;

constexpr std::int64_t kDayMicros = std::int64_t{86'400} * 1'000'000;
constexpr int kMonthsKept = 13;  // before the current one; AWS Cost Explorer user guide
constexpr int kHourlyDays = 14;
constexpr int kGroupsPerPage = 500;  // AWS documents none: assumed until an answer shows more
constexpr int kPagesPerChunk = 20;
constexpr int kFirstMonths = 2;
constexpr int kServicesPerAccount = 10;  // assumed where nothing is known
const std::vector<std::string> kMetrics = {"UnblendedCost", "NetUnblendedCost", "BlendedCost",
                                           "AmortizedCost", "NetAmortizedCost", "UsageQuantity"};

/// The questions that together hold every charge once: values of RECORD_TYPE, and none of them.  Cost Explorer
/// answers unknown values with nothing, so all spellings may stand here.
struct ChargeGroup {
  std::string_view name;
  std::vector<std::string> types;
};
const std::vector<ChargeGroup>& NamedGroups() {
  static const std::vector<ChargeGroup> groups = {
      {"Tax", {"Tax"}},
      {"Credit", {"Credit"}},
      {"Refund", {"Refund"}},
      {"Purchase",
       {"Fee", "RIFee", "Recurring", "Upfront", "Recurring reservation fee",
        "Upfront reservation fee", "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee",
        "Savings Plan Recurring Fee", "Savings Plan Upfront Fee"}},
  };
  return groups;
}
int RequestsPerChunk() { return static_cast<int>(NamedGroups().size()) + 1; }

json::object TypeFilter(const std::vector<std::string>& types) {
  json::array values;
  for (const std::string& type : types) values.emplace_back(type);
  return {{"Dimensions", {{"Key", "RECORD_TYPE"}, {"Values", values}}}};
}

std::string RestFilter() {
  std::vector<std::string> all;
  for (const ChargeGroup& group : NamedGroups()) {
    all.insert(all.end(), group.types.begin(), group.types.end());
  }
  return json::serialize(json::object{{"Not", TypeFilter(all)}});
}

Period Before(Period period, int months) {
  const int count = period.year * 12 + period.month - 1 - months;
  return {count / 12, count % 12 + 1};
}

/// One connection's first day.
class FirstDay {
 public:
  FirstDay(Installation& installation, Connection connection, const FirstDayOptions& options)
      : installation_(installation),
        connection_(std::move(connection)),
        options_(options),
        answers_(installation.store.database(), installation.catalog.layout()),
        spending_(installation.store.database(), connection_, options.now) {}

  Result<FirstDayPlan> Plan() {
    FirstDayPlan plan;
    TRY_ASSIGN(plan.spending, spending_.State());
    TRY_ASSIGN(const std::vector<KeptAnswer> kept, answers_.List(connection_.id));
    const Period current = PeriodOf(options_.now());
    const Period oldest = std::max(Before(current, kMonthsKept), options_.first.value_or(Period{}));
    for (Period month = current; month >= oldest; month = Before(month, 1)) {
      TRY_ASSIGN(const std::string why_not, WhyNot(month, kept));
      if (why_not.empty()) {
        plan.months.push_back(month);
      } else {
        plan.left_out.push_back(ToString(month) + ": " + why_not);
      }
    }
    TRY_ASSIGN(const Expectation expected, Expect(kept));
    plan.expectation = expected.because;
    const int count = static_cast<int>(plan.months.size());
    const int per_month = 31 * expected.groups_per_day;
    for (int asked = 0; asked < count;) {
      const int together = std::min(count - asked, MonthsTogether(asked == 0, per_month, INT_MAX));
      plan.expected_requests += RequestsPerChunk() - 1 + PagesOf(together * per_month);
      asked += together;
    }
    // At best the first question and one for all the rest.
    if (count > 0) plan.least_requests = RequestsPerChunk() * (count > kFirstMonths ? 2 : 1);
    if (options_.hourly && !plan.months.empty()) {
      plan.least_requests += 1;
      plan.expected_requests += PagesOf(24 * kHourlyDays * expected.groups_per_day);
    }
    return plan;
  }

  Result<FirstDayOutcome> Fill() {
    TRY_ASSIGN(const FirstDayPlan plan, Plan());
    FirstDayOutcome outcome;
    TRY_ASSIGN(auto client, ClientFor(connection_, installation_.platform, installation_.vault));
    payer_ = PayerOf(*client);
    client_ = Metered(client, spending_, "first-day")
                  ->WithLimits(std::chrono::milliseconds(0), options_.cancellation);
    TRY_ASSIGN(only_accounts_, AccountsToImport(installation_.store, connection_));
    TRY(AskMonths(plan.months, outcome));
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

  /// Why a month is not asked for; "" when it is.
  Result<std::string> WhyNot(Period month, const std::vector<KeptAnswer>& kept) {
    const Instant now = options_.now();
    const auto known = std::find_if(kept.begin(), kept.end(),
                                    [&](const KeptAnswer& a) { return a.period == month; });
    if (known != kept.end() && !options_.again) {
      const std::int64_t hours = (now.micros - known->asked_at.micros) / (kDayMicros / 24);
      const bool final = known->asked_at.micros > month.end().micros + 7 * kDayMicros;
      if (final) return "answered on " + DayString(known->asked_at) + ", after it was closed";
      if (hours < 8) return std::string("answered less than 8 hours ago; AWS has nothing newer");
    }
    // A bill that reaches to the month's end, or to the day before yesterday, leaves nothing to fill.
    const Instant last =
        std::min(Instant{month.end().micros - kDayMicros}, Instant{now.micros - 2 * kDayMicros});
    TRY_ASSIGN(const std::vector<lake::Load> loads,
               installation_.catalog.ActiveLoads({month, month, std::nullopt}));
    for (const lake::Load& load : loads) {
      if (load.format == billing::kCostExplorerFormat || !IsOurs(load)) continue;
      TRY_ASSIGN(const Coverage coverage, CoverageOf(installation_.catalog.layout(), load));
      if (!coverage.last_usage_day.empty() && coverage.last_usage_day >= DayString(last)) {
        return "export " + load.export_name + " covers it until " + coverage.last_usage_day;
      }
    }
    return std::string();
  }

  bool IsOurs(const lake::Load& load) const {
    const std::string& account = connection_.settings.account_id;
    const auto names = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), account) != list.end();
    };
    return names(load.billing_accounts) ||
           (connection_.settings.type == ConnectionType::kMember && names(load.sub_accounts));
  }

  struct Expectation {
    int groups_per_day = 0;
    std::string because;
  };
  /// Groups a day: as the last answer had, as the bills suggest, or assumed.
  Result<Expectation> Expect(const std::vector<KeptAnswer>& kept) {
    for (auto answer = kept.rbegin(); answer != kept.rend(); ++answer) {
      if (answer->rows == 0) continue;
      return Expectation{answer->rows / 28 + 1, "the answer for " + ToString(answer->period) +
                                                    " had " + std::to_string(answer->rows) +
                                                    " rows"};
    }
    std::size_t accounts = 1;
    TRY_ASSIGN(const std::vector<lake::Load> loads, installation_.catalog.ActiveLoads({}));
    for (const lake::Load& load : loads) {
      if (IsOurs(load)) accounts = std::max(accounts, load.sub_accounts.size());
    }
    if (accounts == 1 &&
        connection_.settings.permission_sets.contains(PermissionSet::kOrganization)) {
      auto client = ClientFor(connection_, installation_.platform, installation_.vault);
      if (client.ok()) {
        const auto listed = aws::ListAccounts(**client);  // costs nothing
        if (listed.ok()) accounts = std::max(accounts, listed->size());
      }
    }
    return Expectation{static_cast<int>(accounts) * kServicesPerAccount,
                       std::to_string(accounts) + (accounts == 1 ? " account" : " accounts") +
                           ", assuming " + std::to_string(kServicesPerAccount) +
                           " services in each and " + std::to_string(kGroupsPerPage) +
                           " figures to a page; AWS documents no page size"};
  }

  /// The account that pays; asked of Organizations, which is free, else the connection's own.
  std::string PayerOf(aws::Client& client) const {
    const auto organization = aws::DescribeOrganization(client);
    if (organization.ok() && *organization) return (*organization)->management_account_id;
    return connection_.settings.account_id;
  }

  int PagesOf(int groups) const {
    return std::max(1, (groups + groups_per_page_ - 1) / groups_per_page_);
  }

  /// The first question is small: its answer says how many of the other months one question may hold, and how
  /// many the cap allows.
  int MonthsTogether(bool first, int groups_per_month, int left) const {
    const int pages = std::min(kPagesPerChunk, left - RequestsPerChunk() + 1);
    const int fitting = pages * groups_per_page_ / std::max(groups_per_month, 1);
    return std::clamp(fitting, 1, first ? kFirstMonths : kMonthsKept + 1);
  }

  /// Asks for all months, newest first, until something stops it.
  Result<void> AskMonths(const std::vector<Period>& months, FirstDayOutcome& outcome) {
    int largest = 0;  // rows of a month
    for (std::size_t asked = 0; asked < months.size() && !outcome.stopped;) {
      TRY_ASSIGN(const SpendingState state, spending_.State());
      std::size_t end =
          asked + static_cast<std::size_t>(MonthsTogether(asked == 0, largest, state.left()));
      end = std::min(end, months.size());
      for (std::size_t i = asked + 1; i < end; ++i) {
        if (months[i].Next() != months[i - 1]) end = i;  // a month between is not wanted
      }
      const std::vector<Period> chunk(months.begin() + static_cast<std::ptrdiff_t>(asked),
                                      months.begin() + static_cast<std::ptrdiff_t>(end));
      Result<int> rows = AskChunk(chunk, outcome);
      if (!rows.ok()) {
        outcome.stopped = std::move(rows).error();
        break;
      }
      largest = std::max(largest, *rows);
      outcome.filled.insert(outcome.filled.end(), chunk.begin(), chunk.end());
      asked = end;
    }
    outcome.missing.assign(months.begin() + static_cast<std::ptrdiff_t>(outcome.filled.size()),
                           months.end());
    return {};
  }

  /// Asks for consecutive months, newest first, and keeps them.  Returns the rows of the largest.
  Result<int> AskChunk(const std::vector<Period>& chunk, FirstDayOutcome& outcome) {
    TRY_ASSIGN(const SpendingState before, spending_.State());
    if (before.left() < RequestsPerChunk()) {
      return Error(Errc::kTooLarge, "the spending cap of connection " + connection_.settings.name +
                                        " leaves US$" + Dollars(before.left()) + " this month, " +
                                        ToString(chunk.front()) + " needs at least US$" +
                                        Dollars(RequestsPerChunk()))
          .With("spending_cap", Dollars(before.cap))
          .Hint("raise it with: farthing connections edit " + connection_.settings.name +
                " --cost-explorer-cap USD");
    }
    Rows rows;
    for (const Period month : chunk) rows[month];
    const Instant now = options_.now();
    aws::CostQuery query;
    query.start = DayString(chunk.back().start());
    query.end = DayString(std::min(chunk.front().end(), Instant{now.micros + kDayMicros}));
    query.metrics = kMetrics;
    query.dimensions = {"SERVICE", "LINKED_ACCOUNT"};
    for (const ChargeGroup& group : NamedGroups()) {
      query.filter_json = json::serialize(TypeFilter(group.types));
      TRY(Ask(query, group.name, rows));
    }
    query.filter_json = RestFilter();
    TRY(Ask(query, "Usage", rows));
    if (options_.hourly) {
      TRY(AskHours(query, rows, outcome));
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
      TRY(answers_.Keep(answer, of_month));
    }
    return largest;
  }

  Result<aws::CostAnswer> Send(const aws::CostQuery& query, std::string_view group) {
    if (options_.observer) {
      options_.observer("asking Cost Explorer for " + query.start + " to " + query.end + ", " +
                        std::string(group));
    }
    TRY_ASSIGN(const SpendingState state, spending_.State());
    return aws::GetCostAndUsage(*client_, query, std::max(state.left(), 1));
  }

  Result<void> Ask(const aws::CostQuery& query, std::string_view group, Rows& rows) {
    TRY_ASSIGN(const aws::CostAnswer answer, Send(query, group));
    LearnPageSize(answer);
    for (const aws::CostGroup& cell : answer.groups) {
      TRY_ASSIGN(CostExplorerRow row, RowOf(cell, group, answer));
      TRY_ASSIGN(const Instant start, ParseInstant(row.start));
      const auto month = rows.find(PeriodOf(start));
      const bool wanted = !only_accounts_ || only_accounts_->contains(row.account);
      if (month != rows.end() && wanted) month->second.push_back(std::move(row));
    }
    return {};
  }

  void LearnPageSize(const aws::CostAnswer& answer) {
    const int groups = static_cast<int>(answer.groups.size());
    if (answer.pages > 1) groups_per_page_ = std::max(1, groups / answer.pages);
    if (answer.pages == 1) groups_per_page_ = std::max(groups_per_page_, groups);
  }

  Result<CostExplorerRow> RowOf(const aws::CostGroup& cell, std::string_view group,
                                const aws::CostAnswer& answer) const {
    if (cell.keys.size() != 2) {
      return Error(Errc::kCorrupt, "Cost Explorer answered a group without service and account");
    }
    CostExplorerRow row;
    row.payer = payer_;
    row.service = cell.keys[0];
    row.account = cell.keys[1];
    const auto name = answer.names.find(row.account);
    if (name != answer.names.end()) row.account_name = name->second;
    row.charge_group = group;
    row.start = cell.start;
    row.end = cell.end;
    const auto amount = [&](const char* metric) {
      const auto found = cell.amounts.find(metric);
      return found == cell.amounts.end() || found->second.empty() ? "0" : found->second;
    };
    row.unblended = amount("UnblendedCost");
    row.net_unblended = amount("NetUnblendedCost");
    row.blended = amount("BlendedCost");
    row.amortized = amount("AmortizedCost");
    row.net_amortized = amount("NetAmortizedCost");
    const auto unit = [&](const char* metric) {
      const auto found = cell.units.find(metric);
      return found == cell.units.end() ? std::string() : found->second;
    };
    row.currency = unit("UnblendedCost");
    row.usage_unit = unit("UsageQuantity");
    if (row.usage_unit == "N/A") row.usage_unit.clear();  // different units were added up
    if (!row.usage_unit.empty()) row.usage_quantity = amount("UsageQuantity");
    row.estimated = cell.estimated;
    return row;
  }

  /// Hours in place of days, where they add up to exactly the day.
  Result<void> AskHours(aws::CostQuery query, Rows& rows, FirstDayOutcome& outcome) {
    const Instant now = options_.now();
    const Instant first = *ParseInstant(DayString({now.micros - (kHourlyDays - 1) * kDayMicros}));
    const Instant end{now.micros - now.micros % (kDayMicros / 24)};
    TRY_ASSIGN(const Instant asked_from, ParseInstant(query.start));
    const Instant start = std::max(first, asked_from);
    if (start >= end || rows.rbegin()->first.end() <= start) return {};
    query.start = ToString(start);
    query.end = ToString(end);
    query.granularity = "HOURLY";
    Rows hours;
    for (const auto& [month, ignored] : rows) hours[month];
    Result<void> asked = Ask(query, "Usage", hours);
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

  static Result<int> ReplaceByHours(std::vector<CostExplorerRow>& hours,
                                    std::vector<CostExplorerRow>& days) {
    using Key = std::tuple<std::string, std::string, std::string>;  // account, service, day
    std::map<Key, std::vector<const CostExplorerRow*>> of_day;
    for (const CostExplorerRow& hour : hours) {
      of_day[{hour.account, hour.service, hour.day()}].push_back(&hour);
    }
    int kept = 0;
    std::vector<CostExplorerRow> result;
    for (CostExplorerRow& day : days) {
      const auto found = of_day.find({day.account, day.service, day.day()});
      if (day.charge_group != "Usage" || found == of_day.end()) {
        result.push_back(std::move(day));
        continue;
      }
      TRY_ASSIGN(const bool equal, AddUpTo(found->second, day));
      if (!equal) {
        ++kept;
        result.push_back(std::move(day));
        continue;
      }
      for (const CostExplorerRow* hour : found->second) result.push_back(*hour);
    }
    days = std::move(result);
    return kept;
  }

  static Result<bool> AddUpTo(const std::vector<const CostExplorerRow*>& hours,
                              const CostExplorerRow& day) {
    for (const auto member :
         {&CostExplorerRow::unblended, &CostExplorerRow::net_unblended, &CostExplorerRow::blended,
          &CostExplorerRow::amortized, &CostExplorerRow::net_amortized}) {
      Decimal sum;
      for (const CostExplorerRow* hour : hours) {
        TRY_ASSIGN(const Decimal value, ParseDecimal(hour->*member));
        TRY_ASSIGN(sum, Add(sum, value));
      }
      TRY_ASSIGN(const Decimal whole, ParseDecimal(day.*member));
      if (Canonical(sum) != whole) return false;
    }
    return true;
  }

  Installation& installation_;
  Connection connection_;
  const FirstDayOptions& options_;
  KeptAnswers answers_;
  Spending spending_;
  std::shared_ptr<aws::Client> client_;
  std::string payer_;
  int groups_per_page_ = kGroupsPerPage;
  std::optional<std::set<std::string>> only_accounts_;  ///< absent: every account
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
        .Hint("verify it first: farthing check " + settings.name);
  }
  return connection;
}

}  // namespace

Result<FirstDayPlan> PlanFirstDay(Installation& installation, const std::string& name,
                                  const FirstDayOptions& options) {
  TRY_ASSIGN(Connection connection, FindAsking(installation, name));
  return FirstDay(installation, std::move(connection), options).Plan();
}

Result<FirstDayOutcome> FillFirstDay(Installation& installation, const std::string& name,
                                     const FirstDayOptions& options) {
  TRY_ASSIGN(Connection connection, FindAsking(installation, name));
  return FirstDay(installation, std::move(connection), options).Fill();
}

}  // namespace farthing::connect
