#include "query/request.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "query/request_json.h"

namespace farthing::query {
namespace {

constexpr std::string_view kFull =
    R"({"metrics":["net_amortized_cost",{"metric":"unblended_cost",)"
    R"("filter":{"dimension":"line_item_type","eq":"SavingsPlanCoveredUsage"},"as":"covered"}],)"
    R"("group_by":["service","tag:team"],"time":{"start":"2026-01-01","end":"2026-02-01",)"
    R"("first_period":"2026-01","last_period":"2026-03","grain":"day"},)"
    R"("filter":{"and":[{"dimension":"charge_category","in":["Usage","Purchase"]},)"
    R"({"not":{"dimension":"region","like":"eu-%"}}]},)"
    R"("order_by":[{"metric":"covered","desc":true},{"dimension":"service"},{"time":"day"}],)"
    R"("limit":20,"remainder":true,"as_of":"2026-02-03T04:05:06Z"})";

TEST(RequestJsonTest, PrintsWhatItReads) {
  const Result<Request> request = ParseRequest(kFull);
  ASSERT_TRUE(request.ok()) << request.error().message();
  EXPECT_EQ(boost::json::serialize(ToJson(*request)), kFull);
  EXPECT_EQ(request->metrics[1].metric->name, "unblended_cost");
  EXPECT_EQ(request->time.last_period, (Period{2026, 3}));
}

TEST(RequestJsonTest, RefusesWhatItDoesNotKnow) {
  const auto message = [](std::string_view json) {
    const Result<Request> request = ParseRequest(json);
    return request.ok() ? "accepted" : request.error().message();
  };
  EXPECT_EQ(message(R"({"metrics":["line_count"],"groupby":[]})"),
            "request field request has an unknown member groupby");
  EXPECT_EQ(message(R"({"metrics":["no_such"]})"), "no such metric: no_such");
  EXPECT_EQ(message(R"({"metrics":[]})"), "the request names no metric");
  EXPECT_EQ(message(R"({"metrics":["line_count"],"limit":"5"})"),
            "request field limit must be a whole number");
  EXPECT_EQ(message(R"({"metrics":["line_count"],"filter":{"dimension":"region"}})").substr(0, 32),
            "request field filter must be one");
  EXPECT_EQ(message("{").substr(0, 19), "the request is not ");
  EXPECT_EQ(message(R"({"metrics":["line_count"],"time":null,"as_of":null})"), "accepted");
}

TEST(RequestJsonTest, AGroupOfOneFilterIsThatFilter) {
  for (const std::string name : {"and", "or"}) {
    const Result<Request> request =
        ParseRequest(R"({"metrics":["unblended_cost"],"filter":{")" + name +
                     R"(":[{"dimension":"charge_category","in":["Usage"]}]}})");
    ASSERT_TRUE(request.ok()) << request.error().message();
    EXPECT_EQ(ToString(*request->filter), "charge_category in (Usage)");
    const Result<Request> none =
        ParseRequest(R"({"metrics":["unblended_cost"],"filter":{")" + name + R"(":[]}})");
    ASSERT_FALSE(none.ok());
    EXPECT_NE(none.error().hint(), "");
  }
}

TEST(ParseMetricsTest, ReadsFiltersAndNames) {
  const auto metrics =
      ParseMetrics("line_count, unblended_cost[service in (a, 'b,]')] as covered,NetAmortizedCost");
  ASSERT_TRUE(metrics.ok()) << metrics.error().message();
  ASSERT_EQ(metrics->size(), 3U);
  EXPECT_EQ((*metrics)[1].label, "covered");
  EXPECT_EQ((*metrics)[1].filter->values, (std::vector<std::string>{"a", "b,]"}));
  EXPECT_EQ((*metrics)[2].label, "NetAmortizedCost");
  EXPECT_EQ((*metrics)[2].metric->name, "net_amortized_cost");
}

TEST(ParseMetricsTest, SaysWhatIsWrong) {
  EXPECT_EQ(ParseMetrics("unblended_cots").error().hint(),
            "did you mean unblended_cost or blended_cost?");
  EXPECT_FALSE(ParseMetrics("unblended_cost[region=a").ok());
  EXPECT_FALSE(ParseMetrics("line_count,").ok());
}

TEST(ParseGroupByTest, KeepsLabelsAsTyped) {
  const auto keys = ParseGroupBy("account, tag:\"a, b\",tag:my key");
  ASSERT_TRUE(keys.ok());
  ASSERT_EQ(keys->size(), 3U);
  EXPECT_EQ((*keys)[1].label, "tag:\"a, b\"");
  EXPECT_EQ((*keys)[1].dimension.name, "a, b");
  EXPECT_EQ((*keys)[2].dimension.name, "my key");
}

TEST(ParsePeriodsTest, ReadsOneAndARange) {
  TimeRange time;
  ASSERT_TRUE(ParsePeriods("2026-01", time).ok());
  EXPECT_EQ(time.last_period, (Period{2026, 1}));
  ASSERT_TRUE(ParsePeriods("2026-01..2026-03", time).ok());
  EXPECT_EQ(time.last_period, (Period{2026, 3}));
  EXPECT_FALSE(ParsePeriods("2026-13", time).ok());
}

TEST(ValidateTest, FindsContradictions) {
  const auto check = [](std::string_view order, std::string_view by,
                        std::optional<std::int64_t> limit, bool remainder) {
    Request request;
    request.metrics = *ParseMetrics("line_count");
    request.group_by = *ParseGroupBy(by);
    request.order_by = *ParseOrderBy(order);
    request.limit = limit;
    request.remainder = remainder;
    return Validate(request).ok();
  };
  EXPECT_TRUE(check("line_count desc, service", "service", 5, true));
  EXPECT_FALSE(check("region", "service", 5, false));
  EXPECT_FALSE(check("", "service,service", std::nullopt, false));
  EXPECT_FALSE(check("", "service", 0, false));
  EXPECT_FALSE(check("", "service", std::nullopt, true));
}

}  // namespace
}  // namespace farthing::query
