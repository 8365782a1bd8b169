#pragma once

// What became of the deliveries of an import: as they come in a table, together in CSV and JSON.
// One thread.

#include <string>
#include <vector>

#include "cli/verb.h"
#include "ingest/import.h"

namespace farthing::cli {

class ImportReport {
 public:
  explicit ImportReport(CliContext& context) : context_(context) {}

  void Add(ingest::ImportSummary summary);
  /// Prints what is still to be printed.  `notes` are about the lake as it is now.
  void Finish(const std::vector<std::string>& notes);
  std::size_t quarantined() const;

 private:
  void PrintAsCsv();
  void PrintAsJson();

  CliContext& context_;
  std::vector<ingest::Outcome> outcomes_;
  std::vector<std::string> notes_;
};

}  // namespace farthing::cli
