#include "lake/verify.h"

#include <optional>

#include "cli/records.h"
#include "cli/verb.h"
#include "cli/watch.h"
#include "engine/duckdb.h"

namespace farthing::cli {
namespace {

Result<void> RunVerify(CliContext& context) {
  TRY_ASSIGN(const auto catalog, lake::Catalog::OpenExisting(lake::Layout(context.data)));
  TRY_ASSIGN(const auto candidates, catalog->Candidates({}));
  TRY_ASSIGN(const auto database, engine::Database::Open());
  TRY_ASSIGN(engine::Connection connection, database->Connect());
  Records records{{"export", "period", "load_id", "proven", "detail"}, {}};
  int failed = 0;
  std::optional<Watch> watch(std::in_place, context, "verifying");
  watch->Follow(connection.monitor());
  for (const lake::Candidate& candidate : candidates) {
    watch->Name("verifying " + candidate.load.export_name + " " + ToString(candidate.load.period) +
                ", load " + std::to_string(records.rows.size() + 1) + " of " +
                std::to_string(candidates.size()));
    TRY_ASSIGN(const lake::Proof proof,
               lake::Verify(connection, catalog->layout(), candidate.load));
    if (Interrupted()) return Error(Errc::kDeadline, proof.detail);
    failed += proof.ok ? 0 : 1;
    records.rows.push_back({proof.load.export_name, ToString(proof.load.period), proof.load.id,
                            proof.ok ? "yes" : "NO", proof.detail});
  }
  watch.reset();
  PrintRecords(records, context);
  if (failed == 0) return {};
  return Error(Errc::kCorrupt,
               std::to_string(failed) + " loads differ from the figures of their source")
      .Hint(
          "the lake's files were changed or damaged; import the delivery again into a fresh data "
          "directory");
}

}  // namespace

void AddVerifyVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(
      app, context, "verify",
      "Prove every active load against its source figures and every rollup against its lines");
  verb->footer(
      "Adds all amounts of the lake up again and compares them, to the last digit, with the sums\n"
      "taken from the source files when they were read.\n\nExamples:\n  farthing verify");
  verb->callback([&context] { context.action = [&context] { return RunVerify(context); }; });
}

}  // namespace farthing::cli
