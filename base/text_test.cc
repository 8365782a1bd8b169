#include "base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace farthing {
namespace {

using Words = std::vector<std::string>;

TEST(TextTest, LowersOnlyAscii) { EXPECT_EQ(ToLower("AbZ_ÄÖ9"), "abz_ÄÖ9"); }

TEST(TextTest, TrimsSpacesAndTabs) {
  EXPECT_EQ(Trim(" \ta b\t "), "a b");
  EXPECT_EQ(Trim(" \t"), "");
  EXPECT_EQ(Trim(""), "");
  EXPECT_EQ(Trim("\n"), "\n");
}

TEST(TextTest, SplitKeepsEmptyParts) {
  EXPECT_EQ(Split("a,,b", ','), (Words{"a", "", "b"}));
  EXPECT_EQ(Split("", ','), (Words{""}));
  EXPECT_EQ(Split(",", ','), (Words{"", ""}));
}

RC_GTEST_PROP(TextProperty, JoinUndoesSplit, (const std::string& text)) {
  RC_ASSERT(Join(Split(text, 'a'), "a") == text);
}

TEST(TextTest, JoinsNothingAndRepeatedParts) {
  EXPECT_EQ(Join({}, ", "), "");
  EXPECT_EQ(Join({"a", "a", "a"}, ", "), "a, a, a");
}

TEST(TextTest, ComparesWithoutCase) {
  EXPECT_TRUE(EqualsIgnoreCase("Tags/User", "tags/uSER"));
  EXPECT_FALSE(EqualsIgnoreCase("a", "ab"));
  EXPECT_TRUE(StartsWithIgnoreCase("ResourceTags/x", "resourcetags/"));
  EXPECT_FALSE(StartsWithIgnoreCase("Res", "resource"));
}

TEST(Utf8Test, AcceptsEveryLength) {
  EXPECT_EQ(FindInvalidUtf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x92\xB8"), std::string_view::npos);
  EXPECT_EQ(FindInvalidUtf8(""), std::string_view::npos);
  EXPECT_EQ(FindInvalidUtf8("\xF4\x8F\xBF\xBF"), std::string_view::npos);  // U+10FFFF
}

TEST(Utf8Test, FindsTheFirstBadByte) {
  EXPECT_EQ(FindInvalidUtf8("ab\x80"), 2u);            // a continuation without a start
  EXPECT_EQ(FindInvalidUtf8("\xC0\xAF"), 0u);          // overlong
  EXPECT_EQ(FindInvalidUtf8("\xE0\x80\x80"), 0u);      // overlong
  EXPECT_EQ(FindInvalidUtf8("\xED\xA0\x80"), 0u);      // surrogate
  EXPECT_EQ(FindInvalidUtf8("\xF4\x90\x80\x80"), 0u);  // above U+10FFFF
  EXPECT_EQ(FindInvalidUtf8("a\xE2\x82"), 1u);         // cut short
  EXPECT_EQ(FindInvalidUtf8("\xF5\x80\x80\x80"), 0u);
}

TEST(Utf8Test, ReplacesEachBadByte) {
  EXPECT_EQ(ReplaceInvalidUtf8("a\xFF\xFE"
                               "b"),
            "a\xEF\xBF\xBD\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(ReplaceInvalidUtf8("\xC3\xA9"), "\xC3\xA9");
}

TEST(Utf8Test, FindsABadByteAnywhereInALongText) {
  for (std::size_t at = 0; at < 40; ++at) {
    std::string text(40, 'a');
    text[at] = '\x80';
    EXPECT_EQ(FindInvalidUtf8(text), at);
  }
}

RC_GTEST_PROP(Utf8Property, ReplacingGivesValidText, (const std::string& bytes)) {
  const std::string clean = ReplaceInvalidUtf8(bytes);
  RC_ASSERT(FindInvalidUtf8(clean) == std::string_view::npos);
  RC_ASSERT((FindInvalidUtf8(bytes) != std::string_view::npos) || clean == bytes);
}

TEST(ClosestWordsTest, SuggestsTypingMistakesNearestFirst) {
  const Words known = {"service", "region", "account", "usage_type", "unblended", "amortized"};
  EXPECT_EQ(ClosestWords("servcie", known), (Words{"service"}));
  EXPECT_EQ(ClosestWords("REGOIN", known), (Words{"region"}));
  EXPECT_EQ(ClosestWords("usage", known), (Words{"usage_type"}));
  EXPECT_EQ(ClosestWords("xyzzy", known), Words{});
  EXPECT_EQ(ClosestWords("", known), Words{});
}

TEST(ClosestWordsTest, StopsAtThree) {
  EXPECT_EQ(ClosestWords("tag", {"tag1", "tag4", "tag3", "tag2"}), (Words{"tag1", "tag2", "tag3"}));
}

TEST(UlidTest, HasTheShapeOfTheSpecification) {
  const std::string ulid = NewUlid();
  EXPECT_EQ(ulid.size(), 26u);
  EXPECT_EQ(ulid.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), std::string::npos);
  EXPECT_EQ(ulid.substr(0, 2), "01");  // until the year 2039
}

TEST(UlidTest, SortsInTheOrderOfMaking) {
  std::string previous = NewUlid();
  for (int i = 0; i < 10'000; ++i) {
    std::string next = NewUlid();
    ASSERT_LT(previous, next);
    previous = std::move(next);
  }
}

TEST(UlidTest, NeverRepeatsAcrossThreads) {
  std::vector<Words> made(4);
  {
    std::vector<std::jthread> threads;
    for (Words& mine : made) {
      threads.emplace_back([&mine] {
        for (int i = 0; i < 2'000; ++i) mine.push_back(NewUlid());
      });
    }
  }
  std::set<std::string> all;
  for (const Words& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 8'000u);
}

}  // namespace
}  // namespace farthing
