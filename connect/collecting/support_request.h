#pragma once

// Earlier months: which are missing, which lie in the bucket and can be collected, and the request to AWS
// Support for those from before the export existed.  One thread per call.

#include <string>
#include <vector>

#include "connect/life/service.h"

namespace farthing::connect {

/// A case to open with AWS Support, ready to paste.
struct SupportRequest {
  std::string account, export_name, export_arn, bucket, prefix;
  std::vector<Period> months;
  std::string subject, text;
};
/// Writes the request.  Requires: at least one month.
SupportRequest WriteSupportRequest(const Connection& connection, const std::vector<Period>& months);

struct BackfillMonth {
  enum class Source {
    kInLake,   ///< nothing to do
    kBucket,   ///< lies in the bucket: collect it
    kSupport,  ///< AWS never delivered it: ask AWS Support
  };
  Period period;
  Source source = Source::kInLake;
  std::string why;  ///< a sentence
};
std::string_view Name(BackfillMonth::Source source);  ///< "in-lake", "bucket", "aws-support"

struct BackfillPlan {
  std::vector<BackfillMonth>
      months;  ///< oldest first, from the wanted one to the month before `now`
  std::vector<std::string> notes;
};
/// Compares the lake with one listing of the bucket.
/// Errors: aws/error.h; kInvalidArgument (`from` is not in the past, or a directory has no bucket).
Result<BackfillPlan> PlanBackfill(Installation& installation, const std::string& connection,
                                  Period from, Instant now);

}  // namespace farthing::connect
