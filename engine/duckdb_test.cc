#include "engine/duckdb.h"

#include <gtest/gtest.h>

namespace farthing::engine {
namespace {

class OverflowTest : public testing::Test {
 protected:
  Overflow Of(const std::string& select) {
    const Result<Table> answer = connection_.Query("SELECT " + select);
    EXPECT_FALSE(answer.ok()) << select;
    return answer.ok() ? Overflow::kNone : OverflowOf(answer.error());
  }
  // Values that are not constants, so that nothing is folded while the statement is prepared.
  std::string Over(const std::string& type, const std::string& value,
                   const std::string& expression) {
    return expression + " FROM (SELECT CAST('" + value + "' AS " + type + ") AS x FROM range(9))";
  }

  std::unique_ptr<Database> database_ = *Database::Open();
  Connection connection_ = *database_->Connect();
  const std::string widest_ = std::string(38, '9');
};

TEST_F(OverflowTest, OfTheWidestDecimalIsTold) {
  for (const char* expression : {"sum(x)", "x + x", "x - (-x)", "x * x",
                                 "CAST(x AS DECIMAL(38,10))", "x + CAST(0.5 AS DECIMAL(38,18))"}) {
    EXPECT_EQ(Of(Over("DECIMAL(38,0)", widest_, expression)), Overflow::kOfWidest) << expression;
  }
  EXPECT_EQ(Of(Over("DOUBLE", "1e40", "CAST(x AS DECIMAL(38,2))")), Overflow::kOfWidest);
  EXPECT_EQ(Of(Over("HUGEINT", widest_, "sum(x)")), Overflow::kOfWidest);
}

TEST_F(OverflowTest, OfNarrowDecimalsIsTold) {
  const std::string narrow = "99999999.9999999999";
  EXPECT_EQ(Of(Over("DECIMAL(18,10)", narrow, "x + x")), Overflow::kOfDecimal);
  EXPECT_EQ(Of(Over("DECIMAL(18,10)", narrow, "x - (-x)")), Overflow::kOfDecimal);
  EXPECT_EQ(Of(Over("DECIMAL(38,0)", widest_, "CAST(x AS DECIMAL(18,10))")), Overflow::kOfDecimal);
  EXPECT_EQ(Of(Over("BIGINT", "12345678901", "CAST(x AS DECIMAL(18,10))")), Overflow::kOfDecimal);
  EXPECT_EQ(Of(Over("DOUBLE", "1e30", "CAST(x AS DECIMAL(18,10))")), Overflow::kOfDecimal);
}

TEST_F(OverflowTest, OtherFailuresAreNone) {
  EXPECT_EQ(Of(Over("VARCHAR", "abc", "CAST(x AS DECIMAL(38,10))")), Overflow::kNone);
  EXPECT_EQ(Of(Over("VARCHAR", "abc", "CAST(x AS TIMESTAMP)")), Overflow::kNone);
  EXPECT_EQ(Of(Over("INTEGER", "300", "CAST(x AS TINYINT)")), Overflow::kNone);
  EXPECT_EQ(Of(Over("BIGINT", "9223372036854775807", "x + 1")), Overflow::kNone);
  EXPECT_EQ(Of("no_such_column"), Overflow::kNone);
}

}  // namespace
}  // namespace farthing::engine
