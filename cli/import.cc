#include <boost/json.hpp>

#include <chrono>
#include <cstdio>
#include <ostream>
#include <string>
#include <vector>

#include "base/text.h"
#include "billing/registry.h"
#include "cli/verb.h"
#include "ingest/import.h"

namespace farthing::cli {
namespace {

struct ImportFlags {
  std::vector<std::string> paths;
  std::string name;
  std::int64_t tolerate = 0;
  bool all_versions = false;
  int threads = 0;
  std::uint64_t memory_mib = 900;
  std::string format = "table";
};

std::string Megabytes(std::uint64_t bytes) {
  return std::to_string(bytes / 1'000'000) + "." + std::to_string(bytes / 100'000 % 10) + " MB";
}

// One line on a terminal, redrawn; a plain line per phase elsewhere.
class ProgressLine {
 public:
  ProgressLine(std::ostream& err, bool terminal) : err_(err), terminal_(terminal) {}

  void Show(const ingest::Progress& progress) {
    const std::string subject = progress.export_name + " " + ToString(progress.period);
    if (subject + progress.phase != last_) {
      last_ = subject + progress.phase;
      started_ = Clock::now();
      if (!terminal_) err_ << subject << ": " << progress.phase << '\n' << std::flush;
    }
    if (!terminal_) return;
    err_ << "\r\033[K" << subject << ": " << progress.phase;
    if (progress.bytes > 0 && progress.total_bytes > 0) err_ << ' ' << Bar(progress);
    err_ << std::flush;
  }

  void Clear() {
    if (terminal_) err_ << "\r\033[K" << std::flush;
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::string Bar(const ingest::Progress& progress) const {
    const std::uint64_t percent =
        std::min<std::uint64_t>(100, 100 * progress.bytes / progress.total_bytes);
    const auto elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_).count() + 1;
    const std::int64_t rate = progress.rows * 1000 / elapsed;
    std::string bar(static_cast<std::size_t>(percent / 5), '=');
    bar.resize(20, ' ');
    std::string text = "[" + bar + "] " + std::to_string(percent) + "%  " +
                       std::to_string(progress.rows) + " rows  " + Megabytes(progress.bytes) +
                       "  " + std::to_string(rate) + " rows/s";
    if (percent > 0) {
      const std::int64_t left = elapsed * static_cast<std::int64_t>(100 - percent) /
                                static_cast<std::int64_t>(percent) / 1000;
      text += "  " + std::to_string(left) + " s left";
    }
    return text;
  }

  std::ostream& err_;
  bool terminal_;
  std::string last_;
  Clock::time_point started_;
};

// Metrics that the load's format could carry but this source does not.
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

std::string FileOf(const lake::RowIssue& issue, const std::vector<lake::DeliveryFile>& files) {
  const auto index = static_cast<std::size_t>(issue.file);
  return index < files.size() ? files[index].path : "file " + std::to_string(issue.file);
}

void PrintLoadNotes(const lake::Load& load, const std::vector<lake::DeliveryFile>& files,
                    std::ostream& err) {
  if (!load.complete) err << "  note: no manifest, completeness unknown\n";
  if (const std::vector<std::string> lacking = Lacking(load); !lacking.empty()) {
    err << "  note: not in this source: " << Join(lacking, ", ") << '\n';
  }
  if (!load.unknown_columns.empty()) {
    err << "  note: unknown columns kept as attributes: " << Join(load.unknown_columns, ", ")
        << '\n';
  }
  for (const std::string& note : load.notes) err << "  note: " << note << '\n';
  for (const std::string& collision : load.tag_collisions) {
    err << "  note: tag keys that AWS merges in Parquet, kept apart here: " << collision << '\n';
  }
  for (const lake::RowIssue& issue : load.issues) {
    err << "  set aside: " << FileOf(issue, files) << ": row " << issue.row
        << (issue.column.empty() ? "" : ", column " + issue.column) << ": " << issue.message
        << '\n';
  }
}

void PrintOutcome(const ingest::Outcome& outcome, CliContext& context) {
  const lake::Delivery& delivery = outcome.delivery;
  const std::string period =
      delivery.period == Period{} ? "unknown period" : ToString(delivery.period);
  context.out << ToString(outcome.kind) << "  " << delivery.export_name << "  " << period;
  if (outcome.load) {
    context.out << "  " << outcome.load->line_count << " lines";
    for (const char* metric : {"unblended_cost", "billed_cost"}) {
      const auto total = outcome.load->totals.find(metric);
      if (total == outcome.load->totals.end()) continue;
      context.out << "  " << metric << ' ' << ToString(total->second);
      if (outcome.load->currencies.size() == 1) context.out << ' ' << outcome.load->currencies[0];
      break;
    }
    if (outcome.load->currencies.size() > 1) context.out << " in several currencies";
  }
  context.out << '\n' << std::flush;
  if (outcome.error) {
    context.err << "  reason: " << outcome.error->message() << '\n';
    if (!outcome.error->hint().empty()) context.err << "  fix: " << outcome.error->hint() << '\n';
  }
  if (outcome.load) PrintLoadNotes(*outcome.load, delivery.files, context.err);
}

boost::json::object OutcomeJson(const ingest::Outcome& outcome) {
  boost::json::object object{{"outcome", ToString(outcome.kind)},
                             {"export", outcome.delivery.export_name},
                             {"period", ToString(outcome.delivery.period)},
                             {"delivery_id", outcome.delivery.id},
                             {"version_key", outcome.delivery.version_key}};
  if (outcome.error) {
    object["reason"] = outcome.error->message();
    object["fix"] = outcome.error->hint();
  }
  if (outcome.load) {
    object["load_id"] = outcome.load->id;
    object["line_count"] = outcome.load->line_count;
    boost::json::object totals;
    for (const auto& [name, total] : outcome.load->totals) totals[name] = ToString(total);
    object["totals"] = totals;
    boost::json::array issues;
    for (const lake::RowIssue& issue : outcome.load->issues) {
      issues.push_back(boost::json::object{{"file", FileOf(issue, outcome.delivery.files)},
                                           {"row", issue.row},
                                           {"column", issue.column},
                                           {"message", issue.message}});
    }
    object["set_aside"] = issues;
  }
  return object;
}

// States which export stands for a bill wherever several overlap.
Result<void> PrintElections(lake::Catalog& catalog, std::ostream& err) {
  TRY_ASSIGN(const std::vector<lake::Candidate> candidates, catalog.Candidates({}));
  for (const lake::Candidate& candidate : candidates) {
    if (candidate.elected) continue;
    err << "note: " << candidate.load.export_name << ' ' << ToString(candidate.load.period)
        << " is not added: " << candidate.reason << "; change it with: farthing elect "
        << candidate.load.export_name << '\n';
  }
  return {};
}

Result<void> RunImport(const ImportFlags& flags, CliContext& context) {
  TRY_ASSIGN(const auto catalog, lake::Catalog::Open(lake::Layout(context.data)));
  ProgressLine line(context.err, context.err_is_terminal);
  ingest::ImportOptions options;
  if (!flags.name.empty()) options.name = flags.name;
  options.tolerated_rows = flags.tolerate;
  options.all_versions = flags.all_versions;
  options.threads = flags.threads;
  options.memory_bytes = flags.memory_mib << 20;
  options.observer = [&](const ingest::Progress& progress) { line.Show(progress); };

  boost::json::array outcomes;
  std::size_t quarantined = 0;
  for (const std::string& path : flags.paths) {
    Result<ingest::ImportSummary> summary = ingest::Import(*catalog, path, options);
    line.Clear();
    if (!summary.ok()) return std::move(summary).error();
    for (const ingest::Outcome& outcome : summary->outcomes) {
      quarantined += outcome.kind == ingest::Outcome::Kind::kQuarantined ? 1 : 0;
      if (flags.format == "json") {
        outcomes.push_back(OutcomeJson(outcome));
      } else {
        PrintOutcome(outcome, context);
      }
    }
    for (const std::string& note : summary->notes) context.err << "note: " << note << '\n';
  }
  if (flags.format == "json") context.out << boost::json::serialize(outcomes) << '\n';
  TRY(PrintElections(*catalog, context.err));
  if (quarantined > 0) {
    return Error(Errc::kCorrupt, std::to_string(quarantined) +
                                     (quarantined == 1 ? " delivery" : " deliveries") +
                                     " quarantined; what was active before stays active")
        .Hint("see why with: farthing deliveries");
  }
  return {};
}

}  // namespace

void AddImportVerb(CLI::App& app, CliContext& context) {
  auto* verb = app.add_subcommand("import", "Read bills: a bucket copy, a manifest, or bare files");
  auto flags = std::make_shared<ImportFlags>();
  verb->add_option("PATH", flags->paths, "Directories, manifests or files")->required();
  verb->add_option("--name", flags->name, "Name of the export, instead of the manifest's");
  verb->add_option("--tolerate-bad-rows", flags->tolerate,
                   "Set up to N bad CSV rows aside instead of refusing the delivery")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  verb->add_flag(
      "--all-versions", flags->all_versions,
      "Load superseded deliveries too, oldest first, so that diff and --as-of can see them");
  verb->add_option("--threads", flags->threads, "Threads (default: one per core)")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--memory", flags->memory_mib, "Memory of the engine in MiB")
      ->check(CLI::Range(64, 1 << 20))
      ->capture_default_str();
  verb->add_option("--format", flags->format, "table or json")
      ->check(CLI::IsMember({"table", "json"}));
  verb->footer(
      "Examples:\n  farthing import ~/bucket-copy\n"
      "  farthing import cur/20260101-20260201/cur-Manifest.json\n"
      "  farthing import january.csv.gz --name adhoc");
  verb->callback([flags, &context] {
    context.action = [flags, &context] { return RunImport(*flags, context); };
  });
}

}  // namespace farthing::cli
