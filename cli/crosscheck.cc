// farthing crosscheck: the exports of one bill against each other.

#include <boost/json.hpp>
#include <optional>
#include <ostream>

#include "cli/differences.h"
#include "cli/question.h"
#include "cli/watch.h"
#include "query/crosscheck.h"

namespace farthing::cli {
namespace {

namespace json = boost::json;

const SideNames kSides{"elected", "other"};

json::object ToJson(const query::CrossCheck& check) {
  const TextTable table = ToTable(check.differences, kSides);
  return {{"billing_period", ToString(check.elected.period)},
          {"elected", check.elected.export_name},
          {"other", check.other.export_name},
          {"differences", RowsToJson(table, table.rows)},
          {"totals", RowsToJson(table, table.footer)},
          {"notes", cli::ToJson(check.differences.notes)}};
}

void PrintCheck(const query::CrossCheck& check, CliContext& context) {
  context.out << ToString(check.elected.period) << ": " << check.elected.export_name
              << " (elected) and " << check.other.export_name << ": ";
  if (check.differences.rows.empty()) {
    context.out << "no differences\n";
  } else {
    context.out << check.differences.rows.size() << " services differ\n";
  }
  PrintTable(ToTable(check.differences, kSides), context, context.out);
  PrintNotes(check.differences.notes, context);
}

// One record per service and metric, since bills of different formats have different metrics.
void PrintAsCsv(const std::vector<query::CrossCheck>& checks, std::ostream& out) {
  PrintCsv({"billing_period", "elected", "other", "service", "currency", "metric", "elected_value",
            "other_value", "change"},
           out);
  for (const query::CrossCheck& check : checks) {
    const query::Differences& found = check.differences;
    for (const query::DiffRow& row : found.rows) {
      std::optional<std::string> service;
      std::optional<std::string> currency;
      for (std::size_t i = 0; i < found.keys.size(); ++i)
        (found.keys[i].is_currency ? currency : service) = row.keys[i];
      for (std::size_t i = 0; i < found.metrics.size(); ++i) {
        const query::Change& change = row.changes[i];
        PrintCsv(
            {ToString(check.elected.period), check.elected.export_name, check.other.export_name,
             service, currency, found.metrics[i].name, change.from, change.to, change.change},
            out);
      }
    }
  }
}

Result<void> RunCrossCheck(CliContext& context) {
  std::unique_ptr<query::Session> own;
  TRY_ASSIGN(query::Session * session, SessionOf(context, own));
  std::optional<Watch> watch(std::in_place, context, "comparing");
  watch->Follow(session->connection().monitor());
  TRY_ASSIGN(const std::vector<query::CrossCheck> checks, query::CrossCheckBills(*session, {}));
  watch.reset();
  if (context.format == "csv") {
    PrintAsCsv(checks, context.out);
    for (const query::CrossCheck& check : checks) PrintNotes(check.differences.notes, context);
    return {};
  }
  if (context.format == "json") {
    json::array array;
    for (const query::CrossCheck& check : checks) array.push_back(ToJson(check));
    context.out << json::serialize(array) << '\n';
    return {};
  }
  if (checks.empty()) context.out << "every bill has one export only: nothing to check\n";
  for (const query::CrossCheck& check : checks) PrintCheck(check, context);
  return {};
}

}  // namespace

void AddCrossCheckVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(app, context, "crosscheck",
                       "Compare the exports that describe the same bill, service by service");
  verb->footer(
      "Where legacy CUR, CUR 2.0, FOCUS or a member's report describe one bill, one is elected and "
      "the\n"
      "others are never added to it; this lists what they say differently.\n\n"
      "Examples:\n  farthing crosscheck\n  farthing crosscheck --format json");
  verb->callback([&context] { context.action = [&context] { return RunCrossCheck(context); }; });
}

}  // namespace farthing::cli
