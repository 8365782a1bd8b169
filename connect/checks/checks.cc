#include "connect/checks/checks.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>

#include "aws/error.h"
#include "base/shell_words.h"
#include "base/text.h"
#include "connect/checks/checks_internal.h"
#include "connect/templates/templates_command.h"

namespace farthing::connect {
namespace {

namespace json = boost::json;

std::vector<CheckRow> Rows() {
  std::vector<CheckRow> rows;
  for (auto* part : {AccessChecks, ExportChecks, BucketChecks, DeliveryChecks, AccountChecks,
                     GrantChecks, FeatureChecks, DriftChecks}) {
    for (CheckRow& row : part()) rows.push_back(std::move(row));
  }
  return rows;
}

/// Stands in a fix for the command that prints the policy, whose connection Refused() does not know.
constexpr std::string_view kPolicyCommand = "<policy-command>";
/// And this for "role" or "user".
constexpr std::string_view kHolder = "<holder>";

std::string Addressed(std::string fix, const CheckContext& context) {
  const std::size_t holder = fix.find(kHolder);
  if (holder != std::string::npos) {
    fix.replace(holder, kHolder.size(), HasRole(context.settings()) ? "role" : "user");
  }
  const std::size_t found = fix.find(kPolicyCommand);
  if (found != std::string::npos) {
    fix.replace(found, kPolicyCommand.size(), HowToPrint(context, "policy"));
  }
  return fix;
}

bool IsDeniedByOwnPolicy(const Verdict& verdict) {
  return !verdict.action.empty() &&
         std::any_of(verdict.evidence.begin(), verdict.evidence.end(), [](const auto& detail) {
           return detail.name == aws::kDeniedByDetail && detail.value == aws::kIdentityDeny;
         });
}

CheckResult RunOne(const CheckRow& row, CheckContext& context) {
  CheckResult result;
  result.id = row.id;
  result.title = row.title;
  if (context.options.cancellation != nullptr && context.options.cancellation->cancelled()) {
    result.finding = "the run was stopped";
    return result;
  }
  for (const std::string_view need : row.needs) {
    const CheckResult* ground = context.report.Find(need);
    if (ground == nullptr || ground->status == CheckStatus::kPass ||
        ground->status == CheckStatus::kWarning) {
      continue;
    }
    result.finding = kNotTried;
    result.finding += need;
    return result;
  }
  const auto start = std::chrono::steady_clock::now();
  Verdict verdict = row.run(context);
  result.duration_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                           std::chrono::steady_clock::now() - start)
                           .count();
  if (IsDeniedByOwnPolicy(verdict)) {
    std::string how = HowToUndeny(context, verdict.action);
    if (!how.empty()) verdict.fix = std::move(how);
  }
  result.status = verdict.status;
  result.finding = std::move(verdict.finding);
  result.cause = std::move(verdict.cause);
  result.fix = Addressed(std::move(verdict.fix), context);
  result.action = std::move(verdict.action);
  result.connector_code = std::move(verdict.connector_code);
  result.evidence = std::move(verdict.evidence);
  return result;
}

json::value JsonText(std::string_view text) { return json::string(text.data(), text.size()); }

std::string TextOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

Stake StakeOfCheck(std::string_view id) {
  static const std::vector<CheckInfo> all = AllChecks();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const CheckInfo& info) { return info.id == id; });
  return found == all.end() ? Stake::kNothing : found->stake;
}

bool Blocks(Stake stake) {
  return stake == Stake::kSafety || stake == Stake::kReading || stake == Stake::kExport;
}

constexpr CheckStatus kStatuses[] = {CheckStatus::kPass, CheckStatus::kWarning, CheckStatus::kFail,
                                     CheckStatus::kSkipped};

}  // namespace

std::string_view Name(CheckStatus status) {
  switch (status) {
    case CheckStatus::kPass: return "pass";
    case CheckStatus::kWarning: return "warning";
    case CheckStatus::kFail: return "fail";
    case CheckStatus::kSkipped: return "skipped";
  }
  return "?";
}

const CheckResult* CheckReport::Find(std::string_view id) const {
  const auto found = std::find_if(results.begin(), results.end(),
                                  [&](const CheckResult& result) { return result.id == id; });
  return found == results.end() ? nullptr : &*found;
}

int CheckReport::Count(CheckStatus status) const {
  return static_cast<int>(std::count_if(results.begin(), results.end(),
                                        [&](const CheckResult& r) { return r.status == status; }));
}

bool CheckReport::HasFailed() const { return Count(CheckStatus::kFail) > 0; }

std::string CheckReport::FirstFailure() const {
  const auto first = std::find_if(results.begin(), results.end(), [](const CheckResult& result) {
    return result.status == CheckStatus::kFail;
  });
  return first == results.end() ? "" : Sentence(*first);
}

std::string CheckReport::Emptied() const {
  const CheckResult* delivery = Find("delivery");
  const bool gone = delivery != nullptr &&
                    std::any_of(delivery->evidence.begin(), delivery->evidence.end(),
                                [](const auto& detail) { return detail.name == kGoneDetail; });
  return gone ? Sentence(*delivery) : "";
}

const CheckResult* CheckReport::WhatKeepsBillsAway() const {
  const CheckResult* first_failure = nullptr;
  for (const CheckResult& result : results) {
    if (result.status == CheckStatus::kFail) {
      if (first_failure == nullptr) first_failure = &result;
      if (Blocks(StakeOf(result))) return &result;
    }
    // What nobody could try is not known to work.
    const bool is_untried =
        result.status == CheckStatus::kSkipped && result.finding.starts_with(kNotTried);
    if (is_untried && first_failure != nullptr && Blocks(StakeOfCheck(result.id))) {
      return first_failure;
    }
  }
  return nullptr;
}

std::string Sentence(const CheckResult& failure) {
  return failure.id + ": " + (failure.cause.empty() ? failure.finding : failure.cause);
}

Verdict Pass(std::string finding) {
  return {CheckStatus::kPass, std::move(finding), "", "", "", "", {}};
}
Verdict Skip(std::string finding) {
  return {CheckStatus::kSkipped, std::move(finding), "", "", "", "", {}};
}
Verdict Warn(std::string finding, std::string cause, std::string fix) {
  return {CheckStatus::kWarning, std::move(finding), std::move(cause), std::move(fix), "", "", {}};
}
Verdict Fail(std::string finding, std::string cause, std::string fix) {
  return {CheckStatus::kFail, std::move(finding), std::move(cause), std::move(fix), "", "", {}};
}

namespace {

/// The action in AWS's sentence "… is not authorized to perform: ec2:DescribeVolumes on …", or what we asked for:
/// some calls demand an action of another service as well.
std::string DeniedAction(const Error& error, std::string_view asked) {
  constexpr std::string_view kBefore = "not authorized to perform: ";
  const std::string_view text = error.detail(aws::kMessageDetail);
  const std::size_t found = text.find(kBefore);
  if (found == std::string_view::npos) return std::string(asked);
  const std::string_view rest = text.substr(found + kBefore.size());
  const std::string_view action = rest.substr(0, rest.find(' '));
  return std::string(action.find(':') == std::string_view::npos ? asked : action);
}

}  // namespace

Verdict Refused(const Error& error, std::string finding, std::string_view asked,
                std::string_view connector_code) {
  Verdict verdict = Fail(std::move(finding), error.message(), error.hint());
  verdict.evidence = error.details();
  if (error.code() == Errc::kUnavailable || error.code() == Errc::kDeadline) {
    verdict.finding = "AWS did not answer, so that nothing is known of it";
    verdict.evidence.push_back({std::string(kUnanswered), std::string(Token(error.code()))});
    if (verdict.fix.empty()) verdict.fix = "check again in some minutes";
    return verdict;
  }
  verdict.connector_code = connector_code;
  if (error.code() == Errc::kPermissionDenied && !asked.empty()) {
    const std::string action = DeniedAction(error, asked);
    verdict.action = action;
    verdict.cause = "AWS denies " + action + ": " + std::string(error.detail(aws::kMessageDetail));
    verdict.fix = error.detail(aws::kDeniedByDetail) == aws::kIdentityPolicy || error.hint().empty()
                      ? "allow " + action + " in the policy of the " + std::string(kHolder) +
                            "; the whole policy: " + std::string(kPolicyCommand)
                      : error.hint();
  }
  return verdict;
}

std::string HowToPrint(const CheckContext& context, std::string_view kind,
                       const std::vector<std::string>& more) {
  return TemplatesCommand(context.settings(), kind, {context.place, context.platform_arn, more});
}
std::string HowToEdit(const CheckContext& context, const std::vector<std::string>& words) {
  std::vector<std::string> line{"farthing", "connections", "edit", context.settings().name};
  line.insert(line.end(), words.begin(), words.end());
  return CommandLine(line);
}

bool HasAws(const Settings& settings) {
  return settings.type != ConnectionType::kBucket && settings.type != ConnectionType::kDirectory;
}
bool HasRole(const Settings& settings) { return !settings.role_arn.empty(); }
bool ReadsBills(const Settings& settings) {
  return settings.permission_sets.contains(PermissionSet::kReadBilling) && HasAws(settings);
}
bool ReadsBucket(const Settings& settings) {
  return ReadsBills(settings) || settings.type == ConnectionType::kBucket;
}

aws::S3 CheckContext::bucket() const { return BucketOf(connection, client); }

std::vector<CheckInfo> AllChecks() {
  static const std::vector<CheckRow> rows = Rows();  // the views must outlive the call
  std::vector<CheckInfo> infos;
  for (const CheckRow& row : rows) infos.push_back({row.id, row.title, row.answers, row.stake});
  return infos;
}

Stake StakeOf(const CheckResult& failure) {
  const Stake stake = StakeOfCheck(failure.id);
  const bool is_look = stake == Stake::kSafety || stake == Stake::kDelivery;
  return is_look && !failure.action.empty() ? Stake::kNothing : stake;
}

Result<CheckReport> RunChecks(const Connection& connection, const Platform& platform,
                              Secrets& secrets, const CheckOptions& options) {
  CheckReport report;
  report.connection_id = connection.id;
  report.connection_name = connection.settings.name;
  report.at = platform.environment.now();
  CheckContext context(connection, platform, secrets, options, report);
  for (const CheckRow& row : Rows()) {
    if (!row.applies(connection.settings)) continue;
    if (options.observer) {
      CheckResult begun;
      begun.id = row.id;
      begun.title = row.title;
      options.observer(begun, false);
    }
    report.results.push_back(RunOne(row, context));
    if (options.observer) options.observer(report.results.back(), true);
  }
  report.found_place = context.place;
  return report;
}

std::string ToJson(const CheckReport& report) {
  json::array results;
  for (const CheckResult& result : report.results) {
    json::object evidence;
    for (const Error::Detail& detail : result.evidence)
      evidence[detail.name] = JsonText(detail.value);
    results.push_back({{"id", JsonText(result.id)},
                       {"title", JsonText(result.title)},
                       {"status", JsonText(Name(result.status))},
                       {"finding", JsonText(result.finding)},
                       {"cause", JsonText(result.cause)},
                       {"fix", JsonText(result.fix)},
                       {"action", JsonText(result.action)},
                       {"connector_code", JsonText(result.connector_code)},
                       {"evidence", std::move(evidence)},
                       {"duration_ms", result.duration_ms}});
  }
  json::object root{{"connection_id", JsonText(report.connection_id)},
                    {"connection", JsonText(report.connection_name)},
                    {"at", JsonText(ToString(report.at))}};
  for (const CheckStatus status : kStatuses) {
    root[json::string_view(Name(status).data(), Name(status).size())] = report.Count(status);
  }
  root["results"] = std::move(results);
  return json::serialize(root);
}

Result<CheckReport> ParseCheckReport(std::string_view text) {
  boost::system::error_code failed;
  const json::value root = json::parse(json::string_view(text.data(), text.size()), failed);
  const json::value* results =
      failed || !root.is_object() ? nullptr : root.get_object().if_contains("results");
  if (results == nullptr || !results->is_array()) {
    return Error(Errc::kCorrupt, "the stored report of checks cannot be read")
        .Hint("run farthing check again");
  }
  CheckReport report;
  report.connection_id = TextOf(root.get_object(), "connection_id");
  report.connection_name = TextOf(root.get_object(), "connection");
  TRY_ASSIGN(report.at, ParseInstant(TextOf(root.get_object(), "at")));
  for (const json::value& item : results->get_array()) {
    if (!item.is_object()) continue;
    const json::object& object = item.get_object();
    CheckResult result;
    result.id = TextOf(object, "id");
    result.title = TextOf(object, "title");
    const std::string status = TextOf(object, "status");
    for (const CheckStatus known : kStatuses) {
      if (Name(known) == status) result.status = known;
    }
    result.finding = TextOf(object, "finding");
    result.cause = TextOf(object, "cause");
    result.fix = TextOf(object, "fix");
    result.action = TextOf(object, "action");
    result.connector_code = TextOf(object, "connector_code");
    if (const json::value* evidence = object.if_contains("evidence");
        evidence != nullptr && evidence->is_object()) {
      for (const auto& member : evidence->get_object()) {
        const std::string name(member.key().data(), member.key().size());
        result.evidence.push_back({name, TextOf(evidence->get_object(), name)});
      }
    }
    report.results.push_back(std::move(result));
  }
  return report;
}

}  // namespace farthing::connect
