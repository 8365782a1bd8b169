#include "tests/kit/lab.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>

#include "base/files.h"
#include "base/text.h"
#include "lake/verify.h"

namespace farthing::testkit {
namespace {

using engine::QuoteIdentifier;
using engine::QuoteLiteral;

std::string TypeOf(const std::string& column, const ParquetStyle& style) {
  const auto given = style.types.find(column);
  if (given != style.types.end()) return given->second;
  if (column.ends_with("_date") || column.starts_with("BillingPeriod") ||
      column.starts_with("ChargePeriod")) {
    return "TIMESTAMP";
  }
  for (const std::string_view ending : {"_cost", "_amount", "Cost", "Quantity"}) {
    if (column.ends_with(ending)) return "DOUBLE";
  }
  return "VARCHAR";
}

std::string Files(const lake::Layout& layout, std::string_view table, const lake::Load& load) {
  return "read_parquet(" + QuoteLiteral(layout.Files(table, load.period, load.id)) +
         ", hive_partitioning = false)";
}

}  // namespace

void Must(Result<void> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message());
}

Lab::Lab()
    : root_(fs::temp_directory_path() / ("farthing-lab-" + NewUlid())),
      inbox_(root_ / "inbox"),
      layout_(root_ / "data") {
  fs::create_directories(inbox_);
  catalog_ = Must(lake::Catalog::Open(layout_));
  engine::DatabaseOptions options;
  options.threads = 2;
  database_ = Must(engine::Database::Open(options));
  connection_ = std::make_unique<engine::Connection>(Must(database_->Connect()));
}

Lab::~Lab() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

void Lab::Write(const std::string& name, std::string_view bytes) {
  fs::create_directories((inbox_ / name).parent_path());
  std::ofstream file(inbox_ / name, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + name);
}

void Lab::WriteGzip(const std::string& name, std::string_view text) {
  fs::create_directories((inbox_ / name).parent_path());
  gzFile file = gzopen((inbox_ / name).c_str(), "wb");
  const int written = gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  if (gzclose(file) != Z_OK || written != static_cast<int>(text.size())) {
    throw std::runtime_error("cannot write " + name);
  }
}

void Lab::WriteParquet(const std::string& name, const Sheet& sheet, const ParquetStyle& style) {
  fs::create_directories((inbox_ / name).parent_path());
  std::string columns;
  std::string names;
  for (std::size_t i = 0; i < sheet.header.size(); ++i) {
    const std::string type = TypeOf(sheet.header[i], style);
    const std::string cell = "c" + std::to_string(i);
    std::string value =
        type == "VARCHAR" && !style.empty_is_null ? cell : "nullif(" + cell + ", '')";
    if (type.starts_with("MAP")) value = "CAST(" + value + " AS JSON)";
    columns += (i == 0 ? "" : ", ") + ("CAST(" + value + " AS " + type + ") AS ") +
               QuoteIdentifier(sheet.header[i]);
    names += (i == 0 ? "" : ", ") + cell;
  }
  std::string rows;
  for (const auto& row : sheet.rows) {
    std::vector<std::string> cells;
    for (const std::string& cell : row) cells.push_back(QuoteLiteral(cell));
    rows += (rows.empty() ? "(" : ", (") + Join(cells, ", ") + ")";
  }
  std::string where;
  if (rows.empty()) {
    rows = "(" + Join(std::vector<std::string>(sheet.header.size(), "''"), ", ") + ")";
    where = " WHERE false";
  }
  Must(connection_->Execute("COPY (SELECT " + columns + " FROM (VALUES " + rows + ") AS t(" +
                            names + ")" + where + ") TO " + QuoteLiteral((inbox_ / name).string()) +
                            " (FORMAT parquet" +
                            (style.options.empty() ? "" : ", " + style.options) + ")"));
}

void Lab::DeliverCur1(const std::string& assembly, const std::vector<Sheet>& files, Period period) {
  const std::string range = "P/bill/" + DateRange(period) + "/";
  std::vector<std::string> keys;
  for (const Sheet& sheet : files) {
    keys.push_back(range + assembly + "/bill-0000" + std::to_string(keys.size() + 1) + ".csv.gz");
    WriteGzip(keys.back(), sheet.Csv());
  }
  const std::string manifest = LegacyManifest(assembly, keys, period);
  Write(range + assembly + "/bill-Manifest.json", manifest);
  Write(range + "bill-Manifest.json", manifest);
}

void Lab::DeliverCur2(const std::string& execution, const std::vector<Sheet>& files,
                      Period period) {
  const std::string partition = "BILLING_PERIOD=" + ToString(period) + "/";
  std::vector<std::string> uris;
  for (const Sheet& sheet : files) {
    const std::string key =
        "P/bill2/data/" + partition + "bill2-0000" + std::to_string(uris.size() + 1) + ".csv.gz";
    WriteGzip(key, sheet.Csv());
    uris.push_back("s3://a-bucket/" + key);
  }
  Write("P/bill2/metadata/" + partition + "bill2-Manifest.json", ExportManifest(execution, uris));
}

ingest::ImportSummary Lab::Import(const fs::path& name, const ingest::ImportOptions& options) {
  ingest::ImportOptions two_threads = options;
  if (two_threads.threads == 0) two_threads.threads = 2;
  return Must(ingest::Import(*catalog_, name.is_absolute() ? name : inbox_ / name, two_threads));
}

std::vector<std::string> Lab::Outcomes(const fs::path& name, const ingest::ImportOptions& options) {
  std::vector<std::string> texts;
  for (const ingest::Outcome& outcome : Import(name, options).outcomes) {
    std::string text =
        std::string(ToString(outcome.kind)) + " " + ToString(outcome.delivery.period);
    if (outcome.error) text += ": " + outcome.error->message();
    texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<std::string> Lab::ImportSheet(const Sheet& sheet, const std::string& name) {
  Write(name, sheet.Csv());
  return Outcomes(name);
}

// Loads of different decimal types are united by casts that keep every digit: DuckDB itself would round.
std::string Lab::LinesOf(const std::vector<lake::Load>& loads, const lake::Load& load) {
  std::map<std::string, int> scales;
  const std::string prefix = "DECIMAL(38,";
  for (const lake::Load& each : loads) {
    const std::string sql = "DESCRIBE SELECT * FROM " + Files(layout_, lake::kCostLines, each);
    for (const auto& row : Must(connection_->Query(sql)).rows) {
      if (row[1]->starts_with(prefix)) {
        int& scale = scales[*row[0]];
        scale = std::max(scale, std::stoi(row[1]->substr(prefix.size())));
      }
    }
  }
  std::string casts;
  for (const auto& [column, scale] : scales) {
    casts += (casts.empty() ? " REPLACE (" : ", ") +
             ("CAST(" + column + " AS " + prefix + std::to_string(scale)) + ")) AS " + column;
  }
  return "SELECT *" + casts + (casts.empty() ? "" : ")") + " FROM " +
         Files(layout_, lake::kCostLines, load);
}

void Lab::MakeView(const std::string& sql) {
  const auto names = [&](const char* word) { return sql.find(word) != std::string::npos; };
  const bool tags = names("tags") || names("cost_categories");
  const bool attributes = names("attributes") || names("product[") || names("map_keys(product");
  const std::vector<lake::Load> loads = Must(catalog_->ActiveLoads({}));
  std::string view;
  for (const lake::Load& load : loads) {
    view += (view.empty() ? "" : " UNION ALL BY NAME ") + std::string("SELECT l.*, ") +
            QuoteLiteral(load.export_name) + " AS export, " + QuoteLiteral(ToString(load.period)) +
            " AS billing_period" + (tags ? ", t.* EXCLUDE (tag_set_id)" : "") +
            (attributes ? ", a.* EXCLUDE (attribute_set_id)" : "") + " FROM (" +
            LinesOf(loads, load) + ") l";
    if (tags)
      view += " LEFT JOIN " + Files(layout_, lake::kTagSets, load) + " t USING (tag_set_id)";
    if (attributes)
      view += " LEFT JOIN " + Files(layout_, lake::kAttributeSets, load) +
              " a USING (attribute_set_id)";
  }
  if (view.empty()) throw std::runtime_error("the lake holds no lines");
  Must(connection_->Execute("CREATE OR REPLACE VIEW lines AS " + view));
}

std::vector<std::vector<std::string>> Lab::Rows(const std::string& sql) {
  MakeView(sql);
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : Must(connection_->Query(sql)).rows) {
    auto& texts = rows.emplace_back();
    for (const auto& cell : row) texts.push_back(cell.value_or("NULL"));
  }
  return rows;
}

std::string Lab::Value(const std::string& expression, const std::string& where) {
  return Rows("SELECT " + expression + " FROM lines WHERE " + where).at(0).at(0);
}

std::string Lab::Values(const std::string& expression, const std::string& where) {
  std::vector<std::string> values;
  for (const auto& row :
       Rows("SELECT " + expression + " AS v FROM lines WHERE " + where + " ORDER BY v")) {
    values.push_back(row.at(0));
  }
  return Join(values, ", ");
}

void Lab::ExpectProven() {
  for (const lake::Candidate& candidate : Must(catalog_->Candidates({}))) {
    const lake::Proof proof = Must(lake::Verify(*connection_, layout_, candidate.load));
    EXPECT_TRUE(proof.ok) << candidate.load.export_name << ": " << proof.detail;
  }
}

}  // namespace farthing::testkit
