#include "aws/iam.h"

#include <charconv>

#include "aws/protocol_internal.h"

namespace farthing::aws {
namespace {

constexpr QueryService kIam = {Service::kIam, "2010-05-08"};

// Which calls list what a role, a user or a group has.
struct Holder {
  std::string kind;  // "Role", "User", "Group"
  std::string name;
};

// Documents come URL-encoded (IAM API reference, RolePolicy); some S3- and IAM-compatible services leave that out.
std::string Document(pugi::xml_node node, const char* child) {
  std::string text = TextAt(node, child);
  return text.starts_with('{') ? text : http::PercentDecode(text);
}

Result<pugi::xml_document> CallIam(Client& client, const std::string& operation,
                                   http::Parameters form) {
  return CallQuery(client, kIam, operation, std::move(form));
}

Result<void> AddPolicies(Client& client, const Holder& holder, std::vector<RolePolicy>& policies) {
  const http::Parameters named = {{holder.kind + "Name", holder.name}};
  std::vector<RolePolicy> found;
  TRY(EveryPage(client, kIam, "List" + holder.kind + "Policies", named,
                [&](pugi::xml_node result) -> Result<void> {
                  for (const pugi::xml_node member : result.child("PolicyNames").children("member"))
                    found.push_back({member.text().get(), "", ""});
                  return {};
                }));
  TRY(EveryPage(
      client, kIam, "ListAttached" + holder.kind + "Policies", named,
      [&](pugi::xml_node result) -> Result<void> {
        for (const pugi::xml_node member : result.child("AttachedPolicies").children("member"))
          found.push_back({TextAt(member, "PolicyName"), TextAt(member, "PolicyArn"), ""});
        return {};
      }));
  for (RolePolicy& policy : found) {
    if (policy.arn.empty()) {
      const std::string operation = "Get" + holder.kind + "Policy";
      TRY_ASSIGN(const pugi::xml_document answer,
                 CallIam(client, operation,
                         {{holder.kind + "Name", holder.name}, {"PolicyName", policy.name}}));
      policy.document = Document(answer.document_element().child((operation + "Result").c_str()),
                                 "PolicyDocument");
    } else {
      TRY_ASSIGN(policy.document, ManagedPolicyDocument(client, policy.arn));
    }
    policies.push_back(std::move(policy));
  }
  return {};
}

// Absent where no boundary and no organisation is involved.
bool DeniedBy(pugi::xml_node given, const char* detail, const char* flag) {
  return TextAt(given.child(detail), flag) == "false";
}

}  // namespace

Result<std::string> ManagedPolicyDocument(Client& client, const std::string& arn) {
  TRY_ASSIGN(const pugi::xml_document policy, CallIam(client, "GetPolicy", {{"PolicyArn", arn}}));
  const std::string version = TextAt(
      policy.document_element().child("GetPolicyResult").child("Policy"), "DefaultVersionId");
  TRY_ASSIGN(const pugi::xml_document answer,
             CallIam(client, "GetPolicyVersion", {{"PolicyArn", arn}, {"VersionId", version}}));
  return Document(answer.document_element().child("GetPolicyVersionResult").child("PolicyVersion"),
                  "Document");
}

Result<Role> GetRole(Client& client, const std::string& name) {
  TRY_ASSIGN(const pugi::xml_document answer, CallIam(client, "GetRole", {{"RoleName", name}}));
  const pugi::xml_node given = answer.document_element().child("GetRoleResult").child("Role");
  Role role;
  role.arn = TextAt(given, "Arn");
  role.name = TextAt(given, "RoleName");
  role.trust_policy = Document(given, "AssumeRolePolicyDocument");
  role.permissions_boundary_arn =
      TextAt(given.child("PermissionsBoundary"), "PermissionsBoundaryArn");
  const std::string seconds = TextAt(given, "MaxSessionDuration");
  std::from_chars(seconds.data(), seconds.data() + seconds.size(), role.max_session_seconds);
  return role;
}

Result<std::string> UserBoundary(Client& client, const std::string& user_name) {
  TRY_ASSIGN(const pugi::xml_document answer,
             CallIam(client, "GetUser", {{"UserName", user_name}}));
  const pugi::xml_node given = answer.document_element().child("GetUserResult").child("User");
  return TextAt(given.child("PermissionsBoundary"), "PermissionsBoundaryArn");
}

Result<std::vector<RolePolicy>> RolePolicies(Client& client, const std::string& role_name) {
  std::vector<RolePolicy> policies;
  TRY(AddPolicies(client, {"Role", role_name}, policies));
  return policies;
}

Result<std::vector<RolePolicy>> UserPolicies(Client& client, const std::string& user_name) {
  std::vector<RolePolicy> policies;
  TRY(AddPolicies(client, {"User", user_name}, policies));
  std::vector<std::string> groups;
  TRY(EveryPage(client, kIam, "ListGroupsForUser", {{"UserName", user_name}},
                [&](pugi::xml_node result) -> Result<void> {
                  for (const pugi::xml_node member : result.child("Groups").children("member"))
                    groups.push_back(TextAt(member, "GroupName"));
                  return {};
                }));
  for (const std::string& group : groups) TRY(AddPolicies(client, {"Group", group}, policies));
  return policies;
}

Result<std::vector<SimulatedAction>> SimulatePrincipalPolicy(Client& client,
                                                             const Simulation& simulation) {
  http::Parameters form = {{"PolicySourceArn", simulation.principal_arn}};
  AddMembers(form, "ActionNames", simulation.actions);
  AddMembers(form, "ResourceArns", simulation.resources);
  for (std::size_t i = 0; i < simulation.context.size(); ++i) {
    const std::string entry = "ContextEntries.member." + std::to_string(i + 1);
    form.emplace_back(entry + ".ContextKeyName", simulation.context[i].first);
    form.emplace_back(entry + ".ContextKeyType", "string");
    AddMembers(form, entry + ".ContextKeyValues", simulation.context[i].second);
  }
  std::vector<SimulatedAction> simulated;
  const auto add = [&simulated](pugi::xml_node member) {
    SimulatedAction whole;
    whole.action = TextAt(member, "EvalActionName");
    whole.resource = TextAt(member, "EvalResourceName");
    whole.decision = TextAt(member, "EvalDecision");
    const char* const boundary = "PermissionsBoundaryDecisionDetail";
    const char* const by_boundary = "AllowedByPermissionsBoundary";
    whole.organization_allows =
        !DeniedBy(member, "OrganizationsDecisionDetail", "AllowedByOrganizations");
    whole.boundary_allows = !DeniedBy(member, boundary, by_boundary);
    const pugi::xml_node each = member.child("ResourceSpecificResults");
    if (!each.child("member")) simulated.push_back(whole);
    for (const pugi::xml_node resource : each.children("member")) {
      SimulatedAction one = whole;
      one.resource = TextAt(resource, "EvalResourceName");
      one.decision = TextAt(resource, "EvalResourceDecision");
      if (resource.child(boundary))
        one.boundary_allows = !DeniedBy(resource, boundary, by_boundary);
      simulated.push_back(std::move(one));
    }
  };
  TRY(EveryPage(
      client, kIam, "SimulatePrincipalPolicy", form, [&](pugi::xml_node result) -> Result<void> {
        for (const pugi::xml_node member : result.child("EvaluationResults").children("member"))
          add(member);
        return {};
      }));
  return simulated;
}

}  // namespace farthing::aws
