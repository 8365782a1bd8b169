#include "ingest/csv/csv_scan.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <random>

namespace farthing::ingest {
namespace {

// One byte after the other, as RFC 4180 is written.
struct NaiveScan {
  RecordScan scan;
  std::vector<std::uint32_t> separators;
};

NaiveScan Naive(std::string_view text) {
  NaiveScan naive;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') naive.scan.inside_quotes = !naive.scan.inside_quotes;
    if (naive.scan.inside_quotes) continue;
    if (text[i] == ',' || text[i] == '\n')
      naive.separators.push_back(static_cast<std::uint32_t>(i));
    if (text[i] == '\n') {
      naive.scan.end = i + 1;
      ++naive.scan.records;
    }
  }
  return naive;
}

void ExpectSame(const std::string& text) {
  const NaiveScan naive = Naive(text);
  const RecordScan scan = ScanRecords(text);
  std::vector<std::uint32_t> separators;
  FindSeparators(text, separators);
  ASSERT_EQ(scan.end, naive.scan.end) << text;
  ASSERT_EQ(scan.records, naive.scan.records) << text;
  ASSERT_EQ(scan.inside_quotes, naive.scan.inside_quotes) << text;
  ASSERT_EQ(separators, naive.separators) << text;
}

TEST(CsvScanTest, AgreesWithANaiveSplitterOnRandomText) {
  std::mt19937 random(1);  // the same texts at every run
  constexpr std::string_view kBytes = "ab,\n\"\",\n\"x\r\xc3\xa9 ";
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 300, ' ');
    for (char& c : text) c = kBytes[random() % kBytes.size()];
    ExpectSame(text);
  }
}

TEST(CsvScanTest, QuotedFieldsMayCrossEveryBorderOf64Bytes) {
  for (std::size_t before = 0; before < 140; ++before) {
    for (const char* field :
         {"\"a,b\nc\"", "\"\"", "\"say \"\"yes\"\"\"", "\"\"\"\"", "\"\n\n\n\""}) {
      ExpectSame(std::string(before, 'x') + "," + field + ",y\nz," + field + "\n");
    }
  }
}

TEST(CsvScanTest, LongQuotedFieldStaysOneField) {
  ExpectSame("a,\"" + std::string(1000, '\n') + "\"," + std::string(1000, ',') + "\n");
}

TEST(CsvScanTest, EmptyTextHasNoRecords) {
  ExpectSame("");
  ExpectSame("no line feed");
  ExpectSame("\n");
}

// Quotes as CSV writers do; the opposite of Unquote.
std::string Quote(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

TEST(CsvScanTest, UnquoteUndoesQuoting) {
  EXPECT_TRUE(rc::check("Unquote(Quote(text)) == text", [](const std::string& text) {
    std::string scratch;
    RC_ASSERT(Unquote(Quote(text), scratch) == text);
  }));
}

TEST(CsvScanTest, UnquoteLeavesOtherTextAlone) {
  std::string scratch;
  EXPECT_EQ(Unquote("plain", scratch), "plain");
  EXPECT_EQ(Unquote("", scratch), "");
  EXPECT_EQ(Unquote("\"", scratch), "\"");
  EXPECT_EQ(Unquote("\"\"", scratch), "");
}

}  // namespace
}  // namespace farthing::ingest
