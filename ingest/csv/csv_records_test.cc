#include "ingest/csv/csv_records.h"

#include <gtest/gtest.h>

namespace farthing::ingest {
namespace {

TEST(CsvRecordsTest, FieldsAndSpans) {
  const std::string_view text = "a,\"b,\nb\",c\r\n,,\r\n";
  CsvRecords records;
  records.Split(text, 3);
  ASSERT_EQ(records.count(), 2U);
  EXPECT_EQ(records.Field(0, 0), "a");
  EXPECT_EQ(records.Field(0, 1), "\"b,\nb\"");
  EXPECT_EQ(records.Field(0, 2), "c") << "without the carriage return";
  EXPECT_EQ(records.Span(0, 1, 2), "\"b,\nb\",c");
  EXPECT_EQ(records.Field(1, 0), "");
  EXPECT_EQ(records.Field(1, 2), "");
}

TEST(CsvRecordsTest, RaggedRecordsAreNamedAndBlankLinesAreNot) {
  CsvRecords records;
  records.Split("a,b\n\nc\n\r\nd,e,f\ng,h\n", 2);
  ASSERT_EQ(records.count(), 6U);
  ASSERT_EQ(records.ragged().size(), 2U);
  EXPECT_EQ(records.ragged()[0].record, 2U);
  EXPECT_EQ(records.ragged()[0].field_count, 1U);
  EXPECT_EQ(records.ragged()[1].record, 4U);
  EXPECT_EQ(records.ragged()[1].field_count, 3U);
  EXPECT_TRUE(records.IsWhole(0));
  EXPECT_FALSE(records.IsWhole(1));
  EXPECT_FALSE(records.IsWhole(4));
  EXPECT_EQ(records.Field(5, 1), "h");
}

TEST(CsvRecordsTest, EveryRecordWithBadBytesIsNamedOnce) {
  const std::vector<BadBytes> places = FindBadBytes("a,b\nx\xff,y\xff\n\"q\n\",ok\nu,v\xc3\n");
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0].record, 1U);
  EXPECT_EQ(places[0].field, 0U);
  EXPECT_EQ(places[0].offset, 1U);
  EXPECT_EQ(places[1].record, 3U);
  EXPECT_EQ(places[1].field, 1U);
  EXPECT_EQ(places[1].offset, 3U);
}

}  // namespace
}  // namespace farthing::ingest
