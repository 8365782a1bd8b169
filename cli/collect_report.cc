#include "cli/collect_report.h"

#include <ostream>

#include "cli/progress.h"
#include "cli/records.h"

namespace farthing::cli {
namespace {

std::string NameOf(const std::optional<Period>& period, const std::string& manifest_key) {
  return period ? ToString(*period) : manifest_key;
}

Records NoRecords() {
  return {{"connection", "period", "outcome", "lines", "bytes", "reason", "error", "fix"}, {}};
}

void AddRows(const connect::CollectSummary& summary, Records& records) {
  for (const connect::CollectedDelivery& delivery : summary.deliveries) {
    records.rows.push_back({summary.connection_name,
                            delivery.period ? ToString(*delivery.period) : "", delivery.outcome,
                            std::to_string(delivery.lines), std::to_string(delivery.size_bytes),
                            delivery.reason, "", ""});
  }
  for (const connect::CollectFailure& failure : summary.failures) {
    records.rows.push_back({summary.connection_name,
                            failure.period ? ToString(*failure.period) : "", "failed", "0", "0",
                            failure.error.message(), std::string(Token(failure.error.code())),
                            failure.error.hint()});
  }
}

void PrintTable(const connect::CollectSummary& summary, CliContext& context) {
  for (const connect::CollectedDelivery& delivery : summary.deliveries) {
    context.out << summary.connection_name << "  " << NameOf(delivery.period, delivery.manifest_key)
                << "  " << delivery.outcome;
    if (delivery.lines > 0) context.out << "  " << delivery.lines << " lines";
    if (!delivery.reason.empty()) context.out << ": " << delivery.reason;
    context.out << '\n';
  }
  for (const connect::CollectFailure& failure : summary.failures) {
    context.out << summary.connection_name << "  " << NameOf(failure.period, failure.manifest_key)
                << "  failed: " << failure.error.message() << "; fix: " << failure.error.hint()
                << '\n';
  }
  for (const std::string& note : summary.notes) context.out << "note: " << note << '\n';
  if (summary.deliveries.empty() && summary.failures.empty()) {
    context.out << summary.connection_name << "  nothing new, " << summary.requests
                << " requests\n";
  }
  if (summary.bill_data_ready) {
    context.out << "bill data of " << summary.connection_name
                << " is ready: farthing cost --by service\n";
  }
}

}  // namespace

void CollectLine::Show(const connect::CollectProgress& progress) {
  const std::string subject = progress.connection + ": " + progress.what;
  const std::scoped_lock guard(mutex_);
  if (!context_.err_is_terminal) {
    if (subject != last_ && context_.format != "json")
      context_.err << subject << '\n' << std::flush;
    last_ = subject;
    return;
  }
  context_.err << "\r\033[K" << subject;
  if (progress.total_bytes > 0) {
    context_.err << ' ' << ProgressBar(100 * progress.bytes / progress.total_bytes);
  }
  if (progress.rows > 0) context_.err << "  " << progress.rows << " rows";
  context_.err << std::flush;
}

void CollectLine::Clear() {
  if (context_.err_is_terminal) context_.err << "\r\033[K" << std::flush;
}

void PrintCollected(const std::vector<connect::CollectSummary>& summaries, CliContext& context) {
  Records records = NoRecords();
  for (const connect::CollectSummary& summary : summaries) {
    if (context.format == "table") {
      PrintTable(summary, context);
      continue;
    }
    AddRows(summary, records);
    for (const std::string& note : summary.notes) context.err << "note: " << note << '\n';
  }
  if (context.format != "table") PrintRecords(records, context);
}

void CollectedStream::Show(const connect::CollectSummary& summary) {
  if (context_.format == "table") {
    PrintTable(summary, context_);
    return;
  }
  Records records = NoRecords();
  AddRows(summary, records);
  for (const std::string& note : summary.notes) context_.err << "note: " << note << '\n';
  if (!has_heading_) PrintHeading(records, context_);
  has_heading_ = true;
  PrintRecordLines(records, context_);
}

Result<void> OutcomeOf(const connect::CollectSummary& summary) {
  if (!summary.failures.empty()) {
    const connect::CollectFailure& first = summary.failures.front();
    const std::size_t count = summary.failures.size();
    return Error(first.error)
        .Wrap(summary.connection_name + ": " +
              (count == 1 ? "a delivery" : std::to_string(count) + " deliveries") +
              " could not be collected, what was active before stays active; " +
              (count == 1 ? "" : "the first is ") + NameOf(first.period, first.manifest_key));
  }
  for (const connect::CollectedDelivery& delivery : summary.deliveries) {
    if (delivery.outcome != "quarantined" && delivery.outcome != "incomplete") continue;
    return Error(Errc::kCorrupt, summary.connection_name + ": a delivery is " + delivery.outcome +
                                     "; what was active before stays active")
        .Hint(
            "its reason stands in its line above and in farthing coverage; AWS's next delivery "
            "mends "
            "what was torn or incomplete");
  }
  return {};
}

}  // namespace farthing::cli
