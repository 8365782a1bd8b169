#include "lake/verify.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/files.h"
#include "lake/load_files.h"
#include "lake/rollups.h"
#include "lake/test_lines.h"

namespace farthing::lake {
namespace {

// A load of two days and two services, rolled up and published.
class VerifyTest : public testing::Test {
 protected:
  VerifyTest() {
    lines_.Write("part-0.parquet", 40,
                 {{"service_code", "CASE i % 3 WHEN 0 THEN 'AmazonEC2' WHEN 1 THEN 'AmazonS3' END"},
                  {"billed_cost", "CAST(i AS DECIMAL(18, 10))"},
                  {"charge_period_start", "TIMESTAMP '2026-01-01' + INTERVAL 1 DAY * (i // 20)"}});
    staged_ =
        StageRollups(lines_.connection(), lines_.layout(), lines_.load().period, lines_.load().id)
            .ok();
    lines_.load().format = "focus";
    lines_.Publish();
  }

  // Replaces a column of a table by SQL over its rows.
  void Damage(std::string_view table, const std::string& column, const std::string& sql) {
    const fs::path file = lines_.layout().lake() /
                          Layout::Partition(table, lines_.load().period, lines_.load().id) /
                          "part-0.parquet";
    const fs::path damaged = lines_.layout().data() / "damaged.parquet";
    const Result<void> written = lines_.connection().Execute(CopySql(
        "SELECT * REPLACE (" + sql + " AS " + column + ") FROM " + lines_.From(table), damaged));
    ASSERT_TRUE(written.ok()) << written.error().message();
    fs::rename(damaged, file);
  }

  std::string Detail() {
    const Result<Proof> proof = Verify(lines_.connection(), lines_.layout(), lines_.load());
    if (!proof.ok()) return proof.error().message();
    return (proof->ok ? "proven: " : "not proven: ") + proof->detail;
  }

  TestLines lines_;
  bool staged_ = false;
};

TEST_F(VerifyTest, ProvesWhatIsThere) {
  ASSERT_TRUE(staged_);
  EXPECT_TRUE(Detail().starts_with("proven: 40 lines")) << Detail();
}

TEST_F(VerifyTest, AmountsThatChangedPlacesAreFoundThoughTheirSumIsTheSame) {
  const auto of_day = [](const std::string& day) {
    return "(sum(billed_cost) FILTER (service_code = 'AmazonEC2' AND charge_day = DATE '" + day +
           "') OVER ())";
  };
  for (const std::string_view table : {kCostDaily, kCostResourceDaily}) {
    Damage(table, "billed_cost",
           "CASE WHEN service_code = 'AmazonEC2' THEN CAST(" + of_day("2026-01-01") + " + " +
               of_day("2026-01-02") + " - billed_cost AS DECIMAL(38, 10)) ELSE billed_cost END");
    EXPECT_EQ(Detail(), "not proven: " + std::string(table) +
                            " does not equal its lines on 2026-01-01, AmazonEC2: billed_cost is "
                            "210, by the lines it is 63");
  }
}

TEST_F(VerifyTest, LinesThatMovedToAnotherServiceAreFound) {
  Damage(kCostDaily, "service_code",
         "CASE WHEN service_code = 'AmazonS3' THEN 'AmazonRDS' ELSE service_code END");
  EXPECT_EQ(
      Detail(),
      "not proven: cost_daily does not equal its lines on 2026-01-01, AmazonRDS: line_count is "
      "7, by the lines it is 0");
}

TEST_F(VerifyTest, LinesThatMovedToAnotherGroupAreFound) {
  for (const std::string_view table : {kCostDaily, kCostResourceDaily}) {
    for (const std::string name : {"sub_account_id", "billing_currency", "region_id"}) {
      const fs::path part = lines_.layout().lake() /
                            Layout::Partition(table, lines_.load().period, lines_.load().id) /
                            "part-0.parquet";
      const fs::path kept = lines_.layout().data() / "kept.parquet";
      fs::copy_file(part, kept, fs::copy_options::overwrite_existing);
      Damage(table, name, "if(charge_day = DATE '2026-01-02', '7', NULL)");
      EXPECT_EQ(Detail(), "not proven: " + std::string(table) +
                              " does not equal its lines on 2026-01-02, " + name +
                              " 7: line_count is 20, by the lines it is 0");
      fs::copy_file(kept, part, fs::copy_options::overwrite_existing);
    }
  }
}

TEST_F(VerifyTest, TheSourcesOwnTotalsAreCompared) {
  lines_.load().totals["source:BilledCost"] = Decimal{780, 0};
  EXPECT_TRUE(Detail().starts_with("proven")) << Detail();
  lines_.load().totals["source:BilledCost"] = Decimal{781, 0};
  EXPECT_EQ(Detail(), "not proven: billed_cost adds up to 780, the source's BilledCost to 781");
}

TEST_F(VerifyTest, TheSourcesTotalsAreThoseOfTheWholeBill) {
  lines_.load().left_out = LeftOut{};
  lines_.load().left_out->totals["billed_cost"] = Decimal{20, 0};
  lines_.load().totals["source:BilledCost"] = Decimal{800, 0};
  EXPECT_TRUE(Detail().starts_with("proven")) << Detail();
}

// As Publish() keeps them, which knows what it has written.
TEST_F(VerifyTest, FilesThatChangedAreNamed) {
  const Result<LoadFiles> files = ListFiles(lines_.layout().lake(), lines_.load());
  ASSERT_TRUE(files.ok());
  lines_.load().files = *files;
  EXPECT_TRUE(Detail().starts_with("proven")) << Detail();
  const auto part = [&](std::string_view table) {
    return lines_.layout().lake() /
           Layout::Partition(table, lines_.load().period, lines_.load().id) / "part-0.parquet";
  };
  const auto says = [&](const std::string& what, const fs::path& file) {
    EXPECT_NE(Detail().find(what + ": " + file.string()), std::string::npos) << Detail();
  };

  const fs::path more = part(kTagSets).parent_path() / "part-1.parquet";
  fs::copy_file(part(kCostDaily), more);
  says("a file that no import wrote lies in the lake", more);
  fs::remove(more);

  const std::string whole = *ReadFile(part(kTagSets), 1 << 20);
  std::string other = whole;
  other[whole.size() / 2] ^= 1;
  std::ofstream(part(kTagSets)) << other;
  says("a file of the lake is not what the import wrote", part(kTagSets));
  std::ofstream(part(kTagSets)) << "PAR1";
  says("a file of the lake has 4 bytes instead of " + std::to_string(whole.size()), part(kTagSets));
  fs::remove(part(kTagSets));
  says("a file is missing from the lake", part(kTagSets));
}

}  // namespace
}  // namespace farthing::lake
