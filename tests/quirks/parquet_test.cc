// Quirks of Parquet: what one bill says as Parquet it says as CSV.  One test for each number of the list in
// docs/formats/quirks.md.

#include <gtest/gtest.h>

#include "tests/kit/lab.h"

namespace farthing::testkit {
namespace {

using Texts = std::vector<std::string>;

// One value of the sheet's lines, by line, read from CSV and from Parquet of that style.
std::pair<std::string, std::string> FromBoth(const Sheet& sheet, const ParquetStyle& style,
                                             const std::string& expression) {
  Lab csv;
  EXPECT_EQ(csv.ImportSheet(sheet), Texts{"loaded 2026-01"});
  Lab parquet;
  parquet.WriteParquet("bare/bill.parquet", sheet, style);
  EXPECT_EQ(parquet.Outcomes(), Texts{"loaded 2026-01"});
  const std::string by_line = "string_agg(" + expression + ", ' | ' ORDER BY source_row)";
  return {csv.Value(by_line), parquet.Value(by_line)};
}

// Every column of CUR 2.0 is optional, and NULL on lines that it says nothing about: tax has no price.
TEST(QuirkTest, Q13_AnEmptyReferencePriceIsZeroInParquetToo) {
  const std::string price = "pricing_public_on_demand_cost";
  const Sheet sheet = Cur2({{"1", "Usage", {{price, "28.19"}}},
                            {"2", "Tax", {{price, ""}}},
                            {"3", "DiscountedUsage", {{price, ""}}},
                            {"4", "DiscountedUsage", {{price, "0.92"}}}});
  for (const char* type : {"DOUBLE", "DECIMAL(20, 10)", "VARCHAR"}) {
    const auto [csv, parquet] =
        FromBoth(sheet, {{{price, type}}, true},
                 "concat_ws(' ', CAST(public_on_demand_cost AS DOUBLE), CAST(list_cost AS DOUBLE), "
                 "CAST(contracted_cost AS DOUBLE))");
    EXPECT_EQ(csv, "28.19 1.0 1.0 | 0.0 2.0 2.0 | 0.0 0.0 0.0 | 0.92 0.92 0.92");
    EXPECT_EQ(parquet, csv) << type;
  }
}

TEST(QuirkTest, Q13_AReferencePriceThatIsNoNumberIsUnknownInParquetToo) {
  const std::string price = "pricing_public_on_demand_cost";
  const auto [csv, parquet] =
      FromBoth(Cur2({{"1", "Usage", {{price, "n/a"}}}, {"2", "Usage", {{price, " 2 "}}}}),
               {{{price, "VARCHAR"}}, true},
               "coalesce(CAST(CAST(public_on_demand_cost AS DOUBLE) AS VARCHAR), 'unknown')");
  EXPECT_EQ(csv, "unknown | 2.0");
  EXPECT_EQ(parquet, csv);
}

TEST(QuirkTest, Q13_AnEmptyUnitPriceIsTheSameInBoth) {
  const auto [csv, parquet] = FromBoth(
      Focus({{"1", "Usage", {{"ListUnitPrice", "0.5"}}}, {"2", "Tax", {{"ListUnitPrice", ""}}}}),
      {{{"ListUnitPrice", "DOUBLE"}}, true},
      "coalesce(CAST(CAST(list_unit_price AS DOUBLE) AS VARCHAR), 'unknown')");
  EXPECT_EQ(csv, "0.5 | 0.0");
  EXPECT_EQ(parquet, csv);
}

struct MapForm {
  std::string name;
  bool as_pairs;  // the text is a list of keys and values
  std::string text_type;
  std::string amount_type;
};

// The four maps of CUR 2.0, as objects or as lists of pairs.
Sheet WithMaps(bool as_pairs) {
  const auto map = [&](const Cells& members, const std::string& quote) {
    std::string text;
    for (const auto& [key, value] : members) {
      text += text.empty() ? "" : ",";
      text += as_pairs ? R"({"key":")" + key + R"(","value":)" + quote + value + quote + "}"
                       : '"' + key + "\":" + quote + value + quote;
    }
    return as_pairs ? "[" + text + "]" : "{" + text + "}";
  };
  const Cells lines = {
      {"product",
       map({{"product_name", "Amazon Elastic Compute Cloud"}, {"region", "eu-west-1"}}, "\"")},
      {"discount", map({{"edp_discount", "-4.47E-7"}, {"other", "-1.5"}}, "")},
      {"resource_tags", map({{"user_team", "a"}, {"user_app", "b"}}, "\"")},
      {"cost_category", map({{"Dept", "x"}, {"Area", "y"}}, "\"")}};
  return Cur2(
      {{"1", "Usage", lines},
       {"2",
        "Tax",
        {{"product", ""}, {"discount", ""}, {"resource_tags", ""}, {"cost_category", ""}}}});
}

// Loaders and CREATE TABLE AS keep the maps as text, structs or pairs: DuckDB, pandas, Athena, Spark.
TEST(QuirkTest, Q59_EveryFormOfAMapInParquetSaysTheSame) {
  const std::vector<MapForm> forms = {
      {"MAP", false, "MAP(VARCHAR, VARCHAR)", "MAP(VARCHAR, DOUBLE)"},
      {"MAP of decimals", false, "MAP(VARCHAR, VARCHAR)", "MAP(VARCHAR, DECIMAL(20, 10))"},
      {"text", false, "VARCHAR", "VARCHAR"},
      {"JSON", false, "JSON", "JSON"},
      {"text of pairs", true, "VARCHAR", "VARCHAR"},
      {"struct", false, "STRUCT", R"(STRUCT(edp_discount DOUBLE, "other" DECIMAL(5, 2)))"},
      {"pairs", true, R"(STRUCT("key" VARCHAR, "value" VARCHAR)[])",
       R"(STRUCT("key" VARCHAR, "value" DOUBLE)[])"}};
  const std::map<std::string, std::string> structs = {
      {"product", "STRUCT(product_name VARCHAR, region VARCHAR)"},
      {"resource_tags", "STRUCT(user_team VARCHAR, user_app VARCHAR)"},
      {"cost_category", R"(STRUCT("Dept" VARCHAR, "Area" VARCHAR))"}};
  for (const MapForm& form : forms) {
    ParquetStyle style{{{"discount", form.amount_type}}, true};
    for (const auto& [column, type] : structs)
      style.types[column] = form.text_type == "STRUCT" ? type : form.text_type;
    const auto [csv, parquet] = FromBoth(
        WithMaps(form.as_pairs), style,
        "concat_ws(' ', coalesce(region_id, 'none'), coalesce(service_name, 'none'), "
        "CAST(discount_edp AS DECIMAL(20, 10)), coalesce(attributes['discount_other'], 'none'), "
        "coalesce(attributes['discount_edp_discount'], 'none'), "
        "coalesce(product['region'], 'none'), coalesce(tags['user_team'], 'none'), "
        "coalesce(tags['user_app'], 'none'), coalesce(cost_categories['Dept'], 'none'))");
    EXPECT_EQ(csv,
              "eu-west-1 Amazon Elastic Compute Cloud -0.0000004470 -1.5 none eu-west-1 a b x | "
              "none none 0.0000000000 none none none none none none")
        << form.name;
    EXPECT_EQ(parquet, csv) << form.name;
  }
}

TEST(QuirkTest, Q59_ProductTextThatIsNoMapIsKeptInParquetToo) {
  const auto [csv, parquet] =
      FromBoth(Cur2({{"1", "Usage", {{"product", "{broken"}}}}), {}, "product['unreadable']");
  EXPECT_EQ(csv, "{broken");
  EXPECT_EQ(parquet, csv);
}

}  // namespace
}  // namespace farthing::testkit
