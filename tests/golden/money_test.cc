// Amounts past the ordinary: yen and rupiah, many decimals, and what is refused because it cannot be kept
// exactly.

#include <gtest/gtest.h>

#include "tests/kit/lab.h"

namespace farthing::testkit {
namespace {

using Texts = std::vector<std::string>;

std::string TypeOfCost(Lab& lab) { return lab.Value("any_value(typeof(unblended_cost))"); }

// The same lines as CSV and as Parquet of doubles.
std::vector<std::unique_ptr<Lab>> InBothForms(const Sheet& sheet) {
  std::vector<std::unique_ptr<Lab>> labs;
  labs.push_back(std::make_unique<Lab>());
  EXPECT_EQ(labs.back()->ImportSheet(sheet), Texts{"loaded 2026-01"});
  labs.push_back(std::make_unique<Lab>());
  labs.back()->WriteParquet("bare/bill.parquet", SnakeCased(sheet));
  EXPECT_EQ(labs.back()->Outcomes(), Texts{"loaded 2026-01"});
  for (const auto& lab : labs) lab->ExpectProven();
  return labs;
}

TEST(MoneyTest, YenAndRupiahPassTheNarrowType) {
  const Cells yen = {{"lineItem/CurrencyCode", "JPY"}};
  const Cells rupiah = {{"lineItem/CurrencyCode", "IDR"}};
  for (const auto& lab : InBothForms(Cur1({{"123456789", "Usage", yen},
                                           {"98765432109.5", "Usage", rupiah},
                                           {"-100000000.25", "Credit", yen},
                                           {"0.0000000001", "Usage", rupiah}}))) {
    EXPECT_EQ(TypeOfCost(*lab), "DECIMAL(38,10)");
    EXPECT_EQ(lab->Value("sum(unblended_cost)", "billing_currency = 'JPY'"), "23456788.75");
    EXPECT_EQ(lab->Value("sum(amortized_cost)", "billing_currency = 'IDR'"),
              "98765432109.5000000001");
  }
}

TEST(MoneyTest, TheNarrowTypeReachesToItsLastDigit) {
  for (const auto& lab : InBothForms(Cur1({{"99999999.25"}, {"-99999999.25"}, {"0.0000000001"}}))) {
    EXPECT_EQ(TypeOfCost(*lab), "DECIMAL(18,10)");
    EXPECT_EQ(lab->Value("sum(unblended_cost)"), "0.0000000001");
  }
}

TEST(MoneyTest, ManyLinesOfTheLargestNarrowAmountAddUp) {
  Lab lab;
  lab.ImportSheet(Cur1(std::vector<Line>(3000, {"99999999.9999999999"})));
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "299999999999.9999997");
  lab.ExpectProven();
}

TEST(MoneyTest, EighteenDecimalsAreKept) {
  Lab lab;
  lab.ImportSheet(Cur1({{"0.123456789012345678"}, {"12.000000000000000001"}, {"-7.5"}}));
  EXPECT_EQ(TypeOfCost(lab), "DECIMAL(38,18)");
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "4.623456789012345679");
  lab.ExpectProven();
}

TEST(MoneyTest, TinyAmountsAreNotRoundedAway) {
  for (const auto& lab : InBothForms(Cur1({{"1e-17"}, {"2.5E-16"}, {"3"}}))) {
    EXPECT_EQ(lab->Value("sum(unblended_cost)"), "3.00000000000000026");
    EXPECT_EQ(lab->Value("sum(net_amortized_cost)"), "3.00000000000000026");
  }
}

TEST(MoneyTest, MoreThan38DigitsAreRefusedAndNothingIsLoaded) {
  for (const bool parquet : {false, true}) {
    Lab lab;
    const Sheet sheet = Cur1({{"1e25"}, {"1e-20"}});
    if (parquet) {
      lab.WriteParquet("bare/bill.parquet", SnakeCased(sheet));
    } else {
      lab.Write("bare/bill.csv", sheet.Csv());
    }
    const Texts outcomes = lab.Outcomes();
    EXPECT_TRUE(outcomes.at(0).starts_with("quarantined")) << outcomes[0];
    EXPECT_NE(outcomes[0].find("do not fit one column of 38 digits exactly"), std::string::npos)
        << outcomes[0];
    EXPECT_NE(outcomes[0].find("line_item_"), std::string::npos)
        << "the column is named: " << outcomes[0];
    EXPECT_TRUE(Must(lab.catalog().Versions()).empty());
  }
  Lab lab;
  const Texts outcomes =
      lab.ImportSheet(Cur1({{"1"}, {"123456789012345678901234567890123456789"}}));
  EXPECT_NE(outcomes.at(0).find("row 2, column line_item_unblended_cost"), std::string::npos)
      << outcomes[0];
}

TEST(MoneyTest, ColumnsThatAreCalculatedWithEachOtherFitTogether) {
  const Cells plan = {{"savingsPlan/TotalCommitmentToDate", "200000000.123456789012"},
                      {"savingsPlan/UsedCommitment", "0.000000000000000001"},
                      {"savingsPlan/RecurringCommitmentForBillingPeriod", "10"},
                      {"savingsPlan/NetRecurringCommitmentForBillingPeriod", "9"},
                      {"savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod", "0"},
                      {"savingsPlan/SavingsPlanEffectiveCost", "0"},
                      {"reservation/EffectiveCost", "0"},
                      {"reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", "0"},
                      {"reservation/UnusedRecurringFee", "99999999.9"}};
  Lab lab;
  EXPECT_EQ(lab.ImportSheet(Cur1({{"1", "SavingsPlanRecurringFee", plan}, {"2", "RIFee", plan}})),
            Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("amortized_cost", "unblended_cost = 1"), "200000000.123456789011999999");
  EXPECT_EQ(lab.Value("amortized_cost", "unblended_cost = 2"), "99999999.9");
  lab.ExpectProven();
}

TEST(MoneyTest, TheSumOfTwoNarrowAmountsMayBeTooWide) {
  Lab lab;
  EXPECT_EQ(
      lab.ImportSheet(Cur1({{"1",
                             "RIFee",
                             {{"reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", "99999999"},
                              {"reservation/UnusedRecurringFee", "99999999"},
                              {"reservation/EffectiveCost", "0"}}}})),
      Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(amortized_cost)"), "199999998");
  lab.ExpectProven();
}

TEST(MoneyTest, LoadsOfDifferentTypesLiveInOneLake) {
  Lab lab;
  lab.DeliverCur1("a1", {Cur1({{"0.1"}, {"0.2"}})});
  lab.DeliverCur1("b1", {Cur1({{"1e-17"}}, {2026, 2})}, {2026, 2});
  lab.DeliverCur1("c1", {Cur1({{"12345678901"}}, {2026, 3})}, {2026, 3});
  lab.Import();
  EXPECT_EQ(lab.Values("typeof(unblended_cost) || billing_period").substr(0, 8), "DECIMAL(");
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "12345678901.30000000000000001");
  lab.ExpectProven();
}

TEST(MoneyTest, FocusAmountsOfOtherClouds) {
  Lab lab;
  EXPECT_EQ(lab.ImportSheet(Focus({{"0.22750469072520123456"}, {"123456789.5", "Purchase"}})),
            Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "123456789.72750469072520123456");
  EXPECT_EQ(lab.Value("sum(list_cost)"), "123456789.72750469072520123456");
  lab.ExpectProven();
}

}  // namespace
}  // namespace farthing::testkit
