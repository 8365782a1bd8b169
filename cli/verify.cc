#include "lake/verify.h"
#include "cli/records.h"
#include "cli/verb.h"
#include "engine/duckdb.h"

namespace farthing::cli {
namespace {

Result<void> RunVerify(const std::string& format, CliContext& context) {
  TRY_ASSIGN(const auto catalog, lake::Catalog::Open(lake::Layout(context.data)));
  TRY_ASSIGN(const auto candidates, catalog->Candidates({}));
  TRY_ASSIGN(const auto database, engine::Database::Open());
  TRY_ASSIGN(engine::Connection connection, database->Connect());
  Records records{{"export", "period", "load_id", "proven", "detail"}, {}};
  int failed = 0;
  for (const lake::Candidate& candidate : candidates) {
    TRY_ASSIGN(const lake::Proof proof,
               lake::Verify(connection, catalog->layout(), candidate.load));
    failed += proof.ok ? 0 : 1;
    records.rows.push_back({proof.load.export_name, ToString(proof.load.period), proof.load.id,
                            proof.ok ? "yes" : "NO", proof.detail});
  }
  TRY(PrintRecords(records, format, context));
  if (failed == 0) return {};
  return Error(Errc::kCorrupt,
               std::to_string(failed) + " loads differ from the figures of their source")
      .Hint(
          "the lake's files were changed or damaged; import the delivery again into a fresh data "
          "directory");
}

}  // namespace

void AddVerifyVerb(CLI::App& app, CliContext& context) {
  auto* verb = app.add_subcommand(
      "verify",
      "Prove every active load against its source figures and every rollup against its lines");
  auto format = std::make_shared<std::string>("table");
  AddFormatOption(*verb, *format);
  verb->footer(
      "Adds all amounts of the lake up again and compares them, to the last digit, with the sums\n"
      "taken from the source files when they were read.\n\nExamples:\n  farthing verify");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return RunVerify(*format, context); }; });
}

}  // namespace farthing::cli
