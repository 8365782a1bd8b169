#include "connect/collecting/coverage.h"

#include <algorithm>
#include <map>

#include "base/shell_words.h"
#include "connect/collected.h"
#include "connect/collecting/coverage_verdict.h"
#include "connect/collecting/export_deliveries.h"
#include "connect/lifecycle.h"

namespace farthing::connect {
namespace {

constexpr std::int64_t kDayMicros = std::int64_t{86'400} * 1'000'000;

class Mapper {
 public:
  Mapper(Store& store, lake::Catalog& catalog, Connection connection, Instant now)
      : store_(store), catalog_(catalog), connection_(std::move(connection)) {
    facts_.connection = connection_.settings.name;
    facts_.type = connection_.settings.type;
    facts_.created = connection_.created;
    facts_.now = now;
  }

  Result<void> Run(CoverageMap& map) {
    TRY(ReadLake());
    if (bills_.empty()) {
      bills_.emplace_back();
      bills_.back().name = connection_.settings.export_place.name;
    }
    TRY(ReadLog());
    TRY(ReadReport());
    TRY_ASSIGN(const MemberAccounts kept, KeptMemberAccounts(store_, connection_));
    for (const MemberAccount& account : kept.accounts) facts_.members[account.id] = account;
    for (const ExportDays& bill : bills_) {
      AddLeftOut(bill, map);
      const bool is_awaited = bill.months.empty() && bills_.size() > 1;  // another one has the days
      if (!is_awaited) {
        for (const std::string& account : Accounts(bill)) AddSpans(bill, account, map);
      }
      map.exports.push_back(FreshnessOf(bill));
    }
    AddLeftOut(facts_.filled, map);
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
        const lake::Load& load = candidate.load;
        days.Add(load.period, std::move(coverage));
        if (load.left_out) days.left_out.emplace(load.period, *load.left_out);
      }
      if (filler) {
        facts_.filled = std::move(days);
      } else {
        bills_.push_back(std::move(days));
      }
    }
    TRY_ASSIGN(const std::vector<lake::Delivery> deliveries, catalog_.Deliveries());
    for (const lake::Delivery& delivery : deliveries) {  // the newest word on a month counts
      std::string& reason = facts_.quarantined[{delivery.export_id, delivery.period}];
      reason = delivery.status == lake::DeliveryStatus::kQuarantined ? delivery.reason : "";
      told_.insert(reason);
      writers_[ManifestKey(delivery)] = delivery.export_id;
    }
    return {};
  }

  Result<void> ReadLog() {
    TRY_ASSIGN(const auto known, CollectedLog(store_.database(), connection_.id).All());
    bills_ = TellDeliveries(std::move(bills_), {known, writers_}, connection_);
    std::map<Period, Instant> newest;
    for (const auto& [key, one] : known) {
      const std::string cause = CauseOf(one);
      told_.insert(cause);
      if (!one.period) continue;
      const auto [at, is_new] = newest.try_emplace(*one.period, one.collected_at);
      if (!is_new && one.collected_at < at->second) continue;
      at->second = one.collected_at;
      const CellStatus status =
          one.outcome == "denied" ? CellStatus::kDenied : CellStatus::kQuarantined;
      facts_.unready[*one.period] = {status, cause.empty() ? "" : one.outcome + ": " + one.reason};
      refused_.erase(*one.period);
      if (one.outcome == "denied" || one.outcome == "failed") refused_[*one.period] = at->second;
    }
    return {};
  }

  Result<void> ReadReport() {
    TRY_ASSIGN(const std::string text, store_.LastReport(connection_.id));
    Instant since;
    if (!text.empty()) {
      TRY_ASSIGN(const CheckReport report, ParseCheckReport(text));
      facts_.problem = ProblemIn(report);
      is_beside_the_bill_ = !facts_.problem && report.FirstFailure() == connection_.cause;
      facts_.seen_delivery = DeliveryIn(report);
      since = report.at;
      for (const CheckResult& result : report.results) told_.insert(Sentence(result));
    }
    const bool is_draft =
        connection_.state == State::kDraft || connection_.state == State::kVerifying;
    if (!MayCollect(connection_.state) && !(is_draft && facts_.problem)) {
      facts_.problem = WhyIdle();
    }
    // What a collection that failed as a whole leaves behind is neither of a check nor of a delivery.
    if (connection_.state == State::kDegraded && connection_.state_since >= since &&
        !told_.contains(connection_.cause)) {
      facts_.problem = {CellStatus::kNotCollected,
                        "the last collection failed: " + connection_.cause};
      since = connection_.state_since;
    }
    if (!facts_.problem) return {};
    for (const auto& [period, at] : refused_) {  // the newest refusal is the one to mend
      if (at < since) facts_.unready.erase(period);
    }
    return {};
  }

  CellVerdict WhyIdle() const {
    const std::string& name = connection_.settings.name;
    const std::string state(Name(connection_.state));
    if (connection_.cause.empty() && connection_.state != State::kDisconnected) {
      return {CellStatus::kNotCollected, "nothing is collected before it is verified: " +
                                             CommandLine({"farthing", "check", name})};
    }
    return {CellStatus::kNotCollected,
            "nothing is collected while it is " + state +
                (connection_.cause.empty() ? "" : ": " + connection_.cause)};
  }

  void AddLeftOut(const ExportDays& days, CoverageMap& map) const {
    for (const auto& [period, left_out] : days.left_out) {
      map.left_out.push_back({connection_.settings.name, days.name, period, left_out});
    }
  }

  std::vector<std::string> Accounts(const ExportDays& bill) const {
    std::vector<std::string> accounts;
    for (const auto& [account, days] : bill.seen) accounts.push_back(account);
    for (const auto& [account, days] : facts_.filled.seen) accounts.push_back(account);
    for (const auto* left_outs : {&bill.left_out, &facts_.filled.left_out}) {
      for (const auto& [period, left_out] : *left_outs) {
        accounts.insert(accounts.end(), left_out.accounts.begin(), left_out.accounts.end());
      }
    }
    std::sort(accounts.begin(), accounts.end());
    accounts.erase(std::unique(accounts.begin(), accounts.end()), accounts.end());
    if (accounts.empty()) accounts.push_back(connection_.settings.account_id);
    return accounts;
  }

  Period FirstMonth(const ExportDays& bill) const {
    Period first = PeriodOf(connection_.created);
    if (!bill.months.empty()) first = std::min(first, bill.months.begin()->first);
    if (!facts_.filled.months.empty()) first = std::min(first, facts_.filled.months.begin()->first);
    return first;
  }

  void AddSpans(const ExportDays& bill, const std::string& account, CoverageMap& map) const {
    bool open = false;
    CellVerdict last;
    for (Instant day = FirstMonth(bill).start(); day <= facts_.now; day.micros += kDayMicros) {
      CellVerdict verdict = Judge(facts_, bill, {account, DayString(day)}, PeriodOf(day));
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

  Freshness FreshnessOf(const ExportDays& bill) const {
    Freshness fresh;
    fresh.connection = connection_.settings.name;
    fresh.export_name = bill.name;
    fresh.last_delivery = bill.last_delivery;
    fresh.covered_until = bill.covered_until;
    if (!bill.final_months.empty()) fresh.final_until = ToString(*bill.final_months.rbegin());
    fresh.is_estimated =
        bill.months.empty() || !bill.final_months.contains(bill.months.rbegin()->first);
    const Instant now = facts_.now;
    const CellVerdict today =
        JudgeMissing(facts_, bill, {"", DayString({now.micros - 3 * kDayMicros})}, PeriodOf(now));
    const bool behind = bill.covered_until < DayString({now.micros - 2 * kDayMicros});
    if (behind || facts_.problem || !bill.replaced_by.empty()) fresh.problem = today.cause;
    if (fresh.problem.empty()) fresh.problem = bill.cause;
    const bool fails = connection_.state == State::kDegraded && !is_beside_the_bill_;
    if (fresh.problem.empty() && fails) fresh.problem = connection_.cause;
    return fresh;
  }

  Store& store_;
  lake::Catalog& catalog_;
  Connection connection_;
  std::vector<ExportDays> bills_;
  std::map<std::string, std::int64_t> writers_;  ///< see Deliveries
  bool is_beside_the_bill_ = false;  ///< what degrades the connection keeps no bill from coming
  CoverageFacts facts_;
  std::map<Period, Instant> refused_;  ///< months whose newest word is that they may not be had
  std::set<std::string> told_;         ///< causes that checks and deliveries give
};

}  // namespace

std::string_view Name(CellStatus status) {
  switch (status) {
    case CellStatus::kCovered: return "covered";
    case CellStatus::kFilled: return "filled-by-cost-explorer";
    case CellStatus::kPending: return "not-delivered-yet";
    case CellStatus::kLate: return "late";
    case CellStatus::kDenied: return "denied";
    case CellStatus::kUnreachable: return "unreachable";
    case CellStatus::kQuarantined: return "quarantined";
    case CellStatus::kStopped: return "export-stopped";
    case CellStatus::kBeforeExport: return "before-export";
    case CellStatus::kNotJoined: return "account-joined-later";
    case CellStatus::kNoCharges: return "account-without-charges";
    case CellStatus::kLeftOut: return "left-out";
    case CellStatus::kNotCollected: return "not-collected";
    case CellStatus::kThroughPayer: return "through-payer";
    case CellStatus::kAbsent: return "absent";
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
    case CellStatus::kUnreachable: return 'U';
    case CellStatus::kQuarantined: return 'Q';
    case CellStatus::kStopped: return 'S';
    case CellStatus::kBeforeExport: return '<';
    case CellStatus::kNotJoined: return '-';
    case CellStatus::kNoCharges: return ' ';
    case CellStatus::kLeftOut: return '~';
    case CellStatus::kNotCollected: return 'o';
    case CellStatus::kThroughPayer: return '>';
    case CellStatus::kAbsent: return '?';
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
