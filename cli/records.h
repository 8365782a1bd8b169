#pragma once

// Prints lists of records (exports, deliveries, …) as an aligned table, CSV or JSON.  One thread.

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/verb.h"

namespace farthing::cli {

struct Records {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

/// Prints in context.format.
void PrintRecords(const Records& records, CliContext& context);
/// The same for verbs whose table is a text of its own.
void PrintRecords(const Records& records, const std::string& text, CliContext& context);
/// Prints the rows as part of a stream that goes on: each a JSON object on a line of its own, or a line of CSV, whose
/// heading is the caller's.
void PrintRecordLines(const Records& records, CliContext& context);
void PrintHeading(const Records& records, CliContext& context);

}  // namespace farthing::cli
