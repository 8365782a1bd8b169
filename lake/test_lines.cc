#include "lake/test_lines.h"

#include <fstream>
#include <stdexcept>

#include "base/files.h"
#include "base/text.h"
#include "billing/registry.h"
#include "lake/prove.h"

namespace farthing::lake {
namespace {

template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message());
  return *std::move(result);
}
void Must(Result<void> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message());
}

std::string DefaultOf(const billing::LakeColumn& column) {
  if (column.name == "charge_period_start") return "TIMESTAMP '2026-01-01'";
  switch (column.kind) {
    case billing::ColumnKind::kText: return "NULL::VARCHAR";
    case billing::ColumnKind::kTime: return "NULL::TIMESTAMP";
    case billing::ColumnKind::kKey: return "NULL::INTEGER";
    case billing::ColumnKind::kAmount:
    case billing::ColumnKind::kQuantity: break;
  }
  return "0::DECIMAL(18, 10)";
}

}  // namespace

TestLines::TestLines(const engine::DatabaseOptions& options)
    : layout_(fs::temp_directory_path() / ("farthing-lines-" + NewUlid())) {
  load_.id = NewUlid();
  load_.period = {2026, 1};
  database_ = Must(engine::Database::Open(options));
  connection_ = std::make_unique<engine::Connection>(Must(database_->Connect()));
}

TestLines::~TestLines() {
  std::error_code ignored;
  fs::remove_all(layout_.data(), ignored);
}

void TestLines::Write(const std::string& file, std::int64_t rows,
                      std::map<std::string, std::string> values) {
  std::vector<std::string> columns;
  for (const billing::LakeColumn& column : billing::LakeColumns()) {
    const auto value = values.find(std::string(column.name));
    columns.push_back((value == values.end() ? DefaultOf(column) : value->second) + " AS " +
                      engine::QuoteIdentifier(column.name));
  }
  const fs::path directory = Must(StagingDirectory(layout_, kCostLines, load_.period, load_.id));
  Must(connection_->Execute(
      CopySql("SELECT " + Join(columns, ", ") + " FROM range(" + std::to_string(rows) + ") r(i)",
              directory / file)));
}

std::string TestLines::Staged(std::string_view table) const {
  return layout_.StagedFiles(table, load_.period, load_.id);
}

std::string TestLines::From(std::string_view table) const {
  const bool is_staged = fs::exists(layout_.staging(load_.id));
  return ReadParquet(is_staged ? Staged(table) : layout_.Files(table, load_.period, load_.id));
}

void TestLines::Publish() {
  for (const std::string_view table : {kTagSets, kAttributeSets}) {
    const fs::path none = layout_.data() / "none.jsonl";
    std::ofstream(none).close();
    Must(StageSets(*connection_, layout_, table, none, load_.period, load_.id));
  }
  const TableTotals totals = Must(LineSums::Of(*connection_, Staged(kCostLines))).total();
  load_.line_count = totals.line_count;
  load_.totals = totals.sums;
  load_.unavailable = totals.unavailable;
  fs::rename(layout_.staging(load_.id), layout_.lake());
}

std::string TestLines::Value(const std::string& sql) {
  return Must(connection_->Query(sql)).rows.at(0).at(0).value_or("NULL");
}

}  // namespace farthing::lake
