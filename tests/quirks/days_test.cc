// Bare files in folders of days, such as Oracle's FOCUS reports: parts of a month (docs/formats/bare-files.md).

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/kit/lab.h"

namespace farthing::testkit {
namespace {

using Texts = std::vector<std::string>;

std::string NamesOfExports(Lab& lab) {
  std::string names;
  const std::vector<lake::Export> exports = Must(lab.catalog().Exports());
  for (const lake::Export& each : exports) names += each.name + ";";
  return names;
}

bool Mention(const Texts& texts, const std::string& text) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& one) { return one.find(text) != std::string::npos; });
}

void WriteOracleDay(Lab& lab, const std::string& day, const Sheet& sheet) {
  lab.WriteGzip("oci/FOCUS Reports/" + day + "/00000000300002" + day.substr(8) + "-00001.csv.gz",
                sheet.Csv());
}

TEST(DaysTest, OracleReportsOfAMonthAreOneExport) {
  Lab lab;
  WriteOracleDay(lab, "2026/01/01", Focus({{"1"}}));
  WriteOracleDay(lab, "2026/01/02", Focus({{"2"}}));
  WriteOracleDay(lab, "2026/01/03", Focus({{"4"}}));
  EXPECT_EQ(lab.Outcomes("oci"), Texts{"loaded 2026-01"});
  EXPECT_EQ(NamesOfExports(lab), "FOCUS Reports;");
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "7");
  WriteOracleDay(lab, "2026/01/04", Focus({{"8"}}));
  EXPECT_EQ(lab.Outcomes("oci"), Texts{"loaded 2026-01"}) << "a new version of the month";
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "15");
  EXPECT_EQ(lab.Outcomes("oci"), Texts{"unchanged 2026-01"});
  EXPECT_EQ(lab.Outcomes("oci/FOCUS Reports/2026/01"), Texts{"unchanged 2026-01"});
  lab.ExpectProven();
}

TEST(DaysTest, AllSpellingsOfDays) {
  for (const std::string& day :
       Texts{"2026/01/0%", "year=2026/month=1/day=%", "date=2026-01-0%", "2026-01-0%",
             "billing_period=2026-01/usage_date=2026-01-0%"}) {
    Lab lab;
    for (const std::string& number : Texts{"1", "2"}) {
      std::string folder = day;
      folder.replace(folder.find('%'), 1, number);
      lab.Write("bill/" + folder + "/data.csv", Focus({{number}}).Csv());
    }
    EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"}) << day;
    EXPECT_EQ(NamesOfExports(lab), "bill;") << day;
    EXPECT_EQ(lab.Value("sum(billed_cost)"), "3") << day;
  }
}

TEST(DaysTest, ALaterDayByItselfIsAddedToItsMonth) {
  Lab lab;
  ingest::ImportOptions named;
  named.name = "oracle";
  for (const auto& options : {ingest::ImportOptions(), named}) {
    lab.Write("oci/FOCUS Reports/2026/01/01/a.csv", Focus({{"1"}}).Csv());
    lab.Write("oci/FOCUS Reports/2026/01/02/b.csv", Focus({{"2"}}).Csv());
    EXPECT_EQ(lab.Outcomes("oci/FOCUS Reports/2026/01/01", options), Texts{"loaded 2026-01"});
    const ingest::ImportSummary summary = lab.Import("oci/FOCUS Reports/2026/01/02", options);
    ASSERT_EQ(summary.outcomes.size(), 1U);
    EXPECT_EQ(summary.outcomes[0].kind, ingest::Outcome::Kind::kLoaded);
    EXPECT_EQ(summary.outcomes[0].load->line_count, 2);
    EXPECT_TRUE(Mention(summary.notes, "are read with them: 1"));
    EXPECT_EQ(lab.Outcomes("oci/FOCUS Reports/2026/01/01/a.csv", options),
              Texts{"unchanged 2026-01"})
        << "a file of a day is a part as well";
    EXPECT_EQ(lab.Outcomes("oci", options), Texts{"unchanged 2026-01"});
  }
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "3");
}

TEST(DaysTest, LateChargesStayInTheirMonth) {
  Lab lab;
  Sheet later = Focus({{"4"}}, {2026, 2});
  later.rows.push_back(Focus({{"2"}}).rows[0]);
  lab.Write("oci/2026/01/31/a.csv", Focus({{"1"}}).Csv());
  lab.Write("oci/2026/02/01/b.csv", later.Csv());
  EXPECT_EQ(lab.Outcomes(), (Texts{"loaded 2026-01", "loaded 2026-02"}));
  EXPECT_EQ(lab.Value("sum(billed_cost)", "billing_period = '2026-01'"), "3");
  Sheet latest = Focus({{"16"}}, {2026, 2});
  latest.rows.push_back(Focus({{"8"}}).rows[0]);
  lab.Write("oci/2026/02/02/c.csv", latest.Csv());
  EXPECT_EQ(lab.Outcomes("oci/2026/02/02"), (Texts{"loaded 2026-01", "loaded 2026-02"}));
  EXPECT_EQ(lab.Value("sum(billed_cost)", "billing_period = '2026-01'"), "11");
  EXPECT_EQ(lab.Value("sum(billed_cost)", "billing_period = '2026-02'"), "20");
}

TEST(DaysTest, ADayThatIsGoneIsNotTakenOutOfItsMonth) {
  Lab lab;
  lab.Write("oci/2026/01/01/a.csv", Focus({{"1"}}).Csv());
  lab.Write("oci/2026/01/02/b.csv", Focus({{"2"}}).Csv());
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  fs::remove_all(lab.inbox() / "oci/2026/01/01");
  lab.Write("oci/2026/01/03/c.csv", Focus({{"4"}}).Csv());
  const ingest::ImportSummary summary = lab.Import();
  ASSERT_EQ(summary.outcomes.size(), 1U);
  EXPECT_EQ(summary.outcomes[0].kind, ingest::Outcome::Kind::kQuarantined);
  const Texts reason = {summary.outcomes[0].delivery.reason};
  EXPECT_TRUE(Mention(reason, "oci/2026/01/01/a.csv; fix: ")) << reason[0];
  EXPECT_TRUE(Mention(reason, "import the folder of all days, ")) << reason[0];
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "3") << "the month stays as it was";
  lab.Write("oci/2026/01/01/a2.csv", Focus({{"8"}}).Csv());
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"}) << "a day may be delivered anew";
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "14");
}

TEST(DaysTest, StatesOfAMonthAreNotAddedUp) {
  Lab lab;
  lab.Write("daily/2026-01-02/bill.csv", Focus({{"1"}, {"2"}, {"3"}}).Csv());
  lab.Write("daily/2026-01-03/bill.csv", Focus({{"1"}, {"2"}, {"4"}, {"5"}}).Csv());
  const Texts outcomes = lab.Outcomes();
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_TRUE(Mention(outcomes, "the next one repeats the lines of ")) << outcomes[0];
  lab.Write("now/bill.csv", Focus({{"1"}, {"2"}, {"4"}, {"5"}}).Csv());
  EXPECT_EQ(lab.Outcomes("now"), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "12");
}

TEST(DaysTest, ShardsOfOneFolderAreOneExport) {
  Lab lab;
  lab.WriteGzip("google/focus-000000000000.csv.gz", Focus({{"1"}}).Csv());
  lab.WriteGzip("google/focus-000000000001.csv.gz", Focus({{"2"}}).Csv());
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(NamesOfExports(lab), "google;");
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "3");
}

}  // namespace
}  // namespace farthing::testkit
