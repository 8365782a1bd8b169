#include <algorithm>

#include "connect/checks/checks_internal.h"
#include "connect/grants/permission_table.h"
#include "connect/grants/permissions.h"

// What is done on a person's word only.  AWS has no way to try a write without writing, so these are judged by what was
// granted, and by IAM's simulation where it was asked.

namespace farthing::connect {
namespace {

Verdict JudgeFeature(const CheckContext& context, std::string_view feature) {
  for (const MissingAction& lacking : context.lacking) {
    const bool concerns =
        std::any_of(PermissionRows().begin(), PermissionRows().end(), [&](const auto& row) {
          return row.needed_by == feature && row.action == lacking.action && row.set &&
                 context.settings().permission_sets.contains(*row.set);
        });
    if (!concerns) continue;
    Verdict verdict = Fail(
        "AWS would refuse this when it is asked for",
        lacking.action + " on " + lacking.resource + ": " + lacking.why,
        (lacking.denied_by.empty()
             ? "allow " + lacking.action + " in the policy of the " +
                   (HasRole(context.settings()) ? "role" : "user")
             : "take it out of the statement that denies it: " + lacking.denied_by) +
            ", see granted-permissions; or do without: " + HowToEdit(context, {"--with", "SETS"}));
    verdict.action = lacking.action;
    return verdict;
  }
  return Pass("what it needs is granted");
}

template <const std::string_view& kFeature>
Verdict CheckFeature(CheckContext& context) {
  return JudgeFeature(context, kFeature);
}

template <const std::string_view& kFeature, PermissionSet kSet>
CheckRow Row(std::string_view title, std::string_view answers) {
  return {kFeature,     title,
          answers,      {check_id::kGrantedPermissions},
          Grants<kSet>, CheckFeature<kFeature>};
}

}  // namespace

std::vector<CheckRow> FeatureChecks() {
  using enum PermissionSet;
  return {
      Row<check_id::kCreateBucket, kManageExport>("a bucket can be made",
                                                  "may Farthing make the bucket when asked to"),
      Row<check_id::kMaintainBucketPolicy, kManageExport>(
          "the bucket policy can be completed", "may Farthing let AWS deliver when asked to"),
      Row<check_id::kCreateExport, kManageExport>("the export can be made",
                                                  "may Farthing make the export when asked to"),
      Row<check_id::kAdjustExport, kManageExport>("the export can be mended",
                                                  "may Farthing mend its settings when asked to"),
      Row<check_id::kActivateTags, kTagActivation>("cost allocation tags can be activated",
                                                   "may Farthing activate tags when asked to"),
      Row<check_id::kBackfillTags, kTagActivation>("tags can be applied to earlier months",
                                                   "may Farthing ask for their backfill"),
  };
}

}  // namespace farthing::connect
