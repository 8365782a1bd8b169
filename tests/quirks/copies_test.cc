// One file laid down twice, packed in different ways: no manifest keeps the second out.

#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.h"
#include "tests/kit/lab.h"

namespace farthing::testkit {
namespace {

using namespace std::string_literals;

// What is imported of the inbox, and the notes.
struct Imported {
  std::string cost;
  std::vector<std::string> notes;
};

Imported Import(Lab& lab) {
  const ingest::ImportSummary summary = lab.Import();
  return {lab.Value("sum(unblended_cost)"), summary.notes};
}

bool Mention(const std::vector<std::string>& notes, const std::string& part) {
  return std::any_of(notes.begin(), notes.end(),
                     [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

std::string PathOf(const Lab& lab, const std::string& name) {
  return (lab.inbox() / name).string();
}

std::string BytesOf(const Lab& lab, const std::string& name) {
  return Must(ReadFile(lab.inbox() / name, 1 << 20));
}

// The same member, packed by storing: the trailer is that of the packed one.
std::string Stored(const std::string& text, const std::string& packed) {
  const auto size = static_cast<std::uint16_t>(text.size());
  const auto word = [](std::uint16_t value) {
    return std::string{static_cast<char>(value & 0xff), static_cast<char>(value >> 8)};
  };
  return "\x1f\x8b\x08\0\0\0\0\0\0\xff\x01"s + word(size) +
         word(static_cast<std::uint16_t>(~size)) + text + packed.substr(packed.size() - 8);
}

TEST(CopiesTest, OneBillPackedTwiceUnderTwoNamesCountsOnce) {
  Lab lab;
  const std::string text = Cur1({{"1"}, {"2"}}).Csv();
  lab.WriteGzip("bills/a.csv.gz", text);
  lab.Write("bills/b.csv.gz", Stored(text, BytesOf(lab, "bills/a.csv.gz")));
  const Imported imported = Import(lab);
  EXPECT_EQ(imported.cost, "3");
  EXPECT_TRUE(Mention(imported.notes, "same content as " + PathOf(lab, "bills/a.csv.gz") +
                                          ", not read: " + PathOf(lab, "bills/b.csv.gz")));
}

TEST(CopiesTest, ABillBesideItsUnpackedSelfUnderAnotherNameCountsOnce) {
  Lab lab;
  const std::string text = Cur1({{"1"}, {"2"}}).Csv();
  lab.WriteGzip("bills/x.csv.gz", text);
  lab.Write("bills/y.csv", text);
  const Imported imported = Import(lab);
  EXPECT_EQ(imported.cost, "3");
  EXPECT_TRUE(Mention(imported.notes, "not read: " + PathOf(lab, "bills/y.csv")));
}

TEST(CopiesTest, GzipOfSeveralMembersIsComparedByWhatItUnpacksTo) {
  Lab lab;
  const std::string text = Cur1({{"1"}, {"2"}}).Csv();
  lab.WriteGzip("parts/1.gz", text.substr(0, 100));
  lab.WriteGzip("parts/2.gz", text.substr(100));
  const std::string members = BytesOf(lab, "parts/1.gz") + BytesOf(lab, "parts/2.gz");
  fs::remove_all(lab.inbox() / "parts");
  lab.Write("bills/b.csv.gz", members);
  lab.WriteGzip("bills/a.csv.gz", text);
  EXPECT_EQ(Import(lab).cost, "3");
}

TEST(CopiesTest, FilesOfOneSizeWithOtherContentAllCount) {
  Lab lab;
  lab.WriteGzip("bills/a.csv.gz", Cur1({{"1"}}).Csv());
  lab.WriteGzip("bills/b.csv.gz", Cur1({{"2"}}).Csv());
  lab.Write("bills/c.csv", Cur1({{"4"}}).Csv());
  lab.Write("bills/d.csv", Cur1({{"8"}}).Csv());
  const Imported imported = Import(lab);
  EXPECT_EQ(imported.cost, "15");
  EXPECT_FALSE(Mention(imported.notes, "same content"));
}

}  // namespace
}  // namespace farthing::testkit
