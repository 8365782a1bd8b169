#include "query/test_lake.h"

#include <boost/json.hpp>
#include <fstream>

#include "base/files.h"
#include "base/text.h"
#include "billing/registry.h"
#include "lake/rollups.h"
#include "lake/stage.h"

namespace farthing::query {
namespace {

namespace json = boost::json;
using billing::ColumnKind;

template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message());
  return *std::move(result);
}
void Must(Result<void> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message());
}

std::string ColumnType(const billing::LakeColumn& column, const std::string& decimal_type) {
  switch (column.kind) {
    case ColumnKind::kText: return "VARCHAR";
    case ColumnKind::kTime: return "TIMESTAMP";
    case ColumnKind::kKey: return "INTEGER";
    case ColumnKind::kAmount:
    case ColumnKind::kQuantity: break;
  }
  return decimal_type;
}

std::string ValueOf(const std::map<std::string, std::string>& values, std::string_view name,
                    std::string absent) {
  const auto found = values.find(std::string(name));
  return found == values.end() ? absent : engine::QuoteLiteral(found->second);
}

std::string LiteralOf(const billing::LakeColumn& column, const TestLoad& load, const TestLine& line,
                      std::size_t row) {
  if (column.name == "billing_account_id") return engine::QuoteLiteral(load.payer);
  if (column.name == "billing_currency")
    return "nullif(" + ValueOf(line.text, column.name, "'USD'") + ", '')";
  switch (column.kind) {
    case ColumnKind::kText: return ValueOf(line.text, column.name, "NULL");
    case ColumnKind::kTime: return engine::QuoteLiteral(line.start);
    case ColumnKind::kKey: return column.name == "source_file" ? "0" : std::to_string(row + 1);
    case ColumnKind::kAmount:
    case ColumnKind::kQuantity: break;
  }
  for (const std::string& name : load.unavailable) {
    if (name == column.name) return "NULL";
  }
  return ValueOf(line.amounts, column.name, "0");
}

constexpr std::int64_t kGroupsAtOnce = 3;

json::object ToObject(const std::map<std::string, std::string>& values) {
  json::object object;
  for (const auto& [key, value] : values) object[key] = value;
  return object;
}

}  // namespace

TestLake::TestLake() : layout_(fs::temp_directory_path() / ("farthing [test]* " + NewUlid())) {
  Must(MakeDirectories(layout_.data()));
  catalog_ = Must(lake::Catalog::Open(layout_));
  engine::DatabaseOptions one_thread;
  one_thread.threads = 1;
  database_ = Must(engine::Database::Open(one_thread));
  connection_ = std::make_unique<engine::Connection>(Must(database_->Connect()));
}

TestLake::~TestLake() {
  std::error_code ignored;
  fs::remove_all(layout_.data(), ignored);
}

void TestLake::WriteLines(const TestLoad& load, const std::string& id) {
  std::vector<std::string> types;
  for (const billing::LakeColumn& column : billing::LakeColumns()) {
    types.push_back(std::string(column.name) + " " + ColumnType(column, load.decimal_type));
  }
  Must(connection_->Execute("CREATE OR REPLACE TABLE lines (" + Join(types, ", ") + ")"));
  std::vector<std::string> rows;
  for (std::size_t row = 0; row < load.lines.size(); ++row) {
    std::vector<std::string> values;
    for (const billing::LakeColumn& column : billing::LakeColumns()) {
      values.push_back(LiteralOf(column, load, load.lines[row], row));
    }
    rows.push_back("(" + Join(values, ", ") + ")");
  }
  if (!rows.empty()) Must(connection_->Execute("INSERT INTO lines VALUES " + Join(rows, ", ")));
  const fs::path directory =
      Must(lake::StagingDirectory(layout_, lake::kCostLines, load.period, id));
  // Several files, as a bill of many lines has, so that the rollups are put together from several parts.
  for (const std::string part : {"0", "1", "2"}) {
    Must(connection_->Execute(lake::CopySql("FROM lines WHERE rowid % 3 = " + part,
                                            directory / ("part-" + part + ".parquet"))));
  }
}

// Every line has a set of its own, numbered as its row.
void TestLake::WriteSets(const TestLoad& load, const std::string& id) {
  const fs::path tags = layout_.data() / "tags.json";
  const fs::path attributes = layout_.data() / "attributes.json";
  std::ofstream tag_lines(tags);
  std::ofstream attribute_lines(attributes);
  for (std::size_t row = 0; row < load.lines.size(); ++row) {
    const TestLine& line = load.lines[row];
    tag_lines << json::object{{"id", row + 1},
                              {"tags", ToObject(line.tags)},
                              {"cost_categories", json::object{}}}
              << '\n';
    attribute_lines << json::object{{"id", row + 1},
                                    {"product", ToObject(line.product)},
                                    {"attributes", json::object{}}}
                    << '\n';
  }
  tag_lines.close();
  attribute_lines.close();
  Must(lake::StageSets(*connection_, layout_, lake::kTagSets, tags, load.period, id));
  Must(lake::StageSets(*connection_, layout_, lake::kAttributeSets, attributes, load.period, id));
}

std::string TestLake::Publish(const TestLoad& load) {
  const lake::Export found = Must(catalog_->FindOrCreateExport({.id = 0,
                                                                .name = load.export_name,
                                                                .format = "cur2",
                                                                .source = "test",
                                                                .identity = load.export_name}));
  const std::string id = NewUlid();
  WriteLines(load, id);
  WriteSets(load, id);
  Must(lake::StageRollups(*connection_, layout_, load.period, id, kGroupsAtOnce));

  lake::Load facts;
  facts.id = id;
  facts.delivery_id = NewUlid();
  facts.export_id = found.id;
  facts.export_name = found.name;
  facts.period = load.period;
  facts.format = "cur2";
  facts.line_count = static_cast<std::int64_t>(load.lines.size());
  facts.created_at = ToString(Now());
  facts.unavailable = load.unavailable;
  facts.blank_columns = load.blank_columns;
  std::map<std::string, int> keys;
  for (const TestLine& line : load.lines) {
    for (const auto& [key, value] : line.tags) ++keys[key];
  }
  for (const auto& [key, count] : keys) facts.tag_keys.push_back(key);
  const std::string daily = layout_.StagedFiles(lake::kCostDaily, load.period, id);
  Must(lake::CollectFacts(*connection_, daily, facts));

  lake::Delivery delivery;
  delivery.id = facts.delivery_id;
  delivery.export_id = found.id;
  delivery.export_name = found.name;
  delivery.period = load.period;
  delivery.version_key = id;
  delivery.fingerprint = id;
  delivery.seen_at = facts.created_at;
  delivery.files = {{.path = "bill-" + load.export_name + ".csv", .size_bytes = 1, .sha256 = ""}};
  Must(lake::Publish(*catalog_, delivery, facts));
  return id;
}

}  // namespace farthing::query
