#include "connect/coverage.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "connect/checks.h"
#include "connect/collected.h"
#include "connect/cost_explorer_fit.h"
#include "connect/member_accounts.h"

namespace farthing::connect {
namespace {

constexpr std::int64_t kDayMicros = std::int64_t{86'400} * 1'000'000;

struct Verdict {
  CellStatus status = CellStatus::kCovered;
  std::string cause;
  bool operator==(const Verdict&) const = default;
};

/// One export as far as coverage goes.
struct ExportDays {
  std::string name;
  std::int64_t id = 0;
  std::map<Period, Coverage> months;
  std::map<Period, lake::LeftOut> left_out;
  std::map<std::string, std::pair<std::string, std::string>> seen;  ///< account → first, last day
  std::string covered_until;
  std::optional<Period> final_until;

  void Add(const lake::Load& load, Coverage coverage) {
    for (const auto& [cell, cost] : coverage.cells) {
      auto& [first, last] = seen.try_emplace(cell.account, cell.day, cell.day).first->second;
      first = std::min(first, cell.day);
      last = std::max(last, cell.day);
    }
    covered_until = std::max(covered_until, coverage.last_usage_day);
    months.emplace(load.period, std::move(coverage));
    if (load.left_out) left_out.emplace(load.period, *load.left_out);
  }
};

class Mapper {
 public:
  Mapper(Store& store, lake::Catalog& catalog, Connection connection, Instant now)
      : store_(store), catalog_(catalog), connection_(std::move(connection)), now_(now) {}

  Result<void> Run(CoverageMap& map) {
    TRY(ReadLake());
    TRY(ReadLog());
    TRY(ReadReport());
    TRY_ASSIGN(const MemberAccounts kept, KeptMemberAccounts(store_, connection_));
    for (const MemberAccount& account : kept.accounts) members_[account.id] = account;
    if (bills_.empty()) {
      bills_.emplace_back();
      bills_.back().name = connection_.settings.export_place.name;
    }
    for (const ExportDays& bill : bills_) {
      for (const auto& [period, left_out] : bill.left_out) {
        map.left_out.push_back({connection_.settings.name, bill.name, period, left_out});
      }
      for (const std::string& account : Accounts(bill)) AddSpans(bill, account, map);
      map.exports.push_back(FreshnessOf(bill));
    }
    return {};
  }

 private:
  Result<void> ReadLake() {
    TRY_ASSIGN(const std::vector<std::int64_t> ids,
               CollectedLog(store_.database(), connection_.id).Exports());
    TRY_ASSIGN(const std::vector<lake::Export> exports, catalog_.Exports());
    TRY_ASSIGN(const std::vector<lake::Candidate> candidates, catalog_.Candidates({}));
    for (const lake::Export& one : exports) {
      if (std::find(ids.begin(), ids.end(), one.id) == ids.end()) continue;
      ExportDays days;
      days.name = one.name;
      days.id = one.id;
      const bool filler = one.identity == CostExplorerIdentity(connection_.id);
      for (const lake::Candidate& candidate : candidates) {
        if (candidate.load.export_id != one.id || (filler && !candidate.elected)) continue;
        TRY_ASSIGN(Coverage coverage, CoverageOf(catalog_.layout(), candidate.load));
        days.Add(candidate.load, std::move(coverage));
        if (filler) continue;
        TRY_ASSIGN(const bool final, IsInvoiced(catalog_.layout(), candidate.load));
        if (final)
          days.final_until = std::max(days.final_until, std::optional(candidate.load.period));
      }
      if (filler) {
        filled_ = std::move(days);
      } else {
        bills_.push_back(std::move(days));
      }
    }
    TRY_ASSIGN(const std::vector<lake::Delivery> deliveries, catalog_.Deliveries());
    for (const lake::Delivery& delivery : deliveries) {  // the newest word on a month counts
      std::string& reason = quarantined_[{delivery.export_id, delivery.period}];
      reason = delivery.status == lake::DeliveryStatus::kQuarantined ? delivery.reason : "";
    }
    return {};
  }

  Result<void> ReadLog() {
    TRY_ASSIGN(const auto known, CollectedLog(store_.database(), connection_.id).All());
    std::map<Period, Instant> newest;
    for (const auto& [key, one] : known) {
      if (one.delivered_at) last_delivery_ = std::max(last_delivery_, one.delivered_at);
      if (!one.period) continue;
      const auto [at, is_new] = newest.try_emplace(*one.period, one.collected_at);
      if (!is_new && one.collected_at < at->second) continue;
      at->second = one.collected_at;
      const CellStatus status =
          one.outcome == "denied" ? CellStatus::kDenied : CellStatus::kQuarantined;
      const bool bad = !CauseOf(one).empty();
      unready_[*one.period] = {status, bad ? one.outcome + ": " + one.reason : ""};
    }
    return {};
  }

  Result<void> ReadReport() {
    TRY_ASSIGN(const std::string text, store_.LastReport(connection_.id));
    if (text.empty()) return {};
    TRY_ASSIGN(const CheckReport report, ParseCheckReport(text));
    for (const CheckResult& result : report.results) {
      if (result.status != CheckStatus::kFail || problem_) continue;
      const bool of_export = result.id.find("export") != std::string::npos ||
                             result.id.find("report") != std::string::npos ||
                             result.id.find("delivery") != std::string::npos;
      problem_ = Verdict{of_export ? CellStatus::kStopped : CellStatus::kDenied,
                         result.id + ": " + (result.cause.empty() ? result.finding : result.cause)};
    }
    return {};
  }

  std::vector<std::string> Accounts(const ExportDays& bill) const {
    std::vector<std::string> accounts;
    for (const auto& [account, days] : bill.seen) accounts.push_back(account);
    for (const auto& [account, days] : filled_.seen) accounts.push_back(account);
    for (const auto& [period, left_out] : bill.left_out) {
      accounts.insert(accounts.end(), left_out.accounts.begin(), left_out.accounts.end());
    }
    std::sort(accounts.begin(), accounts.end());
    accounts.erase(std::unique(accounts.begin(), accounts.end()), accounts.end());
    if (accounts.empty()) accounts.push_back(connection_.settings.account_id);
    return accounts;
  }

  Period FirstMonth(const ExportDays& bill) const {
    Period first = PeriodOf(connection_.created);
    if (!bill.months.empty()) first = std::min(first, bill.months.begin()->first);
    if (!filled_.months.empty()) first = std::min(first, filled_.months.begin()->first);
    return first;
  }

  void AddSpans(const ExportDays& bill, const std::string& account, CoverageMap& map) const {
    bool open = false;
    Verdict last;
    for (Instant day = FirstMonth(bill).start(); day <= now_; day.micros += kDayMicros) {
      Verdict verdict = Judge(bill, {account, DayString(day)}, PeriodOf(day));
      if (open && verdict == last) {
        map.spans.back().last_day = DayString(day);
        continue;
      }
      map.spans.push_back({connection_.settings.name, bill.name, account, DayString(day),
                           DayString(day), verdict.status, verdict.cause});
      last = std::move(verdict);
      open = true;
    }
  }

  static bool IsLeftOut(const lake::LeftOut& left_out, const std::string& account) {
    const std::vector<std::string>& accounts = left_out.accounts;
    return std::find(accounts.begin(), accounts.end(), account) != accounts.end();
  }

  Verdict Judge(const ExportDays& bill, const Cell& cell, Period month) const {
    const auto load = bill.months.find(month);
    if (load != bill.months.end() && load->second.Has(cell)) return {};
    const auto filled = filled_.months.find(month);
    if (filled != filled_.months.end() && filled->second.Has(cell)) {
      return {CellStatus::kFilled, "Cost Explorer filled it; the bill has not come yet"};
    }
    if (load != bill.months.end() && cell.day <= load->second.last_usage_day) {
      const auto left_out = bill.left_out.find(month);
      if (left_out != bill.left_out.end() && IsLeftOut(left_out->second, cell.account)) {
        return {CellStatus::kLeftOut, Describe(left_out->second)};
      }
      return AccountGap(bill, cell);
    }
    if (load == bill.months.end() && !bill.months.empty() && month < bill.months.begin()->first) {
      return {CellStatus::kBeforeExport, "before the export's first month, " +
                                             ToString(bill.months.begin()->first) +
                                             "; AWS Support can deliver it: farthing backfill"};
    }
    return Missing(bill, cell, month);
  }

  /// The bill has the day but not the account.
  Verdict AccountGap(const ExportDays& bill, const Cell& cell) const {
    const auto seen = bill.seen.find(cell.account);
    const auto member = members_.find(cell.account);
    if (member != members_.end() && cell.day < member->second.joined.substr(0, 10)) {
      return {CellStatus::kNotJoined,
              "the account joined the organisation on " + member->second.joined.substr(0, 10)};
    }
    if (seen != bill.seen.end() && cell.day < seen->second.first) {
      return {CellStatus::kNotJoined, "the account's first charge is of " + seen->second.first};
    }
    if (member != members_.end() && member->second.state != "ACTIVE") {
      return {CellStatus::kNoCharges,
              "the account is " + ToLower(member->second.state) + " in the organisation"};
    }
    return {CellStatus::kNoCharges, seen == bill.seen.end()
                                        ? "the bill does not have this account"
                                        : "the account's last charge is of " + seen->second.second};
  }

  /// The bill does not reach the day.
  Verdict Missing(const ExportDays& bill, const Cell& cell, Period month) const {
    const auto refused = quarantined_.find({bill.id, month});
    if (refused != quarantined_.end() && !refused->second.empty()) {
      return {CellStatus::kQuarantined, refused->second};
    }
    const auto unready = unready_.find(month);
    if (unready != unready_.end() && !unready->second.cause.empty()) return unready->second;
    if (problem_) return *problem_;
    const bool needs_not = cell.day >= DayString({now_.micros - 2 * kDayMicros});
    const bool is_new = now_.micros - connection_.created.micros < 2 * kDayMicros;
    if (needs_not || (is_new && !last_delivery_)) {
      return {CellStatus::kPending, last_delivery_
                                        ? "not delivered yet; AWS delivers at least once a day"
                                        : "AWS makes the first delivery within 24 hours"};
    }
    if (!last_delivery_) return {CellStatus::kLate, "AWS has never delivered"};
    const bool stale = now_.micros - last_delivery_->micros > 2 * kDayMicros;
    return {CellStatus::kLate,
            "the last delivery is of " + ToString(*last_delivery_) +
                (stale ? "; AWS delivers at least once a day" : " and does not reach this day")};
  }

  Freshness FreshnessOf(const ExportDays& bill) const {
    Freshness fresh;
    fresh.connection = connection_.settings.name;
    fresh.export_name = bill.name;
    fresh.last_delivery = last_delivery_;
    fresh.covered_until = bill.covered_until;
    if (bill.final_until) fresh.final_until = ToString(*bill.final_until);
    fresh.is_estimated =
        bill.months.empty() || bill.final_until != std::optional(bill.months.rbegin()->first);
    const Verdict today =
        Missing(bill, {"", DayString({now_.micros - 3 * kDayMicros})}, PeriodOf(now_));
    const bool behind = bill.covered_until < DayString({now_.micros - 2 * kDayMicros});
    if (behind || problem_) fresh.problem = today.cause;
    return fresh;
  }

  Store& store_;
  lake::Catalog& catalog_;
  Connection connection_;
  Instant now_;
  std::vector<ExportDays> bills_;
  ExportDays filled_;
  std::map<std::pair<std::int64_t, Period>, std::string> quarantined_;
  std::map<Period, Verdict> unready_;  ///< without a cause: the newest word is a bill
  std::map<std::string, MemberAccount> members_;
  std::optional<Verdict> problem_;
  std::optional<Instant> last_delivery_;
};

}  // namespace

std::string_view Name(CellStatus status) {
  switch (status) {
    case CellStatus::kCovered: return "covered";
    case CellStatus::kFilled: return "filled-by-cost-explorer";
    case CellStatus::kPending: return "not-delivered-yet";
    case CellStatus::kLate: return "late";
    case CellStatus::kDenied: return "denied";
    case CellStatus::kQuarantined: return "quarantined";
    case CellStatus::kStopped: return "export-stopped";
    case CellStatus::kBeforeExport: return "before-export";
    case CellStatus::kNotJoined: return "account-joined-later";
    case CellStatus::kNoCharges: return "account-without-charges";
    case CellStatus::kLeftOut: return "left-out";
  }
  return "covered";
}

char Symbol(CellStatus status) {
  switch (status) {
    case CellStatus::kCovered: return '#';
    case CellStatus::kFilled: return '+';
    case CellStatus::kPending: return '.';
    case CellStatus::kLate: return '!';
    case CellStatus::kDenied: return 'X';
    case CellStatus::kQuarantined: return 'Q';
    case CellStatus::kStopped: return 'S';
    case CellStatus::kBeforeExport: return '<';
    case CellStatus::kNotJoined: return '-';
    case CellStatus::kNoCharges: return ' ';
    case CellStatus::kLeftOut: return '~';
  }
  return '#';
}

Result<CoverageMap> MapCoverage(Store& store, lake::Catalog& catalog, const std::string& name,
                                Instant now) {
  std::vector<Connection> connections;
  if (name.empty()) {
    TRY_ASSIGN(connections, store.List());
    std::erase_if(connections, [](const Connection& one) {
      return one.settings.type == ConnectionType::kLinkedKeys;  // its bill comes through the payer
    });
  } else {
    TRY_ASSIGN(Connection one, store.Find(name));
    connections.push_back(std::move(one));
  }
  CoverageMap map;
  for (Connection& connection : connections) {
    TRY(Mapper(store, catalog, std::move(connection), now).Run(map));
  }
  return map;
}

}  // namespace farthing::connect
