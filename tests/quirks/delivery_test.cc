// Quirks of how bills arrive: folders, manifests, versions, packing.  One test for each number of the list in
// docs/formats/quirks.md.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "base/files.h"
#include "lake/verify.h"
#include "tests/kit/lab.h"

namespace farthing::testkit {
namespace {

using Texts = std::vector<std::string>;

bool Mention(const Texts& notes, const std::string& text) {
  return std::any_of(notes.begin(), notes.end(),
                     [&](const std::string& note) { return note.find(text) != std::string::npos; });
}

TEST(QuirkTest, Q01_DirectoryListingInsteadOfManifest_StaleChunksAreNotCounted) {
  Lab lab;
  lab.DeliverCur2("e1", {Cur2({{"1"}, {"2"}}), Cur2({{"4"}})});
  lab.DeliverCur2(
      "e2", {Cur2({{"1"}, {"2"}, {"4"}, {"8"}})});  // chunk 2 of the older delivery stays behind
  const ingest::ImportSummary summary = lab.Import();
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "15");
  EXPECT_TRUE(Mention(summary.notes, "bill2-00002.csv.gz"));
}

TEST(QuirkTest, Q02_SurplusChunksWithEmptyData_AreNoRows) {
  Lab lab;
  const std::string data = "P/bill2/data/BILLING_PERIOD=2026-01/bill2-0000";
  lab.DeliverCur2("e1",
                  {Cur2({{"5"}}), Cur2({})});  // a chunk with a header only is named all the same
  lab.Write(data + "3.csv.gz", "");
  lab.WriteParquet(data + "4.snappy.parquet", Cur2({}));
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "5");
}

TEST(QuirkTest, Q02_EmptyFileNamedByTheManifest_IsRefused) {
  Lab lab;
  lab.DeliverCur2("e1", {Cur2({{"5"}}), Cur2({})});
  lab.Write("P/bill2/data/BILLING_PERIOD=2026-01/bill2-00002.csv.gz", "");
  const Texts outcomes = lab.Outcomes();
  EXPECT_TRUE(outcomes.at(0).starts_with("quarantined 2026-01: ")) << outcomes[0];
  EXPECT_TRUE(outcomes[0].ends_with("bill2-00002.csv.gz: the file is empty (0 bytes)"))
      << outcomes[0];
}

TEST(QuirkTest, Q02_ZeroRowParquetNamedByTheManifest_IsNoRows) {
  Lab lab;
  lab.WriteParquet("d/a.parquet", Cur2({{"5"}}));
  lab.WriteParquet("d/b.parquet", Cur2({}));
  lab.Write(
      "d/bill2-Manifest.json",
      ExportManifest("e1", {"s3://b/billing_period=2026-01/d/a.parquet", "s3://b/d/b.parquet"}));
  lab.Write("d/BILLING_PERIOD=2026-01/note.txt", "");
  const Texts outcomes = lab.Outcomes();
  EXPECT_TRUE(outcomes.at(0).find("which billing period") != std::string::npos)
      << "no folder says the month";
  Lab partitioned;
  const std::string folder = "d/BILLING_PERIOD=2026-01/";
  partitioned.WriteParquet(folder + "a.parquet", Cur2({{"5"}}));
  partitioned.WriteParquet(folder + "b.parquet", Cur2({}));
  partitioned.Write(folder + "bill2-Manifest.json",
                    ExportManifest("e1", {"s3://b/a.parquet", "s3://b/b.parquet"}));
  EXPECT_EQ(partitioned.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(partitioned.Value("sum(unblended_cost)"), "5");
}

TEST(QuirkTest, Q03_SeveralManifestsPerPeriod_AreOneDelivery) {
  Lab lab;
  lab.DeliverCur1("assembly-1", {Cur1({{"3"}})});  // in the assembly's folder and in the period's
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.catalog().Deliveries()->size(), 1U);
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "3");
}

TEST(QuirkTest, Q03_AnExportWhoseFirstManifestIsTornKeepsItsName) {
  Lab lab;
  lab.DeliverCur2("e1", {Cur2({{"3"}})});
  const std::string manifest = "P/bill2/metadata/BILLING_PERIOD=2026-01/bill2-Manifest.json";
  const std::string whole = Must(ReadFile(lab.inbox() / manifest, 1 << 20));
  lab.Write(manifest, whole.substr(0, whole.size() / 2));
  EXPECT_TRUE(lab.Outcomes().at(0).starts_with("quarantined 2026-01: "));
  lab.Write(manifest, whole);
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Values("DISTINCT export"), "bill2");
  EXPECT_EQ(lab.catalog().Exports()->size(), 1U);
  lab.Write(manifest, whole.substr(0, whole.size() / 2));
  EXPECT_TRUE(lab.Outcomes().at(0).starts_with("quarantined 2026-01: "));
  EXPECT_EQ(lab.catalog().Exports()->size(), 1U) << "torn once more";
}

TEST(QuirkTest, Q04_AssembliesAreSnapshotsNotIncrements) {
  Lab lab;
  lab.DeliverCur1("20260110T000000Z", {Cur1({{"1"}})});
  lab.DeliverCur1("20260120T000000Z", {Cur1({{"1"}, {"2"}})});
  EXPECT_EQ(lab.Outcomes(), (Texts{"superseded 2026-01", "loaded 2026-01"}));
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "3");
  EXPECT_EQ(lab.Outcomes().back(), "unchanged 2026-01");
}

// Makes each of the files an hour older than the one before it.
void AgeInOrder(Lab& lab, const std::vector<std::string>& files) {
  fs::file_time_type time = fs::file_time_type::clock::now();
  for (const std::string& file : files) {
    time -= std::chrono::hours(1);
    fs::last_write_time(lab.inbox() / file, time);
  }
}

TEST(QuirkTest, Q04_WithoutThePeriodsManifestTheAssemblysTimeTells) {
  Lab lab;
  lab.DeliverCur1("20260110T000000Z", {Cur1({{"1"}})});
  lab.DeliverCur1("20260120T000000Z", {Cur1({{"2"}})});
  const std::string range = "P/bill/20260101-20260201/";
  fs::remove(lab.inbox() / (range + "bill-Manifest.json"));
  AgeInOrder(lab, {range + "20260110T000000Z/bill-Manifest.json",
                   range + "20260120T000000Z/bill-Manifest.json"});
  EXPECT_EQ(lab.Outcomes(), (Texts{"superseded 2026-01", "loaded 2026-01"}));
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "2");
}

TEST(QuirkTest, Q04_WithoutThePeriodsManifestTheTimeOfTheExecutionsFolderTells) {
  Lab lab;
  const std::string partition = "/BILLING_PERIOD=2026-01/";
  const auto deliver = [&](const std::string& time, const std::string& id,
                           const std::string& cost) {
    const std::string folder = partition + time + "-" + id + "/";
    const std::string key = "P/bill2/data" + folder + "bill2-00001.csv.gz";
    lab.WriteGzip(key, Cur2({{cost}}).Csv());
    lab.Write("P/bill2/metadata" + folder + "bill2-Manifest.json",
              ExportManifest(id, {"s3://a-bucket/" + key}));
    return "P/bill2/metadata" + folder + "bill2-Manifest.json";
  };
  const std::string older = deliver("2026-01-16T15:24:15.653Z", "f0000000-1111", "1");
  const std::string newer = deliver("2026-01-17T15:24:15.653Z", "a0000000-1111", "2");
  AgeInOrder(lab, {older, newer});
  EXPECT_EQ(lab.Outcomes(), (Texts{"superseded 2026-01", "loaded 2026-01"}));
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "2");
}

TEST(QuirkTest, Q04_AllVersionsAreKeptButOnlyTheNewestCounts) {
  Lab lab;
  lab.DeliverCur1("20260110T000000Z", {Cur1({{"1"}})});
  lab.DeliverCur1("20260120T000000Z", {Cur1({{"1"}, {"2"}})});
  ingest::ImportOptions all;
  all.all_versions = true;
  EXPECT_EQ(lab.Outcomes("", all), (Texts{"loaded 2026-01", "loaded 2026-01"}));
  EXPECT_EQ(lab.catalog().Versions()->size(), 2U);
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "3");
  EXPECT_EQ(lab.Outcomes("", all), (Texts{"unchanged 2026-01", "unchanged 2026-01"}));
}

TEST(QuirkTest, Q04_AVersionPassedOverNeverComesBackOverANewerOne) {
  Lab lab;
  lab.DeliverCur1("20260110T000000Z", {Cur1({{"1"}})});
  lab.DeliverCur1("20260120T000000Z", {Cur1({{"1"}, {"2"}})});
  lab.Import();
  ingest::ImportOptions all;
  all.all_versions = true;
  EXPECT_EQ(lab.Outcomes("", all), Texts{"unchanged 2026-01"});
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "3");
  lab.DeliverCur1("20260130T000000Z", {Cur1({{"5"}})});
  EXPECT_EQ(lab.Outcomes("", all), (Texts{"unchanged 2026-01", "loaded 2026-01"}));
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "5");
}

TEST(QuirkTest, Q04_TheActiveContentUnderANewIdIsADuplicate) {
  Lab lab;
  lab.DeliverCur1("20260110T000000Z", {Cur1({{"1"}})});
  lab.Import();
  lab.DeliverCur1("20260120T000000Z", {Cur1({{"1"}})});
  EXPECT_EQ(lab.Outcomes().back(), "duplicate 2026-01");
  EXPECT_EQ(lab.Outcomes().back(), "unchanged 2026-01");
  EXPECT_EQ(lab.catalog().Versions()->size(), 1U);
}

TEST(QuirkTest, Q04_ADeliveryThatTakesAChangeBackCounts) {
  Lab lab;
  lab.DeliverCur1("20260110T000000Z", {Cur1({{"1"}})});
  lab.Import();
  lab.DeliverCur1("20260120T000000Z", {Cur1({{"9"}})});
  lab.Import();
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "9");
  lab.DeliverCur1("20260130T000000Z", {Cur1({{"1"}})});  // the same bytes as the first
  lab.Import();
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "1");
  lab.Import();
  EXPECT_EQ(lab.catalog().Versions()->size(), 3U) << "and importing again changes nothing";
}

TEST(QuirkTest, Q05_ExportsOfOneBill_AreElectedNotAdded) {
  Lab lab;
  const Cells member = {{"lineItem/UsageAccountId", "000000000003"}};
  lab.DeliverCur1("a1", {Cur1({{"1"}, {"2", "Usage", member}})});
  lab.DeliverCur2(
      "e1", {Cur2({{"1"}, {"2", "Usage", {{"line_item_usage_account_id", "000000000003"}}}})});
  lab.Write("member/daily.csv", Cur1({{"2", "Usage", member}}).Csv());
  lab.Write("focus/focus.csv",
            Focus({{"1"}, {"2", "Usage", {{"SubAccountId", "000000000003"}}}}).Csv());
  EXPECT_EQ(lab.Outcomes().size(), 4U);
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "3");
  EXPECT_EQ(lab.Values("DISTINCT export"), "bill2") << "CUR 2.0 stands for the bill";
}

TEST(QuirkTest, Q04_AnOlderDeliveryThatIsImportedLaterDoesNotReplaceTheNewer) {
  Lab lab;
  lab.DeliverCur1("20260120T000000Z", {Cur1({{"1"}, {"2"}})});
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  fs::remove_all(lab.inbox() / "P");
  lab.DeliverCur1("20260110T000000Z", {Cur1({{"1"}})});
  const ingest::ImportSummary summary = lab.Import();
  ASSERT_EQ(summary.outcomes.size(), 1U);
  EXPECT_EQ(summary.outcomes[0].kind, ingest::Outcome::Kind::kSuperseded);
  EXPECT_TRUE(Mention(summary.notes, "20260110T000000Z is not loaded: older than the active"));
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "3");
  EXPECT_EQ(lab.Outcomes(), Texts{"superseded 2026-01"});
  EXPECT_EQ(lab.catalog().Deliveries()->size(), 2U);
  ingest::ImportOptions all;
  all.all_versions = true;
  EXPECT_EQ(lab.Outcomes("", all), Texts{"loaded 2026-01"}) << "it was asked for";
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "1");
}

// Lays a CUR 2.0 export and writes more into its manifest.
void DeliverCur2With(Lab& lab, const Sheet& sheet, const std::string& members) {
  const std::string file = "E/data/BILLING_PERIOD=2026-01/E-00001.csv.gz";
  lab.WriteGzip(file, sheet.Csv());
  lab.Write("E/metadata/BILLING_PERIOD=2026-01/E-Manifest.json",
            R"({"executionId": "e1", )" + members + R"(, "dataFiles": ["s3://b/)" + file + "\"]}");
}

TEST(QuirkTest, Q05_AnExportWithoutPayerAndAccountsIsNotAddedToOthersOfItsOwner) {
  const Sheet cur2 = Cur2({{"1"}, {"2"}, {"4"}})
                         .Without("bill_payer_account_id")
                         .Without("line_item_usage_account_id");
  const lake::Load legacy = [] {
    Lab lab;
    lab.DeliverCur1("a1", {Cur1({{"1"}, {"2"}})});
    lab.Import();
    return Must(lab.catalog().ActiveLoads({})).at(0);
  }();
  const std::string payer = legacy.billing_accounts.at(0);
  for (const std::string& owner : {payer, legacy.sub_accounts.at(0), std::string("999999999999")}) {
    Lab lab;
    lab.DeliverCur1("a1", {Cur1({{"1"}, {"2"}})});
    DeliverCur2With(
        lab, cur2,
        R"("exportArn": "arn:aws:bcm-data-exports:us-east-1:)" + owner + R"(:export/E-1")");
    lab.Import();
    EXPECT_EQ(lab.Value("sum(unblended_cost)"), owner == "999999999999" ? "10" : "3") << owner;
  }
  Lab bare;
  bare.Write("legacy/bill.csv", Cur1({{"1"}, {"2"}}).Csv());
  bare.Write("other/bill.csv", cur2.Csv());
  bare.Import();
  EXPECT_EQ(bare.Value("sum(unblended_cost)"), "3") << "nothing says that they are two bills";
}

// A line of an account on a day of January.
Line OnDay(int day, const std::string& cost, const std::string& payer, const std::string& account) {
  const std::string date = "2026-01-" + std::string(day < 10 ? "0" : "") + std::to_string(day);
  return {cost,
          "Usage",
          {{"bill/PayerAccountId", payer},
           {"lineItem/UsageAccountId", account},
           {"lineItem/UsageStartDate", date + "T00:00:00Z"},
           {"lineItem/UsageEndDate", date + "T01:00:00Z"}}};
}

// Imports two bare bills in both orders and expects the same sum.
void ExpectSumOfTwo(const Sheet& one, const Sheet& other, const std::string& sum) {
  for (const bool is_first : {true, false}) {
    Lab lab;
    lab.ImportSheet(is_first ? one : other, is_first ? "one/bill.csv" : "other/bill.csv");
    lab.ImportSheet(is_first ? other : one, is_first ? "other/bill.csv" : "one/bill.csv");
    EXPECT_EQ(lab.Value("sum(billed_cost)"), sum) << (is_first ? "one first" : "other first");
  }
}

TEST(QuirkTest, Q05_AMemberThatNamesItselfAsPayerIsNotAddedToThePayersBill) {
  const std::string payer = "000000000001";
  const std::string member = "000000000003";
  const Sheet whole = Cur1(
      {OnDay(1, "1", payer, payer), OnDay(1, "2", payer, member), OnDay(2, "4", payer, member)});
  ExpectSumOfTwo(whole, Cur1({OnDay(1, "2", member, member), OnDay(2, "4", member, member)}), "7");
  ExpectSumOfTwo(whole, Cur1({OnDay(1, "2", member, member)}), "7");
  ExpectSumOfTwo(whole,
                 Focus({{"6", "Usage", {{"BillingAccountId", member}, {"SubAccountId", member}}}}),
                 "7");
}

TEST(QuirkTest, Q05_AnAccountThatJoinedAPayerWithinTheMonthHasTwoBills) {
  const std::string payer = "000000000001";
  const std::string joined = "000000000003";
  const Sheet before = Cur1({OnDay(3, "1", joined, joined), OnDay(14, "2", joined, joined)});
  const Sheet after = Cur1(
      {OnDay(3, "4", payer, payer), OnDay(14, "8", payer, joined), OnDay(20, "16", payer, joined)});
  ExpectSumOfTwo(before, after, "31");
}

TEST(QuirkTest, Q05_AnAccountThatMovedFromPayerToPayerIsOnBothBills) {
  const std::string moved = "000000000003";
  const std::string one = "000000000001";
  const std::string other = "000000000009";
  ExpectSumOfTwo(
      Cur1({OnDay(1, "1", one, one), OnDay(1, "2", one, moved), OnDay(2, "4", one, moved)}),
      Cur1({OnDay(1, "8", other, other), OnDay(1, "16", other, moved),
            OnDay(2, "32", other, moved)}),
      "63");
}

TEST(QuirkTest, Q05_AnExportWhoseQueryFiltersDoesNotStandForAWholeBill) {
  Lab lab;
  lab.DeliverCur1("a1", {Cur1({{"1"}, {"2"}})});
  DeliverCur2With(lab, Cur2({{"1"}}),
                  R"("exportArn": "arn:E", "queryStatement": "SELECT * FROM COST_AND_USAGE_REPORT )"
                  R"(WHERE line_item_product_code = 'AmazonS3'")");
  lab.Import();
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "3");
  for (const lake::Candidate& candidate : Must(lab.catalog().Candidates({}))) {
    if (candidate.elected) continue;
    EXPECT_NE(
        candidate.reason.find("elected: its query has no WHERE); its unblended_cost is 1 USD"),
        std::string::npos)
        << candidate.reason;
  }
}

TEST(QuirkTest, Q05_AnExportWithoutAKeyColumnIsNotAddedToOthersOfItsBill) {
  const Sheet legacy = Cur1({{"1"}, {"2"}});
  const Sheet cur2 = Cur2({{"1"}, {"2"}}).Without("bill_payer_account_id");
  const Sheet focus = Focus({{"1"}, {"2"}});
  const std::vector<Sheet> others = {cur2, focus.Without("BillingAccountId"),
                                     focus.Without("ProviderName")};
  for (const Sheet& other : others) {
    Lab lab;
    lab.Write("legacy/bill.csv", legacy.Csv());
    lab.Write("other/bill.csv", other.Csv());
    EXPECT_EQ(lab.Outcomes(), (Texts{"loaded 2026-01", "loaded 2026-01"}));
    EXPECT_EQ(lab.Value("sum(billed_cost)"), "3");
  }
}

TEST(QuirkTest, VerifySaysNoToARollupWhoseSumsBecameNull) {
  for (const std::string_view table : {lake::kCostResourceDaily, lake::kCostDaily}) {
    Lab lab;
    lab.DeliverCur1("a1", {Cur1({{"1"}, {"2"}})});
    lab.Import();
    lab.ExpectProven();
    const lake::Load load = Must(lab.catalog().ActiveLoads({})).at(0);
    const fs::path part = lab.layout().lake() /
                          lake::Layout::Partition(table, load.period, load.id) / "part-0.parquet";
    const fs::path damaged = lab.inbox() / "damaged.parquet";
    Must(lab.connection().Execute(
        "COPY (SELECT * REPLACE (NULL::DECIMAL(38, 2) AS unblended_cost) FROM read_parquet('" +
        part.string() + "')) TO '" + damaged.string() + "' (FORMAT parquet)"));
    fs::rename(damaged, part);
    const lake::Proof proof = Must(lake::Verify(lab.connection(), lab.layout(), load));
    EXPECT_FALSE(proof.ok);
    EXPECT_NE(proof.detail.find("unblended_cost is unknown"), std::string::npos) << proof.detail;
  }
}

TEST(QuirkTest, Q06_LineIdsAreNeitherUniqueNorStable) {
  Lab lab;
  lab.DeliverCur1("a1", {Cur1({{"1"}, {"2"}})});  // both lines carry the same id
  lab.Import();
  EXPECT_EQ(lab.Value("count(*) || ' ' || count(DISTINCT line_item_id)"), "2 1");
  lab.DeliverCur1("a2", {Cur1({{"1", "Usage", {{"identity/LineItemId", "other"}}}, {"2"}})});
  lab.Import();
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "3");
}

TEST(QuirkTest, Q07_KeysAreBareOrUris_AndTheBucketNameMayBeStale) {
  Lab lab;
  lab.DeliverCur1("a1", {Cur1({{"1"}})});
  const std::string file = "E/data/BILLING_PERIOD=2026-02/E-00001.csv.gz";
  lab.WriteGzip(file, Cur2({{"2"}}, {2026, 2}).Csv());
  lab.Write(
      "E/metadata/BILLING_PERIOD=2026-02/E-Manifest.json",
      ExportManifest("e1", {"s3://a-bucket-that-was-replicated-long-ago/old/prefix/" + file}, "E"));
  EXPECT_EQ(lab.Outcomes().size(), 2U);
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "3");
}

TEST(QuirkTest, Q08_OddKeys_DoubleSlashColonUnpaddedNumber) {
  Lab lab;
  lab.WriteGzip("a/b/R/20260101-20260201/R-1.csv.gz", Cur1({{"1"}}).Csv());
  lab.Write("a/b/R/20260101-20260201/R-Manifest.json",
            LegacyManifest("a1", {"a/b//R/20260101-20260201/R-1.csv.gz"}, kJanuary, "R"));
  const std::string run = "BILLING_PERIOD=2026-02/2026-02-16T15:24:15.653Z-e1/";
  lab.WriteGzip("E/data/" + run + "E-00001.csv.gz", Cur2({{"2"}}, {2026, 2}).Csv());
  lab.Write("E/metadata/" + run + "E-Manifest.json",
            ExportManifest("e1", {"s3://b/E/data/" + run + "E-00001.csv.gz"}, "E"));
  EXPECT_EQ(lab.Outcomes().size(), 2U);
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "3");
}

TEST(QuirkTest, Q09_PartitionFoldersInEverySpelling) {
  const std::map<std::string, Period> folders = {{"upper/BILLING_PERIOD=2026-01", {2026, 1}},
                                                 {"lower/billing_period=2026-02", {2026, 2}},
                                                 {"hive/year=2026/month=3", {2026, 3}},
                                                 {"padded/year=2026/month=04", {2026, 4}}};
  Lab lab;
  for (const auto& [folder, period] : folders) {
    Sheet sheet = SnakeCased(Cur1({{"1"}}, period));
    sheet.header.insert(sheet.header.end(),
                        {"year", "month"});  // a crawler's columns, left in a re-export
    sheet.rows[0].insert(sheet.rows[0].end(), {"2026", "1"});
    lab.WriteParquet(folder + "/bill-00001.snappy.parquet", sheet,
                     {{{"year", "INTEGER"}, {"month", "INTEGER"}}});
  }
  lab.Import();
  EXPECT_EQ(lab.Values("billing_period"), "2026-01, 2026-02, 2026-03, 2026-04");
  EXPECT_EQ(lab.Value("max(list_contains(map_keys(attributes), 'month'))"), "false");
}

TEST(QuirkTest, Q10_TheDateRangeEndsWithTheNextMonthsFirst) {
  Lab lab;
  lab.DeliverCur1("a1",
                  {Cur1({{"1",
                          "Usage",
                          {{"lineItem/UsageStartDate", "2026-12-31T23:00:00Z"},
                           {"lineItem/UsageEndDate", "2027-01-01T00:00:00Z"}}}},
                        {2026, 12})},
                  {2026, 12});
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-12"});
  EXPECT_EQ(lab.Value("charge_period_end"), "2027-01-01 00:00:00");
}

TEST(QuirkTest, Q10_ALineOfTheNextMonthIsRefused) {
  Lab lab;
  Sheet sheet =
      Cur1({{"1"}, {"2", "Usage", {{"bill/BillingPeriodStartDate", "2026-02-01T00:00:00Z"}}}});
  lab.DeliverCur1("a1", {sheet});
  const Texts outcomes = lab.Outcomes();
  EXPECT_TRUE(outcomes.at(0).ends_with(
      "bill-00001.csv.gz: row 2, column bill_billing_period_start_date: belongs to "
      "2026-02-01T00:00:00Z, the delivery is for 2026-01"))
      << outcomes[0];
}

TEST(QuirkTest, Q50_StatusFileIsNoData) {
  Lab lab;
  lab.DeliverCur1("a1", {Cur1({{"1"}})});
  Must(lab.connection().Execute("COPY (SELECT 'UPDATING' AS status) TO '" +
                                (lab.inbox() / "status.parquet").string() + "' (FORMAT parquet)"));
  fs::create_directories(lab.inbox() / "P/bill/cost_and_usage_data_status");
  fs::rename(lab.inbox() / "status.parquet",
             lab.inbox() / "P/bill/cost_and_usage_data_status/cost_and_usage_data_status.parquet");
  const ingest::ImportSummary summary = lab.Import();
  EXPECT_EQ(summary.outcomes.size(), 1U);
  EXPECT_TRUE(summary.notes.empty());
}

// A report for Athena: Parquet that AWS overwrites in place, and the table that says when.
class AthenaReport : public testing::Test {
 protected:
  void Deliver(const std::string& assembly, const std::string& cost, const std::string& status) {
    const std::string file = "P/bill/bill/year=2026/month=1/bill-00001.snappy.parquet";
    lab_.WriteParquet(file, SnakeCased(Cur1({{cost}})));
    lab_.Write("P/bill/20260101-20260201/bill-Manifest.json", LegacyManifest(assembly, {file}));
    SetStatus(status);
  }
  void SetStatus(const std::string& status) {
    fs::create_directories(lab_.inbox() / folder_);
    Must(lab_.connection().Execute("COPY (SELECT '" + status + "' AS status) TO '" +
                                   (lab_.inbox() / folder_ / "status.parquet").string() +
                                   "' (FORMAT parquet)"));
  }
  Lab lab_;
  std::string folder_ = "P/bill/cost_and_usage_data_status";
};

TEST_F(AthenaReport, Q50_IsNotReadWhileItIsUpdating) {
  for (const char* folder :
       {"P/bill/cost_and_usage_data_status", "P/bill/bill/cost_and_usage_data_status",
        "P/bill/20260101-20260201/cost_and_usage_data_status"}) {
    folder_ = folder;
    Deliver("a1", "1", "UPDATING");
    const Texts outcomes = lab_.Outcomes();
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_TRUE(outcomes[0].starts_with("quarantined 2026-01: AWS was replacing the files"))
        << outcomes[0];
    EXPECT_TRUE(outcomes[0].ends_with("status.parquet says UPDATING")) << outcomes[0];
    fs::remove_all(lab_.inbox() / folder);
  }
  SetStatus("READY");
  EXPECT_EQ(lab_.Outcomes(), Texts{"loaded 2026-01"});
  Deliver("a2", "2", "UPDATING");
  EXPECT_TRUE(lab_.Outcomes().at(0).starts_with("quarantined"));
  EXPECT_EQ(lab_.Value("sum(unblended_cost)"), "1") << "the old version stays";
  Deliver("a1", "1", "UPDATING");
  EXPECT_EQ(lab_.Outcomes(), Texts{"unchanged 2026-01"}) << "what has been read is not doubted";
  Deliver("a2", "2", "READY");
  EXPECT_EQ(lab_.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab_.Value("sum(unblended_cost)"), "2");
}

TEST_F(AthenaReport, Q50_WithoutItsManifestIsNotReadEither) {
  Deliver("a1", "1", "UPDATING");
  fs::remove_all(lab_.inbox() / "P/bill/20260101-20260201");
  EXPECT_TRUE(lab_.Outcomes().at(0).starts_with("quarantined 2026-01: AWS was replacing"));
  lab_.Write(folder_ + "/status.parquet", "torn");
  EXPECT_EQ(lab_.Outcomes(), Texts{"loaded 2026-01"}) << "a table that cannot be read says nothing";
}

TEST(QuirkTest, Q51_GzipOfSeveralMembers_IsReadToTheEnd) {
  Lab lab;
  const std::string text = Cur1({{"1"}, {"2"}, {"4"}}).Csv();
  std::string packed;
  for (std::size_t at = 0; at < text.size(); at += 100) {
    lab.WriteGzip("part", text.substr(at, 100));
    packed += Must(ReadFile(lab.inbox() / "part", 1 << 20));
  }
  lab.Write("bare/bill.csv.gz", packed);
  EXPECT_EQ(lab.Outcomes("bare"), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "7");
}

TEST(QuirkTest, Q52_HelperObjectsAreNoData) {
  Lab lab;
  lab.DeliverCur1("a1", {Cur1({{"1"}})});
  lab.Write("aws-programmatic-access-test-object", "test");
  lab.Write("P/bill/20260101-20260201/bill-RedshiftManifest.json", R"({"entries": []})");
  lab.Write("P/bill/20260101-20260201/bill-RedshiftCommands.sql", "copy");
  lab.Write("P/bill/crawler-cfn.yml", "x: y");
  lab.Write("P/bill/20260101-20260201/bill-create-table.sql", "create");
  const ingest::ImportSummary summary = lab.Import();
  EXPECT_EQ(summary.outcomes.size(), 1U);
  EXPECT_EQ(summary.notes, Texts{"no bills by their names, not read: "
                                 "P/bill/20260101-20260201/bill-RedshiftCommands.sql, "
                                 "P/bill/20260101-20260201/bill-RedshiftManifest.json, "
                                 "P/bill/20260101-20260201/bill-create-table.sql and 2 more"});
}

TEST(QuirkTest, Q52_WhatLiesBesideBareFilesIsNoData) {
  Lab lab;
  lab.Write("in/bill.csv", Cur1({{"1"}}).Csv());
  lab.Write("in/bill.csv.sha256", "9f86d081  bill.csv\n");
  lab.Write("in/.DS_Store", "Bud1");
  lab.Write("in/_SUCCESS", "");
  lab.Write("in/invoice.pdf", "%PDF-1.7");
  lab.Write("in/desktop.ini", "[x]");
  lab.Write("in/notes.json", "{}");
  lab.Write("in/.git/objects/ab/cdef", "x");
  const ingest::ImportSummary summary = lab.Import("in");
  ASSERT_EQ(summary.outcomes.size(), 1U);
  EXPECT_EQ(summary.outcomes[0].kind, ingest::Outcome::Kind::kLoaded);
  EXPECT_EQ(summary.notes,
            Texts{"no bills by their names, not read: .git/objects/ab/cdef, _SUCCESS, "
                  "bill.csv.sha256 and 3 more"});
}

TEST(QuirkTest, Q52_AFileGivenByItselfIsMeantWhateverItsName) {
  Lab lab;
  EXPECT_EQ(lab.ImportSheet(Cur1({{"1"}}), "in/bill.txt"), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "1");
}

TEST(QuirkTest, Q07_AFileNamedTwiceIsReadOnce) {
  Lab lab;
  lab.WriteGzip("P/a.csv.gz", Cur1({{"1"}}).Csv());
  lab.Write("P/bill-Manifest.json", LegacyManifest("a1", {"P/a.csv.gz", "P/a.csv.gz"}));
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "1");
}

TEST(QuirkTest, Q51_ZerosThatFillUpAGzipFileAreNoted) {
  Lab lab;
  lab.WriteGzip("bare/bill.csv.gz", Cur1({{"1"}, {"2"}}).Csv());
  const std::string packed = Must(ReadFile(lab.inbox() / "bare/bill.csv.gz", 1 << 20));
  lab.Write("bare/bill.csv.gz", packed + std::string(10'240, '\0'));
  EXPECT_EQ(lab.Outcomes("bare"), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "3");
  const lake::Load load = Must(lab.catalog().ActiveLoads({})).at(0);
  EXPECT_EQ(load.notes,
            Texts{"bill.csv.gz: 10240 zero bytes after the end of the gzip data, passed over"});
  lab.Write("bare/bill.csv.gz", packed + "garbage");
  EXPECT_TRUE(lab.Outcomes("bare").at(0).starts_with("quarantined"));
}

TEST(QuirkTest, Q53_MonthsThatAreNeverRefreshedStayAsTheyAre) {
  Lab lab;
  lab.DeliverCur1("a1", {Cur1({{"1"}})});
  lab.Import();
  fs::remove_all(lab.inbox() / "P");
  lab.DeliverCur1("b1", {Cur1({{"2"}}, {2026, 2})}, {2026, 2});
  lab.Import();
  EXPECT_EQ(lab.Values("billing_period || '=' || unblended_cost::VARCHAR"),
            "2026-01=1.0000000000, 2026-02=2.0000000000");
}

}  // namespace
}  // namespace farthing::testkit
