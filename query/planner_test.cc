#include "query/planner.h"

#include <gtest/gtest.h>

#include "query/tag_values.h"

namespace farthing::query {
namespace {

Request Ask(std::string_view metrics, std::string_view by, std::string_view where = "") {
  Request request;
  request.metrics = *ParseMetrics(metrics);
  request.group_by = *ParseGroupBy(by);
  if (!where.empty()) request.filter = *ParseFilter(where);
  return request;
}

lake::Load LoadOf(const std::string& id, std::vector<std::string> tag_keys = {"user:team"}) {
  lake::Load load;
  load.id = id;
  load.export_name = "export-" + id;
  load.period = {2026, 1};
  load.format = "cur2";
  load.currencies = {"USD"};
  load.tag_keys = std::move(tag_keys);
  return load;
}

Scope ScopeOf(std::vector<lake::Load> loads) { return {std::move(loads), {}, lake::Layout("/d")}; }

std::string Relation(std::string_view table) {
  return "read_parquet(['/d/lake/" + std::string(table) +
         "/billing_period=2026-01/load_id=A/*.parquet'], union_by_name=true, "
         "hive_partitioning=true, "
         "hive_types={'billing_period': VARCHAR, 'load_id': VARCHAR})";
}

std::vector<std::string> Values(const Sql& sql) {
  std::vector<std::string> values;
  for (const engine::Parameter& value : sql.parameters)
    values.push_back(std::get<std::string>(value));
  return values;
}

TEST(ChooseTableTest, PicksTheCoarsestThatCanAnswer) {
  EXPECT_EQ(ChooseTable(Ask("unblended_cost,line_count", "account,service,period,export")),
            lake::kCostDaily);
  EXPECT_EQ(ChooseTable(Ask("unblended_cost", "resource")), lake::kCostResourceDaily);
  EXPECT_EQ(ChooseTable(Ask("resource_count", "account")), lake::kCostResourceDaily);
  EXPECT_EQ(ChooseTable(Ask("unblended_cost", "tag:team")), lake::kCostResourceDaily);
  EXPECT_EQ(ChooseTable(Ask("unblended_cost", "account", "cost_category:Team!=x")),
            lake::kCostResourceDaily);
  EXPECT_EQ(ChooseTable(Ask("unblended_cost[resource!=\"\"]", "account")),
            lake::kCostResourceDaily);
  EXPECT_EQ(ChooseTable(Ask("unblended_cost", "product:group")), lake::kCostLines);
  EXPECT_EQ(ChooseTable(Ask("unblended_cost", "account", "charge_description like x")),
            lake::kCostLines);
}

std::string IdsWithin(const TimeRange& time, const std::vector<lake::Load>& loads) {
  std::string ids;
  for (const lake::Load& load : ChargedWithin(time, loads)) ids += load.id;
  return ids;
}

TEST(ChargedWithinTest, LeavesOutLoadsWithoutChargesInTheTime) {
  // A bill of January with a charge of December, one of February, and one that does not know its days.
  std::vector<lake::Load> loads = {LoadOf("A"), LoadOf("B"), LoadOf("C")};
  loads[0].first_charge_day = "2025-12-31";
  loads[0].last_charge_day = "2026-01-31";
  loads[1].first_charge_day = "2026-02-01";
  loads[1].last_charge_day = "2026-02-28";
  const auto within = [&](std::string_view from, std::string_view to) {
    TimeRange time;
    if (!from.empty()) time.start = *ParseInstant(from);
    if (!to.empty()) time.end = *ParseInstant(to);
    return IdsWithin(time, loads);
  };
  EXPECT_EQ(within("", ""), "ABC");
  EXPECT_EQ(within("2026-02-01", ""), "BC");
  EXPECT_EQ(within("2026-01-31T23:00:00Z", ""), "ABC");
  EXPECT_EQ(within("", "2026-02-01"), "AC");
  EXPECT_EQ(within("", "2026-02-01T00:00:01Z"), "ABC");
  EXPECT_EQ(within("2025-12-31", "2026-01-01"), "AC");
  EXPECT_EQ(within("", "2025-12-31"), "C");
  loads.pop_back();
  EXPECT_EQ(within("2027-01-01", ""), "A");  // something to select nothing from
}

TEST(PlannerTest, ReadsOnlyFilesWithChargesInTheTime) {
  std::vector<lake::Load> loads = {LoadOf("A"), LoadOf("B")};
  loads[1].first_charge_day = loads[1].last_charge_day = "2026-02-01";
  Request request = Ask("unblended_cost", "tag:team");
  request.time.end = *ParseInstant("2026-02-01");
  const Result<Plan> plan = MakePlan(request, ScopeOf(loads));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->sql.text.find("load_id=B"), std::string::npos) << plan->sql.text;
  ASSERT_EQ(plan->loads.size(), 1u);
  EXPECT_EQ(plan->loads[0].id, "A");
}

TEST(ChooseTableTest, HoursAndPartsOfDaysNeedLines) {
  Request request = Ask("unblended_cost", "account");
  request.time.start = *ParseInstant("2026-01-02");
  EXPECT_EQ(ChooseTable(request), lake::kCostDaily);
  request.time.end = *ParseInstant("2026-01-02T01:00:00Z");
  EXPECT_EQ(ChooseTable(request), lake::kCostLines);
  request.time.end.reset();
  request.time.grain = Grain::kHour;
  EXPECT_EQ(ChooseTable(request), lake::kCostLines);
}

TEST(MakePlanTest, WritesOneSelectWithBoundValues) {
  Request request =
      Ask("unblended_cost,line_count", "account", "region=eu-west-1 and not service=a");
  request.time.grain = Grain::kDay;
  request.time.start = *ParseInstant("2026-01-02");
  request.limit = 3;
  const Result<Plan> plan = MakePlan(request, ScopeOf({LoadOf("A")}));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->sql.text,
            "SELECT charge_day AS \"day\", sub_account_id AS \"account\", "
            "coalesce(sum(unblended_cost), CAST(0 AS DECIMAL(1,0))) AS \"unblended_cost\", "
            "CAST(coalesce(sum(line_count), 0) AS BIGINT) AS \"line_count\" FROM " +
                Relation("cost_daily") +
                " WHERE charge_day >= CAST(? AS DATE) AND region_id = ? AND "
                "(coalesce(service_name, service_code) <> ? OR coalesce(service_name, "
                "service_code) IS NULL) "
                "GROUP BY 1, 2 ORDER BY 3 DESC NULLS LAST, 1 NULLS FIRST, 2 NULLS FIRST LIMIT 4");
  EXPECT_EQ(Values(plan->sql), (std::vector<std::string>{"2026-01-02", "eu-west-1", "a"}));
}

TEST(MakePlanTest, AddsUpBySetBeforeItLooksAtTags) {
  const Request request =
      Ask("unblended_cost", "service,tag:team", "region=x and (tag:team=a or account=b)");
  const Result<Plan> plan = MakePlan(request, ScopeOf({LoadOf("A")}));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(
      plan->sql.text,
      "WITH facts AS (SELECT load_id, tag_set_id, coalesce(service_name, service_code) AS k0, "
      "sub_account_id AS k1, sum(unblended_cost) AS p0 FROM " +
          Relation("cost_resource_daily") +
          " WHERE region_id = ? GROUP BY 1, 2, 3, 4), "
          "tag_values AS (SELECT load_id, tag_set_id, nullif(map_extract_value(tags, ?), '') AS s0 "
          "FROM " +
          Relation("tag_sets") +
          ") SELECT k0 AS \"service\", s0 AS \"tag:team\", "
          "coalesce(sum(p0), CAST(0 AS DECIMAL(1,0))) AS \"unblended_cost\" "
          "FROM facts LEFT JOIN tag_values USING (load_id, tag_set_id) WHERE (s0 = ? OR k1 = ?) "
          "GROUP BY 1, 2 ORDER BY 1 NULLS FIRST, 2 NULLS FIRST");
  EXPECT_EQ(Values(plan->sql), (std::vector<std::string>{"x", "user:team", "a", "b"}));
}

TEST(MakePlanTest, TypedTextNeverReachesTheSql) {
  const std::string evil = "x'; DROP TABLE a; --";
  Request request = Ask("unblended_cost", "account",
                        "tag:\"" + evil + "\"=\"" + evil + "\" and region=\"" + evil + "\"");
  const Result<Plan> plan = MakePlan(request, ScopeOf({LoadOf("A", {evil})}));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->sql.text.find("DROP"), std::string::npos);
  request.metrics[0].label = "a\" b";
  EXPECT_NE(MakePlan(request, ScopeOf({LoadOf("A")}))->sql.text.find("AS \"a\"\" b\""),
            std::string::npos);
}

TEST(MakePlanTest, NeverShowsPartOfAMetric) {
  lake::Load without = LoadOf("B");
  without.unavailable = {"net_amortized_cost"};
  const Request request = Ask("net_amortized_cost", "account");
  const Result<Plan> some = MakePlan(request, ScopeOf({LoadOf("A"), without}));
  ASSERT_TRUE(some.ok());
  EXPECT_NE(some->sql.text.find("CASE WHEN bool_or(load_id IN (?)) THEN NULL ELSE"),
            std::string::npos);
  ASSERT_EQ(some->notes.size(), 1U);
  EXPECT_EQ(
      some->notes[0].find("net_amortized_cost is empty where export export-B (cur2) contributes: "),
      0U);
  const Result<Plan> all = MakePlan(request, ScopeOf({without}));
  EXPECT_NE(all->sql.text.find("CAST(NULL AS DECIMAL(38,10))"), std::string::npos);
}

TEST(MakePlanTest, NotesNothingOfExportsThatTheFilterKeepsOut) {
  lake::Load without = LoadOf("B");
  without.unavailable = {"net_amortized_cost"};
  const auto notes = [&](std::string_view where) {
    return MakePlan(Ask("net_amortized_cost", "account", where), ScopeOf({LoadOf("A"), without}))
        ->notes.size();
  };
  EXPECT_EQ(notes("export=export-A"), 0U);
  EXPECT_EQ(notes("not export=export-B and region=x"), 0U);
  EXPECT_EQ(notes("export=export-A or region=x"), 1U);
  EXPECT_EQ(notes("export in (export-A, export-B)"), 1U);
}

TEST(SplitCurrenciesTest, AddsTheCurrencyUnlessItIsKnown) {
  lake::Load yen = LoadOf("B");
  yen.currencies = {"JPY"};
  const std::vector<lake::Load> loads = {LoadOf("A"), yen};
  const auto keys = [&](const Request& request) {
    std::vector<std::string> notes;
    return SplitCurrencies(request, loads, notes).group_by.size();
  };
  EXPECT_EQ(keys(Ask("unblended_cost", "account")), 2U);
  EXPECT_EQ(keys(Ask("line_count", "account")), 1U);
  EXPECT_EQ(keys(Ask("unblended_cost", "currency")), 1U);
  EXPECT_EQ(keys(Ask("unblended_cost", "account", "billing_currency=USD and region=x")), 1U);
  EXPECT_EQ(keys(Ask("unblended_cost", "account", "currency=USD or region=x")), 2U);
}

TEST(ResolveKeyTest, KeysAreResolvedLoadByLoad) {
  const DimensionRef tag{DimensionKind::kTag, "team"};
  const std::vector<lake::Load> loads = {LoadOf("A", {"user:team"}),
                                         LoadOf("B", {"team", "user:team"}),
                                         LoadOf("C", {"user_team"}), LoadOf("D", {})};
  const Result<KeysOfLoads> keys = ResolveKey(tag, loads, KeyMatch::kExact);
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(*keys, (KeysOfLoads{{"user:team", {"A"}}, {"team", {"B"}}, {"user_team", {"C"}}}));
  EXPECT_EQ(SetValue(tag, loads, KeyMatch::kExact)->text.find("CASE WHEN load_id IN (?) THEN"), 0U);
}

TEST(ResolveKeyTest, RefusesAmbiguousAndUnknownKeys) {
  const DimensionRef tag{DimensionKind::kTag, "cost_center"};
  const std::vector<lake::Load> two = {LoadOf("A", {"user:CostCenter", "user:cost-center"})};
  EXPECT_EQ(ResolveKey(tag, two, KeyMatch::kLoose).error().code(), Errc::kInvalidArgument);
  const std::vector<lake::Load> other = {LoadOf("A", {"user:cost_centre"})};
  const Result<void> known = CheckKeyExists(tag, other);
  ASSERT_FALSE(known.ok());
  EXPECT_NE(known.error().hint().find("cost_centre"), std::string::npos);
}

TEST(RelationTest, CastsOnlyWhereDuckDbWouldRound) {
  const std::vector<lake::Load> loads = {LoadOf("A"), LoadOf("B")};
  const auto unsafe = [&](DecimalType a, DecimalType b) {
    return UnsafeColumns(loads, {{"A", {{"c", a}}}, {"B", {{"c", b}}}});
  };
  EXPECT_TRUE(unsafe({18, 10}, {38, 10}).empty());
  EXPECT_TRUE(unsafe({18, 10}, {38, 18}).empty());
  EXPECT_EQ(unsafe({38, 10}, {38, 18}), (DecimalColumns{{"c", {38, 18}}}));
  EXPECT_EQ(unsafe({18, 10}, {38, 2}), (DecimalColumns{{"c", {38, 10}}}));
}

}  // namespace
}  // namespace farthing::query
