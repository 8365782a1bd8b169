#include "ingest/load.h"

#include <algorithm>

#include "base/text.h"
#include "billing/tag_key.h"
#include "ingest/keep_accounts.h"
#include "ingest/line_reader.h"
#include "ingest/mapping/account_ids.h"
#include "lake/account_figures.h"
#include "lake/prove.h"
#include "lake/rollups.h"
#include "lake/stage.h"

namespace farthing::ingest {
namespace {

class Loader {
 public:
  Loader(const LoadTask& task, lake::Load& load) : task_(task), load_(load), reader_(task) {}

  Result<void> Run() {
    TRY_ASSIGN(const Reading reading, reader_.Read());
    if (reading.rows == 0) {
      return Error(Errc::kInvalidArgument,
                   task_.files.Place() + ": holds no line items, only a header")
          .Hint(
              "an export that is not ready looks like this; import it again when AWS has delivered "
              "it");
    }
    task_.Report("rolling up", reading.rows);
    if (task_.options.accounts) {
      TRY_ASSIGN(load_.left_out,
                 KeepAccounts(connection(), task_.layout, load_, *task_.options.accounts));
    }
    TRY(StageSets());
    TRY(lake::StageRollups(connection(), task_.layout, load_.period, load_.id));
    task_.Report("proving", reading.rows);
    TRY(Prove(reading));
    return CollectFacts(reading);
  }

 private:
  engine::Connection& connection() { return reader_.connection(); }

  Result<void> StageSets() {
    TRY(reader_.tags().Finish());
    TRY(reader_.attributes().Finish());
    const auto directory = task_.layout.staging(load_.id);
    TRY(lake::StageSets(connection(), task_.layout, lake::kTagSets, directory / "tag_sets.jsonl",
                        load_.period, load_.id));
    return lake::StageSets(connection(), task_.layout, lake::kAttributeSets,
                           directory / "attribute_sets.jsonl", load_.period, load_.id);
  }

  // Conservation: the source's own sums = the lines' and what is left out = each rollup's and that.
  Result<void> Prove(const Reading& reading) {
    TRY_ASSIGN(const lake::LineSums lines,
               lake::LineSums::Of(connection(), StagedFiles(lake::kCostLines)));
    load_.format = task_.files.format();
    load_.line_count = lines.total().line_count;
    load_.totals = lines.total().sums;
    for (const auto& [column, total] : reading.totals) load_.totals["source:" + column] = total;
    load_.unavailable = lines.total().unavailable;
    const std::int64_t written =
        load_.line_count + (load_.left_out ? load_.left_out->line_count : 0);
    if (written != reading.rows) {
      return Error(Errc::kInternal, "read " + std::to_string(reading.rows) + " rows, wrote " +
                                        std::to_string(written));
    }
    const Result<void> as_source = lake::ProveSource(load_, lines.total());
    if (!as_source.ok()) return Error(Errc::kInternal, as_source.error().message());
    for (const std::string_view table : {lake::kCostResourceDaily, lake::kCostDaily}) {
      TRY(lines.Prove(table, StagedFiles(table)));
    }
    return {};
  }

  std::string StagedFiles(std::string_view table) const {
    return task_.layout.StagedFiles(table, load_.period, load_.id);
  }

  Result<void> CollectFacts(const Reading& reading) {
    TRY(lake::CollectFacts(connection(), StagedFiles(lake::kCostDaily), load_));
    TRY_ASSIGN(load_.accounts,
               lake::CollectAccounts(connection(), StagedFiles(lake::kCostDaily), load_));
    load_.unknown_columns = reading.unknown_columns;
    load_.issues = reading.issues;
    load_.notes = reading.notes;
    load_.missed_columns = reading.missed_columns;
    load_.blank_columns = reading.blank_columns;
    TRY(CheckAccounts());
    TRY(NoteZeroNets());
    const auto keys = [](const SetInterner& interner, const char* column) {
      const auto found = interner.keys().find(column);
      if (found == interner.keys().end()) return std::vector<std::string>();
      return std::vector<std::string>(found->second.begin(), found->second.end());
    };
    load_.tag_keys = keys(reader_.tags(), "tags");
    load_.cost_categories = keys(reader_.tags(), "cost_categories");
    if (load_.left_out) {
      TRY_ASSIGN(KeptKeys kept, DropUnusedSets(connection(), task_.layout, load_));
      load_.tag_keys = std::move(kept.tags);
      load_.cost_categories = std::move(kept.cost_categories);
    }
    std::map<std::string, std::string> normalized;
    for (const std::string& key : load_.tag_keys) {
      const auto [other, is_new] = normalized.emplace(billing::NormalizeTagKey(key), key);
      if (!is_new) load_.tag_collisions.push_back(other->second + " and " + key);
    }
    return {};
  }

  // Parquet of legacy reports has no NULLs: a net amount of 0.0 is one that is 0, or one that CSV leaves blank.
  Result<void> NoteZeroNets() {
    if (!task_.files.is_parquet() || load_.format != "cur1") return {};
    TRY_ASSIGN(const engine::Table found,
               connection().Query("SELECT count(*) FROM read_parquet(" +
                                  engine::QuoteLiteral(StagedFiles(lake::kCostLines)) +
                                  ") WHERE net_unblended_cost = 0 AND unblended_cost <> 0"));
    const std::string count = found.rows.at(0)[0].value_or("0");
    if (count == "0") return {};
    load_.notes.push_back("lines with a net cost of 0 beside an unblended cost: " + count +
                          "; Parquet cannot say whether the report's CSV leaves them blank, "
                          "which would mean that the net cost is the unblended cost");
    return {};
  }

  Result<void> CheckAccounts() {
    TRY(RefuseRounded("billing_account_id", load_.billing_accounts));
    TRY(RefuseRounded("sub_account_id", load_.sub_accounts));
    if (load_.left_out) TRY(RefuseRounded("sub_account_id", load_.left_out->accounts));
    if (!IsOfAws()) return {};
    std::vector<std::string> ids = load_.sub_accounts;
    ids.insert(ids.end(), load_.billing_accounts.begin(), load_.billing_accounts.end());
    const auto short_id = std::find_if(ids.begin(), ids.end(), IsShortAccountId);
    if (short_id == ids.end()) return {};
    load_.notes.push_back(
        "account ids of fewer than 12 digits, first " + *short_id +
        ": where a tool has cut off leading zeros, other exports name other accounts");
    return {};
  }

  // Other providers' ids may have any number of digits.
  bool IsOfAws() const {
    if (task_.files.detection.family == billing::SourceFamily::kCur) return true;
    const auto& names = load_.providers;
    return !names.empty() && std::all_of(names.begin(), names.end(), [](const std::string& name) {
      return StartsWithIgnoreCase(name, "aws") || StartsWithIgnoreCase(name, "amazon");
    });
  }

  // Bad cells of CSV are refused one by one; of Parquet the ids that were met are looked at.
  Result<void> RefuseRounded(const std::string& column, const std::vector<std::string>& ids) {
    const auto rounded = std::find_if(ids.begin(), ids.end(), IsRoundedAccountId);
    if (rounded == ids.end()) return {};
    TRY_ASSIGN(const engine::Table found,
               connection().Query("SELECT source_file, source_row FROM read_parquet(" +
                                  engine::QuoteLiteral(StagedFiles(lake::kCostLines)) + ") WHERE " +
                                  column + " = " + engine::QuoteLiteral(*rounded) + " LIMIT 1"));
    std::string place = task_.files.Place();  // where the policy has left the line out
    if (!found.rows.empty()) {
      const auto& row = found.rows[0];
      place = task_.files.paths.at(std::stoul(row[0].value_or("0"))).string() + ": row " +
              row[1].value_or("");
    }
    const billing::LakeColumn* known = billing::FindLakeColumn(column);
    return RoundedAccountId(*rounded).Wrap(
        place + ", column " + std::string(known->Expression(task_.files.detection.family)));
  }

  const LoadTask& task_;
  lake::Load& load_;
  LineReader reader_;
};

}  // namespace

Result<void> StageLoad(const lake::Layout& layout, const OpenedFiles& files,
                       OtherPeriods other_periods, const ImportOptions& options, lake::Load& load) {
  const LoadTask task{layout, files, other_periods, options, load};
  return Loader(task, load).Run();
}

}  // namespace farthing::ingest
