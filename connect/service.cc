#include "connect/service.h"

#include <algorithm>

#include "aws/endpoint.h"
#include "base/files.h"
#include "connect/collected.h"
#include "connect/cost_explorer_fit.h"
#include "lake/stage.h"

namespace farthing::connect {
namespace {

bool IsPayer(const Connection& connection) {
  return connection.settings.type == ConnectionType::kRole ||
         connection.settings.type == ConnectionType::kPayerKeys;
}

/// Keys of a linked account bring resources; costs come through the payer, so that one must work already.
Result<void> CheckPayerFirst(Store& store, const Settings& settings) {
  if (settings.type != ConnectionType::kLinkedKeys) return {};
  TRY_ASSIGN(const std::vector<Connection> connections, store.List());
  const bool payer = std::any_of(connections.begin(), connections.end(), [](const Connection& c) {
    return IsPayer(c) && MayCollect(c.state);
  });
  if (payer) return {};
  return Error(Errc::kConflict,
               "no payer is connected yet, through which the linked account's bill arrives")
      .With("field", "type")
      .Hint("connect and verify the management account first: farthing connect --role-arn …");
}

Result<void> CheckAgreement(Store& store, const Settings& settings) {
  TRY_ASSIGN(const std::string demanded, store.Setting("agreement_required"));
  if (demanded != "yes" || !settings.agreement.empty()) return {};
  return Error(Errc::kConflict,
               "this installation demands a recorded agreement before a connection is enabled")
      .With("field", "agreement")
      .Hint("record it: farthing connections edit " + settings.name + " --agreement REFERENCE");
}

/// What AWS has told and nobody has typed.
Settings Completed(Settings settings, const CheckReport& report) {
  ExportPlace& place = settings.export_place;
  const ExportPlace& found = report.found_place;
  if (place.bucket.empty() && !found.bucket.empty()) {
    place = found;
  } else {
    if (!place.kind) place.kind = found.kind;
    if (place.name.empty() && place.bucket == found.bucket) place.name = found.name;
    if (place.arn.empty() && place.name == found.name) place.arn = found.arn;
    if (place.bucket_region.empty()) place.bucket_region = found.bucket_region;
    if (place.prefix.empty() && place.name == found.name) place.prefix = found.prefix;
  }
  if (settings.bucket_owner.empty()) settings.bucket_owner = report.found_bucket_owner;
  if (settings.kms_key_arn.empty()) settings.kms_key_arn = report.found_kms_key;
  return settings;
}

std::string WhatAwsTold(const Settings& before, const Settings& completed) {
  if (completed.kms_key_arn != before.kms_key_arn) {
    return "AWS told which key encrypts the bucket: " + completed.kms_key_arn;
  }
  return "AWS told where it delivers: s3://" + completed.export_place.bucket + "/" +
         completed.export_place.prefix;
}

/// Where a connection stands after its checks: what they say, then what was collected.
struct Standing {
  State state;
  std::string cause;
};
Result<Standing> StandingAfter(Store& store, const Connection& before, const CheckReport& report) {
  CollectedLog log(store.database(), before.id);
  TRY_ASSIGN(const std::vector<std::int64_t> exports, log.Exports());
  TRY_ASSIGN(const auto collected, log.All());
  const bool has_data =
      before.settings.type == ConnectionType::kDirectory ? !exports.empty() : HasLoaded(collected);
  if (report.HasFailed()) {
    const bool never_worked =
        (before.state == State::kDraft || before.state == State::kVerifying) && !has_data;
    return Standing{never_worked ? State::kDraft : State::kDegraded, report.FirstFailure()};
  }
  if (before.settings.type == ConnectionType::kLinkedKeys) return Standing{State::kConnected, ""};
  std::string cause = CauseIn(collected);
  const State state = !cause.empty() ? State::kDegraded
                      : has_data     ? State::kConnected
                                     : State::kWaiting;
  return Standing{state, std::move(cause)};
}

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

/// The connection as if it were not disabled, to ask what its term would say then.
Connection Reopened(Connection connection) {
  connection.state = State::kWaiting;
  return connection;
}

/// The commands that undo in AWS what connecting made.  Printed, never run: only the customer writes to AWS.
std::vector<std::string> CleanupCommands(const Settings& settings) {
  const std::string region(aws::FindPartition(settings.partition)->billing_region);
  std::vector<std::string> commands;
  if (!settings.role_arn.empty()) {
    const std::string role = RoleName(settings.role_arn);
    commands.push_back("# if a CloudFormation stack made the role, delete the stack instead:");
    commands.push_back("#   aws cloudformation delete-stack --region " + region +
                       " --stack-name STACK");
    commands.push_back("aws iam list-role-policies --role-name " + role);
    commands.push_back("aws iam delete-role-policy --role-name " + role +
                       " --policy-name POLICY   # each one");
    commands.push_back("aws iam delete-role --role-name " + role);
  } else if (!settings.access_key_id.empty() && settings.type != ConnectionType::kBucket) {
    commands.push_back("aws iam delete-access-key --access-key-id " + settings.access_key_id +
                       " --user-name USER");
  }
  const ExportPlace& place = settings.export_place;
  if (!place.name.empty()) {
    commands.push_back("# only if nobody else reads this export; the bucket and its files stay:");
    if (place.kind == ExportKind::kLegacyCur) {
      commands.push_back("aws cur delete-report-definition --region " + region + " --report-name " +
                         place.name);
    } else if (!place.arn.empty()) {
      commands.push_back("aws bcm-data-exports delete-export --region " + region +
                         " --export-arn " + place.arn);
    }
  }
  return commands;
}

}  // namespace

Result<Connection> CreateConnection(Installation& installation, Settings settings,
                                    const std::string& secret) {
  TRY(CheckPayerFirst(installation.store, settings));
  const bool needs_secret = !settings.access_key_id.empty();
  if (needs_secret && secret.empty()) {
    return Error(Errc::kInvalidArgument, "secret_access_key: is missing")
        .With("field", "secret_access_key");
  }
  TRY_ASSIGN(Connection connection, installation.store.Create(std::move(settings)));
  if (needs_secret) TRY(installation.vault.Put(connection.id, kSecretAccessKey, secret));
  return connection;
}

Result<CheckReport> Verify(Installation& installation, const std::string& name,
                           CheckOptions options) {
  Store& store = installation.store;
  TRY_ASSIGN(const Connection before, store.Find(name));
  TRY(CheckAgreement(store, before.settings));
  TRY_ASSIGN(const std::string last, store.LastReport(before.id));
  std::optional<CheckReport> previous;
  if (!last.empty()) {
    TRY_ASSIGN(previous, ParseCheckReport(last));
    options.previous = &*previous;
  }
  options.ledger = &store.database();
  // A disabled connection stays so, with its last day, whatever its checks say.
  const bool moves = before.state != State::kDisabled;
  // One that works goes on collecting while it is checked, also if the checks are interrupted for good.
  const bool is_first = before.state == State::kDraft || before.state == State::kVerifying;
  if (is_first) TRY(store.SetState(before.id, State::kVerifying, ""));
  Result<CheckReport> report =
      RunChecks(before, installation.platform, installation.vault, options);
  if (!report.ok()) {
    if (is_first) TRY(store.SetState(before.id, State::kDraft, before.cause));
    return report;
  }
  TRY(store.SaveReport(before.id, ToJson(*report)));
  Store::Times times;
  times.checked = report->at;
  TRY(store.Touch(before.id, times));
  const Settings completed = Completed(before.settings, *report);
  if (ToJson(completed) != ToJson(before.settings)) {
    TRY(store.Edit(before.id, completed, WhatAwsTold(before.settings, completed)));
  }
  if (moves) {
    TRY_ASSIGN(const Standing standing, StandingAfter(store, before, *report));
    if (!MayFollow(before.state, standing.state)) {
      TRY(store.SetState(before.id, State::kVerifying, ""));
    }
    TRY(store.SetState(before.id, standing.state, standing.cause));
  }
  TRY(store.Record(before.id, "checked",
                   std::to_string(report->Count(CheckStatus::kPass)) + " passed, " +
                       std::to_string(report->Count(CheckStatus::kWarning)) + " warnings, " +
                       std::to_string(report->Count(CheckStatus::kFail)) + " failed"));
  return report;
}

Result<EditOutcome> EditVerified(Installation& installation, const std::string& name,
                                 Settings settings, const std::optional<std::string>& secret,
                                 CheckOptions options) {
  Store& store = installation.store;
  TRY_ASSIGN(const Connection before, store.Find(name));
  TRY_ASSIGN(settings, Validate(std::move(settings)));
  if (settings.end_date != before.settings.end_date) {
    settings.term_start = DayString(installation.platform.environment.now());
  }
  Connection candidate = before;
  candidate.settings = settings;
  EditOutcome outcome;
  const bool is_draft = before.state == State::kDraft;
  if (!is_draft) {
    options.ledger = &installation.store.database();
    TriedSecret tried(installation.vault, secret);
    TRY_ASSIGN(outcome.report, RunChecks(candidate, installation.platform, tried, options));
    if (outcome.report.HasFailed()) {
      return Error(Errc::kInvalidArgument, "the new settings do not work, the old ones stay: " +
                                               outcome.report.FirstFailure())
          .With("check", ToJson(outcome.report));
    }
  }
  // A key id and its secret belong together: neither is ever stored without the other.
  const auto put_secret = [&]() -> Result<void> {
    if (!secret) return {};
    return installation.vault.Put(before.id, kSecretAccessKey, *secret);
  };
  TRY_ASSIGN(outcome.connection,
             store.Edit(before.id, std::move(settings), "settings were edited", put_secret));
  if (!is_draft) TRY(store.SaveReport(before.id, ToJson(outcome.report)));
  return outcome;
}

Result<Connection> Disable(Installation& installation, const std::string& name,
                           const std::string& why) {
  return installation.store.SetState(name, State::kDisabled, why);
}

Result<CheckReport> Enable(Installation& installation, const std::string& name,
                           CheckOptions options) {
  Store& store = installation.store;
  TRY_ASSIGN(const Connection before, store.Find(name));
  const TermAction term = TermAt(Reopened(before), installation.platform.environment.now());
  if (term.kind == TermAction::Kind::kDisable) {
    return Error(Errc::kConflict, "the term of connection " + before.settings.name + " ended on " +
                                      *before.settings.end_date)
        .With("field", "end_date")
        .Hint("give it another one: farthing connections edit " + before.settings.name +
              " --until DAY");
  }
  TRY(CheckAgreement(store, before.settings));
  TRY_ASSIGN(CheckReport report, Verify(installation, before.id, std::move(options)));
  if (before.state != State::kDisabled || report.HasFailed()) return report;
  TRY(store.SetState(before.id, State::kVerifying, ""));
  TRY_ASSIGN(const Standing standing, StandingAfter(store, before, report));
  TRY(store.SetState(before.id, standing.state, standing.cause));
  return report;
}

Result<std::vector<TermAction>> ApplyTerms(Installation& installation, Instant now) {
  using Kind = TermAction::Kind;
  Store& store = installation.store;
  std::vector<TermAction> said;
  TRY_ASSIGN(const std::vector<Connection> connections, store.List());
  for (const Connection& connection : connections) {
    TermAction action = TermAt(connection, now);
    if (action.kind == Kind::kNone) continue;
    if (action.kind == Kind::kRenew) {
      Settings renewed = connection.settings;
      renewed.term_start = action.new_start_date;
      renewed.end_date = action.new_end_date;
      TRY(store.Edit(connection.id, std::move(renewed), action.sentence));
    }
    if (action.kind == Kind::kDisable) {
      TRY(store.SetState(connection.id, State::kDisabled,
                         "its term ended on " + *connection.settings.end_date));
      Store::Times times;
      times.delete_after = action.delete_after;
      TRY(store.Touch(connection.id, times));
    }
    if (action.kind == Kind::kDelete) TRY(store.Delete(connection.id, action.sentence));
    // A notice is recorded when its words change, which is once a day; Delete has recorded itself.
    TRY_ASSIGN(const std::optional<Event> last, store.LastEvent(connection.id, "term"));
    const bool is_news = !last || last->text != action.sentence;
    if (is_news && action.kind != Kind::kDelete) {
      TRY(store.Record(connection.id, "term", action.sentence));
    }
    said.push_back(std::move(action));
  }
  return said;
}

Result<Disconnection> Disconnect(Installation& installation, const std::string& name,
                                 DataFate fate) {
  Store& store = installation.store;
  TRY_ASSIGN(const Connection connection, store.Find(name));
  TRY(installation.vault.Destroy(connection.id));
  TRY(store.SetState(connection.id, State::kDisconnected, ""));
  TRY(RemoveTree(installation.catalog.layout().data() / "downloads" / connection.id));
  Disconnection done;
  done.fate = fate;
  done.aws_commands = CleanupCommands(connection.settings);
  TRY_ASSIGN(const std::vector<std::int64_t> ids,
             CollectedLog(store.database(), connection.id).Exports());
  TRY_ASSIGN(const std::vector<lake::Export> exports, installation.catalog.Exports());
  for (const lake::Export& one : exports) {
    if (std::find(ids.begin(), ids.end(), one.id) == ids.end()) continue;
    done.exports.push_back(one.name);
    if (fate == DataFate::kPurge) TRY(lake::Forget(installation.catalog, one.id));
  }
  if (fate == DataFate::kPurge) {
    TRY(KeptAnswers(store.database(), installation.catalog.layout()).Forget(connection.id));
  }
  TRY(store.Record(connection.id, "disconnected",
                   fate == DataFate::kPurge ? "credentials destroyed, data purged"
                                            : "credentials destroyed, data kept"));
  return done;
}

}  // namespace farthing::connect
