// Quirks of single values: types, numbers, times, text.  One test for each number of the list in
// docs/formats/quirks.md.

#include <gtest/gtest.h>

#include "query/session.h"
#include "tests/kit/lab.h"

namespace farthing::testkit {
namespace {

using Texts = std::vector<std::string>;

// The line every format of time has to give.
constexpr const char* kPlace = "charge_period_start || ' ' || charge_period_end";
constexpr const char* kFirstHour = "2026-01-01 00:00:00 2026-01-01 01:00:00";

TEST(QuirkTest, Q11_TimesInEveryPhysicalType) {
  for (const char* type :
       {"TIMESTAMP", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP_S", "TIMESTAMPTZ", "VARCHAR"}) {
    Lab lab;
    ParquetStyle style;
    for (const char* column : {"line_item_usage_start_date", "line_item_usage_end_date",
                               "bill_billing_period_start_date", "bill_billing_period_end_date"}) {
      style.types[column] = type;
    }
    lab.WriteParquet("bare/bill.parquet", SnakeCased(Cur1({{"1"}})), style);
    EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"}) << type;
    EXPECT_EQ(lab.Value(kPlace), kFirstHour) << type;
  }
}

TEST(QuirkTest, Q11_TimesInEverySpelling) {
  for (const char* day :
       {"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z", "2026-01-01 00:00:00.000",
        "2026-01-01 00:00:00", "2026-01-01 00:00:00+00:00", "20260101T000000.000Z", "2026-01-01",
        "20260101", "2026-01-01T00:00Z", "2026-01-01 00:00:00 UTC", "2026-01-01T02:00:00+02",
        "2025-12-31T19:00:00-0500", "1/1/2026", "1/1/26", "01/01/2026 00:00:00"}) {
    const Sheet sheet = Cur1(
        {{"1", "Usage", {{"lineItem/UsageStartDate", day}, {"bill/BillingPeriodStartDate", day}}}});
    Lab lab;
    EXPECT_EQ(lab.ImportSheet(sheet), Texts{"loaded 2026-01"}) << day;
    EXPECT_EQ(lab.Value(kPlace), kFirstHour) << day;
    Lab parquet;
    parquet.WriteParquet("bare/bill.parquet", SnakeCased(sheet),
                         {{{"line_item_usage_start_date", "VARCHAR"},
                           {"bill_billing_period_start_date", "VARCHAR"}}});
    EXPECT_EQ(parquet.Outcomes(), Texts{"loaded 2026-01"}) << day;
    EXPECT_EQ(parquet.Value(kPlace), kFirstHour) << day;
  }
}

TEST(QuirkTest, Q11_WhatIsNoTimeInCsvIsNoneInParquet) {
  for (const char* day : {"2026-1-1", "epoch", "infinity", "2026-01-01T24:00:00Z", " ",
                          "2026-01-01T00:00:00.000000000000Z"}) {
    const Sheet sheet = Cur1({{"1"}, {"2", "Usage", {{"lineItem/UsageStartDate", day}}}});
    Lab lab;
    const Texts csv = lab.ImportSheet(sheet);
    EXPECT_NE(csv.at(0).find("bill.csv: row 2, column line_item_usage_start_date: not a date"),
              std::string::npos)
        << csv[0];
    Lab parquet;
    parquet.WriteParquet("bare/bill.parquet", SnakeCased(sheet),
                         {{{"line_item_usage_start_date", "VARCHAR"}}});
    const Texts outcomes = parquet.Outcomes();
    EXPECT_NE(
        outcomes.at(0).find("bill.parquet: row 2, column line_item_usage_start_date: not a date"),
        std::string::npos)
        << outcomes[0];
  }
}

TEST(QuirkTest, Q11_AnUnreadableTimeIsNamedByFileRowAndColumn) {
  const Sheet sheet = Cur1({{"1"}, {"2", "Usage", {{"lineItem/UsageStartDate", "yesterday"}}}});
  Lab lab;
  const Texts csv = lab.ImportSheet(sheet);
  EXPECT_NE(csv.at(0).find("bill.csv: row 2, column line_item_usage_start_date: "),
            std::string::npos)
      << csv[0];
  Lab parquet;
  parquet.WriteParquet("bare/bill.parquet", SnakeCased(sheet),
                       {{{"line_item_usage_start_date", "VARCHAR"}}});
  const Texts outcomes = parquet.Outcomes();
  EXPECT_TRUE(outcomes.at(0).starts_with("quarantined")) << outcomes[0];
  EXPECT_NE(outcomes[0].find("bill.parquet: row 2, column line_item_usage_start_date"),
            std::string::npos)
      << outcomes[0];
}

TEST(QuirkTest, Q12_PagesEncodingsAndCompressions) {
  std::vector<Line> lines;
  for (int i = 0; i < 3000; ++i) {
    lines.push_back({"0.25", "Usage", {{"identity/LineItemId", "id" + std::to_string(i)}}});
  }
  for (const char* options :
       {"COMPRESSION snappy, PARQUET_VERSION v1", "COMPRESSION gzip, PARQUET_VERSION v2",
        "COMPRESSION zstd, PARQUET_VERSION v2", "COMPRESSION uncompressed, ROW_GROUP_SIZE 2048",
        "COMPRESSION brotli", "COMPRESSION lz4_raw"}) {
    Lab lab;
    lab.WriteParquet("bare/bill.parquet", SnakeCased(Cur1(lines)), {{}, false, options});
    EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"}) << options;
    EXPECT_EQ(lab.Value("sum(unblended_cost) || ' ' || count(DISTINCT line_item_id)"),
              "750.0000000000 3000")
        << options;
  }
}

TEST(QuirkTest, Q13_EmptyTextZeroAndNullAreTheSame) {
  const Sheet sheet = SnakeCased(Cur1({{"1",
                                        "Usage",
                                        {{"lineItem/ResourceId", ""},
                                         {"reservation/ReservationARN", ""},
                                         {"reservation/EffectiveCost", ""},
                                         {"bill/InvoiceId", ""}}}}));
  for (const bool empty_is_null : {false, true}) {
    Lab lab;
    lab.WriteParquet("bare/bill.parquet", sheet,
                     {{{"reservation_effective_cost", "DOUBLE"}}, empty_is_null});
    EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
    EXPECT_EQ(lab.Value("coalesce(resource_id, commitment_discount_id, invoice_id, 'none')"),
              "none");
    EXPECT_EQ(lab.Value("amortized_cost"), "1");
  }
}

TEST(QuirkTest, Q13_WhatALineChargesAndWhenIsNeverAbsent) {
  for (const std::string column : {"lineItem/UnblendedCost", "lineItem/UsageStartDate"}) {
    for (const std::string empty : {"", "NULL", "None"}) {
      Lab lab;
      const Sheet sheet = Cur1({{"1"}, {"2", "Usage", {{column, empty}}}});
      const Texts refused = lab.ImportSheet(sheet);
      EXPECT_NE(refused.at(0).find("bill.csv: row 2, column " + SnakeCase(column) + ": is empty"),
                std::string::npos)
          << refused[0];
      ingest::ImportOptions tolerant;
      tolerant.tolerated_rows = 1;
      EXPECT_EQ(lab.Outcomes("", tolerant), Texts{"loaded 2026-01"});
      EXPECT_EQ(lab.Value("sum(unblended_cost)"), "1");
    }
  }
  for (const std::string column : {"BilledCost", "ChargePeriodStart"}) {
    const Sheet sheet = Focus({{"1"}, {"2", "Usage", {{column, ""}}}});
    Lab csv;
    const std::string told = ": row 2, column " + column + ": is empty";
    EXPECT_NE(csv.ImportSheet(sheet).at(0).find(told), std::string::npos) << column;
    for (const std::string type : {"", "VARCHAR"}) {
      Lab lab;
      ParquetStyle style{{}, true};
      if (!type.empty()) style.types[column] = type;
      lab.WriteParquet("bare/bill.parquet", sheet, style);
      const Texts refused = lab.Outcomes();
      EXPECT_NE(refused.at(0).find("bill.parquet" + told), std::string::npos) << refused[0];
    }
  }
}

TEST(QuirkTest, Q13_ANetAmountOfZeroInLegacyParquetIsReported) {
  const Sheet sheet = Cur1({{"3", "Usage", {{"lineItem/NetUnblendedCost", "2"}}},
                            {"1", "Tax", {{"lineItem/NetUnblendedCost", "0.0"}}},
                            {"0", "Usage", {{"lineItem/NetUnblendedCost", "0.0"}}}});
  Lab lab;
  lab.WriteParquet("bare/bill.parquet", SnakeCased(sheet));
  const ingest::ImportSummary summary = lab.Import();
  EXPECT_EQ(lab.Value("sum(net_unblended_cost)"), "2");
  bool told = false;
  for (const std::string& note : summary.outcomes.at(0).load->notes)
    told = told || note.starts_with("lines with a net cost of 0 beside an unblended cost: 1;");
  EXPECT_TRUE(told);
  Lab csv;
  csv.Write("bare/bill.csv", sheet.Csv());
  EXPECT_TRUE(csv.Import().outcomes.at(0).load->notes.empty()) << "CSV says 0";
}

TEST(QuirkTest, Q54_DoublesThatDoNotFitTogetherAreRoundedAndReported) {
  const auto load = [](Lab& lab, const Texts& costs) {
    std::vector<Line> lines;
    for (const std::string& cost : costs)
      lines.push_back({cost, "Usage", {{"BillingCurrency", "IDR"}}});
    lab.WriteParquet("bare/bill.parquet", Focus(lines));
    return lab.Import().outcomes.at(0);
  };
  const std::string note = "amounts that are doubles are rounded to 18 decimals";
  for (const std::string tiny : {"1.2345678901234567e-12", "1.2345678901234567e-11"}) {
    Texts costs(12, "9876543210.123457");
    costs.push_back(tiny);
    Lab lab;
    const ingest::Outcome outcome = load(lab, costs);
    ASSERT_TRUE(outcome.load) << outcome.error->message();
    ASSERT_EQ(outcome.load->notes.size(), 1U) << tiny;
    EXPECT_TRUE(outcome.load->notes[0].starts_with(note));
    lab.ExpectProven();
  }
  Lab lab;
  load(lab, {"9876543210.123457", "9876543210.123457", "1.2345678901234567e-12"});
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "19753086420.246914000001234568");
  Lab exact;
  EXPECT_TRUE(load(exact, {"98765.123457", "1.2345678901234567e-12"}).load->notes.empty());
  EXPECT_EQ(exact.Value("min(billed_cost)"), "0.0000000000012345678901234567");
}

TEST(QuirkTest, Q26_RowsSetAsideStayKnown) {
  Lab lab;
  lab.Write("bare/bill.csv",
            Cur1({{"1"}, {"2", "Usage", {{"lineItem/UsageStartDate", "x"}}}, {"oops"}}).Csv());
  ingest::ImportOptions tolerant;
  tolerant.tolerated_rows = 2;
  EXPECT_EQ(lab.Outcomes("", tolerant), Texts{"loaded 2026-01"});
  EXPECT_EQ(Must(lab.catalog().Deliveries()).at(0).reason,
            "2 rows set aside; not in the lake: 2 USD and what 1 unreadable row costs");
  const auto session = Must(query::Session::Open(lab.layout().data()));
  query::Request total;
  total.metrics = Must(query::ParseMetrics("unblended_cost"));
  EXPECT_EQ(
      Must(session->Run(total)).notes,
      Texts{"bare 2026-01: 2 rows set aside; not in the lake: 2 USD and what 1 unreadable row "
            "costs"});
}

TEST(QuirkTest, Q14_ZeroCommitmentCostsOfOrdinaryLinesAreNotTheirCost) {
  Lab lab;
  lab.ImportSheet(Cur1(
      {{"7",
        "Usage",
        {{"reservation/EffectiveCost", "0.0"}, {"savingsPlan/SavingsPlanEffectiveCost", "0.0"}}}}));
  EXPECT_EQ(lab.Value("amortized_cost || ' ' || effective_cost"), "7.0000000000 7.0000000000");
}

TEST(QuirkTest, Q15_IntegersWhereDoublesAreExpected) {
  Lab lab;
  lab.WriteParquet("bare/bill.parquet", SnakeCased(Cur1({{"3"}})),
                   {{{"line_item_unblended_cost", "BIGINT"},
                     {"line_item_usage_amount", "INTEGER"},
                     {"line_item_blended_cost", "DECIMAL(20,6)"}}});
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(unblended_cost) + sum(blended_cost) + sum(usage_quantity)"), "7");
}

TEST(QuirkTest, Q15_AccountIdsKeepTheirLeadingZeros) {
  const Sheet sheet = Cur1({{"1", "Usage", {{"lineItem/UsageAccountId", "014498620306"}}}});
  Lab lab;
  lab.ImportSheet(sheet);
  EXPECT_EQ(lab.Value("sub_account_id"), "014498620306");
  Lab inferred;  // a loader that guesses types made numbers of them
  inferred.WriteParquet(
      "bare/bill.parquet", SnakeCased(sheet),
      {{{"line_item_usage_account_id", "BIGINT"}, {"bill_payer_account_id", "BIGINT"}}});
  inferred.Import();
  EXPECT_EQ(inferred.Value("sub_account_id || ' ' || billing_account_id"),
            "014498620306 000000000001");
}

TEST(QuirkTest, Q15_AccountIdsThatBecameNumbersAreTheSameAccounts) {
  for (const char* type :
       {"BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "DECIMAL(38,0)", "DECIMAL(14,2)"}) {
    Lab lab;
    const Sheet legacy = Cur1({{"1", "Usage", {{"lineItem/UsageAccountId", "014498620306"}}}});
    lab.Write("legacy/bill.csv", legacy.Csv());
    lab.WriteParquet(
        "focus/bill.parquet",
        Focus({{"1", "Usage", {{"SubAccountId", "014498620306"}, {"ProviderName", "AWS"}}}}),
        {{{"SubAccountId", type}, {"BillingAccountId", type}}});
    EXPECT_EQ(lab.Outcomes(), (Texts{"loaded 2026-01", "loaded 2026-01"})) << type;
    EXPECT_EQ(lab.Values("DISTINCT sub_account_id || ' ' || billing_account_id"),
              "014498620306 000000000001")
        << type;
    EXPECT_EQ(lab.Value("sum(billed_cost)"), "1") << "one bill, not added: " << type;
  }
}

TEST(QuirkTest, Q15_NumbersOfOtherProvidersStayAsTheyAre) {
  Lab lab;
  lab.WriteParquet("bare/bill.parquet",
                   Focus({{"1",
                           "Usage",
                           {{"BillingAccountId", "90600034"},
                            {"SubAccountId", "12"},
                            {"ProviderName", "Microsoft"}}},
                          {"1",
                           "Usage",
                           {{"BillingAccountId", "90600034"},
                            {"SubAccountId", ""},
                            {"ProviderName", "Microsoft"}}}}),
                   {{{"SubAccountId", "DOUBLE"}, {"BillingAccountId", "BIGINT"}}, true});
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Values("billing_account_id || ' ' || coalesce(sub_account_id, 'none')"),
            "90600034 12, 90600034 none");
}

TEST(QuirkTest, Q15_AccountIdsThatASpreadsheetRoundedAreRefused) {
  for (const char* rounded :
       {"1.23457E+11", "1.2E+11", "1E+11", "1.23456789012E11", "1,23457E+11"}) {
    const Sheet sheet =
        Cur1({{"1"}, {"2", "Usage", {{"lineItem/UsageAccountId", rounded}}}, {"4"}});
    Lab lab;
    lab.Write("bare/bill.csv", sheet.Csv());
    const ingest::ImportSummary csv = lab.Import();
    ASSERT_TRUE(csv.outcomes.at(0).error) << rounded;
    EXPECT_NE(csv.outcomes[0].error->message().find(
                  "bill.csv: row 2, column line_item_usage_account_id: no account id"),
              std::string::npos)
        << csv.outcomes[0].error->message();
    EXPECT_NE(csv.outcomes[0].error->hint().find("saved by a spreadsheet"), std::string::npos);
    ingest::ImportOptions tolerant;
    tolerant.tolerated_rows = 1;
    EXPECT_EQ(lab.Outcomes("", tolerant), Texts{"loaded 2026-01"});
    EXPECT_EQ(lab.Value("sum(unblended_cost)"), "5");

    Lab parquet;
    parquet.WriteParquet("bare/bill.parquet", SnakeCased(sheet));
    const ingest::ImportSummary summary = parquet.Import();
    ASSERT_TRUE(summary.outcomes.at(0).error) << rounded;
    EXPECT_NE(summary.outcomes[0].error->message().find(
                  "bill.parquet: row 2, column line_item_usage_account_id: no account id"),
              std::string::npos)
        << summary.outcomes[0].error->message();
    EXPECT_NE(summary.outcomes[0].error->hint().find("saved by a spreadsheet"), std::string::npos);
  }
}

TEST(QuirkTest, Q15_NamesThatLookLikeNumbersAreIds) {
  Lab lab;
  lab.ImportSheet(Focus({{"1", "Usage", {{"SubAccountId", "1e11"}}},
                         {"1", "Usage", {{"SubAccountId", "1E4F-22"}}},
                         {"1", "Usage", {{"SubAccountId", "1.5"}}}}));
  EXPECT_EQ(lab.Values("sub_account_id"), "1.5, 1E4F-22, 1e11");
}

TEST(QuirkTest, Q15_ShortAccountIdsAreKeptAndReported) {
  Lab lab;
  lab.ImportSheet(Cur1({{"1", "Usage", {{"lineItem/UsageAccountId", "14498620306"}}}}));
  EXPECT_EQ(lab.Value("sub_account_id"), "14498620306");
  const lake::Load load = Must(lab.catalog().ActiveLoads({})).at(0);
  ASSERT_EQ(load.notes.size(), 1U);
  EXPECT_TRUE(load.notes[0].starts_with("account ids of fewer than 12 digits, first 14498620306"));
}

TEST(QuirkTest, Q15_ShortAccountIdsOfAwsAreReportedInFocusToo) {
  const auto notes = [](const char* provider) {
    Lab lab;
    const Cells cells = {{"SubAccountId", "14498620306"}, {"ProviderName", provider}};
    lab.ImportSheet(Focus({{"1", "Usage", cells}}));
    return Must(lab.catalog().ActiveLoads({})).at(0).notes;
  };
  const std::vector<std::string> aws = notes("AWS");
  ASSERT_EQ(aws.size(), 1U);
  EXPECT_TRUE(aws[0].starts_with("account ids of fewer than 12 digits, first 14498620306"));
  EXPECT_TRUE(notes("Microsoft").empty());
}

TEST(QuirkTest, Q16_RatesAreTextAndStayAsTheyAre) {
  Lab lab;
  EXPECT_EQ(lab.ImportSheet(Cur1({{"1",
                                   "Usage",
                                   {{"lineItem/UnblendedRate", "0.0104000000"},
                                    {"reservation/TotalReservedUnits", "n/a"}}}})),
            Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("attributes['lineItem/UnblendedRate'] || ' ' || "
                      "attributes['reservation/TotalReservedUnits']"),
            "0.0104000000 n/a");
}

TEST(QuirkTest, Q17_ScientificNotationAndMinusZero) {
  Lab lab;
  lab.ImportSheet(Cur1({{"4.47E-7"}, {"-7.0E-10"}, {"5.0e-07"}, {"-0.0"}, {"1e2"}, {"+1"}}));
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "101.0000009463");
  EXPECT_EQ(lab.Value("count(*)", "unblended_cost = 0"), "1");
}

TEST(QuirkTest, Q17_AReferencePriceThatIsNoNumberIsUnknownAndReported) {
  Lab lab;
  EXPECT_EQ(lab.ImportSheet(Cur1({{"1", "Usage", {{"pricing/publicOnDemandCost", "2"}}},
                                  {"1", "Usage", {{"pricing/publicOnDemandCost", "n/a"}}}})),
            Texts{"loaded 2026-01"});
  const lake::Load load = Must(lab.catalog().ActiveLoads({})).at(0);
  EXPECT_EQ(
      load.notes,
      Texts{"pricing_public_on_demand_cost is no number in 1 rows, first \"n/a\": unknown there"});
  EXPECT_EQ(std::count(load.unavailable.begin(), load.unavailable.end(), "public_on_demand_cost"),
            1);
  lab.ExpectProven();
}

TEST(QuirkTest, Q17_NotANumberIsRefused) {
  for (const char* bad : {"NaN", "inf", "1,5", "1.2.3", "$5", "0x10", "--1"}) {
    Lab lab;
    const Texts outcomes = lab.ImportSheet(Cur1({{"1"}, {"1"}, {bad}}));
    EXPECT_NE(outcomes.at(0).find("bill.csv: row 3, column line_item_unblended_cost: "),
              std::string::npos)
        << outcomes[0];
    EXPECT_EQ(lab.catalog().Versions()->size(), 0U);
  }
  Lab lab;
  lab.WriteParquet("bare/bill.parquet", SnakeCased(Cur1({{"1"}, {"NaN"}})));
  const Texts outcomes = lab.Outcomes();
  EXPECT_NE(outcomes.at(0).find("bill.parquet: row 2, column line_item_unblended_cost: "),
            std::string::npos)
      << outcomes[0];
}

TEST(QuirkTest, Q18_NullAndEmptyTextInCsv) {
  Lab lab;
  const std::string header =
      "bill/BillingPeriodStartDate,lineItem/LineItemType,lineItem/UsageStartDate,"
      "lineItem/UnblendedCost,lineItem/ResourceId,resourceTags/user:team\n";
  const std::string start = "2026-01-01T00:00:00Z,Usage,2026-01-01T00:00:00Z,";
  lab.Write("bare/bill.csv", header + start + "1,,\n" + start + "\"2\",\"\",\"\"\n");
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(
      lab.Value(
          "sum(unblended_cost) || ' ' || count(resource_id) || ' ' || count(tags['user:team'])"),
      "3.0000000000 0 0");
}

TEST(QuirkTest, Q18_TheWordNullIsAValueInTagsAndAbsentElsewhere) {
  Lab cur;
  cur.ImportSheet(Cur1(
      {{"1", "Usage", {{"resourceTags/user:team", "null"}, {"lineItem/ResourceId", "NULL"}}}}));
  EXPECT_EQ(cur.Value("tags['user:team'] || ' ' || coalesce(resource_id, 'absent')"), "null absent")
      << "users may call a thing null, AWS does not";
  Lab focus;
  focus.ImportSheet(Focus(
      {{"1", "Usage", {{"RegionId", "NULL"}, {"x_Team", "null"}, {"ConsumedQuantity", "NULL"}}}}));
  EXPECT_EQ(focus.Value("coalesce(region_id, attributes['x_Team'], 'absent')"), "absent");
}

TEST(QuirkTest, Q18_TheSameWordsAreAbsentInParquet) {
  const Sheet bill = SnakeCased(Cur1({{"1",
                                       "Usage",
                                       {{"lineItem/ResourceId", "NULL"},
                                        {"lineItem/UsageType", "null"},
                                        {"lineItem/UsageAmount", "None"},
                                        {"lineItem/UsageEndDate", "None"},
                                        {"pricing/RateId", "NULL"},
                                        {"resourceTags/user:team", "null"}}}}));
  for (const bool parquet : {false, true}) {
    Lab lab;
    if (parquet) {
      lab.WriteParquet(
          "bare/bill.parquet", bill,
          {{{"line_item_usage_amount", "VARCHAR"}, {"line_item_usage_end_date", "VARCHAR"}}});
      EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
    } else {
      EXPECT_EQ(lab.ImportSheet(bill), Texts{"loaded 2026-01"});
    }
    EXPECT_EQ(lab.Value("coalesce(resource_id, usage_type, charge_period_end::VARCHAR, "
                        "attributes['pricing_rate_id'], 'absent')"),
              "absent");
    EXPECT_EQ(lab.Value("sum(usage_quantity)"), "0");
    EXPECT_EQ(lab.Value("map_values(tags)[1]"), "null");
  }
}

TEST(QuirkTest, Q18_TheOperationNoneIsAnOperation) {
  // AWS names it for data transfer and taxes; CSV and Parquet of a bill say the same.
  const Sheet bill = Cur1({{"1", "Usage", {{"lineItem/Operation", "None"}}}});
  Lab csv;
  csv.ImportSheet(bill);
  EXPECT_EQ(csv.Value("operation"), "None");
  Lab parquet;
  parquet.WriteParquet("bare/bill.parquet", SnakeCased(bill));
  parquet.Import();
  EXPECT_EQ(parquet.Value("operation"), "None");
  Lab focus;
  focus.ImportSheet(
      Focus({{"1",
              "Usage",
              {{"x_Operation", "None"}, {"x_Team", "None"}, {"ConsumedQuantity", "None"}}}}));
  EXPECT_EQ(focus.Value("operation || attributes['x_Team'] || usage_quantity"),
            "NoneNone0.0000000000")
      << "a number that is None is absent";
}

TEST(QuirkTest, Q19_TextIsKeptByteForByte) {
  const std::string text = "says \"hello\", a\ttab,\r\na new line, İstanbul, São Paulo, 🚀 ";
  Lab lab;
  EXPECT_EQ(lab.ImportSheet(Cur1({{"1",
                                   "Usage",
                                   {{"lineItem/LineItemDescription", text},
                                    {"resourceTags/user:note", text},
                                    {"lineItem/LegalEntity", "Ödeme A.Ş., \"Türkiye\""}}},
                                  {"2"}})),
            Texts{"loaded 2026-01"});
  const auto rows = lab.Rows(
      "SELECT charge_description, tags['user:note'], publisher_name FROM lines WHERE "
      "unblended_cost = 1");
  EXPECT_EQ(rows, (std::vector<Texts>{{text, text, "Ödeme A.Ş., \"Türkiye\""}}));
  EXPECT_EQ(lab.Value("count(*)"), "2");
}

TEST(QuirkTest, Q19_InvalidUtf8IsNamedAndCanBeMended) {
  Sheet sheet = Cur1({{"1"},
                      {"2", "Usage", {{"lineItem/LegalEntity", "caf\xe9"}}},
                      {"4"},
                      {"8", "Usage", {{"lineItem/Operation", "\xff"}}}});
  Lab lab;
  const Texts outcomes = lab.ImportSheet(sheet);
  EXPECT_NE(
      outcomes.at(0).find("bill.csv: row 2, column lineItem/LegalEntity: bytes that are not UTF-8"),
      std::string::npos)
      << outcomes[0];
  ingest::ImportOptions tolerant;
  tolerant.tolerated_rows = 1;
  EXPECT_TRUE(lab.Outcomes("", tolerant).at(0).starts_with("quarantined")) << "two rows are bad";
  tolerant.tolerated_rows = 2;
  const ingest::ImportSummary summary = lab.Import("", tolerant);
  ASSERT_TRUE(summary.outcomes.at(0).load);
  const std::vector<lake::RowIssue>& issues = summary.outcomes[0].load->issues;
  ASSERT_EQ(issues.size(), 2U);
  EXPECT_EQ(issues[0].row, 2);
  EXPECT_EQ(issues[1].row, 4);
  EXPECT_EQ(issues[1].column, "lineItem/Operation");
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "15") << "the money of mended rows counts";
  EXPECT_EQ(lab.Value("publisher_name", "unblended_cost = 2"), "caf\xef\xbf\xbd");
}

TEST(QuirkTest, Q54_SumsDoNotDependOnTheOrderOfRows) {
  std::vector<Line> lines;
  for (int i = 1; i <= 500; ++i)
    lines.push_back({"0." + std::to_string(1000000 + i * 7919 % 999983)});
  const auto total = [&] {
    Lab lab;
    lab.ImportSheet(Cur1(lines));
    lab.ExpectProven();
    return lab.Value("sum(unblended_cost)");
  };
  const std::string sum = total();
  std::reverse(lines.begin(), lines.end());
  EXPECT_EQ(total(), sum);
}

}  // namespace
}  // namespace farthing::testkit
