#include "sim/bill.h"

#include <array>
#include <fstream>
#include <memory>
#include <optional>

#include "base/files.h"
#include "base/text.h"
#include "engine/duckdb.h"
#include "sim/delivery.h"
#include "sim/month.h"

namespace farthing::sim {
namespace {

constexpr std::array<std::string_view, 6> kFormatNames = {
    "cur1-csv", "cur1-parquet", "cur2-csv", "cur2-parquet", "focus-csv", "focus-parquet"};

/// Sums in units of 1e-10.
struct Sums {
  std::int64_t rows = 0;
  int128 unblended = 0, net_unblended = 0, blended = 0, amortized = 0, net_amortized = 0;

  void Add(const Sums& other) {
    rows += other.rows;
    unblended += other.unblended;
    net_unblended += other.net_unblended;
    blended += other.blended;
    amortized += other.amortized;
    net_amortized += other.net_amortized;
  }

  Totals ToTotals() const {
    const auto decimal = [](int128 units) { return Canonical({units, 10}); };
    return {rows,
            decimal(unblended),
            decimal(net_unblended),
            decimal(blended),
            decimal(amortized),
            decimal(net_amortized)};
  }
};

struct MonthSums {
  Sums all;
  std::map<std::string_view, Sums> by_line_type, by_service, by_account;
  std::int64_t focus_rows = 0;

  void Add(const Line& line) {
    const Sums sums{
        1, line.unblended, NetUnblended(line), line.blended, Amortized(line), NetAmortized(line)};
    all.Add(sums);
    by_line_type[Name(line.type)].Add(sums);
    by_service[line.product->code].Add(sums);
    by_account[line.account->id].Add(sums);
    focus_rows += static_cast<std::int64_t>(FocusParts(line).size());
  }

  MonthTotals ToTotals() const {
    const auto convert = [](const std::map<std::string_view, Sums>& groups) {
      std::map<std::string, Totals> totals;
      for (const auto& [name, sums] : groups) totals.emplace(name, sums.ToTotals());
      return totals;
    };
    return {all.ToTotals(), convert(by_line_type), convert(by_service), convert(by_account),
            focus_rows};
  }
};

std::string ToJson(const Totals& totals) {
  const auto field = [](std::string_view name, const Decimal& value) {
    return ",\"" + std::string(name) + "\":\"" + ToString(value) + '"';
  };
  return "{\"rows\":" + std::to_string(totals.rows) + field("unblended", totals.unblended) +
         field("net_unblended", totals.net_unblended) + field("blended", totals.blended) +
         field("amortized", totals.amortized) + field("net_amortized", totals.net_amortized) + "}";
}

std::string ToJson(const std::map<std::string, Totals>& groups) {
  std::vector<std::string> entries;
  entries.reserve(groups.size());
  for (const auto& [name, totals] : groups) entries.push_back('"' + name + "\":" + ToJson(totals));
  return "{" + Join(entries, ",\n") + "}";
}

std::string ToJson(const BillTotals& bill, const BillOptions& options) {
  std::vector<std::string> months;
  months.reserve(bill.months.size());
  for (const auto& [period, month] : bill.months) {
    months.push_back('"' + period + "\":{\"all\":" + ToJson(month.all) +
                     ",\n\"focus_rows\":" + std::to_string(month.focus_rows) +
                     ",\n\"by_line_type\":" + ToJson(month.by_line_type) +
                     ",\n\"by_service\":" + ToJson(month.by_service) +
                     ",\n\"by_account\":" + ToJson(month.by_account) + "}");
  }
  return "{\"seed\":" + std::to_string(options.seed) +
         ",\"delivery\":" + std::to_string(options.delivery) + ",\"currency\":\"" +
         options.currency + "\",\n\"months\":{" + Join(months, ",\n") + "}}\n";
}

Result<MonthTotals> WriteMonth(const BillOptions& options, int index, Period period,
                               engine::Connection* connection) {
  const bool last = index + 1 == options.months;
  const int number = last ? options.delivery : 1;
  std::vector<std::unique_ptr<Delivery>> deliveries;
  deliveries.reserve(options.formats.size());
  for (const BillFormat format : options.formats) {
    deliveries.push_back(
        std::make_unique<Delivery>(DeliveryOptions{.format = format,
                                                   .bucket = options.out,
                                                   .period = period,
                                                   .layout = options.layout,
                                                   .number = number,
                                                   .seed = options.seed,
                                                   .lines_per_file = options.lines_per_file},
                                   connection));
  }
  const BillHead head{.period = TimeSpan(period.start(), period.end()),
                      .currency = options.currency,
                      .open = last && options.open_last_month,
                      .invoice_prefix = std::to_string(period.year * 100 + period.month) + "880"};
  const MonthOptions month{.seed = options.seed,
                           .first = options.first,
                           .period = period,
                           .lines = options.lines * (index + 1) / options.months -
                                    options.lines * index / options.months,
                           .restatement = number - 1};
  MonthSums sums;
  EmitMonth(month, head, [&](const Line& line) {
    sums.Add(line);
    for (const auto& delivery : deliveries) delivery->Write(line);
  });
  for (const auto& delivery : deliveries) TRY(delivery->Finish());
  return sums.ToTotals();
}

}  // namespace

Result<BillFormat> ParseBillFormat(std::string_view text) {
  for (std::size_t i = 0; i < kFormatNames.size(); ++i) {
    if (kFormatNames[i] == text) return static_cast<BillFormat>(i);
  }
  return Error(Errc::kInvalidArgument, "unknown bill format: " + std::string(text))
      .Hint("use cur1-csv, cur1-parquet, cur2-csv, cur2-parquet, focus-csv or focus-parquet");
}

std::string_view Name(BillFormat format) { return kFormatNames[static_cast<std::size_t>(format)]; }

Result<BillTotals> WriteBill(const BillOptions& options) {
  if (options.months < 1 || options.delivery < 1 || options.lines_per_file < 1) {
    return Error(Errc::kInvalidArgument, "months, deliveries and lines per file count from 1");
  }
  if (options.lines / options.months < kMinMonthLines) {
    return Error(Errc::kInvalidArgument, "a month needs " + std::to_string(kMinMonthLines) +
                                             " lines at least, so the bill " +
                                             std::to_string(kMinMonthLines * options.months));
  }
  TRY(MakeDirectories(options.out));
  TRY_ASSIGN(const auto database, engine::Database::Open());
  TRY_ASSIGN(auto connection, database->Connect());

  BillTotals bill;
  Period period = options.first;
  for (int i = 0; i < options.months; ++i, period = period.Next()) {
    TRY_ASSIGN(bill.months[ToString(period)], WriteMonth(options, i, period, &connection));
  }
  const fs::path expected = options.out / "EXPECTED.json";
  std::ofstream file(expected, std::ios::binary | std::ios::trunc);
  file << ToJson(bill, options);
  if (!file.flush()) return ErrnoError("cannot write", expected, errno);
  return bill;
}

}  // namespace farthing::sim
