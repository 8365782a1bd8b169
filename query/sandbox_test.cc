#include "query/sandbox.h"

#include <gtest/gtest.h>

#include <fstream>

#include "query/test_lake.h"

namespace farthing::query {
namespace {

class SandboxTest : public testing::Test {
 protected:
  void SetUp() override {
    TestLine line{.start = "2026-01-05 10:00:00",
                  .text = {{"service_name", "EC2"}},
                  .amounts = {{"unblended_cost", "1.5"}},
                  .tags = {{"user:team", "red"}},
                  .product = {{"group", "g"}}};
    TestLine other{.start = "2026-01-06 10:00:00", .amounts = {{"unblended_cost", "2"}}};
    lake_.Publish({.lines = {line, other}});
    session_ = std::move(*Session::Open(lake_.data(), {.threads = 1}));
  }

  // All rows, values joined by "|", rows by "/"; or the error.
  std::string Run(const std::string& sql) {
    std::string text;
    const Result<void> done =
        RunSql(*session_, sql,
               {.on_columns = [](const std::vector<engine::Column>&) { return Result<void>(); },
                .on_row =
                    [&](const engine::Connection::Row& row) {
                      if (!text.empty()) text += "/";
                      for (std::size_t i = 0; i < row.size(); ++i)
                        text += (i == 0 ? "" : "|") + row[i].value_or("");
                      return Result<void>();
                    }});
    return done.ok() ? text : "error: " + done.error().message();
  }
  bool IsRefused(const std::string& sql) { return Run(sql).starts_with("error: "); }

  TestLake lake_;
  std::unique_ptr<Session> session_;
};

TEST_F(SandboxTest, ShowsLinesWithTheirSets) {
  EXPECT_EQ(Run("select sum(unblended_cost), count(*) from cost_lines"), "3.5|2");
  EXPECT_EQ(Run("select export, billing_period, tags['user:team'], product['group'] from "
                "cost_lines order by source_row;"),
            "main|2026-01|red|g/main|2026-01||");
  EXPECT_EQ(Run("WITH a AS (FROM cost_daily) SELECT sum(line_count) FROM a"), "2");
  EXPECT_EQ(Run("select count(*) from (describe cost_lines) where column_name in ('tags', "
                "'attributes', 'load_id')"),
            "3");
}

TEST_F(SandboxTest, ShowsTheCatalog) {
  EXPECT_EQ(
      Run("select l.export, version, status, elected from loads l join versions using (load_id) "
          "join deliveries using (delivery_id) join exports on exports.name = l.export"),
      "main|1|loaded|true");
  EXPECT_EQ(Run("select count(*) from (show tables)"), "9");
}

TEST_F(SandboxTest, RefusesEverythingButReading) {
  for (const char* sql :
       {"ATTACH 'x.db'", "COPY cost_lines TO '/tmp/x.csv'", "INSTALL httpfs", "LOAD httpfs",
        "PRAGMA version", "SET lock_configuration = false", "CREATE TABLE a(b INT)",
        "DROP VIEW cost_lines", "", "/* a */ -- b\n delete from cost_lines",
        "EXPLAIN ANALYZE COPY cost_lines TO '/tmp/x.csv'", "select 1; drop view cost_lines",
        "WITH a AS (SELECT 1) INSERT INTO loads SELECT * FROM a"}) {
    EXPECT_TRUE(IsRefused(sql)) << sql;
  }
  EXPECT_EQ(Run("(select 1)"), "1");
  EXPECT_EQ(Run("-- the answer\nselect 42"), "42");
}

TEST_F(SandboxTest, ReadsNoFilesOutsideTheLake) {
  const auto secret = lake_.data() / "secret.csv";
  std::ofstream(secret) << "a\n1\n";
  EXPECT_TRUE(IsRefused("select * from read_csv('" + secret.string() + "')"));
  EXPECT_TRUE(IsRefused("select * from '" + secret.string() + "'"));
  EXPECT_TRUE(
      IsRefused("select * from read_text('" + (lake_.data() / "farthing.db").string() + "')"));
  EXPECT_TRUE(IsRefused("select * from read_text('" +
                        (lake_.data() / "lake/../secret.csv").string() + "')"));
  EXPECT_TRUE(IsRefused("select * from glob('/etc/*')"));
  EXPECT_TRUE(IsRefused("select getenv('HOME')"));
}

}  // namespace
}  // namespace farthing::query
