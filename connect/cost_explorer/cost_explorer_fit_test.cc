#include "connect/cost_explorer/cost_explorer_fit.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "lake/election.h"

namespace farthing::connect {
namespace {

using ingest::CostExplorerRow;

std::string Day(int day) {
  return "2026-01-" + std::string(day < 10 ? "0" : "") + std::to_string(day);
}

CostExplorerRow Row(const std::string& account, int day, const std::string& cost = "1") {
  CostExplorerRow row;
  row.payer = "payer";
  row.account = account;
  row.service = "Amazon Simple Storage Service";
  row.charge_group = "Usage";
  row.start = Day(day);
  row.end = Day(day + 1);
  row.net_unblended = cost;
  return row;
}

Coverage Bill(const std::vector<Cell>& cells) {
  Coverage coverage;
  for (const Cell& cell : cells) {
    coverage.cells[cell] = Decimal{3, 0};
    coverage.accounts.insert(cell.account);
    if (coverage.first_usage_day.empty() || cell.day < coverage.first_usage_day)
      coverage.first_usage_day = cell.day;
    coverage.last_usage_day = std::max(coverage.last_usage_day, cell.day);
  }
  return coverage;
}

TEST(FitTest, RowsOfCellsThatTheBillHasAreLeftOut) {
  const Cut cut = *CutAround({Row("a", 1), Row("a", 2), Row("b", 1)}, {Bill({{"a", Day(1)}})});
  ASSERT_EQ(cut.left.size(), 2U);
  EXPECT_EQ(cut.left[0].start, Day(2));
  EXPECT_EQ(cut.left[1].account, "b");
}

TEST(FitTest, ADayWithoutALineAmongDaysWithLinesIsTheBills) {
  const Cut cut = *CutAround({Row("a", 2)}, {Bill({{"a", Day(1)}, {"a", Day(3)}})});
  EXPECT_TRUE(cut.left.empty());
}

TEST(FitTest, LinesWithoutAnAccountMayBeAnyones) {
  EXPECT_TRUE(CutAround({Row("a", 1)}, {Bill({{"", Day(1)}})})->left.empty());
}

TEST(FitTest, TheDifferenceOfReplacedCellsIsExact) {
  const Cut cut =
      *CutAround({Row("a", 1, "1.0000000001"), Row("a", 1, "2.5")}, {Bill({{"a", Day(1)}})});
  ASSERT_EQ(cut.replaced.size(), 1U);
  EXPECT_EQ(ToString(cut.cost_explorer), "3.5000000001");
  EXPECT_EQ(ToString(cut.bill), "3");
}

// A month as the catalog holds it: exports whose loads come, go and are chosen, and one kept answer that is
// fitted from time to time.  Days without lines lie outside the bills here, so that cells tell everything.
struct Month {
  struct Export {
    lake::Load load;
    Coverage coverage;
    bool active = false;
  };
  std::vector<Export> exports{4};
  std::vector<lake::Preference> preferences;
  std::vector<CostExplorerRow> answer;
  std::vector<CostExplorerRow> filled;  ///< the load made of the answer
  std::optional<lake::Load> filler;
  int next = 0;

  void Deliver(std::size_t number, const std::vector<Cell>& cells, bool other_payer) {
    Export& one = exports[number];
    one.coverage = Bill(cells);
    one.active = !cells.empty();
    lake::Load& load = one.load;
    load = {};
    load.id = "load" + std::to_string(next++);
    load.export_id = static_cast<std::int64_t>(number) + 1;
    load.export_name = "export" + std::to_string(number);
    load.period = {2026, 1};
    load.format = number % 2 == 0 ? "cur2" : "focus";
    load.providers = {"AWS"};
    load.billing_accounts = {other_payer ? "another" : "payer"};
    load.sub_accounts.assign(one.coverage.accounts.begin(), one.coverage.accounts.end());
  }

  std::vector<lake::Candidate> Elect() const {
    std::vector<lake::Load> loads;
    for (const Export& one : exports) {
      if (one.active) loads.push_back(one.load);
    }
    if (filler) loads.push_back(*filler);
    return lake::HoldElection(std::move(loads), preferences);
  }

  void Fit() {
    std::vector<Coverage> bills;
    std::vector<std::string> ids;
    for (const lake::Candidate& candidate : Elect()) {
      if (!candidate.elected || candidate.load.format == "cost_explorer") continue;
      ids.push_back(candidate.load.id);
      bills.push_back(exports[static_cast<std::size_t>(candidate.load.export_id - 1)].coverage);
    }
    filled = CutAround(answer, bills)->left;
    filler.reset();
    if (filled.empty()) return;
    std::set<std::string> accounts;
    for (const CostExplorerRow& row : filled) accounts.insert(row.account);
    lake::Load load;
    load.id = "filler" + std::to_string(next++);
    load.export_id = 99;
    load.export_name = "cost-explorer";
    load.period = {2026, 1};
    load.format = "cost_explorer";
    load.providers = {"AWS"};
    load.billing_accounts = {"payer"};
    load.sub_accounts.assign(accounts.begin(), accounts.end());
    load.fills_around = ids;
    filler = load;
  }

  /// How often each cell is counted by what the election lets through: by bills, and by Cost Explorer.
  std::map<Cell, std::pair<int, int>> Counted() const {
    std::map<Cell, std::pair<int, int>> counted;
    for (const lake::Candidate& candidate : Elect()) {
      if (!candidate.elected) continue;
      if (candidate.load.format == "cost_explorer") {
        for (const CostExplorerRow& row : filled) ++counted[{row.account, row.start}].second;
        continue;
      }
      const auto& coverage =
          exports[static_cast<std::size_t>(candidate.load.export_id - 1)].coverage;
      for (const auto& [cell, cost] : coverage.cells) ++counted[cell].first;
    }
    return counted;
  }
};

const std::vector<std::string> kAccounts = {"a", "b", "c"};
constexpr int kDays = 4;

RC_GTEST_PROP(FitProperty, NoCellIsCountedTwiceAndNoneIsMissing, ()) {
  Month month;
  for (const std::string& account : kAccounts) {
    for (int day = 1; day <= kDays; ++day) {
      if (*rc::gen::weightedElement<bool>({{4, true}, {1, false}}))
        month.answer.push_back(Row(account, day));
    }
  }
  for (int step = 0; step < 12; ++step) {
    const int what = *rc::gen::inRange(0, 5);
    if (what <= 2) {
      std::vector<Cell> cells;
      for (const std::string& account : kAccounts) {
        const int until = *rc::gen::inRange(0, kDays + 1);
        for (int day = 1; day <= until; ++day) cells.push_back({account, Day(day)});
      }
      month.Deliver(static_cast<std::size_t>(*rc::gen::inRange(0, 4)), cells,
                    *rc::gen::weightedElement<bool>({{5, false}, {1, true}}));
    } else if (what == 3) {
      month.preferences.insert(month.preferences.begin(), {*rc::gen::inRange(1, 5), ""});
    }
    const bool fits = what == 4 || *rc::gen::arbitrary<bool>();
    if (fits) month.Fit();
    const auto counted = month.Counted();
    for (const auto& [cell, times] : counted) {
      RC_ASSERT(times.second <= 1);
      RC_ASSERT(times.first == 0 || times.second == 0);  // never both, fitted or not
    }
    if (!fits) continue;
    for (const CostExplorerRow& row : month.answer) {  // just fitted: every cell is somewhere
      const auto found = counted.find({row.account, row.start});
      const bool is_bills =
          std::any_of(month.exports.begin(), month.exports.end(), [&](const Month::Export& one) {
            return one.active && one.coverage.Has({row.account, row.start});
          });
      RC_ASSERT(found != counted.end() || is_bills);
    }
  }
}

}  // namespace
}  // namespace farthing::connect
