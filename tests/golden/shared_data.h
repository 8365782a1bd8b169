#pragma once

// Bills that nobody on this project wrote, found through FARTHING_SHARED_DATA (default: ../shared/data beside
// the project).  Tests that need them are skipped, visibly, where they are absent.

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/files.h"
#include "tests/golden/naive_bill.h"
#include "tests/kit/lab.h"

namespace farthing::testkit {

inline fs::path SharedData() {
  const char* given = std::getenv("FARTHING_SHARED_DATA");
  return fs::absolute(given != nullptr ? given : "../shared/data");
}

class SharedDataTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(SharedData() / "EXPECTED.json")) {
      GTEST_SKIP() << "no shared data at " << SharedData() << "; set FARTHING_SHARED_DATA";
    }
  }

  static boost::json::value Expected() {
    return boost::json::parse(Must(ReadFile(SharedData() / "EXPECTED.json", 1 << 20)));
  }

  /// Everything below a folder whose name ends so.
  static std::vector<fs::path> FilesIn(const fs::path& folder, std::string_view ending) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().string().ends_with(ending)) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  /// Expects that the lake holds exactly the lines and sums of the bill, to the last digit.
  static void ExpectSame(Lab& lab, const NaiveBill& bill) {
    EXPECT_EQ(lab.Value("count(*)"), std::to_string(bill.rows));
    const bool cur = bill.total.contains("unblended_cost");
    ExpectGroups(lab, "coalesce(billing_currency, '')", bill.by_currency);
    ExpectGroups(lab, cur ? "coalesce(line_item_type, '')" : "coalesce(charge_category, '')",
                 bill.by_line_type);
    lab.ExpectProven();
  }

  /// Imports one file alone and expects the totals of the naive reader.
  static void ExpectLoadedExactly(const fs::path& file) {
    SCOPED_TRACE(file.string());
    Lab lab;
    for (const std::string& outcome : lab.Outcomes(file))
      EXPECT_TRUE(outcome.starts_with("loaded")) << outcome;
    ExpectSame(lab, AddUpNaively({file}));
  }

  /// Imports one file alone and expects that it is refused for this reason.
  static void ExpectRefused(const fs::path& file, const std::string& reason) {
    Lab lab;
    const std::vector<std::string> outcomes = lab.Outcomes(file);
    ASSERT_EQ(outcomes.size(), 1U) << file;
    EXPECT_TRUE(outcomes[0].starts_with("quarantined")) << outcomes[0];
    EXPECT_NE(outcomes[0].find(reason), std::string::npos) << outcomes[0];
    EXPECT_TRUE(lab.catalog().ActiveLoads({})->empty());
  }

 private:
  static void ExpectGroups(Lab& lab, const std::string& group,
                           const std::map<std::string, Sums>& expected) {
    std::vector<std::string> columns;
    for (const auto& [_, sums] : expected) {
      for (const auto& [column, sum] : sums) {
        if (std::find(columns.begin(), columns.end(), column) == columns.end())
          columns.push_back(column);
      }
    }
    for (const std::string& column : columns) {
      std::map<std::string, std::string> got;
      for (const auto& row :
           lab.Rows("SELECT " + group + ", sum(" + column + ") FROM lines GROUP BY 1")) {
        got[row[0]] = row[1];
      }
      std::map<std::string, std::string> wanted;
      for (const auto& [name, sums] : expected) wanted[name] = ToString(sums.at(column));
      EXPECT_EQ(got, wanted) << column << " by " << group;
    }
  }
};

}  // namespace farthing::testkit
