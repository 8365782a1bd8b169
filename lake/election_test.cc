#include "lake/election.h"

#include <gtest/gtest.h>

#include "lake/not_added.h"

namespace farthing::lake {
namespace {

Load MakeLoad(std::int64_t export_id, std::string format, std::vector<std::string> accounts) {
  Load load;
  load.id = "load" + std::to_string(export_id);
  load.export_id = export_id;
  load.export_name = "export" + std::to_string(export_id);
  load.period = {2026, 1};
  load.format = std::move(format);
  load.line_count = 100;
  load.billing_accounts = {"payer"};
  load.sub_accounts = std::move(accounts);
  load.providers = {"AWS"};
  return load;
}

std::vector<std::string> Winners(std::vector<Load> loads,
                                 const std::vector<Preference>& preferences = {}) {
  std::vector<std::string> names;
  for (const Candidate& candidate : HoldElection(std::move(loads), preferences)) {
    if (candidate.elected) names.push_back(candidate.load.export_name);
  }
  return names;
}

using Names = std::vector<std::string>;

std::string ReasonOf(std::size_t index, std::vector<Load> loads) {
  return HoldElection(std::move(loads), {}).at(index).reason;
}

TEST(ElectionTest, OneExportStandsForItself) {
  const auto candidates = HoldElection({MakeLoad(1, "focus", {"a"})}, {});
  EXPECT_TRUE(candidates.at(0).elected);
  EXPECT_EQ(candidates[0].reason, "the only export of this bill");
}

TEST(ElectionTest, Cur2BeforeLegacyBeforeFocus) {
  EXPECT_EQ(Winners({MakeLoad(1, "focus", {"a"}), MakeLoad(2, "cur1", {"a"}),
                     MakeLoad(3, "cur2", {"a"})}),
            Names{"export3"});
  EXPECT_EQ(Winners({MakeLoad(1, "focus", {"a"}), MakeLoad(2, "cur1", {"a"})}), Names{"export2"});
}

TEST(ElectionTest, LosersSayWhoStandsForTheBillAndWhy) {
  const auto candidates =
      HoldElection({MakeLoad(1, "focus", {"a"}), MakeLoad(2, "cur2", {"a"})}, {});
  EXPECT_FALSE(candidates[0].elected);
  EXPECT_EQ(candidates[0].elected_export, "export2");
  EXPECT_EQ(candidates[0].reason, "same bill as export2 (elected: cur2 is preferred to focus)");
}

TEST(ElectionTest, ThePayersExportCoversItsMembers) {
  EXPECT_EQ(Winners({MakeLoad(1, "cur2", {"a"}), MakeLoad(2, "focus", {"a", "b", "c"}),
                     MakeLoad(3, "cur2", {"c"})}),
            Names{"export2"});
}

TEST(ElectionTest, DisjointMembersAreAdded) {
  EXPECT_EQ(Winners({MakeLoad(1, "cur2", {"a"}), MakeLoad(2, "cur2", {"b"})}),
            (Names{"export1", "export2"}));
}

TEST(ElectionTest, OtherPayersProvidersAndMonthsAreOtherBills) {
  Load payer = MakeLoad(2, "cur2", {"a"});
  payer.billing_accounts = {"another"};
  Load provider = MakeLoad(3, "focus", {"a"});
  provider.providers = {"Microsoft"};
  Load month = MakeLoad(4, "cur2", {"a"});
  month.period = {2026, 2};
  EXPECT_EQ(Winners({MakeLoad(1, "cur2", {"a"}), payer, provider, month}).size(), 4U);
}

TEST(ElectionTest, SpellingsOfAnAccountAndOfAwsAreOneBill) {
  Load numbers = MakeLoad(1, "cur1", {"14498620306"});
  numbers.billing_accounts = {"1"};
  Load whole = MakeLoad(2, "focus", {"014498620306"});
  whole.billing_accounts = {"000000000001"};
  whole.providers = {"Amazon Web Services"};
  EXPECT_EQ(Winners({numbers, whole}), Names{"export1"});
  whole.billing_accounts = {"000000000010"};
  EXPECT_EQ(Winners({numbers, whole}).size(), 2U);
}

TEST(ElectionTest, TheUsersChoiceComesFirst) {
  const std::vector<Load> loads = {MakeLoad(1, "focus", {"a"}), MakeLoad(2, "cur2", {"a", "b"})};
  EXPECT_EQ(Winners(loads, {{1, ""}}), Names{"export1"});
  EXPECT_EQ(Winners(loads, {{1, "2026-01"}}), Names{"export1"});
  EXPECT_EQ(Winners(loads, {{1, "2026-02"}}), Names{"export2"}) << "a choice for another month";
  EXPECT_EQ(Winners(loads, {{2, ""}, {1, ""}}), Names{"export2"}) << "the newer choice wins";
}

TEST(ElectionTest, CompleteDeliveriesBeforeBareFilesThenMoreLinesThenTheOlder) {
  Load bare = MakeLoad(1, "cur2", {"a"});
  bare.complete = false;
  EXPECT_EQ(Winners({bare, MakeLoad(2, "focus", {"a"})}), Names{"export2"});
  Load larger = MakeLoad(2, "cur2", {"a"});
  larger.line_count = 101;
  EXPECT_EQ(Winners({MakeLoad(1, "cur2", {"a"}), larger}), Names{"export2"});
  EXPECT_EQ(Winners({MakeLoad(2, "cur2", {"a"}), MakeLoad(1, "cur2", {"a"})}), Names{"export1"});
}

TEST(ElectionTest, TheOneWithMoreDaysStandsForTheBill) {
  Load stopped = MakeLoad(1, "cur2", {"a"});
  stopped.first_charge_day = "2026-01-01";
  stopped.last_charge_day = "2026-01-10";
  Load going_on = MakeLoad(2, "focus", {"a"});
  going_on.complete = false;
  going_on.first_charge_day = "2025-12-31";
  going_on.last_charge_day = "2026-02-01";
  EXPECT_EQ(Winners({stopped, going_on}), Names{"export2"});
  EXPECT_EQ(
      ReasonOf(0, {stopped, going_on}),
      "same bill as export2 (elected: has charges from 2026-01-01 to 2026-01-31, not only from "
      "2026-01-01 to 2026-01-10)");
  EXPECT_EQ(Winners({stopped, going_on}, {{1, ""}}), Names{"export1"});
  stopped.last_charge_day = "2026-01-30";
  EXPECT_EQ(Winners({stopped, going_on}), Names{"export1"}) << "delivered some hours earlier";
  stopped.last_charge_day = "2026-01-10";
  going_on.condition = "filtered";
  EXPECT_EQ(Winners({stopped, going_on}), Names{"export1"});
  going_on.condition = "";
  going_on.first_charge_day = "2026-01-05";
  EXPECT_EQ(Winners({stopped, going_on}), Names{"export1"}) << "neither has the days of the other";
}

TEST(ElectionTest, OrderOfTheLoadsDoesNotMatter) {
  std::vector<Load> loads = {MakeLoad(1, "cur1", {"a", "b"}), MakeLoad(2, "cur2", {"b", "c"}),
                             MakeLoad(3, "focus", {"c"})};
  std::sort(loads.begin(), loads.end(),
            [](const Load& a, const Load& b) { return a.export_id < b.export_id; });
  const Names expected = {"export2"};
  do {
    EXPECT_EQ(Winners(loads), expected);
  } while (std::next_permutation(loads.begin(), loads.end(), [](const Load& a, const Load& b) {
    return a.export_id < b.export_id;
  }));
}

TEST(ElectionTest, ExportsThatNameNoAccountAreNotAddedToOthersOfTheirPayer) {
  EXPECT_EQ(Winners({MakeLoad(1, "focus", {}), MakeLoad(2, "focus", {})}).size(), 1U);
  EXPECT_EQ(Winners({MakeLoad(1, "focus", {}), MakeLoad(2, "cur2", {"a"})}), Names{"export2"});
}

TEST(ElectionTest, AnUnknownPayerOrProviderMayBeAnyWhereAccountsAreCommon) {
  Load no_payer = MakeLoad(2, "cur2", {"a", "b"});
  no_payer.billing_accounts.clear();
  EXPECT_EQ(Winners({MakeLoad(1, "cur1", {"a", "b"}), no_payer}), Names{"export2"});
  Load no_provider = MakeLoad(3, "focus", {"a", "b"});
  no_provider.providers.clear();
  EXPECT_EQ(Winners({MakeLoad(1, "cur1", {"a", "b"}), no_provider}), Names{"export1"});
  no_provider.billing_accounts.clear();
  EXPECT_EQ(Winners({MakeLoad(1, "cur1", {"a", "b"}), no_payer, no_provider}), Names{"export2"});
}

TEST(ElectionTest, BillsOfUnknownPayersAreAddedOnlyWhereTheirAccountsSayThatTheyAreTwo) {
  Load one = MakeLoad(1, "cur2", {"a"});
  one.billing_accounts.clear();
  Load other = MakeLoad(2, "cur2", {"b"});
  other.billing_accounts.clear();
  EXPECT_EQ(Winners({one, other}).size(), 2U);
  other.sub_accounts.clear();
  EXPECT_EQ(Winners({one, other}), Names{"export1"}) << "nothing says that they are two bills";
  EXPECT_EQ(Winners({MakeLoad(3, "cur1", {"a"}), other}), Names{"export3"});
  one.currencies = {"USD"};
  other.currencies = {"EUR"};
  EXPECT_EQ(Winners({one, other}).size(), 2U);
}

TEST(ElectionTest, WhatIsOnlyPresumedToBeOneBillIsSaidSo) {
  Load other = MakeLoad(2, "cur2", {});
  other.billing_accounts.clear();
  EXPECT_EQ(ReasonOf(1, {MakeLoad(1, "cur1", {"a"}), other}),
            "same bill as export1 (elected: covers more accounts); no payer and no account says "
            "that they are two");
}

TEST(ElectionTest, AnOwnerWithoutAccountsIsThePayerOrAMember) {
  const Load whole = MakeLoad(1, "cur1", {"a", "b"});
  Load owned = MakeLoad(2, "cur2", {});
  EXPECT_EQ(Winners({whole, owned}), Names{"export1"});
  owned.billing_accounts = {"b"};
  EXPECT_EQ(Winners({whole, owned}), Names{"export1"}) << "a member's export";
  owned.billing_accounts = {"c"};
  EXPECT_EQ(Winners({whole, owned}).size(), 2U);
}

TEST(ElectionTest, AFilteredExportComesAfterAWholeOne) {
  Load filtered = MakeLoad(2, "cur2", {"a"});
  filtered.condition = "line_item_product_code = 'AmazonS3'";
  Load whole = MakeLoad(1, "cur1", {"a"});
  whole.totals["unblended_cost"] = *ParseDecimal("12.50");
  filtered.totals["unblended_cost"] = *ParseDecimal("2.5");
  whole.currencies = filtered.currencies = {"USD"};
  EXPECT_EQ(Winners({whole, filtered}), Names{"export1"});
  EXPECT_EQ(ReasonOf(1, {whole, filtered}),
            "same bill as export1 (elected: its query has no WHERE); its unblended_cost is 2.5 "
            "USD, that of export1 12.5 USD");
  EXPECT_EQ(Winners({whole, filtered}, {{2, ""}}), Names{"export2"});
}

TEST(ElectionTest, AccountsThatNoElectedLoadHasAreSaid) {
  const std::vector<Load> loads = {MakeLoad(1, "cur2", {"a", "b", "c"}),
                                   MakeLoad(2, "cur2", {"c", "d"})};
  EXPECT_EQ(ReasonOf(1, loads),
            "same bill as export1 (elected: covers more accounts); account d is in no elected "
            "export");
  const auto notes = NotesOfNotAdded(HoldElection(loads, {}));
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes[0].elected_export, "export1");
  EXPECT_EQ(notes[0].note, "not added: export2 2026-01, " + ReasonOf(1, loads) +
                               "; compare them with: farthing crosscheck; choose another with: "
                               "farthing elect export2");
}

TEST(ElectionTest, WhatIsLeftOutWithAnAccountIsSaidByCurrency) {
  Load large = MakeLoad(1, "cur2", {"a", "b", "c"});
  Load other = MakeLoad(2, "cur2", {"c", "d"});
  other.accounts["d"].costs = {{"EUR", *ParseDecimal("2.50")}, {"USD", *ParseDecimal("12")}};
  EXPECT_NE(ReasonOf(1, {large, other}).find("; account d (2.5 EUR and 12 USD) is in no elected"),
            std::string::npos)
      << ReasonOf(1, {large, other});
  large.sub_accounts = {"a", "b", "c", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9"};
  other.sub_accounts = {"c", "d", "e", "f", "g", "h", "i", "j"};
  for (const std::string& account : other.sub_accounts) {
    other.accounts[account].costs = {{"USD", *ParseDecimal("1")}};
  }
  EXPECT_NE(
      ReasonOf(1, {large, other})
          .find("accounts d (1 USD), e (1 USD), f (1 USD), g (1 USD), h (1 USD) and 2 more (2 "
                "USD) are in no elected export"),
      std::string::npos)
      << ReasonOf(1, {large, other});
}

// Days of the month as AccountFigures has them.
std::uint32_t Days(int first, int last) {
  std::uint32_t days = 0;
  for (int day = first; day <= last; ++day) days |= std::uint32_t{1} << (day - 1);
  return days;
}

Load NamesItself(std::int64_t export_id, const std::string& account, std::uint32_t days) {
  Load load = MakeLoad(export_id, "cur2", {account});
  load.billing_accounts = {account};
  load.accounts[account] = {days, {{"USD", *ParseDecimal("5")}}};
  return load;
}

TEST(ElectionTest, AMemberThatNamesItselfAsPayerIsTheSameBill) {
  Load payers = MakeLoad(1, "cur2", {"payer", "a"});
  payers.accounts["a"] = {Days(1, 20), {{"USD", *ParseDecimal("6")}}};
  for (const std::uint32_t days : {Days(1, 20), Days(1, 18), Days(1, 22), Days(1, 1), Days(1, 0)}) {
    EXPECT_EQ(Winners({payers, NamesItself(2, "a", days)}), Names{"export1"}) << days;
    EXPECT_EQ(Winners({NamesItself(2, "a", days), payers}), Names{"export1"}) << days;
  }
  const Load member = NamesItself(2, "a", Days(1, 20));
  EXPECT_EQ(ReasonOf(1, {payers, member}),
            "same bill as export1 (elected: covers more accounts); account a names itself as payer "
            "in export2 (5 USD), and is an account of payer payer in export1 (6 USD)");
  EXPECT_EQ(NotesOfNotAdded(HoldElection({payers, member}, {})).size(), 1U);
  payers.accounts.clear();
  EXPECT_EQ(Winners({payers, member}), Names{"export1"}) << "made before figures were kept";
}

TEST(ElectionTest, AnAccountThatJoinsOrLeavesAPayerHasTwoBills) {
  Load payers = MakeLoad(1, "cur2", {"payer", "a"});
  payers.accounts["a"].usage_days = Days(14, 31);
  EXPECT_EQ(Winners({payers, NamesItself(2, "a", Days(1, 14))}).size(), 2U) << "joins";
  EXPECT_EQ(Winners({NamesItself(2, "a", Days(1, 13)), payers}).size(), 2U) << "at midnight";
  payers.accounts["a"].usage_days = Days(1, 14);
  EXPECT_EQ(Winners({payers, NamesItself(2, "a", Days(14, 31))}).size(), 2U) << "leaves";
  EXPECT_EQ(Winners({payers, NamesItself(2, "a", Days(13, 31))}).size(), 1U) << "two common days";
}

TEST(ElectionTest, AnAccountOnTheBillsOfTwoOtherPayersIsOnBoth) {
  Load one = MakeLoad(1, "cur2", {"payer", "a", "b"});
  Load other = MakeLoad(2, "cur2", {"another", "a", "c"});
  other.billing_accounts = {"another"};
  one.accounts["a"].usage_days = other.accounts["a"].usage_days = Days(1, 31);
  EXPECT_EQ(Winners({one, other}).size(), 2U);
  EXPECT_EQ(Winners({other, one}).size(), 2U);
}

TEST(ElectionTest, WhereSumsAndAccountsAgreeThereIsNoNote) {
  Load one = MakeLoad(1, "cur1", {"a", "b"});
  Load other = MakeLoad(2, "cur2", {"a", "b"});
  one.totals["unblended_cost"] = *ParseDecimal("12.50");
  other.totals["unblended_cost"] = *ParseDecimal("12.5");
  EXPECT_TRUE(NotesOfNotAdded(HoldElection({one, other}, {})).empty());
  other.sub_accounts = {"a"};
  other.totals["unblended_cost"] = *ParseDecimal("2");
  EXPECT_TRUE(NotesOfNotAdded(HoldElection({one, other}, {})).empty()) << "a member's export";
  other.complete = false;
  EXPECT_EQ(NotesOfNotAdded(HoldElection({one, other}, {})).size(), 1U)
      << "files without a manifest may be parts of one bill";
}

TEST(ElectionTest, CostExplorerIsCutForABillOfUnknownPayerOrProvider) {
  Load bill = MakeLoad(1, "focus", {"a"});
  bill.billing_accounts.clear();
  bill.providers.clear();
  Load filler = MakeLoad(9, "cost_explorer", {"a"});
  EXPECT_EQ(Winners({bill, filler}), Names{"export1"});
}

Load MakeFiller(std::int64_t export_id, std::vector<std::string> accounts,
                std::vector<std::string> around) {
  Load load = MakeLoad(export_id, "cost_explorer", std::move(accounts));
  load.fills_around = std::move(around);
  return load;
}

TEST(ElectionTest, CostExplorerIsAddedOnlyToTheLoadItWasCutFor) {
  EXPECT_EQ(Winners({MakeFiller(9, {"a"}, {})}), Names{"export9"}) << "before any bill";
  EXPECT_EQ(Winners({MakeLoad(1, "cur2", {"a"}), MakeFiller(9, {"a"}, {})}), Names{"export1"});
  EXPECT_EQ(Winners({MakeLoad(1, "cur2", {"a"}), MakeFiller(9, {"a"}, {"load1"})}),
            (Names{"export1", "export9"}));
  EXPECT_EQ(Winners({MakeLoad(2, "cur2", {"a"}), MakeFiller(9, {"a"}, {"load1"})}),
            Names{"export2"});
}

TEST(ElectionTest, CostExplorerNeverStandsAgainstABill) {
  Load bare = MakeLoad(1, "focus", {"a"});
  bare.complete = false;
  EXPECT_EQ(Winners({bare, MakeFiller(9, {"a", "b", "c"}, {})}, {{9, ""}}), Names{"export1"});
  const auto candidates = HoldElection({bare, MakeFiller(9, {"a"}, {})}, {});
  EXPECT_EQ(candidates[1].reason,
            "export1 has a newer version; the next collection fits export9 around it");
}

TEST(ElectionTest, CostExplorerGivesWayToAnotherPayersBillOfTheSameAccount) {
  Load moved = MakeLoad(1, "cur2", {"a"});
  moved.billing_accounts = {"another"};
  EXPECT_EQ(Winners({moved, MakeFiller(9, {"a", "b"}, {})}), Names{"export1"});
  EXPECT_EQ(Winners({moved, MakeFiller(9, {"b"}, {})}), (Names{"export1", "export9"}));
}

TEST(ElectionTest, TwoAnswersOfCostExplorerAreNotAdded) {
  EXPECT_EQ(Winners({MakeFiller(8, {"a"}, {}), MakeFiller(9, {"a"}, {})}), Names{"export8"});
  EXPECT_EQ(Winners({MakeFiller(8, {"a"}, {}), MakeFiller(9, {"b"}, {})}),
            (Names{"export8", "export9"}));
}

}  // namespace
}  // namespace farthing::lake
