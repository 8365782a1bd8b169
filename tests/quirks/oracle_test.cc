// Oracle's cost report in FOCUS format, which keeps names of FOCUS 0.5: docs/formats/focus.md.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/kit/lab.h"

namespace farthing::testkit {
namespace {

using Texts = std::vector<std::string>;

// A FOCUS sheet under Oracle's names.
Sheet OracleSheet() {
  Sheet sheet = Focus({{"1",
                        "Usage",
                        {{"ProviderName", "Oracle"},
                         {"PublisherName", "Oracle"},
                         {"InvoiceIssuerName", "Oracle America"},
                         {"RegionId", "eu-frankfurt-1"},
                         {"ConsumedQuantity", "2.5"},
                         {"ConsumedUnit", "GB_MO"},
                         {"ChargeSubcategory", "On-Demand"},
                         {"oci_CompartmentName", "prod"}}},
                       {"2", "Tax", {{"ProviderName", "Oracle"}, {"ConsumedQuantity", ""}}}});
  const std::map<std::string, std::string> names = {
      {"ProviderName", "Provider"},           {"PublisherName", "Publisher"},
      {"InvoiceIssuerName", "InvoiceIssuer"}, {"RegionId", "Region"},
      {"ConsumedQuantity", "UsageQuantity"},  {"ConsumedUnit", "UsageUnit"}};
  for (std::string& cell : sheet.header) {
    if (const auto other = names.find(cell); other != names.end()) cell = other->second;
  }
  return sheet.Without("ContractedCost");
}

constexpr const char* kSaid =
    "concat_ws(' ', provider_name, publisher_name, invoice_issuer_name, region_id, "
    "CAST(usage_quantity AS DOUBLE), consumed_unit, attributes['oci_CompartmentName'])";

TEST(OracleTest, ItsNamesMeanTheColumnsOfFocus) {
  for (const bool parquet : {false, true}) {
    Lab lab;
    if (parquet) {
      lab.WriteParquet("bare/bill.parquet", OracleSheet(), {{{"UsageQuantity", "DOUBLE"}}, true});
      EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
    } else {
      EXPECT_EQ(lab.ImportSheet(OracleSheet()), Texts{"loaded 2026-01"});
    }
    EXPECT_EQ(lab.Value(kSaid, "billed_cost = 1"),
              "Oracle Oracle Oracle America eu-frankfurt-1 2.5 GB_MO prod");
    EXPECT_EQ(lab.Value("CAST(sum(usage_quantity) AS DOUBLE)"), "2.5") << "tax has no quantity";
    const lake::Load load = Must(lab.catalog().ActiveLoads({})).at(0);
    EXPECT_EQ(load.providers, Texts{"Oracle"});
    EXPECT_EQ(load.unknown_columns, Texts{});
    lab.ExpectProven();
  }
}

TEST(OracleTest, FocusNamesCountWhereAFileHasBoth) {
  Sheet sheet = Focus(
      {{"1", "Usage", {{"Provider", "other"}, {"Region", "elsewhere"}, {"UsageQuantity", "7"}}}});
  std::reverse(sheet.header.begin(), sheet.header.end());
  std::reverse(sheet.rows[0].begin(), sheet.rows[0].end());
  Lab lab;
  EXPECT_EQ(lab.ImportSheet(sheet), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("concat_ws(' ', provider_name, region_id, CAST(usage_quantity AS DOUBLE))"),
            "AWS us-east-1 1.0");
  EXPECT_EQ(lab.Value("concat_ws(' ', attributes['Provider'], attributes['Region'], "
                      "attributes['UsageQuantity'])"),
            "other elsewhere 7");
}

}  // namespace
}  // namespace farthing::testkit
