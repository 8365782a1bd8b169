#include "ingest/csv/csv_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ingest/test_files.h"

namespace farthing::ingest {
namespace {

struct Piece {
  std::int64_t first_row = 0;
  std::string text;
};

class CsvBlocksTest : public testing::Test {
 protected:
  // The blocks of each file in order of their rows, or the error's message.
  Result<std::vector<std::vector<Piece>>> ReadAll(std::vector<std::filesystem::path> files,
                                                  int threads) {
    std::vector<std::vector<Piece>> pieces(files.size());
    BlockReader reader(std::move(files), threads);
    for (;;) {
      TRY_ASSIGN(std::optional<TextBlock> block, reader.Next());
      if (!block) break;
      pieces[static_cast<std::size_t>(block->file)].push_back(
          {block->first_row, std::string(block->text())});
      reader.Recycle(*std::move(block));
    }
    for (auto& file : pieces) {
      std::sort(file.begin(), file.end(),
                [](const Piece& a, const Piece& b) { return a.first_row < b.first_row; });
    }
    return pieces;
  }

  std::string Joined(const std::vector<Piece>& pieces) {
    std::string text;
    std::int64_t rows = 1;
    for (const Piece& piece : pieces) {
      EXPECT_EQ(piece.first_row, rows) << "blocks are numbered by their records";
      EXPECT_TRUE(piece.text.ends_with('\n'));
      bool quoted = false;
      for (const char c : piece.text) {
        if (c == '"') quoted = !quoted;
        if (c == '\n' && !quoted) ++rows;
      }
      text += piece.text;
    }
    return text;
  }

  std::string ErrorOf(const std::string& bytes) {
    const auto read = ReadAll({directory_.Write("bad.csv", bytes)}, 1);
    if (read.ok()) return "no error";
    const std::string& message = read.error().message();
    const std::string folder = directory_.path().string() + "/";  // an error names the whole path
    return message.starts_with(folder) ? message.substr(folder.size()) : "no path: " + message;
  }
  std::string HeaderErrorOf(const std::string& bytes) {
    const auto header = ReadCsvHeader(directory_.Write("bad.csv", bytes));
    return header.ok() ? "no error" : header.error().message();
  }

  TestDirectory directory_;
};

// About `bytes` of records of very different lengths, some with line feeds in quotes.
std::string Records(std::size_t bytes, unsigned salt) {
  std::string text;
  for (unsigned i = salt; text.size() < bytes; ++i) {
    text += std::to_string(i) + ",\"" +
            std::string(i * 2654435761U % 997, i % 3 == 0 ? '\n' : 'x') + "\"\n";
  }
  return text;
}

TEST_F(CsvBlocksTest, TinyFilesLoseNothing) {
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < 50; ++i) {
    files.push_back(directory_.Write(std::to_string(i),
                                     "h\n" + std::string(static_cast<std::size_t>(i), 'x') + "\n"));
  }
  const auto pieces = ReadAll(files, 4);
  ASSERT_TRUE(pieces.ok());
  for (std::size_t i = 0; i < files.size(); ++i)
    EXPECT_EQ(Joined((*pieces)[i]), std::string(i, 'x') + "\n");
}

TEST_F(CsvBlocksTest, RecordsThatStraddleBlocksStayWhole) {
  const std::string one = Records(7'000'000, 1);
  const std::string two = Records(5'000'001, 2);
  const std::vector<std::filesystem::path> files = {
      directory_.Write("1", "n,text\n" + one), directory_.Write("2.gz", Gzip("n,text\n" + two))};
  for (const int threads : {1, 3}) {
    const auto pieces = ReadAll(files, threads);
    ASSERT_TRUE(pieces.ok());
    EXPECT_GT((*pieces)[0].size(), 2U);
    EXPECT_EQ(Joined((*pieces)[0]), one);
    EXPECT_EQ(Joined((*pieces)[1]), two);
  }
}

TEST_F(CsvBlocksTest, ARecordMayBeLongerThanABlock) {
  const std::string text =
      "a,b\n" + std::string("1,\"") + std::string(5'000'000, '\n') + "\"\n2,x\n";
  const auto pieces = ReadAll({directory_.Write("long", "n,text\n" + text)}, 1);
  ASSERT_TRUE(pieces.ok());
  EXPECT_EQ(Joined((*pieces)[0]), text);
}

TEST_F(CsvBlocksTest, LastRecordMayLackItsLineFeed) {
  const auto pieces = ReadAll({directory_.Write("a", "h\n1\n2")}, 1);
  ASSERT_TRUE(pieces.ok());
  EXPECT_EQ(Joined((*pieces)[0]), "1\n2\n");
}

TEST_F(CsvBlocksTest, HeaderAloneGivesNoRecords) {
  const auto pieces = ReadAll({directory_.Write("a", "h\n"), directory_.Write("b", "h")}, 1);
  ASSERT_TRUE(pieces.ok());
  EXPECT_TRUE((*pieces)[0].empty());
  EXPECT_TRUE((*pieces)[1].empty());
}

TEST_F(CsvBlocksTest, AHeaderWithALineFeedInQuotesIsOneRecord) {
  const auto file = directory_.Write("a", "\xef\xbb\xbf\"tag\none\",b\r\n1,2\r\n");
  const auto header = ReadCsvHeader(file);
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(*header, (std::vector<std::string>{"tag\none", "b"}));
  const auto pieces = ReadAll({file}, 1);
  ASSERT_TRUE(pieces.ok());
  EXPECT_EQ(Joined((*pieces)[0]), "1,2\r\n");
}

TEST_F(CsvBlocksTest, WhatIsNoCsvIsRefusedForWhatItIs) {
  const std::string not_csv = "not CSV, the content is ";
  EXPECT_EQ(HeaderErrorOf(Gzip(Gzip("a,b\n"))), not_csv + "packed twice with gzip");
  EXPECT_EQ(HeaderErrorOf("BZh91AY&SY\"\x1"), not_csv + "packed with bzip2");
  EXPECT_EQ(HeaderErrorOf("\x28\xb5\x2f\xfd\x04"), not_csv + "packed with zstd");
  EXPECT_EQ(HeaderErrorOf("\xff\xfe" + std::string("a\0,\0", 4)), not_csv + "UTF-16 text");
  EXPECT_EQ(HeaderErrorOf(std::string("a\0,\0b\0\n\0", 8)), not_csv + "UTF-16 text");
  EXPECT_EQ(
      HeaderErrorOf(Gzip("a.csv" + std::string(252, '\0') + "ustar\0" + std::string(249, '\0'))),
      not_csv + "a tar archive");
  EXPECT_EQ(HeaderErrorOf("<?xml version=\"1.0\"?><Error/>"), not_csv + "HTML or XML");
  EXPECT_EQ(HeaderErrorOf("a;b\n1;2\n"), "the header row is separated by semicolons");
  EXPECT_EQ(HeaderErrorOf("a\tb\n1\t2\n"), "the header row is separated by tabs");
  EXPECT_EQ(HeaderErrorOf("a,b\r1,2\r"),
            "the header row is ended by a carriage return without a line feed");
  EXPECT_EQ(HeaderErrorOf("sep=,\na,b\n"), "the header row is a spreadsheet's sep= line");
  EXPECT_EQ(HeaderErrorOf("\"a;b\",c\r\n"), "no error");
}

TEST_F(CsvBlocksTest, FileThatEndsInsideQuotesIsTruncated) {
  EXPECT_EQ(ErrorOf("h,i\n1,2\n3,\"open"),
            "bad.csv: row 2, column i: the file ends inside a quoted field; it is truncated");
}

TEST_F(CsvBlocksTest, RecordWithoutEndIsRefusedBeforeItFillsTheMemory) {
  const auto read =
      ReadAll({directory_.Write("bad.csv", "h,i\n1,\"" + std::string(40'000'000, 'x'))}, 1);
  ASSERT_FALSE(read.ok());
  EXPECT_TRUE(
      read.error().message().ends_with("bad.csv: row 1, column i: no end of record within 32 MiB"))
      << read.error().message();
  EXPECT_NE(read.error().hint().find("never closed"), std::string::npos);
  EXPECT_EQ(HeaderErrorOf("h,\"" + std::string(40'000'000, 'x')),
            "the header row: no end of record within 32 MiB");
}

TEST_F(CsvBlocksTest, ZerosThatFillUpAGzipFileAreNoted) {
  const std::string text = Records(3'000'000, 1);
  BlockReader reader(
      {directory_.Write("tape.csv.gz", Gzip("n,text\n" + text) + std::string(512, '\0')),
       directory_.Write("plain.csv", "n,text\n1,2\n")},
      2);
  std::size_t size = 0;
  for (;;) {
    const auto block = reader.Next();
    ASSERT_TRUE(block.ok()) << block.error().message();
    if (!*block) break;
    size += (*block)->text().size();
  }
  EXPECT_EQ(size, text.size() + 4);
  EXPECT_EQ(reader.notes(),
            (std::vector<std::string>{
                "tape.csv.gz: 512 zero bytes after the end of the gzip data, passed over"}));
}

TEST_F(CsvBlocksTest, OneBadFileAmongManyIsNamed) {
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < 6; ++i)
    files.push_back(directory_.Write("f" + std::to_string(i), "h\n" + Records(3'000'000, 5)));
  files[4] = directory_.Write("f4", Gzip("h\n" + Records(3'000'000, 5)).substr(0, 5000));
  const auto read = ReadAll(files, 2);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code(), Errc::kCorrupt);
  EXPECT_TRUE(read.error().message().find("/f4: gzip data ends too early") != std::string::npos)
      << read.error().message();
}

TEST_F(CsvBlocksTest, ReaderMayBeDroppedHalfway) {
  const auto file = directory_.Write("a", "h\n" + Records(40'000'000, 1));
  BlockReader reader({file, file}, 2);
  ASSERT_TRUE(reader.Next().ok());
}

}  // namespace
}  // namespace farthing::ingest
