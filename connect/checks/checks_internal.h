#pragma once

// What checks share while a report is made: the clients, and what earlier checks have learnt.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/iam.h"
#include "aws/s3.h"
#include "aws/sts.h"
#include "connect/checks/checks.h"
#include "connect/exports/discovery.h"
#include "connect/grants/policy_comparison.h"

namespace farthing::connect {

struct CheckContext {
  const Connection& connection;
  const Platform& platform;
  Secrets& secrets;
  const CheckOptions& options;
  CheckReport& report;

  CheckContext(const Connection& of, const Platform& from, Secrets& with, const CheckOptions& how,
               CheckReport& into)
      : connection(of),
        platform(from),
        secrets(with),
        options(how),
        report(into),
        place(of.settings.export_place) {}

  std::shared_ptr<aws::Client> caller;  ///< ourselves, who assume the role
  std::shared_ptr<aws::Client> client;  ///< the connection
  std::string platform_arn;             ///< the principal that the trust policy should name
  aws::CallerIdentity identity;         ///< who the connection is
  std::string boundary_arn;             ///< of the role's permissions boundary; "" when it has none
  std::vector<DiscoveredExport> exports;
  std::optional<DiscoveredExport> chosen;
  ExportPlace place;                      ///< the settings', completed by what was found
  std::optional<aws::S3Object> manifest;  ///< the newest that was delivered
  std::optional<Error> read_error;        ///< why it could not be read
  std::optional<std::vector<GrantedPolicy>> granted;  ///< the role's or user's, once they were read
  std::vector<MissingAction> lacking;  ///< needed and not granted, or taken away from above

  const Settings& settings() const { return connection.settings; }
  aws::S3 bucket() const;
};

/// The manifest that was written last below the context's place; absent where nothing is delivered yet.
/// Errors: aws/error.h.
Result<std::optional<aws::S3Object>> NewestManifest(const CheckContext& context);
/// From this age on deliveries have stopped: AWS makes one a day at least.
inline constexpr int kSilentHours = 96;

// Names of evidence.
inline constexpr std::string_view kPoliciesFingerprint =
    "policies_sha256";  ///< of what was granted
/// AWS was asked and gave no answer: throttling, an outage, a deadline, the network.  The value is the error's token.
inline constexpr std::string_view kUnanswered = "unanswered";

/// The outcome of one check, before id, title and duration are added.
struct Verdict {
  CheckStatus status = CheckStatus::kPass;
  std::string finding, cause, fix, action, connector_code;
  std::vector<Error::Detail> evidence;
};
Verdict Pass(std::string finding);
Verdict Skip(std::string finding);
/// How the finding of a skipped check begins whose ground has failed; that one's id follows.
inline constexpr std::string_view kNotTried = "not tried, because of ";
Verdict Warn(std::string finding, std::string cause, std::string fix);
Verdict Fail(std::string finding, std::string cause, std::string fix);
/// A refusal by AWS: its own code and request id are the evidence; a denial names the action that AWS names, else
/// the one that was `asked` for, and how to allow it.  Empty: no action would help.  No answer at all is no refusal:
/// then it is that which was found.
Verdict Refused(const Error& error, std::string finding, std::string_view asked,
                std::string_view connector_code = "");

/// How to take away what denies the action in the role's or user's own policies, by the names of its statements;
/// "" where those cannot be read.
std::string HowToUndeny(CheckContext& context, std::string_view action);

/// The command that prints a document for the connection, by what the checks have found.
std::string HowToPrint(const CheckContext& context, std::string_view kind,
                       const std::vector<std::string>& more = {});
/// The command that edits the connection: HowToEdit(context, {"--bucket", "NAME"}).
std::string HowToEdit(const CheckContext& context, const std::vector<std::string>& words);

/// One check of the list.  `needs` are ids whose failure makes this one pointless.
struct CheckRow {
  std::string_view id, title, answers;
  std::vector<std::string_view> needs;
  bool (*applies)(const Settings&);
  Verdict (*run)(CheckContext&);
  Stake stake = Stake::kNothing;
};
std::vector<CheckRow> AccessChecks();
std::vector<CheckRow> ExportChecks();
std::vector<CheckRow> BucketChecks();
std::vector<CheckRow> DeliveryChecks();
std::vector<CheckRow> AccountChecks();
std::vector<CheckRow> GrantChecks();
std::vector<CheckRow> FeatureChecks();
std::vector<CheckRow> DriftChecks();

// Conditions of rows.
bool HasAws(const Settings& settings);
bool HasRole(const Settings& settings);
bool ReadsBills(const Settings& settings);
bool ReadsBucket(const Settings& settings);
template <PermissionSet kSet>
bool Grants(const Settings& settings) {
  return HasAws(settings) && settings.permission_sets.contains(kSet);
}

}  // namespace farthing::connect
