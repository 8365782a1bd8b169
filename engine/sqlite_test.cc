#include "engine/sqlite.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"

namespace farthing::engine {
namespace {

namespace fs = std::filesystem;

class SqliteTest : public ::testing::Test {
 protected:
  SqliteTest() { fs::create_directories(home_); }
  ~SqliteTest() override { fs::remove_all(home_); }

  std::unique_ptr<SqliteDatabase> Open() const {
    auto database = SqliteDatabase::Open((home_ / "meta.db").string());
    EXPECT_TRUE(database.ok());
    return *std::move(database);
  }
  static std::int64_t Count(SqliteDatabase& database) {
    std::int64_t count = -1;
    EXPECT_TRUE(database
                    .Each("SELECT count(*) FROM item", {},
                          [&](const SqliteRow& row) { count = row.Int(0); })
                    .ok());
    return count;
  }

  const fs::path home_ = fs::temp_directory_path() / ("farthing-sqlite-" + NewUlid());
};

constexpr const char* kSchema = "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE)";

TEST_F(SqliteTest, KeepsIntegersTextAndNull) {
  const auto database = Open();
  ASSERT_TRUE(database->Execute("CREATE TABLE t (a, b, c)").ok());
  const std::string text("zero\0inside", 11);
  ASSERT_TRUE(
      database
          ->Run("INSERT INTO t VALUES (?, ?, ?)", {std::int64_t{-1} << 62, text, std::monostate()})
          .ok());
  EXPECT_EQ(database->changes(), 1);
  int rows = 0;
  ASSERT_TRUE(database
                  ->Each("SELECT a, b, c FROM t", {},
                         [&](const SqliteRow& row) {
                           ++rows;
                           EXPECT_EQ(row.Int(0), std::int64_t{-1} << 62);
                           EXPECT_EQ(row.Text(1), text);
                           EXPECT_TRUE(row.IsNull(2));
                           EXPECT_FALSE(row.IsNull(1));
                           EXPECT_EQ(row.Text(2), "");
                         })
                  .ok());
  EXPECT_EQ(rows, 1);
}

TEST_F(SqliteTest, OpensWithWalFullSyncAndForeignKeys) {
  const auto database = Open();
  const auto pragma = [&](const std::string& name) {
    std::string value;
    EXPECT_TRUE(
        database->Each("PRAGMA " + name, {}, [&](const SqliteRow& row) { value = row.Text(0); })
            .ok());
    return value;
  };
  EXPECT_EQ(pragma("journal_mode"), "wal");
  EXPECT_EQ(pragma("synchronous"), "2");
  EXPECT_EQ(pragma("foreign_keys"), "1");
}

TEST_F(SqliteTest, TransactionRollsBackOnError) {
  const auto database = Open();
  ASSERT_TRUE(database->Execute(kSchema).ok());
  const auto insert = [&](const std::string& name) {
    return database->Run("INSERT INTO item (name) VALUES (?)", {name});
  };
  ASSERT_TRUE(database->Transaction([&] { return insert("a"); }).ok());
  const Result<void> done = database->Transaction([&]() -> Result<void> {
    TRY(insert("b"));
    return insert("a");
  });
  EXPECT_EQ(done.error().code(), Errc::kConflict);
  EXPECT_EQ(Count(*database), 1);
}

TEST_F(SqliteTest, TwoConnectionsSeeCommittedRows) {
  const auto writer = Open();
  const auto reader = Open();
  ASSERT_TRUE(writer->Execute(kSchema).ok());
  ASSERT_TRUE(writer->Execute("BEGIN IMMEDIATE; INSERT INTO item (name) VALUES ('a')").ok());
  EXPECT_EQ(Count(*reader), 0);
  ASSERT_TRUE(writer->Execute("COMMIT").ok());
  EXPECT_EQ(Count(*reader), 1);
}

TEST_F(SqliteTest, TranslatesFailures) {
  const auto database = Open();
  EXPECT_EQ(database->Execute("SELECT nothing").error().code(), Errc::kInternal);
  EXPECT_EQ(database->Run("SELECT ?", {}).error().code(), Errc::kInternal);
  EXPECT_EQ(database->Run("", {}).error().code(), Errc::kInternal);
  EXPECT_EQ(SqliteDatabase::Open((home_ / "none" / "x.db").string()).error().code(),
            Errc::kUnavailable);
  std::ofstream(home_ / "text.db") << std::string(4096, 'x');
  EXPECT_EQ(SqliteDatabase::Open((home_ / "text.db").string()).error().code(), Errc::kCorrupt);
}

TEST_F(SqliteTest, OpenExistingCreatesNothing) {
  const auto database = SqliteDatabase::OpenExisting((home_ / "meta.db").string());
  ASSERT_FALSE(database.ok());
  EXPECT_EQ(database.error().code(), Errc::kNotFound);
  EXPECT_TRUE(fs::is_empty(home_));
}

TEST_F(SqliteTest, OpenExistingWritesWhereItMay) {
  ASSERT_TRUE(Open()->Execute(kSchema).ok());
  const auto database = *SqliteDatabase::OpenExisting((home_ / "meta.db").string());
  EXPECT_FALSE(database->is_read_only());
  EXPECT_TRUE(database->Execute("INSERT INTO item VALUES (1, 'a')").ok());
}

}  // namespace
}  // namespace farthing::engine
