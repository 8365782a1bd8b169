#include "sim/organisation.h"

#include <array>

namespace farthing::sim {
namespace {

constexpr Units kMicro = kOne / 1'000'000;  // a rate of one millionth

constexpr Account kPayerAccount{"210987654321", "org-management", "shared", "prod"};
constexpr Account kAccounts[] = {
    {"034567890123", "payments-prod", "payments", "prod"},
    {"345678901234", "payments-dev", "payments", "dev"},
    {"456789012345", "web-prod", "web", "prod"},
    {"567890123456", "web-staging", "web", "staging"},
    {"678901234567", "data-platform", "data", "prod"},
    {"789012345678", "ml-research", "data", "dev"},
    {"890123456789", "shared-network", "shared", "prod"},
    {"901234567890", "security-audit", "shared", "prod"},
};

constexpr Region kRegions[] = {
    {"us-east-1", "", "US East (N. Virginia)"},
    {"us-west-2", "USW2-", "US West (Oregon)"},
    {"eu-west-1", "EU-", "EU (Ireland)"},
    {"ap-south-1", "APS3-", "Asia Pacific (Mumbai)"},
};

constexpr std::string_view kEc2 = "Amazon Elastic Compute Cloud";
constexpr std::string_view kRds = "Amazon Relational Database Service";
constexpr std::string_view kVpc = "Amazon Virtual Private Cloud";
constexpr std::string_view kS3 = "Amazon Simple Storage Service";

// clang-format off
constexpr Product kProducts[] = {
    {"AmazonEC2", kEc2, "AmazonEC2", "Compute Instance", "BoxUsage:m5.large", "RunInstances", "Hrs",
     "m5.large", "$0.096 per On Demand Linux m5.large Instance Hour", "i-0{x}", "Compute",
     96'000 * kMicro, kOne / 2, 1, 4},
    {"AmazonEC2", kEc2, "AmazonEC2", "Compute Instance", "BoxUsage:c5.xlarge", "RunInstances",
     "Hrs", "c5.xlarge", "$0.17 per On Demand Linux c5.xlarge Instance Hour", "i-0{x}", "Compute",
     170'000 * kMicro, kOne / 2, 1, 8},
    {"AmazonRDS", kRds, "AmazonRDS", "Database Instance", "InstanceUsage:db.r6g.large",
     "CreateDBInstance:0014", "Hrs", "db.r6g.large",
     "$0.225 per RDS db.r6g.large Single-AZ instance hour (or partial hour) running PostgreSQL",
     "arn:aws:rds:{r}:{a}:db:orders-{x}", "Databases", 225'000 * kMicro, kOne / 2, 1, 4},
    {"AmazonElastiCache", "Amazon ElastiCache", "AmazonElastiCache", "Cache Instance",
     "NodeUsage:cache.r6g.large", "CreateCacheCluster:0002", "Hrs", "cache.r6g.large",
     "$0.206 per cache.r6g.large node-hour running Redis",
     "arn:aws:elasticache:{r}:{a}:cluster:sessions-{x}", "Databases", 206'000 * kMicro, kOne / 2, 1,
     4},
    {"AmazonEC2", kEc2, "AmazonEC2", "Compute Instance", "SpotUsage:c5.xlarge",
     "RunInstances:SV003", "Hrs", "c5.xlarge",
     "c5.xlarge Linux/UNIX Spot Instance-hour in VPC Zone #3", "i-0{x}", "Compute", 61'300 * kMicro,
     kOne / 2, 1, 8, Offer::kSpot},
    {"AmazonEC2", kEc2, "AmazonEC2", "Storage", "EBS:VolumeUsage.gp3", "CreateVolume-Gp3", "GB-Mo",
     "", "$0.08 per GB-month of General Purpose (gp3) provisioned storage", "vol-0{x}", "Storage",
     80'000 * kMicro, kOne / 100, 20},
    {"AmazonEC2", kEc2, "AWSDataTransfer", "Data Transfer", "DataTransfer-Out-Bytes",
     "RunInstances", "GB", "",
     "$0.09 per GB - first 10 TB / month data transfer out beyond the global free tier", "i-0{x}",
     "Compute", 90'000 * kMicro, kOne / 1000, 900},
    {"AmazonVPC", kVpc, "AmazonEC2", "NAT Gateway", "NatGateway-Hours", "NatGateway", "Hrs", "",
     "$0.045 per NAT Gateway Hour", "arn:aws:ec2:{r}:{a}:natgateway/nat-0{x}", "Networking",
     45'000 * kMicro, kOne, 1},
    {"AmazonS3", kS3, "AmazonS3", "Storage", "TimedStorage-ByteHrs", "StandardStorage", "GB-Mo", "",
     "$0.023 per GB - first 50 TB / month of storage used", "assets-{x}", "Storage",
     23'000 * kMicro, kOne / 1000, 4000},
    {"AmazonS3", kS3, "AmazonS3", "API Request", "Requests-Tier1", "PutObject", "Requests", "",
     "$0.005 per 1,000 PUT, COPY, POST, or LIST requests", "assets-{x}", "Storage", 5 * kMicro,
     kOne, 900},
    {"AWSLambda", "AWS Lambda", "AWSLambda", "Serverless", "Lambda-GB-Second", "Invoke",
     "Lambda-GB-Second", "", "AWS Lambda - Total Compute - $0.0000166667 per GB-Second",
     "arn:aws:lambda:{r}:{a}:function:worker-{x}", "Compute", 166'667, kOne * 100, 40},
    {"AWSLambda", "AWS Lambda", "AWSLambda", "Serverless", "Request", "Invoke", "Requests", "",
     "AWS Lambda - Requests Free Tier - 1,000,000 Requests",
     "arn:aws:lambda:{r}:{a}:function:worker-{x}", "Compute", 2'000, kOne, 900, 0,
     Offer::kFreeTier},
    {"AmazonDynamoDB", "Amazon DynamoDB", "AmazonDynamoDB",
     "Amazon DynamoDB PayPerRequest Throughput", "ReadRequestUnits", "PayPerRequestThroughput",
     "ReadRequestUnits", "", "$0.25 per million read request units",
     "arn:aws:dynamodb:{r}:{a}:table/carts-{x}", "Databases", 2'500, kOne, 90'000},
    {"AmazonCloudFront", "Amazon CloudFront", "AmazonCloudFront", "Data Transfer",
     "EU-DataTransfer-Out-Bytes", "GET", "GB", "",
     "$0.085 per GB - data transfer out (Europe), \"edge\" locations",
     "arn:aws:cloudfront::{a}:distribution/E{x}", "Networking", 85'000 * kMicro, kOne / 1000, 700},
    {"AmazonCloudWatch", "AmazonCloudWatch", "AmazonCloudWatch", "Data Payload",
     "DataProcessing-Bytes", "PutLogEvents", "GB", "", "$0.50 per GB custom log data ingested",
     "arn:aws:logs:{r}:{a}:log-group:/app/{x}:*", "Management and Governance", 500'000 * kMicro,
     kOne / 1000, 120},
    {"AmazonEKS", "Amazon Elastic Container Service for Kubernetes", "AmazonEKS", "Compute",
     "AmazonEKS-Hours:perCluster", "CreateOperation", "Hours", "",
     "Amazon EKS cluster usage, per cluster hour", "arn:aws:eks:{r}:{a}:cluster/main-{x}",
     "Compute", 100'000 * kMicro, kOne, 1},
    {"AmazonSNS", "Amazon Simple Notification Service", "AmazonSNS", "API Request",
     "Requests-Tier1", "Publish", "Requests", "",
     "$0.50 per 1 million Amazon SNS API requests thereafter", "arn:aws:sns:{r}:{a}:events-{x}",
     "Integration", 5'000, kOne, 5000},
    {"awskms", "AWS Key Management Service", "awskms", "Encryption Key", "KMS-Requests", "Decrypt",
     "Requests", "", "$0.03 per 10,000 KMS requests", "arn:aws:kms:{r}:{a}:key/{x}", "Identity",
     3 * kMicro, kOne, 800},
};
// clang-format on
constexpr const Product& kM5 = kProducts[0];
constexpr const Product& kC5 = kProducts[1];
constexpr const Product& kDatabase = kProducts[2];
constexpr const Product& kCache = kProducts[3];

constexpr TagSet kTagSets[] = {
    {"CC-1042", "platform", "prod", "AssumedRole:deployer"},
    {"CC-2001", "checkout, billing", "prod", ""},
    kNoTags,
    {"4711", "the \"blue\" team", "dev", "IAMUser:pipeline"},
    {"Zürich\nOerlikon", "データ", "staging", ""},
    {"CC-3003", "", "Prod", "Root:210987654321"},
};

// clang-format off
constexpr Reservation kReservations[] = {
    {"arn:aws:ec2:us-east-1:210987654321:reserved-instances/6f1d3c52-0000-4000-8000-00000000a001",
     "HeavyUsage:m5.large", &kM5, &kAccounts[2], &kRegions[0], Payment::kNoUpfront, 60'000 * kMicro,
     0, 4},
    {"arn:aws:rds:eu-west-1:210987654321:ri:ri-2026-orders", "HeavyUsage:db.r6g.large", &kDatabase,
     &kAccounts[0], &kRegions[2], Payment::kPartialUpfront, 72'000 * kMicro, 70'000 * kMicro, 2},
    {"arn:aws:elasticache:us-west-2:210987654321:reserved-instance:sessions",
     "HeavyUsage:cache.r6g.large", &kCache, &kAccounts[3], &kRegions[1], Payment::kAllUpfront, 0,
     121'000 * kMicro, 1},
};
// clang-format on

#define PLAN_ID(n) "0a1b2c3d-0000-4000-8000-00000000b00" n
#define PLAN(n) "arn:aws:savingsplans::210987654321:savingsplan/" PLAN_ID(n), PLAN_ID(n)
constexpr SavingsPlan kPlans[] = {
    {PLAN("1"), "ComputeSavingsPlans", "", "Any", Payment::kNoUpfront, 72},
    {PLAN("2"), "EC2InstanceSavingsPlans", "c5", "EU (Ireland)", Payment::kPartialUpfront, 60},
    {PLAN("3"), "ComputeSavingsPlans", "", "Any", Payment::kAllUpfront, 65},
};
#undef PLAN
#undef PLAN_ID

constexpr CoveredFleet kFleets[] = {
    {&kPlans[0], &kM5, &kAccounts[0], &kRegions[0]},
    {&kPlans[0], &kM5, &kAccounts[1], &kRegions[0]},
    {&kPlans[1], &kC5, &kAccounts[4], &kRegions[2]},
    {&kPlans[2], &kC5, &kAccounts[2], &kRegions[3]},
};

}  // namespace

// clang-format off
constexpr Product kSupport{"AWSSupportBusiness", "AWS Support (Business)", "AWSSupportBusiness",
    "Fee", "Dollar", "", "Dollar", "", "10% of monthly AWS usage for the first $0-$10K", "", "Other",
    0, 0, 1, 0, Offer::kSubscription};
constexpr Product kMarketplace{"4xk2exampleq8z7opaque1code", "Example Log Analytics", "", "",
    "SoftwareUsage:contract", "", "Units", "",
    "AWS Marketplace contract \"Gold\", 500 GB per day,\nbilled monthly", "", "Other", 0, 0, 1, 0,
    Offer::kSubscription, "Beispiel Software GmbH, Köln"};
constexpr Product kDomain{"AmazonRegistrar", "Amazon Registrar", "AmazonRegistrar", "Domain",
    "Route53-Domains", "RenewDomain", "Domain", "", "Renewal of example.com for 1 year", "",
    "Networking", 0, 0, 1, 0, Offer::kSubscription};
constexpr Product kSavingsPlanService{"ComputeSavingsPlans", "Savings Plans for AWS Compute usage",
    "ComputeSavingsPlans", "ComputeSavingsPlans", "ComputeSP:1yr", "", "Hrs", "",
    "1 year Savings Plan", "", "Compute", 0, 0, 1, 0, Offer::kSubscription};
constexpr Product kFirewall{"awswaf", "AWS WAF", "awswaf", "Web Application Firewall", "WebACL", "",
    "Month", "", "WAF usage bundled with Shield Advanced", "", "Security", 0, 0, 1, 0,
    Offer::kSubscription};
constexpr Product kFlatRatePlan{"AmazonCloudFront", "Amazon CloudFront", "AmazonCloudFront", "Plan",
    "FlatRatePlan:Business", "", "Month", "", "CloudFront flat-rate plan, Business", "", "Networking",
    0, 0, 1, 0, Offer::kSubscription};
constexpr Product kMystery{"AmazonMystery", "Amazon Mystery", "AmazonMystery", "", "Mystery", "",
    "", "", "A charge of a type that no document names", "", "Other", 0, 0, 1, 0,
    Offer::kSubscription};
constexpr Product kPodCpu{"AmazonEC2", kEc2, "AmazonEC2", "Compute Instance", "EKS-EC2-vCPU-Hours",
    "EKSPod-EC2", "vCPU-Hours", "", "EKS pod vCPU of an EC2 instance",
    "arn:aws:eks:{r}:{a}:pod/main/web/{x}", "Compute"};
constexpr Product kPodMemory{"AmazonEC2", kEc2, "AmazonEC2", "Compute Instance", "EKS-EC2-GB-Hours",
    "EKSPod-EC2", "GB-Hours", "", "EKS pod memory of an EC2 instance",
    "arn:aws:eks:{r}:{a}:pod/main/web/{x}", "Compute"};
// clang-format on

std::string_view Name(Payment payment) {
  switch (payment) {
    case Payment::kNoUpfront: return "No Upfront";
    case Payment::kPartialUpfront: return "Partial Upfront";
    case Payment::kAllUpfront: return "All Upfront";
  }
  return {};
}

const Account& Payer() { return kPayerAccount; }
std::span<const Account> LinkedAccounts() { return kAccounts; }
std::span<const Region> Regions() { return kRegions; }
std::span<const Product> UsageProducts() { return kProducts; }
std::span<const TagSet> TagSets() { return kTagSets; }
std::span<const Reservation> Reservations() { return kReservations; }
std::span<const SavingsPlan> SavingsPlans() { return kPlans; }
std::span<const CoveredFleet> CoveredFleets() { return kFleets; }

std::string ResourceId(std::string_view pattern, const Region& region, const Account& account,
                       std::uint64_t key) {
  std::string id;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '{') {
      id += pattern[at];
      continue;
    }
    switch (pattern[at + 1]) {
      case 'r': id += region.code; break;
      case 'a': id += account.id; break;
      default:
        for (int shift = 60; shift >= 0; shift -= 4) id += "0123456789abcdef"[(key >> shift) & 15];
    }
    at += 2;
  }
  return id;
}

}  // namespace farthing::sim
