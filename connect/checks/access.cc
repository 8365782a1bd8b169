#include <algorithm>

#include "aws/error.h"
#include "aws/iam.h"
#include "base/text.h"
#include "connect/checks/checks_internal.h"
#include "connect/grants/permissions.h"
#include "connect/grants/policy_document.h"
#include "connect/grants/policy_trust.h"
#include "connect/store.h"

// Who we are, who we become, and whether anybody else could become it too.

namespace farthing::connect {
namespace {

constexpr int kNewRoleSeconds = 60;
constexpr int kNewRolePauseSeconds = 5;

/// "arn:aws:sts::1:assumed-role/name/session" → "arn:aws:iam::1:role/name"; others stay.
std::string PrincipalOf(const std::string& arn) {
  const Result<aws::Arn> parsed = aws::ParseArn(arn);
  if (!parsed.ok() || !parsed->resource.starts_with("assumed-role/")) return arn;
  const std::vector<std::string> parts = Split(parsed->resource, '/');
  return parts.size() < 2 ? arn : RoleArn(parsed->partition, parsed->account_id, parts[1]);
}

Verdict CheckCredentials(CheckContext& context) {
  context.caller = PlatformClient(context.platform, context.settings().profile);
  const Result<aws::CallerIdentity> identity = aws::GetCallerIdentity(*context.caller);
  if (!identity.ok()) {
    Verdict verdict =
        Refused(identity.error(), "Farthing has no AWS identity of its own", "", "Unauthorized");
    if (verdict.fix.empty()) {
      verdict.fix =
          "run Farthing with credentials that may call sts:AssumeRole: a profile, an instance "
          "role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
    }
    return verdict;
  }
  context.platform_arn = context.options.platform_principal.empty()
                             ? PrincipalOf(identity->arn)
                             : context.options.platform_principal;
  return Pass("Farthing acts as " + identity->arn);
}

Verdict CheckIdentity(CheckContext& context) {
  const Settings& settings = context.settings();
  Result<std::shared_ptr<aws::Client>> client =
      ClientFor(context.connection, context.platform, context.secrets);
  if (!client.ok())
    return Refused(client.error(), "there are no credentials to try", "", "Unauthorized");
  context.client = *client;
  Result<aws::CallerIdentity> identity = aws::GetCallerIdentity(*context.client);
  // A role that was made a moment ago is not known everywhere in AWS yet.
  const int tries = context.options.is_new_role ? kNewRoleSeconds / kNewRolePauseSeconds : 0;
  for (int i = 0; i < tries && !identity.ok() && identity.error().code() == Errc::kPermissionDenied;
       ++i) {
    if (context.platform.environment.sleep) {
      context.platform.environment.sleep(std::chrono::seconds(kNewRolePauseSeconds));
    } else {
      std::this_thread::sleep_for(std::chrono::seconds(kNewRolePauseSeconds));
    }
    identity = aws::GetCallerIdentity(*context.client);
  }
  if (!identity.ok() && !settings.role_arn.empty()) {
    Verdict verdict = Refused(identity.error(), "the role cannot be assumed: " + settings.role_arn,
                              "", "FailedToAssumeRole");
    if (identity.error().code() == Errc::kPermissionDenied) {
      verdict.cause =
          "the role does not exist, does not trust " + context.platform_arn +
          ", demands another external ID or MFA, or a policy denies it; AWS does not say which";
      verdict.fix = "create the role with: " + HowToPrint(context, "cloudformation") +
                    "; or compare its trust policy with: " + HowToPrint(context, "trust");
    }
    return verdict;
  }
  if (!identity.ok()) {
    return Refused(identity.error(), "the access key is refused", "", "Unauthorized");
  }
  context.identity = *identity;
  if (identity->account_id != settings.account_id) {
    return Fail("the credentials belong to account " + identity->account_id,
                "the connection is for account " + settings.account_id,
                "sign in to account " + settings.account_id +
                    " and create the role or key there, or create a connection for " +
                    identity->account_id);
  }
  return Pass("account " + identity->account_id + " as " + identity->arn);
}

/// AssumeRole that must be refused.  Returns nothing when it was, as it should be.
std::optional<Verdict> MustBeRefused(CheckContext& context, std::optional<std::string> external_id,
                                     const std::string& how) {
  aws::AssumeRoleRequest request;
  request.role_arn = context.settings().role_arn;
  request.external_id = std::move(external_id);
  request.session_name = "farthing-negative-test";
  request.duration_seconds = 900;
  const Result<aws::Credentials> credentials = aws::AssumeRole(*context.caller, request);
  if (!credentials.ok() && credentials.error().code() == Errc::kPermissionDenied)
    return std::nullopt;
  if (!credentials.ok()) {
    Verdict verdict = Refused(credentials.error(), "the test could not be made", "");
    verdict.status = CheckStatus::kWarning;
    return verdict;
  }
  return Fail(
      "the role can be assumed " + how,
      "its trust policy does not demand the external ID, so that anybody who reaches Farthing's "
      "identity could be tricked into reading this account (confused deputy)",
      "add to the trust policy's statement: \"Condition\": {\"StringEquals\": "
      "{\"sts:ExternalId\": \"" +
          context.settings().external_id +
          "\"}}; the whole policy: " + HowToPrint(context, "trust"));
}

Verdict CheckExternalId(CheckContext& context) {
  if (auto verdict = MustBeRefused(context, std::nullopt, "without an external ID"))
    return *verdict;
  if (auto verdict = MustBeRefused(context, NewExternalId(), "with a wrong external ID"))
    return *verdict;
  if (context.settings().external_id_adopted) {
    return Warn("the role demands an external ID that was chosen elsewhere",
                "an ID that somebody chose may be guessed or be in use for another customer",
                "create a new connection with an ID made by Farthing, change the trust policy, and "
                "disconnect this one");
  }
  return Pass("without and with a wrong external ID the role refuses");
}

const PolicyCondition* Find(const PolicyStatement& statement, std::string_view key) {
  const auto found =
      std::find_if(statement.conditions.begin(), statement.conditions.end(),
                   [&](const PolicyCondition& c) { return EqualsIgnoreCase(c.key, key); });
  return found == statement.conditions.end() ? nullptr : &*found;
}

bool DemandsMfa(const PolicyStatement& statement) {
  return Find(statement, "aws:MultiFactorAuthPresent") != nullptr ||
         Find(statement, "aws:MultiFactorAuthAge") != nullptr;
}

/// Whether everybody is meant, without a condition that leaves one account, organisation or principal of them.
bool LetsEverybodyIn(const PolicyStatement& statement) {
  const bool everybody = std::any_of(statement.principals.begin(), statement.principals.end(),
                                     [](const auto& p) { return p.second == "*"; });
  if (!everybody && statement.not_principals.empty()) return false;
  constexpr std::string_view kNarrows[] = {"aws:PrincipalAccount", "aws:PrincipalArn",
                                           "aws:PrincipalOrgID", "aws:PrincipalOrgPaths"};
  return std::none_of(std::begin(kNarrows), std::end(kNarrows), [&](std::string_view key) {
    const PolicyCondition* condition = Find(statement, key);
    return condition != nullptr && !condition->operation.ends_with("IfExists") &&
           condition->operation.find("Not") == std::string::npos &&
           !std::count(condition->values.begin(), condition->values.end(), "*");
  });
}

/// One who is let in beside us, and how far open the door is.
std::string Guest(const PolicyDocument& trust, const PolicyStatement& statement,
                  const std::string& kind, const std::string& principal) {
  if (kind == "Service") return principal + " (a service of AWS, for whoever may use it)";
  if (kind == "Federated") {
    return principal + " (whoever signs in there" +
           (statement.conditions.empty() ? ", without any condition)" : ")");
  }
  if (principal == "*") return "everybody that its conditions leave";
  return principal +
         (LetsIn(trust, statement, principal, std::nullopt) ? " (without external ID)" : "");
}

/// Whether the trust lets Farthing in as it should, and nobody else.
Verdict JudgeTrust(const PolicyDocument& trust, const std::string& us, const std::string& our_id,
                   const std::string& show) {
  std::vector<std::string> guests, others;
  for (const PolicyStatement& statement : trust.statements) {
    if (statement.is_deny || !ConcernsAssuming(statement)) continue;
    if (LetsEverybodyIn(statement)) {
      return Fail("the role trusts everybody",
                  statement.not_principals.empty()
                      ? "the principal is *"
                      : "NotPrincipal lets everybody in but those it names",
                  "name Farthing alone: " + us + "; " + show);
    }
    for (const auto& [kind, principal] : statement.principals) {
      if (principal != us) {
        guests.push_back(Guest(trust, statement, kind, principal));
        continue;
      }
      if (DemandsMfa(statement)) {
        return Fail("the trust policy demands MFA", "a program has no MFA device",
                    "clear Require MFA; " + show);
      }
      if (LetsIn(trust, statement, us, std::nullopt)) {
        return Fail("the trust policy does not demand sts:ExternalId",
                    "a statement for " + principal + " lets in without one", show);
      }
      if (LetsIn(trust, statement, us, NewExternalId())) {
        return Fail("the trust policy does not demand our sts:ExternalId",
                    "a statement for " + principal + " lets in with any other, too", show);
      }
      for (const std::string& id : NamedExternalIds(trust)) {
        // Case is the one thing that nobody gains anything by.
        if (!EqualsIgnoreCase(id, our_id) && LetsIn(trust, statement, us, id) &&
            std::find(others.begin(), others.end(), id) == others.end()) {
          others.push_back(id);
        }
      }
    }
    if (!statement.not_principals.empty()) guests.push_back(Guest(trust, statement, "*", "*"));
  }
  if (!guests.empty()) {
    return Warn("the role also trusts " + Join(guests, ", "),
                "the trust is wider than Farthing needs, which is " + us, show);
  }
  if (!others.empty()) {
    return Warn("the role also accepts another external ID: " + Join(others, ", "),
                "whoever reaches Farthing's identity with that ID could read this account", show);
  }
  return Pass("only " + us + " with the external ID may assume it; no MFA");
}

Verdict CheckRoleTrust(CheckContext& context) {
  const Settings& settings = context.settings();
  const Result<aws::Role> role = aws::GetRole(*context.client, RoleName(settings.role_arn));
  if (!role.ok()) return Refused(role.error(), "the trust policy cannot be read", "iam:GetRole");
  context.boundary_arn = role->permissions_boundary_arn;
  const Result<PolicyDocument> trust = ParsePolicyDocument(role->trust_policy);
  if (!trust.ok()) return Refused(trust.error(), "the trust policy cannot be understood", "");
  const std::string show = "replace it by: " + HowToPrint(context, "trust");
  return JudgeTrust(*trust, context.platform_arn, settings.external_id, show);
}

}  // namespace

std::vector<CheckRow> AccessChecks() {
  return {
      {"credentials",
       "Farthing's own AWS identity",
       "can Farthing sign requests at all",
       {},
       HasRole,
       CheckCredentials,
       Stake::kReading},
      {"identity",
       "the connection's account",
       "are these credentials of the account that was named",
       {"credentials"},
       HasAws,
       CheckIdentity,
       Stake::kReading},
      {"external-id",
       "the external ID is demanded",
       "is AssumeRole refused without and with a wrong ID",
       {"identity"},
       HasRole,
       CheckExternalId,
       Stake::kSafety},
      {check_id::kRoleTrust,
       "the role's trust policy",
       "is the trust narrow, with external ID and without MFA",
       {"identity"},
       HasRole,
       CheckRoleTrust,
       Stake::kSafety},
  };
}

}  // namespace farthing::connect
