#pragma once

// What collecting says: where it stands while it runs, and what became of each delivery.  For the verbs collect and
// backfill.

#include <mutex>
#include <string>

#include "cli/verb.h"
#include "connect/collecting/collect.h"

namespace farthing::cli {

/// One line on a terminal, a plain line for each new step elsewhere, nothing for programs.  Several threads may show.
class CollectLine {
 public:
  explicit CollectLine(CliContext& context) : context_(context) {}
  void Show(const connect::CollectProgress& progress);
  void Clear();

 private:
  CliContext& context_;
  std::mutex mutex_;
  std::string last_;
};

/// Every delivery that was new, and every one that could not be collected: the table of one connection, the one document
/// of all for programs.
void PrintCollected(const std::vector<connect::CollectSummary>& summaries, CliContext& context);

/// The same of collections that go on: for programs a stream of lines, each a delivery.
class CollectedStream {
 public:
  explicit CollectedStream(CliContext& context) : context_(context) {}
  void Show(const connect::CollectSummary& summary);

 private:
  CliContext& context_;
  bool has_heading_ = false;
};

/// What the command ends with: the first failure, else a delivery that could not be read.
Result<void> OutcomeOf(const connect::CollectSummary& summary);

}  // namespace farthing::cli
