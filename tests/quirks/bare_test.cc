// Bare files: which belong together, what their exports are called, what lies there twice (docs/formats/bare-files.md).

#include <gtest/gtest.h>

#include <algorithm>

#include "ingest/discover/discover.h"
#include "tests/kit/lab.h"

namespace farthing::testkit {
namespace {

using Texts = std::vector<std::string>;

bool Mention(const Texts& notes, const std::string& text) {
  return std::any_of(notes.begin(), notes.end(),
                     [&](const std::string& note) { return note.find(text) != std::string::npos; });
}

Texts NamesOfExports(Lab& lab) {
  Texts names;
  const std::vector<lake::Export> exports = Must(lab.catalog().Exports());
  for (const lake::Export& each : exports) names.push_back(each.name);
  return names;
}

TEST(BareExportTest, AFormatThatComesLaterLeavesTheFirstAsItIs) {
  Lab lab;
  lab.Write("bills/a.csv", Cur1({{"1"}}).Csv());
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  EXPECT_EQ(NamesOfExports(lab), Texts{"bills"});
  lab.WriteParquet("bills/b.parquet", Focus({{"1"}}));
  EXPECT_EQ(lab.Outcomes(), (Texts{"unchanged 2026-01", "loaded 2026-01"}));
  EXPECT_EQ(NamesOfExports(lab), (Texts{"bills", "bills-focus-parquet"}));
  EXPECT_EQ(lab.Outcomes(), (Texts{"unchanged 2026-01", "unchanged 2026-01"}));
  fs::remove(lab.inbox() / "bills/a.csv");
  EXPECT_EQ(lab.Outcomes(), Texts{"unchanged 2026-01"});
  EXPECT_EQ(NamesOfExports(lab), (Texts{"bills", "bills-focus-parquet"}));
}

TEST(BareExportTest, CopiesOfAFileAreNotAdded) {
  Lab lab;
  const std::string text = Cur1({{"1"}}).Csv();
  lab.Write("bills/a.csv", text);
  lab.Write("bills/a (1).csv", text);
  lab.WriteGzip("bills/a.csv.gz", text);
  lab.WriteGzip("bills/b.csv.gz", Cur1({{"2"}}).Csv());
  const ingest::ImportSummary summary = lab.Import();
  ASSERT_EQ(summary.outcomes.size(), 1U);
  EXPECT_EQ(lab.Value("sum(unblended_cost)"), "3");
  EXPECT_TRUE(Mention(summary.notes, "a (1).csv, not read: "));
  EXPECT_TRUE(Mention(summary.notes, "not read: " + (lab.inbox() / "bills/a.csv.gz").string()));
  fs::remove(lab.inbox() / "bills/a (1).csv");
  EXPECT_EQ(lab.Outcomes(), Texts{"unchanged 2026-01"});
}

TEST(BareExportTest, SeveralFormatsAtOnceAreNamedByFolderAndFormat) {
  Lab lab;
  lab.Write("bills/a.csv", Cur1({{"1"}}).Csv());
  lab.Write("bills/b.csv", Focus({{"1"}}).Csv());
  lab.WriteParquet("bills/c.parquet", SnakeCased(Cur1({{"1"}}, {2026, 2})));
  EXPECT_EQ(lab.Outcomes(), (Texts{"loaded 2026-01", "loaded 2026-02", "loaded 2026-01"}));
  EXPECT_EQ(NamesOfExports(lab),
            (Texts{"bills-cur1-csv", "bills-cur1-parquet", "bills-focus-csv"}));
}

TEST(BareExportTest, AFolderThatBeganWithABadFileKeepsItsExport) {
  Lab lab;
  lab.Write("bills/a.csv", "no,bill\n1,2\n");
  EXPECT_TRUE(lab.Outcomes().at(0).starts_with("quarantined"));
  lab.Write("bills/a.csv", Cur1({{"1"}}).Csv());
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  lab.Write("bills/a.csv", "no,bill\n1,2\n");
  EXPECT_TRUE(lab.Outcomes().at(0).starts_with("quarantined"));
  EXPECT_EQ(NamesOfExports(lab), Texts{"bills"});
}

TEST(BareExportTest, OneLinkOutOfTheDirectoryDoesNotStopTheOthers) {
  Lab lab;
  lab.Write("one/a.csv", Cur1({{"1"}}).Csv());
  lab.Write("two/b.csv", Cur1({{"2"}}).Csv());
  fs::create_symlink("/etc/hostname", lab.inbox() / "two" / "c.csv");
  fs::create_directory_symlink("/etc", lab.inbox() / "three");
  const Texts outcomes = lab.Outcomes();
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), "loaded 2026-01"), 1);
  EXPECT_TRUE(Mention(outcomes, "link leaves the directory: " +
                                    (fs::canonical(lab.inbox()) / "two" / "c.csv").string()));
  EXPECT_TRUE(Mention(
      outcomes, "link leaves the directory: " + (fs::canonical(lab.inbox()) / "three").string()));
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "1") << "nothing is half loaded";
  EXPECT_EQ(lab.catalog().Deliveries()->size(), 3U);
}

TEST(BareExportTest, OneNameForTwoBillsOfAMonthIsRefused) {
  Lab lab;
  lab.Write("bills/a.csv", Cur1({{"1"}}).Csv());
  lab.Write("bills/b.csv", Focus({{"2"}}).Csv());
  lab.Write("more/c.csv", Cur1({{"4"}}, {2026, 2}).Csv());
  ingest::ImportOptions named;
  named.name = "mine";
  const Texts outcomes = lab.Outcomes("", named);
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_EQ(outcomes[0], "loaded 2026-01");
  EXPECT_NE(outcomes[1].find("another bill that is imported under the name mine holds 2026-01"),
            std::string::npos)
      << outcomes[1];
  EXPECT_EQ(outcomes[2], "loaded 2026-02") << "months of one bill may lie in several folders";
  EXPECT_EQ(NamesOfExports(lab), Texts{"mine"});
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "5");
}

TEST(BareExportTest, OneNameForTwoFilesOfAMonthIsRefusedOverSeveralPathsOfACommand) {
  Lab lab;
  lab.Write("a.csv", Cur1({{"1"}}).Csv());
  lab.Write("b.csv", Cur1({{"2"}}).Csv());
  ingest::HeldMonths held;
  ingest::ImportOptions named;
  named.name = "mine";
  named.held = &held;
  EXPECT_EQ(lab.Outcomes("a.csv", named), Texts{"loaded 2026-01"});
  EXPECT_TRUE(lab.Outcomes("b.csv", named).at(0).starts_with("quarantined"));
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "1");
  named.held = nullptr;  // another command: a restatement
  EXPECT_EQ(lab.Outcomes("b.csv", named), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "2");
}

TEST(BareExportTest, ABillThatCannotBeReadHoldsNoMonthOfTheName) {
  Lab lab;
  lab.Write("bad.csv", Cur1({{"1"}, {"no money"}}).Csv());
  const std::string text = Cur1({{"2"}}).Csv();
  lab.Write("good.csv", text);
  lab.Write("copy.csv", text);
  ingest::HeldMonths held;
  ingest::ImportOptions named;
  named.name = "mine";
  named.held = &held;
  EXPECT_TRUE(lab.Outcomes("bad.csv", named).at(0).starts_with("quarantined 2026-01"));
  EXPECT_EQ(lab.Outcomes("good.csv", named), Texts{"loaded 2026-01"});
  EXPECT_EQ(lab.Outcomes("copy.csv", named), Texts{"unchanged 2026-01"});
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "2");
  lab.Write("other.csv", Cur1({{"4"}}).Csv());
  EXPECT_TRUE(lab.Outcomes("other.csv", named).at(0).starts_with("quarantined 2026-01"));
}

// What `farthing import` does with its arguments.
Texts ImportArguments(Lab& lab, const Texts& names, ingest::ImportOptions options = {}) {
  std::vector<fs::path> paths;
  for (const std::string& name : names) paths.push_back(lab.inbox() / name);
  ingest::HeldMonths held;
  options.held = &held;
  Texts outcomes;
  const std::vector<ingest::PathGroup> groups = ingest::GroupPaths(paths);
  for (const ingest::PathGroup& group : groups) {
    const ingest::ImportSummary summary = Must(ingest::Import(lab.catalog(), group, options));
    for (const ingest::Outcome& outcome : summary.outcomes) {
      outcomes.push_back(std::string(ToString(outcome.kind)) + " " + outcome.delivery.export_name);
    }
  }
  return outcomes;
}

TEST(BareExportTest, FilesOfOneFolderInACommandAreOneExport) {
  Lab lab;
  lab.WriteGzip("bills/a.csv.gz", Cur1({{"1"}}).Csv());
  lab.WriteGzip("bills/b.csv.gz", Cur1({{"2"}}).Csv());
  lab.Write("bills/readme.txt", "the bills");
  const Texts files = {"bills/b.csv.gz", "bills/readme.txt", "bills/a.csv.gz", "bills/a.csv.gz"};
  EXPECT_EQ(ImportArguments(lab, files), Texts{"loaded bills"});
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "3");
  EXPECT_EQ(lab.Outcomes("bills"), Texts{"unchanged 2026-01"}) << "the same as the folder";
  EXPECT_EQ(ImportArguments(lab, {"bills/a.csv.gz"}), Texts{"loaded a"}) << "a file by itself";
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "3");
}

TEST(BareExportTest, FilesOfOtherFoldersAndFormatsInACommandAreOtherExports) {
  Lab lab;
  lab.Write("bills/a.csv", Cur1({{"1"}}).Csv());
  lab.Write("bills/b.csv", Cur1({{"2"}}).Csv());
  lab.Write("bills/c.csv", Focus({{"3"}}).Csv());
  lab.Write("more/d.csv", Cur1({{"4"}}, {2026, 2}).Csv());
  lab.DeliverCur1("a1", {Cur1({{"5"}}, {2026, 3})}, {2026, 3});
  const Texts files = {"bills/a.csv", "more/d.csv", "bills/b.csv",
                       "P/bill/20260301-20260401/bill-Manifest.json", "bills/c.csv"};
  EXPECT_EQ(ImportArguments(lab, files),
            (Texts{"loaded bills-cur1-csv", "loaded bills-focus-csv", "loaded d", "loaded bill"}));
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "12");
}

TEST(BareExportTest, ABadFileOfACommandIsQuarantinedAlone) {
  Lab lab;
  lab.Write("bills/a.csv", "no,bill\n1,2\n");
  lab.Write("bills/b.csv", Cur1({{"2"}}).Csv());
  ingest::ImportOptions named;
  named.name = "mine";
  EXPECT_EQ(ImportArguments(lab, {"bills/a.csv", "bills/b.csv"}, named),
            (Texts{"quarantined mine", "loaded mine"}));
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "2");
}

}  // namespace
}  // namespace farthing::testkit
