#include "ingest/parquet/parquet_functions.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <random>

#include "base/decimal.h"
#include "engine/duckdb.h"
#include "ingest/test_files.h"

namespace farthing::ingest {
namespace {

std::string TextOf(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

class AmountConverterTest : public testing::Test {
 protected:
  AmountConverterTest()
      : database_(*engine::Database::Open({.threads = 1})), connection_(*database_->Connect()) {}

  // What the converter makes of each double.
  std::vector<std::string> Convert(AmountConverter& converter, const std::vector<double>& values) {
    EXPECT_TRUE(converter.Register(connection_.raw()).ok());
    std::string list;
    for (const double value : values)
      list += (list.empty() ? "" : ", ") + ("'" + TextOf(value) + "'::DOUBLE");
    const auto table = connection_.Query("SELECT " + converter.function_name() +
                                         "_double(unnest([" + list + "]))");
    EXPECT_TRUE(table.ok()) << table.error().message();
    std::vector<std::string> texts;
    for (const auto& row : table->rows) texts.push_back(row[0].value_or("NULL"));
    return texts;
  }

  // Both ways of conversion have to give the same decimals.
  void ExpectLikeFromDouble(const std::vector<double>& values) {
    static int number = 0;
    AmountConverter converter("amount_" + std::to_string(++number), "cost", {38, 18});
    const std::vector<std::string> got = Convert(converter, values);
    ASSERT_EQ(got.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Result<Decimal> exact = FromDouble(values[i]);
      ASSERT_TRUE(exact.ok());
      if (exact->scale > 18) continue;  // a misfit, read again with a wider type
      ASSERT_EQ(got[i], ToString(*exact)) << TextOf(values[i]);
    }
  }

  std::unique_ptr<engine::Database> database_;
  engine::Connection connection_;
};

TEST_F(AmountConverterTest, FastPathAgreesWithFromDoubleOnDecimals) {
  std::mt19937_64 random(11);
  for (int digits = 1; digits <= 16; ++digits) {
    std::vector<double> values;
    for (int i = 0; i < 1000; ++i) {
      const auto units =
          static_cast<double>(random() % static_cast<std::uint64_t>(PowerOfTen(digits)));
      values.push_back(units / std::pow(10.0, static_cast<double>(random() % 12)));
      values.push_back(-values.back());
    }
    ExpectLikeFromDouble(values);
  }
}

TEST_F(AmountConverterTest, FastPathAgreesWithFromDoubleOnAnyBits) {
  std::mt19937_64 random(12);
  for (int exponent = -40; exponent <= 40; ++exponent) {
    std::vector<double> values;
    for (int i = 0; i < 400; ++i) {
      values.push_back(
          std::ldexp(1.0 + static_cast<double>(random() >> 12) / 4503599627370496.0, exponent));
    }
    ExpectLikeFromDouble(values);
  }
}

TEST_F(AmountConverterTest, FastPathAgreesWithFromDoubleBetween2To19And2To20) {
  std::mt19937_64 random(13);  // here doubles lie further apart than ten decimals
  std::vector<double> values;
  for (int i = 0; i < 40'000; ++i) {
    values.push_back(524288.0 + static_cast<double>(random() % 5242880000000000) / 1e10);
    values.push_back(524288.0 + static_cast<double>(random() % 524288000000000) / 1e9);
  }
  ExpectLikeFromDouble(values);
}

TEST_F(AmountConverterTest, SignsZerosAndNulls) {
  AmountConverter converter("amount", "cost", {18, 10});
  EXPECT_EQ(Convert(converter, {0.0, -0.0, -1.5, 4.47e-7}),
            (std::vector<std::string>{"0", "0", "-1.5", "0.000000447"}));
  EXPECT_EQ(connection_
                .Query("SELECT amount_double(NULL), amount_text(NULL), amount_text(''), "
                       "amount_text(' 1e2 ')")
                ->rows[0],
            (engine::Connection::Row{std::nullopt, std::nullopt, std::nullopt, "100"}));
  EXPECT_FALSE(converter.has_misfit());
  EXPECT_EQ(converter.bad_value(), "");
}

TEST_F(AmountConverterTest, ValuesThatDoNotFitAreMeasured) {
  AmountConverter converter("amount", "cost", {18, 10});
  Convert(converter, {123456789012.0, 1e-17});
  EXPECT_TRUE(converter.has_misfit());
  EXPECT_EQ(*TypeFor(converter.need()), (DecimalType{38, 17}));
}

TEST_F(AmountConverterTest, NotANumberIsKeptAsBadValue) {
  AmountConverter nan("amount_a", "cost", {18, 10});
  Convert(nan, {1.0, std::nan("")});
  EXPECT_EQ(nan.bad_value(), "nan");
  AmountConverter text("amount_b", "cost", {18, 10});
  ASSERT_TRUE(text.Register(connection_.raw()).ok());
  ASSERT_TRUE(connection_.Query("SELECT amount_b_text('12,50')").ok());
  EXPECT_EQ(text.bad_value(), "12,50");
}

TEST(SetNumbererTest, TextMapsAndNullsBecomeEntries) {
  const TestDirectory directory;
  auto interner = *SetInterner::Create(directory.path() / "sets.jsonl", 1 << 20);
  using Use = ColumnRole::Use;
  SetNumberer numberer("numbered",
                       {{{Use::kTag, "user:team"}, {}},
                        {{Use::kTagMap, ""}, {}},
                        {{Use::kAttributeMap, "discount_"}, {"edp"}}},
                       *interner);
  auto database = *engine::Database::Open({.threads = 1});
  auto connection = *database->Connect();
  ASSERT_TRUE(numberer.Register(connection.raw()).ok());
  const auto number = [&](const std::string& arguments) {
    const auto table = connection.Query("SELECT numbered(" + arguments + ")");
    return table.ok() ? table->rows[0][0].value_or("NULL") : table.error().message();
  };
  EXPECT_EQ(number("'a', MAP {'user_env': 'prod'}, MAP {'edp': 1.5::DOUBLE}"), "0");
  EXPECT_EQ(number("'a', MAP {'user_env': 'prod'}, MAP {'edp': 2.5::DOUBLE}"), "0")
      << "edp is a column of its own";
  EXPECT_EQ(number("NULL, MAP {'user_env': 'prod'}, MAP {'sp': 0.1::DOUBLE}"), "1");
  EXPECT_EQ(number("'', MAP {'user_env': 'prod'}, MAP {'sp': 0.1::DOUBLE}"), "1")
      << "empty text is absent";
  EXPECT_EQ(number("NULL, NULL::MAP(VARCHAR, VARCHAR), NULL::MAP(VARCHAR, DOUBLE)"), "2");
  EXPECT_EQ(interner->keys().at("tags"), (std::set<std::string>{"user:team", "user_env"}));
  EXPECT_EQ(interner->keys().at("attributes"), (std::set<std::string>{"discount_sp"}));
}

}  // namespace
}  // namespace farthing::ingest
