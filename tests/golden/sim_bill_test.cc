// The laws of a bill, on synthetic ones: every format gives the same figures, importing again changes
// nothing, neither order nor split of the files matters, and one bill is counted once.

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/files.h"
#include "sim/bill.h"
#include "tests/kit/lab.h"

namespace farthing::testkit {
namespace {

using sim::BillFormat;

const std::vector<BillFormat> kFormats = {BillFormat::kCur1Csv,  BillFormat::kCur1Parquet,
                                          BillFormat::kCur2Csv,  BillFormat::kCur2Parquet,
                                          BillFormat::kFocusCsv, BillFormat::kFocusParquet};

bool IsFocus(BillFormat format) {
  return format == BillFormat::kFocusCsv || format == BillFormat::kFocusParquet;
}

class SimBillTest : public testing::Test {
 protected:
  sim::BillTotals Write(sim::BillOptions options) {
    options.out = lab_.inbox();
    if (options.lines == 10'000) options.lines = 2'000;
    return Must(sim::WriteBill(options));
  }
  sim::BillTotals Write(std::vector<BillFormat> formats) {
    sim::BillOptions options;
    options.formats = std::move(formats);
    return Write(options);
  }
  fs::path FolderOf(BillFormat format) {
    return lab_.inbox() / "billing" / std::string(sim::Name(format));
  }

  static std::vector<std::string> CurRow(const sim::Totals& totals) {
    return {std::to_string(totals.rows),    ToString(totals.unblended),
            ToString(totals.net_unblended), ToString(totals.blended),
            ToString(totals.amortized),     ToString(totals.net_amortized)};
  }

  static void ExpectCur(Lab& lab, const std::string& group, const std::string& where,
                        const std::map<std::string, sim::Totals>& wanted) {
    std::map<std::string, std::vector<std::string>> expected;
    for (const auto& [key, totals] : wanted) expected[key] = CurRow(totals);
    std::map<std::string, std::vector<std::string>> got;
    for (auto& row : lab.Rows(
             "SELECT " + group +
             ", count(*), sum(unblended_cost), sum(net_unblended_cost), "
             "sum(blended_cost), sum(amortized_cost), sum(net_amortized_cost) FROM lines WHERE " +
             where + " GROUP BY 1")) {
      const std::string key = row[0];
      row.erase(row.begin());
      got[key] = std::move(row);
    }
    EXPECT_EQ(got, expected) << group;
  }

  static void ExpectTotals(Lab& lab, BillFormat format, const sim::BillTotals& totals) {
    for (const auto& [month, sums] : totals.months) {
      const std::string where = "billing_period = '" + month + "'";
      if (IsFocus(format)) {
        EXPECT_EQ(lab.Value("count(*)", where), std::to_string(sums.focus_rows));
        EXPECT_EQ(lab.Value("sum(billed_cost)", where), ToString(sums.all.net_unblended));
        EXPECT_EQ(lab.Value("sum(effective_cost)", where), ToString(sums.all.net_amortized));
        continue;
      }
      ExpectCur(lab, "billing_period", where, {{month, sums.all}});
      ExpectCur(lab, "line_item_type", where, sums.by_line_type);
      ExpectCur(lab, "service_code", where, sums.by_service);
      ExpectCur(lab, "sub_account_id", where, sums.by_account);
    }
    lab.ExpectProven();
  }

  // What every format must agree on, line by line of the table.
  static std::vector<std::vector<std::string>> Agreed(Lab& lab) {
    return lab.Rows(
        "SELECT billing_period, CAST(charge_period_start AS DATE), sub_account_id, service_code, "
        "billing_currency, sum(billed_cost), sum(effective_cost) FROM lines GROUP BY ALL "
        "HAVING sum(billed_cost) <> 0 OR sum(effective_cost) <> 0 ORDER BY ALL");
  }

  // Turns the lists of data files around in every manifest of the inbox.
  void ReverseManifests() {
    for (const auto& entry : fs::recursive_directory_iterator(lab_.inbox())) {
      if (!entry.path().string().ends_with("Manifest.json")) continue;
      boost::json::value manifest = boost::json::parse(Must(ReadFile(entry.path(), 1 << 24)));
      for (const char* list : {"reportKeys", "dataFiles"}) {
        if (boost::json::value* keys = manifest.get_object().if_contains(list)) {
          std::reverse(keys->get_array().begin(), keys->get_array().end());
        }
      }
      lab_.Write(fs::relative(entry.path(), lab_.inbox()).string(),
                 boost::json::serialize(manifest));
    }
  }

  Lab lab_;
};

TEST_F(SimBillTest, EveryFormatGivesTheSameBill) {
  const sim::BillTotals totals = Write(kFormats);
  std::vector<std::vector<std::string>> first;
  for (const BillFormat format : kFormats) {
    SCOPED_TRACE(sim::Name(format));
    Lab lab;
    EXPECT_EQ(lab.Outcomes(FolderOf(format)).size(), 2U);
    ExpectTotals(lab, format, totals);
    if (first.empty()) first = Agreed(lab);
    EXPECT_GT(first.size(), 100U);
    EXPECT_EQ(Agreed(lab), first);
  }
}

TEST_F(SimBillTest, SixFormatsInOneLakeAreOneBill) {
  const sim::BillTotals totals = Write(kFormats);
  lab_.Import();
  Decimal net_unblended;
  Decimal net_amortized;
  for (const auto& [_, sums] : totals.months) {
    net_unblended = *Add(net_unblended, sums.all.net_unblended);
    net_amortized = *Add(net_amortized, sums.all.net_amortized);
  }
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(lab_.Value("sum(billed_cost)"), ToString(net_unblended));
    EXPECT_EQ(lab_.Value("sum(effective_cost)"), ToString(net_amortized));
    EXPECT_EQ(lab_.Value("count(DISTINCT export)"), "1");
    std::string focus;
    for (const lake::Export& exported : Must(lab_.catalog().Exports())) {
      if (exported.name.starts_with("focus")) focus = exported.name;
    }
    Must(lab_.catalog().Elect(focus, std::nullopt));
  }
  EXPECT_TRUE(lab_.Values("DISTINCT export").starts_with("focus"));
  EXPECT_GE(Must(lab_.catalog().Candidates({})).size(), 8U);
}

TEST_F(SimBillTest, ImportedTwiceIsOnce) {
  Write(kFormats);
  lab_.Import();
  const std::size_t versions = Must(lab_.catalog().Versions()).size();
  for (const std::string& outcome : lab_.Outcomes())
    EXPECT_TRUE(outcome.starts_with("unchanged")) << outcome;
  EXPECT_EQ(Must(lab_.catalog().Versions()).size(), versions);
}

TEST_F(SimBillTest, NeitherSplitNorOrderOfFilesMatters) {
  for (const BillFormat format :
       {BillFormat::kCur1Csv, BillFormat::kCur2Parquet, BillFormat::kFocusCsv}) {
    SCOPED_TRACE(sim::Name(format));
    sim::BillOptions options;
    options.formats = {format};
    const sim::BillTotals totals = Write(options);
    Lab whole;
    whole.Import(FolderOf(format));
    ExpectTotals(whole, format, totals);

    options.lines_per_file = 117;
    Write(options);
    Lab split;
    split.Import(FolderOf(format));
    EXPECT_EQ(Agreed(split), Agreed(whole));
    EXPECT_GT(Must(split.catalog().Deliveries()).at(0).files.size(), 5U);

    ReverseManifests();
    Lab reversed;
    reversed.Import(FolderOf(format));
    EXPECT_EQ(Agreed(reversed), Agreed(whole));
    fs::remove_all(lab_.inbox() / "billing");
  }
}

TEST_F(SimBillTest, ALaterDeliveryRestatesAndAsOfRemembers) {
  for (const auto layout :
       {sim::BillOptions::Layout::kOverwrite, sim::BillOptions::Layout::kCreateNew}) {
    sim::BillOptions options;
    options.formats = {BillFormat::kCur1Csv, BillFormat::kCur2Csv};
    options.layout = layout;
    const sim::BillTotals before = Write(options);
    Lab lab;
    lab.Import(lab_.inbox());
    ExpectTotals(lab, BillFormat::kCur2Csv, before);
    const Instant then = Now();
    options.delivery = 2;
    const sim::BillTotals after = Write(options);
    lab.Import(lab_.inbox());
    ExpectTotals(lab, BillFormat::kCur2Csv, after);
    EXPECT_NE(before.months.at("2026-02").all, after.months.at("2026-02").all);
    lake::LoadFilter filter;
    filter.as_of = then;
    std::map<std::string, std::string> sums;
    for (const lake::Load& load : Must(lab.catalog().ActiveLoads(filter))) {
      sums[ToString(load.period)] = ToString(load.totals.at("unblended_cost"));
    }
    EXPECT_EQ(sums["2026-02"], ToString(before.months.at("2026-02").all.unblended));
    fs::remove_all(lab_.inbox() / "billing");
  }
}

TEST_F(SimBillTest, AnotherCurrencyIsKept) {
  sim::BillOptions options;
  options.formats = {BillFormat::kCur2Parquet};
  options.currency = "JPY";
  const sim::BillTotals totals = Write(options);
  lab_.Import();
  ExpectTotals(lab_, BillFormat::kCur2Parquet, totals);
  EXPECT_EQ(lab_.Values("DISTINCT billing_currency"), "JPY");
}

}  // namespace
}  // namespace farthing::testkit
