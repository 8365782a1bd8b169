#include "ingest/mapping/manifest_columns.h"

#include <gtest/gtest.h>

namespace farthing::ingest {
namespace {

using Texts = std::vector<std::string>;

TEST(ManifestColumnsTest, SpellingsDoNotCount) {
  EXPECT_EQ(CompareColumns({"lineItem/UnblendedCost", "resourceTags/user:Cost Center"},
                           {"line_item_unblended_cost", "resource_tags_user_cost_center", ""}),
            Texts{});
  EXPECT_EQ(CompareColumns({"a/b"}, {"a_b", "year", "month"}), Texts{});
}

TEST(ManifestColumnsTest, BothSidesAreNamed) {
  EXPECT_EQ(CompareColumns({"a", "gone", "lost"}, {"A", "new"}),
            (Texts{"the manifest lists 2 columns that no file has: gone, lost",
                   "the files have 1 column that the manifest does not list, read all the same: "
                   "new"}));
}

TEST(ManifestColumnsTest, ALongListIsCut) {
  Texts many;
  for (char c = 'a'; c <= 'l'; ++c) many.push_back(std::string(3, c));
  EXPECT_EQ(CompareColumns(many, {"aaa"}),
            Texts{"the manifest lists 11 columns that no file has: bbb, ccc, ddd, eee, fff, ggg, "
                  "hhh, iii, jjj, kkk and 1 more"});
}

TEST(ManifestColumnsTest, AManifestWithoutColumnsSaysNothing) {
  EXPECT_EQ(CompareColumns({}, {"a"}), Texts{});
}

}  // namespace
}  // namespace farthing::ingest
