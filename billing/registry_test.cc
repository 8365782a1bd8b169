#include "billing/registry.h"

#include <gtest/gtest.h>

#include <set>

namespace farthing::billing {
namespace {

TEST(RegistryTest, NamesAreUnique) {
  std::set<std::string_view> columns;
  for (const LakeColumn& column : LakeColumns()) EXPECT_TRUE(columns.insert(column.name).second);
  std::set<std::string_view> metrics;
  for (const Metric& metric : Metrics()) EXPECT_TRUE(metrics.insert(metric.name).second);
  std::set<std::string_view> dimensions;
  for (const Dimension& dimension : Dimensions()) {
    EXPECT_TRUE(dimensions.insert(dimension.name).second);
  }
}

TEST(RegistryTest, EveryEntrySaysWhatItMeans) {
  for (const LakeColumn& column : LakeColumns()) {
    EXPECT_FALSE(column.meaning.empty()) << column.name;
    EXPECT_FALSE(column.reference.empty()) << column.name;
  }
  for (const Metric& metric : Metrics()) EXPECT_FALSE(metric.unit.empty()) << metric.name;
}

TEST(RegistryTest, SumsReadTheirColumn) {
  const Metric* cost = FindMetric("net_amortized_cost");
  ASSERT_NE(cost, nullptr);
  EXPECT_EQ(cost->column, "net_amortized_cost");
  EXPECT_EQ(cost->lines_sql, "sum(net_amortized_cost)");
  EXPECT_EQ(cost->finest, Rollup::kDaily);
  EXPECT_TRUE(cost->additive);
}

TEST(RegistryTest, MetricsAnswerToCostExplorersNames) {
  EXPECT_EQ(FindMetric("NetAmortizedCost"), FindMetric("net_amortized_cost"));
  EXPECT_EQ(FindMetric("no_such_metric"), nullptr);
}

TEST(RegistryTest, UnitPricesAndForeignAmountsAreNoMetrics) {
  EXPECT_EQ(FindMetric("list_unit_price"), nullptr);
  EXPECT_EQ(FindMetric("pricing_currency_effective_cost"), nullptr);
}

TEST(RegistryTest, ResourcesAreCountedNotAdded) {
  const Metric* count = FindMetric("resource_count");
  ASSERT_NE(count, nullptr);
  EXPECT_FALSE(count->additive);
  EXPECT_EQ(count->finest, Rollup::kResource);
}

TEST(RegistryTest, DimensionsKnowTheirCoarsestTable) {
  EXPECT_EQ(FindDimension("account")->finest, Rollup::kDaily);
  EXPECT_EQ(FindDimension("period")->finest, Rollup::kDaily);
  EXPECT_EQ(FindDimension("resource")->finest, Rollup::kResource);
  EXPECT_EQ(FindDimension("charge_description")->finest, Rollup::kLines);
  EXPECT_EQ(FindDimension("charge_period_start"), nullptr);
}

}  // namespace
}  // namespace farthing::billing
