#include "sim/bill.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <set>

#include "base/files.h"
#include "engine/duckdb.h"
#include "sim/line.h"

namespace farthing::sim {
namespace {

using Row = std::map<std::string, std::string>;

/// A directory of the test's own, gone afterwards.
class BillTest : public testing::Test {
 protected:
  BillTest()
      : out_(fs::temp_directory_path() /
             ("bill_test." + std::to_string(getpid()) + "." +
              testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(out_);
  }
  ~BillTest() override { fs::remove_all(out_); }

  BillOptions Options(std::vector<BillFormat> formats) const {
    return {.seed = 7, .lines = 3000, .formats = std::move(formats), .out = out_};
  }

  BillTotals Write(const BillOptions& options) {
    auto totals = WriteBill(options);
    EXPECT_TRUE(totals.ok()) << totals.error().message();
    return totals.ok() ? *totals : BillTotals{};
  }

  /// Relative paths of the files whose name ends so.
  std::vector<std::string> Files(std::string_view ending) const {
    std::vector<std::string> names;
    const auto files = ListTree(out_);
    if (!files.ok()) return names;
    for (const fs::path& file : *files) {
      const std::string name = fs::relative(out_ / file, out_).string();
      if (name.ends_with(ending)) names.push_back(name);
    }
    return names;
  }

  std::string Text(const std::string& name) const {
    gzFile file = gzopen((out_ / name).c_str(), "rb");
    std::string text;
    std::array<char, 65536> buffer;
    for (int n = 0; (n = gzread(file, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    gzclose(file);
    return text;
  }

  /// The rows of all CSV files whose path contains `part`, by column name.
  std::vector<Row> Rows(std::string_view part = "") const {
    std::vector<Row> rows;
    for (const std::string& name : Files(".csv.gz")) {
      if (name.find(part) == std::string::npos) continue;
      std::vector<std::string> header;
      std::vector<std::string> cells(1);
      bool quoted = false;
      for (const char c : Text(name)) {
        if (c == '"') {
          if (!quoted && !cells.back().empty()) cells.back() += '"';  // the second of ""
          quoted = !quoted;
        } else if (c == ',' && !quoted) {
          cells.emplace_back();
        } else if (c == '\n' && !quoted) {
          if (header.empty()) {
            header = cells;
          } else {
            EXPECT_EQ(cells.size(), header.size());
            Row& row = rows.emplace_back();
            for (std::size_t i = 0; i < cells.size(); ++i) row[header[i]] = cells[i];
          }
          cells.assign(1, {});
        } else {
          cells.back() += c;
        }
      }
    }
    return rows;
  }

  const fs::path out_;
};

Decimal Cell(const Row& row, const std::string& column) {
  const auto cell = row.find(column);
  if (cell == row.end() || cell->second.empty()) return {};
  const auto value = ParseDecimal(cell->second);
  EXPECT_TRUE(value.ok()) << column << " " << cell->second;
  return value.ok() ? *value : Decimal{};
}

Decimal Sum(Decimal a, const Decimal& b) {
  const auto sum = Add(a, b);
  EXPECT_TRUE(sum.ok());
  return sum.ok() ? *sum : Decimal{};
}

/// Amortised cost from the columns, as CID's summary view has it; `net` is "" or "net_".
Decimal AmortizedOf(const Row& row, const std::string& net) {
  const std::string type = row.at("line_item_line_item_type");
  const auto cell = [&](const std::string& name) { return Cell(row, name); };
  if (type == "DiscountedUsage") return cell("reservation_" + net + "effective_cost");
  if (type == "RIFee") {
    return Sum(cell("reservation_" + net + "unused_amortized_upfront_fee_for_billing_period"),
               cell("reservation_" + net + "unused_recurring_fee"));
  }
  if (type == "Fee" && !row.at("reservation_reservation_a_r_n").empty()) return {};
  if (type == "SavingsPlanCoveredUsage") {
    return cell("savings_plan_" + net + "savings_plan_effective_cost");
  }
  if (type == "SavingsPlanNegation" || type == "SavingsPlanUpfrontFee") return {};
  if (type == "SavingsPlanRecurringFee") {
    Decimal unused = Sum(cell("savings_plan_total_commitment_to_date"),
                         Negate(cell("savings_plan_used_commitment")));
    if (!net.empty()) unused = Canonical({unused.units * 94, unused.scale + 2});
    return unused;
  }
  const std::string& text = row.at("line_item_line_item_description");
  if (type == "Refund" && text.starts_with("Refund for one-time fee for Savings Plan ID"))
    return {};
  return cell("line_item_" + net + "unblended_cost");
}

TEST_F(BillTest, SameOptionsGiveSameBytes) {
  const BillOptions options =
      Options({BillFormat::kCur1Csv, BillFormat::kCur2Csv, BillFormat::kFocusCsv});
  const auto digests = [&] {
    Write(options);
    std::map<std::string, std::string> result;
    for (const std::string& name : Files("")) result[name] = *Sha256OfFile(out_ / name);
    return result;
  };
  const auto first = digests();
  EXPECT_EQ(first.size(), 13U);
  EXPECT_EQ(digests(), first);
}

TEST_F(BillTest, EveryLineTypeOccurs) {
  const BillTotals bill = Write(Options({}));
  ASSERT_EQ(bill.months.size(), 2U);
  const auto& types = bill.months.at("2026-01").by_line_type;
  for (int i = 0; i < kLineTypeCount; ++i) {
    EXPECT_TRUE(types.contains(std::string(Name(static_cast<LineType>(i))))) << i;
  }
  EXPECT_EQ(bill.months.at("2026-01").all.rows, 1500);
  EXPECT_EQ(bill.months.at("2026-02").all.rows, 1500);
}

TEST_F(BillTest, Cur2TextAddsUpToTheTotals) {
  const BillTotals bill = Write(Options({BillFormat::kCur2Csv}));
  for (const auto& [period, month] : bill.months) {
    Totals all;
    std::map<std::string, Totals> by_account;
    for (const Row& row : Rows("BILLING_PERIOD=" + period)) {
      for (Totals* const totals : {&all, &by_account[row.at("line_item_usage_account_id")]}) {
        ++totals->rows;
        totals->unblended = Sum(totals->unblended, Cell(row, "line_item_unblended_cost"));
        totals->net_unblended =
            Sum(totals->net_unblended, Cell(row, "line_item_net_unblended_cost"));
        totals->blended = Sum(totals->blended, Cell(row, "line_item_blended_cost"));
        totals->amortized = Sum(totals->amortized, AmortizedOf(row, ""));
        totals->net_amortized = Sum(totals->net_amortized, AmortizedOf(row, "net_"));
      }
    }
    EXPECT_EQ(all, month.all);
    EXPECT_EQ(by_account, month.by_account);
  }
}

TEST_F(BillTest, LegacyTextAddsUpToTheTotals) {
  const BillTotals bill = Write(Options({BillFormat::kCur1Csv}));
  std::map<std::string, Decimal> by_type;
  const auto rows = Rows("20260101-20260201");
  for (const Row& row : rows) {
    Decimal& sum = by_type[row.at("lineItem/LineItemType")];
    sum = Sum(sum, Cell(row, "lineItem/UnblendedCost"));
    EXPECT_EQ(Sum(Cell(row, "lineItem/UnblendedCost"), Cell(row, "discount/TotalDiscount")),
              Cell(row, "lineItem/NetUnblendedCost"));
  }
  for (const auto& [type, totals] : bill.months.at("2026-01").by_line_type) {
    EXPECT_EQ(by_type[type], totals.unblended) << type;
  }
}

TEST_F(BillTest, FocusAddsUpToNetCosts) {
  const BillTotals bill = Write(Options({BillFormat::kFocusCsv}));
  for (const auto& [period, month] : bill.months) {
    Decimal billed;
    Decimal effective;
    const auto rows = Rows("billing_period=" + period);
    for (const Row& row : rows) {
      billed = Sum(billed, Cell(row, "BilledCost"));
      effective = Sum(effective, Cell(row, "EffectiveCost"));
    }
    EXPECT_EQ(static_cast<std::int64_t>(rows.size()), month.focus_rows);
    EXPECT_EQ(billed, month.all.net_unblended);
    EXPECT_EQ(effective, month.all.net_amortized);
  }
}

TEST_F(BillTest, ParquetHoldsTheSameAmounts) {
  const BillTotals bill = Write(
      Options({BillFormat::kCur1Parquet, BillFormat::kCur2Parquet, BillFormat::kFocusParquet}));
  auto database = engine::Database::Open();
  ASSERT_TRUE(database.ok()) << database.error().message();
  auto connection = (*database)->Connect();
  ASSERT_TRUE(connection.ok());
  const auto row = [&](const std::string& glob, const std::string& column) {
    auto table = connection->Query("SELECT count(*)::VARCHAR, sum(" + column +
                                   "::DECIMAL(38,10))::VARCHAR FROM read_parquet(" +
                                   engine::QuoteLiteral((out_ / "billing" / glob).string()) + ")");
    EXPECT_TRUE(table.ok()) << table.error().message();
    return table.ok() ? std::pair(*table->rows[0][0], Cell({{column, *table->rows[0][1]}}, column))
                      : std::pair(std::string(), Decimal{});
  };
  const MonthTotals& january = bill.months.at("2026-01");
  const auto cur = std::pair(std::to_string(january.all.rows), january.all.unblended);
  EXPECT_EQ(
      row("cur1-parquet/cur1-parquet/year=2026/month=1/*.parquet", "line_item_unblended_cost"),
      cur);
  EXPECT_EQ(row("cur2-parquet/data/BILLING_PERIOD=2026-01/*.parquet", "line_item_unblended_cost"),
            cur);
  EXPECT_EQ(row("focus-parquet/data/billing_period=2026-01/*.parquet", "EffectiveCost"),
            std::pair(std::to_string(january.focus_rows), january.all.net_amortized));
  EXPECT_TRUE(Files(".csv").empty());
}

TEST_F(BillTest, LaterDeliveryRestatesTheLastMonth) {
  BillOptions options = Options({BillFormat::kCur1Csv});
  options.layout = BillOptions::Layout::kCreateNew;
  const BillTotals first = Write(options);
  options.delivery = 2;
  const BillTotals second = Write(options);
  EXPECT_EQ(first.months.at("2026-01").all, second.months.at("2026-01").all);
  EXPECT_NE(first.months.at("2026-02").all.unblended, second.months.at("2026-02").all.unblended);
  // One assembly of January, two of February.
  EXPECT_EQ(Files(".csv.gz").size(), 3U);
  const std::string manifest = Text("billing/cur1-csv/20260201-20260301/cur1-csv-Manifest.json");
  EXPECT_NE(manifest.find("\"assemblyId\":\"20260305T051500Z\""), std::string::npos);
}

TEST_F(BillTest, OnlyTheOpenMonthHasNoInvoices) {
  Write(Options({BillFormat::kCur1Csv}));
  for (const Row& row : Rows()) {
    const bool january = row.at("bill/BillingPeriodStartDate").starts_with("2026-01");
    EXPECT_EQ(row.at("bill/InvoiceId").empty(), !january);
  }
}

TEST_F(BillTest, SplitsFilesAndKeepsAwkwardTexts) {
  BillOptions options = Options({BillFormat::kCur1Csv});
  options.lines_per_file = 400;
  Write(options);
  EXPECT_EQ(Files(".csv.gz").size(), 8U);
  std::set<std::string> cost_centers;
  std::set<std::string> teams;
  for (const Row& row : Rows()) {
    cost_centers.insert(row.at("resourceTags/user:CostCenter"));
    teams.insert(row.at("resourceTags/user:team"));
  }
  EXPECT_TRUE(cost_centers.contains("Zürich\nOerlikon"));
  EXPECT_TRUE(teams.contains("the \"blue\" team"));
  EXPECT_TRUE(teams.contains("checkout, billing"));
}

TEST_F(BillTest, RefusesMonthsWithoutRoomForEveryType) {
  BillOptions options = Options({});
  options.lines = 999;
  const auto bill = WriteBill(options);
  ASSERT_FALSE(bill.ok());
  EXPECT_EQ(bill.error().code(), Errc::kInvalidArgument);
  options.lines = 1000;
  EXPECT_TRUE(WriteBill(options).ok());
}

TEST(BillFormatTest, ParsesItsNames) {
  EXPECT_EQ(*ParseBillFormat("focus-parquet"), BillFormat::kFocusParquet);
  EXPECT_EQ(ParseBillFormat("cur3").error().code(), Errc::kInvalidArgument);
}

}  // namespace
}  // namespace farthing::sim
