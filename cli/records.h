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

}  // namespace farthing::cli
