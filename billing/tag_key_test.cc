#include "billing/tag_key.h"

#include <gtest/gtest.h>

namespace farthing::billing {
namespace {

// Source: AWS CUR user guide, "Running Amazon Athena queries", column names.
TEST(NormalizeTagKeyTest, FollowsTheColumnNamingRule) {
  EXPECT_EQ(NormalizeTagKey("user:CostCenter"), "user_cost_center");
  EXPECT_EQ(NormalizeTagKey("user:cost-center"), "user_cost_center");
  EXPECT_EQ(NormalizeTagKey("aws:ec2spot:fleet-request-id"), "aws_ec2spot_fleet_request_id");
  EXPECT_EQ(NormalizeTagKey("aws:autoscaling:groupName"), "aws_autoscaling_group_name");
  EXPECT_EQ(NormalizeTagKey("Charge type"), "charge_type");
  EXPECT_EQ(NormalizeTagKey("ARN"), "a_r_n");
  EXPECT_EQ(NormalizeTagKey("__x__"), "x");
  EXPECT_EQ(NormalizeTagKey(""), "");
}

TEST(ResolveTagKeyTest, PrefersTheExactKeyThenTheUserKey) {
  EXPECT_EQ(*ResolveTagKey("team", {"user:team", "team"}), "team");
  EXPECT_EQ(*ResolveTagKey("team", {"user:Team", "user:team"}), "user:team");
}

TEST(ResolveTagKeyTest, FindsNormalizedSpellings) {
  EXPECT_EQ(*ResolveTagKey("cost_center", {"user:CostCenter"}), "user:CostCenter");
  EXPECT_EQ(*ResolveTagKey("CostCenter", {"user_cost_center"}), "user_cost_center");
  EXPECT_EQ(*ResolveTagKey("user:CostCenter", {"user_cost_center"}), "user_cost_center");
  EXPECT_EQ(*ResolveTagKey("owner", {"user:team"}), "");
}

TEST(ResolveTagKeyTest, RefusesToGuessBetweenKeys) {
  const Result<std::string> key =
      ResolveTagKey("cost_center", {"user:CostCenter", "user:cost-center"});
  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.error().code(), Errc::kInvalidArgument);
  EXPECT_NE(key.error().message().find("user:CostCenter or user:cost-center"), std::string::npos);
}

}  // namespace
}  // namespace farthing::billing
