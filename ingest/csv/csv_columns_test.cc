#include "ingest/csv/csv_columns.h"

#include <gtest/gtest.h>

#include "engine/duckdb_values.h"
#include "ingest/mapping/duckdb_functions.h"

namespace farthing::ingest {
namespace {

using Texts = std::vector<std::string_view>;

// A chunk with one column.
class Chunk {
 public:
  explicit Chunk(const LogicalType& type) {
    duckdb_logical_type types[] = {type.get()};
    chunk_ = duckdb_create_data_chunk(types, 1);
  }
  ~Chunk() { duckdb_destroy_data_chunk(&chunk_); }
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;

  duckdb_vector vector() const { return duckdb_data_chunk_get_vector(chunk_, 0); }
  std::vector<std::string> Rows(std::size_t count) const {
    duckdb_data_chunk_set_size(chunk_, count);
    const engine::ChunkReader reader(chunk_);
    std::vector<std::string> rows;
    for (idx_t i = 0; i < count; ++i) rows.push_back(reader.Text(0, i).value_or("null"));
    return rows;
  }

 private:
  duckdb_data_chunk chunk_;
};

using Rows = std::vector<std::string>;

TEST(CsvColumnsTest, Text) {
  const Chunk chunk{LogicalType(DUCKDB_TYPE_VARCHAR)};
  const Texts cells{"short", "", "longer than twelve bytes"};
  EXPECT_TRUE(TextColumn().Fill(cells, chunk.vector()).empty());
  EXPECT_EQ(chunk.Rows(3), (Rows{"short", "null", "longer than twelve bytes"}));
}

TEST(CsvColumnsTest, Times) {
  const Chunk chunk{LogicalType(DUCKDB_TYPE_TIMESTAMP)};
  const Texts cells{"2026-01-31T23:00:00Z", "", "yesterday", "2026-01-31T23:00:00Z"};
  TimeColumn column;
  const std::vector<BadCell> bad = column.Fill(cells, chunk.vector());
  ASSERT_EQ(bad.size(), 1U);
  EXPECT_EQ(bad[0].index, 2U);
  const Rows rows = chunk.Rows(4);
  EXPECT_EQ(rows[0], "2026-01-31 23:00:00");
  EXPECT_EQ(rows[1], "null");
  EXPECT_EQ(rows[3], rows[0]);
}

TEST(CsvColumnsTest, AmountsAreAddedUpWhenKept) {
  const Chunk chunk{LogicalType::Decimal(DecimalType{})};
  AmountColumn column(SourceKind::kAmount, DecimalType{});
  EXPECT_TRUE(column.Fill(Texts{"1.5", "", "-0.0000000001", "1E-3"}, chunk.vector()).empty());
  EXPECT_EQ(chunk.Rows(4), (Rows{"1.5", "0", "-0.0000000001", "0.001"}));
  EXPECT_EQ(column.total(), 0) << "not yet kept";
  EXPECT_TRUE(column.Keep());
  EXPECT_EQ(column.total(), 15'009'999'999);
}

TEST(CsvColumnsTest, AnAmountThatIsNoNumberIsBadAReferencePriceUnknown) {
  const Chunk chunk{LogicalType::Decimal(DecimalType{})};
  AmountColumn amount(SourceKind::kAmount, DecimalType{});
  EXPECT_EQ(amount.Fill(Texts{"1", "much"}, chunk.vector()).size(), 1U);

  const Chunk prices{LogicalType::Decimal(DecimalType{})};
  AmountColumn price(SourceKind::kReference, DecimalType{});
  EXPECT_TRUE(price.Fill(Texts{"1", "much", "more"}, prices.vector()).empty());
  EXPECT_EQ(prices.Rows(3), (Rows{"1", "null", "null"}));
  EXPECT_TRUE(price.Keep());
  EXPECT_EQ(price.unknown_count(), 2);
  EXPECT_EQ(price.first_unknown(), "much");
}

TEST(CsvColumnsTest, AbsentNetAmountsAreNull) {
  const Chunk chunk{LogicalType::Decimal(DecimalType{})};
  AmountColumn column(SourceKind::kNetAmount, DecimalType{});
  EXPECT_TRUE(column.Fill(Texts{"", "None", "0"}, chunk.vector()).empty());
  EXPECT_EQ(chunk.Rows(3), (Rows{"null", "null", "0"}));
}

TEST(CsvColumnsTest, WhatDoesNotFitIsAMisfit) {
  const Chunk chunk{LogicalType::Decimal(DecimalType{})};
  AmountColumn column(SourceKind::kAmount, DecimalType{});
  EXPECT_TRUE(column.Fill(Texts{"123456789012.5", "0.00000000000125"}, chunk.vector()).empty());
  ASSERT_TRUE(column.misfit());
  EXPECT_EQ(column.misfit()->integer_digits, 12);
  EXPECT_EQ(column.misfit()->scale, 14);
}

TEST(CsvColumnsTest, ASumBeyond38DigitsIsNotKept) {
  const DecimalType wide{kWideWidth, 0};
  const Chunk chunk{LogicalType::Decimal(wide)};
  AmountColumn column(SourceKind::kAmount, wide);
  const std::string most(38, '9');
  EXPECT_TRUE(column.Fill(Texts{most}, chunk.vector()).empty());
  EXPECT_TRUE(column.Keep());
  EXPECT_TRUE(column.Fill(Texts{most}, chunk.vector()).empty());
  EXPECT_FALSE(column.Keep());
}

}  // namespace
}  // namespace farthing::ingest
