#include "ingest/mapping/json_map.h"

#include <gtest/gtest.h>

namespace farthing::ingest {
namespace {

// The members as key=text, numbers marked with #.
std::string Read(std::string_view text) {
  const auto members = ReadJsonMap(text);
  if (!members) return "no map";
  std::string all;
  for (const JsonMember& member : *members) {
    all += (all.empty() ? "" : " ") + member.key + (member.is_number ? "#" : "=") + member.text;
  }
  return all;
}

TEST(JsonMapTest, NumbersKeepTheirDigits) {
  EXPECT_EQ(
      Read(R"({"a": -1234567890.1234567891, "b":1.50,"c" : 1E-12 , "d":12345678901234567890123})"),
      "a#-1234567890.1234567891 b#1.50 c#1E-12 d#12345678901234567890123");
  EXPECT_EQ(Read(R"({"a": {"k": [1.50, "x y"]}, "b": true})"), R"(a={"k":[1.50,"x y"]} b=true)");
}

TEST(JsonMapTest, StringsSayWhatTheySay) {
  EXPECT_EQ(Read(R"({"a\"b": "x, {y}: \u00e9\ud83d\ude80\\", "n": "1.50"})"),
            "a\"b=x, {y}: é🚀\\ n=1.50");
}

TEST(JsonMapTest, EmptyAndNullAreAbsent_TheLastOfEqualKeysCounts) {
  EXPECT_EQ(Read(R"({})"), "");
  EXPECT_EQ(Read(R"({"a": "", "b": null, "c": "1", "c": "2", "": "e"})"), "c=2 =e");
}

TEST(JsonMapTest, PairsAndMissingBraces) {
  EXPECT_EQ(Read(R"([{"key": "a", "value": 1.0}, {"Value": "y", "Key": "b"}])"), "a#1.0 b=y");
  EXPECT_EQ(Read(R"([])"), "");
  EXPECT_EQ(Read(R"("a": "b", "c": 1)"), "a=b c#1");
  for (const char* text :
       {R"([1])", R"([{"key": "a"}])", R"([{"key": 1, "value": 2}])", R"("a")", "1", "{bad", "",
        R"([{"key": "a", "value": 1}, {"key": "a", "value": 2}])",
        R"([{"key": "a", "key": "b"}])"}) {
    EXPECT_EQ(Read(text), "no map") << text;
  }
}

}  // namespace
}  // namespace farthing::ingest
