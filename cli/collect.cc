#include <algorithm>
#include <ostream>

#include "cli/collect_report.h"
#include "cli/installation.h"
#include "cli/records.h"
#include "cli/verb.h"
#include "cli/watch.h"
#include "cli/watch_connections.h"
#include "connect/lifecycle.h"

namespace farthing::cli {
namespace {

using connect::Connection;

struct CollectFlags {
  std::string connection, from, to;
  bool watch = false, again = false;
  std::int64_t tolerate = 0;
  double every_hours = 4;
  std::uint64_t disk_limit_gib = 64;
};

Result<connect::CollectOptions> OptionsOf(const CollectFlags& flags) {
  connect::CollectOptions options;
  if (!flags.from.empty()) {
    TRY_ASSIGN(options.first, ParsePeriod(flags.from));
  }
  if (!flags.to.empty()) {
    TRY_ASSIGN(options.last, ParsePeriod(flags.to));
  }
  if (options.first && options.last && *options.last < *options.first) {
    return Error(Errc::kInvalidArgument,
                 "--from is later than --to: " + flags.from + ", " + flags.to)
        .Hint("both are months and included: --from " + flags.to + " --to " + flags.from);
  }
  options.again = flags.again;
  options.tolerated_rows = flags.tolerate;
  options.disk_limit_bytes = flags.disk_limit_gib << 30;
  return options;
}

/// Collects, and says where it stands meanwhile.
Result<connect::CollectSummary> CollectOne(OpenInstallation& installation, const std::string& id,
                                           connect::CollectOptions options, CliContext& context) {
  connect::Installation parts = installation.parts();
  CollectLine line(context);
  options.observer = [&](const connect::CollectProgress& progress) { line.Show(progress); };
  Result<connect::CollectSummary> summary =
      Collect(parts.store, parts.vault, parts.catalog, parts.platform, id, options);
  line.Clear();
  return summary;
}

/// Collects everything that may be collected; one failure does not stop the others.
Result<void> CollectOnce(OpenInstallation& installation, const CollectFlags& flags,
                         CliContext& context) {
  connect::Installation parts = installation.parts();
  TRY_ASSIGN(const std::vector<connect::TermAction> terms, ApplyTerms(parts, Now()));
  for (const connect::TermAction& term : terms) context.err << "note: " << term.sentence << '\n';
  std::vector<std::string> ids;
  if (!flags.connection.empty()) {
    TRY_ASSIGN(const Connection one, parts.store.Find(flags.connection));
    ids.push_back(one.id);
  } else {
    TRY_ASSIGN(const std::vector<Connection> all, parts.store.List());
    for (const Connection& connection : all) {
      if (MayCollect(connection.state) &&
          connection.settings.type != connect::ConnectionType::kLinkedKeys) {
        ids.push_back(connection.id);
      }
    }
    if (ids.empty()) {
      return Error(Errc::kNotFound, "no connection is ready to be collected")
          .Hint(all.empty() ? "make one: farthing connect --help"
                            : "verify one: farthing check CONNECTION; see farthing connections");
    }
  }
  TRY_ASSIGN(const connect::CollectOptions options, OptionsOf(flags));
  const bool is_table = context.format == "table";  // which is told as it comes
  std::vector<connect::CollectSummary> summaries;
  std::optional<Error> failure;
  for (const std::string& id : ids) {
    Result<connect::CollectSummary> collected = CollectOne(installation, id, options, context);
    if (collected.ok() && is_table) PrintCollected({*collected}, context);
    Result<void> outcome = collected.ok() ? OutcomeOf(*collected) : std::move(collected).error();
    if (collected.ok()) summaries.push_back(*std::move(collected));
    if (outcome.ok()) continue;
    if (failure) PrintError(*failure, context);  // the last one is told by whoever runs the verb
    failure = std::move(outcome).error();
  }
  if (!is_table) PrintCollected(summaries, context);
  if (failure) return std::move(*failure);
  return {};
}

Result<void> RunWatch(const CollectFlags& flags, CliContext& context) {
  StopSignals signals(context.err);  // before anything starts threads
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  TRY_ASSIGN(connect::CollectOptions options, OptionsOf(flags));
  options.cancellation = signals.cancellation();
  WatchOptions watch;
  watch.connection = flags.connection;
  watch.schedule.collect_seconds =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(flags.every_hours * 3600));
  CollectedStream stream(context);
  watch.collect = [&](const std::string& id) -> Result<void> {
    TRY_ASSIGN(const connect::CollectSummary summary,
               CollectOne(*installation, id, options, context));
    stream.Show(summary);
    return OutcomeOf(summary);
  };
  return WatchConnections(*installation, watch, signals, context);
}

Result<void> RunCollect(const CollectFlags& flags, CliContext& context) {
  if (flags.watch) return RunWatch(flags, context);
  const EndAtInterrupt end("\nstopped; what was collected stays, the rest resumes\n");
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  return CollectOnce(*installation, flags, context);
}

}  // namespace

void AddCollectVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(app, context, "collect", "Fetch and import what was delivered");
  auto flags = std::make_shared<CollectFlags>();
  verb->add_option("--connection", flags->connection, "Only this one")->type_name("NAME");
  verb->add_flag(
      "--watch", flags->watch,
      "Go on until stopped: collect every few hours, verify once a day, reconcile once a "
      "week, keep terms; with --format json or csv each delivery is a line, and with json an "
      "object");
  verb->add_option("--every", flags->every_hours,
                   "Hours between looks of --watch, with some jitter")
      ->check(CLI::Range(0.001, 168.0))
      ->type_name("HOURS")
      ->capture_default_str();
  verb->add_option("--from", flags->from, "First billing period, such as 2025-01")
      ->type_name("PERIOD");
  verb->add_option("--to", flags->to, "Last billing period")->type_name("PERIOD");
  verb->add_flag("--again", flags->again, "Fetch also what was collected before");
  verb->add_option("--tolerate-bad-rows", flags->tolerate, "As for import")
      ->check(AtLeast(0))
      ->type_name("N");
  verb->add_option("--disk-limit", flags->disk_limit_gib,
                   "GiB that one delivery may take while it is read")
      ->check(AtLeast(1))
      ->type_name("GIB")
      ->capture_default_str();
  verb->footer(
      "Examples:\n  farthing collect\n  farthing collect --connection production --from 2025-01\n"
      "  farthing collect --watch");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return RunCollect(*flags, context); }; });
}

}  // namespace farthing::cli
