// Random small lakes and random requests: the answer must equal sums made row by row in C++, which
// share nothing with the planner but the meaning of a comparison (query::Matches).

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "base/decimal.h"
#include "base/text.h"
#include "query/session.h"
#include "query/test_lake.h"

namespace farthing::query {
namespace {

/// A line as the oracle sees it: its load's facts beside its own.
struct Row {
  const TestLoad* load;
  const TestLine* line;
};

std::string DimensionOf(const Row& row, const DimensionRef& dimension) {
  const auto find = [](const std::map<std::string, std::string>& values, const std::string& key) {
    const auto found = values.find(key);
    return found == values.end() ? std::string() : found->second;
  };
  if (dimension.kind == DimensionKind::kProduct) return find(row.line->product, dimension.name);
  if (dimension.kind == DimensionKind::kTag) {
    const auto has = [&](const TestLine& line) { return line.tags.contains(dimension.name); };
    const bool exact = std::any_of(row.load->lines.begin(), row.load->lines.end(), has);
    return find(row.line->tags, exact ? dimension.name : "user:" + dimension.name);
  }
  if (dimension.name == "period") return ToString(row.load->period);
  if (dimension.name == "export") return row.load->export_name;
  if (dimension.name == "currency") return find(row.line->text, "billing_currency");
  if (dimension.name == "account") return find(row.line->text, "sub_account_id");
  if (dimension.name == "resource") return find(row.line->text, "resource_id");
  if (dimension.name == "service") {
    const std::string name = find(row.line->text, "service_name");
    return name.empty() ? find(row.line->text, "service_code") : name;
  }
  return find(row.line->text, dimension.name);
}

bool Holds(const Filter& filter, const Row& row) {
  const auto holds = [&](const Filter& part) { return Holds(part, row); };
  switch (filter.kind) {
    case Filter::Kind::kAnd: return std::all_of(filter.parts.begin(), filter.parts.end(), holds);
    case Filter::Kind::kOr: return std::any_of(filter.parts.begin(), filter.parts.end(), holds);
    case Filter::Kind::kNot: return !Holds(filter.parts.front(), row);
    case Filter::Kind::kCompare: break;
  }
  return Matches(filter.comparison, filter.values, DimensionOf(row, filter.dimension));
}

std::string TimeOf(const Row& row, Grain grain) {
  const std::string& start = row.line->start;
  switch (grain) {
    case Grain::kHour: return start.substr(0, 10) + "T" + start.substr(11, 2) + ":00:00Z";
    case Grain::kDay: return start.substr(0, 10);
    case Grain::kMonth: return start.substr(0, 7);
    case Grain::kPeriod: return ToString(row.load->period);
    case Grain::kNone: break;
  }
  return "";
}

bool Lacks(const TestLoad& load, const std::string& column) {
  return std::find(load.unavailable.begin(), load.unavailable.end(), column) !=
         load.unavailable.end();
}

std::string MetricOf(const MetricRequest& request, const std::vector<Row>& rows) {
  Decimal sum;
  std::set<std::string> resources;
  const std::string column(request.metric->column);
  for (const Row& row : rows) {
    if (request.filter && !Holds(*request.filter, row)) continue;
    if (request.metric->name == "line_count") sum = *Add(sum, Decimal{1, 0});
    const std::string resource = DimensionOf(row, {DimensionKind::kRegistered, "resource"});
    if (!resource.empty()) resources.insert(resource);
    if (column.empty()) continue;
    if (Lacks(*row.load, column)) return "unknown";
    const auto found = row.line->amounts.find(column);
    if (found != row.line->amounts.end()) sum = *Add(sum, *ParseDecimal(found->second));
  }
  return request.metric->name == "resource_count" ? std::to_string(resources.size())
                                                  : ToString(Canonical(sum));
}

bool IsInScope(const TestLoad& load, const TimeRange& time) {
  return !time.first_period ||
         (load.period >= *time.first_period && load.period <= *time.last_period);
}

std::vector<std::string> Expected(const Request& request, const std::vector<Row>& rows) {
  std::map<std::string, std::vector<Row>> groups;
  for (const Row& row : rows) {
    const Instant start = *ParseInstant(row.line->start);
    const TimeRange& time = request.time;
    if ((time.start && start < *time.start) || (time.end && start >= *time.end)) continue;
    if (!IsInScope(*row.load, time)) continue;
    if (request.filter && !Holds(*request.filter, row)) continue;
    std::string key;
    if (time.grain != Grain::kNone) key += TimeOf(row, time.grain) + "|";
    for (const GroupKey& group : request.group_by) key += DimensionOf(row, group.dimension) + "|";
    groups[key].push_back(row);
  }
  if (groups.empty() && request.time.grain == Grain::kNone && request.group_by.empty()) groups[""];
  std::vector<std::string> lines;
  for (const auto& [key, members] : groups) {
    std::string line = key;
    for (const MetricRequest& metric : request.metrics) {
      // A metric that no load in scope has is unknown, even where its filter leaves nothing to add up.
      const bool known = std::any_of(rows.begin(), rows.end(), [&](const Row& row) {
        return IsInScope(*row.load, request.time) &&
               !Lacks(*row.load, std::string(metric.metric->column));
      });
      line += (known ? MetricOf(metric, members) : "unknown") + "|";
    }
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> Printed(const Answer& answer) {
  std::vector<std::string> lines;
  for (const AnswerRow& row : answer.rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool is_metric = answer.columns[i].role == ColumnRole::kMetric;
      line += row[i].value_or(is_metric ? "unknown" : "") + "|";
    }
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

/// Draws lakes and requests; the seed names the case.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}

  int Below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(engine_); }
  bool OneIn(int count) { return Below(count) == 0; }
  template <typename T>
  T Of(const std::vector<T>& values) {
    return values[static_cast<std::size_t>(Below(static_cast<int>(values.size())))];
  }

  TestLine Line(int first_month, int month_count) {
    TestLine line;
    line.start = "2026-0" + std::to_string(first_month + Below(month_count)) + "-0" +
                 std::to_string(1 + Below(3)) + " " +
                 Of<std::string>({"00:00:00", "01:30:00", "23:59:59"});
    const auto maybe = [&](const std::string& column, const std::vector<std::string>& values) {
      if (!OneIn(3)) line.text[column] = Of(values);
    };
    maybe("service_name", {"EC2", "S3", "it's"});
    maybe("service_code", {"AmazonEC2", "AmazonS3"});
    maybe("sub_account_id", {"000000000001", "000000000002"});
    maybe("resource_id", {"i-1", "i-2", "i-3"});
    maybe("charge_description", {"a", "b"});
    line.text["billing_currency"] = "USD";
    line.amounts["unblended_cost"] =
        std::to_string(Below(2'000'000) - 1'000'000) + "." + std::to_string(Below(1'000'000'000));
    line.amounts["usage_quantity"] = "0.0000000" + std::to_string(Below(1000));
    if (OneIn(2))
      line.tags[Of<std::string>({"user:team", "team", "user:Owner"})] =
          Of<std::string>({"red", "blue"});
    if (OneIn(3)) line.product["group"] = Of<std::string>({"g", "h"});
    return line;
  }

  std::vector<TestLoad> Lake() {
    std::vector<TestLoad> loads;
    for (int month = 1; month <= 1 + Below(2); ++month) {
      for (int payer = 0; payer <= Below(2); ++payer) {
        TestLoad load;
        load.export_name = "export-" + std::to_string(payer);
        load.payer = "90000000000" + std::to_string(payer);
        load.period = {2026, month};
        load.decimal_type = Of<std::string>({"DECIMAL(18,10)", "DECIMAL(38,10)", "DECIMAL(38,18)"});
        if (OneIn(4)) load.unavailable = {"unblended_cost"};
        // Charges lie in any month, or in one: then a question about another need not read the load.
        const int first_month = 1 + Below(2);
        const int month_count = OneIn(2) ? 1 : 3 - first_month;
        // One account belongs to one payer: otherwise the exports would describe the same bill.
        for (int count = 1 + Below(30); count > 0; --count) {
          load.lines.push_back(Line(first_month, month_count));
          if (payer == 1) load.lines.back().text["sub_account_id"] = "000000000009";
        }
        loads.push_back(std::move(load));
      }
    }
    // A tag that exists somewhere, or every question about it is a typing mistake.
    loads.front().lines.front().tags = {{"user:team", "red"}};
    return loads;
  }

  Filter Tree(int depth) {
    Filter filter;
    filter.kind = depth == 0 ? Filter::Kind::kCompare : static_cast<Filter::Kind>(Below(4));
    if (filter.kind == Filter::Kind::kCompare) {
      filter.dimension = *ParseDimension(Of(dimensions_));
      filter.comparison = static_cast<Comparison>(Below(10));
      const bool is_list =
          filter.comparison == Comparison::kIn || filter.comparison == Comparison::kNotIn;
      for (int count = is_list ? 1 + Below(3) : 1; count > 0; --count) {
        filter.values.push_back(Of<std::string>(
            {"", "EC2", "S3", "it's", "red", "i-1", "%", "i-%", "_2", "g", "a", "2026-01"}));
      }
      return filter;
    }
    for (int count = filter.kind == Filter::Kind::kNot ? 1 : 2; count > 0; --count)
      filter.parts.push_back(Tree(depth - 1));
    return filter;
  }

  Request Ask() {
    Request request;
    for (const std::string name :
         {"unblended_cost", "usage_quantity", "line_count", "resource_count"}) {
      if (OneIn(2)) continue;
      MetricRequest metric = ParseMetrics(name)->front();
      if (OneIn(2)) metric.filter = Tree(1);
      request.metrics.push_back(std::move(metric));
    }
    if (request.metrics.empty()) request.metrics = *ParseMetrics("unblended_cost");
    std::set<std::string> names;
    for (int count = Below(4); count > 0; --count) names.insert(Of(dimensions_));
    request.group_by = *ParseGroupBy(Join({names.begin(), names.end()}, ","));
    request.time.grain = static_cast<Grain>(Below(5));
    if (request.time.grain == Grain::kPeriod) names.erase("period");
    request.group_by = *ParseGroupBy(Join({names.begin(), names.end()}, ","));
    if (OneIn(3))
      request.time.start = *ParseInstant(Of<std::string>({"2026-01-02", "2026-01-02T01:00:00Z"}));
    if (OneIn(3))
      request.time.end = *ParseInstant(Of<std::string>({"2026-02-01", "2026-02-02T12:00:00Z"}));
    if (OneIn(4)) request.time.first_period = request.time.last_period = Period{2026, 1};
    if (OneIn(2)) request.filter = Tree(2);
    return request;
  }

 private:
  std::mt19937 engine_;
  const std::vector<std::string> dimensions_ = {
      "service", "account", "resource", "charge_description", "tag:team", "product:group",
      "export",  "period",  "currency"};
};

class OracleTest : public testing::TestWithParam<unsigned> {};

TEST_P(OracleTest, AnswersEqualSumsMadeRowByRow) {
  Dice dice(GetParam());
  const std::vector<TestLoad> loads = dice.Lake();
  TestLake lake;
  std::vector<Row> rows;
  for (const TestLoad& load : loads) {
    lake.Publish(load);
    for (const TestLine& line : load.lines) rows.push_back({&load, &line});
  }
  const auto session = Session::Open(lake.data());
  ASSERT_TRUE(session.ok());
  std::size_t skipped = 0;
  for (int question = 0; question < 40; ++question) {
    const Request request = dice.Ask();
    const Result<Answer> answer = (*session)->Run(request);
    ASSERT_TRUE(answer.ok()) << answer.error().message();
    ASSERT_EQ(Printed(*answer), Expected(request, rows)) << answer->plan.sql.text;
    skipped += (*(*session)->LoadsOf(request)).size() - answer->plan.loads.size();
  }
  RecordProperty("loads_not_read", static_cast<int>(skipped));
}

INSTANTIATE_TEST_SUITE_P(Seeds, OracleTest, testing::Range(1U, 13U));

}  // namespace
}  // namespace farthing::query
