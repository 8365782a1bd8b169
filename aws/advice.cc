#include <algorithm>
#include <array>

#include "aws/advice_internal.h"

namespace farthing::aws {
namespace {

/// A refusal that we know the fix of: one of these codes (none: any), and AWS's own words or the action.
struct Advice {
  std::array<std::string_view, 3> codes;
  std::string_view in_message, fix;
  std::string_view denied_by = {};

  bool Fits(const ServiceError& refused, std::string_view action) const {
    const bool any = codes.front().empty();
    if (!any && (refused.code.empty() ||
                 std::find(codes.begin(), codes.end(), refused.code) == codes.end()))
      return false;
    return refused.message.find(in_message) != std::string::npos || action == in_message;
  }
};

// The first that fits is given: reasons in AWS's words tell more than codes.
constexpr std::array kAdvice = {
    Advice{{},
           "service control policy",
           "a service control policy of the organisation denies this; ask its administrator to "
           "except the role",
           "service control policy"},
    Advice{{},
           "resource control policy",
           "a resource control policy of the organisation denies this; ask its administrator to "
           "except the role",
           "resource control policy"},
    Advice{{},
           kIdentityDeny,
           "an explicit deny in an identity-based policy forbids this; take the action "
           "out of that statement, or except the resource there",
           kIdentityDeny},
    Advice{{},
           "explicit deny in a permissions boundary",
           "an explicit deny in the permissions boundary of the role forbids this; take the action "
           "out of that statement",
           "permissions boundary"},
    Advice{{},
           "session policy",
           "the policy of the session forbids or leaves this out; sign in without it, or add the "
           "action there",
           "session policy"},
    Advice{
        {},
        "permissions boundary",
        "the permissions boundary of the role does not allow this; add the action to the boundary",
        "permissions boundary"},
    Advice{{},
           "kms:",
           "allow kms:Decrypt to the role, in its own policy and in the policy of the key"},
    Advice{{},
           "explicit deny in a resource-based policy",
           "a statement of the bucket's or the resource's own policy denies this; except the role "
           "there",
           "resource-based policy"},
    Advice{{"AccessDenied"},
           "sts:AssumeRole",
           "compare the role's ARN, the principal in its trust policy and the external ID; AWS "
           "does not say which differs"},
    Advice{{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"},
           "",
           "add the action to the policy of the role or user",
           kIdentityPolicy},
    Advice{{"InvalidClientTokenId", "InvalidAccessKeyId"},
           "",
           "the access key is unknown or deleted; enter a current one"},
    Advice{{"UnrecognizedClientException"},
           "",
           "the access key is unknown, deleted, or the region is not enabled for the account"},
    Advice{{"SignatureDoesNotMatch", "InvalidSignatureException"},
           "",
           "the secret access key does not belong to the access key"},
    Advice{{"AuthFailure"}, "", "the keys are wrong, or the region is not enabled for the account"},
    Advice{{"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"},
           "",
           "sign in again: the session has ended"},
    Advice{{"InvalidToken"},
           "",
           "the session token is incomplete, of another partition, or the region is not enabled "
           "for the account"},
    Advice{{"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"},
           "",
           "set the clock of this machine, for example with NTP"},
    Advice{{"RegionDisabledException"},
           "",
           "enable the region for the account, or name one that is enabled"},
    Advice{{"IllegalLocationConstraintException", "InvalidLocationConstraint"},
           "",
           "see that the region is spelt right, and enabled for the account (console: Account, AWS "
           "Regions)"},
    Advice{{"OptInRequired"}, "", "the account has not signed up for this service"},
    Advice{{"SubscriptionRequiredException"},
           "",
           "this needs a Business, Enterprise On-Ramp or Enterprise support plan"},
    Advice{{"InvalidObjectState"},
           "",
           "the object is archived; restore it, and take billing data out of archiving rules"},
    Advice{{"NoSuchBucket"}, "", "check the bucket's name; buckets are also gone after deletion"},
    Advice{{"AllAccessDisabled"}, "", "AWS has closed this bucket; ask AWS Support"},
    Advice{{"InvalidPayer"}, "", "the account that would pay for requests is not in good standing"},
    Advice{{"DataUnavailableException"},
           "",
           "Cost Explorer is not ready: enable it in the console; the first data takes a day"},
    Advice{{"BillExpirationException"}, "", "Cost Explorer no longer keeps this period"},
    Advice{{"AWSOrganizationsNotInUseException"},
           "",
           "the account is in no organisation; connect it as a single account"},
    Advice{{"ReportLimitReachedException"}, "", "delete a report that is not used any more"},
    Advice{{"ServiceQuotaExceededException"}, "", "delete an export that is not used any more"},
    Advice{{"BackfillLimitExceededException"}, "", "AWS allows one backfill a day; try tomorrow"},
};

}  // namespace

Remedy RemedyOf(const ServiceError& refused, std::string_view action) {
  for (const Advice& advice : kAdvice) {
    if (advice.Fits(refused, action)) return {advice.fix, advice.denied_by};
  }
  if (refused.status == 400 && refused.code.empty() && action.starts_with("s3:Head")) {
    return {
        "AWS gives no reason to this question: see that the region is spelt right and enabled for "
        "the account (console: Account, AWS Regions), and that the session has not ended",
        {}};
  }
  if (!refused.region.empty()) return {"use the region that AWS names, see the details", {}};
  switch (Classify(refused)) {
    case Retry::kThrottled:
      return {"AWS limits how often this may be asked; try again in some minutes", {}};
    case Retry::kTransient: return {"a failure inside AWS; try again in some minutes", {}};
    default: return {};
  }
}

}  // namespace farthing::aws
