#include "ingest/csv/csv_source.h"

#include <algorithm>
#include <set>

#include "ingest/csv/csv_worker.h"
#include "ingest/mapping/duckdb_functions.h"

namespace farthing::ingest {

CsvSource::CsvSource(CsvJob job, SetInterner& tags, SetInterner& attributes)
    : job_(std::move(job)), tags_(tags), attributes_(attributes) {
  std::vector<std::vector<std::string>> headers;
  std::vector<std::filesystem::path> paths;
  for (const CsvFile& file : job_.files) {
    headers.push_back(file.header);
    paths.push_back(file.path);
  }
  columns_ = ProvidedColumns(job_.family, headers);
  std::set<std::string> unknown;
  for (const std::vector<std::string>& header : headers) {
    plans_.push_back(PlanCsv(job_.family, header, columns_));
    unknown.insert(plans_.back().unknown_columns.begin(), plans_.back().unknown_columns.end());
  }
  unknown_columns_.assign(unknown.begin(), unknown.end());
  blocks_ = std::make_unique<BlockReader>(std::move(paths), std::max(1, job_.threads / 4));
}

CsvSource::~CsvSource() = default;

std::vector<std::set<std::string>> CsvSource::ColumnsByFile() const {
  std::vector<std::set<std::string>> files;
  for (const CsvPlan& plan : plans_) {
    std::set<std::string>& names = files.emplace_back();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (plan.origins[i]) names.insert(columns_[i].name);
    }
  }
  return files;
}

DecimalType CsvSource::TypeOf(const SourceColumn& column) const {
  const auto wide = job_.types.find(column.name);
  return wide == job_.types.end() ? DecimalType{} : wide->second;
}

std::optional<Error> CsvSource::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

std::uint64_t CsvSource::packed_bytes() const { return blocks_->packed_bytes(); }

AmountFindings CsvSource::findings() const {
  const std::lock_guard lock(mutex_);
  return findings_;
}

std::vector<lake::RowIssue> CsvSource::issues() const {
  const std::lock_guard lock(mutex_);
  // A row whose bytes were replaced may turn out to be bad in another way: then it was not kept.
  using Fate = lake::RowIssue::Fate;
  std::set<std::pair<int, std::int64_t>> set_aside;
  for (const lake::RowIssue& issue : issues_) {
    if (issue.fate == Fate::kSetAside) set_aside.emplace(issue.file, issue.row);
  }
  std::vector<lake::RowIssue> issues = issues_;
  std::erase_if(issues, [&](const lake::RowIssue& issue) {
    return issue.fate != Fate::kSetAside && set_aside.contains({issue.file, issue.row});
  });
  // Threads meet them in any order.
  std::stable_sort(issues.begin(), issues.end(),
                   [](const lake::RowIssue& a, const lake::RowIssue& b) {
                     return std::pair(a.file, a.row) < std::pair(b.file, b.row);
                   });
  return issues;
}

bool CsvSource::has_too_many_bad_rows() const {
  const std::lock_guard lock(mutex_);
  return has_too_many_bad_rows_;
}

void CsvSource::Fail(Error error, RowPlace place) {
  const std::lock_guard lock(mutex_);
  if (!failure_ || place < failed_at_) {
    failure_ = std::move(error);
    failed_at_ = place;
  }
  failed_ = true;
}

bool CsvSource::Tolerate(lake::RowIssue issue) {
  const std::lock_guard lock(mutex_);
  if (static_cast<std::int64_t>(issues_.size()) >= job_.tolerated_rows) {
    has_too_many_bad_rows_ = true;
    return false;
  }
  issues_.push_back(std::move(issue));
  return true;
}

std::vector<std::string> CsvSource::notes() const {
  std::vector<std::string> notes = blocks_->notes();
  const std::lock_guard lock(mutex_);
  for (const auto& [column, unknown] : unknown_values_) {
    notes.push_back(column + " is no number in " + std::to_string(unknown.count) +
                    " rows, first \"" + unknown.first + "\": unknown there");
  }
  return notes;
}

void CsvSource::Bind(duckdb_bind_info info) {
  const auto& source = *static_cast<CsvSource*>(duckdb_bind_get_extra_info(info));
  for (const SourceColumn& column : source.columns_) {
    switch (column.kind) {
      case SourceKind::kText:
      case SourceKind::kAccount:
        AddColumn(info, column.name, LogicalType(DUCKDB_TYPE_VARCHAR));
        break;
      case SourceKind::kTime:
        AddColumn(info, column.name, LogicalType(DUCKDB_TYPE_TIMESTAMP));
        break;
      case SourceKind::kAmount:
      case SourceKind::kNetAmount:
      case SourceKind::kReference:
        AddColumn(info, column.name, LogicalType::Decimal(source.TypeOf(column)));
        break;
    }
  }
  for (const char* name : {"tag_set_id", "attribute_set_id", "source_file"}) {
    AddColumn(info, name, LogicalType(DUCKDB_TYPE_INTEGER));
  }
  AddColumn(info, "source_row", LogicalType(DUCKDB_TYPE_BIGINT));
}

void CsvSource::Init(duckdb_init_info info) {
  const auto& source = *static_cast<CsvSource*>(duckdb_init_get_extra_info(info));
  const int threads = source.job_.in_file_order ? 1 : source.job_.threads;
  duckdb_init_set_max_threads(info, static_cast<idx_t>(std::max(1, threads)));
}

void CsvSource::LocalInit(duckdb_init_info info) {
  auto& source = *static_cast<CsvSource*>(duckdb_init_get_extra_info(info));
  duckdb_init_set_init_data(info, new CsvWorker(source),
                            [](void* worker) { delete static_cast<CsvWorker*>(worker); });
}

void CsvSource::Function(duckdb_function_info info, duckdb_data_chunk output) {
  auto& source = *static_cast<CsvSource*>(duckdb_function_get_extra_info(info));
  auto& worker = *static_cast<CsvWorker*>(duckdb_function_get_local_init_data(info));
  try {
    worker.Fill(output);
  } catch (const std::exception& exception) {  // nothing may be thrown through C
    source.Fail(Error(Errc::kInternal, exception.what()));
    duckdb_data_chunk_set_size(output, 0);
  }
  if (source.failed_) duckdb_function_set_error(info, "the source cannot be read");
}

Result<void> CsvSource::Register(duckdb_connection connection, const std::string& name) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, name.c_str());
  duckdb_table_function_set_extra_info(function, this, nullptr);
  duckdb_table_function_set_bind(function, &CsvSource::Bind);
  duckdb_table_function_set_init(function, &CsvSource::Init);
  duckdb_table_function_set_local_init(function, &CsvSource::LocalInit);
  duckdb_table_function_set_function(function, &CsvSource::Function);
  const duckdb_state state = duckdb_register_table_function(connection, function);
  duckdb_destroy_table_function(&function);
  if (state != DuckDBSuccess) return Error(Errc::kInternal, "cannot register the CSV reader");
  return {};
}

}  // namespace farthing::ingest
