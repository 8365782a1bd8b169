#pragma once

// Tag keys as people type them and as bills spell them.  Pure text; const-safe.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace farthing::billing {

/// Returns the key as AWS spells it in Parquet columns and CUR 2.0 maps: "user:CostCenter" and
/// "user:cost-center" -> "user_cost_center".  Different keys may become the same.
/// Source: AWS CUR user guide, "Running Amazon Athena queries", column names (an underscore before
/// every capital, lower case, other characters to underscores, repeats collapsed, ends stripped).
std::string NormalizeTagKey(std::string_view key);

/// Returns the stored key that `typed` means: itself, else "user:" + typed, else the one that is
/// equal after normalisation, with or without "user:"; "" when there is none.
///
/// Errors: kInvalidArgument (several stored keys differ from it by normalisation only; all listed).
Result<std::string> ResolveTagKey(std::string_view typed, const std::vector<std::string>& stored);

}  // namespace farthing::billing
