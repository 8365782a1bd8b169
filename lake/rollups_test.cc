#include "lake/rollups.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "lake/test_lines.h"

namespace farthing::lake {
namespace {

// What a rollup keeps of the lines, by day and resource, against what the lines say themselves.
std::int64_t Differences(TestLines& lines) {
  return std::stoll(lines.Value(
      "SELECT count(*) FROM (SELECT charge_day, resource_id, sum(line_count) AS n, "
      "sum(unblended_cost) AS cost FROM " +
      lines.From(kCostResourceDaily) +
      " GROUP BY ALL) a FULL JOIN (SELECT CAST(charge_period_start AS DATE) AS charge_day, "
      "resource_id, count(*) AS n, sum(unblended_cost) AS cost FROM " +
      lines.From(kCostLines) +
      " GROUP BY ALL) b ON a.charge_day IS NOT DISTINCT FROM b.charge_day AND a.resource_id IS NOT "
      "DISTINCT FROM b.resource_id WHERE a.n IS DISTINCT FROM b.n OR a.cost IS DISTINCT FROM "
      "b.cost"));
}

const std::map<std::string, std::string> kEachLineItsResource = {
    {"resource_id", "'i-' || md5(CAST(i AS VARCHAR))"},
    {"service_code", "'S' || i % 7"},
    {"unblended_cost", "CAST(i AS DECIMAL(18, 10))"},
    {"charge_period_start", "TIMESTAMP '2026-01-01' + INTERVAL 1 HOUR * (i % 48)"}};

// A group takes about 2.5 kB: 60,000 at once do not fit, a tenth of them does.
TEST(RollupsTest, AResourceForEachLineFitsInLittleMemory) {
  engine::DatabaseOptions options;
  options.threads = 2;
  options.memory_limit_bytes = std::uint64_t{112} << 20;
  options.preserve_order = false;
  for (const int files : {1, 3}) {
    TestLines lines(options);
    for (int file = 0; file < files; ++file) {
      lines.Write("part-" + std::to_string(file) + ".parquet", 60'000 / files,
                  kEachLineItsResource);
    }
    const Result<void> staged = StageRollups(lines.connection(), lines.layout(),
                                             lines.load().period, lines.load().id, 6'000);
    ASSERT_TRUE(staged.ok()) << files << " files: " << staged.error().message();
    EXPECT_EQ(Differences(lines), 0);
  }
}

TEST(RollupsTest, AGroupStandsOnceHoweverItsDayIsDivided) {
  TestLines lines;
  auto values = kEachLineItsResource;
  values["resource_id"] = "CASE WHEN i % 5 > 0 THEN 'i-' || i % 300 END";
  values["charge_period_start"] =
      "CASE WHEN i % 11 > 0 THEN TIMESTAMP '2026-01-01' + INTERVAL 1 "
      "DAY * (i % 3) END";
  lines.Write("part-0.parquet", 3'000, values);
  lines.Write("part-1.parquet", 3'000, values);
  const Result<void> staged =
      StageRollups(lines.connection(), lines.layout(), lines.load().period, lines.load().id, 500);
  ASSERT_TRUE(staged.ok()) << staged.error().message();
  EXPECT_EQ(Differences(lines), 0);
  for (const std::string_view table : {kCostResourceDaily, kCostDaily}) {
    std::string key = "charge_day, service_code";
    if (table == kCostResourceDaily) key += ", resource_id";
    EXPECT_EQ(
        lines.Value("SELECT count(*) - count(DISTINCT (" + key + ")) FROM " + lines.From(table)),
        "0");
  }
}

}  // namespace
}  // namespace farthing::lake
