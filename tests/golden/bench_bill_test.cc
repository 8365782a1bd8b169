// A bill made by the shared bench, in the directory that FARTHING_BENCH_BILL names (make test makes a small one with
// scripts/bench_bill): all formats against its EXPECTED.json, to the last digit.

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>

#include "base/files.h"
#include "tests/kit/lab.h"

namespace farthing::testkit {
namespace {

struct Metric {
  const char* name;
  const char* column;
};
constexpr Metric kCurMetrics[] = {{"unblended", "unblended_cost"},
                                  {"net_unblended", "net_unblended_cost"},
                                  {"blended", "blended_cost"},
                                  {"amortized", "amortized_cost"},
                                  {"net_amortized", "net_amortized_cost"},
                                  {"public_on_demand", "public_on_demand_cost"}};
constexpr Metric kFocusMetrics[] = {{"billed", "billed_cost"},
                                    {"effective", "effective_cost"},
                                    {"list", "list_cost"},
                                    {"contracted", "contracted_cost"}};

class BenchBillTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const char* given = std::getenv("FARTHING_BENCH_BILL");
    if (given == nullptr || *given == '\0') {
      GTEST_SKIP() << "FARTHING_BENCH_BILL names no bill; scripts/bench_bill makes one";
    }
    bill_ = given;
    if (!fs::exists(bill_ / GetParam())) GTEST_SKIP() << bill_ << " has no " << GetParam();
  }

  template <typename Metrics>
  void ExpectGroup(Lab& lab, const std::string& group, const boost::json::object& wanted,
                   const Metrics& metrics) {
    std::string sql = "SELECT " + group + ", count(*)";
    for (const Metric& metric : metrics) sql += ", sum(" + std::string(metric.column) + ")";
    std::map<std::string, std::vector<std::string>> got;
    for (auto& row : lab.Rows(sql + " FROM lines GROUP BY 1")) {
      const std::string key = row[0];
      row.erase(row.begin());
      got[key] = std::move(row);
    }
    EXPECT_EQ(got.size(), wanted.size()) << group;
    for (const auto& [key, sums] : wanted) {
      std::vector<std::string> expected = {std::to_string(sums.at("rows").as_int64())};
      for (const Metric& metric : metrics) expected.emplace_back(sums.at(metric.name).as_string());
      EXPECT_EQ(got[key], expected) << group << " " << key;
    }
  }

  fs::path bill_;
};

TEST_P(BenchBillTest, EqualsExpectedToTheLastDigit) {
  const boost::json::value expected =
      boost::json::parse(Must(ReadFile(bill_ / "EXPECTED.json", 1 << 30)));
  const std::string format = GetParam();
  Lab lab;
  for (const std::string& outcome : lab.Outcomes(bill_ / format))
    EXPECT_TRUE(outcome.starts_with("loaded")) << outcome;
  lab.ExpectProven();
  const bool focus = format.starts_with("focus");
  const auto group = [&](const char* name, const std::string& sql) {
    const boost::json::object& wanted = expected.at(focus ? "focus" : "cur").at(name).as_object();
    if (focus) {
      ExpectGroup(lab, sql, wanted, kFocusMetrics);
    } else {
      ExpectGroup(lab, sql, wanted, kCurMetrics);
    }
  };
  group("by_month", "billing_period");
  group("by_service", "service_code");
  group("by_account", "sub_account_id");
  if (focus) {
    group("by_charge_category", "charge_category");
    return;
  }
  group("by_line_type", "line_item_type");
  group("by_day", "CAST(charge_period_start AS DATE)");
  const std::string key = format == "cur1-csv" ? "user:CostCenter" : "user_cost_center";
  group("by_tag_user_CostCenter", "coalesce(tags['" + key + "'], tags['user:CostCenter'], '')");
}

INSTANTIATE_TEST_SUITE_P(Formats, BenchBillTest,
                         testing::Values("cur1-csv", "cur1-parquet", "cur2-csv", "cur2-parquet",
                                         "focus-csv", "focus-parquet"),
                         [](const auto& format) {
                           std::string name = format.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace farthing::testkit
