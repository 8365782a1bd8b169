#include "base/shell_words.h"
#include "base/text.h"
#include "cli/records.h"
#include "cli/verb.h"
#include "sim/bill.h"

namespace farthing::cli {
namespace {

struct SimulateFlags {
  sim::BillOptions options;
  std::string formats = "cur2-parquet";
  std::string start = "2026-01";
  std::string out;
  bool create_new = false;
};

Result<void> RunSimulate(SimulateFlags flags, CliContext& context) {
  Result<Period> first = ParsePeriod(flags.start);
  if (!first.ok()) return std::move(first).error().Wrap("--start").Hint("write a month: 2026-01");
  flags.options.first = *first;
  for (const std::string& name : Split(flags.formats, ',')) {
    TRY_ASSIGN(const sim::BillFormat format, sim::ParseBillFormat(name));
    flags.options.formats.push_back(format);
  }
  flags.options.out = flags.out;
  if (flags.create_new) flags.options.layout = sim::BillOptions::Layout::kCreateNew;
  TRY_ASSIGN(const sim::BillTotals totals, sim::WriteBill(flags.options));
  Records records{
      {"period", "lines", "unblended_cost", "net_amortized_cost", "currency", "written_to"}, {}};
  std::string text;
  for (const auto& [month, total] : totals.months) {
    const std::string lines = std::to_string(total.all.rows);
    const std::string unblended = ToString(total.all.unblended);
    const std::string net_amortized = ToString(total.all.net_amortized);
    const std::string& currency = flags.options.currency;
    records.rows.push_back({month, lines, unblended, net_amortized, currency, flags.out});
    text += month + "  " + lines + " lines  unblended_cost " + unblended + "  net_amortized_cost " +
            net_amortized + " " + currency + "\n";
  }
  text += "written to " + flags.out + "/billing, exact totals in EXPECTED.json; read it with: " +
          CommandLine({"farthing", "import", flags.out}) + "\n";
  PrintRecords(records, text, context);
  return {};
}

}  // namespace

void AddSimulateVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(app, context, "simulate",
                       "Make synthetic data: a bill, or a whole AWS to rehearse with");
  verb->require_subcommand(1);
  verb->footer(
      "--format of simulate is that of the answer, --format of bill that of the bill.\n\n"
      "Examples:\n  farthing simulate bill --out ./bucket --lines 100000\n"
      "  farthing simulate --format json bill --out ./bucket --format cur1-csv");
  auto* bill = verb->add_subcommand("bill", "Write a synthetic organisation's bill as AWS would");
  auto flags = std::make_shared<SimulateFlags>();
  sim::BillOptions& options = flags->options;
  bill->add_option("--out", flags->out, "Directory that plays the bucket")
      ->required()
      ->type_name("DIR");
  bill->add_option("--seed", options.seed, "The same seed gives the same bill")
      ->capture_default_str();
  bill->add_option("--lines", options.lines, "Line items over all months")->capture_default_str();
  bill->add_option(
          "--format", flags->formats,
          "Comma list of cur1-csv, cur1-parquet, cur2-csv, cur2-parquet, focus-csv, focus-parquet")
      ->capture_default_str();
  bill->add_option("--start", flags->start, "First billing month")->capture_default_str();
  bill->add_option("--months", options.months, "Number of months")->capture_default_str();
  bill->add_option("--currency", options.currency, "Currency of the bill")->capture_default_str();
  bill->add_option("--delivery", options.delivery,
                   "2, 3, …: a later delivery that restates the last month")
      ->capture_default_str();
  bill->add_option("--lines-per-file", options.lines_per_file, "Lines per data file")
      ->capture_default_str();
  bill->add_flag("--create-new", flags->create_new,
                 "A new folder per delivery instead of overwriting");
  bill->footer(
      "Examples:\n  farthing simulate bill --out ./bucket --lines 100000\n"
      "  farthing simulate bill --out ./bucket --format cur1-csv,focus-parquet --seed 7");
  bill->callback(
      [=, &context] { context.action = [=, &context] { return RunSimulate(*flags, context); }; });
  AddSimulateAws(*verb, context);
}

}  // namespace farthing::cli
