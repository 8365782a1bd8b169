#include <chrono>
#include <ostream>
#include <string>
#include <vector>

#include "base/shell_words.h"
#include "billing/registry.h"
#include "cli/import_report.h"
#include "cli/installation.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "cli/watch.h"
#include "ingest/discover/discover.h"
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
};

std::string Megabytes(std::uint64_t bytes) {
  return std::to_string(bytes / 1'000'000) + "." + std::to_string(bytes / 100'000 % 10) + " MB";
}

// One line on a terminal, redrawn; a plain line per phase elsewhere, unless a program reads the errors.
class ProgressLine {
 public:
  explicit ProgressLine(CliContext& context)
      : err_(context.err),
        terminal_(context.err_is_terminal),
        plain_(!terminal_ && context.format != "json") {}

  void Show(const ingest::Progress& progress) {
    const std::string subject = progress.export_name + " " + ToString(progress.period);
    if (subject + progress.phase != last_) {
      last_ = subject + progress.phase;
      started_ = Clock::now();
      if (plain_) err_ << subject << ": " << progress.phase << '\n' << std::flush;
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
    const std::uint64_t percent = 100 * progress.bytes / progress.total_bytes;
    const auto elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_);
    const std::int64_t rate = progress.rows * 1000 / (elapsed.count() + 1);
    std::string text = ProgressBar(percent) + "  " + std::to_string(progress.rows) + " rows  " +
                       Megabytes(progress.bytes) + "  " + std::to_string(rate) + " rows/s";
    if (const auto left = SecondsLeft(elapsed, percent))
      text += "  " + std::to_string(*left) + " s left";
    return text;
  }

  std::ostream& err_;
  bool terminal_;
  bool plain_;
  std::string last_;
  Clock::time_point started_;
};

// States which export stands for a bill wherever several overlap.
Result<void> NoteElections(lake::Catalog& catalog, std::vector<std::string>& notes) {
  TRY_ASSIGN(const std::vector<lake::Candidate> candidates, catalog.Candidates({}));
  for (const lake::Candidate& candidate : candidates) {
    if (candidate.elected) continue;
    notes.push_back(candidate.load.export_name + " " + ToString(candidate.load.period) +
                    " is not added: " + candidate.reason +
                    (candidate.load.format == billing::kCostExplorerFormat
                         ? ""
                         : "; change it with: " +
                               CommandLine({"farthing", "elect", candidate.load.export_name})));
  }
  return {};
}

// What follows an import that went through to its end.
Result<std::vector<std::string>> Conclude(lake::Catalog& catalog, CliContext& context) {
  TRY(FitAnswers(catalog, context));
  std::vector<std::string> elections;
  TRY(NoteElections(catalog, elections));
  return elections;
}

// An import may be killed at any point; what it has not published is swept by the next.
std::string LastWords(const CliContext& context) {
  if (context.format == "json") {
    return R"({"code":"interrupted","message":"interrupted","hint":"import again","exit_code":130})"
           "\n";
  }
  return std::string(context.err_is_terminal ? "\r\033[K" : "") +
         "error: interrupted; what was active before stays active\nfix: import again\n";
}

Result<void> RunImport(const ImportFlags& flags, CliContext& context) {
  TRY_ASSIGN(const auto catalog, lake::Catalog::Open(lake::Layout(context.data)));
  ProgressLine line(context);
  ingest::ImportOptions options;
  if (!flags.name.empty()) options.name = flags.name;
  options.tolerated_rows = flags.tolerate;
  options.all_versions = flags.all_versions;
  options.threads = flags.threads;
  options.memory_bytes = flags.memory_mib << 20;
  options.observer = [&](const ingest::Progress& progress) { line.Show(progress); };
  ingest::HeldMonths held;
  options.held = &held;

  const EndAtInterrupt end(LastWords(context));
  ImportReport report(context);
  const std::vector<ingest::PathGroup> groups =
      ingest::GroupPaths({flags.paths.begin(), flags.paths.end()});
  for (const ingest::PathGroup& group : groups) {
    Result<ingest::ImportSummary> summary = ingest::Import(*catalog, group, options);
    line.Clear();
    if (!summary.ok()) {
      // What the paths before it have brought is in the lake, and is told before the error is.
      if (&group != &groups.front()) report.Finish({});
      return std::move(summary).error();
    }
    report.Add(*std::move(summary));
  }
  Result<std::vector<std::string>> elections = Conclude(*catalog, context);
  report.Finish(elections.ok() ? *elections : std::vector<std::string>());
  if (!elections.ok()) return std::move(elections).error();
  const std::size_t quarantined = report.quarantined();
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
  auto* verb =
      AddVerb(app, context, "import", "Read bills: a bucket copy, a manifest, or bare files");
  auto flags = std::make_shared<ImportFlags>();
  verb->add_option("PATH", flags->paths, "Directories, manifests or files")->required();
  verb->add_option("--name", flags->name, "Name of the export, instead of the manifest's");
  verb->add_option("--tolerate-bad-rows", flags->tolerate,
                   "Let up to N bad CSV rows pass instead of refusing the delivery; each is listed")
      ->check(AtLeast(0))
      ->type_name("N");
  verb->add_flag(
      "--all-versions", flags->all_versions,
      "Load superseded deliveries too, oldest first, so that diff and --as-of can see them");
  verb->add_option("--threads", flags->threads,
                   "Threads; 0, the default, is one per core, at most one per 150 MiB of --memory")
      ->check(AtLeast(0))
      ->type_name("N");
  verb->add_option("--memory", flags->memory_mib, "Memory of the engine in MiB")
      ->check(AtLeast(64))
      ->type_name("MIB")
      ->capture_default_str();
  verb->footer(
      "Examples:\n  farthing import ~/bucket-copy\n"
      "  farthing import cur/20260101-20260201/cur-Manifest.json\n"
      "  farthing import bills/*.csv.gz\n"
      "  farthing import january.csv.gz --name adhoc");
  verb->callback([flags, &context] {
    context.action = [flags, &context] { return RunImport(*flags, context); };
  });
}

}  // namespace farthing::cli
