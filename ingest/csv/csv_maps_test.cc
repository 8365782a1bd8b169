#include "ingest/csv/csv_maps.h"

#include <gtest/gtest.h>

namespace farthing::ingest {
namespace {

// One map field with the typed keys "region" and "sku".
CsvPlan PlanOf(const std::string& schema) {
  CsvPlan plan;
  plan.schema = schema;
  plan.field_count = 2;
  plan.maps.push_back({1, {ColumnRole::Use::kProductMap, "product_"}, {"region", "sku"}});
  return plan;
}

const ColumnOrigin kRegion{1, "region", 0, 0};
const ColumnOrigin kSku{1, "sku", 0, 1};

TEST(CsvMapsTest, ValuesAndRest) {
  CsvRecords records;
  records.Split(
      "1,\"{\"\"region\"\":\"\"eu-west-1\"\",\"\"vcpu\"\":\"\"2\"\"}\"\n"
      "2,\n"
      "3,\"{\"\"sku\"\":\"\"ABC\"\"}\"\n",
      2);
  CsvMaps maps;
  maps.Read(PlanOf("one"), records, std::vector<std::uint32_t>{0, 1, 2, 0});
  EXPECT_EQ(maps.Value(0, kRegion), "eu-west-1");
  EXPECT_EQ(maps.Value(0, kSku), "");
  EXPECT_EQ(maps.Rest(0, 1), R"({"vcpu":"2"})");
  EXPECT_EQ(maps.Value(1, kRegion), "");
  EXPECT_EQ(maps.Rest(1, 1), "");
  EXPECT_EQ(maps.Value(2, kSku), "ABC");
  EXPECT_EQ(maps.Value(3, kRegion), "eu-west-1");
  EXPECT_EQ(maps.Rest(0, 0), std::nullopt) << "no map";
}

TEST(CsvMapsTest, AnotherHeaderAnotherMeaning) {
  CsvRecords records;
  records.Split("1,\"{\"\"region\"\":\"\"eu\"\",\"\"zone\"\":\"\"a\"\"}\"\n", 2);
  CsvMaps maps;
  maps.Read(PlanOf("one"), records, std::vector<std::uint32_t>{0});
  EXPECT_EQ(maps.Value(0, kRegion), "eu");
  CsvPlan other = PlanOf("two");
  other.maps[0].keys = {"zone"};
  maps.Read(other, records, std::vector<std::uint32_t>{0});
  EXPECT_EQ(maps.Value(0, kRegion), "a") << "the first key is now zone";
  EXPECT_EQ(maps.Rest(0, 1), R"({"region":"eu"})");
}

}  // namespace
}  // namespace farthing::ingest
