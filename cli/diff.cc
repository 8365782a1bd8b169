// farthing diff: what a restatement changed.

#include <boost/json.hpp>
#include <optional>
#include <ostream>

#include "base/text.h"
#include "cli/differences.h"
#include "cli/question.h"
#include "cli/render.h"
#include "cli/watch.h"
#include "query/diff.h"

namespace farthing::cli {
namespace {

namespace json = boost::json;

struct DiffFlags {
  std::string period;
  std::string export_name;
  std::string from = "previous";
  std::string to = "latest";
  std::vector<std::string> metrics;
  std::vector<std::string> by;
  std::string where;
};

Result<query::DiffRequest> ToRequest(const DiffFlags& flags) {
  query::DiffRequest request;
  TRY_ASSIGN(request.period, ParsePeriodFlag(flags.period));
  request.export_name = flags.export_name;
  request.from = flags.from;
  request.to = flags.to;
  TRY_ASSIGN(request.what.metrics,
             query::ParseMetrics(flags.metrics.empty() ? std::string(query::kDefaultMetric)
                                                       : Join(flags.metrics, ",")));
  TRY_ASSIGN(
      request.what.group_by,
      query::ParseGroupBy(flags.by.empty() ? "account,service,record_type" : Join(flags.by, ",")));
  if (!flags.where.empty()) {
    TRY_ASSIGN(request.what.filter, query::ParseFilter(flags.where));
  }
  return request;
}

json::object ToJson(const lake::Version& version) {
  return {{"version", version.number},          {"load_id", version.load_id},
          {"export", version.export_name},      {"billing_period", ToString(version.period)},
          {"active_from", version.active_from}, {"active_to", version.active_to}};
}

std::string Describe(const lake::Version& version) {
  return "version " + std::to_string(version.number) + " (" + version.active_from + ")";
}

Result<void> RunDiff(const DiffFlags& flags, CliContext& context) {
  TRY_ASSIGN(const query::DiffRequest request, ToRequest(flags));
  std::unique_ptr<query::Session> own;
  TRY_ASSIGN(query::Session * session, SessionOf(context, own));
  std::optional<Watch> watch(std::in_place, context, "comparing");
  watch->Follow(session->connection().monitor());
  TRY_ASSIGN(const query::Diff diff, query::Compare(*session, request));
  watch.reset();
  const TextTable table = ToTable(diff.differences, {"from", "to"});
  if (context.format == "json") {
    const json::object object{{"from", ToJson(diff.from)},
                              {"to", ToJson(diff.to)},
                              {"rows", RowsToJson(table, table.rows)},
                              {"totals", RowsToJson(table, table.footer)},
                              {"notes", cli::ToJson(diff.differences.notes)}};
    context.out << json::serialize(object) << '\n';
    return {};
  }
  if (context.format == "csv") {
    Cells names;
    for (const TableColumn& column : table.columns) names.emplace_back(column.name);
    PrintCsv(names, context.out);
    for (const Cells& row : table.rows) PrintCsv(row, context.out);
  } else {
    context.out << diff.from.export_name << ", " << ToString(diff.from.period) << ": "
                << Describe(diff.from) << " to " << Describe(diff.to)
                << "; totals are of all lines, changed or not\n";
    PrintTable(table, context, context.out);
  }
  PrintNotes(diff.differences.notes, context);
  return {};
}

}  // namespace

void AddDiffVerb(CLI::App& app, CliContext& context) {
  auto* verb =
      AddVerb(app, context, "diff", "What a restatement changed between two versions of a month");
  auto flags = std::make_shared<DiffFlags>();
  verb->add_option("--period", flags->period, "The billing month, e.g. 2026-01")
      ->required()
      ->type_name("MONTH");
  verb->add_option("--from", flags->from, "Version number, load id, latest or previous")
      ->type_name("VERSION")
      ->default_str("previous");
  verb->add_option("--to", flags->to, "The same, for the other side")
      ->type_name("VERSION")
      ->default_str("latest");
  verb->add_option("--export", flags->export_name, "The export, where the month has several")
      ->type_name("NAME");
  verb->add_option("--metric", flags->metrics, "Metrics; default unblended_cost")
      ->type_name("NAMES")
      ->expected(1)
      ->take_all();
  verb->add_option("--by", flags->by, "Dimensions; default account,service,record_type")
      ->type_name("NAMES")
      ->expected(1)
      ->take_all();
  verb->add_option("--where", flags->where, "Filter, as of cost")->type_name("FILTER");
  verb->footer(
      "Lists only what changed, the largest change first; the changes add up to the change of the "
      "total.\n\n"
      "Examples:\n"
      "  farthing diff --period 2026-01\n"
      "  farthing diff --period 2026-01 --from 1 --to 3 --by service --metric "
      "unblended_cost,net_amortized_cost\n"
      "  farthing diff --period 2026-01 --export my-cur2 --format csv");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return RunDiff(*flags, context); }; });
}

}  // namespace farthing::cli
