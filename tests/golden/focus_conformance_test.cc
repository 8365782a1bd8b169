// Conformance to the FOCUS specification 1.2: what `farthing sql` shows of `cost_lines` keeps its rules, whatever
// the bill came as.  The rules a source breaks are listed and explained in docs/formats/focus.md.

#include <gtest/gtest.h>

#include "base/text.h"
#include "query/sandbox.h"
#include "sim/delivery.h"
#include "sim/month.h"
#include "tests/golden/focus_rules.h"
#include "tests/golden/shared_data.h"

namespace farthing::testkit {
namespace {

using Names = std::set<std::string>;
using Rows = std::vector<engine::Connection::Row>;

// AWS: "FOCUS 1.2 with AWS columns", Conformance: some products have no PricingUnit.
const Names kBrokenByAws = {"ConsumedQuantity has a unit", "PricingQuantity has a unit"};

// A CUR has no ServiceCategory, its fee lines are both halves of a FOCUS charge, and AWS writes usage on fees
// and tax.
Names BrokenByReports(const Names& more) {
  Names names = {"ServiceCategory is given"};
  names.insert(more.begin(), more.end());
  return names;
}
const Names kBrokenByFees = {"purchases of commitments have no EffectiveCost",
                             "ConsumedQuantity is of usage that happened"};

Rows Select(Lab& lab, const std::string& sql) {
  const auto session = Must(query::Session::Open(lab.layout().data(), {.threads = 2}));
  Rows rows;
  Must(query::RunSql(
      *session, sql,
      {.on_columns = [](const std::vector<engine::Column>&) { return Result<void>(); },
       .on_row =
           [&](const engine::Connection::Row& row) {
             rows.push_back(row);
             return Result<void>();
           }}));
  return rows;
}

// SQL: how many lines, or groups of lines, break the rule; `row` is the only one meant, 0: all.
std::string CountSql(const FocusRule& rule, std::size_t row) {
  const std::string only = row == 0 ? "true" : std::to_string(row);
  if (rule.group_by.empty()) {
    return "count(*) FILTER ((" + rule.broken + ") AND " +
           (row == 0 ? only : "source_row = " + only) + ")";
  }
  return "(SELECT count(*) FROM (SELECT 1 FROM cost_lines GROUP BY " + rule.group_by + " HAVING (" +
         rule.broken + ") AND " + (row == 0 ? only : "max(source_row) = " + only) + "))";
}

// The rules that lines of the lake break.  `rows` are the rows that may break a rule each, by its name.
Names Broken(Lab& lab, const std::map<std::string, std::size_t>& rows = {}) {
  std::string sql;
  for (const FocusRule& rule : FocusRules()) {
    const auto row = rows.find(rule.name);
    sql += (sql.empty() ? "SELECT " : ", ") + CountSql(rule, row == rows.end() ? 0 : row->second);
  }
  const engine::Connection::Row counts = Select(lab, sql + " FROM cost_lines").at(0);
  Names names;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != "0") names.insert(FocusRules()[i].name);
  }
  return names;
}

Names BrokenBy(const fs::path& path) {
  Lab lab;
  lab.Import(path);
  return Broken(lab);
}

// A month of the made-up organisation as AWS delivers it.
void Deliver(Lab& lab, sim::BillFormat format, sim::Columns columns = {}) {
  sim::Delivery delivery({.format = format,
                          .bucket = lab.inbox(),
                          .period = kJanuary,
                          .layout = sim::BillOptions::Layout::kOverwrite,
                          .number = 1,
                          .seed = 1,
                          .lines_per_file = 1'000'000,
                          .columns = std::move(columns)},
                         &lab.connection());
  const sim::BillHead head{.period = sim::TimeSpan(kJanuary.start(), kJanuary.end()),
                           .currency = "USD",
                           .open = false,
                           .invoice_prefix = "1"};
  sim::EmitMonth({.first = kJanuary, .period = kJanuary, .lines = 3'000}, head,
                 [&](const sim::Line& line) { delivery.Write(line); });
  Must(delivery.Finish());
}

// A charge that breaks no rule but for these cells.
Line Charge(const Cells& but = {}) {
  Line charge{"1",
              "Usage",
              {{"InvoiceIssuerName", "Amazon Web Services, Inc."},
               {"PublisherName", "Amazon Web Services, Inc."},
               {"ServiceCategory", "Compute"},
               {"PricingCategory", "Standard"},
               {"PricingQuantity", "1"},
               {"PricingUnit", "Hours"},
               {"ConsumedUnit", "Hours"},
               {"RegionName", "US East (N. Virginia)"}}};
  for (const auto& [column, text] : but) charge.cells[column] = text;
  return charge;
}

TEST(FocusConformanceTest, EveryRuleCanBeBroken) {
  Lab good;
  good.ImportSheet(Focus({Charge()}));
  EXPECT_EQ(Broken(good), Names{});
  std::vector<Line> lines;
  std::map<std::string, std::size_t> rows;
  for (const FocusRule& rule : FocusRules()) {
    if (rule.breaks.empty()) continue;
    lines.push_back(Charge(rule.breaks));
    rows[rule.name] = lines.size();
  }
  Lab bad;
  EXPECT_EQ(bad.ImportSheet(Focus(lines)).at(0), "loaded 2026-01");
  const Names broken = Broken(bad, rows);
  for (const auto& [rule, _] : rows) EXPECT_TRUE(broken.contains(rule)) << rule;
}

TEST(FocusConformanceTest, AMissingMandatoryColumnIsNotMadeUp) {
  for (const auto& [focus, lake] : MandatoryFocusColumns()) {
    SCOPED_TRACE(focus);
    Lab lab;
    const std::string outcome = lab.ImportSheet(Focus({Charge()}).Without(focus)).at(0);
    if (outcome.starts_with("quarantined")) {
      EXPECT_NE(outcome.find("column " + focus), std::string::npos) << outcome;
    } else {
      EXPECT_TRUE(Broken(lab).contains(focus + " is given"));
    }
  }
}

TEST(FocusConformanceTest, AwsExportsInEveryVersion) {
  Lab version10;
  Deliver(version10, sim::BillFormat::kFocusCsv, sim::Focus10Columns());
  version10.Import();
  EXPECT_EQ(Broken(version10), kBrokenByAws);
  for (const auto format : {sim::BillFormat::kFocusCsv, sim::BillFormat::kFocusParquet}) {
    Lab version12;
    Deliver(version12, format);
    version12.Import();
    EXPECT_EQ(Broken(version12), kBrokenByAws);
  }
}

TEST(FocusConformanceTest, CostAndUsageReports) {
  for (const auto format : {sim::BillFormat::kCur1Csv, sim::BillFormat::kCur2Parquet}) {
    Lab lab;
    Deliver(lab, format);
    lab.Import();
    Names broken = kBrokenByFees;
    broken.insert(kBrokenByAws.begin(), kBrokenByAws.end());
    broken.insert("tax has no PricingQuantity");
    EXPECT_EQ(Broken(lab), BrokenByReports(broken));
  }
}

// BilledCost adds up to each invoice; the halves of a commitment's fee add up to its line.
TEST(FocusConformanceTest, SumsOfReportsAndExportsAreTheSame) {
  const std::string sums =
      "SELECT invoice_id, service_code, charge_category = 'Tax', sum(billed_cost), "
      "sum(effective_cost), sum(list_cost) FROM cost_lines GROUP BY ALL ORDER BY ALL";
  Lab report;
  Deliver(report, sim::BillFormat::kCur1Csv);
  report.Import();
  Lab exported;
  Deliver(exported, sim::BillFormat::kFocusCsv);
  exported.Import();
  EXPECT_GT(Select(report, sums).size(), 10U);
  EXPECT_EQ(Select(report, sums), Select(exported, sums));
}

class FocusConformanceOfOthersTest : public SharedDataTest {};

TEST_F(FocusConformanceOfOthersTest, Toolkit) {
  for (const char* set : {"aws-1.2", "azure-1.2", "gcp-1.2", "aws-1.3"}) {
    SCOPED_TRACE(set);
    for (const fs::path& file :
         FilesIn(SharedData() / "focus/toolkit-generated" / set, ".csv.gz")) {
      if (file.string().find("cost_and_usage") == std::string::npos) continue;
      EXPECT_EQ(BrokenBy(file), Names{});
    }
  }
}

// What real exports break is shown as they say it.  Oracle's say "Usage-based", no PricingCategory and an hour of
// September in October's bill.
TEST_F(FocusConformanceOfOthersTest, SampleOfThreeProviders) {
  EXPECT_EQ(
      BrokenBy(SharedData() / "focus/sample-1.0/FOCUS-1.0/focus_sample.csv"),
      (Names{"ChargeFrequency is an allowed value", "ConsumedQuantity is of usage that happened",
             "ContractedUnitPrice is not negative", "RegionName stands with RegionId",
             "ResourceName and ResourceType stand with ResourceId",
             "credits cost the same by every metric", "usage and purchases have a PricingCategory",
             "usage lies in the billing period"}));
}

// Reports of those years have no invoicing entity, and places outside AWS's regions.
TEST_F(FocusConformanceOfOthersTest, ReportsOfRealAccounts) {
  Names broken = {"InvoiceIssuerName is given", "RegionName stands with RegionId"};
  EXPECT_EQ(BrokenBy(SharedData() / "aws-efficiency-2019"), BrokenByReports(broken));
  broken.insert(kBrokenByFees.begin(), kBrokenByFees.end());
  broken.insert(kBrokenByAws.begin(), kBrokenByAws.end());
  EXPECT_EQ(BrokenBy(SharedData() / "aws-workshop-2018/year=2018/month=10"),
            BrokenByReports(broken));
}

}  // namespace
}  // namespace farthing::testkit
