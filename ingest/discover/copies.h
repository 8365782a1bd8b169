#pragma once

// Copies of one file beside each other, such as "bill (1).csv" or bill.csv beside bill.csv.gz: what a manifest would
// keep out.  Added together they would be the same money twice.  One thread.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace farthing::ingest {

/// Drops from `files` those whose content an earlier one has: byte for byte, or unpacked, whatever their names and
/// however they are packed.  Returns a note for each.  Errors: kUnavailable (the disk failed).
Result<std::vector<std::string>> DropCopies(std::vector<std::filesystem::path>& files);

}  // namespace farthing::ingest
