// What a connection's settings have to be, field by field and against its type.

#include <algorithm>

#include "aws/endpoint.h"
#include "base/decimal.h"
#include "base/text.h"
#include "connect/connection.h"
#include "http/message.h"

namespace farthing::connect {
namespace {

Error Field(std::string_view field, std::string_view rule) {
  return Error(Errc::kInvalidArgument, std::string(field) + ": " + std::string(rule))
      .With("field", field);
}

bool IsLetterOrDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool IsAccountId(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsAccessKeyId(std::string_view text) {
  return text.size() >= 16 && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLetterOrDigit(c) || c == '_'; });
}

bool UsesRole(const Settings& settings) {
  return settings.type == ConnectionType::kRole ||
         (settings.type == ConnectionType::kMember && settings.access_key_id.empty());
}

bool HasAwsAccount(ConnectionType type) {
  return type != ConnectionType::kBucket && type != ConnectionType::kDirectory;
}

/// IAM API reference, Role: 1 to 64 characters of [\w+=,.@-].
bool IsRoleName(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetterOrDigit(c) || std::string_view("_+=,.@-").find(c) != std::string_view::npos;
  });
}

Result<void> FillFromRole(Settings& settings) {
  const Error no_role =
      Field("role_arn", "is not the ARN of a role: " + settings.role_arn)
          .Hint(
              "it looks like arn:aws:iam::123456789012:role/name, with a name of 1 to 64 letters, "
              "digits or any of _ + = , . @ -");
  const Result<aws::Arn> parsed = aws::ParseArn(settings.role_arn);
  if (!parsed.ok()) return no_role;
  const aws::Arn& arn = *parsed;
  if (arn.service != "iam" || !arn.resource.starts_with("role/") ||
      !IsRoleName(RoleName(settings.role_arn))) {
    return no_role;
  }
  if (settings.account_id.empty()) settings.account_id = arn.account_id;
  if (settings.account_id != arn.account_id) {
    return Field("role_arn",
                 "belongs to account " + arn.account_id + ", not to " + settings.account_id)
        .Hint("create a new connection for another account");
  }
  if (settings.partition != Settings().partition && settings.partition != arn.partition) {
    return Field("partition", "is " + settings.partition + ", the role is of " + arn.partition)
        .Hint("leave it out: the role's ARN says it");
  }
  settings.partition = arn.partition;
  return {};
}

/// Bucket names: S3 user guide, "Bucket naming rules"; upper case and "_" only in old us-east-1 buckets.
Result<void> ValidatePlace(const ExportPlace& place) {
  if (!place.bucket.empty()) {
    const bool letters = std::all_of(place.bucket.begin(), place.bucket.end(), [](char c) {
      return IsLetterOrDigit(c) || c == '.' || c == '-' || c == '_';
    });
    if (!letters || place.bucket.size() < 3 || place.bucket.size() > 255) {
      return Field("bucket", "is not a bucket's name: " + place.bucket)
          .Hint("the name alone, without s3:// and without a path; the path is the prefix");
    }
  }
  if (place.prefix.starts_with("s3://")) {
    return Field("prefix", "is the part after the bucket, not a URL: " + place.prefix)
        .Hint("give the bucket's name as the bucket, and what follows it as the prefix");
  }
  return {};
}

Result<void> ValidateReach(const Settings& settings) {
  const bool keys = settings.type == ConnectionType::kPayerKeys ||
                    settings.type == ConnectionType::kLinkedKeys ||
                    settings.type == ConnectionType::kBucket;
  if (UsesRole(settings) && settings.role_arn.empty()) {
    return Field("role_arn", "is missing").Hint("give --role-arn, or --account with --role-name");
  }
  if (!UsesRole(settings) && !settings.role_arn.empty()) {
    return Field("role_arn", "does not go with type " + std::string(Name(settings.type)));
  }
  const auto only_for = [&](ConnectionType type, std::string_view field, const std::string& value) {
    if (value.empty() || settings.type == type) return Result<void>();
    return Result<void>(Field(field, "goes with type " + std::string(Name(type)) +
                                         " only, not with " + std::string(Name(settings.type))));
  };
  TRY(only_for(ConnectionType::kBucket, "endpoint", settings.endpoint));
  TRY(only_for(ConnectionType::kDirectory, "directory", settings.directory));
  if (settings.type == ConnectionType::kDirectory && !settings.access_key_id.empty()) {
    return Field("access_key_id", "does not go with a directory");
  }
  if (keys && settings.access_key_id.empty()) {
    return Field("access_key_id", "is missing")
        .Hint("give --access-key-id; the secret is asked for, or read from --secret-file");
  }
  if (!settings.access_key_id.empty() && UsesRole(settings)) {
    return Field("access_key_id", "does not go with a role");
  }
  if (!settings.access_key_id.empty() && settings.type != ConnectionType::kBucket &&
      !IsAccessKeyId(settings.access_key_id)) {
    return Field("access_key_id", "is not an access key id: " + settings.access_key_id)
        .Hint("it has 16 to 128 letters and digits and begins with AKIA");
  }
  if (settings.type == ConnectionType::kBucket) {
    const Result<http::Url> url = http::ParseUrl(settings.endpoint);
    const bool is_web = url.ok() && (url->scheme == "https" || url->scheme == "http");
    if (!is_web) {
      return Field("endpoint", settings.endpoint.empty()
                                   ? "is missing"
                                   : "is no address of a storage: " + settings.endpoint)
          .Hint("the URL of the storage, such as https://s3.example.net");
    }
  }
  if (settings.type == ConnectionType::kBucket && settings.export_place.bucket.empty()) {
    return Field("bucket", "is missing: storage without AWS behind it cannot be asked")
        .Hint("give --bucket");
  }
  if (settings.type == ConnectionType::kDirectory && settings.directory.empty()) {
    return Field("directory", "is missing").Hint("give --directory");
  }
  if (!settings.external_id.empty()) TRY(ValidateExternalId(settings.external_id));
  return {};
}

/// Names stand in messages, tables and commands for a shell.
Result<void> ValidateName(const std::string& name) {
  if (Trim(name).empty()) return Field("name", "is missing").Hint("give --name");
  if (name.size() > 100) return Field("name", "is longer than 100 bytes").Hint("choose a shorter");
  const bool prints = std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (!prints || FindInvalidUtf8(name) != std::string_view::npos) {
    return Field("name", "has signs that cannot be read").Hint("use letters, digits and spaces");
  }
  if (name.front() == '-') {
    return Field("name", "begins with -, as options do").Hint("begin with a letter");
  }
  return {};
}

Result<void> ValidateAccount(std::string_view field, const std::string& id) {
  if (IsAccountId(id)) return {};
  return Field(field, "is not 12 digits: " + id)
      .Hint("aws sts get-caller-identity tells it; keep zeros in front");
}

Result<void> ValidateKey(const std::string& arn) {
  if (arn.empty()) return {};
  const Result<aws::Arn> parsed = aws::ParseArn(arn);
  const bool is_key =
      parsed.ok() && parsed->service == "kms" && parsed->resource.starts_with("key/");
  if (is_key) return {};
  return Field("kms_key_arn", "is not the ARN of a key: " + arn)
      .Hint(
          "it looks like arn:aws:kms:eu-west-1:123456789012:key/ID; leave it out, and the first "
          "verification finds it");
}

}  // namespace

Result<Settings> Validate(Settings settings) {
  TRY(ValidateName(settings.name));
  if (!settings.account_id.empty()) TRY(ValidateAccount("account_id", settings.account_id));
  if (!settings.role_arn.empty()) TRY(FillFromRole(settings));
  TRY(ValidateReach(settings));
  if (HasAwsAccount(settings.type) && settings.account_id.empty()) {
    return Field("account_id", "is missing").Hint("give --account, 12 digits");
  }
  if (!HasAwsAccount(settings.type) && !settings.account_id.empty()) {
    return Field("account_id", "does not go with type " + std::string(Name(settings.type)));
  }
  if (aws::FindPartition(settings.partition) == nullptr) {
    return Field("partition", "is unknown: " + settings.partition)
        .Hint("known are aws, aws-cn and aws-us-gov");
  }
  if (!settings.bucket_owner.empty()) TRY(ValidateAccount("bucket_owner", settings.bucket_owner));
  TRY(ValidateKey(settings.kms_key_arn));
  TRY(ValidatePlace(settings.export_place));
  if (settings.end_date) {
    const Result<Instant> end = ParseInstant(*settings.end_date);
    if (!end.ok() || DayString(*end) != *settings.end_date) {
      return Field("end_date", "is not a day: " + *settings.end_date).Hint("write 2027-03-31");
    }
  }
  if (settings.cost_explorer_cap_usd) {
    const Result<Decimal> cap = ParseDecimal(*settings.cost_explorer_cap_usd);
    if (!cap.ok() || settings.cost_explorer_cap_usd->starts_with('-')) {
      return Field("cost_explorer_cap_usd",
                   "is not an amount in USD: " + *settings.cost_explorer_cap_usd)
          .Hint("write 0.50; 0 forbids every question");
    }
  }
  settings.permission_sets = SetsOf(settings.type, std::move(settings.permission_sets));
  return settings;
}

std::set<PermissionSet> SetsOf(ConnectionType type, std::set<PermissionSet> chosen) {
  if (type == ConnectionType::kLinkedKeys) return {PermissionSet::kResources};
  if (type == ConnectionType::kPayerKeys) chosen.insert(PermissionSet::kOrganization);
  return chosen;
}

Result<void> ValidateExternalId(std::string_view text) {
  if (text.find(' ') != std::string_view::npos) {
    return Field("external_id", "must not contain a space")
        .Hint(
            "AWS refuses it in AssumeRole, although one vendor's guide lists it; change the role's "
            "trust policy to an ID without spaces");
  }
  const bool allowed = std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetterOrDigit(c) || std::string_view("_+=,.@:/-").find(c) != std::string_view::npos;
  });
  if (!allowed || text.size() < 2 || text.size() > 1224) {
    return Field("external_id", "must be 2 to 1224 letters, digits or any of _ + = , . @ : / -")
        .Hint("leave it out: Farthing makes one; one of your own is for a role that exists");
  }
  return {};
}

}  // namespace farthing::connect
