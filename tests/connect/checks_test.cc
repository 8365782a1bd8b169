// Every check of `farthing check --list`, failing and passing: the fault is set up in the rehearsal AWS as a person
// would make it, and the check must say what, why, and what to do.

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "aws/billing_exports.h"
#include "aws/cost_explorer.h"
#include "aws/error.h"
#include "base/files.h"
#include "base/text.h"
#include "connect/chosen_export.h"
#include "connect/discovery.h"
#include "sim/aws/test_signer.h"
#include "tests/connect/stage.h"

namespace farthing::connect {
namespace {

using enum PermissionSet;
using enum CheckStatus;

/// A fault, the check that must notice it, and what it must say.
struct Trouble {
  std::string name;
  std::string check;
  CheckStatus status;
  void (*make)(Stage& stage,
               Connection& connection);  ///< nullptr: the action `cause` is taken away
  std::string cause;                     ///< a part of cause
  std::string fix;                       ///< a part of fix
  std::string aws_code = "";             ///< in the evidence, beside a request id
  std::string connector = "";            ///< Microsoft's code
  ExportKind kind = ExportKind::kCur2;
  int clock_hours = 0;  ///< by how much AWS's clock, and so the delivery, is behind
};

/// The trouble that the role may not do one thing: the check says what, and to allow it.
Trouble Denied(const std::string& name, const std::string& check, const std::string& action,
               const std::string& aws_code, const std::string& connector = "",
               ExportKind kind = ExportKind::kCur2) {
  return {name, check, kFail, nullptr, action, "allow " + action, aws_code, connector, kind};
}

void Deny(Stage& stage, const std::string& service, const std::string& action) {
  stage.aws().Inject({.kind = rehearsal::FaultKind::kDeny, .service = service, .action = action});
}

std::string Platform(Stage& stage) { return stage.aws().Platform().user_arn; }

void Delete(Stage& stage, const std::string& path) {
  const rehearsal::Signer admin{stage.aws().Admin(), ""};
  const auto response = stage.aws().Handle(admin.S3("DELETE", path));
  if (response.status / 100 != 2) throw std::runtime_error(response.body);
}

void EmptyBucket(Stage& stage) {
  aws::S3 s3(stage.Admin(), {});
  const aws::Listing all = Must(s3.List("payer-bills", ""));
  for (const aws::S3Object& object : all.objects) Delete(stage, "/payer-bills/" + object.key);
}

void Without(Stage& stage, const Connection& connection, const std::string& action) {
  stage.SetPolicy(connection, Without(stage.PolicyOf(connection), action));
}

void ChangeReport(Stage& stage, void (*change)(aws::ReportDefinition&)) {
  const auto admin = stage.Admin();
  aws::ReportDefinition report = Must(aws::DescribeReportDefinitions(*admin)).front();
  change(report);
  Must(aws::ModifyReportDefinition(*admin, report));
}

void ChangeExport(Stage& stage, void (*change)(aws::DataExport&)) {
  const auto admin = stage.Admin();
  aws::DataExport wanted = Must(aws::ListDataExports(*admin)).front();
  change(wanted);
  Must(aws::UpdateDataExport(*admin, wanted));
}

/// Our own trust, and one statement more.
void TrustAlso(Stage& stage, const Connection& connection, const std::string& statement) {
  std::string trust = TrustOf(Platform(stage), connection.settings.external_id);
  trust.replace(trust.rfind("]}"), 2, "," + statement + "]}");
  stage.SetTrust(connection, trust);
}

/// A need that is judged by the policies alone: nothing is written to see whether it may be.
Trouble NotGranted(const std::string& name, const std::string& check, const std::string& action,
                   ExportKind kind = ExportKind::kCur2) {
  return {name, check, kFail, nullptr, action, "allow " + action, "", "", kind};
}

const std::vector<Trouble>& Troubles() {
  static const std::vector<Trouble> troubles{
      {"NoIdentityOfOurOwn", "credentials", kFail,
       [](Stage& stage, Connection&) {
         const rehearsal::Keys keys = stage.aws().Platform();
         stage.platform().credentials = [keys](const std::string&) {
           return aws::StaticCredentials({keys.access_key_id, "wrong", "", {}, "stage"});
         };
       },
       "SignatureDoesNotMatch", "secret access key", "SignatureDoesNotMatch", "Unauthorized"},
      {"AnotherExternalId", "identity", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection, TrustOf(Platform(stage), "another-id"));
       },
       "external ID", "--kind trust", "AccessDenied", "FailedToAssumeRole"},
      {"TrustDemandsMfa", "identity", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection, TrustOf(Platform(stage), connection.settings.external_id,
                                            R"("Bool":{"aws:MultiFactorAuthPresent":"true"})"));
       },
       "MFA", "--kind trust", "AccessDenied", "FailedToAssumeRole"},
      {"NoSuchRole", "identity", kFail,
       [](Stage&, Connection& connection) { connection.settings.role_arn += "-gone"; },
       "does not exist", "--kind cloudformation", "AccessDenied", "FailedToAssumeRole"},
      {"KeysOfAnotherAccount", "identity", kFail,
       [](Stage& stage, Connection& connection) {
         const auto [id, secret] =
             stage.MakeUser("reader", stage.PolicyOf(connection), "345678901234");
         connection.settings.type = ConnectionType::kPayerKeys;
         connection.settings.role_arn.clear();
         connection.settings.access_key_id = id;
         Must(stage.vault().Put(connection.id, kSecretAccessKey, secret));
       },
       "the connection is for account", "create a connection for 345678901234"},
      {"KeysAreDeleted", "identity", kFail,
       [](Stage& stage, Connection& connection) {
         connection.settings.type = ConnectionType::kPayerKeys;
         connection.settings.role_arn.clear();
         connection.settings.access_key_id = "AKIAGONEGONEGONEGONE";
         Must(stage.vault().Put(connection.id, kSecretAccessKey, "wrong"));
       },
       "InvalidClientTokenId", "enter a current one", "InvalidClientTokenId", "Unauthorized"},
      {"TrustWithoutExternalId", "external-id", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection, TrustOf(Platform(stage), ""));
       },
       "confused deputy", "sts:ExternalId"},
      {"ExternalIdIsAdopted", "external-id", kWarning,
       [](Stage&, Connection& connection) { connection.settings.external_id_adopted = true; },
       "guessed", "create a new connection"},
      {"TrustLacksTheCondition", "role-trust", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection, TrustOf(Platform(stage), ""));
       },
       "lacks it", "--kind trust"},
      {"TrustNamesMfa", "role-trust", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection,
                        TrustOf(Platform(stage), connection.settings.external_id,
                                R"("BoolIfExists":{"aws:MultiFactorAuthPresent":"true"})"));
       },
       "no MFA device", "clear Require MFA"},
      {"TrustsEverybody", "role-trust", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection, TrustOf("*", connection.settings.external_id));
       },
       "principal is *", "name Farthing alone"},
      {"TrustsTheWholeAccount", "role-trust", kWarning,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection,
                        TrustOf("arn:aws:iam::" + stage.aws().Platform().account_id + ":root",
                                connection.settings.external_id));
       },
       "wider than Farthing needs", "--kind trust"},
      {"TrustTakesAnAbsentId", "role-trust", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection, TrustOf(Platform(stage), "",
                                            R"("StringEqualsIfExists":{"sts:ExternalId":")" +
                                                connection.settings.external_id + "\"}"));
       },
       "lacks it", "--kind trust"},
      {"TrustTakesAnyId", "role-trust", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection,
                        TrustOf(Platform(stage), "", R"("StringLike":{"sts:ExternalId":"*"})"));
       },
       "lacks it", "--kind trust"},
      {"TrustsAService", "role-trust", kWarning,
       [](Stage& stage, Connection& connection) {
         TrustAlso(
             stage, connection,
             R"({"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"})");
       },
       "wider than Farthing needs", "--kind trust"},
      {"TrustsAnIdentityProvider", "role-trust", kWarning,
       [](Stage& stage, Connection& connection) {
         TrustAlso(
             stage, connection,
             R"({"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity"})");
       },
       "wider than Farthing needs", "--kind trust"},
      {"TrustsAnotherByNotAction", "role-trust", kWarning,
       [](Stage& stage, Connection& connection) {
         TrustAlso(stage, connection,
                   R"({"Effect":"Allow","Principal":{"AWS":")" + stage.aws().payer() +
                       R"("},"NotAction":"sts:TagSession"})");
       },
       "wider than Farthing needs", "--kind trust"},
      {"TrustsAllButOne", "role-trust", kFail,
       [](Stage& stage, Connection& connection) {
         TrustAlso(stage, connection,
                   R"({"Effect":"Allow","NotPrincipal":{"AWS":")" + stage.aws().payer() +
                       R"("},"Action":"sts:AssumeRole"})");
       },
       "NotPrincipal lets everybody in", "name Farthing alone"},
      {"TrustsAnOrganisation", "role-trust", kWarning,
       [](Stage& stage, Connection& connection) {
         TrustAlso(
             stage, connection,
             R"({"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}})");
       },
       "wider than Farthing needs", "--kind trust"},
      {"TrustCannotBeRead", "role-trust", kFail,
       [](Stage& stage, Connection&) { Deny(stage, "iam", "GetRole"); }, "iam:GetRole",
       "service control policy", "AccessDenied"},
      Denied("ReportsAreDenied", "report-definition", "cur:DescribeReportDefinitions",
             "AccessDeniedException", "AccessDeniedReportDefinitions", ExportKind::kLegacyCur),
      Denied("ExportsAreDenied", "export-definition", "bcm-data-exports:ListExports",
             "AccessDeniedException", "AccessDeniedReportDefinitions"),
      {"NoExportAtAll", "export", kFail,
       [](Stage& stage, Connection& connection) {
         const rehearsal::Signer admin{stage.aws().Admin(), ""};
         const auto gone = stage.aws().Handle(
             admin.Json("cur", "AWSOrigamiServiceGatewayService.DeleteReportDefinition",
                        R"({"ReportName":"bills"})"));
         EXPECT_EQ(gone.status, 200) << gone.body;
         connection.settings.export_place.bucket.clear();
       },
       "nothing delivers a bill", "--new-export cur2", "", "FailedToFindReport",
       ExportKind::kLegacyCur},
      {"ExportHasAnotherName", "export", kFail,
       [](Stage&, Connection& connection) { connection.settings.export_place.name = "other"; },
       "no export has that name", "--export NAME", "", "FailedToFindReport"},
      {"PrefixIsWrong", "export", kFail,
       [](Stage&, Connection& connection) {
         connection.settings.export_place.prefix = "elsewhere";
       },
       "AWS delivers to s3://payer-bills/billing, the settings say s3://payer-bills/elsewhere",
       "farthing connections edit production --prefix billing", "", "FailedToFindReport"},
      {"BucketIsWrong", "export", kFail,
       [](Stage&, Connection& connection) { connection.settings.export_place.bucket = "other"; },
       "AWS delivers to s3://payer-bills/billing, the settings say s3://other/billing",
       "farthing connections edit production --bucket payer-bills --prefix billing", "",
       "FailedToFindReport"},
      {"SeveralExports", "export", kFail,
       [](Stage& stage, Connection& connection) {
         aws::DataExport second = Must(aws::ListDataExports(*stage.Admin())).front();
         second.name = "second";
         Must(aws::CreateDataExport(*stage.Admin(), second));
         connection.settings.export_place = ExportPlace();
         connection.settings.export_place.kind = ExportKind::kCur2;
       },
       "none was chosen", "--export NAME", "", "FailedToFindReport"},
      {"ExportIsNoBill", "export", kFail,
       [](Stage& stage, Connection&) {
         ChangeExport(stage, [](aws::DataExport& wanted) {
           wanted.query = "SELECT line_item_product_code FROM COST_AND_USAGE_REPORT";
         });
       },
       "no complete bill", "line_item_unblended_cost", "", "ReportIsNotValid"},
      {"ReportWithoutResources", "export", kWarning,
       [](Stage& stage, Connection&) {
         ChangeReport(stage, [](aws::ReportDefinition& d) { d.schema_elements.clear(); });
       },
       "no cost can be traced to a resource", "Include resource IDs", "", "",
       ExportKind::kLegacyCur},
      {"ReportByTheDay", "export", kWarning,
       [](Stage& stage, Connection&) {
         ChangeReport(stage, [](aws::ReportDefinition& d) { d.time_unit = "DAILY"; });
       },
       "by the hour", "HOURLY", "", "", ExportKind::kLegacyCur},
      {"ReportIsNotRefreshed", "export", kWarning,
       [](Stage& stage, Connection&) {
         ChangeReport(stage, [](aws::ReportDefinition& d) { d.refresh_closed_reports = false; });
       },
       "refunds", "RefreshClosedReports → true", "", "", ExportKind::kLegacyCur},
      {"ReportMakesNewCopies", "export", kWarning,
       [](Stage& stage, Connection&) {
         ChangeReport(stage, [](aws::ReportDefinition& d) {
           d.artifacts.clear();
           d.versioning = "CREATE_NEW_REPORT";
         });
       },
       "one more complete copy", "ReportVersioning → OVERWRITE_REPORT: AWS cannot change this", "",
       "", ExportKind::kLegacyCur},
      {"ReportWithoutAthena", "export", kWarning,
       [](Stage& stage, Connection&) {
         ChangeReport(stage, [](aws::ReportDefinition& d) { d.artifacts.clear(); });
       },
       "cannot be queried with Amazon Athena", "AdditionalArtifacts → ATHENA: edit the report", "",
       "", ExportKind::kLegacyCur},
      {"ExportMakesNewCopies", "export", kWarning,
       [](Stage& stage, Connection&) {
         ChangeExport(stage,
                      [](aws::DataExport& wanted) { wanted.overwrite = "CREATE_NEW_REPORT"; });
       },
       "one more complete copy", "Overwrite → OVERWRITE_REPORT: edit the report"},
      {"ExportWithoutResources", "export", kWarning,
       [](Stage& stage, Connection&) {
         ChangeExport(stage, [](aws::DataExport& wanted) {
           wanted.table_properties["INCLUDE_RESOURCES"] = "FALSE";
         });
       },
       "no cost can be traced to a resource", "INCLUDE_RESOURCES → TRUE"},
      {"BucketIsDeleted", "bucket-region", kFail,
       [](Stage& stage, Connection&) {
         EmptyBucket(stage);
         Delete(stage, "/payer-bills");
       },
       "there is no such bucket", "--bucket NAME"},
      {"BucketIsElsewhere", "bucket-region", kWarning,
       [](Stage& stage, Connection&) {
         stage.Control("bucket", R"({"name":"payer-bills","region":"eu-west-1"})");
       },
       "the settings say us-east-1", "nothing breaks"},
      Denied("ListingIsDenied", "bucket-list", "s3:ListBucket", "AccessDenied",
             "AccessDeniedListReports"),
      {"BucketPolicyKeepsUsOut", "bucket-list", kFail,
       [](Stage& stage, Connection& connection) {
         stage.AdminPut(
             "/payer-bills", "policy",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":")" +
                 connection.settings.role_arn +
                 R"("},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::payer-bills"}]})");
       },
       "explicit deny", "the bucket's", "AccessDenied", "AccessDeniedListReports"},
      {"AnotherOwnerIsExpected", "bucket-list", kFail,
       [](Stage&, Connection& connection) { connection.settings.bucket_owner = "345678901234"; },
       "s3:ListBucket", "--bucket-owner ACCOUNT", "AccessDenied", "AccessDeniedListReports"},
      {"BucketIsAnothers", "bucket-owner", kWarning,
       [](Stage& stage, Connection& connection) {
         stage.AdminPut("/shared", "", "", "345678901234");
         stage.AdminPut(
             "/shared", "policy",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":")" +
                 connection.settings.role_arn +
                 R"("},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::shared"}]})",
             "345678901234");
         PolicyDocument policy = stage.PolicyOf(connection);
         PolicyStatement more;
         more.actions = {"s3:ListBucket"};
         more.resources = {"arn:aws:s3:::shared"};
         policy.statements.push_back(more);
         stage.SetPolicy(connection, policy);
         const rehearsal::Signer admin{stage.aws().Admin(), ""};
         stage.aws().Handle(admin.Json("cur",
                                       "AWSOrigamiServiceGatewayService.DeleteReportDefinition",
                                       R"({"ReportName":"bills"})"));
         stage.AdminPut("/shared/billing/bills/20261101-20261201/bills-Manifest.json", "", "{}",
                        "345678901234");  // copied here
         connection.settings.export_place.bucket = "shared";
       },
       "take the name", "--bucket-owner ACCOUNT", "", "", ExportKind::kLegacyCur},
      {"OwnerCannotBeAsked", "bucket-owner", kWarning,
       [](Stage& stage, Connection&) {
         stage.aws().Inject({.kind = rehearsal::FaultKind::kUnavailable,
                             .service = "s3",
                             .action = "ListObjectsV2",
                             .skip = 1});
       },
       "HTTP 503", "try again"},
      Denied("ReadingIsDenied", "bucket-read", "s3:GetObject", "AccessDenied",
             "AccessDeniedDownloadReport"),
      {"ObjectsAreArchived", "bucket-read", kFail,
       [](Stage& stage, Connection&) {
         stage.aws().Inject({.kind = rehearsal::FaultKind::kArchived, .action = "GetObject"});
       },
       "storage class", "archiv", "InvalidObjectState", "AccessDeniedDownloadReport"},
      {"KeyRefuses", "bucket-key", kFail,
       [](Stage& stage, Connection&) {
         stage.Control("key", R"({"bucket":"payer-bills"})");
         stage.aws().Restate(PeriodOf(stage.aws().now()));
         Must(stage.aws().Deliver());
       },
       "kms:Decrypt", "--kms-key arn:aws:kms:us-east-1:", "AccessDenied"},
      Denied("PolicyCannotBeRead", "bucket-policy", "s3:GetBucketPolicy", "AccessDenied"),
      {"PolicyDoesNotLetAwsIn", "bucket-policy", kWarning,
       [](Stage& stage, Connection&) {
         stage.AdminPut(
             "/payer-bills", "policy",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::payer-bills/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]})");
       },
       "AWS cannot deliver", "--kind bucket-policy"},
      {"PolicyLetsAwsInElsewhere", "bucket-policy", kWarning,
       [](Stage& stage, Connection&) {
         stage.AdminPut(
             "/payer-bills", "policy",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["billingreports.amazonaws.com","bcm-data-exports.amazonaws.com"]},"Action":["s3:PutObject","s3:GetBucketPolicy"],"Resource":["arn:aws:s3:::payer-bills","arn:aws:s3:::payer-bills/other/*"]}]})");
       },
       "AWS cannot deliver", "s3:PutObject"},
      {"PolicyDeniesWhatItAllows", "bucket-policy", kWarning,
       [](Stage& stage, Connection&) {
         stage.AdminPut(
             "/payer-bills", "policy",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["billingreports.amazonaws.com","bcm-data-exports.amazonaws.com"]},"Action":["s3:PutObject","s3:GetBucketPolicy"],"Resource":["arn:aws:s3:::payer-bills","arn:aws:s3:::payer-bills/*"]},{"Sid":"OnlyOurKey","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::payer-bills/*","Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}}]})");
       },
       "may stop deliveries: OnlyOurKey", "aws:PrincipalIsAWSService"},
      {"OthersListenToTheBucket", "bucket-events", kWarning,
       [](Stage& stage, Connection&) {
         stage.AdminPut("/payer-bills", "notification",
                        "<NotificationConfiguration><QueueConfiguration><Id>1</Id>"
                        "<Queue>arn:aws:sqs:us-east-1:1:q</Queue><Event>s3:ObjectCreated:*</Event>"
                        "</QueueConfiguration></NotificationConfiguration>");
       },
       "other processes depend", "never changes them"},
      Denied("EventsCannotBeRead", "bucket-events", "s3:GetBucketNotification", "AccessDenied"),
      {"NothingIsDeliveredYet", "delivery", kWarning,
       [](Stage& stage, Connection&) { EmptyBucket(stage); }, "24 hours", "wait"},
      {"NothingCameForDays", "delivery", kWarning,
       [](Stage& stage, Connection& connection) {
         EmptyBucket(stage);
         connection.created.micros -= std::int64_t{3} * 86'400 * 1'000'000;
       },
       "AWS's first delivery takes up to 24 hours; after 48 hours ask AWS Support",
       "see bucket-policy and export-status"},
      {"DeliveryIsLate", "delivery", kWarning, [](Stage&, Connection&) {}, "at least once a day",
       "wait a day", "", "", ExportKind::kCur2, 50},
      {"DeliveriesHaveStopped", "delivery", kFail, [](Stage&, Connection&) {}, "something stops it",
       "export-status", "", "", ExportKind::kCur2, 150},
      {"ExportIsUnhealthy", "export-status", kFail,
       [](Stage& stage, Connection&) {
         stage.aws().Inject(
             {.kind = rehearsal::FaultKind::kUnhealthy, .text = "INSUFFICIENT_PERMISSION"});
         Must(stage.aws().Deliver());
       },
       "does not let AWS write", "--kind bucket-policy"},
      {"BillOwnerChanged", "export-status", kFail,
       [](Stage& stage, Connection&) {
         stage.aws().Inject(
             {.kind = rehearsal::FaultKind::kUnhealthy, .text = "BILL_OWNER_CHANGED"});
         Must(stage.aws().Deliver());
       },
       "changed its payer", "create the export anew"},
      {"ReportCannotWrite", "export-status", kFail,
       [](Stage& stage, Connection&) {
         stage.AdminPut(
             "/payer-bills", "policy",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"Service":"billingreports.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::payer-bills/*"}]})");
         stage.aws().Restate(PeriodOf(stage.aws().now()));
         Must(stage.aws().Deliver());
       },
       "does not let AWS write", "--kind bucket-policy", "", "", ExportKind::kLegacyCur},
      Denied("RunsCannotBeSeen", "export-status", "bcm-data-exports:ListExecutions",
             "AccessDeniedException"),
      {"NotAllFeatures", "organization", kWarning,
       [](Stage& stage, Connection&) {
         stage.Control("set", R"({"organization_all_features":false})");
       },
       "all features", "enable all features"},
      Denied("OrganizationIsDenied", "organization", "organizations:DescribeOrganization",
             "AccessDeniedException"),
      {"NoOrganization", "organization", kWarning,
       [](Stage& stage, Connection&) {
         stage.aws().Inject(
             {.kind = rehearsal::FaultKind::kNotEnabled, .service = "organizations"});
       },
       "covers itself only", "consolidated billing"},
      {"ScpDeniesAccounts", "member-accounts", kFail,
       [](Stage& stage, Connection&) { Deny(stage, "organizations", "ListAccounts"); },
       "organizations:ListAccounts", "service control policy", "AccessDeniedException"},
      Denied("TreeIsDenied", "organization-units", "organizations:ListAccountsForParent",
             "AccessDeniedException"),
      {"CostExplorerIsOff", "cost-explorer", kFail,
       [](Stage& stage, Connection&) { stage.Control("set", R"({"cost_explorer":false})"); },
       "not enabled", "open Cost Explorer once", "AccessDeniedException"},
      {"CostExplorerHasNoData", "cost-explorer", kWarning,
       [](Stage& stage, Connection&) {
         stage.aws().Inject({.kind = rehearsal::FaultKind::kNotEnabled, .service = "ce"});
       },
       "less than a day ago", "24 hours"},
      Denied("CostExplorerIsDenied", "cost-explorer", "ce:GetCostAndUsage",
             "AccessDeniedException"),
      {"NoTagIsActive", "allocation-tags", kWarning,
       [](Stage& stage, Connection&) {
         const auto admin = stage.Admin();
         std::vector<std::string> keys;
         const auto tags = Must(aws::ListCostAllocationTags(*admin));
         for (const aws::AllocationTag& tag : tags) keys.push_back(tag.key);
         Must(aws::UpdateCostAllocationTags(*admin, keys, "Inactive"));
       },
       "carries no tags", "farthing tags activate production"},
      Denied("TagsAreDenied", "allocation-tags", "ce:ListCostAllocationTags",
             "AccessDeniedException"),
      Denied("MetricsAreDenied", "metrics", "cloudwatch:GetMetricData", "AccessDeniedException"),
      Denied("ResourcesAreDenied", "resources", "ec2:DescribeSnapshots", "UnauthorizedOperation"),
      {"HubIsNotSwitchedOn", "cost-optimization-hub", kWarning,
       [](Stage& stage, Connection&) {
         stage.Control("set", R"({"cost_optimization_hub":false})");
       },
       "opt in first", "opt in in the console"},
      Denied("HubIsDenied", "cost-optimization-hub", "cost-optimization-hub:ListRecommendations",
             "AccessDeniedException"),
      {"OptimizerIsNotSwitchedOn", "compute-optimizer", kWarning,
       [](Stage& stage, Connection&) { stage.Control("set", R"({"compute_optimizer":false})"); },
       "opt in first", "opt in in the console"},
      Denied("OptimizerIsDenied", "compute-optimizer",
             "compute-optimizer:GetEBSVolumeRecommendations", "AccessDeniedException"),
      {"NoSupportPlan", "trusted-advisor", kWarning,
       [](Stage& stage, Connection&) { stage.Control("set", R"({"support_plan":false})"); },
       "Business support", "nothing needs doing"},
      Denied("AdvisorIsDenied", "trusted-advisor", "support:DescribeTrustedAdvisorCheckResult",
             "AccessDeniedException"),
      {"MoreThanNeeded", "granted-permissions", kWarning,
       [](Stage& stage, Connection& connection) {
         PolicyDocument policy = stage.PolicyOf(connection);
         policy.statements.back().actions.emplace_back("s3:DeleteObject");
         stage.SetPolicy(connection, policy);
       },
       "s3:DeleteObject", "\"Version\": \"2012-10-17\""},
      Denied("GrantsCannotBeRead", "granted-permissions", "iam:ListRolePolicies", "AccessDenied"),
      NotGranted("BucketCannotBeMade", "create-bucket", "s3:CreateBucket"),
      NotGranted("BucketPolicyCannotBeCompleted", "maintain-bucket-policy", "s3:PutBucketPolicy"),
      NotGranted("ExportCannotBeMade", "create-export", "bcm-data-exports:CreateExport"),
      NotGranted("ReportCannotBeMended", "adjust-export", "cur:ModifyReportDefinition",
                 ExportKind::kLegacyCur),
      NotGranted("TagsCannotBeActivated", "activate-tags", "ce:UpdateCostAllocationTagsStatus"),
      NotGranted("TagsCannotBeBackfilled", "backfill-tags", "ce:StartCostAllocationTagBackfill"),
      {"SomebodyChangedThePolicy", "drift", kWarning,
       [](Stage& stage, Connection& c) { Without(stage, c, "ce:GetCostAndUsage"); },
       "somebody changed", "CloudTrail"},
      {"DirectoryIsGone", "directory", kFail,
       [](Stage&, Connection& connection) { connection.settings.directory += "/gone"; }, "gone",
       ""},
      {"DirectoryIsEmpty", "directory", kWarning,
       [](Stage& stage, Connection& connection) {
         connection.settings.directory = stage.data() / "empty";
         Must(MakeDirectories(connection.settings.directory));
       },
       "nothing was copied", "copy a bucket"},
  };
  return troubles;
}

class CheckTest : public testing::TestWithParam<Trouble> {};

Connection Prepare(Stage& stage, const Trouble& trouble) {
  if (trouble.check == "directory") {
    Settings settings;
    settings.name = "copies";
    settings.type = ConnectionType::kDirectory;
    settings.directory = stage.data() / "copies";
    Must(MakeDirectories(settings.directory));
    Must(WriteFileDurably(fs::path(settings.directory) / "bill.csv", "x"));
    return stage.Create(settings);
  }
  stage.Control("set", R"({"compute_optimizer":true,"cost_optimization_hub":true})");
  Settings settings = stage.RoleSettings(AllSets());
  settings.export_place = stage.AddExport(trouble.kind, "payer-bills", "billing");
  return stage.Onboard(settings);
}

TEST_P(CheckTest, PassesBeforeAndNoticesTheTrouble) {
  const Trouble& trouble = GetParam();
  rehearsal::Options options = EmptyWorld();
  if (trouble.clock_hours > 0) {
    options.clock = Instant{Now().micros - std::int64_t{trouble.clock_hours} * 3'600'000'000};
  }
  Stage stage(options);
  Connection connection = Prepare(stage, trouble);
  const CheckReport first = stage.Look(connection);
  const CheckReport before = stage.Look(connection, &first);
  ASSERT_NE(before.Find(trouble.check), nullptr);
  if (trouble.clock_hours == 0) {
    EXPECT_EQ(before.Find(trouble.check)->status, kPass) << Told(before);
  }

  if (trouble.make == nullptr) {
    Without(stage, connection, trouble.cause);
  } else {
    trouble.make(stage, connection);
  }
  const CheckReport after = stage.Look(connection, &first);
  const CheckResult& result = *after.Find(trouble.check);
  EXPECT_EQ(Name(result.status), Name(trouble.status)) << Told(after);
  EXPECT_NE(result.finding, "");
  EXPECT_NE(result.cause, "") << Told(after);
  EXPECT_NE(result.cause.find(trouble.cause), std::string::npos) << result.cause;
  EXPECT_NE(result.fix.find(trouble.fix), std::string::npos) << result.fix;
  EXPECT_TRUE(!result.fix.empty() || trouble.fix.empty());
  EXPECT_EQ(result.connector_code, trouble.connector);
  if (trouble.aws_code.empty()) return;
  std::string code, request;
  for (const Error::Detail& detail : result.evidence) {
    if (detail.name == aws::kCodeDetail) code = detail.value;
    if (detail.name == aws::kRequestIdDetail) request = detail.value;
  }
  EXPECT_EQ(code, trouble.aws_code) << result.cause;
  EXPECT_NE(request, "");
}

INSTANTIATE_TEST_SUITE_P(Troubles, CheckTest, testing::ValuesIn(Troubles()),
                         [](const auto& test) { return test.param.name; });

TEST(CheckListTest, EveryCheckHasATroubleThatItNotices) {
  std::set<std::string> noticed;
  for (const Trouble& trouble : Troubles()) noticed.insert(trouble.check);
  const std::vector<CheckInfo> all = AllChecks();
  for (const CheckInfo& check : all) {
    EXPECT_TRUE(noticed.contains(std::string(check.id))) << check.id;
    EXPECT_FALSE(check.title.empty() || check.answers.empty()) << check.id;
  }
}

TEST(CheckListTest, EveryErrorOfMicrosoftsConnectorIsReached) {
  std::set<std::string> codes;
  for (const Trouble& trouble : Troubles()) codes.insert(trouble.connector);
  codes.erase("");
  EXPECT_EQ(codes, (std::set<std::string>{"Unauthorized", "FailedToAssumeRole",
                                          "AccessDeniedReportDefinitions",
                                          "AccessDeniedListReports", "AccessDeniedDownloadReport",
                                          "FailedToFindReport", "ReportIsNotValid"}));
}

TEST(CheckListTest, AFixIsTypedAsItStands) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  Without(stage, connection, "s3:GetObject");
  const std::string fix = stage.Look(connection).Find("bucket-read")->fix;
  EXPECT_EQ(fix,
            "allow s3:GetObject in the policy of the role; the whole policy: farthing templates "
            "--connection production --kind policy");
}

TEST(CheckListTest, ABucketThatTheConnectionMayMakeIsMadeFirst) {
  Stage stage(EmptyWorld());
  Settings settings = stage.RoleSettings({kReadBilling, kManageExport});
  settings.export_place = {ExportKind::kCur2, "bills", "", "yet-to-be-made", "billing", ""};
  const Connection connection = stage.Onboard(settings);
  const CheckReport report = stage.Look(connection);
  const CheckResult& region = *report.Find("bucket-region");
  EXPECT_EQ(region.status, kFail) << Told(report);
  EXPECT_EQ(region.fix.find("let it be made, with its export: farthing discover production "
                            "--create cur2 --name bills --bucket yet-to-be-made --prefix billing"),
            0U)
      << region.fix;
}

std::vector<std::string> Worst(const std::vector<Shortcoming>& found) {
  std::vector<std::string> fields;
  for (const Shortcoming& one : found) {
    if (one.harm == Harm::kBill) fields.push_back(one.field);
  }
  return fields;
}

TEST(CheckListTest, FormatsThatCannotBeReadAreSevere) {
  aws::ReportDefinition report;
  for (const auto& [format, compression] :
       {std::pair{"Parquet", "Parquet"}, {"textORcsv", "GZIP"}, {"textORcsv", "ZIP"}}) {
    report.format = format;
    report.compression = compression;
    EXPECT_TRUE(Worst(Judge(report)).empty()) << format;
  }
  report.format = "ORC";
  EXPECT_EQ(Worst(Judge(report)), std::vector<std::string>{"Format"});
  aws::DataExport focus;
  focus.table = "FOCUS_1_2_AWS";
  focus.query = "SELECT * FROM FOCUS_1_2_AWS";
  for (const auto& [format, compression] :
       {std::pair{"PARQUET", "PARQUET"}, {"TEXT_OR_CSV", "GZIP"}, {"TEXT_OR_CSV", "ZIP"}}) {
    focus.format = format;
    focus.compression = compression;
    EXPECT_TRUE(Worst(Judge(focus)).empty()) << format;
  }
  focus.format = "ORC";
  EXPECT_EQ(Worst(Judge(focus)), std::vector<std::string>{"Format"});
}

TEST(CheckListTest, WhatDependsOnAFailureIsSkippedAndSaysBecauseOfWhat) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  stage.SetTrust(connection, TrustOf(Platform(stage), "another-id"));
  const CheckReport report = stage.Look(connection);
  EXPECT_EQ(With(report, kFail), "identity");
  EXPECT_EQ(With(report, kPass), "credentials");
  EXPECT_EQ(report.Find("bucket-list")->finding, "not tried, because of bucket-region");
  EXPECT_EQ(report.Find("external-id")->finding, "not tried, because of identity");
}

TEST(BucketPolicyCheckTest, ItsShapeDoesNotMatter) {
  Stage stage(EmptyWorld());
  Settings settings = stage.RoleSettings({kReadBilling});
  settings.export_place = stage.AddExport(ExportKind::kCur2, "payer-bills", "billing");
  const Connection connection = stage.Onboard(settings);
  const std::string account = stage.aws().payer();
  const std::string both =
      R"("Principal":{"Service":["bcm-data-exports.amazonaws.com","billingreports.amazonaws.com"]})";
  const auto statement = [](const std::string& inside) {
    return R"({"Effect" : "Allow",)"
           "\n\t" +
           inside + "}";
  };
  const std::string whole =
      R"("Action":["s3:GetBucketPolicy","s3:PutObject"],"Resource":["arn:aws:s3:::payer-bills","arn:aws:s3:::payer-bills/*"])";
  const std::vector<std::string> enough{
      statement(both + "," + whole),
      // One statement for each action, single values as text, patterns.
      statement(both + R"(,"Action":"s3:GetBucket*","Resource":"arn:aws:s3:::payer-bills")") + "," +
          statement(both +
                    R"(,"Action":"s3:PutObject","Resource":"arn:aws:s3:::payer-bills/billing/*")"),
      // One statement for each service.
      statement(R"("Principal":{"Service":"bcm-data-exports.amazonaws.com"},)" + whole) + "," +
          statement(R"("Principal":{"Service":"billingreports.amazonaws.com"},)" + whole),
      statement(both + "," + whole + R"(,"Condition":{"StringEquals":{"aws:sourceaccount":[")" +
                account + R"("]},"ArnLike":{"aws:SourceArn":["arn:aws:cur:us-east-1:)" + account +
                R"(:definition/bills","arn:aws:bcm-data-exports:us-east-1:)" + account +
                R"(:export/*"]}})"),
      statement(both + "," + whole) +
          R"(,{"Sid":"Tls","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::payer-bills/*","Condition":{"Bool":{"aws:SecureTransport":false}}})"
          R"(,{"Sid":"Others","Effect":"Deny","Principal":{"AWS":"*"},"Action":"s3:*","Resource":"arn:aws:s3:::payer-bills/*","Condition":{"BoolIfExists":{"aws:PrincipalIsAWSService":"false"},"StringNotEquals":{"aws:PrincipalAccount":")" +
          account + R"("}}})",
  };
  for (const std::string& statements : enough) {
    stage.AdminPut("/payer-bills", "policy",
                   R"({"Statement":[)" + statements + R"(],"Version":"2012-10-17"})");
    const CheckReport report = stage.Look(connection);
    EXPECT_EQ(report.Find("bucket-policy")->status, kPass) << statements << Told(report);
  }
}

TEST(ExportMeantTest, CollectingNeverGuessesAmongSeveral) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  aws::DataExport second = Must(aws::ListDataExports(*stage.Admin())).front();
  second.name = "second";
  second.prefix = "more";
  Must(aws::CreateDataExport(*stage.Admin(), second));
  Connection open = connection;
  open.settings.export_place = ExportPlace();
  const auto client = stage.ClientOf(connection);
  const auto guessed = PlaceMeant(open, *client);
  ASSERT_FALSE(guessed.ok());
  EXPECT_EQ(guessed.error().code(), Errc::kNotFound);
  EXPECT_NE(guessed.error().message().find("bills, second"), std::string::npos)
      << guessed.error().message();
  open.settings.export_place.name = "second";
  EXPECT_EQ(Must(PlaceMeant(open, *client)).prefix, "more");
  EXPECT_EQ(ExportMeant(open, DiscoverExports(*client).exports)->place.prefix, "more");
}

/// The role may read the whole bucket, since nobody said the prefix when the stack was made.
Connection OnboardWithoutPrefix(Stage& stage) {
  Settings settings = stage.RoleSettings();
  settings.export_place.prefix.clear();
  return stage.Onboard(settings);
}

Connection WithPrefix(Stage& stage, const Connection& connection, const std::string& prefix) {
  Settings settings = connection.settings;
  settings.export_place.prefix = prefix;
  return Must(stage.store().Edit(connection.id, settings, "a prefix was typed"));
}

TEST(PrefixTest, AWrongOneIsNeverCollectedInSilence) {
  Stage stage;
  const Connection wrong = WithPrefix(stage, OnboardWithoutPrefix(stage), "elsewhere");
  const CheckReport report = stage.Check(wrong);
  EXPECT_EQ(With(report, kFail), "export") << Told(report);
  EXPECT_EQ(report.Find("bucket-list")->status, kSkipped) << "AWS's place says nothing of ours";
  EXPECT_EQ(Must(stage.store().Find("production")).state, State::kDraft);
  Settings settings = Must(stage.store().Find("production")).settings;
  EXPECT_EQ(settings.export_place.prefix, "elsewhere");
  settings.export_place.prefix = "billing";
  Must(EditVerified(stage.parts(), "production", settings, {}, {}));
  EXPECT_FALSE(stage.Check(wrong).HasFailed());
  EXPECT_EQ(stage.Gather(wrong).deliveries.size(), 2U);
}

TEST(PrefixTest, SlashesCountAsTheyDoForCollecting) {
  Stage stage;
  const Connection connection = OnboardWithoutPrefix(stage);
  const CheckReport leading = stage.Look(WithPrefix(stage, connection, "/billing"));
  EXPECT_EQ(leading.Find("export")->status, kFail) << "no key begins with a slash";
  EXPECT_EQ(With(stage.Check(WithPrefix(stage, connection, "billing/")), kFail), "");
  EXPECT_EQ(stage.Gather(connection).deliveries.size(), 2U);
}

TEST(PrefixTest, OfADraftIsFilledInAndLaterTakenAtItsWord) {
  Stage stage;
  const Connection connection = OnboardWithoutPrefix(stage);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  Settings settings = Must(stage.store().Find("production")).settings;
  EXPECT_EQ(settings.export_place.prefix, "billing");
  settings.export_place.prefix.clear();
  const auto refused = EditVerified(stage.parts(), "production", settings, {}, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("AWS delivers to s3://example-billing-exports/billing"),
            std::string::npos)
      << refused.error().message();
}

TEST(PrefixTest, TellsExportsOfOneBucketApart) {
  Stage stage;
  aws::DataExport second = Must(aws::ListDataExports(*stage.Admin())).front();
  second.name = "second";
  second.prefix = "more";
  Must(aws::CreateDataExport(*stage.Admin(), second));
  Settings settings = stage.RoleSettings();
  settings.export_place.name.clear();
  settings.export_place.prefix = "more";
  const CheckReport report = stage.Look(stage.Onboard(settings));
  EXPECT_EQ(With(report, kFail), "") << Told(report);
  EXPECT_EQ(report.found_place.name, "second");
}

/// Policies of an organisation bind its member accounts; the role's own policy is as it should be.
TEST(CheckListTest, APolicyOfTheOrganisationIsNamedAsTheCause) {
  Stage stage(EmptyWorld());
  Settings settings = stage.RoleSettings({PermissionSet::kResources});
  settings.type = ConnectionType::kMember;
  settings.role_arn = RoleArn("aws", "345678901234", "farthing");
  settings.export_place = ExportPlace();
  const Connection connection = stage.Onboard(settings);
  EXPECT_EQ(With(stage.Look(connection), kFail), "");
  stage.aws().AddServiceControlPolicy("r-exam",
                                      R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny",)"
                                      R"("Action":"ec2:DescribeSnapshots","Resource":"*"}]})");
  const CheckReport report = stage.Look(connection);
  EXPECT_EQ(With(report, kFail), "resources") << Told(report);
  EXPECT_EQ(report.Find("granted-permissions")->status, kPass) << Told(report);
  const CheckResult& denied = *report.Find("resources");
  EXPECT_EQ(denied.action, "ec2:DescribeSnapshots");
  EXPECT_NE(denied.cause.find("explicit deny in a service control policy"), std::string::npos)
      << denied.cause;
  EXPECT_NE(denied.fix.find("service control policy of the organisation"), std::string::npos)
      << denied.fix;
}

/// The template with IAM's simulation, which is the only one to tell of the organisation's policies.
void LetSimulate(Stage& stage, const Connection& connection) {
  PolicyDocument policy = stage.PolicyOf(connection);
  PolicyStatement more;
  more.actions = {"iam:SimulatePrincipalPolicy"};
  more.resources = {connection.settings.role_arn};
  policy.statements.push_back(more);
  stage.SetPolicy(connection, policy);
}

TEST(GrantLimitsTest, SimulationTellsWhatTheOrganisationTakesAway) {
  Stage stage(EmptyWorld());
  Settings settings = stage.RoleSettings({PermissionSet::kResources});
  settings.type = ConnectionType::kMember;
  settings.role_arn = RoleArn("aws", "345678901234", "farthing");
  settings.export_place = ExportPlace();
  const Connection connection = stage.Onboard(settings);
  LetSimulate(stage, connection);
  EXPECT_EQ(stage.Look(connection).Find("granted-permissions")->status, kPass);
  stage.aws().AddServiceControlPolicy("r-exam",
                                      R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny",)"
                                      R"("Action":"ec2:DescribeSnapshots","Resource":"*"}]})");
  const CheckReport report = stage.Look(connection);
  const CheckResult& grants = *report.Find("granted-permissions");
  EXPECT_EQ(grants.status, kWarning) << Told(report);
  EXPECT_EQ(Graded(report, "missing:"), std::set<std::string>{"ec2:DescribeSnapshots"});
  EXPECT_NE(grants.cause.find("service control policy"), std::string::npos) << grants.cause;
  EXPECT_EQ(grants.fix.find('{'), std::string::npos) << "another policy would not help";
}

TEST(GrantLimitsTest, SimulationAgreesWithTheMinimum) {
  Stage stage(EmptyWorld());
  Settings settings = stage.RoleSettings(AllSets());
  settings.export_place = stage.AddExport(ExportKind::kCur2, "payer-bills", "billing");
  const Connection connection = stage.Onboard(settings);
  LetSimulate(stage, connection);
  const CheckReport report = stage.Look(connection);
  EXPECT_EQ(report.Find("granted-permissions")->status, kPass) << Told(report);
  Deny(stage, "iam", "SimulatePrincipalPolicy");
  EXPECT_EQ(stage.Look(connection).Find("granted-permissions")->status, kPass)
      << "it is a hint, no need";
}

void Bound(Stage& stage, const Connection& connection, const PolicyDocument& boundary) {
  const std::string arn = "arn:aws:iam::" + stage.aws().payer() + ":policy/boundary";
  stage.AdminForm("iam", "CreatePolicy",
                  {{"PolicyName", "boundary"}, {"PolicyDocument", ToJson(boundary)}});
  stage.AdminForm(
      "iam", "PutRolePermissionsBoundary",
      {{"RoleName", RoleName(connection.settings.role_arn)}, {"PermissionsBoundary", arn}});
}

TEST(GrantLimitsTest, ABoundaryIsReadAndWhatItLeavesOutIsTold) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings({kReadBilling, kCostExplorer}));
  Bound(stage, connection, Without(stage.PolicyOf(connection), "ce:GetCostAndUsage"));
  const CheckReport report = stage.Look(connection);
  EXPECT_EQ(With(report, kFail), "cost-explorer") << Told(report);
  const CheckResult& grants = *report.Find("granted-permissions");
  EXPECT_EQ(grants.status, kWarning) << Told(report);
  EXPECT_EQ(Graded(report, "missing:"), std::set<std::string>{"ce:GetCostAndUsage"});
  EXPECT_NE(grants.cause.find(":policy/boundary leaves it out"), std::string::npos) << grants.cause;
  EXPECT_NE(grants.fix.find("add the actions to its permissions boundary"), std::string::npos);
}

TEST(GrantLimitsTest, ABoundaryThatAllowsTheMinimumTakesNothingAway) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings({kReadBilling, kCostExplorer}));
  Bound(stage, connection, stage.PolicyOf(connection));
  const CheckReport report = stage.Look(connection);
  EXPECT_EQ(With(report, kFail), "") << Told(report);
  EXPECT_EQ(report.Find("granted-permissions")->status, kPass) << Told(report);
}

TEST(CheckListTest, AReportSurvivesBeingStored) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  Without(stage, connection, "s3:GetObject");
  const CheckReport report = stage.Check(connection);
  const CheckReport read = Must(ParseCheckReport(Must(stage.store().LastReport(connection.id))));
  EXPECT_EQ(With(read, kFail), "bucket-read");
  EXPECT_EQ(read.Find("bucket-read")->evidence.size(), report.Find("bucket-read")->evidence.size());
  const auto json = boost::json::parse(ToJson(report));
  EXPECT_EQ(json.at("fail"), 1);
}

}  // namespace
}  // namespace farthing::connect
