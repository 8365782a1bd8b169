#pragma once

// Creating or mending an export on request.  First a plan that only reads: what would be done, step by step, with the
// policy that would be added and the definition that would be sent; then, if a person says so, the steps.  Event
// notifications of a bucket are looked for and never touched.  One thread per call.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "aws/billing_exports.h"
#include "connect/access.h"
#include "connect/exports/discovery.h"

namespace farthing::connect {

/// What a person asks for; what is empty comes from the connection's settings, then from us.
struct ExportWish {
  ExportKind kind = ExportKind::kCur2;
  std::string name, bucket, prefix;
  std::string bucket_region;  ///< of a new bucket; empty: where the billing APIs are
};

enum class SetupCall { kNone, kPutReport, kModifyReport, kCreateExport, kUpdateExport };

struct SetupStep {
  std::string what;    ///< one sentence
  std::string detail;  ///< lines to read: a policy with + before what is new, a definition
};

struct ExportSetup {
  ExportPlace place;  ///< where it delivers afterwards
  std::vector<SetupStep> steps;
  std::vector<std::string> notes;  ///< what a person should know and no step changes

  // What Apply() sends.
  bool creates_bucket = false;
  std::string policy_before, policy;  ///< `policy` empty: it is as it should be
  std::vector<std::string> in_the_way;
  SetupCall call = SetupCall::kNone;
  aws::ReportDefinition report;
  aws::DataExport data_export;
};

/// Errors: kInvalidArgument (a name or bucket that AWS does not take, a region that is not the bucket's), kConflict
/// (an export has the name already), aws/error.h with who can change it.
Result<ExportSetup> PlanNewExport(const Connection& connection,
                                  const std::shared_ptr<aws::Client>& client,
                                  const ExportWish& wish);

/// Mends what Judge() finds, as far as AWS lets definitions change; the rest is told in notes.
/// Errors: kNotFound with the names there are, aws/error.h.
Result<ExportSetup> PlanAdjustment(const Connection& connection,
                                   const std::shared_ptr<aws::Client>& client,
                                   const std::string& name);

/// Does the steps and returns where the export delivers.  `done` is called after each.
/// Errors: kConflict (the bucket's policy has changed since the plan), aws/error.h with who can change it.
Result<ExportPlace> Apply(const Connection& connection, const std::shared_ptr<aws::Client>& client,
                          const ExportSetup& setup,
                          const std::function<void(const std::string& what)>& done);

/// What a bucket's notification configuration tells, by the elements of S3's document: "SNS topics", "EventBridge", …
std::vector<std::string> EventTargets(const std::string& xml);

}  // namespace farthing::connect
