#include "cli/connection_flags.h"

#include "base/files.h"
#include "base/text.h"

namespace farthing::cli {
namespace {

using connect::Settings;

constexpr std::uint64_t kSecretLimit = 4096;

void Set(std::string& value, const std::string& flag) {
  if (!flag.empty()) value = flag;
}

}  // namespace

void AddConnectionFlags(CLI::App& verb, ConnectionFlags& flags, FlagsFor purpose) {
  const bool editing = purpose == FlagsFor::kEditing;
  verb.add_option("--name", flags.name, editing ? "Another name" : "What people call it");
  if (!editing) {
    verb.add_option("--type", flags.type,
                    "role (recommended), payer-keys, linked-keys, member, bucket or directory")
        ->type_name("TYPE");
    verb.add_option("--account", flags.account, "The account's 12 digits")->type_name("ID");
    verb.add_option("--partition", flags.partition,
                    "aws, aws-cn or aws-us-gov; a role's ARN says it");
    verb.add_option(
        "--external-id", flags.external_id,
        "Adopt the ID an existing role demands; left out, Farthing makes one, which is safer");
  }
  verb.add_option("--role-arn", flags.role_arn, "ARN of the role to assume")->type_name("ARN");
  verb.add_option("--role-name", flags.role_name, "Its name, instead of the ARN")
      ->type_name("NAME");
  verb.add_option("--access-key-id", flags.access_key_id, "Key of the key types and of bucket");
  verb.add_option("--secret-file", flags.secret_file,
                  "File with the secret access key, - for standard input (also "
                  "FARTHING_SECRET_ACCESS_KEY)")
      ->type_name("FILE");
  verb.add_option("--profile", flags.profile, "Your AWS profile that assumes the role");
  verb.add_option("--endpoint", flags.endpoint, "URL of S3-compatible storage, of type bucket")
      ->type_name("URL");
  verb.add_option("--directory", flags.directory,
                  "Where something else copies bills, of type directory")
      ->type_name("DIR");
  verb.add_option("--export-kind", flags.export_kind,
                  "legacy-cur, cur2, focus or focus-1.0; else AWS is asked")
      ->type_name("KIND");
  verb.add_option("--export", flags.export_name, "Name of the report or export; else AWS is asked")
      ->type_name("NAME");
  verb.add_option("--bucket", flags.bucket, "Bucket of the export; else AWS is asked");
  verb.add_option("--prefix", flags.prefix, "Prefix of the export in its bucket");
  verb.add_option("--bucket-region", flags.bucket_region, "Region of the bucket; else it is found");
  verb.add_option("--bucket-owner", flags.bucket_owner, "Account that must own the bucket")
      ->type_name("ID");
  verb.add_option("--kms-key", flags.kms_key, "ARN of the key that encrypts the bucket")
      ->type_name("ARN");
  verb.add_flag("--requester-pays", flags.requester_pays, "The bucket is requester pays");
  verb.add_flag("--edp", flags.edp, "Takes part in an enterprise discount programme");
  verb.add_option(
          "--import", flags.import_policy,
          "organization (every account) or connected-accounts (only those connected themselves)")
      ->type_name("POLICY");
  verb.add_option("--group", flags.group, "Management group for accounts that are found");
  verb.add_option("--with", flags.with,
                  "Permission sets: read-billing, manage-export, cost-explorer, organization, "
                  "cloudwatch, resources, recommendations, tag-activation")
      ->type_name("SETS");
  verb.add_option("--until", flags.end_date, "Last day of the term, such as 2027-03-31")
      ->type_name("DAY");
  verb.add_flag("--no-renew", flags.no_renew,
                "At its end the term is not renewed: disabled, then deleted");
  verb.add_option("--agreement", flags.agreement, "Reference of the formal agreement");
  verb.add_option("--cost-explorer-cap", flags.cap,
                  "Most that Cost Explorer may cost a month, in USD (else 1.00).  Once set, "
                  "collect --watch fills the first day without asking")
      ->type_name("USD");
  if (editing) {
    verb.add_flag("--no-requester-pays", flags.no_requester_pays, "Take that back");
    verb.add_flag("--no-edp", flags.no_edp, "Take that back");
    verb.add_flag("--renew", flags.renew, "The term renews itself again");
    verb.add_flag("--no-end", flags.no_end, "The connection has no term");
  }
}

Result<void> ApplyConnectionFlags(const ConnectionFlags& flags, Settings& settings) {
  Set(settings.name, flags.name);
  if (!flags.type.empty()) {
    TRY_ASSIGN(settings.type, connect::ParseConnectionType(flags.type));
  }
  Set(settings.account_id, flags.account);
  Set(settings.partition, flags.partition);
  Set(settings.role_arn, flags.role_arn);
  if (!flags.role_name.empty()) {
    if (settings.account_id.empty()) {
      return Error(Errc::kInvalidArgument, "--role-name needs --account");
    }
    settings.role_arn = connect::RoleArn(settings.partition, settings.account_id, flags.role_name);
  }
  Set(settings.external_id, flags.external_id);
  Set(settings.access_key_id, flags.access_key_id);
  Set(settings.profile, flags.profile);
  Set(settings.endpoint, flags.endpoint);
  if (!flags.directory.empty()) {
    settings.directory = std::filesystem::absolute(flags.directory).lexically_normal().string();
  }
  connect::ExportPlace& place = settings.export_place;
  if (!flags.export_kind.empty()) {
    TRY_ASSIGN(place.kind, connect::ParseExportKind(flags.export_kind));
  }
  if (!flags.export_name.empty() && flags.export_name != place.name) {
    const auto kind = flags.export_kind.empty() ? std::nullopt : place.kind;
    place = {};  // another export: what was found for the old one does not count
    place.kind = kind;
    place.name = flags.export_name;
  }
  Set(place.bucket, flags.bucket);
  Set(place.prefix, flags.prefix);
  Set(place.bucket_region, flags.bucket_region);
  Set(settings.bucket_owner, flags.bucket_owner);
  Set(settings.kms_key_arn, flags.kms_key);
  if (flags.requester_pays) settings.requester_pays = true;
  if (flags.no_requester_pays) settings.requester_pays = false;
  if (flags.edp) settings.edp = true;
  if (flags.no_edp) settings.edp = false;
  if (!flags.import_policy.empty()) {
    TRY_ASSIGN(settings.import_policy, connect::ParseImportPolicy(flags.import_policy));
  }
  Set(settings.default_group, flags.group);
  if (!flags.with.empty()) {
    settings.permission_sets.clear();
    for (const std::string& name : Split(flags.with, ',')) {
      TRY_ASSIGN(const connect::PermissionSet set, connect::ParsePermissionSet(Trim(name)));
      settings.permission_sets.insert(set);
    }
  }
  if (!flags.end_date.empty()) settings.end_date = flags.end_date;
  if (flags.no_end) {
    settings.end_date.reset();
    settings.auto_renew = true;
  }
  if (flags.no_renew && !settings.end_date) {
    return Error(Errc::kInvalidArgument, "--no-renew is about the end of a term, and there is none")
        .Hint("give its last day, too: --until 2027-03-31");
  }
  if (flags.no_renew) settings.auto_renew = false;
  if (flags.renew) settings.auto_renew = true;
  Set(settings.agreement, flags.agreement);
  if (!flags.cap.empty()) settings.cost_explorer_cap_usd = flags.cap;
  return {};
}

Result<std::string> ReadSecret(const ConnectionFlags& flags, const CliContext& context) {
  std::string secret;
  if (!flags.secret_file.empty()) {
    const std::string file = flags.secret_file == "-" ? "/dev/stdin" : flags.secret_file;
    TRY_ASSIGN(secret, ReadFile(file, kSecretLimit));
  } else {
    secret = context.variable("FARTHING_SECRET_ACCESS_KEY").value_or("");
  }
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  return secret;
}

}  // namespace farthing::cli
