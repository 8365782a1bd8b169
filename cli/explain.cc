// farthing explain: what stands behind a number.

#include <boost/json.hpp>
#include <optional>
#include <ostream>

#include "cli/question.h"
#include "cli/render.h"
#include "cli/watch.h"
#include "query/explain.h"
#include "query/request_json.h"

namespace farthing::cli {
namespace {

namespace json = boost::json;

struct ExplainFlags {
  QuestionFlags question;
  std::int64_t lines = 20;
};

std::string TextOf(const engine::Parameter& parameter) {
  if (const auto* number = std::get_if<std::int64_t>(&parameter)) return std::to_string(*number);
  const auto* text = std::get_if<std::string>(&parameter);
  return text == nullptr ? "NULL" : *text;
}

json::array ParametersToJson(const query::Sql& sql) {
  json::array array;
  for (const engine::Parameter& parameter : sql.parameters)
    array.push_back(json::value(TextOf(parameter)));
  return array;
}

json::array DeliveriesToJson(const std::vector<lake::Delivery>& deliveries) {
  json::array array;
  for (const lake::Delivery& delivery : deliveries) {
    json::array files;
    for (const lake::DeliveryFile& file : delivery.files) {
      files.push_back(
          {{"path", file.path}, {"size_bytes", file.size_bytes}, {"sha256", file.sha256}});
    }
    array.push_back({{"delivery_id", delivery.id},
                     {"export", delivery.export_name},
                     {"billing_period", ToString(delivery.period)},
                     {"version_key", delivery.version_key},
                     {"manifest", delivery.manifest},
                     {"seen_at", delivery.seen_at},
                     {"reason", delivery.reason},
                     {"files", std::move(files)}});
  }
  return array;
}

json::object LinesToJson(const query::Explanation& explanation) {
  json::array rows;
  for (const query::SourceLine& line : explanation.lines) {
    json::object row{{"load_id", line.load_id}, {"file", line.file}, {"row", line.row}};
    for (std::size_t i = 0; i < line.amounts.size(); ++i) {
      row[explanation.amount_names[i]] =
          line.amounts[i] ? json::value(*line.amounts[i]) : json::value(nullptr);
    }
    rows.push_back(std::move(row));
  }
  return {{"count", explanation.line_count}, {"first", std::move(rows)}};
}

void PrintAsJson(const query::Request& request, const query::Explanation& explanation,
                 std::ostream& out) {
  const query::Plan& plan = explanation.answer.plan;
  json::object object{{"request", query::ToJson(request)}};
  for (const auto& member : ToJson(explanation.answer)) object.insert(member);
  object["table"] = plan.table;
  object["sql"] = plan.sql.text;
  object["parameters"] = ParametersToJson(plan.sql);
  object["deliveries"] = DeliveriesToJson(explanation.deliveries);
  object["source_lines"] = LinesToJson(explanation);
  out << json::serialize(object) << '\n';
}

// The source rows: the one list of the evidence that goes on as long as the bill does.
void PrintAsCsv(const query::Explanation& explanation, CliContext& context) {
  Cells names = {"load_id", "file", "row"};
  for (const std::string& name : explanation.amount_names) names.emplace_back(name);
  PrintCsv(names, context.out);
  for (const query::SourceLine& line : explanation.lines) {
    Cells cells = {line.load_id, line.file, std::to_string(line.row)};
    cells.insert(cells.end(), line.amounts.begin(), line.amounts.end());
    PrintCsv(cells, context.out);
  }
  PrintNotes(explanation.answer.notes, context);
}

class TextPrinter {
 public:
  TextPrinter(const query::Explanation& explanation, CliContext& context)
      : explanation_(explanation), context_(context), out_(context.out) {}

  void Print(const query::Request& request) {
    const query::Plan& plan = explanation_.answer.plan;
    Heading("Answer");
    PrintTable(ToTable(explanation_.answer), context_, out_);
    for (const std::string& note : explanation_.answer.notes) out_ << "note: " << note << '\n';
    Heading("Request");
    out_ << json::serialize(query::ToJson(request)) << '\n';
    if (plan.loads.empty()) return;
    Heading("SQL over " + plan.table);
    out_ << plan.sql.text << '\n';
    for (std::size_t i = 0; i < plan.sql.parameters.size(); ++i) {
      out_ << "  ?" << i + 1 << " = " << TextOf(plan.sql.parameters[i]) << '\n';
    }
    PrintLoads();
    PrintFiles();
    PrintLines();
  }

 private:
  void Heading(const std::string& text) {
    if (!first_) out_ << '\n';
    first_ = false;
    out_ << (context_.color ? "\033[1m" + text + "\033[0m" : text) << '\n';
  }

  void PrintLoads() {
    TextTable loads{{{"load_id"},
                     {"export"},
                     {"format"},
                     {"period"},
                     {"lines", true},
                     {"delivery"},
                     {"seen_at"},
                     {"manifest"}},
                    {}};
    for (std::size_t i = 0; i < explanation_.deliveries.size(); ++i) {
      const lake::Load& load = explanation_.answer.plan.loads[i];
      const lake::Delivery& delivery = explanation_.deliveries[i];
      loads.rows.push_back(
          {load.id, load.export_name, load.format, ToString(load.period),
           std::to_string(load.line_count), delivery.id, delivery.seen_at,
           delivery.manifest.empty() ? "none: completeness unknown" : delivery.manifest});
    }
    Heading("Loads and their deliveries");
    PrintTable(loads, context_, out_);
    for (const lake::Load& load : explanation_.answer.plan.loads) {
      if (load.left_out) out_ << "note: " << load.id << ' ' << Describe(*load.left_out) << '\n';
    }
  }

  void PrintFiles() {
    TextTable files{{{"file"}, {"bytes", true}, {"sha256"}}, {}};
    for (const lake::Delivery& delivery : explanation_.deliveries) {
      for (const lake::DeliveryFile& file : delivery.files) {
        files.rows.push_back({file.path, std::to_string(file.size_bytes), file.sha256});
      }
    }
    Heading("Source files");
    PrintTable(files, context_, out_);
  }

  void PrintLines() {
    TextTable lines{{{"file"}, {"row", true}}, {}};
    for (const std::string& name : explanation_.amount_names) lines.columns.push_back({name, true});
    for (const query::SourceLine& line : explanation_.lines) {
      Cells cells = {line.file, std::to_string(line.row)};
      cells.insert(cells.end(), line.amounts.begin(), line.amounts.end());
      lines.rows.push_back(std::move(cells));
    }
    Heading("Source rows: " + std::to_string(explanation_.lines.size()) + " of " +
            std::to_string(explanation_.line_count));
    PrintTable(lines, context_, out_);
  }

  const query::Explanation& explanation_;
  CliContext& context_;
  std::ostream& out_;
  bool first_ = true;
};

Result<void> RunExplain(const ExplainFlags& flags, CliContext& context) {
  TRY_ASSIGN(const query::Request request, ToRequest(flags.question));
  std::unique_ptr<query::Session> own;
  TRY_ASSIGN(query::Session * session, SessionOf(context, own));
  std::optional<Watch> watch(std::in_place, context, "explaining");
  watch->Follow(session->connection().monitor());
  TRY_ASSIGN(const query::Explanation explanation, query::Explain(*session, request, flags.lines));
  watch.reset();
  if (context.format == "json") {
    PrintAsJson(request, explanation, context.out);
  } else if (context.format == "csv") {
    PrintAsCsv(explanation, context);
  } else {
    TextPrinter(explanation, context).Print(request);
  }
  return {};
}

}  // namespace

void AddExplainVerb(CLI::App& app, CliContext& context) {
  auto* verb =
      AddVerb(app, context, "explain", "One number: request, SQL, loads, deliveries, source rows");
  auto flags = std::make_shared<ExplainFlags>();
  AddQuestionFlags(*verb, flags->question);
  verb->add_option("--lines", flags->lines, "How many source rows to list")
      ->check(AtLeast(0))
      ->default_str("20");
  verb->footer(
      "Takes the flags of cost; narrow it to one group with --where.  As csv it lists the source "
      "rows "
      "alone.\n\n"
      "Examples:\n"
      "  farthing explain --period 2026-01 --where 'service=\"Amazon Elastic Compute Cloud\"'\n"
      "  farthing explain --metric net_amortized_cost --from 2026-01-05 --to 2026-01-06 --lines "
      "100 --format json");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return RunExplain(*flags, context); }; });
}

}  // namespace farthing::cli
