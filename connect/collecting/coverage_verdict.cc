#include "connect/collecting/coverage_verdict.h"

#include <algorithm>

#include "aws/error.h"
#include "base/shell_words.h"
#include "base/text.h"
#include "connect/checks/checks_internal.h"

namespace farthing::connect {
namespace {

constexpr std::int64_t kDayMicros = std::int64_t{86'400} * 1'000'000;

/// What a failure means for the days it keeps away.  What hides the others comes first.
constexpr std::pair<Stake, CellStatus> kStopping[] = {
    {Stake::kReading, CellStatus::kDenied},
    {Stake::kExport, CellStatus::kStopped},
    {Stake::kDelivery, CellStatus::kStopped},
};

/// Nobody refuses: there is no such bucket or directory, or AWS does not answer.
bool IsUnreachable(const CheckResult& failure) {
  return failure.id == "directory" ||
         std::any_of(failure.evidence.begin(), failure.evidence.end(),
                     [](const Error::Detail& detail) {
                       return detail.name == kUnanswered ||
                              (detail.name == aws::kStatusDetail && detail.value == "404");
                     });
}

/// What the policy left out of a month, where the account is among it.
const lake::LeftOut* LeftOutWith(const std::string& account, const ExportDays& days, Period month) {
  const auto found = days.left_out.find(month);
  if (found == days.left_out.end()) return nullptr;
  const std::vector<std::string>& accounts = found->second.accounts;
  const bool is_in = std::find(accounts.begin(), accounts.end(), account) != accounts.end();
  return is_in ? &found->second : nullptr;
}

/// The bill has the day but not the account.
CellVerdict AccountGap(const CoverageFacts& facts, const ExportDays& bill, const Cell& cell) {
  const auto seen = bill.seen.find(cell.account);
  const auto member = facts.members.find(cell.account);
  if (member != facts.members.end() && cell.day < member->second.joined.substr(0, 10)) {
    return {CellStatus::kNotJoined,
            "the account joined the organisation on " + member->second.joined.substr(0, 10)};
  }
  if (seen != bill.seen.end() && cell.day < seen->second.first) {
    return {CellStatus::kNotJoined, "the account's first charge is of " + seen->second.first};
  }
  if (member != facts.members.end() && member->second.state != "ACTIVE") {
    return {CellStatus::kNoCharges,
            "the account is " + ToLower(member->second.state) + " in the organisation"};
  }
  if (seen == bill.seen.end()) {
    return {CellStatus::kNoCharges, "the bill does not have this account"};
  }
  if (cell.day < seen->second.second) {
    return {CellStatus::kNoCharges, "the account has no charges in this month"};
  }
  return {CellStatus::kNoCharges, "the account's last charge is of " + seen->second.second};
}

}  // namespace

void ExportDays::Add(Period month, Coverage coverage) {
  for (const auto& [cell, cost] : coverage.cells) {
    auto& [first, last] = seen.try_emplace(cell.account, cell.day, cell.day).first->second;
    first = std::min(first, cell.day);
    last = std::max(last, cell.day);
  }
  covered_until = std::max(covered_until, coverage.last_usage_day);
  if (coverage.is_final) final_months.insert(month);
  months.emplace(month, std::move(coverage));
}

CellVerdict Judge(const CoverageFacts& facts, const ExportDays& bill, const Cell& cell,
                  Period month) {
  const auto load = bill.months.find(month);
  if (facts.type == ConnectionType::kLinkedKeys) {
    return {CellStatus::kThroughPayer, "its bill comes through its payer's connection"};
  }
  if (load != bill.months.end() && load->second.Has(cell)) return {};
  const auto filled = facts.filled.months.find(month);
  if (filled != facts.filled.months.end() && filled->second.Has(cell)) {
    return {CellStatus::kFilled, "Cost Explorer filled it; the bill has not come yet"};
  }
  if (load != bill.months.end() && load->second.Reaches(cell.day)) {
    const lake::LeftOut* left_out = LeftOutWith(cell.account, bill, month);
    if (left_out != nullptr) return {CellStatus::kLeftOut, Describe(*left_out)};
    return AccountGap(facts, bill, cell);
  }
  if (filled != facts.filled.months.end() && filled->second.Reaches(cell.day)) {
    const lake::LeftOut* left_out = LeftOutWith(cell.account, facts.filled, month);
    if (left_out != nullptr) return {CellStatus::kLeftOut, Describe(*left_out)};
  }
  if (load == bill.months.end() && !bill.months.empty() && month < bill.months.begin()->first) {
    return {CellStatus::kBeforeExport,
            "before the first month that came, " + ToString(bill.months.begin()->first) +
                "; whether the bucket has it or AWS Support must deliver it: farthing backfill"};
  }
  return JudgeMissing(facts, bill, cell, month);
}

CellVerdict JudgeMissing(const CoverageFacts& facts, const ExportDays& bill, const Cell& cell,
                         Period month) {
  if (!bill.replaced_by.empty()) {
    return {CellStatus::kStopped, "the connection collects export " + bill.replaced_by + " now"};
  }
  const auto refused = facts.quarantined.find({bill.id, month});
  if (refused != facts.quarantined.end() && !refused->second.empty()) {
    return {CellStatus::kQuarantined, refused->second};
  }
  const auto unready = facts.unready.find(month);
  if (unready != facts.unready.end() && !unready->second.cause.empty()) return unready->second;
  if (facts.problem) return *facts.problem;
  if (facts.type == ConnectionType::kDirectory) {
    return {CellStatus::kAbsent, "the directory holds no bill for it"};
  }
  if (!bill.last_delivery && facts.seen_delivery) {
    return {CellStatus::kNotCollected,
            "a delivery of " + ToString(*facts.seen_delivery) + " is not collected yet: " +
                CommandLine({"farthing", "collect", "--connection", facts.connection})};
  }
  const bool needs_not = cell.day >= DayString({facts.now.micros - 2 * kDayMicros});
  const bool is_new = facts.now.micros - facts.created.micros < 2 * kDayMicros;
  if (needs_not || (is_new && !bill.last_delivery)) {
    return {CellStatus::kPending, bill.last_delivery
                                      ? "not delivered yet; AWS delivers at least once a day"
                                      : "AWS makes the first delivery within 24 hours"};
  }
  if (!bill.last_delivery) return {CellStatus::kLate, "AWS has never delivered"};
  const bool stale = facts.now.micros - bill.last_delivery->micros > 2 * kDayMicros;
  return {CellStatus::kLate,
          "the last delivery is of " + ToString(*bill.last_delivery) +
              (stale ? "; AWS delivers at least once a day" : " and does not reach this day")};
}

std::optional<CellVerdict> ProblemIn(const CheckReport& report) {
  for (const auto& [stake, status] : kStopping) {
    for (const CheckResult& result : report.results) {
      if (result.status != CheckStatus::kFail || StakeOf(result) != stake) continue;
      const bool is_away = stake == Stake::kReading && IsUnreachable(result);
      return CellVerdict{is_away ? CellStatus::kUnreachable : status, Sentence(result)};
    }
  }
  return std::nullopt;
}

std::optional<Instant> DeliveryIn(const CheckReport& report) {
  const CheckResult* delivery = report.Find("delivery");
  if (delivery == nullptr) return std::nullopt;
  for (const Error::Detail& detail : delivery->evidence) {
    if (detail.name != kLastDeliveryDetail) continue;
    if (const Result<Instant> at = ParseInstant(detail.value); at.ok()) return *at;
  }
  return std::nullopt;
}

}  // namespace farthing::connect
