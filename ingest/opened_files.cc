#include "ingest/opened_files.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "ingest/csv/bytes.h"
#include "ingest/mapping/other_names.h"

namespace farthing::ingest {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> NamesOf(const std::vector<ParquetColumn>& columns) {
  std::vector<std::string> names;
  for (const ParquetColumn& column : columns) names.push_back(column.name);
  return names;
}

bool IsMandatory(billing::SourceFamily family, const std::string& name) {
  const auto mandatory = MandatoryColumns(family);
  return std::find(mandatory.begin(), mandatory.end(), name) != mandatory.end();
}

// Two columns for one amount, time or id: nothing tells which is the bill's.  Two texts are both kept.
Result<void> CheckDoubled(billing::SourceFamily family, const std::vector<std::string>& header) {
  std::map<std::string, std::size_t> places;
  const std::vector<ColumnRole> roles = RolesOf(family, header);
  for (std::size_t place = 0; place < header.size(); ++place) {
    const ColumnRole& role = roles[place];
    if (role.use != ColumnRole::Use::kUsed) continue;
    const auto [first, is_new] = places.emplace(role.name, place);
    const bool is_text = FindUsedColumn(family, role.name)->kind == SourceKind::kText;
    if (is_new || (is_text && !IsMandatory(family, role.name))) continue;
    return Error(Errc::kInvalidArgument,
                 "has the column " + role.name + " twice: " + header[first->second] +
                     " is column " + std::to_string(first->second + 1) + ", " + header[place] +
                     " is column " + std::to_string(place + 1))
        .Hint("leave one of the two out of the export's query, or of the tool that wrote the file");
  }
  return {};
}

Result<void> CheckMandatory(billing::SourceFamily family, const std::vector<std::string>& header) {
  std::set<std::string> present;
  for (const ColumnRole& role : RolesOf(family, header)) {
    if (role.use == ColumnRole::Use::kUsed) present.insert(role.name);
  }
  for (const std::string_view name : MandatoryColumns(family)) {
    if (!present.contains(std::string(name))) {
      return Error(Errc::kInvalidArgument, "lacks the column " + std::string(name))
          .Hint("add the column to the export's query; without it no line can be read");
    }
  }
  return {};
}

// Adds one file after the other; each must agree with the first.
class Opener {
 public:
  Result<void> Add(const fs::path& path) {
    TRY_ASSIGN(const bool parquet, IsParquet(path));
    const bool first = files_.paths.empty();
    if (!first && parquet != files_.is_parquet()) {
      return Error(Errc::kInvalidArgument, "CSV and Parquet files in one delivery");
    }
    TRY_ASSIGN(const std::vector<std::string> header, parquet ? AddParquet(path) : AddCsv(path));
    TRY_ASSIGN(const Detection detection, DetectFamily(header));
    if (!first && detection.family != files_.detection.family) {
      return Error(Errc::kInvalidArgument, "files of different formats in one delivery");
    }
    files_.detection = detection;
    files_.paths.push_back(path);
    TRY(CheckDoubled(detection.family, header));
    return CheckMandatory(detection.family, header);
  }

  OpenedFiles Take() { return std::move(files_); }

 private:
  Result<std::vector<std::string>> AddCsv(const fs::path& path) {
    TRY_ASSIGN(std::vector<std::string> header, ReadCsvHeader(path));
    files_.csv.push_back({path, header});
    return header;
  }

  Result<std::vector<std::string>> AddParquet(const fs::path& path) {
    if (!connection_) {
      TRY_ASSIGN(database_, engine::Database::Open({.threads = 1}));
      TRY_ASSIGN(engine::Connection connection, database_->Connect());
      connection_.emplace(std::move(connection));
    }
    TRY_ASSIGN(std::vector<ParquetColumn> columns, ReadParquetColumns(*connection_, path));
    files_.parquet.push_back({path, columns});
    return NamesOf(columns);
  }

  OpenedFiles files_;
  std::unique_ptr<engine::Database> database_;
  std::optional<engine::Connection> connection_;
};

}  // namespace

std::string OpenedFiles::format() const {
  if (detection.family == billing::SourceFamily::kFocus) return "focus";
  if (detection.family == billing::SourceFamily::kCostExplorer) {
    return std::string(billing::kCostExplorerFormat);
  }
  return detection.is_cur2 ? "cur2" : "cur1";
}

std::vector<std::string> OpenedFiles::ColumnNames() const {
  std::vector<std::string> names;
  const auto add = [&](const std::vector<std::string>& header) {
    for (const std::string& name : header) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  };
  for (const CsvFile& file : csv) add(file.header);
  for (const ParquetFile& file : parquet) add(NamesOf(file.columns));
  return names;
}

OpenedFiles OpenedFiles::Only(const std::vector<std::size_t>& numbers) const {
  OpenedFiles some;
  some.detection = detection;
  for (const std::size_t number : numbers) {
    some.paths.push_back(paths.at(number));
    if (is_parquet()) {
      some.parquet.push_back(parquet.at(number));
    } else {
      some.csv.push_back(csv.at(number));
    }
  }
  return some;
}

std::string OpenedFiles::Place() const {
  const fs::path& first = paths.front();
  return (paths.size() == 1 ? first : first.parent_path()).string();
}

std::uint64_t OpenedFiles::SizeBytes() const {
  std::uint64_t bytes = 0;
  for (const fs::path& file : paths) {
    std::error_code code;
    const std::uint64_t size = fs::file_size(file, code);
    bytes += code ? 0 : size;
  }
  return bytes;
}

Result<OpenedFiles> OpenFiles(const std::vector<fs::path>& paths) {
  Opener opener;
  for (const fs::path& path : paths) {
    Result<void> added = opener.Add(path);
    if (!added.ok()) return std::move(added).error().Wrap(path.string());
  }
  return opener.Take();
}

}  // namespace farthing::ingest
