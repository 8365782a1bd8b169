#include "connect/cost_explorer/first_day_plan.h"

#include <algorithm>
#include <climits>

#include "aws/organizations.h"
#include "billing/registry.h"
#include "connect/cost_explorer/first_day_questions.h"

namespace farthing::connect {
namespace {

constexpr std::int64_t kHourMicros = std::int64_t{3600} * 1'000'000;
constexpr std::int64_t kDayMicros = 24 * kHourMicros;
constexpr int kMonthsKept = 13;  // before the current one; AWS Cost Explorer user guide
constexpr int kPagesPerSpan = 20;
constexpr int kFirstMonths = 2;
constexpr int kServicesPerAccount = 10;  // assumed where nothing is known
constexpr int kFreshHours = 8;           // AWS has nothing newer

Period Before(Period period, int months) {
  const int count = period.year * 12 + period.month - 1 - months;
  return {count / 12, count % 12 + 1};
}

/// What the bills of a month leave to ask for.
struct Covered {
  bool whole = false;    ///< nothing
  std::string until;     ///< last day that they have; "" where there are none
  std::string sentence;  ///< why they have it
};

class Planner {
 public:
  Planner(Installation& installation, const Connection& connection, const FirstDayOptions& options)
      : installation_(installation),
        connection_(connection),
        options_(options),
        now_(options.now()) {}

  Result<FirstDayPlan> Run() {
    FirstDayPlan plan;
    engine::SqliteDatabase& database = installation_.store.database();
    TRY_ASSIGN(plan.spending, Spending(database, connection_, options_.now).State());
    TRY_ASSIGN(kept_, KeptAnswers(database, installation_.catalog.layout()).List(connection_.id));
    const Period current = PeriodOf(now_);
    const Period oldest = std::max(Before(current, kMonthsKept), options_.first.value_or(Period{}));
    for (Period month = current; month >= oldest; month = Before(month, 1)) {
      const std::string answered = WhyAnswered(month);
      TRY_ASSIGN(const Covered covered, CoveredOf(month));
      if (!answered.empty() || covered.whole) {
        plan.left_out.push_back(ToString(month) + ": " +
                                (answered.empty() ? covered.sentence : answered));
        continue;
      }
      plan.months.push_back(month);
      if (covered.until.empty()) continue;
      TRY_ASSIGN(const Instant last, ParseInstant(covered.until));
      plan.from[month] = Instant{last.micros + kDayMicros};
    }
    TRY(Price(plan));
    return plan;
  }

 private:
  /// Why the answer that is kept of a month will do; "" when it will not.
  std::string WhyAnswered(Period month) const {
    const auto known = std::find_if(kept_.begin(), kept_.end(),
                                    [&](const KeptAnswer& a) { return a.period == month; });
    if (known != kept_.end() && !options_.again) {
      const std::int64_t hours = (now_.micros - known->asked_at.micros) / kHourMicros;
      const bool final = known->asked_at.micros > month.end().micros + 7 * 24 * kHourMicros;
      if (options_.unanswered) return "answered on " + DayString(known->asked_at);
      if (final) return "answered on " + DayString(known->asked_at) + ", after it was closed";
      if (hours < kFreshHours) {
        return "answered less than 8 hours ago; AWS has nothing newer";
      }
    }
    return {};
  }

  /// True where the load may hold every account that the connection pays for.
  bool HasAllAccounts(const lake::Load& load) const {
    if (!IsBillOf(load, connection_)) return false;
    // The report of a member names its payer too.
    return connection_.settings.type == ConnectionType::kMember || load.sub_accounts.size() != 1 ||
           load.sub_accounts.front() == connection_.settings.account_id;
  }

  /// An invoiced bill has all of its month, also where the last days had no usage; any other has the days up to its last
  /// usage, and AWS owes nothing newer than the day before yesterday.
  Result<Covered> CoveredOf(Period month) {
    const std::string owed = DayString(
        std::min(Instant{month.end().micros - kDayMicros}, Instant{now_.micros - 2 * kDayMicros}));
    TRY_ASSIGN(const std::vector<lake::Load> loads,
               installation_.catalog.ActiveLoads({month, month, std::nullopt}));
    Covered covered;
    for (const lake::Load& load : loads) {
      if (!HasAllAccounts(load)) continue;
      TRY_ASSIGN(const Coverage coverage, CoverageOf(installation_.catalog.layout(), load));
      if (coverage.last_usage_day > covered.until) {
        covered.until = coverage.last_usage_day;
        covered.sentence = "export " + load.export_name + " covers it until " + covered.until;
        covered.whole = covered.until >= owed;
      }
      TRY_ASSIGN(const bool is_final, IsInvoiced(installation_.catalog.layout(), load));
      if (is_final)
        return Covered{true, covered.until, "export " + load.export_name + " has its final bill"};
    }
    return covered;
  }

  struct Expectation {
    int groups_per_day = 0;
    std::string because;
  };
  /// Groups a day: as the last answer had, as the bills suggest, or assumed.
  Result<Expectation> Expect() {
    for (auto answer = kept_.rbegin(); answer != kept_.rend(); ++answer) {
      if (answer->rows == 0) continue;
      return Expectation{answer->rows / 28 + 1, "the answer for " + ToString(answer->period) +
                                                    " had " + std::to_string(answer->rows) +
                                                    " rows"};
    }
    std::size_t accounts = 1;
    TRY_ASSIGN(const std::vector<lake::Load> loads, installation_.catalog.ActiveLoads({}));
    for (const lake::Load& load : loads) {
      if (IsBillOf(load, connection_)) accounts = std::max(accounts, load.sub_accounts.size());
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
                           " services in each and " + std::to_string(PageSize().groups()) +
                           " figures to a page; AWS documents no page size"};
  }

  Result<void> Price(FirstDayPlan& plan) {
    TRY_ASSIGN(const Expectation expected, Expect());
    plan.expectation = expected.because;
    const PageSize page;
    const std::size_t count = plan.months.size();
    for (std::size_t asked = 0; asked < count;) {
      const int most = page.MonthsTogether(asked == 0, 31 * expected.groups_per_day, INT_MAX);
      const std::vector<Period> span = SpanAt(plan, asked, most);
      const AskedDays days = DaysOf(plan, span, now_);
      const auto day_count = static_cast<int>((days.end.micros - days.start.micros) / kDayMicros);
      plan.expected_requests +=
          QuestionCount() - 1 + page.PagesOf((day_count + 1) * expected.groups_per_day);
      asked += span.size();
    }
    // At best the first questions and the same for all the rest.
    if (count > 0)
      plan.least_requests = QuestionCount() * (count > std::size_t{kFirstMonths} ? 2 : 1);
    if (options_.hourly && count > 0) {
      plan.least_requests += 1;
      plan.expected_requests += page.PagesOf(24 * kHourlyDays * expected.groups_per_day);
    }
    return {};
  }

  Installation& installation_;
  const Connection& connection_;
  const FirstDayOptions& options_;
  const Instant now_;
  std::vector<KeptAnswer> kept_;
};

}  // namespace

void PageSize::Learn(const aws::CostAnswer& answer) {
  const int groups = static_cast<int>(answer.groups.size());
  if (answer.pages > 1) groups_ = std::max(1, groups / answer.pages);
  if (answer.pages == 1) groups_ = std::max(groups_, groups);
}

int PageSize::PagesOf(int groups) const { return std::max(1, (groups + groups_ - 1) / groups_); }

int PageSize::MonthsTogether(bool is_first, int groups_per_month, int left) const {
  const int pages = std::min(kPagesPerSpan, left - QuestionCount() + 1);
  const int fitting = pages * groups_ / std::max(groups_per_month, 1);
  return std::clamp(fitting, 1, is_first ? kFirstMonths : kMonthsKept + 1);
}

std::vector<Period> SpanAt(const FirstDayPlan& plan, std::size_t index, int most) {
  std::vector<Period> span = {plan.months[index]};
  for (std::size_t next = index + 1; next < plan.months.size(); ++next) {
    const bool is_next = plan.months[next].Next() == span.back();
    if (static_cast<int>(span.size()) >= most || !is_next || plan.from.contains(span.back())) break;
    span.push_back(plan.months[next]);
  }
  return span;
}

AskedDays DaysOf(const FirstDayPlan& plan, const std::vector<Period>& span, Instant now) {
  const auto from = plan.from.find(span.back());
  return {from == plan.from.end() ? span.back().start() : from->second,
          std::min(span.front().end(), Instant{now.micros + kDayMicros})};
}

Result<FirstDayPlan> PlanMonths(Installation& installation, const Connection& connection,
                                const FirstDayOptions& options) {
  return Planner(installation, connection, options).Run();
}

}  // namespace farthing::connect
