#include "connect/life/service.h"

#include "base/shell_words.h"
#include "connect/collected.h"
#include "connect/life/deletion.h"
#include "connect/life/payer_first.h"
#include "connect/life/service_internal.h"

namespace farthing::connect {
namespace {

Result<void> CheckAgreement(Store& store, const Settings& settings) {
  TRY_ASSIGN(const std::string demanded, store.Setting("agreement_required"));
  if (demanded != "yes" || !settings.agreement.empty()) return {};
  return Error(Errc::kConflict,
               "this installation demands a recorded agreement before a connection is enabled")
      .With("field", "agreement")
      .Hint("record it: " + CommandLine({"farthing", "connections", "edit", settings.name,
                                         "--agreement", "REFERENCE"}));
}

std::string WhatAwsTold(const Settings& before, const Settings& completed) {
  if (completed.kms_key_arn != before.kms_key_arn) {
    return "AWS told which key encrypts the bucket: " + completed.kms_key_arn;
  }
  return "AWS told where it delivers: s3://" + completed.export_place.bucket + "/" +
         completed.export_place.prefix;
}

/// The connection as if it were not disabled, to ask what its term would say then.
Connection Reopened(Connection connection) {
  connection.state = State::kWaiting;
  return connection;
}

}  // namespace

Settings Completed(Settings settings, const CheckReport& report) {
  ExportPlace& place = settings.export_place;
  const ExportPlace& found = report.found_place;
  if (place.bucket.empty() && !found.bucket.empty()) {
    place = found;
  } else {
    if (!place.kind) place.kind = found.kind;
    if (place.name.empty() && place.bucket == found.bucket) place.name = found.name;
    if (!found.arn.empty() && place.name == found.name) place.arn = found.arn;
    if (place.bucket_region.empty()) place.bucket_region = found.bucket_region;
    if (place.prefix.empty() && place.name == found.name) place.prefix = found.prefix;
  }
  if (settings.bucket_owner.empty()) settings.bucket_owner = report.found_bucket_owner;
  if (settings.kms_key_arn.empty()) settings.kms_key_arn = report.found_kms_key;
  return settings;
}

Result<void> CheckTermAhead(const Settings& settings, Instant now) {
  if (!settings.end_date || *settings.end_date >= DayString(now)) return {};
  return Error(Errc::kInvalidArgument, "end_date: is over already: " + *settings.end_date)
      .With("field", "end_date")
      .Hint("give the last day of the term; to end it now: " +
            CommandLine({"farthing", "connections", "disable", settings.name}));
}

Result<Standing> StandingAfter(Store& store, const Connection& before, const CheckReport& report) {
  CollectedLog log(store.database(), before.id);
  TRY_ASSIGN(const std::vector<std::int64_t> exports, log.Exports());
  TRY_ASSIGN(const auto collected, log.All());
  const bool has_data =
      before.settings.type == ConnectionType::kDirectory ? !exports.empty() : HasLoaded(collected);
  const bool never_worked =
      (before.state == State::kDraft || before.state == State::kVerifying) && !has_data;
  const CheckResult* in_the_way = report.WhatKeepsBillsAway();
  if (never_worked && in_the_way != nullptr) return Standing{State::kDraft, Sentence(*in_the_way)};
  if (report.HasFailed()) return Standing{State::kDegraded, report.FirstFailure()};
  if (before.settings.type == ConnectionType::kLinkedKeys) return Standing{State::kConnected, ""};
  std::string cause = CauseIn(collected);
  if (cause.empty()) cause = report.Emptied();
  const State state = !cause.empty() ? State::kDegraded
                      : has_data     ? State::kConnected
                                     : State::kWaiting;
  return Standing{state, std::move(cause)};
}

Result<Connection> CreateConnection(Installation& installation, Settings settings,
                                    const std::string& secret) {
  TRY_ASSIGN(settings, Validate(std::move(settings)));
  TRY(CheckTermAhead(settings, installation.platform.environment.now()));
  const bool needs_secret = !settings.access_key_id.empty();
  if (needs_secret && secret.empty()) {
    return Error(Errc::kInvalidArgument, "secret_access_key: is missing")
        .With("field", "secret_access_key")
        .Hint("give it with --secret-file FILE, or - for standard input");
  }
  if (needs_secret) TRY(installation.vault.MayAdd());
  TRY(CheckPayerFirst(installation, settings, secret));
  TRY_ASSIGN(Connection connection, installation.store.Create(std::move(settings)));
  if (needs_secret) TRY(installation.vault.Put(connection.id, kSecretAccessKey, secret));
  return connection;
}

Result<CheckReport> Verify(Installation& installation, const std::string& name,
                           CheckOptions options) {
  Store& store = installation.store;
  TRY_ASSIGN(const Connection before, store.Find(name));
  if (before.state == State::kDisconnected) {
    return Error(Errc::kConflict, "connection " + before.settings.name + " is disconnected")
        .Hint("make a new one: farthing connect");
  }
  TRY(CheckAgreement(store, before.settings));
  if (before.settings.type == ConnectionType::kLinkedKeys) {
    const Result<std::string> secret = installation.vault.Get(before.id, kSecretAccessKey);
    if (secret.ok()) TRY(CheckPayerFirst(installation, before.settings, *secret));
  }
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
    TRY(store.Settle(before.id, standing.state, standing.cause));
  }
  TRY(store.Record(before.id, "checked",
                   std::to_string(report->Count(CheckStatus::kPass)) + " passed, " +
                       std::to_string(report->Count(CheckStatus::kWarning)) + " warnings, " +
                       std::to_string(report->Count(CheckStatus::kFail)) + " failed"));
  return report;
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
        .Hint("give it another one: " + CommandLine({"farthing", "connections", "edit",
                                                     before.settings.name, "--until", "DAY"}));
  }
  TRY(CheckAgreement(store, before.settings));
  TRY_ASSIGN(CheckReport report, Verify(installation, before.id, std::move(options)));
  const bool works = report.WhatKeepsBillsAway() == nullptr;
  if (before.state != State::kDisabled || !works) return report;
  TRY_ASSIGN(const Standing standing, StandingAfter(store, before, report));
  TRY(store.Settle(before.id, standing.state, standing.cause));
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
    if (action.kind == Kind::kDelete) {
      const Result<Ending> done = DeleteForGood(installation, connection.id, action.sentence);
      if (!done.ok() && done.error().code() != Errc::kConflict) return Error(done.error());
      if (!done.ok()) action.sentence += ", once nothing else runs: " + done.error().message();
    }
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

}  // namespace farthing::connect
