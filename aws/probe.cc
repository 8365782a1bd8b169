#include "aws/probe.h"

#include <algorithm>
#include <array>

#include "aws/error.h"
#include "aws/protocol_internal.h"

namespace farthing::aws {
namespace {

constexpr QueryService kEc2 = {Service::kEc2, "2016-11-15"};
constexpr QueryService kLoadBalancing = {Service::kLoadBalancing, "2015-12-01"};
constexpr JsonService kCloudWatch = {Service::kCloudWatch, "GraniteServiceVersion20100801", "1.0"};
constexpr JsonService kOptimizationHub = {Service::kCostOptimizationHub,
                                          "CostOptimizationHubService", "1.0"};
constexpr JsonService kComputeOptimizer = {Service::kComputeOptimizer, "ComputeOptimizerService",
                                           "1.0"};
constexpr JsonService kSupport = {Service::kSupport, "AWSSupport_20130415", "1.1"};

/// A call in either protocol; `input` is a form for query services and JSON for the others.
struct Attempt {
  std::string_view action;
  const QueryService* query;
  const JsonService* json;
  std::string_view input;
};

constexpr std::array kAttempts = {
    Attempt{"ec2:DescribeRegions", &kEc2, nullptr, ""},
    Attempt{"ec2:DescribeInstances", &kEc2, nullptr, "MaxResults=5"},
    Attempt{"ec2:DescribeVolumes", &kEc2, nullptr, "MaxResults=5"},
    Attempt{"ec2:DescribeSnapshots", &kEc2, nullptr, "MaxResults=5&Owner.1=self"},
    Attempt{"ec2:DescribeAddresses", &kEc2, nullptr, ""},
    Attempt{"elasticloadbalancing:DescribeLoadBalancers", &kLoadBalancing, nullptr, "PageSize=1"},
    Attempt{"cloudwatch:ListMetrics", nullptr, &kCloudWatch, R"({"Namespace":"AWS/Billing"})"},
    // A window in the past without data; one metric costs 0.00001 USD.
    Attempt{
        "cloudwatch:GetMetricData", nullptr, &kCloudWatch,
        R"({"StartTime":1767225600,"EndTime":1767229200,"MetricDataQueries":[{"Id":"m","MetricStat":)"
        R"({"Metric":{"Namespace":"AWS/Billing","MetricName":"EstimatedCharges"},"Period":3600,)"
        R"("Stat":"Maximum"}}]})"},
    Attempt{"cost-optimization-hub:ListEnrollmentStatuses", nullptr, &kOptimizationHub, "{}"},
    Attempt{"cost-optimization-hub:ListRecommendations", nullptr, &kOptimizationHub,
            R"({"maxResults":1})"},
    Attempt{"compute-optimizer:GetEnrollmentStatus", nullptr, &kComputeOptimizer, "{}"},
    Attempt{"compute-optimizer:GetEC2InstanceRecommendations", nullptr, &kComputeOptimizer,
            R"({"maxResults":1})"},
    Attempt{"compute-optimizer:GetEBSVolumeRecommendations", nullptr, &kComputeOptimizer,
            R"({"maxResults":1})"},
    Attempt{"support:DescribeTrustedAdvisorChecks", nullptr, &kSupport, R"({"language":"en"})"},
    // An id of no check: AWS answers with a refusal that is not a denial.
    Attempt{"support:DescribeTrustedAdvisorCheckResult", nullptr, &kSupport,
            R"({"checkId":"none","language":"en"})"},
};

const Attempt* Find(std::string_view action) {
  const auto* found = std::find_if(kAttempts.begin(), kAttempts.end(),
                                   [&](const Attempt& a) { return a.action == action; });
  return found == kAttempts.end() ? nullptr : found;
}

/// A refusal of the arguments means that the caller was let in; one that asks to opt in is no such thing.
bool IsOnlyAboutArguments(const Error& error) {
  const std::string_view code = AwsCode(error);
  return error.code() == Errc::kInvalidArgument && !code.empty() &&
         code.find("OptIn") == std::string_view::npos && code != "UnknownOperationException";
}

}  // namespace

bool HasProbe(std::string_view action) { return Find(action) != nullptr; }

Result<void> Probe(Client& client, std::string_view action) {
  const Attempt* attempt = Find(action);
  if (attempt == nullptr) {
    return Error(Errc::kInvalidArgument, "there is no cheap call of " + std::string(action));
  }
  const std::string operation(action.substr(action.find(':') + 1));
  Result<void> outcome;
  if (attempt->query != nullptr) {
    auto answer = CallQuery(client, *attempt->query, operation, http::DecodeQuery(attempt->input));
    if (!answer.ok()) outcome = std::move(answer).error();
  } else {
    const json::value input =
        json::parse(json::string_view(attempt->input.data(), attempt->input.size()));
    auto answer = CallJson(client, *attempt->json, operation, input.get_object());
    if (!answer.ok()) outcome = std::move(answer).error();
  }
  if (!outcome.ok() && IsOnlyAboutArguments(outcome.error())) return {};
  return outcome;
}

}  // namespace farthing::aws
