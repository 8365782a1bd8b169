// farthing templates: what to set up in AWS, as policies, templates, a script, a link or steps for a person.

#include "connect/templates/templates.h"

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/files.h"
#include "base/text.h"
#include "cli/records.h"
#include "cli/verb.h"
#include "connect/store.h"
#include "connect/templates/guide.h"

namespace farthing::cli {
namespace {

namespace json = boost::json;
using namespace connect;  // NOLINT(google-build-using-namespace): the verb is a face of that module

struct TemplateFlags {
  std::string connection, kind = "steps", way = "by-hand", with, diff, out, new_export, members;
  std::string account, partition, type, role, principal, external_id;
  std::string bucket, bucket_owner, prefix, export_name, export_kind, kms_key, template_bucket;
  bool audit = false, generic = false, simulation = false;
  std::vector<std::string> asked;  ///< what of these was said, for the commands of steps
};

const std::vector<std::string> kKinds{"steps", "actions",        "policy",
                                      "trust", "bucket-policy",  "terraform",
                                      "cli",   "cloudformation", "link"};

Result<std::set<PermissionSet>> ParseSets(const std::string& text) {
  std::set<PermissionSet> sets;
  for (const std::string& name : Split(text, ',')) {
    TRY_ASSIGN(const PermissionSet set, ParsePermissionSet(Trim(name)));
    sets.insert(set);
  }
  return sets;
}

void Override(std::string& value, const std::string& flag) {
  if (!flag.empty()) value = flag;
}

Result<void> ApplyFlags(const TemplateFlags& flags, Settings& settings) {
  if (!flags.type.empty()) {
    TRY_ASSIGN(settings.type, ParseConnectionType(flags.type));
  }
  if (!flags.with.empty()) {
    TRY_ASSIGN(settings.permission_sets, ParseSets(flags.with));
  }
  if (!flags.external_id.empty()) TRY(ValidateExternalId(flags.external_id));
  Override(settings.account_id, flags.account);
  Override(settings.partition, flags.partition);
  Override(settings.external_id, flags.external_id);
  Override(settings.bucket_owner, flags.bucket_owner);
  Override(settings.kms_key_arn, flags.kms_key);
  Override(settings.export_place.bucket, flags.bucket);
  Override(settings.export_place.prefix, flags.prefix);
  Override(settings.export_place.name, flags.export_name);
  const std::string kind = flags.new_export.empty() ? flags.export_kind : flags.new_export;
  if (!kind.empty()) {
    TRY_ASSIGN(settings.export_place.kind, ParseExportKind(kind));
  }
  if (!flags.role.empty()) {
    settings.role_arn = flags.role.starts_with("arn:")
                            ? flags.role
                            : RoleArn(settings.partition, settings.account_id, flags.role);
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!settings.account_id.empty() &&
      (settings.account_id.size() != 12 ||
       !std::all_of(settings.account_id.begin(), settings.account_id.end(), is_digit))) {
    return Error(Errc::kInvalidArgument, "not an account: " + settings.account_id)
        .Hint("an AWS account has 12 digits");
  }
  return {};
}

/// What the store knows: the connection and the installation's settings.  Nothing is created for flags alone.
Result<void> AskStore(TemplateFlags& flags, TemplateRequest& request, const CliContext& context) {
  const fs::path database = context.data / "farthing.db";
  if (flags.connection.empty() && !fs::exists(database)) return {};
  TRY_ASSIGN(const std::unique_ptr<Store> store, Store::Open(database));
  if (!flags.connection.empty()) {
    TRY_ASSIGN(const Connection connection, store->Find(flags.connection));
    request.settings = connection.settings;
  }
  if (flags.principal.empty()) {
    TRY_ASSIGN(flags.principal, store->Setting("platform_principal"));
  }
  if (flags.template_bucket.empty()) {
    TRY_ASSIGN(flags.template_bucket, store->Setting("template_bucket_url"));
  }
  return {};
}

Result<Plan> PlanOf(TemplateFlags& flags, const CliContext& context) {
  TemplateRequest request;
  TRY(AskStore(flags, request, context));
  TRY(ApplyFlags(flags, request.settings));
  request.principal = flags.principal;
  request.may_simulate = flags.simulation;
  request.generic = flags.generic;
  request.asked = flags.asked;
  request.has_template_bucket = !flags.template_bucket.empty();
  if (!flags.new_export.empty()) {
    request.purpose = Purpose::kNewExport;
    request.settings.kms_key_arn = flags.kms_key;  // what is kept is the key of another bucket
  }
  if (flags.audit) request.purpose = Purpose::kAudit;
  if (!flags.members.empty()) {
    request.purpose = Purpose::kMembers;
    request.targets = Split(flags.members, ',');
  }
  if (request.settings.partition.empty()) request.settings.partition = "aws";
  return MakePlan(request);
}

Records ActionRecords(const Plan& plan) {
  Records records{{"action", "resource", "condition", "set", "needed_by", "reason"}, {}};
  for (const Permission& permission : plan.permissions) {
    const PolicyStatement statement =
        WithValues(BuildPolicy({permission}), plan.values).statements[0];
    std::string condition;
    for (const PolicyCondition& one : statement.conditions) {
      condition += one.key + " " + one.operation + " " + Join(one.values, ", ");
    }
    records.rows.push_back({std::string(permission.action), Join(statement.resources, ", "),
                            condition,
                            permission.set ? std::string(Name(*permission.set)) : "always",
                            std::string(permission.needed_by), std::string(permission.reason)});
  }
  return records;
}

Result<void> PrintDiff(const Plan& plan, const TemplateFlags& flags, CliContext& context) {
  TRY_ASSIGN(const std::set<PermissionSet> wanted, ParseSets(flags.diff));
  TRY_ASSIGN(const std::vector<SetChange> changes, DiffSets(plan, wanted));
  Records records{{"change", "action", "resource", "needed_by", "reason"}, {}};
  for (const SetChange& change : changes) {
    records.rows.push_back({change.added ? "add" : "remove", change.action, change.resource,
                            change.needed_by, change.reason});
  }
  PrintRecords(records, context);
  return {};
}

json::object ToJson(const Step& step) {
  const auto texts = [](const std::vector<std::string>& from) {
    return json::array(from.begin(), from.end());
  };
  json::array warnings;
  for (const Warning& warning : step.warnings) {
    warnings.push_back({{"id", warning.id}, {"text", warning.text}});
  }
  return {{"title", step.title},
          {"link", step.link},
          {"lines", texts(step.lines)},
          {"ticks", texts(step.ticks)},
          {"warnings", std::move(warnings)}};
}

std::string StepsText(const std::vector<Step>& steps) {
  std::string text;
  int number = 0;
  for (const Step& step : steps) {
    text += (text.empty() ? "" : "\n") + std::to_string(++number) + ". " + step.title + "\n";
    if (!step.link.empty()) text += "   " + step.link + "\n";
    for (const std::string& line : step.lines) text += "   - " + line + "\n";
    for (const std::string& tick : step.ticks) text += "   [ ] " + tick + "\n";
    for (const Warning& warning : step.warnings) text += "   ! " + warning.text + "\n";
  }
  return text;
}

Result<std::string> StepsAs(const Plan& plan, const TemplateFlags& flags,
                            const std::string& format) {
  const SetupWay way = flags.way == "cloudformation" ? SetupWay::kCloudFormation
                       : flags.way == "terraform"    ? SetupWay::kTerraform
                       : flags.way == "cli"          ? SetupWay::kCli
                                                     : SetupWay::kByHand;
  const std::vector<Step> steps = GuideSteps(plan, way);
  if (format == "table") return StepsText(steps);
  json::array array;
  for (const Step& step : steps) array.push_back(ToJson(step));
  return json::serialize(array) + "\n";
}

Result<std::string> PolicyAs(const PolicyDocument& document, const std::string& format) {
  if (format == "yaml") return PrintYaml(ToTree(document, PolicyTexts::kLiterals));
  return connect::ToJson(document);
}

Result<std::string> Render(const Plan& plan, const TemplateFlags& flags,
                           const std::string& format) {
  if (flags.kind == "policy") return PolicyAs(LiteralPolicy(plan), format);
  if (flags.kind == "trust") {
    TRY_ASSIGN(const PolicyDocument trust, LiteralTrust(plan));
    return PolicyAs(trust, format);
  }
  if (flags.kind == "bucket-policy") {
    TRY_ASSIGN(const PolicyDocument policy, LiteralBucketPolicy(plan));
    return PolicyAs(policy, format);
  }
  if (flags.kind == "cloudformation") {
    return CloudFormation(plan, format == "json" ? TemplateFormat::kJson : TemplateFormat::kYaml);
  }
  if (flags.kind == "terraform") return Terraform(plan);
  if (flags.kind == "cli") return CliScript(plan);
  if (flags.kind == "link") {
    if (flags.template_bucket.empty()) {
      return Error(Errc::kInvalidArgument, "no bucket for templates is configured")
          .Hint(
              "give --template-bucket https://BUCKET.s3.REGION.amazonaws.com/, or upload the "
              "template by hand");
    }
    TRY_ASSIGN(const std::string link, QuickCreateLink(plan, flags.template_bucket));
    return link + "\n";
  }
  return StepsAs(plan, flags, format);
}

Result<void> CheckFormat(const std::string& kind, const std::string& format) {
  const bool fits = format == "table" || (kind == "steps" && format == "json") ||
                    ((kind.ends_with("policy") || kind == "trust" || kind == "cloudformation") &&
                     (format == "json" || format == "yaml"));
  if (fits) return {};
  return Error(Errc::kInvalidArgument, "--kind " + kind + " has no format " + format)
      .Hint("leave --format away for its own form");
}

Result<void> RunTemplates(TemplateFlags flags, CliContext& context) {
  TRY_ASSIGN(const Plan plan, PlanOf(flags, context));
  const bool records = !flags.diff.empty() || flags.kind == "actions";
  if (!plan.scope.is_aws && !records && flags.kind != "policy") {
    return Error(Errc::kInvalidArgument,
                 "storage without AWS behind it has no roles and no policies of AWS")
        .Hint("take --kind policy: what its access key must be allowed to do");
  }
  if (records || flags.kind.ends_with("policy")) TRY(CheckComplete(plan));
  if (records && context.format == "yaml") {
    return Error(Errc::kInvalidArgument, "lists have no format yaml")
        .Hint("take table, csv or json");
  }
  if (!flags.diff.empty()) return PrintDiff(plan, flags, context);
  if (flags.kind == "actions") {
    PrintRecords(ActionRecords(plan), context);
    return {};
  }
  TRY(CheckFormat(flags.kind, context.format));
  TRY_ASSIGN(const std::string text, Render(plan, flags, context.format));
  if (flags.kind == "link") {
    context.err << "note: the link expects " << TemplateObjectName(plan)
                << " there; make it with --kind cloudformation --generic\n";
  }
  if (flags.out.empty()) {
    context.out << text;
    return {};
  }
  TRY(WriteFileDurably(flags.out, text));
  if (flags.kind == "cli") {
    std::error_code ignored;  // a script that is not executable is run with bash
    fs::permissions(flags.out, fs::perms::owner_exec, fs::perm_options::add, ignored);
  }
  context.err << "written to " << flags.out << '\n';
  return {};
}

/// The options that say what is to be set up, as they were given: not how it is shown.
std::vector<std::string> Asked(const CLI::App& verb) {
  std::vector<std::string> words;
  for (const CLI::Option* option : verb.get_options()) {
    const std::string name = option->get_name();
    const bool shows = name == "--kind" || name == "--way" || name == "--out" || name == "--diff" ||
                       name == "--format";
    if (option->count() == 0 || shows || name == "--help") continue;
    words.push_back(name);
    if (option->get_items_expected_max() > 0) words.push_back(option->as<std::string>());
  }
  return words;
}

void AddPlaceOptions(CLI::App& verb, TemplateFlags& flags) {
  verb.add_option("--bucket", flags.bucket, "Bucket that AWS delivers to");
  verb.add_option("--bucket-owner", flags.bucket_owner,
                  "Account of the bucket, where it is another one");
  verb.add_option("--prefix", flags.prefix, "Path below which AWS delivers");
  verb.add_option("--export", flags.export_name, "Name of the report or export");
  verb.add_option("--export-kind", flags.export_kind,
                  "legacy-cur, cur2, focus or focus-1.0; without it both APIs are read");
  verb.add_option("--kms-key", flags.kms_key, "ARN of the key that encrypts the bucket");
  verb.add_option("--template-bucket", flags.template_bucket,
                  "https URL of the S3 bucket that holds your templates, for --kind link");
}

void AddHolderOptions(CLI::App& verb, TemplateFlags& flags) {
  verb.add_option("--account", flags.account, "Account to connect, 12 digits");
  verb.add_option("--partition", flags.partition, "aws, aws-cn, aws-us-gov");
  verb.add_option("--type", flags.type, "role, payer-keys, linked-keys, member, bucket");
  verb.add_option("--role", flags.role, "Name or ARN of the role; default farthing");
  verb.add_option("--principal", flags.principal, "ARN of the role or user that Farthing runs as");
  verb.add_option("--external-id", flags.external_id,
                  "External ID that Farthing made for this connection");
}

}  // namespace

void AddTemplatesVerb(CLI::App& app, CliContext& context) {
  auto* verb =
      AddVerb(app, context, "templates",
              "What to set up in AWS: policies, CloudFormation, Terraform, a script, steps",
              {"table", "csv", "json", "yaml"});
  auto flags = std::make_shared<TemplateFlags>();
  verb->add_option("--connection", flags->connection,
                   "Name or id; without it the flags say it all");
  verb->add_option("--kind", flags->kind, Join(kKinds, ", "))
      ->check(OneOf(kKinds))
      ->capture_default_str();
  verb->add_option(
      "--with", flags->with,
      "Comma list of read-billing, manage-export, cost-explorer, organization, cloudwatch, "
      "resources, recommendations, tag-activation");
  verb->add_option("--new-export", flags->new_export,
                   "Make an export and its bucket: cur2, legacy-cur, focus (1.2) or focus-1.0")
      ->check(OneOf({"cur2", "legacy-cur", "focus", "focus-1.0"}));
  verb->add_option("--members", flags->members,
                   "Roles in member accounts below these roots or units (r-…,ou-…)");
  verb->add_flag("--audit", flags->audit, "A role that sees how things are set up, and no costs");
  AddHolderOptions(*verb, *flags);
  AddPlaceOptions(*verb, *flags);
  verb->add_option("--way", flags->way, "Steps for by-hand, cloudformation, terraform or cli")
      ->check(OneOf({"by-hand", "cloudformation", "terraform", "cli"}))
      ->capture_default_str();
  verb->add_flag("--generic", flags->generic,
                 "Without values of one connection, for your template bucket");
  verb->add_flag("--simulation", flags->simulation, "Let IAM simulate what the role may do");
  verb->add_option("--diff", flags->diff, "What changes, and why, when the sets become these");
  verb->add_option("--out", flags->out, "Write to this file")->type_name("FILE");
  verb->footer(
      "Examples:\n"
      "  farthing templates --account 123456789012 --bucket my-bills --prefix cur --kind policy\n"
      "  farthing templates --account 123456789012 --new-export cur2 --with "
      "read-billing,organization \\\n"
      "      --kind cloudformation --principal arn:aws:iam::210987654321:role/farthing --out "
      "farthing.yaml\n"
      "  farthing templates --connection prod --kind steps --way cloudformation\n"
      "  farthing templates --connection prod --diff read-billing,organization,cost-explorer");
  verb->callback([=, &context] {
    flags->asked = Asked(*verb);
    context.action = [=, &context] { return RunTemplates(*flags, context); };
  });
}

}  // namespace farthing::cli
