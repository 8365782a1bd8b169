#include "ingest/csv/bytes.h"

#include <gtest/gtest.h>

#include <array>

#include "ingest/test_files.h"

namespace farthing::ingest {
namespace {

class BytesTest : public testing::Test {
 protected:
  // The whole content, or the error's message; read in pieces of an awkward size.
  static std::string ReadAll(const std::filesystem::path& file, std::size_t piece = 37) {
    Result<std::unique_ptr<ByteSource>> source = OpenBytes(file);
    if (!source.ok()) return "error: " + source.error().message();
    std::string text;
    std::string buffer(piece, '\0');
    for (;;) {
      const Result<std::size_t> count = (*source)->Read(buffer);
      if (!count.ok()) {
        EXPECT_EQ(count.error().code(), Errc::kCorrupt);
        return "error: " + count.error().message();
      }
      if (*count == 0) return text;
      text.append(buffer, 0, *count);
    }
  }
  static std::string LongText() {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919) + ",\n";
    return text;
  }
  TestDirectory directory_;
};

TEST_F(BytesTest, PlainFileIsReadAsItIs) {
  EXPECT_EQ(ReadAll(directory_.Write("a", "x,y\n1,2\n")), "x,y\n1,2\n");
}

TEST_F(BytesTest, GzipIsRecognisedByItsBytesNotItsName) {
  EXPECT_EQ(ReadAll(directory_.Write("a.csv", Gzip("x,y\n"))), "x,y\n");
}

TEST_F(BytesTest, EveryMemberOfAGzipFileCounts) {
  const std::string text = LongText();
  const auto file =
      directory_.Write("a.csv.gz", Gzip("head\n") + Gzip("") + Gzip(text) + Gzip("tail\n"));
  EXPECT_EQ(ReadAll(file, 1), "head\n" + text + "tail\n");
  EXPECT_EQ(ReadAll(file, 1 << 20), "head\n" + text + "tail\n");
}

TEST_F(BytesTest, TheChecksumIsThatOfTheContentHoweverItIsPacked) {
  const std::string text = LongText();
  const Checksum plain = *ChecksumOf(directory_.Write("a", text));
  EXPECT_EQ(plain.size_bytes, text.size());
  WriteZip(directory_.path() / "a.zip", std::vector<ZipEntry>{{"a.csv", text}});
  directory_.Write("a.gz", Gzip(text));
  directory_.Write("dense.gz", GzipDensely(text));
  directory_.Write("zeros.gz", Gzip(text) + std::string(512, '\0'));
  directory_.Write("members.gz", Gzip(text.substr(0, 9)) + Gzip("") + Gzip(text.substr(9)));
  for (const char* name : {"a.zip", "a.gz", "dense.gz", "zeros.gz", "members.gz"})
    EXPECT_EQ(*ChecksumOf(directory_.path() / name), plain) << name;
  const auto stored = [&](const char* name) {
    return (*OpenBytes(directory_.path() / name))->stored_checksum();
  };
  EXPECT_EQ(stored("a.zip"), plain);
  EXPECT_EQ(stored("dense.gz"), plain);
  EXPECT_EQ(stored("a"), std::nullopt);
  EXPECT_EQ(stored("zeros.gz"), std::nullopt);
  EXPECT_EQ(stored("members.gz"), std::nullopt) << "the trailer is that of the last member";
}

TEST_F(BytesTest, AnExcelWorkbookIsNoArchiveToUnpack) {
  const std::vector<ZipEntry> entries = {{"[Content_Types].xml", "<x/>"}, {"xl/a.xml", "<x/>"}};
  const auto file = directory_.path() / "a.xlsx";
  WriteZip(file, entries);
  EXPECT_EQ(ReadAll(file), "error: an Excel workbook, not CSV");
}

TEST_F(BytesTest, GzipCutAnywhereIsTruncatedNeverShorter) {
  const std::string packed = Gzip("some text that packs to a few bytes, some text, some text");
  for (std::size_t length = 3; length < packed.size(); ++length) {
    const std::string got = ReadAll(directory_.Write("cut.gz", packed.substr(0, length)));
    EXPECT_TRUE(got.starts_with("error: ")) << length << ": " << got;
  }
}

TEST_F(BytesTest, GzipCutInASecondMemberIsTruncated) {
  const std::string packed = Gzip("one") + Gzip("two");
  const std::string got = ReadAll(directory_.Write("cut.gz", packed.substr(0, packed.size() - 3)));
  EXPECT_EQ(got, "error: gzip data ends too early: the file is truncated");
}

TEST_F(BytesTest, ChangedGzipByteIsDamage) {
  std::string packed = Gzip(LongText());
  packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x55);
  EXPECT_TRUE(ReadAll(directory_.Write("bad.gz", packed), 4096).starts_with("error: "));
}

TEST_F(BytesTest, AWrongChecksumIsToldWithTheBytesBeforeIt) {
  std::string packed = Gzip("x,y\n");
  packed[packed.size() - 8] = static_cast<char>(packed[packed.size() - 8] ^ 1);
  EXPECT_EQ(ReadAll(directory_.Write("a.gz", packed)),
            "error: damaged gzip data: its checksum is another after 4 unpacked bytes");
}

TEST_F(BytesTest, GarbageAfterAGzipMemberIsDamage) {
  const std::string zeros(700, '\0');
  for (const std::string& rest : {std::string("garbage behind the end"), zeros + "x",
                                  zeros + Gzip("more"), Gzip("more").substr(1)}) {
    for (const std::size_t piece : {1U, 4096U}) {
      EXPECT_EQ(ReadAll(directory_.Write("bad.gz", Gzip("text") + rest), piece),
                "error: something that is no gzip data follows the end of the gzip data");
    }
  }
}

TEST_F(BytesTest, ZerosAfterTheLastGzipMemberFillUpABlock) {
  const std::string text = LongText();
  for (const std::size_t zeros : {1U, 511U, 700'000U}) {
    const auto file =
        directory_.Write("a.gz", Gzip(text) + Gzip("tail") + std::string(zeros, '\0'));
    EXPECT_EQ(ReadAll(file, 4096), text + "tail");
    auto source = *OpenBytes(file);
    std::string buffer(text.size() + 100, '\0');
    while (*source->Read(buffer) > 0) continue;
    EXPECT_EQ(source->note(),
              std::to_string(zeros) + " zero bytes after the end of the gzip data, passed over");
  }
}

TEST_F(BytesTest, EmptyFileIsRefused) {
  EXPECT_EQ(ReadAll(directory_.Write("a.gz", "")), "error: the file is empty (0 bytes)");
}

TEST_F(BytesTest, ZipOfOneEntryIsUnpacked) {
  const std::string text = LongText();
  const std::array entries = {ZipEntry{"bill.csv", text}};
  WriteZip(directory_.path() / "a.zip", entries);
  EXPECT_EQ(ReadAll(directory_.path() / "a.zip"), text);
}

TEST_F(BytesTest, ZipOfTwoEntriesIsRefused) {
  const std::array entries = {ZipEntry{"a.csv", "a"}, ZipEntry{"b.csv", "b"}};
  WriteZip(directory_.path() / "a.zip", entries);
  EXPECT_EQ(ReadAll(directory_.path() / "a.zip"),
            "error: zip archive holds 2 files; AWS writes exactly one CSV into each");
}

TEST_F(BytesTest, WhatMacOsPutsBesideTheFileOfAZipIsNoSecondOne) {
  const std::array entries = {ZipEntry{"bills/", ""}, ZipEntry{"bills/bill.csv", "a,b\n"},
                              ZipEntry{"__MACOSX/bills/._bill.csv", "x"},
                              ZipEntry{"bills/.DS_Store", "x"}};
  WriteZip(directory_.path() / "a.zip", entries);
  EXPECT_EQ(ReadAll(directory_.path() / "a.zip"), "a,b\n");
}

TEST_F(BytesTest, ZipWithoutEntriesIsRefused) {
  std::string bytes("PK\x05\x06", 4);
  bytes.resize(22, '\0');  // an end-of-directory record and nothing else
  EXPECT_TRUE(
      ReadAll(directory_.Write("a.zip", bytes)).starts_with("error: zip archive holds 0 files"));
}

TEST_F(BytesTest, EncryptedZipIsRefusedAsSuch) {
  const std::array entries = {ZipEntry{"bill.csv", "secret"}};
  WriteZip(directory_.path() / "a.zip", entries, "password");
  EXPECT_EQ(ReadAll(directory_.path() / "a.zip"), "error: zip archive is encrypted");
}

TEST_F(BytesTest, TruncatedZipIsRefused) {
  const std::array entries = {ZipEntry{"bill.csv", LongText()}};
  WriteZip(directory_.path() / "a.zip", entries);
  std::filesystem::resize_file(directory_.path() / "a.zip", 500);
  EXPECT_EQ(ReadAll(directory_.path() / "a.zip"), "error: damaged or truncated zip archive");
}

TEST_F(BytesTest, ADecompressionBombStops) {
  std::string packed;
  const std::string member = GzipDensely(std::string(std::size_t{16} << 20, 'a'));
  for (int i = 0; i < 80; ++i) packed += member;
  auto source = *OpenBytes(directory_.Write("bomb.gz", packed));
  std::string buffer(std::size_t{1} << 20, '\0');
  for (std::size_t unpacked = 0;;) {
    const Result<std::size_t> count = source->Read(buffer);
    if (!count.ok()) {
      EXPECT_EQ(count.error().message(),
                "unpacks to more than 300 times its size: a decompression bomb");
      break;
    }
    unpacked += *count;
    ASSERT_GT(*count, 0U) << "read to the end, " << unpacked << " bytes";
  }
}

TEST_F(BytesTest, ParquetIsKnownByItsMagic) {
  EXPECT_TRUE(*IsParquet(directory_.Write("a", "PAR1 and more")));
  EXPECT_FALSE(*IsParquet(directory_.Write("b", "PAR")));
  EXPECT_FALSE(IsParquet(directory_.path() / "absent").ok());
}

}  // namespace
}  // namespace farthing::ingest
