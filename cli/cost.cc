// farthing cost: the main question, as a table, CSV, JSON or Parquet.

#include <boost/json.hpp>
#include <fstream>
#include <ostream>

#include "base/files.h"
#include "base/text.h"
#include "cli/question.h"
#include "cli/render.h"
#include "cli/watch.h"
#include "query/request_json.h"

namespace farthing::cli {
namespace {

struct CostFlags {
  QuestionFlags question;
  std::string out;  ///< a file; empty: standard output
};

Result<void> Flushed(std::ostream& out, const std::string& name) {
  if (out.flush()) return {};
  return Error(Errc::kUnavailable, "cannot write " + name)
      .Hint("is the disk full, or was the reader closed?");
}

Result<void> PrintAsCsv(query::Session& session, const query::Request& request, CliContext& context,
                        Watch& watch, std::ostream& out) {
  query::RunOptions options;
  options.on_columns = [&](const std::vector<query::AnswerColumn>& columns) {
    watch.Hide();
    PrintCsvHeader(columns, out);
    return Result<void>();
  };
  options.on_row = [&](const query::AnswerRow& row) {
    PrintCsv(row, out);
    return out ? Result<void>() : Flushed(out, "the answer");
  };
  TRY_ASSIGN(const query::Answer answer, session.Run(request, options));
  for (const query::AnswerRow& row : answer.remainder)
    PrintCsv(RemainderCells(answer.columns, row), out);
  PrintNotes(answer.notes, context);
  return {};
}

Result<void> PrintAsTable(query::Session& session, const query::Request& request,
                          CliContext& context, Watch& watch, std::ostream& out) {
  TRY_ASSIGN(const query::Answer answer, session.Run(request, {.totals = true}));
  watch.Hide();
  PrintTable(ToTable(answer), context, out);
  PrintNotes(answer.notes, context);
  if (answer.more && !request.remainder) {
    PrintNotes({"only the first " + std::to_string(*request.limit) +
                " rows are shown; the total is of all (--other adds up the rest)"},
               context);
  }
  return {};
}

Result<void> PrintAsJson(query::Session& session, const query::Request& request, Watch& watch,
                         std::ostream& out) {
  TRY_ASSIGN(const query::Answer answer, session.Run(request));
  watch.Hide();
  boost::json::object object{{"request", query::ToJson(request)}};
  for (const auto& member : ToJson(answer)) object.insert(member);
  out << boost::json::serialize(object) << '\n';
  return {};
}

// To a file directly; to standard output by way of a temporary one, since Parquet is written in hops.
Result<void> PrintAsParquet(query::Session& session, const query::Request& request,
                            const CostFlags& flags, CliContext& context, Watch& watch) {
  if (!flags.out.empty()) {
    TRY_ASSIGN(const std::vector<std::string> notes, session.WriteParquet(request, flags.out));
    watch.Hide();
    PrintNotes(notes, context);
    return {};
  }
  if (context.out_is_terminal) {
    return Error(Errc::kInvalidArgument, "Parquet does not belong on a terminal")
        .Hint("add --out FILE");
  }
  const fs::path file = fs::temp_directory_path() / ("farthing-" + NewUlid() + ".parquet");
  const Result<std::vector<std::string>> notes = session.WriteParquet(request, file);
  if (notes.ok()) {
    watch.Hide();
    std::ifstream content(file, std::ios::binary);
    context.out << content.rdbuf();
  }
  std::error_code ignored;
  fs::remove(file, ignored);
  if (!notes.ok()) return notes.error();
  TRY(Flushed(context.out, "the answer"));
  PrintNotes(*notes, context);
  return {};
}

Result<void> Print(query::Session& session, const query::Request& request, CliContext& context,
                   Watch& watch, std::ostream& out) {
  if (context.format == "csv") return PrintAsCsv(session, request, context, watch, out);
  if (context.format == "json") return PrintAsJson(session, request, watch, out);
  return PrintAsTable(session, request, context, watch, out);
}

Result<void> RunCost(const CostFlags& flags, CliContext& context) {
  TRY_ASSIGN(const query::Request request, ToRequest(flags.question));
  std::unique_ptr<query::Session> own;
  TRY_ASSIGN(query::Session * session, SessionOf(context, own));
  if (const fs::path folder = fs::path(flags.out).parent_path();
      !folder.empty() && !fs::is_directory(folder)) {
    return Error(Errc::kNotFound, "--out: no such directory: " + folder.string())
        .Hint("make it, or name a file in one that is there");
  }
  if (fs::is_directory(flags.out)) {
    return Error(Errc::kInvalidArgument, "--out: this is a directory: " + flags.out)
        .Hint("name a file in it");
  }
  Watch watch(context, "answering");
  watch.Follow(session->connection().monitor());
  if (context.format == "parquet") return PrintAsParquet(*session, request, flags, context, watch);
  if (flags.out.empty()) return Print(*session, request, context, watch, context.out);

  std::ofstream file(flags.out, std::ios::binary | std::ios::trunc);
  if (!file) return ErrnoError("write", flags.out, errno);
  CliContext plain = context;
  plain.color = plain.out_is_terminal = false;
  Result<void> printed = Print(*session, request, plain, watch, file);
  if (printed.ok()) return Flushed(file, flags.out);
  file.close();
  std::error_code ignored;  // half an answer must not pass for one
  if (fs::is_regular_file(flags.out, ignored)) fs::remove(flags.out, ignored);
  return printed;
}

}  // namespace

void AddCostVerb(CLI::App& app, CliContext& context) {
  auto* verb =
      AddVerb(app, context, "cost", "Costs by any dimension and time, exact to the last digit",
              {"table", "csv", "json", "parquet"});
  auto flags = std::make_shared<CostFlags>();
  AddQuestionFlags(*verb, flags->question);
  verb->add_option("--out", flags->out, "Write to this file instead")->type_name("FILE");
  verb->footer(
      "--from and --to choose by when the charge began, --period by the bill it is on; without "
      "either,\n"
      "everything is added up.  All times are UTC, ends are exclusive.  Dimensions and metrics are "
      "listed\n"
      "in docs/reference; tag:KEY, cost_category:NAME, product:KEY and attribute:KEY exist beside "
      "them.\n"
      "An absent value equals \"\".  Currencies are never added up.\n\n"
      "Examples:\n"
      "  farthing cost --by service --period 2026-01\n"
      "  farthing cost --by service,account --metric net_amortized_cost --grain day \\\n"
      "      --from 2026-01-01 --to 2026-02-01 --where 'region=eu-west-1 and tag:team!=\"\"'\n"
      "  farthing cost --by tag:team --metric unblended_cost,line_count --limit 10 --other\n"
      "  farthing cost --grain period --metric 'unblended_cost[category=Usage] as "
      "usage,unblended_cost'\n"
      "  farthing cost --by resource,service --where 'resource!=\"\"' --format parquet --out "
      "resources.parquet");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return RunCost(*flags, context); }; });
}

}  // namespace farthing::cli
