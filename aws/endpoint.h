#pragma once

// Where AWS's services answer and what their signatures name: partitions are data, every endpoint can
// be overridden.  Source: botocore's endpoint rules (1.43) as collected in docs/formats/aws.md.  Const-safe.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace farthing::aws {

struct Partition {
  std::string_view id;                 ///< "aws", "aws-cn", "aws-us-gov", "aws-eusc"
  std::string_view dns_suffix;         ///< "amazonaws.com"
  std::string_view dual_stack_suffix;  ///< "api.aws"
  std::string_view billing_region;     ///< where Cost Explorer, exports and Organizations live
  std::string_view iam_region;
  std::string_view console_domain;  ///< "console.aws.amazon.com"
};
std::span<const Partition> Partitions();
/// Returns the partition of a region, also of one that did not exist when this was written.
const Partition& PartitionOfRegion(std::string_view region);
/// Returns the partition with that id, or nullptr.
const Partition* FindPartition(std::string_view id);

struct Arn {
  std::string partition, service, region, account_id, resource;
};
/// Errors: kInvalidArgument (not six parts, an unknown partition, an account that is not 12 digits).
Result<Arn> ParseArn(std::string_view text);
std::string ToString(const Arn& arn);

enum class Service {
  kBilling,
  kBudgets,
  kCloudFormation,
  kCloudWatch,
  kComputeOptimizer,
  kCostExplorer,
  kCostOptimizationHub,
  kCur,
  kDataExports,
  kEc2,
  kIam,
  kKms,
  kLoadBalancing,
  kOrganizations,
  kS3,
  kSso,
  kSsoOidc,
  kSts,
  kSupport,
  kTagging
};
std::span<const Service> Services();
/// "ce", "bcm-data-exports": AWS's prefix of actions.
std::string_view Name(Service service);
/// "cost_explorer": the key in a profile's services section, and in upper case the end of
/// AWS_ENDPOINT_URL_<SERVICE>.
std::string_view ConfigName(Service service);

/// What the operator may set; part of every connection's environment.
struct EndpointSettings {
  bool fips = false;
  bool dual_stack = false;
  /// By service, and under nullopt for all: AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>.
  std::map<std::optional<Service>, http::Url> overrides;
};

struct Endpoint {
  http::Url url;       ///< with the override's path, else "/"
  std::string region;  ///< the region that is signed
  std::string signing_name;
  bool overridden = false;  ///< S3 uses path style then
};
/// Resolves a service for a region; services that live in one region go there whatever `region` says.
/// Errors: kInvalidArgument (a region that is none, FIPS in a partition that has no such endpoints).
Result<Endpoint> ResolveEndpoint(Service service, std::string_view region,
                                 const EndpointSettings& settings);

}  // namespace farthing::aws
