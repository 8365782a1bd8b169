#include "cli/shell_words.h"

#include <gtest/gtest.h>

namespace farthing::cli {
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

}  // namespace
}  // namespace farthing::cli
