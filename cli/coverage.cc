// farthing coverage: which days of which accounts are there, and why the others are not.

#include "connect/collecting/coverage.h"

#include <algorithm>
#include <ostream>
#include <set>
#include <sstream>

#include "cli/installation.h"
#include "cli/records.h"

namespace farthing::cli {
namespace {

using connect::CellStatus;
using connect::CoverageMap;
using connect::CoverageSpan;

constexpr std::int64_t kDayMicros = std::int64_t{86'400} * 1'000'000;

Records SpanRecords(const CoverageMap& map) {
  Records records{{"connection", "export", "account", "first_day", "last_day", "status", "cause"},
                  {}};
  for (const CoverageSpan& span : map.spans) {
    records.rows.push_back({span.connection, span.export_name, span.account, span.first_day,
                            span.last_day, std::string(Name(span.status)), span.cause});
  }
  return records;
}

Records FreshnessRecords(const CoverageMap& map) {
  Records records{{"connection", "export", "last_delivery", "covered_until", "final_until",
                   "newest_month", "problem"},
                  {}};
  for (const connect::Freshness& fresh : map.exports) {
    records.rows.push_back({fresh.connection, fresh.export_name,
                            fresh.last_delivery ? ToString(*fresh.last_delivery) : "",
                            fresh.covered_until, fresh.final_until,
                            fresh.is_estimated ? "estimated" : "final", fresh.problem});
  }
  return records;
}

/// A row for each currency.
Records LeftOutRecords(const CoverageMap& map) {
  Records records{
      {"connection", "export", "period", "accounts", "lines", "metric", "sum", "currency"}, {}};
  for (const connect::PeriodLeftOut& each : map.left_out) {
    const lake::LeftOut& left_out = each.left_out;
    std::vector<std::string> row{each.connection,
                                 each.export_name,
                                 ToString(each.period),
                                 std::to_string(left_out.accounts.size()),
                                 std::to_string(left_out.line_count),
                                 left_out.metric,
                                 "0",
                                 ""};
    if (left_out.costs.empty()) records.rows.push_back(row);
    for (const auto& [currency, sum] : left_out.costs) {
      row[6] = ToString(Canonical(sum));
      row[7] = currency;
      records.rows.push_back(row);
    }
  }
  return records;
}

/// One line per account, one character per day, the newest days that fit.
void DrawMap(const CoverageMap& map, Instant now, CliContext& context) {
  constexpr int kAccountWidth = 14;
  const int days = std::max(14, context.width - kAccountWidth);
  // The newest days that fit, of those that are mapped at all.
  const std::string newest = DayString({now.micros - (days - 1) * kDayMicros});
  std::string oldest = DayString(now);
  for (const CoverageSpan& span : map.spans) oldest = std::min(oldest, span.first_day);
  const Result<Instant> first = ParseInstant(std::max(newest, oldest));
  if (!first.ok()) return;
  std::string heading;
  std::string line;
  std::string account;
  const auto flush = [&] {
    if (!line.empty())
      context.out << account << std::string(kAccountWidth - account.size(), ' ') << line << '\n';
    line.clear();
  };
  for (const CoverageSpan& span : map.spans) {
    const std::string title =
        span.connection +
        (span.export_name.empty() ? ", no export yet" : ", export " + span.export_name);
    if (title != heading || span.account != account) flush();
    if (title != heading) {
      context.out << title << ", " << DayString(*first) << " to " << DayString(now);
      if (oldest < newest) context.out << "; all from " << oldest << ": --format csv";
      context.out << '\n';
      heading = title;
    }
    account = span.account.substr(0, kAccountWidth - 1);
    for (Instant day = *first; day <= now; day.micros += kDayMicros) {
      const std::string name = DayString(day);
      if (span.first_day <= name && name <= span.last_day) {
        const auto column = static_cast<std::size_t>((day.micros - first->micros) / kDayMicros);
        line.resize(std::max(line.size(), column), ' ');  // another export may begin earlier
        line += Symbol(span.status);
      }
    }
  }
  flush();
  std::set<CellStatus> seen;
  for (const CoverageSpan& span : map.spans) seen.insert(span.status);
  for (const CellStatus status : seen) {
    context.out << "  " << Symbol(status) << ' ' << Name(status);
  }
  context.out << "\n\n";
}

/// Gaps without what is said of every account alike.
void PrintGaps(const CoverageMap& map, CliContext& context) {
  using Gap = std::tuple<std::string, std::string, std::string, CellStatus, std::string>;
  std::map<Gap, std::vector<std::string>> gaps;  // → accounts
  for (const CoverageSpan& span : map.spans) {
    if (span.status == CellStatus::kCovered) continue;
    gaps[{span.first_day, span.last_day, span.export_name, span.status, span.cause}].push_back(
        span.account);
  }
  Records records{{"export", "first_day", "last_day", "accounts", "status", "cause"}, {}};
  for (const auto& [gap, accounts] : gaps) {
    const auto& [first, last, name, status, cause] = gap;
    records.rows.push_back(
        {name, first, last,
         accounts.size() == 1 ? accounts.front() : std::to_string(accounts.size()),
         std::string(Name(status)), cause});
  }
  if (!records.rows.empty()) PrintRecords(records, context);
}

struct CoverageFlags {
  std::string connection;
  bool freshness = false, left_out = false;
};

Result<void> RunCoverage(const CoverageFlags& flags, CliContext& context) {
  TRY_ASSIGN(const auto catalog, lake::Catalog::Open(lake::Layout(context.data)));
  TRY_ASSIGN(const auto store, OpenStore(context));
  const Instant now = Now();
  TRY_ASSIGN(const CoverageMap map, MapCoverage(*store, *catalog, flags.connection, now));
  if (flags.freshness || flags.left_out) {
    PrintRecords(flags.freshness ? FreshnessRecords(map) : LeftOutRecords(map), context);
    return {};
  }
  if (context.format != "table") {
    PrintRecords(SpanRecords(map), context);
    return {};
  }
  if (map.spans.empty()) {
    context.out << "there are no connections yet; make one with: farthing connect\n";
    return {};
  }
  DrawMap(map, now, context);
  PrintGaps(map, context);
  if (!map.left_out.empty()) PrintRecords(LeftOutRecords(map), context);
  PrintRecords(FreshnessRecords(map), context);
  return {};
}

}  // namespace

void AddCoverageVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(app, context, "coverage",
                       "Show which days of which accounts are there, and why others are not");
  auto flags = std::make_shared<CoverageFlags>();
  verb->add_option("CONNECTION", flags->connection, "Name or id; else all");
  auto* freshness =
      verb->add_flag("--freshness", flags->freshness, "Only how fresh each export is");
  verb->add_flag("--left-out", flags->left_out,
                 "Only what the import policy left out of each month, counted and summed")
      ->excludes(freshness);
  verb->footer(
      "Asks nothing of AWS.\n\nExamples:\n  farthing coverage\n"
      "  farthing coverage production --format csv\n  farthing coverage --freshness\n"
      "  farthing coverage --left-out --format json");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return RunCoverage(*flags, context); }; });
}

}  // namespace farthing::cli
