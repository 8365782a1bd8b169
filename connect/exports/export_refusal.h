#pragma once

// Why AWS refused to make or change an export, and who can change that.  A pure function.

#include <string>
#include <vector>

#include "base/result.h"
#include "connect/connection.h"

namespace farthing::connect {

/// What was attempted, for the sentences.
struct SetupAttempt {
  std::string connection, account_id, bucket, export_name;
  ExportKind kind = ExportKind::kCur2;
  std::vector<std::string> in_the_way;  ///< statements of the bucket's policy that deny
};

/// The same error with the hint that fits: the cause where AWS leaves it open, and whose move it is.
Error ExplainSetupRefusal(const Error& error, const SetupAttempt& attempt);

}  // namespace farthing::connect
