#include "aws/endpoint.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace farthing::aws {
namespace {

constexpr std::array kPartitions = {
    Partition{.id = "aws",
              .dns_suffix = "amazonaws.com",
              .dual_stack_suffix = "api.aws",
              .billing_region = "us-east-1",
              .iam_region = "us-east-1",
              .console_domain = "console.aws.amazon.com"},
    Partition{.id = "aws-cn",
              .dns_suffix = "amazonaws.com.cn",
              .dual_stack_suffix = "api.amazonwebservices.com.cn",
              .billing_region = "cn-northwest-1",
              .iam_region = "cn-north-1",
              .console_domain = "console.amazonaws.cn"},
    Partition{.id = "aws-us-gov",
              .dns_suffix = "amazonaws.com",
              .dual_stack_suffix = "api.aws",
              .billing_region = "us-gov-west-1",
              .iam_region = "us-gov-west-1",
              .console_domain = "console.amazonaws-us-gov.com"},
    Partition{.id = "aws-eusc",
              .dns_suffix = "amazonaws.eu",
              .dual_stack_suffix = "api.amazonwebservices.eu",
              .billing_region = "eusc-de-east-1",
              .iam_region = "eusc-de-east-1",
              .console_domain = "console.amazonaws-eusc.eu"},
};

/// Which region a service is asked in.
enum class Home { kAnyRegion, kBillingRegion, kIamRegion };
/// Whether GovCloud's ordinary endpoints are the FIPS ones.
enum class GovFips { kOwnName, kSameName };

struct ServiceRow {
  Service service;
  std::string_view name, config_name, host, signing_name;
  Home home = Home::kAnyRegion;
  GovFips gov_fips = GovFips::kOwnName;
};

constexpr std::array kServices = {
    ServiceRow{Service::kBilling, "billing", "billing", "billing", "billing", Home::kBillingRegion},
    ServiceRow{Service::kBudgets, "budgets", "budgets", "budgets", "budgets", Home::kBillingRegion},
    ServiceRow{Service::kCloudFormation, "cloudformation", "cloudformation", "cloudformation",
               "cloudformation", Home::kAnyRegion, GovFips::kSameName},
    ServiceRow{Service::kCloudWatch, "cloudwatch", "cloudwatch", "monitoring", "monitoring",
               Home::kAnyRegion, GovFips::kSameName},
    ServiceRow{Service::kComputeOptimizer, "compute-optimizer", "compute_optimizer",
               "compute-optimizer", "compute-optimizer"},
    ServiceRow{Service::kCostExplorer, "ce", "cost_explorer", "ce", "ce", Home::kBillingRegion},
    ServiceRow{Service::kCostOptimizationHub, "cost-optimization-hub", "cost_optimization_hub",
               "cost-optimization-hub", "cost-optimization-hub", Home::kBillingRegion},
    ServiceRow{Service::kCur, "cur", "cost_and_usage_report_service", "cur", "cur",
               Home::kBillingRegion},
    ServiceRow{Service::kDataExports, "bcm-data-exports", "bcm_data_exports", "bcm-data-exports",
               "bcm-data-exports", Home::kBillingRegion},
    ServiceRow{Service::kEc2, "ec2", "ec2", "ec2", "ec2", Home::kAnyRegion, GovFips::kSameName},
    ServiceRow{Service::kIam, "iam", "iam", "iam", "iam", Home::kIamRegion},
    ServiceRow{Service::kKms, "kms", "kms", "kms", "kms"},
    ServiceRow{Service::kLoadBalancing, "elasticloadbalancing", "elastic_load_balancing_v2",
               "elasticloadbalancing", "elasticloadbalancing", Home::kAnyRegion,
               GovFips::kSameName},
    ServiceRow{Service::kOrganizations, "organizations", "organizations", "organizations",
               "organizations", Home::kBillingRegion, GovFips::kSameName},
    ServiceRow{Service::kS3, "s3", "s3", "s3", "s3"},
    ServiceRow{Service::kSso, "sso", "sso", "portal.sso", "awsssoportal", Home::kAnyRegion,
               GovFips::kSameName},
    ServiceRow{Service::kSsoOidc, "sso-oauth", "sso_oidc", "oidc", "sso-oauth", Home::kAnyRegion,
               GovFips::kSameName},
    ServiceRow{Service::kSts, "sts", "sts", "sts", "sts", Home::kAnyRegion, GovFips::kSameName},
    ServiceRow{Service::kSupport, "support", "support", "support", "support", Home::kIamRegion,
               GovFips::kSameName},
    ServiceRow{Service::kTagging, "tag", "resource_groups_tagging_api", "tagging", "tagging"},
};

constexpr auto kServiceList = [] {
  std::array<Service, kServices.size()> list{};
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = kServices[i].service;
  return list;
}();

const ServiceRow& RowOf(Service service) {
  const auto* found = std::find_if(kServices.begin(), kServices.end(),
                                   [&](const ServiceRow& row) { return row.service == service; });
  CHECK(found != kServices.end());
  return *found;
}

/// What a host name is made of, before the exceptions.
struct HostParts {
  std::string host, region, suffix;
};

/// A region becomes part of a host name that gets our credentials: nothing but its alphabet passes.
bool IsRegion(std::string_view region) {
  return !region.empty() && region.size() <= 40 && region.front() != '-' && region.back() != '-' &&
         std::all_of(region.begin(), region.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

/// IAM and Budgets are global: most of their names carry no region.
void DropRegion(const ServiceRow& row, const Partition& partition, const EndpointSettings& settings,
                HostParts& parts) {
  if (row.service == Service::kIam && partition.id == "aws-us-gov") {
    parts.region = "us-gov";
    parts.host = "iam";
  } else if (row.service == Service::kIam && settings.dual_stack) {
    parts.region = "global";
  } else if (row.service == Service::kIam && partition.id == "aws") {
    parts.region.clear();
  } else if (row.service == Service::kBudgets && partition.id != "aws-eusc" &&
             !(settings.dual_stack && partition.id == "aws" && !settings.fips)) {
    parts.region.clear();
  }
}

/// Some services answer only under the newer suffix.
bool NeedsDualStackSuffix(Service service, const Partition& partition, bool fips) {
  const bool sovereign = partition.id == "aws-eusc";
  return service == Service::kDataExports ||
         (service == Service::kBilling && partition.id == "aws" && !fips) ||
         ((service == Service::kBudgets || service == Service::kCostExplorer) && sovereign &&
          !fips);
}

std::string HostName(const ServiceRow& row, const Partition& partition, std::string_view region,
                     const EndpointSettings& settings) {
  HostParts parts{std::string(row.host), std::string(region), std::string(partition.dns_suffix)};
  const bool plain_is_fips = partition.id == "aws-us-gov" && row.gov_fips == GovFips::kSameName &&
                             (!settings.dual_stack || row.service == Service::kCloudWatch);
  if (settings.fips && !plain_is_fips) parts.host += "-fips";
  if (row.service == Service::kS3) {
    if (settings.dual_stack) parts.host += ".dualstack";
  } else if (settings.dual_stack || NeedsDualStackSuffix(row.service, partition, settings.fips)) {
    parts.suffix = partition.dual_stack_suffix;
  }
  DropRegion(row, partition, settings, parts);
  return parts.host + "." + (parts.region.empty() ? "" : parts.region + ".") + parts.suffix;
}

}  // namespace

std::span<const Partition> Partitions() { return kPartitions; }

const Partition& PartitionOfRegion(std::string_view region) {
  if (region.starts_with("cn-")) return kPartitions[1];
  if (region.starts_with("us-gov-")) return kPartitions[2];
  if (region.starts_with("eusc-")) return kPartitions[3];
  return kPartitions[0];
}

const Partition* FindPartition(std::string_view id) {
  const auto* found = std::find_if(kPartitions.begin(), kPartitions.end(),
                                   [&](const Partition& partition) { return partition.id == id; });
  return found == kPartitions.end() ? nullptr : found;
}

Result<Arn> ParseArn(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return Error(Errc::kInvalidArgument, "not an ARN, " + std::string(why) + ": \"" +
                                             ReplaceInvalidUtf8(text.substr(0, 200)) + "\"")
        .Hint("an ARN looks like arn:aws:iam::111122223333:role/name");
  };
  std::vector<std::string> parts = Split(text, ':');
  if (parts.size() < 6 || parts[0] != "arn") return refuse("it needs six parts after arn");
  // The resource may contain colons of its own.
  std::string resource = parts[5];
  for (std::size_t i = 6; i < parts.size(); ++i) resource += ":" + parts[i];
  if (FindPartition(parts[1]) == nullptr) return refuse("its partition is unknown");
  if (parts[2].empty() || resource.empty()) return refuse("a part is empty");
  const std::string& account = parts[4];
  const bool digits =
      std::all_of(account.begin(), account.end(), [](char c) { return c >= '0' && c <= '9'; });
  // "aws" stands for policies that AWS itself owns.
  if (!account.empty() && account != "aws" && (account.size() != 12 || !digits)) {
    return refuse("its account must be 12 digits");
  }
  return Arn{.partition = parts[1],
             .service = parts[2],
             .region = parts[3],
             .account_id = account,
             .resource = std::move(resource)};
}

std::string ToString(const Arn& arn) {
  return "arn:" + arn.partition + ":" + arn.service + ":" + arn.region + ":" + arn.account_id +
         ":" + arn.resource;
}

std::span<const Service> Services() { return kServiceList; }
std::string_view Name(Service service) { return RowOf(service).name; }
std::string_view ConfigName(Service service) { return RowOf(service).config_name; }

Result<Endpoint> ResolveEndpoint(Service service, std::string_view region,
                                 const EndpointSettings& settings) {
  if (!IsRegion(region)) {
    return Error(Errc::kInvalidArgument,
                 "not an AWS region: \"" + ReplaceInvalidUtf8(region.substr(0, 64)) + "\"")
        .Hint("a region looks like eu-west-1");
  }
  const ServiceRow& row = RowOf(service);
  const Partition& partition = PartitionOfRegion(region);
  Endpoint endpoint{
      .url = {}, .region = std::string(region), .signing_name = std::string(row.signing_name)};
  if (row.home == Home::kBillingRegion) endpoint.region = partition.billing_region;
  if (row.home == Home::kIamRegion) endpoint.region = partition.iam_region;

  auto found = settings.overrides.find(service);
  if (found == settings.overrides.end()) found = settings.overrides.find(std::nullopt);
  if (found != settings.overrides.end()) {
    endpoint.url = found->second;
    endpoint.overridden = true;
    return endpoint;
  }
  if (settings.fips && partition.id != "aws" && partition.id != "aws-us-gov") {
    return Error(Errc::kInvalidArgument,
                 "no FIPS endpoints in the partition " + std::string(partition.id))
        .Hint("switch use_fips_endpoint off for this connection");
  }
  endpoint.url = {.scheme = "https",
                  .host = HostName(row, partition, endpoint.region, settings),
                  .port = 0,
                  .path = "/",
                  .query = ""};
  return endpoint;
}

}  // namespace farthing::aws
