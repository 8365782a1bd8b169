#include "ingest/mapping/scaled_function.h"

#include <gtest/gtest.h>

#include <random>

#include "base/decimal.h"
#include "engine/duckdb.h"

namespace farthing::ingest {
namespace {

TEST(ScaledFunctionTest, MultiplyDivideCutsOffTowardsZero) {
  EXPECT_TRUE(MultiplyDivide(10, 2, 3) == 6);
  EXPECT_TRUE(MultiplyDivide(-10, 2, 3) == -6);
  EXPECT_TRUE(MultiplyDivide(10, -2, -3) == 6);
  EXPECT_TRUE(MultiplyDivide(0, 5, 7) == 0);
}

TEST(ScaledFunctionTest, ProductsMayPass128Bits) {
  const int128 large = PowerOfTen(37);
  EXPECT_TRUE(MultiplyDivide(large, large, large) == large);
  EXPECT_TRUE(MultiplyDivide(-large, 94, 100) == -94 * PowerOfTen(35));
  std::mt19937_64 random(3);
  for (int i = 0; i < 10'000; ++i) {
    const int128 a = static_cast<int128>(random()) * static_cast<int128>(random() >> 4);
    const int128 b = static_cast<int128>(random() >> 1);
    EXPECT_TRUE(MultiplyDivide(a, b, b) == a);
  }
}

std::string Ask(DecimalType type, const std::string& arguments) {
  auto database = *engine::Database::Open({.threads = 1});
  auto connection = *database->Connect();
  EXPECT_TRUE(RegisterScaled(connection.raw(), type).ok());
  const auto table = connection.Query("SELECT scaled(" + arguments + ")");
  return table.ok() ? table->rows[0][0].value_or("NULL") : table.error().message();
}

TEST(ScaledFunctionTest, WorksForBothWidths) {
  for (const DecimalType type : {DecimalType{18, 10}, DecimalType{38, 20}}) {
    EXPECT_EQ(Ask(type, "10.5, 94, 100"), "9.87");
    EXPECT_EQ(Ask(type, "-10.5, 94, 100"), "-9.87");
    EXPECT_EQ(Ask(type, "10, 1, 0"), "NULL");
    EXPECT_EQ(Ask(type, "NULL, 1, 2"), "NULL");
    EXPECT_EQ(Ask(type, "1, NULL, 2"), "NULL");
    EXPECT_EQ(Ask(type, "1, 2, NULL"), "NULL");
  }
  EXPECT_EQ(Ask({18, 10}, "1, 1, 3"), "0.3333333333");
  EXPECT_EQ(Ask({38, 20}, "1, 1, 3"), "0.33333333333333333333");
}

}  // namespace
}  // namespace farthing::ingest
