// Quirks of columns: which there are, what they are called, tags and maps.  One test for each number of the
// list in docs/formats/quirks.md.

#include <gtest/gtest.h>

#include "tests/kit/lab.h"

namespace farthing::testkit {
namespace {

using Texts = std::vector<std::string>;

lake::Load LoadOf(Lab& lab) { return Must(lab.catalog().ActiveLoads({})).at(0); }

TEST(QuirkTest, Q20_TagKeysThatDifferByCaseAreBothKeptAndReported) {
  Lab lab;
  lab.ImportSheet(Cur1({{"1",
                         "Usage",
                         {{"resourceTags/user:Owner", "ann"},
                          {"resourceTags/user:owner", "bob"},
                          {"resourceTags/user:cost-center", "7"},
                          {"resourceTags/user:CostCenter", "8"}}}}));
  EXPECT_EQ(lab.Value("concat_ws(' ', tags['user:Owner'], tags['user:owner'], "
                      "tags['user:cost-center'], tags['user:CostCenter'])"),
            "ann bob 7 8");
  EXPECT_EQ(LoadOf(lab).tag_collisions,
            (Texts{"user:CostCenter and user:cost-center", "user:Owner and user:owner"}));
}

TEST(QuirkTest, Q21_OddCharactersInTagKeysAndCategories) {
  Lab lab;
  lab.ImportSheet(Cur1({{"1",
                         "Usage",
                         {{"resourceTags/aws:ec2spot:fleet-request-id", "f"},
                          {"resourceTags/user:a/b.c d", "x"},
                          {"costCategory/Charge type (all)", "c"}}}}));
  EXPECT_EQ(lab.Value("concat_ws(' ', tags['aws:ec2spot:fleet-request-id'], tags['user:a/b.c d'], "
                      "cost_categories['Charge type (all)'])"),
            "f x c");
}

TEST(QuirkTest, Q22_NamesThatCollideAfterSnakeCasing) {
  Sheet sheet = Cur1({{"1",
                       "Usage",
                       {{"product/instancesku", "one"},
                        {"product/instanceSKU", "two"},
                        {"resourceTags/user:a-b", "3"},
                        {"resourceTags/user:a_b", "4"},
                        {"reservation/ReservationARN", "arn:ri"}}}});
  Lab lab;
  EXPECT_EQ(lab.ImportSheet(sheet), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("concat_ws(' ', product['instancesku'], product['instanceSKU'], "
                      "tags['user:a-b'], tags['user:a_b'], "
                      "commitment_discount_id)"),
            "one two 3 4 arn:ri");
}

TEST(QuirkTest, Q22_AcronymsInEverySpelling) {
  for (const char* header : {"reservation_reservation_a_r_n", "reservation_reservation_arn",
                             "Reservation/ReservationArn"}) {
    Lab lab;
    EXPECT_EQ(lab.ImportSheet(Cur1({{"1", "Fee", {{header, "arn:ri"}}}})), Texts{"loaded 2026-01"})
        << header;
    EXPECT_EQ(lab.Value("commitment_discount_id || ' ' || amortized_cost"), "arn:ri 0.0000000000")
        << header;
  }
}

TEST(QuirkTest, Q22_ASecondTextOfTheSameMeaningIsKeptAside) {
  Lab lab;
  lab.ImportSheet(
      Cur1({{"1",
             "Usage",
             {{"lineItem/LineItemDescription", "a"}, {"line_item_line_item_description", "b"}}}}));
  EXPECT_EQ(lab.Value("charge_description"), "a");
  EXPECT_EQ(lab.Value("attributes['line_item_line_item_description']"), "b");
  EXPECT_EQ(LoadOf(lab).unknown_columns, Texts{"line_item_line_item_description"});
}

TEST(QuirkTest, Q22_TwoColumnsForOneAmountAreRefused) {
  Sheet sheet = Cur1({{"99"}});
  const auto cost = std::find(sheet.header.begin(), sheet.header.end(), "lineItem/UnblendedCost");
  const std::string place = std::to_string(cost - sheet.header.begin() + 1);
  const std::string last = std::to_string(sheet.header.size() + 1);
  for (const std::string header : {"lineItem/UnblendedCost", "line_item_unblended_cost"}) {
    Sheet doubled = sheet;
    doubled.header.push_back(header);
    doubled.rows[0].push_back("");
    Lab lab;
    const Texts outcomes = lab.ImportSheet(doubled);
    ASSERT_EQ(outcomes.size(), 1u);
    EXPECT_NE(outcomes[0].find("bill.csv: has the column line_item_unblended_cost twice: "
                               "lineItem/UnblendedCost is column " +
                               place + ", " + header + " is column " + last),
              std::string::npos)
        << outcomes[0];
  }
}

TEST(QuirkTest, Q23_ColumnsThatComeAndGo) {
  Lab lab;
  lab.DeliverCur1("a1", {Cur1({{"1"}})});
  lab.Import();
  lab.DeliverCur1("a2", {Cur1({{"1", "Usage", {{"resourceTags/user:new", "t"}}},
                               {"2",
                                "RIFee",
                                {{"reservation/UnusedRecurringFee", "0.5"},
                                 {"reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", "0.25"},
                                 {"reservation/EffectiveCost", "0"}}}})});
  lab.DeliverCur1("b1", {Cur1({{"4"}}, {2026, 2})}, {2026, 2});
  lab.Import();
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "7");
  EXPECT_EQ(lab.Value("amortized_cost", "line_item_type = 'RIFee'"), "0.75");
  EXPECT_EQ(lab.Values("coalesce(tags['user:new'], '-')"), "-, -, t");
}

TEST(QuirkTest, Q23_FilesOfOneDeliveryWithDifferentColumns) {
  Lab lab;
  const Cells discount = {{"discount/TotalDiscount", "-1"},
                          {"splitLineItem/SplitCost", "0.5"},
                          {"resourceTags/user:t", "x"}};
  lab.DeliverCur1("a1", {Cur1({{"1"}}), Cur1({{"2", "Usage", discount}}),
                         Cur1({{"4"}}).Without("lineItem/Operation")});
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "7");
  EXPECT_EQ(lab.Value("count(operation)"), "2");
  lab.ExpectProven();
}

// Writes the sheets as bare files of one folder, in one of the two forms.
void WriteBare(Lab& lab, bool parquet, const std::vector<Sheet>& sheets) {
  for (std::size_t i = 0; i < sheets.size(); ++i) {
    const std::string name = "bare/" + std::to_string(i) + (parquet ? ".parquet" : ".csv");
    if (parquet) {
      lab.WriteParquet(name, sheets[i]);
    } else {
      lab.Write(name, sheets[i].Csv());
    }
  }
}

TEST(QuirkTest, Q23_AColumnThatOneMonthLacksIsUnknownInThatMonthOnly) {
  const Cells covered = {{"reservation_effective_cost", "3"},
                         {"line_item_net_unblended_cost", "0.5"}};
  for (const bool parquet : {false, true}) {
    SCOPED_TRACE(parquet ? "Parquet" : "CSV");
    Lab lab;
    WriteBare(lab, parquet,
              {SnakeCased(Cur1({{"1", "DiscountedUsage", covered}})),
               SnakeCased(Cur1({{"4"}}, {2026, 2}))
                   .Without("line_item_usage_amount")
                   .Without("line_item_blended_cost")});
    EXPECT_EQ(lab.Outcomes("bare"), (Texts{"loaded 2026-01", "loaded 2026-02"}));
    const std::string figures =
        "concat_ws(' ', coalesce(usage_quantity::VARCHAR, 'unknown'), "
        "coalesce(blended_cost::VARCHAR, 'unknown'), amortized_cost, net_unblended_cost)";
    EXPECT_EQ(lab.Value(figures, "billing_period = '2026-01'"),
              "1.0000000000 1.0000000000 3.0000000000 0.5000000000");
    EXPECT_EQ(lab.Value(figures, "billing_period = '2026-02'"),
              "unknown unknown 4.0000000000 4.0000000000");
    for (const lake::Load& load : Must(lab.catalog().ActiveLoads({}))) {
      const auto& unknown = load.unavailable;
      EXPECT_EQ(std::count(unknown.begin(), unknown.end(), "usage_quantity"),
                load.period.month == 2 ? 1 : 0);
    }
    lab.ExpectProven();
  }
}

bool IsMissed(Lab& lab, const std::string& column) {
  const std::vector<std::string> missed = LoadOf(lab).missed_columns;
  return std::count(missed.begin(), missed.end(), column) > 0;
}

TEST(QuirkTest, Q23_AColumnThatOneFileLacksIsUnknownThereAndNotNone) {
  const Cells net = {{"line_item_net_unblended_cost", "3"}};
  const Cells fee = {{"reservation_unused_amortized_upfront_fee_for_billing_period", "0"},
                     {"reservation_unused_recurring_fee", "2"}};
  const std::string unknown =
      "count(*) - count(net_unblended_cost) || ' ' || count(*) - count(amortized_cost) || ' ' || "
      "count(*) - count(unblended_cost)";
  for (const bool parquet : {false, true}) {
    SCOPED_TRACE(parquet ? "Parquet" : "CSV");
    Lab discounts;
    WriteBare(discounts, parquet,
              {SnakeCased(Cur1({{"4", "Usage", net}})), SnakeCased(Cur1({{"4"}}))});
    EXPECT_EQ(discounts.Outcomes("bare"), Texts{"loaded 2026-01"});
    EXPECT_EQ(discounts.Value(unknown), "1 0 0");
    EXPECT_TRUE(IsMissed(discounts, "line_item_net_unblended_cost"));
    discounts.ExpectProven();
    Lab reservations;
    const Cells arn = {{"reservation_reservation_a_r_n", "an ARN"}};
    WriteBare(reservations, parquet,
              {SnakeCased(Cur1({{"4", "Fee"}, {"1", "RIFee", fee}})),
               SnakeCased(Cur1({{"4", "Fee", arn}, {"2", "Fee"}}))});
    EXPECT_EQ(reservations.Outcomes("bare"), Texts{"loaded 2026-01"});
    EXPECT_EQ(reservations.Value(unknown), "0 1 0");
    EXPECT_TRUE(IsMissed(reservations, "reservation_reservation_a_r_n"));
  }
}

TEST(QuirkTest, Q23_AColumnThatOnlyAFileWithoutNeedLacksIsNotMissed) {
  const Cells none = {{"line_item_net_unblended_cost", ""}};
  const Sheet empty = SnakeCased(Cur1({})).Without("line_item_blended_cost");
  for (const bool parquet : {false, true}) {
    SCOPED_TRACE(parquet ? "Parquet" : "CSV");
    Lab lab;
    WriteBare(lab, parquet,
              {SnakeCased(Cur1({{"4", "Usage", none}})), SnakeCased(Cur1({{"2"}})), empty});
    EXPECT_EQ(lab.Outcomes("bare"), Texts{"loaded 2026-01"});
    EXPECT_EQ(lab.Value("sum(net_unblended_cost) || ' ' || sum(blended_cost)"),
              "6.0000000000 6.0000000000");
    EXPECT_FALSE(IsMissed(lab, "line_item_net_unblended_cost"));
    EXPECT_FALSE(IsMissed(lab, "line_item_blended_cost"));
  }
}

TEST(QuirkTest, Q23_ParquetFilesOfOneMonthMayDifferInEveryWay) {
  Lab lab;
  const Cells shared = {{"resource_tags_user_a", "x"}};
  lab.WriteParquet("bare/1.parquet", SnakeCased(Cur1({{"1", "Usage", shared}})));
  lab.WriteParquet("bare/2.parquet", Cur1({{"2", "Usage", {{"resourceTags/user:b", "x"}}}}),
                   {{{"lineItem/UnblendedCost", "BIGINT"},
                     {"lineItem/UsageStartDate", "VARCHAR"},
                     {"bill/BillingPeriodStartDate", "VARCHAR"}}});
  lab.WriteParquet("bare/3.parquet",
                   SnakeCased(Cur1({{"4", "Usage", shared}})).Without("line_item_usage_amount"));
  EXPECT_EQ(lab.Outcomes("bare"), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "7") << "whatever the columns are called";
  EXPECT_EQ(lab.Values("array_to_string(map_keys(tags), ' ')"), "user:b, user_a, user_a");
  EXPECT_EQ(lab.Values("concat_ws('.', source_file, source_row)"), "0.1, 1.1, 2.1");
  const std::vector<std::string> unknown = LoadOf(lab).unavailable;
  EXPECT_EQ(std::count(unknown.begin(), unknown.end(), "usage_quantity"), 1)
      << "a part of a sum is not shown";
  lab.ExpectProven();
}

TEST(QuirkTest, Q23_AFileWithoutTheCostIsRefusedThoughAnotherHasIt) {
  Lab lab;
  lab.DeliverCur1("a1", {Cur1({{"1"}}), Cur1({{"2"}}).Without("lineItem/UnblendedCost")});
  const Texts outcomes = lab.Outcomes();
  EXPECT_TRUE(
      outcomes.at(0).ends_with("bill-00002.csv.gz: lacks the column line_item_unblended_cost"))
      << outcomes[0];
}

TEST(QuirkTest, Q23_ColumnsThatDifferBetweenManifestAndFileAreReported) {
  Lab lab;
  const std::string key = "P/bill/20260101-20260201/bill-1.csv.gz";
  const Sheet sheet = Cur1({{"1"}});
  lab.WriteGzip(key, sheet.Csv());
  std::string manifest = LegacyManifest("a1", {key});
  std::string columns = R"({"category": "resourceTags", "name": "user:Gone"})";
  for (const std::string& header : sheet.header) {
    const std::size_t slash = header.find('/');
    if (header == "lineItem/Operation") continue;
    columns += R"(, {"category": ")" + header.substr(0, slash) + R"(", "name": ")" +
               header.substr(slash + 1) + R"("})";
  }
  manifest.insert(manifest.find("[]") + 1, columns);
  lab.Write("P/bill/20260101-20260201/bill-Manifest.json", manifest);
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(LoadOf(lab).notes,
            (Texts{"the manifest lists 1 column that no file has: resourceTags/user:Gone",
                   "the files have 1 column that the manifest does not list, read all the same: "
                   "lineItem/Operation"}));
}

TEST(QuirkTest, Q24_AQueryMayDropColumns_MandatoryOnesAreNamed) {
  for (const char* column :
       {"line_item_unblended_cost", "line_item_line_item_type", "line_item_usage_start_date"}) {
    Lab lab;
    lab.DeliverCur2("e1", {Cur2({{"1"}}).Without(column)});
    const Texts outcomes = lab.Outcomes();
    EXPECT_TRUE(outcomes.at(0).ends_with(std::string("lacks the column ") + column)) << outcomes[0];
  }
  Lab focus;
  EXPECT_NE(focus.ImportSheet(Focus({{"1"}}).Without("ChargePeriodStart"))
                .at(0)
                .find("lacks the column ChargePeriodStart"),
            std::string::npos);
}

TEST(QuirkTest, Q24_OptionalColumnsMayBeMissing) {
  Lab lab;
  Sheet sheet = Cur2({{"1"}});
  for (const char* column :
       {"line_item_operation", "line_item_usage_amount", "line_item_blended_cost", "product",
        "bill_payer_account_id", "bill_billing_period_start_date", "line_item_currency_code"}) {
    sheet = sheet.Without(column);
  }
  sheet.header[0] = "my_own_name";  // an alias of the query
  lab.DeliverCur2("e1", {sheet});
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "1");
  EXPECT_EQ(
      lab.Value(
          "count(operation) + count(usage_quantity) + count(blended_cost) + count(service_name)"),
      "0");
  const lake::Load load = LoadOf(lab);
  EXPECT_EQ(std::count(load.unavailable.begin(), load.unavailable.end(), "blended_cost"), 1);
  EXPECT_EQ(load.unknown_columns, Texts{"my_own_name"});
  lab.ExpectProven();
}

TEST(QuirkTest, Q24_AnExportWithoutAnyMapIsCur2AllTheSame) {
  Lab lab;
  lab.DeliverCur2(
      "e1", {Cur2({{"1"}}).Without("product").Without("resource_tags").Without("cost_category")});
  lab.Import();
  EXPECT_EQ(LoadOf(lab).format, "cur2");
}

TEST(QuirkTest, Q25_WithoutNetColumnsNetIsGross) {
  Lab lab;
  lab.ImportSheet(Cur1({{"5"}}));
  EXPECT_EQ(lab.Value("net_unblended_cost || ' ' || net_amortized_cost || ' ' || billed_cost"),
            "5.0000000000 5.0000000000 5.0000000000");
  EXPECT_EQ(lab.Value("coalesce(resource_id, 'none')"), "none");
}

TEST(QuirkTest, Q25_NetColumnsCountWhereTheyAreFilled) {
  Lab lab;
  lab.ImportSheet(Cur1({{"5", "Usage", {{"lineItem/NetUnblendedCost", "4.7"}}},
                        {"1", "Usage", {{"lineItem/NetUnblendedCost", ""}}},
                        {"2", "Usage", {{"lineItem/NetUnblendedCost", "0"}}},
                        {"3", "Usage", {{"lineItem/NetUnblendedCost", "-1"}}}}));
  EXPECT_EQ(lab.Value("sum(net_unblended_cost)"), "4.7") << "4.7 + 1 + 0 - 1";
}

TEST(QuirkTest, Q26_EmptyHeaderCells) {
  Lab lab;
  Sheet sheet = Cur1({{"1"}});
  sheet.header.insert(sheet.header.begin(), "");
  sheet.rows[0].insert(sheet.rows[0].begin(), "0");  // the row number of a data frame
  sheet.header.push_back("");
  sheet.rows[0].push_back("");
  EXPECT_EQ(lab.ImportSheet(sheet), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "1");
  EXPECT_TRUE(LoadOf(lab).unknown_columns.empty());
}

TEST(QuirkTest, Q26_RaggedRowsAreRefused) {
  Lab lab;
  const Sheet sheet = Cur1({{"1"}, {"2"}});
  std::string text = sheet.Csv();
  text.insert(text.size() - 1, ",surplus");
  lab.Write("bare/bill.csv", text);
  const Texts outcomes = lab.Outcomes();
  const std::string fields = std::to_string(sheet.header.size());
  EXPECT_NE(outcomes.at(0).find("bill.csv: row 2: has " + std::to_string(sheet.header.size() + 1) +
                                " fields, the header " + fields),
            std::string::npos)
      << outcomes[0];
}

TEST(QuirkTest, Q26_OfSeveralBadRowsTheFirstOfTheFileIsNamed) {
  const auto row = [](const char* cost, const char* sku) {
    return Line{cost, "Usage", {{"product/sku", sku}}};
  };
  const std::string text = Cur1({row("1", "M"), row("two", "Z"), row("three", "A")}).Csv();
  for (const std::string& more : {std::string(), std::string("ragged\n")}) {
    Lab lab;
    lab.Write("P/bill/20260101-20260201/bill-1.csv", text + more);
    lab.Write("P/bill/20260101-20260201/bill-Manifest.json",
              LegacyManifest("a1", {"P/bill/20260101-20260201/bill-1.csv"}));
    const Texts outcomes = lab.Outcomes();
    EXPECT_NE(outcomes.at(0).find("bill-1.csv: row 2, column line_item_unblended_cost: "),
              std::string::npos)
        << outcomes[0];
  }
}

TEST(QuirkTest, Q26_AFileWithoutAGoodRowSaysWhatIsWrong) {
  Lab lab;
  const Sheet sheet = Cur1({{"1", "Usage", {{"bill/BillingPeriodStartDate", "soon"}}}});
  const Texts outcomes = lab.ImportSheet(sheet);
  EXPECT_NE(outcomes.at(0).find("row 1, column bill_billing_period_start_date: not a date or time"),
            std::string::npos)
      << outcomes[0];
}

TEST(QuirkTest, Q55_SpellingVariantsArePassedThrough) {
  Lab lab;
  lab.ImportSheet(Cur1({{"1", "FlateRateSubscription"},
                        {"2", "FlatRateSubscription"},
                        {"4", "MysteryCharge"},
                        {"8", "Usage", {{"savingsPlan/OfferingType", "Compute Savings Plans"}}}}));
  EXPECT_EQ(lab.Value("sum(amortized_cost)"), "15");
  EXPECT_EQ(lab.Values("line_item_type"),
            "FlatRateSubscription, FlateRateSubscription, MysteryCharge, Usage");
  EXPECT_EQ(lab.Value("attributes['savingsPlan/OfferingType']", "unblended_cost = 8"),
            "Compute Savings Plans");
}

TEST(QuirkTest, Q57_FocusExtensionsPassThrough_AndEmptyIsNull) {
  const Sheet sheet = Focus({{"1",
                              "Usage",
                              {{"RegionId", ""},
                               {"ResourceType", ""},
                               {"x_Discounts", "{\"edp\":-0.5}"},
                               {"x_Discount", "d"},
                               {"SomethingNew", "n"}}}});
  for (const bool parquet : {false, true}) {
    Lab lab;
    if (parquet) {
      lab.WriteParquet("bare/bill.parquet", sheet);
      lab.Import();
    } else {
      lab.ImportSheet(sheet);
    }
    EXPECT_EQ(lab.Value("count(region_id) + count(resource_type)"), "0");
    EXPECT_EQ(lab.Value("concat_ws(' ', attributes['x_Discounts'], attributes['x_Discount'], "
                        "attributes['SomethingNew'])"),
              "{\"edp\":-0.5} d n");
    EXPECT_EQ(LoadOf(lab).unknown_columns, Texts{"SomethingNew"});
  }
}

TEST(QuirkTest, Q58_BlankTagValuesAreAbsent_InEveryFormat) {
  const std::string tags = R"({"user_empty":"","user_aws_foo":"x"})";
  Lab cur1;
  cur1.ImportSheet(Cur1(
      {{"1", "Usage", {{"resourceTags/user:empty", ""}, {"resourceTags/user:aws:foo", "x"}}}}));
  EXPECT_EQ(cur1.Value("array_to_string(map_keys(tags), ' ')"), "user:aws:foo");
  Lab cur2;
  cur2.ImportSheet(Cur2({{"1", "Usage", {{"resource_tags", tags}}}}));
  EXPECT_EQ(cur2.Value("array_to_string(map_keys(tags), ' ')"), "user_aws_foo");
  Lab parquet;
  parquet.WriteParquet("bare/bill.parquet", Cur2({{"1", "Usage", {{"resource_tags", tags}}}}),
                       {{{"resource_tags", "MAP(VARCHAR, VARCHAR)"}}, true});
  parquet.Import();
  EXPECT_EQ(parquet.Value("array_to_string(map_keys(tags), ' ')"), "user_aws_foo");
}

TEST(QuirkTest, Q59_MapsAsJsonTextAndAsMaps) {
  const std::string note = "says \"yes\",\nİ";
  const std::string one = R"({"user_note":"says \"yes\",\n\u0130","user_b":"2"})";
  const std::string same = R"({"user_b":"2","user_note":"says \"yes\",\nİ"})";
  const Sheet sheet =
      Cur2({{"1",
             "Usage",
             {{"resource_tags", one}, {"discount", R"({"edp_discount":-4.47E-7,"other":-1.5})"}}},
            {"2", "Usage", {{"resource_tags", same}, {"discount", "{}"}}}});
  for (const bool parquet : {false, true}) {
    Lab lab;
    if (parquet) {
      lab.WriteParquet("bare/bill.parquet", sheet,
                       {{{"resource_tags", "MAP(VARCHAR, VARCHAR)"},
                         {"discount", "MAP(VARCHAR, DOUBLE)"},
                         {"product", "MAP(VARCHAR, VARCHAR)"},
                         {"cost_category", "MAP(VARCHAR, VARCHAR)"}},
                        true});
      lab.Import();
    } else {
      lab.ImportSheet(sheet);
    }
    EXPECT_EQ(lab.Value("min(tags['user_note'])"), note);
    EXPECT_EQ(lab.Value("count(DISTINCT tag_set_id)"), "1") << "the order of keys does not matter";
    EXPECT_EQ(
        lab.Value("discount_edp || ' ' || attributes['discount_other']", "unblended_cost = 1"),
        "-0.0000004470 -1.5");
    EXPECT_EQ(lab.Value("min(region_id) || ' ' || min(service_name)"),
              "us-east-1 Amazon Elastic Compute Cloud");
  }
}

// Source: BigQuery's exports, which know no maps; FOCUS of Google is such a view.
TEST(QuirkTest, Q59_PairsAndStructsAreMapsToo) {
  const auto tags_of = [](const std::string& text, const std::string& type) {
    const Sheet sheet = Focus({{"1", "Usage", {{"Tags", text}, {"x_Labels", text}}}});
    Lab lab;
    if (type.empty()) {
      lab.ImportSheet(sheet);
    } else {
      lab.WriteParquet("bare/bill.parquet", sheet, {{{"Tags", type}, {"x_Labels", type}}, true});
      lab.Import();
    }
    return lab.Value("tags['team'] || ' ' || attributes['x_Labels']");
  };
  const std::string pairs = R"([{"key":"team","value":"a"},{"key":"app","value":"b"}])";
  const std::string object = R"({"team":"a","app":"b"})";
  EXPECT_EQ(tags_of(pairs, ""), "a " + pairs);
  EXPECT_EQ(tags_of(pairs, "STRUCT(\"key\" VARCHAR, \"value\" VARCHAR)[]"), "a " + pairs);
  EXPECT_EQ(tags_of("{'team': a, 'app': b}", "STRUCT(team VARCHAR, app VARCHAR)"), "a " + object);
  EXPECT_EQ(tags_of(object, "MAP(VARCHAR, VARCHAR)"), "a " + object);
}

TEST(QuirkTest, Q59_NumbersInJsonKeepTheirDigits) {
  Lab lab;
  lab.ImportSheet(
      Cur2({{"1",
             "Usage",
             {{"resource_tags", R"({"user_version":1.50})"},
              {"discount", R"({"edp_discount":-1234567890.1234567891,"b":-2.50E-7})"}}}}));
  EXPECT_EQ(lab.Value("tags['user_version']"), "1.50");
  EXPECT_EQ(lab.Value("discount_edp"), "-1234567890.1234567891");
  EXPECT_EQ(lab.Value("attributes['discount_b']"), "-0.00000025");
}

TEST(QuirkTest, Q59_AzuresTagsWithoutBracesAreAMap) {
  Lab lab;
  lab.ImportSheet(Focus({{"1", "Usage", {{"Tags", R"("env": "prod","cost center": "7")"}}},
                         {"2", "Usage", {{"Tags", "None"}}}}));
  EXPECT_EQ(lab.Value("tags['env'] || tags['cost center']", "billed_cost = 1"), "prod7");
  EXPECT_EQ(lab.Value("cardinality(tags)", "billed_cost = 2"), "0");
}

TEST(QuirkTest, Q59_AMapThatIsNoJsonIsKeptAsText) {
  Lab lab;
  EXPECT_EQ(lab.ImportSheet(Cur2({{"1", "Usage", {{"resource_tags", "{broken"}}}})),
            Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("tags['unreadable']"), "{broken");
}

TEST(QuirkTest, Q59_NewTagsMapKeepsOriginalKeysOnce) {
  Lab lab;
  lab.ImportSheet(Cur2(
      {{"1",
        "Usage",
        {{"resource_tags", R"({"user_cost_center":"7"})"},
         {"cost_category", R"({"team":"x"})"},
         {"tags",
          R"({"resourceTags/user:CostCenter":"7","costCategory/Team":"x","accountTag/env":"p"})"}}}}));
  EXPECT_EQ(lab.Value("array_to_string(list_sort(map_keys(tags)), ' ')"),
            "accountTag/env user:CostCenter");
  EXPECT_EQ(lab.Value("array_to_string(map_keys(cost_categories), ' ')"), "Team");
}

}  // namespace
}  // namespace farthing::testkit
