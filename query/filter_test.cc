#include "query/filter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "query/conditions.h"

namespace farthing::query {
namespace {

Filter Parsed(std::string_view text) {
  Result<Filter> filter = ParseFilter(text);
  EXPECT_TRUE(filter.ok()) << text << ": " << (filter.ok() ? "" : filter.error().message());
  return filter.ok() ? *filter : Filter{};
}

std::string MessageOf(std::string_view text) {
  const Result<Filter> filter = ParseFilter(text);
  return filter.ok() ? "accepted" : filter.error().message();
}

TEST(FilterTest, ReadsEveryComparison) {
  EXPECT_EQ(Parsed("region = eu-west-1").comparison, Comparison::kEqual);
  EXPECT_EQ(Parsed("region!=x").comparison, Comparison::kNotEqual);
  EXPECT_EQ(Parsed("region<>x").comparison, Comparison::kNotEqual);
  EXPECT_EQ(Parsed("region IN (a, 'b c', \"d\")").values,
            (std::vector<std::string>{"a", "b c", "d"}));
  EXPECT_EQ(Parsed("region not in (a)").comparison, Comparison::kNotIn);
  EXPECT_EQ(Parsed("usage_type like '%BoxUsage:%'").values.front(), "%BoxUsage:%");
  EXPECT_EQ(Parsed("usage_type not like x").comparison, Comparison::kNotLike);
  EXPECT_EQ(Parsed("region<=x").comparison, Comparison::kLessOrEqual);
  EXPECT_EQ(Parsed("region >= x").comparison, Comparison::kGreaterOrEqual);
}

TEST(FilterTest, AbsentIsTheEmptyText) {
  EXPECT_EQ(Parsed("region is null"), Parsed("region=\"\""));
  EXPECT_EQ(Parsed("region IS NOT NULL"), Parsed("region!=''"));
}

TEST(FilterTest, AndBindsTighterThanOr) {
  const Filter filter = Parsed("region=a or region=b and not region=c");
  ASSERT_EQ(filter.kind, Filter::Kind::kOr);
  EXPECT_EQ(filter.parts[1].kind, Filter::Kind::kAnd);
  EXPECT_EQ(ToString(filter), "region=a or (region=b and not region=c)");
}

TEST(FilterTest, KeysAndValuesMayBeQuoted) {
  const Filter filter = Parsed(R"(tag:"my ""key""" = 'it''s')");
  EXPECT_EQ(filter.dimension, (DimensionRef{DimensionKind::kTag, "my \"key\""}));
  EXPECT_EQ(filter.values.front(), "it's");
  EXPECT_EQ(Parsed("tag:user:team!=\"\"").dimension.name, "user:team");
}

TEST(FilterTest, ErrorsNameThePosition) {
  EXPECT_EQ(MessageOf("region="),
            "filter, position 8: expected a value (quote it if it is a keyword), found the end");
  EXPECT_EQ(MessageOf("region=a region"),
            "filter, position 10: expected and, or, or the end, found region");
  EXPECT_EQ(MessageOf("region='a"), "filter, position 8: this quote is never closed");
  EXPECT_EQ(MessageOf("(region=a"), "filter, position 10: expected ), found the end");
  EXPECT_EQ(MessageOf("region=a and regoin=b"), "filter, position 14: no such dimension: regoin");
  EXPECT_EQ(ParseFilter("regoin=b").error().hint(), "did you mean region?");
  EXPECT_EQ(ParseFilter(std::string(100'000, '(')).error().code(), Errc::kTooLarge);
  EXPECT_EQ(ParseFilter("region=and").error().code(), Errc::kInvalidArgument);
}

TEST(FilterTest, LikeKnowsPercentAndUnderscore) {
  EXPECT_TRUE(IsLike("USW2-BoxUsage:t3", "%BoxUsage:%"));
  EXPECT_FALSE(IsLike("USW2-boxusage:t3", "%BoxUsage:%"));
  EXPECT_TRUE(IsLike("", "%"));
  EXPECT_FALSE(IsLike("", "_"));
  EXPECT_TRUE(IsLike("äb", "_b"));
  EXPECT_TRUE(IsLike("aab", "%a_"));
  EXPECT_FALSE(IsLike("abc", "ab"));
}

TEST(ConditionTest, AbsentCountsAsEmptyText) {
  const auto column = [](const DimensionRef&) { return Sql("x"); };
  const auto sql = [&](std::string_view text) {
    return Condition(WithoutNot(Parsed(text)), column).text;
  };
  EXPECT_EQ(sql("region=a"), "x = ?");
  EXPECT_EQ(sql("region!=a"), "(x <> ? OR x IS NULL)");
  EXPECT_EQ(sql("region!=\"\""), "x <> ?");
  EXPECT_EQ(sql("region in (a, \"\")"), "(x IN (?, ?) OR x IS NULL)");
  EXPECT_EQ(sql("region like '%'"), "(x LIKE ? OR x IS NULL)");
  EXPECT_EQ(sql("not (region=a and region<b)"), "((x <> ? OR x IS NULL) OR x >= ?)");
}

rc::Gen<std::string> Text() {
  return rc::gen::oneOf(
      rc::gen::arbitrary<std::string>(),
      rc::gen::element<std::string>("", "and", "NULL", "a b", "it's \"x\"", "a,b", "[x]", "tag:"));
}

rc::Gen<DimensionRef> Dimension() {
  const auto of_kind = [](DimensionKind kind) {
    return rc::gen::map(
        rc::gen::suchThat(Text(), [](const std::string& key) { return !key.empty(); }),
        [kind](std::string key) { return DimensionRef{kind, std::move(key)}; });
  };
  return rc::gen::oneOf(of_kind(DimensionKind::kTag), of_kind(DimensionKind::kCostCategory),
                        of_kind(DimensionKind::kProduct), of_kind(DimensionKind::kAttribute),
                        rc::gen::element(DimensionRef{DimensionKind::kRegistered, "region"},
                                         DimensionRef{DimensionKind::kRegistered, "service"}));
}

rc::Gen<Filter> Compare() {
  return rc::gen::exec([] {
    Filter filter;
    filter.dimension = *Dimension();
    filter.comparison = static_cast<Comparison>(*rc::gen::inRange(0, 10));
    const bool is_list =
        filter.comparison == Comparison::kIn || filter.comparison == Comparison::kNotIn;
    filter.values = *rc::gen::container<std::vector<std::string>>(
        is_list ? *rc::gen::inRange<std::size_t>(1, 4) : 1, Text());
    return filter;
  });
}

rc::Gen<Filter> Tree(int depth) {
  if (depth == 0) return Compare();
  return rc::gen::exec([depth] {
    Filter filter;
    filter.kind = static_cast<Filter::Kind>(*rc::gen::inRange(0, 4));
    if (filter.kind == Filter::Kind::kCompare) return *Compare();
    const std::size_t parts =
        filter.kind == Filter::Kind::kNot ? 1 : *rc::gen::inRange<std::size_t>(2, 4);
    for (std::size_t i = 0; i < parts; ++i) filter.parts.push_back(*Tree(depth - 1));
    return filter;
  });
}

RC_GTEST_PROP(FilterProperty, PrintingAndParsingGivesTheSameTree, ()) {
  const Filter filter = *Tree(3);
  const Result<Filter> again = ParseFilter(ToString(filter));
  RC_ASSERT(again.ok());
  RC_ASSERT(*again == filter);
}

}  // namespace
}  // namespace farthing::query
