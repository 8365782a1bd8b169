#include "tests/connect/stage.h"

#include <stdexcept>

#include "aws/billing_exports.h"
#include "aws/iam.h"
#include "base/files.h"
#include "base/text.h"
#include "sim/aws/test_signer.h"

namespace farthing::connect {
namespace {

constexpr std::string_view kPolicyName = "farthing";

/// What the console writes into a bucket when it makes an export.
std::string DeliveryPolicy(const std::string& bucket) {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["billingreports.amazonaws.com","bcm-data-exports.amazonaws.com"]},"Action":["s3:PutObject","s3:GetBucketPolicy","s3:GetBucketAcl"],"Resource":["arn:aws:s3:::)" +
         bucket + R"(","arn:aws:s3:::)" + bucket + R"(/*"]}]})";
}

http::Parameters StackParameters(const Plan& plan, const std::string& body,
                                 const std::map<std::string, std::string>& typed) {
  http::Parameters parameters = {{"StackName", "farthing"},
                                 {"TemplateBody", body},
                                 {"Capabilities.member.1", "CAPABILITY_NAMED_IAM"}};
  int number = 0;
  for (const TemplateParameter& parameter : plan.parameters) {
    const auto own = typed.find(parameter.name);
    if (own == typed.end() && !parameter.value.empty()) continue;
    const std::string stem = "Parameters.member." + std::to_string(++number) + ".";
    parameters.emplace_back(stem + "ParameterKey", parameter.name);
    parameters.emplace_back(stem + "ParameterValue",
                            own == typed.end() ? plan.Value(parameter.placeholder) : own->second);
  }
  return parameters;
}

}  // namespace

rehearsal::Options SmallWorld() {
  rehearsal::Options options;
  options.lines_per_month = 600;
  options.months = 1;
  options.exports = {{sim::BillFormat::kCur2Csv, "bills"}};
  return options;
}

rehearsal::Options EmptyWorld() {
  rehearsal::Options options = SmallWorld();
  options.exports.clear();
  return options;
}

Stage::Stage(const rehearsal::Options& options)
    : data_(fs::temp_directory_path() / ("farthing-stage-" + NewUlid())),
      aws_(Must(rehearsal::Aws::Start(options))) {
  Must(MakeDirectories(data_));
  catalog_ = Must(lake::Catalog::Open(lake::Layout(data_)));
  store_ = Must(Store::Open(catalog_->layout().database()));
  KeySource key;
  key.default_file = data_ / "secret.key";
  vault_ = Must(Vault::Open(store_->database(), key));
  aws::Environment& environment = platform_.environment;
  environment.http = Must(http::NewClient({}));
  environment.endpoints.overrides[std::nullopt] = Must(http::ParseUrl(aws_->endpoint()));
  environment.sleep = [](std::chrono::milliseconds) {};
  const rehearsal::Keys keys = aws_->Platform();
  platform_.credentials = [keys](const std::string&) {
    return aws::StaticCredentials({keys.access_key_id, keys.secret_access_key, "", {}, "stage"});
  };
  parts_ = std::make_unique<Installation>(Installation{*store_, *vault_, *catalog_, platform_});
}

Stage::~Stage() {
  parts_.reset();
  vault_.reset();
  store_.reset();
  catalog_.reset();
  std::error_code ignored;
  fs::remove_all(data_, ignored);
}

std::shared_ptr<aws::Client> Stage::Admin(const std::string& account) {
  const rehearsal::Keys keys = aws_->Admin(account);
  return std::make_shared<aws::Client>(
      platform_.environment,
      aws::StaticCredentials({keys.access_key_id, keys.secret_access_key, "", {}, "admin"}));
}

std::string Stage::AdminForm(const std::string& service, const std::string& action,
                             http::Parameters parameters, const std::string& account) {
  parameters.emplace_back("Action", action);
  const rehearsal::Signer signer{aws_->Admin(account), ""};
  const http::ServerResponse response = aws_->Handle(signer.Form(service, parameters));
  if (response.status != 200) throw std::runtime_error(action + ": " + response.body);
  return response.body;
}

void Stage::AdminPut(const std::string& path, const std::string& query, const std::string& body,
                     const std::string& account) {
  http::Request request;
  request.method = "PUT";
  request.url.path = path;
  request.url.query = query;
  request.body = body;
  const rehearsal::Signer signer{aws_->Admin(account), ""};
  const http::ServerResponse response = aws_->Handle(signer.Make("s3", request));
  if (response.status / 100 != 2) throw std::runtime_error(path + ": " + response.body);
}

std::string Stage::Control(const std::string& command, const std::string& json) {
  return Must(aws_->Control(command, json));
}

ExportPlace Stage::AddExport(ExportKind kind, const std::string& bucket,
                             const std::string& prefix) {
  AdminPut("/" + bucket, "", "");
  AdminPut("/" + bucket, "policy", DeliveryPolicy(bucket));
  ExportPlace place{kind, "bills", "", bucket, prefix, "us-east-1"};
  if (kind == ExportKind::kLegacyCur) {
    aws::ReportDefinition report;
    report.name = place.name;
    report.time_unit = "HOURLY";
    report.format = "Parquet";
    report.compression = "Parquet";
    report.schema_elements = {"RESOURCES", "SPLIT_COST_ALLOCATION_DATA"};
    report.artifacts = {"ATHENA"};
    report.bucket = bucket;
    report.prefix = prefix;
    report.bucket_region = "us-east-1";
    report.refresh_closed_reports = true;
    report.versioning = "OVERWRITE_REPORT";
    Must(aws::PutReportDefinition(*Admin(), report));
  } else {
    aws::DataExport wanted;
    wanted.name = place.name;
    const NewExport best = NewExportOf(kind);
    wanted.query = "SELECT * FROM " + best.table;
    wanted.table = best.table;
    wanted.table_properties = {best.table_properties.begin(), best.table_properties.end()};
    wanted.bucket = bucket;
    wanted.prefix = prefix;
    wanted.bucket_region = "us-east-1";
    wanted.format = "TEXT_OR_CSV";
    wanted.compression = "GZIP";
    wanted.overwrite = "OVERWRITE_REPORT";
    place.arn = Must(aws::CreateDataExport(*Admin(), wanted));
  }
  Must(aws_->Deliver());
  return place;
}

ExportPlace Stage::ExistingExport() const {
  ExportPlace place;
  place.kind = ExportKind::kCur2;
  place.name = "bills";
  place.bucket = "example-billing-exports";
  place.prefix = "billing";
  return place;
}

Settings Stage::RoleSettings(const std::set<PermissionSet>& sets) const {
  Settings settings;
  settings.name = "production";
  settings.role_arn = RoleArn("aws", aws_->payer(), "farthing");
  settings.permission_sets = sets;
  settings.export_place = ExistingExport();
  return settings;
}

Connection Stage::Create(const Settings& settings, const std::string& secret) {
  return Must(CreateConnection(*parts_, settings, secret));
}

void Stage::CreateStack(const Connection& connection, Purpose purpose,
                        const std::map<std::string, std::string>& typed) {
  TemplateRequest request;
  request.settings = connection.settings;
  request.purpose = purpose;
  request.principal = aws_->Platform().user_arn;
  const Plan plan = Must(MakePlan(request));
  const http::Parameters parameters =
      StackParameters(plan, CloudFormation(plan, TemplateFormat::kJson), typed);
  const std::string& account = connection.settings.account_id;
  AdminForm("cloudformation", "CreateStack", parameters, account);
  const std::string told =
      AdminForm("cloudformation", "DescribeStacks", {{"StackName", "farthing"}}, account);
  if (told.find("<StackStatus>CREATE_COMPLETE<") == std::string::npos) {
    throw std::runtime_error(told);
  }
}

Connection Stage::Onboard(const Settings& settings) {
  Connection connection = Create(settings);
  CreateStack(connection);
  return connection;
}

PolicyDocument Stage::PolicyOf(const Connection& connection) {
  const std::vector<aws::RolePolicy> policies = Must(aws::RolePolicies(
      *Admin(connection.settings.account_id), RoleName(connection.settings.role_arn)));
  PolicyDocument all;
  for (const aws::RolePolicy& policy : policies) {
    if (!policy.arn.empty()) continue;
    const PolicyDocument one = Must(ParsePolicyDocument(policy.document));
    all.statements.insert(all.statements.end(), one.statements.begin(), one.statements.end());
  }
  return all;
}

void Stage::SetPolicy(const Connection& connection, const PolicyDocument& policy) {
  Must(aws_->SetRolePolicies(connection.settings.role_arn,
                             {{std::string(kPolicyName), ToJson(policy)}}));
}

void Stage::SetTrust(const Connection& connection, const std::string& trust) {
  AdminForm("iam", "UpdateAssumeRolePolicy",
            {{"RoleName", RoleName(connection.settings.role_arn)}, {"PolicyDocument", trust}},
            connection.settings.account_id);
}

std::pair<std::string, std::string> Stage::MakeUser(const std::string& name,
                                                    const PolicyDocument& policy,
                                                    const std::string& account) {
  AdminForm("iam", "CreateUser", {{"UserName", name}}, account);
  AdminForm("iam", "PutUserPolicy",
            {{"UserName", name},
             {"PolicyName", std::string(kPolicyName)},
             {"PolicyDocument", ToJson(policy)}},
            account);
  const std::string key = AdminForm("iam", "CreateAccessKey", {{"UserName", name}}, account);
  return {rehearsal::Between(key, "AccessKeyId"), rehearsal::Between(key, "SecretAccessKey")};
}

CheckReport Stage::Look(const Connection& connection, const CheckReport* previous) {
  CheckOptions options;
  options.previous = previous;
  return Must(RunChecks(connection, platform_, *vault_, options));
}

CheckReport Stage::Check(const Connection& connection) {
  return Must(Verify(*parts_, connection.id, {}));
}

CollectSummary Stage::Gather(const Connection& connection) {
  return Must(Collect(*store_, *vault_, *catalog_, platform_, connection.id, {}));
}

std::shared_ptr<aws::Client> Stage::ClientOf(const Connection& connection) {
  return Must(ClientFor(connection, platform_, *vault_));
}

std::set<PermissionSet> AllSets() {
  std::set<PermissionSet> sets;
  for (const PermissionSetInfo& info : PermissionSets()) sets.insert(info.set);
  return sets;
}

PolicyDocument Without(PolicyDocument policy, const std::string& action) {
  for (PolicyStatement& statement : policy.statements) std::erase(statement.actions, action);
  std::erase_if(policy.statements, [](const PolicyStatement& s) { return s.actions.empty(); });
  return policy;
}

std::string With(const CheckReport& report, CheckStatus status) {
  std::vector<std::string> ids;
  for (const CheckResult& result : report.results) {
    if (result.status == status) ids.push_back(result.id);
  }
  return Join(ids, ", ");
}

std::set<std::string> Graded(const CheckReport& report, const std::string& kind) {
  std::set<std::string> names;
  const CheckResult* grants = report.Find(check_id::kGrantedPermissions);
  if (grants == nullptr) return names;
  for (const Error::Detail& detail : grants->evidence) {
    if (detail.name.starts_with(kind)) names.insert(detail.name.substr(kind.size()));
  }
  return names;
}

std::string Told(const CheckReport& report) {
  std::string text;
  for (const CheckResult& result : report.results) {
    text += result.id + ": " + std::string(Name(result.status)) + ": " + result.finding + " | " +
            result.cause + " | " + result.fix.substr(0, 200) + "\n";
  }
  return text;
}

std::string TrustOf(const std::string& principal, const std::string& external_id,
                    const std::string& more_conditions) {
  std::string conditions = more_conditions;
  if (!external_id.empty()) {
    conditions = R"("StringEquals":{"sts:ExternalId":")" + external_id + "\"}" +
                 (conditions.empty() ? "" : "," + conditions);
  }
  return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":")" +
         principal + R"("},"Action":"sts:AssumeRole","Condition":{)" + conditions + "}}]}";
}

}  // namespace farthing::connect
