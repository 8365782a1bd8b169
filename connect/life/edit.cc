// Edits that are verified before they replace: connect/life/service.h.

#include <algorithm>

#include "base/text.h"
#include "connect/life/service.h"
#include "connect/life/service_internal.h"

namespace farthing::connect {
namespace {

/// The vault as if the new secret lay in it already: what is not verified is stored nowhere, so that nothing can
/// interrupt an edit and leave it behind.
class TriedSecret final : public Secrets {
 public:
  TriedSecret(Vault& vault, const std::optional<std::string>& secret)
      : vault_(vault), secret_(secret) {}
  Result<std::string> Get(std::string_view connection_id, std::string_view name) override {
    if (secret_ && name == kSecretAccessKey) return *secret_;
    return vault_.Get(connection_id, name);
  }

 private:
  Vault& vault_;
  const std::optional<std::string>& secret_;
};

/// True where AWS has no say: name, term, group, agreement, caps and whose lines we keep are ours.
bool IsOursAlone(const Settings& before, Settings after) {
  after.name = before.name;
  after.end_date = before.end_date;
  after.auto_renew = before.auto_renew;
  after.term_start = before.term_start;
  after.default_group = before.default_group;
  after.agreement = before.agreement;
  after.cost_explorer_cap_usd = before.cost_explorer_cap_usd;
  after.import_policy = before.import_policy;
  after.edp = before.edp;
  return ToJson(after) == ToJson(before);
}

/// What was found of one bucket does not hold for another.
void ForgetWhatWasFound(const Settings& before, Settings& after) {
  const ExportPlace& old = before.export_place;
  if (after.export_place.bucket == old.bucket) return;
  if (after.export_place.bucket_region == old.bucket_region) {
    after.export_place.bucket_region.clear();
  }
  if (after.kms_key_arn == before.kms_key_arn) after.kms_key_arn.clear();
}

/// The checks that an edit is about: whatever they said before, they have to be content with it.
class Purpose {
 public:
  Purpose(const Settings& before, const Settings& after, bool new_secret)
      : reach_(new_secret || before.role_arn != after.role_arn ||
               before.access_key_id != after.access_key_id || before.profile != after.profile ||
               before.endpoint != after.endpoint || before.directory != after.directory),
        place_(!(before.export_place == after.export_place) ||
               before.bucket_owner != after.bucket_owner ||
               before.requester_pays != after.requester_pays ||
               before.kms_key_arn != after.kms_key_arn) {}

  bool Concerns(std::string_view check) const {
    const bool of_reach = check == "credentials" || check == "identity" || check == "directory";
    const bool of_place = check == "export" || check.starts_with("bucket-");
    return (reach_ && of_reach) || (place_ && of_place);
  }

 private:
  bool reach_, place_;
};

/// True where the old settings have the same fault, or never came as far as to show it.
bool IsOldFault(const CheckResult& fault, const CheckReport& old) {
  const CheckResult* then = old.Find(fault.id);
  if (then == nullptr) return false;
  if (then->status == CheckStatus::kFail) return true;
  return then->status == CheckStatus::kSkipped && then->finding.starts_with("not tried");
}

Error Refusal(const CheckReport& report, const CheckResult& fault) {
  return Error(Errc::kInvalidArgument,
               "the new settings do not work, the old ones stay: " + fault.id + ": " +
                   (fault.cause.empty() ? fault.finding : fault.cause))
      .With("check", ToJson(report));
}

std::string WhatWasEdited(const Settings& before, const Settings& after, bool has_secret) {
  std::vector<std::string> changed = ChangedFields(before, after);
  if (has_secret) changed.emplace_back("secret_access_key");
  return changed.empty() ? "an edit changed nothing"
                         : "settings were edited: " + Join(changed, ", ");
}

}  // namespace

Result<EditOutcome> EditVerified(Installation& installation, const std::string& name,
                                 Settings settings, const std::optional<std::string>& secret,
                                 CheckOptions options) {
  Store& store = installation.store;
  TRY_ASSIGN(const Connection before, store.Find(name));
  TRY_ASSIGN(settings, Validate(std::move(settings)));
  if (settings.end_date != before.settings.end_date) {
    TRY(CheckTermAhead(settings, installation.platform.environment.now()));
    settings.term_start = DayString(installation.platform.environment.now());
  }
  EditOutcome outcome;
  if (!secret && IsOursAlone(before.settings, settings)) {
    TRY_ASSIGN(outcome.connection,
               store.Edit(before.id, settings, WhatWasEdited(before.settings, settings, false)));
    return outcome;
  }
  if (before.state == State::kDisconnected) {
    return Error(Errc::kConflict, "connection " + before.settings.name + " is disconnected")
        .Hint("make a new one: farthing connect");
  }
  ForgetWhatWasFound(before.settings, settings);
  const bool is_draft = before.state == State::kDraft || before.state == State::kVerifying;
  if (!is_draft) {
    options.ledger = &store.database();
    Connection candidate = before;
    candidate.settings = settings;
    TriedSecret tried(installation.vault, secret);
    TRY_ASSIGN(outcome.report, RunChecks(candidate, installation.platform, tried, options));
    const Purpose purpose(before.settings, settings, secret.has_value());
    std::vector<const CheckResult*> other_faults;
    for (const CheckResult& result : outcome.report.results) {
      if (result.status != CheckStatus::kFail) continue;
      if (purpose.Concerns(result.id)) return Refusal(outcome.report, result);
      other_faults.push_back(&result);
    }
    if (!other_faults.empty()) {  // is it the edit's fault?  What the last report says may be over.
      options.observer = nullptr;
      TRY_ASSIGN(const CheckReport old,
                 RunChecks(before, installation.platform, installation.vault, options));
      for (const CheckResult* fault : other_faults) {
        if (!IsOldFault(*fault, old)) return Refusal(outcome.report, *fault);
      }
    }
    settings = Completed(std::move(settings), outcome.report);
  }
  // A key id and its secret belong together: neither is ever stored without the other.
  const auto put_secret = [&]() -> Result<void> {
    if (!secret) return {};
    return installation.vault.Put(before.id, kSecretAccessKey, *secret);
  };
  TRY_ASSIGN(outcome.connection,
             store.Edit(before.id, settings,
                        WhatWasEdited(before.settings, settings, secret.has_value()), put_secret));
  if (is_draft) return outcome;
  TRY(store.SaveReport(before.id, ToJson(outcome.report)));
  Store::Times times;
  times.checked = outcome.report.at;
  TRY(store.Touch(before.id, times));
  if (before.state != State::kDisabled) {
    TRY_ASSIGN(const Standing standing, StandingAfter(store, before, outcome.report));
    TRY(store.Settle(before.id, standing.state, standing.cause));
  }
  TRY_ASSIGN(outcome.connection, store.Find(before.id));
  return outcome;
}

}  // namespace farthing::connect
