#include "base/shell_words.h"

#include <gtest/gtest.h>

namespace farthing {
namespace {

using Words = std::vector<std::string>;

TEST(SplitWordsTest, SplitsAsSh) {
  EXPECT_EQ(*SplitWords("  cost --by  service\t"), (Words{"cost", "--by", "service"}));
  EXPECT_EQ(*SplitWords(R"(--where 'region=a and tag:team!=""')"),
            (Words{"--where", R"(region=a and tag:team!="")"}));
  EXPECT_EQ(*SplitWords(R"("a \"b\" \n" c\ d '' x'y'"z")"),
            (Words{R"(a "b" \n)", "c d", "", "xyz"}));
  EXPECT_EQ(*SplitWords(""), Words{});
  EXPECT_FALSE(SplitWords("a 'b").ok());
}

TEST(QuoteShellTest, QuotesWhereShWouldReadMore) {
  EXPECT_EQ(QuoteShell("a-b_c.d/e:f@g,h+1"), "a-b_c.d/e:f@g,h+1");
  EXPECT_EQ(QuoteShell("it's $(x) `y`"), R"('it'\''s $(x) `y`')");
  EXPECT_EQ(QuoteShell(""), "''");
  EXPECT_EQ(QuoteShell("a=b"), "'a=b'");
  EXPECT_EQ(QuoteShell("~/x"), "'~/x'");
}

TEST(CommandLineTest, SplitsIntoTheSameWords) {
  const Words words{"farthing",     "check", "O'Brien & Co (prod)", "", "a\\b",
                    "$x `y` \"z\"", "*?\n#"};
  EXPECT_EQ(*SplitWords(CommandLine(words)), words);
}

}  // namespace
}  // namespace farthing
