// Quirks of lines: types, dates, quantities, accounts, currencies.  One test for each number of the list in
// docs/formats/quirks.md.

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "tests/kit/lab.h"

namespace farthing::testkit {
namespace {

using Texts = std::vector<std::string>;

TEST(QuirkTest, Q27_LinesWithoutAResource) {
  Lab lab;
  lab.ImportSheet(Cur1({{"1", "Tax", {{"lineItem/ResourceId", ""}}},
                        {"2", "Usage", {{"lineItem/ResourceId", "i-1"}}}}));
  EXPECT_EQ(lab.Value("sum(unblended_cost)", "resource_id IS NULL"), "1");
}

TEST(QuirkTest, Q28_ResourceIdsStayAsTheyAre) {
  const Texts ids = {"arn:aws-cn:s3:::bucket", "arn:aws:lambda:eu-west-1:1:function:f:12",
                     "arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/x:*", "bucket.with.dots",
                     "i-0123456789abcdef0"};
  std::vector<Line> lines;
  for (const std::string& id : ids) lines.push_back({"1", "Usage", {{"lineItem/ResourceId", id}}});
  Lab lab;
  lab.ImportSheet(Cur1(lines));
  std::string expected;
  for (const std::string& id : ids) expected += (expected.empty() ? "" : ", ") + id;
  EXPECT_EQ(lab.Values("resource_id"), expected);
}

TEST(QuirkTest, Q29_FeesWithOddDates) {
  Lab lab;
  EXPECT_EQ(
      lab.ImportSheet(Cur1(
          {{"100",
            "Fee",
            {{"lineItem/UsageStartDate", "2026-01-09T21:40:47Z"},
             {"lineItem/UsageEndDate", "2029-01-08T21:40:46Z"}}},
           {"7", "RIFee", {{"lineItem/UsageEndDate", "2026-01-31T23:59:59Z"}}},
           {"2", "SavingsPlanRecurringFee", {{"lineItem/UsageStartDate", "2026-01-31T23:00:00Z"}}},
           {"-3", "Credit", {{"lineItem/UsageStartDate", "2026-03-01T00:00:00Z"}}}})),
      Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "106");
  EXPECT_EQ(lab.Value("charge_period_start || ' ' || charge_period_end", "line_item_type = 'Fee'"),
            "2026-01-09 21:40:47 2029-01-08 21:40:46");
}

TEST(QuirkTest, Q30_LinesOutsideTheMonthBelongToTheBillTheyAreOn) {
  Lab lab;
  lab.DeliverCur1(
      "a1",
      {Cur1({{"1"}, {"-5", "Refund", {{"lineItem/UsageStartDate", "2025-11-03T00:00:00Z"}}}})});
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(unblended_cost)", "billing_period = '2026-01'"), "-4");
}

TEST(QuirkTest, Q30_BareFilesOfSeveralMonthsAreLoadedMonthByMonth) {
  Lab lab;
  Sheet sheet = Cur1({{"1"}});
  sheet.rows.push_back(Cur1({{"2"}}, {2026, 2}).rows[0]);
  EXPECT_EQ(lab.ImportSheet(sheet), (Texts{"loaded 2026-01", "loaded 2026-02"}));
  EXPECT_EQ(lab.Values("billing_period || ' ' || unblended_cost::INTEGER"), "2026-01 1, 2026-02 2");
}

TEST(QuirkTest, Q30_AnotherMonthBesideLeavesTheFirstAsItIs) {
  Lab lab;
  lab.Write("bare/january.csv", Cur1({{"1"}}).Csv());
  EXPECT_EQ(lab.Outcomes("bare"), (std::vector<std::string>{"loaded 2026-01"}));
  lab.Write("bare/february.csv", Cur1({{"2"}}, {2026, 2}).Csv());
  EXPECT_EQ(lab.Outcomes("bare"),
            (std::vector<std::string>{"unchanged 2026-01", "loaded 2026-02"}));
  lab.Write("bare/broken.csv",
            Cur1({{"2", "Usage", {{"bill/BillingPeriodStartDate", "soon"}}}}).Csv());
  for (const std::string& outcome : lab.Outcomes("bare")) {
    EXPECT_TRUE(outcome.starts_with("quarantined"))
        << "whose month it is nobody knows: " << outcome;
  }
}

TEST(QuirkTest, Q30_ALineThatSaysNoMonthAmongSeveralIsNotCountedTwice) {
  Sheet sheet = Cur1({{"1"}, {"4", "Usage", {{"bill/BillingPeriodStartDate", ""}}}});
  sheet.rows.push_back(Cur1({{"2"}}, {2026, 2}).rows[0]);
  Lab lab;
  const Texts outcomes = lab.ImportSheet(sheet);
  EXPECT_TRUE(outcomes.at(0).starts_with("quarantined")) << outcomes[0];
  EXPECT_NE(outcomes[0].find("bill_billing_period_start_date"), std::string::npos) << outcomes[0];
}

TEST(QuirkTest, Q31_DailyExportsKeepGridAndUsageTimes) {
  Lab lab;
  lab.ImportSheet(Cur1({{"1",
                         "Usage",
                         {{"identity/TimeInterval", "2026-01-02T00:00:00Z/2026-01-03T00:00:00Z"},
                          {"lineItem/UsageStartDate", "2026-01-02T07:00:00Z"},
                          {"lineItem/UsageEndDate", "2026-01-02T08:00:00Z"}}}}));
  EXPECT_EQ(lab.Value("time_interval || ' ' || charge_period_start"),
            "2026-01-02T00:00:00Z/2026-01-03T00:00:00Z 2026-01-02 07:00:00");
}

TEST(QuirkTest, Q32_NegativeAmountsAndPositiveCredits) {
  Lab lab;
  lab.ImportSheet(Cur1(
      {{"10"}, {"-2.5", "Credit"}, {"0.5", "Credit"}, {"-1", "Refund"}, {"-3", "EdpDiscount"}}));
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "4");
  EXPECT_EQ(lab.Value("sum(amortized_cost)"), "4");
}

TEST(QuirkTest, Q33_NegationsCancelCostButAreNoUsage) {
  Lab lab;
  lab.ImportSheet(
      Cur1({{"5",
             "SavingsPlanCoveredUsage",
             {{"lineItem/UsageAmount", "2"}, {"savingsPlan/SavingsPlanEffectiveCost", "3"}}},
            {"-5",
             "SavingsPlanNegation",
             {{"lineItem/UsageAmount", "-2"}, {"savingsPlan/SavingsPlanEffectiveCost", "0"}}}}));
  EXPECT_EQ(
      lab.Value("sum(unblended_cost) || ' ' || sum(amortized_cost) || ' ' || sum(usage_quantity)"),
      "0.0000000000 3.0000000000 2.0000000000");
}

TEST(QuirkTest, Q34_TaxLinesOfZeroAreKept) {
  Lab lab;
  lab.ImportSheet(Cur1({{"0", "Tax", {{"lineItem/TaxType", "VAT"}}},
                        {"0.28", "Tax", {{"lineItem/TaxType", "VAT"}}}}));
  EXPECT_EQ(lab.Value("count(*) || ' ' || sum(unblended_cost) || ' ' || min(charge_category) || ' "
                      "' || min(tax_type)"),
            "2 0.2800000000 Tax VAT");
}

TEST(QuirkTest, Q35_ZeroUsageOfChargesIsNoDivision) {
  Lab lab;
  EXPECT_EQ(lab.ImportSheet(Cur1({{"-7", "Credit", {{"lineItem/UsageAmount", "0"}}},
                                  {"9", "Fee", {{"lineItem/UsageAmount", ""}}}})),
            Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(unblended_cost) || ' ' || sum(usage_quantity)"),
            "2.0000000000 0.0000000000");
}

TEST(QuirkTest, Q36_SpotUsageHasACostWithoutARate) {
  Lab lab;
  lab.ImportSheet(Cur1({{"0.031",
                         "Usage",
                         {{"lineItem/UsageType", "EUW1-SpotUsage:m5.large"},
                          {"lineItem/UnblendedRate", ""},
                          {"pricing/term", ""},
                          {"pricing/publicOnDemandCost", "0"}}}}));
  EXPECT_EQ(
      lab.Value(
          "unblended_cost || ' ' || pricing_category || ' ' || coalesce(pricing_term, 'none')"),
      "0.0310000000 Dynamic none");
}

TEST(QuirkTest, Q37_PublicPricesOfTheHighestTierAreNoListCost) {
  Lab lab;
  lab.ImportSheet(
      Cur1({{"0", "Usage", {{"pricing/publicOnDemandCost", "0.9"}}},
            {"-2", "SavingsPlanNegation", {{"pricing/publicOnDemandCost", "-2"}}},
            {"0",
             "DiscountedUsage",
             {{"pricing/publicOnDemandCost", "0.5"}, {"reservation/EffectiveCost", "0.3"}}}}));
  EXPECT_EQ(lab.Value("sum(public_on_demand_cost)"), "1.4") << "without the negation";
  EXPECT_EQ(lab.Value("sum(list_cost)"), "0.5") << "free usage costs nothing at list price";
}

TEST(QuirkTest, Q38_RegionFromWhicheverColumnHasIt) {
  Lab lab;
  lab.ImportSheet(
      Cur1({{"1", "Usage", {{"product/regionCode", ""}, {"product/region", "eu-west-1"}}},
            {"2", "Usage", {{"product/regionCode", "us-east-2"}, {"product/region", ""}}},
            {"4", "Usage", {{"product/regionCode", ""}, {"product/region", "global"}}},
            {"8", "Tax", {{"product/regionCode", ""}, {"product/region", ""}}}}));
  EXPECT_EQ(lab.Values("coalesce(region_id, 'none')"), "eu-west-1, global, none, us-east-2");
  Lab cur2;
  cur2.ImportSheet(Cur2({{"1", "Usage", {{"product_region_code", ""}}}}));
  EXPECT_EQ(cur2.Value("region_id"), "us-east-1") << "from the map";
}

TEST(QuirkTest, Q39_ProductCodeAndServiceCodeDiffer) {
  Lab lab;
  lab.ImportSheet(
      Cur1({{"1",
             "Usage",
             {{"lineItem/ProductCode", "AmazonEC2"}, {"product/servicecode", "AWSDataTransfer"}}},
            {"2",
             "Usage",
             {{"lineItem/ProductCode", "3ghtt72ra669kqboojpglmmh9g"},
              {"bill/BillingEntity", "AWS Marketplace"}}},
            {"-1", "EdpDiscount", {{"product/ProductName", ""}}}}));
  EXPECT_EQ(lab.Value("service_code || ' ' || product['servicecode']", "unblended_cost = 1"),
            "AmazonEC2 AWSDataTransfer");
  EXPECT_EQ(lab.Value("service_code || ' ' || billing_entity", "unblended_cost = 2"),
            "3ghtt72ra669kqboojpglmmh9g AWS Marketplace");
  EXPECT_EQ(lab.Value("coalesce(service_name, 'none')", "unblended_cost = -1"), "none");
}

TEST(QuirkTest, Q40_ASubscriptionIdIsNoReservation) {
  Lab lab;
  lab.ImportSheet(
      Cur1({{"1",
             "Usage",
             {{"reservation/SubscriptionId", "889351913"}, {"reservation/ReservationARN", ""}}}}));
  EXPECT_EQ(lab.Value("coalesce(commitment_discount_id, 'none') || ' ' || amortized_cost"),
            "none 1.0000000000");
}

TEST(QuirkTest, Q41_CurrenciesAreNeverAdded) {
  Lab lab;
  lab.ImportSheet(Cur1({{"100", "Usage", {{"lineItem/CurrencyCode", "CNY"}}}, {"1"}}));
  EXPECT_EQ(lab.Values("billing_currency || ' ' || unblended_cost::INTEGER"), "CNY 100, USD 1");
  const lake::Load load = Must(lab.catalog().ActiveLoads({})).at(0);
  EXPECT_EQ(load.currencies, (Texts{"CNY", "USD"}));
  const auto days = lab.Rows("SELECT billing_currency, sum(unblended_cost) FROM read_parquet('" +
                             lab.layout().Files(lake::kCostDaily, load.period, load.id) +
                             "') GROUP BY ALL ORDER BY ALL");
  EXPECT_EQ(days, (std::vector<Texts>{{"CNY", "100"}, {"USD", "1"}}));
}

TEST(QuirkTest, Q42_GovCloudOnACommercialBill) {
  Lab lab;
  lab.ImportSheet(Cur1({{"1",
                         "Usage",
                         {{"product/region", "us-gov-west-1"},
                          {"lineItem/ResourceId", "arn:aws-us-gov:ec2:us-gov-west-1:1:i-1"}}}}));
  EXPECT_EQ(lab.Value("region_id || ' ' || resource_id"),
            "us-gov-west-1 arn:aws-us-gov:ec2:us-gov-west-1:1:i-1");
}

TEST(QuirkTest, Q43_AccountNamesWhereTheFormatHasThem) {
  Lab lab;
  lab.ImportSheet(
      Cur2({{"1",
             "Usage",
             {{"line_item_usage_account_name", "prod"}, {"bill_payer_account_name", "Example"}}}}));
  EXPECT_EQ(lab.Value("sub_account_name || ' ' || billing_account_name"), "prod Example");
  Lab legacy;
  legacy.ImportSheet(Cur1({{"1"}}));
  EXPECT_EQ(legacy.Value("coalesce(sub_account_name, 'none')"), "none");
}

TEST(QuirkTest, Q44_LinesSplitByConfigurationAreAllCounted) {
  Lab lab;
  lab.ImportSheet(Cur2({{"1",
                         "Usage",
                         {{"capacity_reservation_capacity_reservation_arn", "arn:cr"},
                          {"line_item_iam_principal", "role/a"}}},
                        {"2", "Usage", {{"line_item_iam_principal", "role/b"}}}}));
  EXPECT_EQ(lab.Value("sum(unblended_cost) || ' ' || max(capacity_reservation_id)"),
            "3.0000000000 arn:cr");
  EXPECT_EQ(lab.Values("attributes['line_item_iam_principal']"), "role/a, role/b");
}

TEST(QuirkTest, Q45_SplitCostsAreNotAddedToTheirParents) {
  const Cells pod = {{"lineItem/Operation", "EKSPod-EC2"},
                     {"splitLineItem/ParentResourceId", "i-1"},
                     {"splitLineItem/SplitCost", "0.6"},
                     {"splitLineItem/UnusedCost", "0.4"}};
  Lab lab;
  lab.ImportSheet(Cur1({{"1", "Usage", {{"lineItem/ResourceId", "i-1"}}}, {"0", "Usage", pod}}));
  EXPECT_EQ(
      lab.Value("sum(unblended_cost) || ' ' || sum(amortized_cost) || ' ' || sum(usage_quantity)"),
      "1.0000000000 1.0000000000 1.0000000000");
  EXPECT_EQ(lab.Value("sum(split_cost + split_unused_cost)", "split_parent_resource_id = 'i-1'"),
            "1");
}

TEST(QuirkTest, Q45_SplitLinesThatCannotBeToldMakeUsageUnknown) {
  const Cells pod = {{"lineItem/UsageType", "USE1-EKS-EC2-vCPU-Hours"}};
  const std::string known =
      "string_agg(coalesce(usage_quantity::VARCHAR, 'unknown'), ' ' ORDER BY source_row)";
  Lab by_usage_type;
  by_usage_type.ImportSheet(
      Cur1({{"1"}, {"0"}, {"0", "Usage", pod}}).Without("lineItem/Operation"));
  EXPECT_EQ(by_usage_type.Value(known), "1.0000000000 1.0000000000 unknown");
  EXPECT_EQ(by_usage_type.Value("sum(unblended_cost)"), "1");
  Lab by_cost;
  by_cost.ImportSheet(Cur1({{"1"}, {"0"}, {"0", "Fee"}})
                          .Without("lineItem/Operation")
                          .Without("lineItem/UsageType"));
  EXPECT_EQ(by_cost.Value(known), "1.0000000000 unknown 1.0000000000")
      << "AWS bills the instance, not its shares";
}

TEST(QuirkTest, Q46_DiscountsAsLinesAreNotTakenTwice) {
  Lab lab;
  lab.ImportSheet(Cur1({{"100"}, {"-6", "EdpDiscount"}}));
  EXPECT_EQ(lab.Value("sum(unblended_cost) || ' ' || sum(net_unblended_cost) || ' ' || "
                      "sum(net_amortized_cost)"),
            "94.0000000000 94.0000000000 94.0000000000");
}

TEST(QuirkTest, Q47_InvoicesArriveLateAndOnPartOfTheLines) {
  Lab lab;
  lab.DeliverCur1(
      "a1",
      {Cur1({{"1"}, {"5", "Fee", {{"bill/InvoiceId", "77"}, {"bill/BillType", "Purchase"}}}})});
  lab.Import();
  EXPECT_EQ(lab.Values("coalesce(invoice_id, 'open')"), "77, open");
  lab.DeliverCur1(
      "a2", {Cur1({{"1", "Usage", {{"bill/InvoiceId", "78"}}},
                   {"5", "Fee", {{"bill/InvoiceId", "77"}, {"bill/BillType", "Purchase"}}}})});
  lab.Import();
  EXPECT_EQ(lab.Values("invoice_id || ' ' || bill_type"), "77 Purchase, 78 Anniversary");
}

TEST(QuirkTest, Q48_BillsWithoutInvoicesAreBills) {
  Lab lab;
  EXPECT_EQ(
      lab.ImportSheet(Cur1({{"1"}}).Without("bill/InvoiceId").Without("bill/InvoicingEntity")),
      Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("count(invoice_id) || ' ' || sum(unblended_cost)"), "0 1.0000000000");
}

TEST(QuirkTest, Q49_APayersBillStandsForItsMembersWhoSeeItDifferently) {
  Lab lab;
  const Cells member = {{"lineItem/UsageAccountId", "000000000003"}};
  lab.Write("payer/bill.csv", Cur1({{"1"}, {"0", "DiscountedUsage", member}}).Csv());
  lab.Write("member/bill.csv", Cur1({{"2", "Usage", member}}).Csv());
  lab.Import();
  EXPECT_EQ(lab.Values("export || ' ' || unblended_cost::INTEGER"), "payer 0, payer 1");
  Must(lab.catalog().Elect("member", kJanuary));
  EXPECT_EQ(lab.Values("export || ' ' || unblended_cost::INTEGER"), "member 2") << "never both";
}

TEST(QuirkTest, Q56_DaysAreUtcWhateverTheMachineSays) {
  ASSERT_EQ(setenv("TZ", "Europe/Berlin", 1), 0);
  tzset();
  std::vector<Line> lines;
  const auto hour = [](int number) {
    return std::string(number < 10 ? "0" : "") + std::to_string(number);
  };
  for (int i = 0; i < 24; ++i) {  // the clocks change on this day
    lines.push_back(
        {"1", "Usage", {{"lineItem/UsageStartDate", "2026-03-29T" + hour(i) + ":00:00Z"}}});
  }
  Lab lab;
  lab.ImportSheet(Cur1(lines, {2026, 3}));
  Lab parquet;
  parquet.WriteParquet("bare/bill.parquet", SnakeCased(Cur1(lines, {2026, 3})),
                       {{{"line_item_usage_start_date", "TIMESTAMPTZ"}}});
  parquet.Import();
  unsetenv("TZ");
  tzset();
  for (Lab* each : {&lab, &parquet}) {
    const lake::Load load = Must(each->catalog().ActiveLoads({})).at(0);
    EXPECT_EQ(each->Rows("SELECT charge_day, line_count FROM read_parquet('" +
                         each->layout().Files(lake::kCostDaily, load.period, load.id) + "')"),
              (std::vector<Texts>{{"2026-03-29", "24"}}));
  }
}

}  // namespace
}  // namespace farthing::testkit
