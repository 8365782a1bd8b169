#include "ingest/mapping/mapping.h"

#include <gtest/gtest.h>

#include "engine/duckdb.h"
#include "ingest/mapping/scaled_function.h"

namespace farthing::ingest {
namespace {

using billing::SourceFamily;

// One source line given by its columns, mapped; asks for one lake column.
class MappingTest : public testing::Test {
 protected:
  std::string Map(SourceFamily family, const std::map<std::string, std::string>& cells,
                  const std::string& column, DecimalType type = {}) {
    SourceRelation relation;
    relation.family = family;
    relation.type_of = [type](const SourceColumn&) { return type; };
    relation.sql = "SELECT ";
    for (const SourceColumn& used : UsedColumns(family)) {
      const auto cell = cells.find(used.name);
      if (cell == cells.end()) continue;
      relation.columns.push_back(used);
      const bool amount = used.kind == SourceKind::kAmount || used.kind == SourceKind::kNetAmount;
      const std::string sql_type = amount                           ? type.Sql()
                                   : used.kind == SourceKind::kTime ? "TIMESTAMP"
                                                                    : "VARCHAR";
      relation.sql += "CAST(" +
                      (cell->second == "NULL" ? "NULL" : engine::QuoteLiteral(cell->second)) +
                      " AS " + sql_type + ") AS " + engine::QuoteIdentifier(used.name) + ", ";
    }
    EXPECT_EQ(relation.columns.size(), cells.size()) << "a cell names no used column";
    relation.sql +=
        "0 AS tag_set_id, 0 AS attribute_set_id, 0 AS source_file, 1::BIGINT AS source_row";
    const LakeMapping mapping = MapToLake(relation);
    const auto database = *engine::Database::Open({.threads = 1});
    auto connection = *database->Connect();
    EXPECT_TRUE(RegisterScaled(connection.raw(), mapping.scaled_type).ok());
    const auto table = connection.Query("SELECT " + column + " FROM (" + mapping.sql + ")");
    return table.ok() ? table->rows.at(0).at(0).value_or("NULL") : table.error().message();
  }

  std::string Cur(std::map<std::string, std::string> cells, const std::string& column) {
    return Map(SourceFamily::kCur, cells, column);
  }
};

TEST_F(MappingTest, AmountsWithoutTheirInputAreUnknownNotZero) {
  const std::map<std::string, std::string> line = {{"line_item_unblended_cost", "2.5"},
                                                   {"line_item_line_item_type", "Usage"}};
  EXPECT_EQ(Cur(line, "unblended_cost"), "2.5");
  EXPECT_EQ(Cur(line, "net_unblended_cost"), "2.5");
  EXPECT_EQ(Cur(line, "amortized_cost"), "2.5");
  EXPECT_EQ(Cur(line, "blended_cost"), "NULL");
  EXPECT_EQ(Cur(line, "usage_quantity"), "NULL");
  EXPECT_EQ(Cur(line, "split_cost"), "NULL");
  EXPECT_EQ(Map(SourceFamily::kFocus, {{"BilledCost", "1"}}, "effective_cost"), "NULL");
  EXPECT_EQ(Map(SourceFamily::kFocus, {{"BilledCost", "1"}}, "unblended_cost"), "NULL");
}

TEST_F(MappingTest, UnknownLineTypesArePassedThroughAsMoney) {
  const std::map<std::string, std::string> line = {{"line_item_unblended_cost", "-7"},
                                                   {"line_item_line_item_type", "SomethingNew"}};
  for (const char* column :
       {"unblended_cost", "amortized_cost", "net_amortized_cost", "billed_cost"}) {
    EXPECT_EQ(Cur(line, column), "-7") << column;
  }
  EXPECT_EQ(Cur(line, "line_item_type"), "SomethingNew");
}

// cur-facts 4.2: the formula of every type.
TEST_F(MappingTest, AmortizedCostByLineType) {
  const auto amortized = [&](const std::string& type, std::map<std::string, std::string> more) {
    std::map<std::string, std::string> line = {
        {"line_item_unblended_cost", "100"},
        {"line_item_line_item_type", type},
        {"line_item_product_code", "AmazonEC2"},
        {"line_item_line_item_description", "a charge"},
        {"reservation_effective_cost", "1"},
        {"reservation_unused_amortized_upfront_fee_for_billing_period", "2"},
        {"reservation_unused_recurring_fee", "3"},
        {"savings_plan_savings_plan_effective_cost", "4"},
        {"savings_plan_total_commitment_to_date", "10"},
        {"savings_plan_used_commitment", "3"},
    };
    more.merge(line);
    return Cur(more, "amortized_cost");
  };
  for (const char* type :
       {"Usage", "Tax", "Credit", "EdpDiscount", "BundledDiscount", "FlatRateSubscription"}) {
    EXPECT_EQ(amortized(type, {}), "100") << type;
  }
  EXPECT_EQ(amortized("DiscountedUsage", {}), "1");
  EXPECT_EQ(amortized("RIFee", {}), "5");
  EXPECT_EQ(amortized("Fee", {{"reservation_reservation_a_r_n", "arn"}}), "0");
  EXPECT_EQ(amortized("Fee", {{"reservation_reservation_a_r_n", "NULL"}}), "100");
  EXPECT_EQ(amortized("SavingsPlanCoveredUsage", {}), "4");
  EXPECT_EQ(amortized("SavingsPlanNegation", {}), "0");
  EXPECT_EQ(amortized("SavingsPlanUpfrontFee", {}), "0");
  EXPECT_EQ(amortized("SavingsPlanRecurringFee", {}), "7");
  EXPECT_EQ(amortized("Refund", {}), "100");
  EXPECT_EQ(amortized("Refund", {{"line_item_product_code", "ComputeSavingsPlans"},
                                 {"line_item_line_item_description",
                                  "Refund for one-time fee for Savings Plan ID: 1"}}),
            "0");
}

TEST_F(MappingTest, NetAmortizedScalesTheUnusedPartOfASavingsPlan) {
  std::map<std::string, std::string> line = {
      {"line_item_unblended_cost", "10"},
      {"line_item_line_item_type", "SavingsPlanRecurringFee"},
      {"reservation_effective_cost", "0"},
      {"reservation_unused_amortized_upfront_fee_for_billing_period", "0"},
      {"reservation_unused_recurring_fee", "0"},
      {"savings_plan_savings_plan_effective_cost", "0"},
      {"savings_plan_total_commitment_to_date", "10"},
      {"savings_plan_used_commitment", "4"},
      {"savings_plan_recurring_commitment_for_billing_period", "10"},
      {"savings_plan_amortized_upfront_commitment_for_billing_period", "0"},
  };
  EXPECT_EQ(Cur(line, "net_amortized_cost"), "6") << "without discounts net is gross";
  line["savings_plan_net_recurring_commitment_for_billing_period"] = "9";
  EXPECT_EQ(Cur(line, "net_amortized_cost"), "5.4");
  line["savings_plan_recurring_commitment_for_billing_period"] = "0";
  line["savings_plan_amortized_upfront_commitment_for_billing_period"] = "10";
  line["savings_plan_net_recurring_commitment_for_billing_period"] = "0";
  line["savings_plan_net_amortized_upfront_commitment_for_billing_period"] = "8";
  EXPECT_EQ(Cur(line, "net_amortized_cost"), "4.8") << "all upfront scales by the upfront part";
  line["savings_plan_amortized_upfront_commitment_for_billing_period"] = "0";
  EXPECT_EQ(Cur(line, "net_amortized_cost"), "6") << "no division by zero";
}

TEST_F(MappingTest, UsageLeavesOutNegationsAndSplitLines) {
  const auto usage = [&](const std::string& type, const std::string& operation) {
    return Cur({{"line_item_unblended_cost", "0"},
                {"line_item_line_item_type", type},
                {"line_item_operation", operation},
                {"line_item_usage_amount", "-1.5"}},
               "usage_quantity");
  };
  EXPECT_EQ(usage("Usage", "RunInstances"), "-1.5");
  EXPECT_EQ(usage("SavingsPlanNegation", "RunInstances"), "0");
  EXPECT_EQ(usage("Usage", "EKSPod-EC2"), "0");
  EXPECT_EQ(usage("Usage", "ECSTask-EC2"), "0");
  EXPECT_EQ(usage("Usage", "NULL"), "-1.5");
}

TEST_F(MappingTest, WideSourcesGiveWideLakeColumns) {
  const std::map<std::string, std::string> line = {{"BilledCost", "0.123456789012345678"}};
  EXPECT_EQ(Map(SourceFamily::kFocus, line, "typeof(billed_cost)", {38, 18}), "DECIMAL(38,18)");
  EXPECT_EQ(Map(SourceFamily::kFocus, line, "billed_cost", {38, 18}), "0.123456789012345678");
  EXPECT_EQ(Map(SourceFamily::kFocus, line, "typeof(list_cost)", {38, 18}), "DECIMAL(18,10)");
}

}  // namespace
}  // namespace farthing::ingest
