#include "connect/cost_explorer/cost_explorer_fit.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/files.h"
#include "base/text.h"
#include "billing/registry.h"
#include "connect/collected.h"
#include "connect/import_policy.h"
#include "engine/duckdb.h"
#include "ingest/import.h"
#include "lake/same_bill.h"

namespace farthing::connect {
namespace {

namespace json = boost::json;
using ingest::CostExplorerRow;

constexpr std::uint64_t kAnswerLimit = std::uint64_t{1} << 30;
constexpr std::size_t kShownDifferences = 20;

std::string ToJson(const std::vector<std::string>& texts) {
  json::array list;
  for (const std::string& text : texts) list.emplace_back(text);
  return json::serialize(list);
}

std::vector<std::string> TextsOf(const std::string& text) {
  std::vector<std::string> texts;
  boost::system::error_code failed;
  const json::value list = json::parse(text, failed);
  if (failed || !list.is_array()) return texts;
  for (const json::value& item : list.get_array()) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

Result<void> AddTo(Decimal& sum, const Decimal& value) {
  TRY_ASSIGN(sum, Add(sum, value));
  return {};
}

/// What the election will see of an answer, before it is cut.
lake::Load AsLoad(Period period, const std::vector<CostExplorerRow>& rows) {
  std::set<std::string> payers, accounts;
  for (const CostExplorerRow& row : rows) {
    payers.insert(row.payer);
    accounts.insert(row.account);
  }
  lake::Load load;
  load.period = period;
  load.providers = {"AWS"};
  load.billing_accounts.assign(payers.begin(), payers.end());
  load.sub_accounts.assign(accounts.begin(), accounts.end());
  return load;
}

using Accounts = std::optional<std::set<std::string>>;

/// As an import keeps lines: the payer's own are kept besides.
bool IsKept(const CostExplorerRow& row, const Accounts& accounts) {
  return !accounts || row.account.empty() || row.account == row.payer ||
         accounts->contains(row.account);
}

class Fitter {
 public:
  Fitter(Store& store, lake::Catalog& catalog)
      : store_(store), catalog_(catalog), answers_(store.database(), catalog.layout()) {}

  Result<std::vector<Fit>> Run() {
    TRY_ASSIGN(const std::vector<KeptAnswer> kept, answers_.List());
    std::vector<Fit> fits;
    std::optional<Error> failure;
    for (const KeptAnswer& answer : kept) {
      const Result<Connection> connection = store_.Find(answer.connection_id);
      if (!connection.ok() && connection.error().code() == Errc::kNotFound) {
        TRY(Abandon(answer));
        continue;
      }
      Result<Fit> fit =
          connection.ok() ? FitOne(answer, *connection) : Result<Fit>(connection.error());
      if (fit.ok()) {
        fits.push_back(*std::move(fit));
      } else if (
          !failure) {  // one answer that cannot be read does not keep the others from fitting
        failure = std::move(fit).error();
      }
    }
    if (failure) return std::move(*failure);
    return fits;
  }

 private:
  Result<Fit> FitOne(const KeptAnswer& answer, const Connection& connection) {
    Fit fit{answer.connection_id, answer.period, "unchanged", {}, 0, {}};
    TRY_ASSIGN(const std::vector<lake::Load> elected,
               catalog_.ActiveLoads({answer.period, answer.period, std::nullopt}));
    // Which of them could share cells takes reading the answer; a new version of any is a reason to look.
    std::vector<std::string> ids;
    for (const lake::Load& load : elected) {
      if (load.format != billing::kCostExplorerFormat) ids.push_back(load.id);
    }
    std::sort(ids.begin(), ids.end());
    TRY_ASSIGN(const Accounts accounts, AccountsToImport(store_, connection));
    std::vector<std::string> around = ids;
    if (accounts) around.push_back("accounts " + Join({accounts->begin(), accounts->end()}, ", "));
    if (answer.fitted && around == answer.fitted_around) return fit;
    TRY_ASSIGN(std::vector<CostExplorerRow> rows, answers_.Rows(answer));
    TRY_ASSIGN(const std::vector<Coverage> bills,
               BillsBeside(AsLoad(answer.period, rows), elected, accounts));
    const auto rest =
        std::stable_partition(rows.begin(), rows.end(),
                              [&](const CostExplorerRow& row) { return IsKept(row, accounts); });
    TRY_ASSIGN(fit.cut, CutAround({rows.begin(), rest}, bills));
    TRY_ASSIGN(const Cut left_out, CutAround({rest, rows.end()}, bills));
    fit.rows_left = fit.cut.left.size();
    std::vector<CostExplorerRow> uncovered = std::move(fit.cut.left);
    uncovered.insert(uncovered.end(), left_out.left.begin(), left_out.left.end());
    if (uncovered.empty()) {
      TRY(Retire(answer));
      fit.outcome = rows.empty() ? "empty" : "retired";
    } else {
      TRY_ASSIGN(fit.left_out,
                 Publish(answer, connection.settings.name, uncovered, {ids, accounts}));
      fit.outcome = "published";
    }
    TRY(answers_.MarkFitted(answer, around));
    TRY(RecordDifference(answer, fit.cut));
    fit.cut.left.clear();
    return fit;
  }

  struct Frame {
    std::vector<std::string> around;  ///< loads
    Accounts accounts;
  };

  /// What the bills that could share cells with the answer cover.  What is left out of them is theirs too, but for
  /// accounts that were connected since: the next collection brings their lines.
  Result<std::vector<Coverage>> BillsBeside(const lake::Load& answer,
                                            const std::vector<lake::Load>& elected,
                                            const Accounts& accounts) {
    std::vector<Coverage> bills;
    for (const lake::Load& load : elected) {
      if (load.format == billing::kCostExplorerFormat || !MayShareCells(answer, load)) continue;
      TRY_ASSIGN(Coverage coverage, CoverageOf(catalog_.layout(), load));
      const lake::LeftOut left_out = load.left_out.value_or(lake::LeftOut());
      for (const std::string& account : left_out.accounts) {
        if (accounts && !accounts->contains(account)) coverage.accounts.insert(account);
      }
      bills.push_back(std::move(coverage));
    }
    return bills;
  }

  /// Its connection was deleted while the answer came: nobody keeps it any more.
  Result<void> Abandon(const KeptAnswer& answer) {
    TRY(Retire(answer));
    return answers_.Forget(answer.connection_id);
  }

  Result<void> Retire(const KeptAnswer& answer) {
    TRY_ASSIGN(const std::vector<lake::Export> exports, catalog_.Exports());
    for (const lake::Export& one : exports) {
      if (one.identity == CostExplorerIdentity(answer.connection_id)) {
        TRY(catalog_.Retire(one.id, answer.period));
      }
    }
    return RemoveOlder(answer, "");
  }

  /// Returns what the policy left out.
  Result<std::optional<lake::LeftOut>> Publish(const KeptAnswer& answer,
                                               const std::string& connection_name,
                                               const std::vector<CostExplorerRow>& rows,
                                               const Frame& frame) {
    const std::string version = NewUlid();
    const fs::path directory = answers_.Directory(answer) / version;
    TRY(MakeDirectories(directory));
    ingest::CostExplorerDelivery delivery;
    TRY_ASSIGN(delivery.name, NameOf(answer, connection_name));
    delivery.identity = answer.connection_id;
    delivery.version = version;
    delivery.period = answer.period;
    delivery.file = "cost-explorer.csv";
    delivery.fills_around = frame.around;
    TRY(WriteFileDurably(directory / delivery.file,
                         ingest::WriteCostExplorerCsv(answer.period, rows)));
    TRY(WriteFileDurably(directory / "cost-explorer-Manifest.json",
                         ingest::WriteCostExplorerManifest(delivery)));
    ingest::ImportOptions options;
    options.accounts = frame.accounts;
    TRY_ASSIGN(const ingest::ImportSummary imported, ingest::Import(catalog_, directory, options));
    std::optional<lake::LeftOut> left_out;
    CollectedLog log(store_.database(), answer.connection_id);
    for (const ingest::Outcome& outcome : imported.outcomes) {
      if (outcome.error) return Error(*outcome.error).Wrap("answer of Cost Explorer");
      TRY(log.LinkExport(outcome.delivery.export_id));
      if (outcome.load) left_out = outcome.load->left_out;
    }
    TRY(RemoveOlder(answer, version));
    return left_out;
  }

  /// The export keeps its name when the connection is renamed.
  Result<std::string> NameOf(const KeptAnswer& answer, const std::string& connection_name) {
    TRY_ASSIGN(const std::vector<lake::Export> exports, catalog_.Exports());
    for (const lake::Export& one : exports) {
      if (one.identity == CostExplorerIdentity(answer.connection_id)) return one.name;
    }
    return connection_name + "-cost-explorer";
  }

  /// The versions before this one are replaced; what AWS said is kept beside them.
  Result<void> RemoveOlder(const KeptAnswer& answer, const std::string& version) {
    std::error_code code;
    std::vector<fs::path> older;
    for (const auto& entry : fs::directory_iterator(answers_.Directory(answer), code)) {
      if (entry.is_directory(code) && entry.path().filename() != version) {
        older.push_back(entry.path());
      }
    }
    for (const fs::path& directory : older) TRY(RemoveTree(directory));
    return {};
  }

  Result<void> RecordDifference(const KeptAnswer& answer, const Cut& cut) {
    if (cut.replaced.empty()) return {};
    TRY_ASSIGN(const Decimal difference, Add(cut.cost_explorer, Negate(cut.bill)));
    json::array cells;
    std::size_t differing = 0;
    for (const Cut::Replaced& one : cut.replaced) {
      TRY_ASSIGN(const Decimal each, Add(one.cost_explorer, Negate(one.bill)));
      if (each.units == 0) continue;
      if (++differing > kShownDifferences) continue;
      cells.push_back(json::object{{"account", one.cell.account},
                                   {"day", one.cell.day},
                                   {"cost_explorer", ToString(one.cost_explorer)},
                                   {"bill", ToString(one.bill)},
                                   {"difference", ToString(each)}});
    }
    const std::string text =
        ToString(answer.period) + ": the bill has " + std::to_string(cut.replaced.size()) +
        " account days that Cost Explorer filled, " + std::to_string(differing) +
        " differ; Cost Explorer minus bill: " + ToString(difference);
    TRY_ASSIGN(const std::vector<Event> events, store_.Events(answer.connection_id, 100));
    const bool is_known = std::any_of(events.begin(), events.end(),
                                      [&](const Event& event) { return event.text == text; });
    if (is_known) return {};
    return store_.Record(
        answer.connection_id, "cost-explorer-replaced", text,
        json::serialize(json::object{{"period", ToString(answer.period)},
                                     {"cells", cut.replaced.size()},
                                     {"differing", differing},
                                     {"cost_explorer", ToString(cut.cost_explorer)},
                                     {"bill", ToString(cut.bill)},
                                     {"difference", ToString(difference)},
                                     {"first_differences", cells}}));
  }

  Store& store_;
  lake::Catalog& catalog_;
  KeptAnswers answers_;
};

/// Of the bill that the load was made of; where that was not recorded, of what was kept of it.
Result<lake::Reach> WholeReach(engine::Connection& connection, const lake::Layout& layout,
                               const lake::Load& load) {
  if (load.left_out && load.left_out->whole) return *load.left_out->whole;
  return lake::ReachOf(connection, DailyRelation(layout, load), "charge_day");
}

}  // namespace

bool Coverage::Has(const Cell& cell) const {
  // Lines that name no account may be any account's.
  for (const std::string& account : {cell.account, std::string()}) {
    if (cells.contains({account, cell.day})) return true;
    const bool is_between = first_usage_day <= cell.day && Reaches(cell.day);
    if (accounts.contains(account) && (is_final || is_between)) return true;
  }
  return false;
}

Result<Cut> CutAround(const std::vector<CostExplorerRow>& rows,
                      const std::vector<Coverage>& bills) {
  Cut cut;
  std::map<Cell, Decimal> replaced;
  for (const CostExplorerRow& row : rows) {
    const Cell cell{row.account, row.day()};
    const bool has = std::any_of(bills.begin(), bills.end(),
                                 [&](const Coverage& bill) { return bill.Has(cell); });
    if (!has) {
      cut.left.push_back(row);
      continue;
    }
    TRY_ASSIGN(const Decimal cost,
               ParseDecimal(row.net_unblended.empty() ? "0" : row.net_unblended));
    TRY(AddTo(replaced[cell], cost));
  }
  for (const auto& [cell, cost_explorer] : replaced) {
    Cut::Replaced one{cell, cost_explorer, {}};
    for (const Coverage& bill : bills) {
      const auto found = bill.cells.find(cell);
      if (found != bill.cells.end()) TRY(AddTo(one.bill, found->second));
    }
    TRY(AddTo(cut.cost_explorer, one.cost_explorer));
    TRY(AddTo(cut.bill, one.bill));
    cut.replaced.push_back(std::move(one));
  }
  return cut;
}

bool IsBillOf(const lake::Load& load, const Connection& connection) {
  if (load.format == billing::kCostExplorerFormat) return false;
  const std::string& account = connection.settings.account_id;
  const auto names = [&](const std::vector<std::string>& accounts) {
    return std::find(accounts.begin(), accounts.end(), account) != accounts.end();
  };
  if (connection.settings.type == ConnectionType::kMember) return names(load.sub_accounts);
  // A member's own report names its payer too.  Where a policy left others out, it was the payer's.
  const bool is_members_own =
      load.sub_accounts.size() == 1 && !names(load.sub_accounts) && !load.left_out;
  return names(load.billing_accounts) && !is_members_own;
}

Result<bool> IsInvoiced(const lake::Layout& layout, const lake::Load& load) {
  TRY_ASSIGN(const auto database, engine::Database::Open({.threads = 1}));
  TRY_ASSIGN(engine::Connection connection, database->Connect());
  TRY_ASSIGN(const lake::Reach reach, WholeReach(connection, layout, load));
  return reach.is_invoiced;
}

std::string DailyRelation(const lake::Layout& layout, const lake::Load& load) {
  return "read_parquet(" +
         engine::QuoteLiteral(layout.Files(lake::kCostDaily, load.period, load.id)) +
         ", union_by_name = true, hive_partitioning = false)";
}

Result<Coverage> CoverageOf(const lake::Layout& layout, const lake::Load& load) {
  TRY_ASSIGN(const auto database, engine::Database::Open({.threads = 1}));
  TRY_ASSIGN(engine::Connection connection, database->Connect());
  const std::string files = DailyRelation(layout, load);
  TRY_ASSIGN(const engine::Table cells,
             connection.Query("SELECT coalesce(sub_account_id, ''), CAST(charge_day AS VARCHAR), "
                              "coalesce(sum(billed_cost), 0) FROM " +
                              files + " WHERE charge_day IS NOT NULL GROUP BY ALL"));
  Coverage coverage;
  for (const auto& row : cells.rows) {
    const std::string account = row[0].value_or("");
    coverage.accounts.insert(account);
    TRY_ASSIGN(coverage.cells[(Cell{account, row[1].value_or("")})],
               ParseDecimal(row[2].value_or("0")));
  }
  TRY_ASSIGN(const lake::Reach reach, WholeReach(connection, layout, load));
  coverage.first_usage_day = reach.first_usage_day;
  coverage.last_usage_day = reach.last_usage_day;
  coverage.is_final = reach.is_invoiced;
  return coverage;
}

fs::path KeptAnswers::Directory(const KeptAnswer& answer) const {
  return layout_.data() / "cost_explorer" / answer.connection_id / ToString(answer.period);
}

Result<std::vector<KeptAnswer>> KeptAnswers::List(const std::string& connection_id) {
  std::vector<KeptAnswer> answers;
  TRY(database_.Each(
      "SELECT connection_id, period, asked_at, rows, requests, fitted_around FROM "
      "cost_explorer_answers WHERE ? = '' OR connection_id = ? ORDER BY connection_id, period",
      {connection_id, connection_id}, [&](const engine::SqliteRow& row) {
        KeptAnswer answer;
        answer.connection_id = row.Text(0);
        if (const auto period = ParsePeriod(row.Text(1)); period.ok()) answer.period = *period;
        if (const auto at = ParseInstant(row.Text(2)); at.ok()) answer.asked_at = *at;
        answer.rows = static_cast<int>(row.Int(3));
        answer.requests = static_cast<int>(row.Int(4));
        answer.fitted = !row.IsNull(5);
        answer.fitted_around = TextsOf(row.Text(5));
        answers.push_back(std::move(answer));
      }));
  return answers;
}

Result<void> KeptAnswers::Keep(const KeptAnswer& answer, const std::vector<CostExplorerRow>& rows) {
  const fs::path directory = Directory(answer);
  TRY(MakeDirectories(directory));
  const fs::path fresh = directory / "answer.new";
  TRY(RemoveTree(fresh));
  TRY(WriteFileDurably(fresh, ingest::WriteCostExplorerCsv(answer.period, rows)));
  // A crash on the way fits the old answer once more, or the new one.
  TRY(
      database_.Run("UPDATE cost_explorer_answers SET fitted_around = NULL WHERE connection_id = ? "
                    "AND period = ?",
                    {answer.connection_id, ToString(answer.period)}));
  TRY(RenameDurably(fresh, directory / "answer.csv"));
  return database_.Run(
      "INSERT OR REPLACE INTO cost_explorer_answers (connection_id, period, asked_at, rows, "
      "requests, fitted_around) VALUES (?, ?, ?, ?, ?, NULL)",
      {answer.connection_id, ToString(answer.period), ToString(answer.asked_at),
       static_cast<std::int64_t>(rows.size()), std::int64_t{answer.requests}});
}

Result<std::vector<CostExplorerRow>> KeptAnswers::Rows(const KeptAnswer& answer) {
  TRY_ASSIGN(const std::string csv, ReadFile(Directory(answer) / "answer.csv", kAnswerLimit));
  return ingest::ReadCostExplorerCsv(csv);
}

Result<void> KeptAnswers::MarkFitted(const KeptAnswer& answer,
                                     const std::vector<std::string>& around) {
  return database_.Run(
      "UPDATE cost_explorer_answers SET fitted_around = ? WHERE connection_id = ? AND period = ?",
      {ToJson(around), answer.connection_id, ToString(answer.period)});
}

Result<void> KeptAnswers::Forget(const std::string& connection_id) {
  TRY(database_.Run("DELETE FROM cost_explorer_answers WHERE connection_id = ?", {connection_id}));
  return RemoveTree(layout_.data() / "cost_explorer" / connection_id);
}

std::string CostExplorerIdentity(const std::string& connection_id) {
  return "cost-explorer:" + connection_id;
}

Result<std::vector<Fit>> FitCostExplorer(Store& store, lake::Catalog& catalog) {
  return Fitter(store, catalog).Run();
}

}  // namespace farthing::connect
