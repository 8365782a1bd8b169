// FOCUS files of the shared data: several versions and providers against a naive reader.

#include "tests/golden/shared_data.h"

namespace farthing::testkit {
namespace {

TEST_F(SharedDataTest, FocusSample_SeveralProvidersAndLiteralNulls) {
  const fs::path file = SharedData() / "focus/sample-1.0/FOCUS-1.0/focus_sample.csv";
  ExpectLoadedExactly(file);
  Lab lab;
  EXPECT_EQ(lab.Outcomes(file), (std::vector<std::string>{"loaded 2024-09", "loaded 2024-10"}));
  EXPECT_EQ(lab.Values("DISTINCT provider_name"), "AWS, Microsoft, Oracle");
  EXPECT_EQ(lab.Value("count(*)",
                      "'NULL' IN (region_id, resource_id, commitment_discount_id, charge_class)"),
            "0");
}

TEST_F(SharedDataTest, FocusToolkit_GeneratedFilesOfEveryCloud) {
  int files = 0;
  for (const char* set : {"toolkit-generated", "toolkit-golden"}) {
    for (const char* ending : {".csv.gz", ".csv"}) {
      for (const fs::path& file : FilesIn(SharedData() / "focus" / set, ending)) {
        if (file.string().find("cost_and_usage") == std::string::npos) continue;
        ExpectLoadedExactly(file);
        ++files;
      }
    }
  }
  EXPECT_EQ(files, 24);
}

TEST_F(SharedDataTest, FocusToolkit_CloudsLiveInOneLakeSideBySide) {
  Lab lab;
  std::vector<fs::path> files;
  for (const char* cloud : {"aws", "azure", "gcp"}) {
    files.push_back(SharedData() / "focus/toolkit-generated" / (std::string(cloud) + "-1.2") /
                    (std::string("focus_1_2_cost_and_usage_") + cloud + ".csv.gz"));
    lab.Import(files.back());
  }
  ExpectSame(lab, AddUpNaively(files));
}

TEST_F(SharedDataTest, FocusToolkit_OtherDatasetsAreRefused) {
  for (const char* set : {"toolkit-generated", "toolkit-golden"}) {
    for (const char* ending : {".csv.gz", ".csv"}) {
      for (const fs::path& file : FilesIn(SharedData() / "focus" / set, ending)) {
        if (file.string().find("contract_commitment") != std::string::npos) {
          ExpectRefused(file, "a FOCUS contract commitment dataset");
        } else if (file.string().find("scenarios_") != std::string::npos) {
          ExpectRefused(file, "lacks the column ChargePeriodStart");
        }
      }
    }
  }
}

// Two files have hours past 23, five have amounts as people write them.  The specification itself rules both
// out ("DateTime Format": ISO 8601; "Numeric Format": "$32 - contains a currency symbol"), and what an
// amount like "1,100" means depends on the country, so that no reader may guess.
TEST_F(SharedDataTest, FocusSpecification_Examples) {
  int files = 0;
  for (const fs::path& file : FilesIn(SharedData() / "focus/spec-examples", ".csv")) {
    const std::string name = file.string();
    if (name.find("simple_agreements") != std::string::npos) {
      ExpectRefused(file, ".00\", which must have no currency sign, comma or space");
    } else if (name.ends_with("purchase_scenario_2.csv") ||
               name.ends_with("purchase_scenario_3.csv")) {
      ExpectRefused(file,
                    "column ChargePeriodEnd: not a date or time: \"2023-02-01T30:00:00Z\", which "
                    "must be as 2026-01-31 or 2026-01-31T23:59:59Z, hours from 00 to 23");
    } else {
      ExpectLoadedExactly(file);
    }
    ++files;
  }
  EXPECT_EQ(files, 26);
}

TEST_F(SharedDataTest, FocusSpecification_BadRowsCanBeSetAside) {
  const fs::path folder = SharedData() / "focus/spec-examples";
  ingest::ImportOptions tolerant;
  tolerant.tolerated_rows = 1000;
  const fs::path hours =
      folder / "commitment_discount_scenarios/commitment_discount_purchase_scenario_2.csv";
  Lab lab;
  const std::size_t rows = AddUpNaively({hours}).rows;
  const ingest::ImportSummary summary = lab.Import(hours, tolerant);
  ASSERT_TRUE(summary.outcomes.at(0).load);
  const lake::Load& load = *summary.outcomes[0].load;
  EXPECT_GT(load.issues.size(), 0U);
  EXPECT_EQ(static_cast<std::size_t>(load.line_count) + load.issues.size(), rows);
  lab.ExpectProven();
  // Where every row is bad there is nothing to keep, and the first one is named.
  const fs::path money = folder / "saas_examples/simple_agreements/simple_saas_agreements_c.csv";
  const std::vector<std::string> outcomes = lab.Outcomes(money, tolerant);
  EXPECT_TRUE(outcomes.at(0).starts_with("quarantined")) << outcomes[0];
  EXPECT_NE(outcomes[0].find("row 1, column BilledCost: not a number"), std::string::npos)
      << outcomes[0];
}

}  // namespace
}  // namespace farthing::testkit
