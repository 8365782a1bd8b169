#include <algorithm>

#include "aws/cost_explorer.h"
#include "aws/error.h"
#include "aws/organizations.h"
#include "aws/probe.h"
#include "base/shell_words.h"
#include "base/text.h"
#include "connect/checks/checks_internal.h"
#include "connect/grants/permissions.h"
#include "connect/spending.h"

// The account around the bill: its organisation, its tags, Cost Explorer, and what other sets allow.

namespace farthing::connect {
namespace {

using enum PermissionSet;

/// The action behind the call that was refused, for services whose checks make several.
std::string ActionOf(const Error& error, std::string_view otherwise) {
  const std::string_view operation = error.detail(aws::kOperationDetail);
  return std::string(operation.empty() ? otherwise : operation);
}

Verdict CheckOrganization(CheckContext& context) {
  const auto organization = aws::DescribeOrganization(*context.client);
  if (!organization.ok()) {
    return Refused(organization.error(), "the organisation cannot be read",
                   "organizations:DescribeOrganization");
  }
  const Settings& settings = context.settings();
  if (!*organization) {
    if (settings.type == ConnectionType::kPayerKeys) {
      return Fail(
          "the account is in no organisation", "keys of a payer need AWS Organizations",
          "enable AWS Organizations with consolidated billing, or connect the account by a role");
    }
    return Warn(
        "the account is in no organisation", "its bill covers itself only",
        "enable AWS Organizations with consolidated billing before connecting more accounts");
  }
  const aws::Organization& found = **organization;
  if (found.management_account_id != settings.account_id &&
      settings.type != ConnectionType::kMember) {
    return Warn(
        "this is a member account; the management account is " + found.management_account_id,
        "a member's bill lacks the organisation's other accounts and shared discounts",
        "connect " + found.management_account_id +
            " first; is this the right account? Use type member for an account with a report of "
            "its own");
  }
  if (found.feature_set != "ALL") {
    return Warn("the organisation has consolidated billing only",
                "StackSets for member accounts need all features",
                "enable all features in AWS Organizations if member accounts shall be discovered");
  }
  return Pass("organisation " + found.id + " with all features and consolidated billing");
}

Verdict CheckMemberAccounts(CheckContext& context) {
  const auto accounts = aws::ListAccounts(*context.client);
  if (!accounts.ok()) {
    if (aws::AwsCode(accounts.error()) == "AWSOrganizationsNotInUseException")
      return Skip("there is no organisation");
    return Refused(accounts.error(), "member accounts cannot be listed",
                   "organizations:ListAccounts");
  }
  return Pass(std::to_string(accounts->size()) + " accounts with their names");
}

Verdict CheckOrganizationUnits(CheckContext& context) {
  const auto units = aws::ListUnits(*context.client);
  if (!units.ok()) {
    if (aws::AwsCode(units.error()) == "AWSOrganizationsNotInUseException")
      return Skip("there is no organisation");
    return Refused(units.error(), "the organisation's units cannot be read",
                   ActionOf(units.error(), "organizations:ListRoots"));
  }
  return Pass(std::to_string(units->size()) + " roots and units");
}

/// AWS calls it a denial as well when nobody has switched Cost Explorer on.
Verdict CostExplorerRefusal(const Error& error, std::string finding, std::string_view action) {
  Verdict verdict = Refused(error, std::move(finding), action);
  if (error.detail(aws::kMessageDetail).find("not enabled") == std::string_view::npos) {
    return verdict;
  }
  verdict.action.clear();
  verdict.cause = "Cost Explorer, or IAM access to billing, is not enabled for the account";
  verdict.fix =
      "open Cost Explorer once in the console, and let the root user activate IAM access to "
      "billing";
  return verdict;
}

constexpr std::string_view kAskedAt = "asked_at";
constexpr std::int64_t kWeekMicros = std::int64_t{7 * 86'400} * 1'000'000;

/// What Cost Explorer answered less than a week ago, where nobody asks for it now.
std::optional<Verdict> AnsweredBefore(const CheckContext& context) {
  const CheckReport* previous = context.options.previous;
  const CheckResult* last = previous == nullptr ? nullptr : previous->Find(check_id::kCostExplorer);
  if (!context.options.is_scheduled || last == nullptr || last->status != CheckStatus::kPass) {
    return std::nullopt;
  }
  for (const Error::Detail& detail : last->evidence) {
    if (detail.name != kAskedAt) continue;
    const Result<Instant> at = ParseInstant(detail.value);
    if (!at.ok() || context.report.at.micros - at->micros >= kWeekMicros) break;
    Verdict verdict = Pass("Cost Explorer answered on " + DayString(*at) +
                           "; a schedule asks once a week, since each question costs 0.01 USD");
    verdict.evidence.push_back(detail);
    return verdict;
  }
  return std::nullopt;
}

Verdict CheckCostExplorer(CheckContext& context) {
  if (auto verdict = AnsweredBefore(context)) return *std::move(verdict);
  aws::CostQuery query;
  // AWS refuses days that lie ahead by its own clock.
  const Instant now{context.report.at.micros + context.client->clock_skew_ms() * 1000};
  query.end = DayString(now);
  query.start = DayString({now.micros - std::int64_t{86'400} * 1'000'000});
  query.metrics = {"UnblendedCost"};
  std::optional<Spending> spending;
  std::shared_ptr<aws::Client> client = context.client;
  if (context.options.ledger != nullptr) {
    spending.emplace(*context.options.ledger, context.connection);
    client = Metered(client, *spending, "check");
  }
  const auto answer = aws::GetCostAndUsage(*client, query, 1);
  if (!answer.ok() && !answer.error().detail("spending_cap").empty()) {
    return Skip("not asked: the spending cap of this month is reached, US$" +
                std::string(answer.error().detail("spending_cap")));
  }
  if (answer.ok()) {
    Verdict verdict = Pass("Cost Explorer answers (this question cost 0.01 USD)");
    verdict.evidence.push_back({std::string(kAskedAt), ToString(context.report.at)});
    return verdict;
  }
  if (aws::AwsCode(answer.error()) == "DataUnavailableException") {
    return Warn("Cost Explorer has no data yet", "it was enabled less than a day ago, or never",
                "open Cost Explorer once in the console of the management account; data comes "
                "within 24 hours");
  }
  return CostExplorerRefusal(answer.error(), "Cost Explorer refuses", "ce:GetCostAndUsage");
}

Verdict CheckAllocationTags(CheckContext& context) {
  const auto tags = aws::ListCostAllocationTags(*context.client);
  if (!tags.ok()) {
    return CostExplorerRefusal(tags.error(), "cost allocation tags cannot be listed",
                               "ce:ListCostAllocationTags");
  }
  const auto active = std::count_if(tags->begin(), tags->end(), [](const aws::AllocationTag& tag) {
    return tag.status == "Active";
  });
  if (active == 0) {
    return Warn("none of " + std::to_string(tags->size()) + " tags is active",
                "the bill carries no tags",
                "activate tags under Billing and Cost Management, Cost allocation tags, or: " +
                    CommandLine({"farthing", "tags", context.settings().name, "activate", "KEY"}) +
                    "; earlier months need a backfill");
  }
  return Pass(std::to_string(active) + " of " + std::to_string(tags->size()) + " tags are active");
}

/// Tries every action that the check's permissions name; what AWS calls "not enrolled" is no failure.
Verdict ProbeAll(CheckContext& context, std::string_view id, PermissionSet set) {
  const Result<std::vector<Permission>> needed =
      NeededPermissions({set}, ScopeOf(context.settings()));
  if (!needed.ok()) return Refused(needed.error(), "what is needed cannot be told", "");
  std::vector<std::string> tried;
  for (const Permission& permission : *needed) {
    if (permission.needed_by != id || !aws::HasProbe(permission.action)) continue;
    const Result<void> probe = aws::Probe(*context.client, permission.action);
    tried.emplace_back(permission.action);
    if (probe.ok()) continue;
    const std::string_view code = aws::AwsCode(probe.error());
    if (code == "SubscriptionRequiredException") {
      return Warn("Trusted Advisor's API is not part of the support plan",
                  "it needs Business support or better",
                  "nothing needs doing; recommendations come from the other sources");
    }
    const bool enrolled =
        probe.error().detail(aws::kMessageDetail).find("not enrolled") == std::string_view::npos;
    if (!enrolled || code.find("OptIn") != std::string_view::npos) {
      return Warn("the service is not switched on for the account", "AWS asks to opt in first",
                  "opt in in the console of the management account; there is no charge");
    }
    return Refused(probe.error(), std::string(permission.action) + " is refused",
                   permission.action);
  }
  return Pass(Join(tried, ", ") + (tried.size() == 1 ? " answers" : " answer"));
}

Verdict CheckMetrics(CheckContext& c) { return ProbeAll(c, check_id::kMetrics, kCloudWatch); }
Verdict CheckResources(CheckContext& c) {
  return ProbeAll(c, check_id::kResources, PermissionSet::kResources);
}
Verdict CheckHub(CheckContext& c) {
  return ProbeAll(c, check_id::kOptimizationHub, kRecommendations);
}
Verdict CheckOptimizer(CheckContext& c) {
  return ProbeAll(c, check_id::kComputeOptimizer, kRecommendations);
}
Verdict CheckAdvisor(CheckContext& c) {
  return ProbeAll(c, check_id::kTrustedAdvisor, kRecommendations);
}

/// A check of what AWS answers to the management account alone, whatever a member's role allows.
template <Verdict (*kRun)(CheckContext&)>
Verdict OfManagement(CheckContext& context) {
  if (context.settings().type == ConnectionType::kMember) {
    return Skip("only the management account may ask");
  }
  return kRun(context);
}

bool SeesTags(const Settings& settings) {
  return Grants<PermissionSet::kCostExplorer>(settings) || Grants<kTagActivation>(settings);
}

}  // namespace

std::vector<CheckRow> AccountChecks() {
  return {
      {check_id::kOrganization,
       "the organisation",
       "is this the management account, with consolidated billing",
       {"identity"},
       Grants<PermissionSet::kOrganization>,
       CheckOrganization},
      {check_id::kMemberAccounts,
       "member accounts",
       "can accounts be listed with their names",
       {"identity"},
       Grants<PermissionSet::kOrganization>,
       OfManagement<CheckMemberAccounts>},
      {check_id::kOrganizationUnits,
       "organisational units",
       "can the tree be read",
       {"identity"},
       Grants<PermissionSet::kOrganization>,
       OfManagement<CheckOrganizationUnits>},
      {check_id::kCostExplorer,
       "Cost Explorer",
       "are first-day figures and reconciliation possible",
       {"identity"},
       Grants<PermissionSet::kCostExplorer>,
       CheckCostExplorer},
      {check_id::kAllocationTags,
       "cost allocation tags",
       "does the bill carry tags",
       {"identity"},
       SeesTags,
       OfManagement<CheckAllocationTags>},
      {check_id::kMetrics,
       "CloudWatch metrics",
       "can metrics for unit costs be read",
       {"identity"},
       Grants<kCloudWatch>,
       CheckMetrics},
      {check_id::kResources,
       "resources",
       "can resources be discovered",
       {"identity"},
       Grants<PermissionSet::kResources>,
       CheckResources},
      {check_id::kOptimizationHub,
       "Cost Optimization Hub",
       "can its recommendations be read",
       {"identity"},
       Grants<kRecommendations>,
       CheckHub},
      {check_id::kComputeOptimizer,
       "Compute Optimizer",
       "can its recommendations be read",
       {"identity"},
       Grants<kRecommendations>,
       CheckOptimizer},
      {check_id::kTrustedAdvisor,
       "Trusted Advisor",
       "can its results be read",
       {"identity"},
       Grants<kRecommendations>,
       CheckAdvisor},
  };
}

}  // namespace farthing::connect
