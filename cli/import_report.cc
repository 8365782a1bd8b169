#include "cli/import_report.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <optional>
#include <ostream>

#include "base/text.h"
#include "billing/registry.h"
#include "cli/records.h"
#include "cli/render.h"
#include "lake/rows_set_aside.h"

namespace farthing::cli {
namespace {

namespace json = boost::json;
using lake::RowIssue;

// Amounts that the load's format could carry but this source does not.
std::vector<std::string> Lacking(const lake::Load& load) {
  std::vector<std::string> names;
  for (const std::string& name : load.unavailable) {
    const billing::LakeColumn* column = billing::FindLakeColumn(name);
    if (column != nullptr && (load.format == "focus" ? column->focus : column->cur) != "NULL") {
      names.push_back(name);
    }
  }
  return names;
}

std::string Money(const Decimal& amount, const std::string& currency) {
  return ToString(Canonical(amount)) + (currency.empty() ? "" : " " + currency);
}

std::string FileOf(const RowIssue& issue, const lake::Delivery& delivery) {
  const auto index = static_cast<std::size_t>(issue.file);
  return index < delivery.files.size() ? delivery.files[index].path
                                       : "file " + std::to_string(issue.file);
}

std::string Describe(const RowIssue& issue, const lake::Delivery& delivery) {
  std::string text = std::string(lake::ToString(issue.fate)) + ": " + FileOf(issue, delivery) +
                     ": row " + std::to_string(issue.row) +
                     (issue.column.empty() ? "" : ", column " + issue.column) + ": " +
                     issue.message;
  if (issue.fate == RowIssue::Fate::kSetAside) {
    const Result<Decimal> cost = ParseDecimal(issue.cost);
    text += cost.ok() ? "; its cost: " + Money(*cost, issue.currency) : "; its cost cannot be read";
  }
  return text;
}

std::vector<std::string> NotesOf(const lake::Load& load) {
  std::vector<std::string> notes;
  if (!load.complete) notes.emplace_back("no manifest, completeness unknown");
  if (const std::vector<std::string> lacking = Lacking(load); !lacking.empty())
    notes.push_back("not in this source: " + Join(lacking, ", "));
  if (!load.unknown_columns.empty())
    notes.push_back("unknown columns kept as attributes: " + Join(load.unknown_columns, ", "));
  notes.insert(notes.end(), load.notes.begin(), load.notes.end());
  if (load.left_out) notes.push_back(Describe(*load.left_out));
  for (const std::string& collision : load.tag_collisions)
    notes.push_back("tag keys that AWS merges in Parquet, kept apart here: " + collision);
  const std::string set_aside = lake::Describe(lake::CountSetAside(load.issues));
  if (!set_aside.empty()) notes.push_back(set_aside);
  return notes;
}

// An unknown currency is one of them, by an empty name.
std::vector<std::string> CurrenciesOf(const lake::Load& load) {
  std::vector<std::string> currencies = load.currencies;
  const bool has_unknown =
      std::any_of(load.accounts.begin(), load.accounts.end(),
                  [](const auto& account) { return account.second.costs.contains(""); });
  if (has_unknown && !currencies.empty()) currencies.emplace_back();
  return currencies;
}

// The same as text.
std::vector<std::string> NamesOfCurrencies(const lake::Load& load) {
  std::vector<std::string> names = CurrenciesOf(load);
  if (!names.empty() && names.back().empty()) names.back() = "unknown";
  return names;
}

// The amount a bill is known by, where the load has it.  Currencies are never added up.
std::optional<std::pair<std::string, Decimal>> MainTotal(const lake::Load& load) {
  if (CurrenciesOf(load).size() > 1) return std::nullopt;
  for (const char* metric : {"unblended_cost", "billed_cost"}) {
    const auto total = load.totals.find(metric);
    if (total != load.totals.end()) return std::pair(total->first, total->second);
  }
  return std::nullopt;
}

std::string PeriodOf(const lake::Delivery& delivery) {
  return delivery.period == Period{} ? "" : ToString(delivery.period);
}

void PrintAsText(const ingest::Outcome& outcome, CliContext& context) {
  const std::string period = PeriodOf(outcome.delivery);
  context.out << ToString(outcome.kind) << "  " << outcome.delivery.export_name << "  "
              << (period.empty() ? "unknown period" : period);
  if (outcome.load) {
    context.out << "  " << outcome.load->line_count << " lines";
    if (const auto total = MainTotal(*outcome.load)) {
      context.out << "  " << total->first << ' ' << ToString(total->second);
      if (!outcome.load->currencies.empty()) context.out << ' ' << outcome.load->currencies[0];
    }
    if (const std::vector<std::string> names = NamesOfCurrencies(*outcome.load); names.size() > 1)
      context.out << "  amounts in " << Join(names, ", ");
  }
  context.out << '\n' << std::flush;
  if (outcome.error) {
    context.err << "  reason: " << outcome.error->message() << '\n';
    if (!outcome.error->hint().empty()) context.err << "  fix: " << outcome.error->hint() << '\n';
  }
  if (!outcome.load) return;
  for (const std::string& note : NotesOf(*outcome.load)) context.err << "  note: " << note << '\n';
  for (const RowIssue& issue : outcome.load->issues)
    context.err << "  " << Describe(issue, outcome.delivery) << '\n';
}

json::object ToJson(const ingest::Outcome& outcome) {
  json::object object{{"outcome", ToString(outcome.kind)},
                      {"export", outcome.delivery.export_name},
                      {"period", PeriodOf(outcome.delivery)},
                      {"delivery_id", outcome.delivery.id},
                      {"version_key", outcome.delivery.version_key}};
  if (outcome.error) {
    object["reason"] = outcome.error->message();
    object["fix"] = outcome.error->hint();
  }
  if (!outcome.load) return object;
  object["load_id"] = outcome.load->id;
  object["line_count"] = outcome.load->line_count;
  json::object totals;
  const std::vector<std::string> currencies = CurrenciesOf(*outcome.load);
  if (currencies.size() <= 1) {
    for (const auto& [name, total] : outcome.load->totals) totals[name] = ToString(total);
  }
  object["totals"] = totals;
  object["currencies"] = cli::ToJson(currencies);
  object["notes"] = cli::ToJson(NotesOf(*outcome.load));
  json::array rows;
  for (const RowIssue& issue : outcome.load->issues) {
    json::object row{{"outcome", lake::ToString(issue.fate)},
                     {"file", FileOf(issue, outcome.delivery)},
                     {"row", issue.row},
                     {"column", issue.column},
                     {"message", issue.message}};
    if (issue.fate == RowIssue::Fate::kSetAside) {
      row["cost"] = issue.cost.empty() ? json::value(nullptr) : json::value(issue.cost);
      row["currency"] = issue.currency;
    }
    rows.push_back(std::move(row));
  }
  object["bad_rows"] = std::move(rows);
  return object;
}

std::vector<std::string> ToRecord(const ingest::Outcome& outcome) {
  std::vector<std::string> record = {std::string(ToString(outcome.kind)),
                                     outcome.delivery.export_name, PeriodOf(outcome.delivery),
                                     outcome.delivery.id};
  if (outcome.load) {
    const lake::Load& load = *outcome.load;
    const auto total = MainTotal(load);
    const lake::RowsSetAside aside = lake::CountSetAside(load.issues);
    record.insert(record.end(),
                  {load.id, std::to_string(load.line_count), total ? total->first : "",
                   total ? ToString(total->second) : "", Join(NamesOfCurrencies(load), " "),
                   std::to_string(aside.count), lake::CostText(aside)});
  } else {
    record.insert(record.end(), 7, "");
  }
  record.push_back(outcome.error ? outcome.error->message() : "");
  record.push_back(outcome.error ? outcome.error->hint() : "");
  return record;
}

}  // namespace

void ImportReport::Add(ingest::ImportSummary summary) {
  for (ingest::Outcome& outcome : summary.outcomes) {
    if (context_.format == "table") PrintAsText(outcome, context_);
    outcomes_.push_back(std::move(outcome));
  }
  if (context_.format != "json") PrintNotes(summary.notes, context_);
  notes_.insert(notes_.end(), summary.notes.begin(), summary.notes.end());
}

void ImportReport::Finish(const std::vector<std::string>& notes) {
  notes_.insert(notes_.end(), notes.begin(), notes.end());
  if (context_.format == "json") return PrintAsJson();
  if (context_.format == "csv") PrintAsCsv();
  PrintNotes(notes, context_);
}

std::size_t ImportReport::quarantined() const {
  return static_cast<std::size_t>(
      std::count_if(outcomes_.begin(), outcomes_.end(), [](const ingest::Outcome& outcome) {
        return outcome.kind == ingest::Outcome::Kind::kQuarantined;
      }));
}

void ImportReport::PrintAsCsv() {
  Records records{{"outcome", "export", "period", "delivery_id", "load_id", "lines", "metric",
                   "total", "currency", "rows_set_aside", "cost_set_aside", "reason", "fix"},
                  {}};
  for (const ingest::Outcome& outcome : outcomes_) records.rows.push_back(ToRecord(outcome));
  PrintRecords(records, "", context_);
}

void ImportReport::PrintAsJson() {
  json::array outcomes;
  for (const ingest::Outcome& outcome : outcomes_) outcomes.push_back(ToJson(outcome));
  context_.out << json::serialize(json::object{{"outcomes", std::move(outcomes)},
                                               {"notes", cli::ToJson(notes_)}})
               << '\n';
}

}  // namespace farthing::cli
