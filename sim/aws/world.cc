#include "sim/aws/world.h"

#include "sim/line.h"

namespace farthing::rehearsal {
namespace {

constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kPlatformAccount = "112233445566";

constexpr std::string_view kAdministratorAccess =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})";
constexpr std::string_view kAssumeAnyRole =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]})";

/// Managed by AWS, cut down to the services that stand here.
struct AwsPolicy {
  std::string_view path, name, document;
};
constexpr AwsPolicy kAwsPolicies[] = {
    {"/", "AdministratorAccess", kAdministratorAccess},
    {"/", "ReadOnlyAccess",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["bcm-data-exports:Get*","bcm-data-exports:List*","budgets:Describe*","budgets:View*","ce:Describe*","ce:Get*","ce:List*","cloudformation:Describe*","cloudformation:List*","cloudwatch:Get*","cloudwatch:List*","cur:Describe*","ec2:Describe*","elasticloadbalancing:Describe*","iam:Get*","iam:List*","iam:SimulatePrincipalPolicy","organizations:Describe*","organizations:List*","s3:Get*","s3:List*","tag:Get*"],"Resource":"*"}]})"},
    {"/job-function/", "ViewOnlyAccess",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudformation:DescribeStacks","cloudwatch:ListMetrics","ec2:DescribeAddresses","ec2:DescribeInstances","ec2:DescribeRegions","ec2:DescribeSnapshots","ec2:DescribeVolumes","elasticloadbalancing:Describe*","iam:ListRoles","iam:ListRolePolicies","iam:ListAttachedRolePolicies","organizations:DescribeOrganization","s3:ListAllMyBuckets","s3:ListBucket"],"Resource":"*"}]})"},
    {"/", "AWSBillingReadOnlyAccess",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["bcm-data-exports:GetExport","bcm-data-exports:ListExports","bcm-data-exports:GetExecution","bcm-data-exports:ListExecutions","budgets:Describe*","budgets:View*","ce:Describe*","ce:Get*","ce:List*","cur:Describe*","organizations:ListAccounts"],"Resource":"*"}]})"},
};

}  // namespace

const std::string& ManagedPolicy::document() const {
  for (const Version& version : versions) {
    if (version.id == default_version) return version.document;
  }
  return versions.front().document;
}

sim::Numbers NumbersOf(const Options& options) {
  return {options.organization, !options.in_organization};
}

World::World(const Options& chosen) : options(chosen) {
  if (options.clock) moved_micros = options.clock->micros - wall().micros;
  started = billed_until = next_refresh = now();
  AddManagedPolicies();
  AddOrganization();
}

std::string World::RandomText(std::string_view alphabet, std::size_t length) {
  std::string text;
  while (text.size() < length) {
    text += alphabet[sim::Mix(options.seed ^ 0x5eed, NextNumber()) % alphabet.size()];
  }
  return text;
}

std::string World::Uuid() {
  std::string text = RandomText(kHex, 32);
  text[12] = '4';
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, "-");
  return text;
}

void World::AddManagedPolicies() {
  for (const AwsPolicy& each : kAwsPolicies) {
    ManagedPolicy policy;
    policy.name = each.name;
    policy.path = each.path;
    policy.arn = "arn:aws:iam::aws:policy" + policy.path + policy.name;
    policy.id = "ANPA" + RandomText(kBase32, 17);
    policy.created = {1'423'000'000'000'000};
    policy.versions.push_back({"v1", std::string(each.document), policy.created});
    aws_policies_[policy.arn] = std::move(policy);
  }
}

void World::AddOrganization() {
  const sim::Renumbering renumbering(NumbersOf(options));
  payer = renumbering.payer().id;
  organization_id = "o-exampleorg" + std::to_string(options.organization);
  platform_account = kPlatformAccount;
  const Instant joined{now().micros - std::int64_t{400} * 86'400'000'000};
  const auto add = [&](const sim::Account& each, std::string_view unit) {
    Account account;
    account.id = each.id;
    account.name = each.name;
    account.email = "aws+" + account.name + "@example.com";
    account.unit = unit;
    account.joined = joined;
    accounts[account.id] = std::move(account);
  };
  add(renumbering.payer(), options.in_organization ? kRootId : "");
  for (const sim::Account& each : renumbering.linked()) {
    add(each, each.business_unit == "data" ? kUnits[2].id
              : each.environment == "prod" ? kUnits[0].id
                                           : kUnits[1].id);
  }
  Account platform;
  platform.id = platform_account;
  platform.name = "cost-platform";
  platform.email = "aws+cost-platform@example.com";
  platform.joined = joined;
  accounts[platform.id] = std::move(platform);

  for (auto& [id, account] : accounts) {
    AddUser(account, "admin").attached = {"arn:aws:iam::aws:policy/AdministratorAccess"};
    CreateAccessKey(id, "admin");
  }
  AddUser(accounts[platform_account], "farthing").inline_policies["assume-roles"] = kAssumeAnyRole;
  CreateAccessKey(platform_account, "farthing");
  for (const std::string_view key : {"CostCenter", "Env", "team"}) {
    tags.push_back({std::string(key), true, true, joined});
  }
  tags.push_back({"aws:createdBy", false, true, joined});
}

Entity& World::AddUser(Account& account, const std::string& name) {
  Entity user;
  user.name = name;
  user.arn = "arn:aws:iam::" + account.id + ":user/" + name;
  user.id = "AIDA" + RandomText(kBase32, 17);
  user.created = now();
  return account.users[name] = std::move(user);
}

AccessKey& World::CreateAccessKey(const std::string& account_id, const std::string& user_name) {
  AccessKey key{"AKIA" + RandomText(kBase32, 16),
                RandomText(kBase64, 40),
                account_id,
                user_name,
                now(),
                true};
  const std::string id = key.id;
  return access_keys[id] = std::move(key);
}

Account* World::FindAccount(std::string_view id) {
  const auto found = accounts.find(std::string(id));
  return found == accounts.end() ? nullptr : &found->second;
}

Entity* World::FindRole(std::string_view arn) {
  // arn:aws:iam::<12>:role/path/name
  constexpr std::string_view kStart = "arn:aws:iam::";
  if (!arn.starts_with(kStart) || arn.size() < kStart.size() + 12) return nullptr;
  Account* account = FindAccount(arn.substr(kStart.size(), 12));
  const auto slash = arn.rfind('/');
  if (account == nullptr || slash == std::string_view::npos) return nullptr;
  const auto found = account->roles.find(std::string(arn.substr(slash + 1)));
  return found == account->roles.end() || found->second.arn != arn ? nullptr : &found->second;
}

const ManagedPolicy* World::FindPolicy(std::string_view arn) const {
  const std::string name(arn);
  if (const auto found = aws_policies_.find(name); found != aws_policies_.end()) {
    return &found->second;
  }
  for (const auto& [id, account] : accounts) {
    if (const auto found = account.policies.find(name); found != account.policies.end()) {
      return &found->second;
    }
  }
  return nullptr;
}

Export* World::FindExport(std::string_view arn) {
  for (const auto& each : exports) {
    if (each->arn == arn) return each.get();
  }
  return nullptr;
}

std::vector<std::string> World::OrganizationPath(std::string_view account_id) const {
  const auto found = accounts.find(std::string(account_id));
  if (found == accounts.end() || found->second.unit.empty()) return {};
  std::vector<std::string> path = {found->second.id};
  for (std::string above = found->second.unit; !above.empty();) {
    path.insert(path.begin(), above);
    std::string parent;
    for (const OrganizationUnit& unit : kUnits) {
      if (unit.id == above) parent = unit.parent;
    }
    above = parent;
  }
  return path;
}

namespace {

/// Documents were checked when they were put.
void AddPolicy(std::vector<Policy>& list, std::string_view document) {
  if (auto policy = Policy::Parse(document, PolicyKind::kIdentity); policy.ok()) {
    list.push_back(*std::move(policy));
  }
}

}  // namespace

PolicySet World::PoliciesOf(const Caller& caller) const {
  PolicySet set;
  const auto found = accounts.find(caller.account_id);
  if (found == accounts.end()) return set;
  const Account& account = found->second;
  const auto add_entity = [&](const Entity& entity) {
    for (const auto& [name, document] : entity.inline_policies) AddPolicy(set.identity, document);
    for (const std::string& arn : entity.attached) {
      if (const ManagedPolicy* policy = FindPolicy(arn))
        AddPolicy(set.identity, policy->document());
    }
  };
  const auto& entities = caller.role_name.empty() ? account.users : account.roles;
  const auto self = entities.find(caller.role_name.empty() ? caller.user_name : caller.role_name);
  if (self != entities.end()) {
    add_entity(self->second);
    for (const std::string& group : self->second.groups) {
      if (const auto each = account.groups.find(group); each != account.groups.end()) {
        add_entity(each->second);
      }
    }
    if (!self->second.boundary.empty()) {
      set.boundary.emplace();
      if (const ManagedPolicy* policy = FindPolicy(self->second.boundary)) {
        AddPolicy(*set.boundary, policy->document());
      }
    }
  }
  if (!caller.session_policy.empty()) AddPolicy(set.session.emplace(), caller.session_policy);
  if (caller.account_id == payer) return set;  // SCPs do not bind the management account
  for (const std::string& level : OrganizationPath(caller.account_id)) {
    std::vector<Policy>& here = set.scps.emplace_back();
    AddPolicy(here, kAdministratorAccess);  // FullAWSAccess is attached everywhere
    for (const ServiceControlPolicy& scp : scps) {
      if (scp.target == level) AddPolicy(here, scp.document);
    }
  }
  return set;
}

}  // namespace farthing::rehearsal
