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

TEST_F(SharedDataTest, FocusSpecification_Examples) {
  int files = 0;
  for (const fs::path& file : FilesIn(SharedData() / "focus/spec-examples", ".csv")) {
    if (file.string().find("simple_agreements") != std::string::npos) {
      ExpectRefused(file, "row 1, column BilledCost: ");  // "$10,100.00 " is for people, not a bill
    } else if (file.string().ends_with("purchase_scenario_2.csv") ||
               file.string().ends_with("purchase_scenario_3.csv")) {
      ExpectRefused(file, "column ChargePeriodEnd: not a date or time: \"2023-02-01T30:00:00Z\"");
    } else {
      ExpectLoadedExactly(file);
    }
    ++files;
  }
  EXPECT_EQ(files, 26);
}

}  // namespace
}  // namespace farthing::testkit
