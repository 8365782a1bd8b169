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

/// Adds --format table|csv|json to a verb; the default is table.
void AddFormatOption(CLI::App& verb, std::string& format);

/// Errors: kInvalidArgument (unknown format).
Result<void> PrintRecords(const Records& records, const std::string& format, CliContext& context);

}  // namespace farthing::cli
