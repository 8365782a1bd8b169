#include "ingest/csv/csv_worker.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "ingest/csv/csv_scan.h"

namespace farthing::ingest {

// One of the chosen records, for the set plans.
class CsvWorker::Record : public RecordView {
 public:
  Record(CsvWorker& worker, std::size_t index)
      : worker_(worker), index_(index), record_(worker.chosen_[index]) {}
  std::string_view Field(std::size_t field) const override {
    return worker_.records_.Field(record_, field);
  }
  std::string_view Span(std::size_t first, std::size_t last) const override {
    return worker_.records_.Span(record_, first, last);
  }
  std::string_view RestOfMap(std::size_t field) const override {
    if (const auto rest = worker_.maps_.Rest(index_, field)) return *rest;
    return worker_.Cell(record_, field);
  }

 private:
  CsvWorker& worker_;
  std::size_t index_;
  std::uint32_t record_;
};

CsvWorker::CsvWorker(CsvSource& source)
    : source_(source), tags_(source.tags_), attributes_(source.attributes_) {
  for (const SourceColumn& column : source.columns()) {
    columns_.push_back(MakeCsvColumn(column.kind, source.TypeOf(column)));
  }
}

CsvWorker::~CsvWorker() {
  const std::lock_guard lock(source_.mutex_);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto* column = std::get_if<AmountColumn>(&columns_[i]);
    if (column == nullptr) continue;
    const std::string& name = source_.columns()[i].name;
    source_.findings_.totals[name] += column->total();
    if (column->misfit()) source_.findings_.misfits[name].Add(*column->misfit());
    if (column->unknown_count() == 0) continue;
    CsvSource::UnknownValues& unknown = source_.unknown_values_[name];
    if (unknown.count == 0) unknown.first = column->first_unknown();
    unknown.count += column->unknown_count();
  }
}

const CsvFile& CsvWorker::file() const {
  return source_.job_.files[static_cast<std::size_t>(block_->file)];
}

void CsvWorker::Fill(duckdb_data_chunk output) {
  duckdb_data_chunk_set_size(output, 0);
  while (next_record_ < sorted_.size() || !source_.failed_) {
    if (source_.failed_ && !source_.job_.in_file_order) return;
    if (next_record_ >= sorted_.size() && !NextBlock()) return;
    unquoted_.clear();
    ChooseRecords(duckdb_vector_size());
    if (chosen_.empty()) continue;
    if (!Convert(output)) return;
    if (chosen_.empty()) continue;
    if (!KeepTotals()) return;
    source_.rows_ += static_cast<std::int64_t>(chosen_.size());
    duckdb_data_chunk_set_size(output, chosen_.size());
    return;
  }
}

bool CsvWorker::NextBlock() {
  if (block_) source_.blocks_->Recycle(*std::move(block_));
  block_.reset();
  Result<std::optional<TextBlock>> next = source_.blocks_->Next();
  if (!next.ok()) {
    source_.Fail(std::move(next).error());
    return false;
  }
  if (!*next) return false;
  block_ = std::move(**next);
  plan_ = &source_.plans_[static_cast<std::size_t>(block_->file)];
  if (!source_.job_.in_file_order) return ReplaceBadBytes() && SplitRecords() && SortRecords();
  const bool bytes = ReplaceBadBytes();
  const bool records = SplitRecords();
  return SortRecords() && bytes && records ? true : KeepThoseBeforeFailure();
}

// A record before the one that failed may have a bad cell, and would be the first.
bool CsvWorker::KeepThoseBeforeFailure() {
  const auto at = [&](const SortedRecord& sorted) {
    return RowPlace{block_->file, block_->first_row + sorted.record};
  };
  const std::lock_guard lock(source_.mutex_);
  std::erase_if(sorted_,
                [&](const SortedRecord& sorted) { return !(at(sorted) < source_.failed_at_); });
  return !sorted_.empty();
}

// Reports every record with invalid UTF-8; tolerated ones are kept with the bytes replaced.
bool CsvWorker::ReplaceBadBytes() {
  const std::vector<BadBytes> places = FindBadBytes(block_->text());
  bool good = true;
  for (const BadBytes& place : places) {
    const std::vector<std::string>& header = file().header;
    const Fault fault{
        place.field < header.size() ? header[place.field] : "",
        "bytes that are not UTF-8, first at byte " + std::to_string(place.offset) + " of the row",
        "", lake::RowIssue::Fate::kKeptWithReplaced};
    good = ReportBad(place.record, fault);
    if (!good) break;
  }
  if (places.empty()) return true;
  block_->buffer = ReplaceInvalidUtf8(block_->text());
  block_->start = 0;
  block_->end = block_->buffer.size();
  return good;
}

bool CsvWorker::SplitRecords() {
  records_.Split(block_->text(), plan_->field_count);
  for (const CsvRecords::Ragged& ragged : records_.ragged()) {
    const Fault fault{"", "has " + std::to_string(ragged.field_count) + " fields, the header " +
                              std::to_string(plan_->field_count)};
    if (!ReportBad(ragged.record, fault)) return false;
  }
  return true;
}

// Sorts the block's records of the period by what compresses best; see CsvPlan::sort_fields.
bool CsvWorker::SortRecords() {
  sorted_.clear();
  next_record_ = 0;
  const auto key = [&](std::uint32_t record, std::size_t place) {
    const std::vector<std::size_t>& fields = plan_->sort_fields;
    return place < fields.size() ? records_.Field(record, fields[place]) : std::string_view();
  };
  for (std::uint32_t record = 0; record < records_.count(); ++record) {
    if (!records_.IsWhole(record)) continue;
    if (IsOfPeriod(record)) {
      sorted_.push_back({key(record, 0), key(record, 1), record});
    } else if (source_.job_.other_periods == OtherPeriods::kRefuse) {
      const std::string month(Cell(record, plan_->origins[0]->field));
      const Fault fault{
          source_.columns()[0].name,
          "belongs to " + month + ", the delivery is for " + ToString(source_.job_.period)};
      if (!ReportBad(record, fault)) return false;
    }
  }
  if (!source_.job_.in_file_order) std::sort(sorted_.begin(), sorted_.end());
  return true;
}

// Picks the next records of the block for one chunk.
void CsvWorker::ChooseRecords(std::size_t limit) {
  chosen_.clear();
  while (next_record_ < sorted_.size() && chosen_.size() < limit) {
    chosen_.push_back(sorted_[next_record_++].record);
  }
}

bool CsvWorker::IsOfPeriod(std::uint32_t record) {
  const std::optional<ColumnOrigin>& origin = plan_->origins[0];  // the billing period comes first
  auto* start = std::get_if<TimeColumn>(&columns_[0]);
  if (!origin || start == nullptr || source_.job_.other_periods == OtherPeriods::kTake) return true;
  const std::string_view text = Cell(record, origin->field);
  if (text.empty()) return true;
  const Result<Instant> instant = start->Parse(text);
  if (!instant.ok()) return true;  // reported when the column is converted
  const Period& period = source_.job_.period;
  return instant->micros >= period.start().micros && instant->micros < period.end().micros;
}

// Converts the chosen records; records with a bad cell are dropped and the rest is converted again.
bool CsvWorker::Convert(duckdb_data_chunk output) {
  for (;;) {
    bad_.clear();
    maps_.Read(*plan_, records_, chosen_);
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      ConvertColumn(column, duckdb_data_chunk_get_vector(output, column));
    }
    if (bad_.empty()) break;
    if (!DropBadRecords()) return false;
    duckdb_data_chunk_reset(output);
    if (chosen_.empty()) return true;
  }
  ConvertSets(output);
  ConvertPlace(output);
  return true;
}

void CsvWorker::ConvertColumn(std::size_t column, duckdb_vector vector) {
  const std::optional<ColumnOrigin>& origin = plan_->origins[column];
  if (!origin) return FillNulls(chosen_.size(), vector);
  cells_.clear();
  if (origin->map_key.empty()) {
    for (const std::uint32_t record : chosen_) cells_.push_back(Cell(record, origin->field));
  } else {
    for (std::size_t i = 0; i < chosen_.size(); ++i) cells_.push_back(maps_.Value(i, *origin));
  }
  const std::string& name = source_.columns()[column].name;
  if (IsOnEveryLine(source_.job_.family, name)) {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      if (IsAbsentValue(cells_[i])) bad_.push_back({i, {name, "is empty"}});
    }
  }
  for (BadCell& cell : std::visit([&](auto& converter) { return converter.Fill(cells_, vector); },
                                  columns_[column])) {
    bad_.push_back({cell.index, {name, std::move(cell.message), std::move(cell.hint)}});
  }
}

bool CsvWorker::DropBadRecords() {
  std::stable_sort(bad_.begin(), bad_.end(), [&](const BadRecord& a, const BadRecord& b) {
    return chosen_[a.index] < chosen_[b.index];
  });
  std::set<std::uint32_t> dropped;
  for (const BadRecord& bad : bad_) {
    const std::uint32_t record = chosen_[bad.index];
    if (!dropped.insert(record).second) continue;
    if (!ReportBad(record, bad.fault)) return false;
  }
  std::erase_if(chosen_, [&](std::uint32_t record) { return dropped.contains(record); });
  return true;
}

bool CsvWorker::KeepTotals() {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    auto* column = std::get_if<AmountColumn>(&columns_[i]);
    if (column == nullptr || column->Keep()) continue;
    source_.Fail(Error(Errc::kInvalidArgument,
                       "column " + source_.columns()[i].name + " adds up to more than 38 digits"));
    return false;
  }
  return true;
}

void CsvWorker::ConvertSets(duckdb_data_chunk output) {
  const auto convert = [&](const SetPlan& plan, SetCache& cache, duckdb_vector vector) {
    auto* numbers = static_cast<std::int32_t*>(duckdb_vector_get_data(vector));
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      const Record record(*this, i);
      raw_set_.assign(plan_->schema);
      plan.AppendRaw(record, raw_set_);
      numbers[i] = cache.Number(raw_set_, [&] { return plan.Entries(record); });
    }
  };
  const std::size_t first = columns_.size();
  convert(plan_->tags, tags_, duckdb_data_chunk_get_vector(output, first));
  convert(plan_->attributes, attributes_, duckdb_data_chunk_get_vector(output, first + 1));
}

void CsvWorker::ConvertPlace(duckdb_data_chunk output) {
  const auto data = [&](std::size_t column) {
    return duckdb_vector_get_data(duckdb_data_chunk_get_vector(output, columns_.size() + column));
  };
  auto* files = static_cast<std::int32_t*>(data(2));
  auto* rows = static_cast<std::int64_t*>(data(3));
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    files[i] = block_->file;
    rows[i] = block_->first_row + chosen_[i];
  }
}

std::string_view CsvWorker::Cell(std::uint32_t record, std::size_t field) {
  std::string_view text = records_.Field(record, field);
  if (!text.empty() && text.front() == '"') {
    std::string scratch;
    text = Unquote(text, scratch);
    if (text.data() == scratch.data()) text = unquoted_.emplace_back(text);
  }
  return IsAbsent(text) ? std::string_view() : text;
}

// The text of an emitted column; empty where the file lacks it.
std::string CsvWorker::CellOf(std::uint32_t record, std::string_view column) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::optional<ColumnOrigin>& origin = plan_->origins[i];
    if (source_.columns()[i].name == column && origin && origin->map_key.empty()) {
      return std::string(Cell(record, origin->field));
    }
  }
  return "";
}

bool CsvWorker::ReportBad(std::uint32_t record, const Fault& fault) {
  const std::int64_t row = block_->first_row + record;
  lake::RowIssue issue{block_->file, row, fault.column, fault.message, fault.fate};
  // The fields of a record with too many or too few of them cannot be told apart.
  if (fault.fate == lake::RowIssue::Fate::kSetAside && records_.IsWhole(record)) {
    issue.cost = CellOf(record, MandatoryColumns(source_.job_.family).front());
    issue.currency = CellOf(
        record, billing::FindLakeColumn("billing_currency")->Expression(source_.job_.family));
  }
  if (source_.Tolerate(std::move(issue))) return true;
  const std::string where =
      "row " + std::to_string(row) + (fault.column.empty() ? "" : ", column " + fault.column);
  const std::string again = fault.hint.empty()
                                ? "have the export delivered again, or set bad rows aside with "
                                  "--tolerate-bad-rows N; the previous version stays active"
                                : fault.hint;
  source_.Fail(
      Error(Errc::kCorrupt, file().path.native() + ": " + where + ": " + fault.message).Hint(again),
      {block_->file, row});
  return false;
}

}  // namespace farthing::ingest
