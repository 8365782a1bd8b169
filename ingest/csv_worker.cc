#include "ingest/csv_worker.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>

#include "base/text.h"
#include "engine/duckdb_values.h"
#include "ingest/csv_scan.h"

namespace farthing::ingest {
namespace {

// A DuckDB string that borrows its bytes; they must live until the chunk has been consumed.
duckdb_string_t Borrow(std::string_view text) {
  duckdb_string_t result;
  std::memset(&result, 0, sizeof(result));
  if (text.size() <= 12) {
    result.value.inlined.length = static_cast<std::uint32_t>(text.size());
    std::memcpy(result.value.inlined.inlined, text.data(), text.size());
  } else {
    result.value.pointer.length = static_cast<std::uint32_t>(text.size());
    std::memcpy(result.value.pointer.prefix, text.data(), 4);
    result.value.pointer.ptr = const_cast<char*>(text.data());
  }
  return result;
}

template <typename T>
T* DataOf(duckdb_vector vector) {
  return static_cast<T*>(duckdb_vector_get_data(vector));
}

class NullMask {
 public:
  explicit NullMask(duckdb_vector vector) : vector_(vector) {}
  void Set(std::size_t row) {
    if (bits_ == nullptr) {
      duckdb_vector_ensure_validity_writable(vector_);
      bits_ = duckdb_vector_get_validity(vector_);
    }
    duckdb_validity_set_row_invalid(bits_, row);
  }

 private:
  duckdb_vector vector_;
  std::uint64_t* bits_ = nullptr;
};

// Plain notation with at most 18 digits and `scale` decimals, which is nearly every amount.
// Returns false for anything else; the general parser decides then.
bool ParseNarrow(std::string_view text, int scale, std::int64_t& units) {
  const char* at = text.data();
  const char* end = at + text.size();
  const bool negative = at < end && *at == '-';
  if (negative) ++at;
  if (at == end || end - at > 19) return false;
  std::int64_t value = 0;
  int digits = 0;
  int decimals = 0;
  bool in_fraction = false;
  for (; at < end; ++at) {
    const unsigned digit = static_cast<unsigned char>(*at) - unsigned{'0'};
    if (digit <= 9) {
      value = value * 10 + static_cast<std::int64_t>(digit);
      ++digits;
      decimals += in_fraction ? 1 : 0;
    } else if (*at == '.' && !in_fraction) {
      in_fraction = true;
    } else {
      return false;
    }
  }
  if (digits == 0 || decimals > scale) return false;
  const int missing = scale - decimals;
  if (digits + missing > 18) {
    if (value != 0 || missing > 18) return false;
    units = 0;
    return true;
  }
  value *= static_cast<std::int64_t>(PowerOfTen(missing));
  units = negative ? -value : value;
  return true;
}

bool IsWholeType(DecimalType type, int128 units) {
  const int128 limit = PowerOfTen(type.width);
  return units > -limit && units < limit;
}

}  // namespace

// The fields of one record, for the set plans.
class CsvWorker::Record : public RecordView {
 public:
  Record(CsvWorker& worker, std::uint32_t record) : worker_(worker), record_(record) {}
  std::string_view Field(std::size_t field) const override { return worker_.Field(record_, field); }
  std::string_view Span(std::size_t first, std::size_t last) const override {
    const std::string_view from = Field(first);
    const std::string_view to = Field(last);
    return {from.data(), static_cast<std::size_t>(to.data() + to.size() - from.data())};
  }
  std::string_view RestOfMap(std::size_t field) const override {
    return worker_.RestOfMap(record_, field);
  }

 private:
  CsvWorker& worker_;
  std::uint32_t record_;
};

CsvWorker::CsvWorker(CsvSource& source)
    : source_(source),
      tags_(source.tags_),
      attributes_(source.attributes_),
      chunk_totals_(source.columns().size()),
      totals_(source.columns().size()),
      needs_(source.columns().size()),
      misfit_(source.columns().size()) {}

CsvWorker::~CsvWorker() {
  const std::lock_guard lock(source_.mutex_);
  for (std::size_t i = 0; i < totals_.size(); ++i) {
    const SourceColumn& column = source_.columns()[i];
    if (!IsNumber(column.kind)) continue;
    source_.findings_.totals[column.name] += totals_[i];
    if (misfit_[i]) source_.findings_.misfits[column.name].Add(needs_[i]);
  }
}

const std::string& CsvWorker::FileName() const {
  return source_.job_.files[static_cast<std::size_t>(block_->file)].path.native();
}

std::string_view CsvWorker::Field(std::uint32_t record, std::size_t field) const {
  const std::uint32_t base = records_[record];
  const std::uint32_t end = separators_[base + field];
  const std::uint32_t start = base + field == 0 ? 0 : separators_[base + field - 1] + 1;
  std::string_view text(text_.data() + start, end - start);
  if (field + 1 == plan_->field_count && text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::string_view CsvWorker::Keep(std::string_view text) { return kept_.emplace_back(text); }

// The text of a field without quotes; empty where the value is absent.
std::string_view CsvWorker::Cell(std::uint32_t record, std::size_t field) {
  std::string_view text = Field(record, field);
  if (!text.empty() && text.front() == '"') {
    const std::string_view unquoted = Unquote(text, scratch_);
    text = unquoted.data() == scratch_.data() ? Keep(unquoted) : unquoted;
  }
  return IsAbsent(text) ? std::string_view() : text;
}

// Maps repeat, from line to line or between many; each text is parsed once while it is remembered.
const CsvWorker::MapContent& CsvWorker::MapOf(std::uint32_t record, std::size_t map) {
  constexpr std::size_t kMostMaps = 20'000;
  const MapPlan& map_plan = plan_->maps[map];
  MapMemory& memory = map_memory_[map];
  const std::string_view text = Cell(record, map_plan.field);
  if (memory.content != nullptr && memory.text == text) return *memory.content;
  memory.text = text;
  std::string key(1, static_cast<char>(map));
  key += text;
  auto [known, is_new] = map_contents_.try_emplace(std::move(key));
  if (is_new) {
    MapContent& content = known->second;
    content.values.resize(map_plan.keys.size());
    boost::json::object rest;
    if (!text.empty()) {
      for (SetEntry& entry : MapEntries({ColumnRole::Use::kProductMap, ""}, text)) {
        const auto key_at = std::find(map_plan.keys.begin(), map_plan.keys.end(), entry.key);
        if (key_at == map_plan.keys.end()) {
          rest[entry.key] = entry.value;
        } else {
          content.values[static_cast<std::size_t>(key_at - map_plan.keys.begin())] = entry.value;
        }
      }
    }
    if (!rest.empty()) content.rest = boost::json::serialize(rest);
    if (map_contents_.size() > kMostMaps) {
      MapContent kept = std::move(content);
      map_contents_.clear();
      for (MapMemory& other : map_memory_) other.content = nullptr;
      memory.content =
          &map_contents_
               .emplace(std::string(1, static_cast<char>(map)) + memory.text, std::move(kept))
               .first->second;
      return *memory.content;
    }
  }
  memory.content = &known->second;
  return *memory.content;
}

std::string_view CsvWorker::RestOfMap(std::uint32_t record, std::size_t field) {
  for (std::size_t map = 0; map < plan_->maps.size(); ++map) {
    if (plan_->maps[map].field == field) return MapOf(record, map).rest;
  }
  return Cell(record, field);
}

std::string_view CsvWorker::ValueOf(std::uint32_t record, const ColumnOrigin& origin) {
  if (origin.map_key.empty()) return Cell(record, origin.field);
  const std::string& value = MapOf(record, origin.map).values[origin.value];
  return value.size() > 12 ? Keep(value) : std::string_view(value);
}

// The text of an emitted column; empty where the file lacks it.
std::string CsvWorker::CellOf(std::uint32_t record, std::string_view column) {
  const std::vector<SourceColumn>& columns = source_.columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column && plan_->origins[i])
      return std::string(ValueOf(record, *plan_->origins[i]));
  }
  return "";
}

bool CsvWorker::ReportBad(std::uint32_t record, const std::string& column,
                          const std::string& message, lake::RowIssue::Fate fate) {
  const std::int64_t row = block_->first_row + record;
  lake::RowIssue issue{block_->file, row, column, message, fate};
  // The fields of a record with too many or too few of them cannot be told apart.
  if (fate == lake::RowIssue::Fate::kSetAside && records_[record] != UINT32_MAX) {
    const bool focus = source_.job_.family == billing::SourceFamily::kFocus;
    issue.cost = CellOf(record, focus ? "BilledCost" : "line_item_unblended_cost");
    issue.currency = CellOf(record, focus ? "BillingCurrency" : "line_item_currency_code");
  }
  if (source_.Tolerate(std::move(issue))) return true;
  const std::string where =
      "row " + std::to_string(row) + (column.empty() ? "" : ", column " + column);
  source_.Fail(Error(Errc::kCorrupt, FileName() + ": " + where + ": " + message)
                   .Hint("have the export delivered again, or set bad rows aside with "
                         "--tolerate-bad-rows N; the previous version stays active"));
  return false;
}

bool CsvWorker::NextBlock() {
  if (previous_) source_.blocks_->Recycle(*std::move(previous_));
  previous_ = std::move(block_);
  block_.reset();
  Result<std::optional<TextBlock>> next = source_.blocks_->Next();
  if (!next.ok()) {
    source_.Fail(std::move(next).error());
    return false;
  }
  if (!*next) return false;
  block_ = std::move(**next);
  text_ = block_->text();
  plan_ = &source_.plans_[static_cast<std::size_t>(block_->file)];
  times_.clear();
  map_contents_.clear();
  map_memory_.assign(plan_->maps.size(), {});
  next_record_ = 0;
  return CheckUtf8() && FindRecords();
}

// Reports every record with invalid UTF-8; tolerated ones are kept with the bytes replaced.
bool CsvWorker::CheckUtf8() {
  std::size_t from = 0;
  std::uint32_t record = 0;
  for (;;) {
    const std::size_t at = FindInvalidUtf8(text_.substr(from));
    if (at == std::string_view::npos) break;
    const RecordScan before = ScanRecords(text_.substr(from, at));
    record += static_cast<std::uint32_t>(before.records);
    separators_.clear();
    FindSeparators(text_.substr(from + before.end, at - before.end), separators_);
    const std::vector<std::string>& header =
        source_.job_.files[static_cast<std::size_t>(block_->file)].header;
    const std::size_t field = separators_.size();
    if (!ReportBad(record, field < header.size() ? header[field] : "",
                   "bytes that are not UTF-8, first at byte " + std::to_string(at - before.end) +
                       " of the row",
                   lake::RowIssue::Fate::kKeptWithReplaced)) {
      return false;
    }
    const RecordScan whole = FirstRecord(text_.substr(from + before.end));
    from += before.end + whole.end;
    ++record;
  }
  if (from == 0) return true;
  block_->buffer = ReplaceInvalidUtf8(text_);
  block_->start = 0;
  block_->end = block_->buffer.size();
  text_ = block_->text();
  return true;
}

// Splits the block into records and reports those with a wrong number of fields.
bool CsvWorker::FindRecords() {
  separators_.clear();
  records_.clear();
  FindSeparators(text_, separators_);
  constexpr std::uint32_t kSkip = UINT32_MAX;
  std::uint32_t first = 0;
  for (std::uint32_t i = 0; i < separators_.size(); ++i) {
    if (text_[separators_[i]] != '\n') continue;
    const std::size_t fields = i - first + 1;
    const auto record = static_cast<std::uint32_t>(records_.size());
    records_.push_back(first);
    if (fields != plan_->field_count) {
      const std::size_t start = first == 0 ? 0 : separators_[first - 1] + std::size_t{1};
      const bool blank = fields == 1 && separators_[i] - start <= 1;
      records_.back() = kSkip;
      if (!blank && !ReportBad(record, "",
                               "has " + std::to_string(fields) + " fields, the header " +
                                   std::to_string(plan_->field_count))) {
        return false;
      }
    }
    first = i + 1;
  }
  return true;
}

bool CsvWorker::KeepPeriod(std::uint32_t record) {
  const std::optional<ColumnOrigin>& origin = plan_->origins[0];  // the billing period comes first
  if (!origin || source_.job_.other_periods == OtherPeriods::kTake) return true;
  const std::string_view text = Cell(record, origin->field);
  if (text.empty()) return true;
  TimeMemory& memory = times_[origin->field];
  if (memory.text != text) {
    const Result<Instant> instant = ParseInstant(text);
    if (!instant.ok()) return true;  // reported by ConvertTime
    memory.text = text;
    memory.micros = instant->micros;
  }
  const Period& period = source_.job_.period;
  return memory.micros >= period.start().micros && memory.micros < period.end().micros;
}

// Picks the next records of the block for one chunk.  Returns false after a failure.
bool CsvWorker::ChooseRecords(std::size_t limit) {
  chosen_.clear();
  while (next_record_ < records_.size() && chosen_.size() < limit) {
    const auto record = static_cast<std::uint32_t>(next_record_++);
    if (records_[record] == UINT32_MAX) continue;
    if (KeepPeriod(record)) {
      chosen_.push_back(record);
    } else if (source_.job_.other_periods == OtherPeriods::kRefuse) {
      const std::string column = source_.columns()[0].name;
      if (!ReportBad(record, column,
                     "belongs to " + std::string(Cell(record, plan_->origins[0]->field)) +
                         ", the delivery is for " + ToString(source_.job_.period))) {
        return false;
      }
    }
  }
  return true;
}

void CsvWorker::Fill(duckdb_data_chunk output) {
  duckdb_data_chunk_set_size(output, 0);
  while (!source_.failed_.load(std::memory_order_relaxed)) {
    if (!block_ || next_record_ >= records_.size()) {
      if (!NextBlock()) return;
    }
    kept_.clear();
    if (!ChooseRecords(duckdb_vector_size())) return;
    if (chosen_.empty()) continue;
    if (!Convert(output)) return;
    if (chosen_.empty()) continue;
    for (std::size_t i = 0; i < totals_.size(); ++i) totals_[i] += chunk_totals_[i];
    source_.rows_ += static_cast<std::int64_t>(chosen_.size());
    duckdb_data_chunk_set_size(output, chosen_.size());
    return;
  }
}

// Converts the chosen records; records with a bad cell are dropped and the rest is converted again.
bool CsvWorker::Convert(duckdb_data_chunk output) {
  for (;;) {
    bad_.clear();
    std::fill(chunk_totals_.begin(), chunk_totals_.end(), 0);
    for (std::size_t column = 0; column < source_.columns().size(); ++column) {
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

bool CsvWorker::DropBadRecords() {
  std::sort(bad_.begin(), bad_.end(),
            [](const BadCell& a, const BadCell& b) { return a.record < b.record; });
  std::vector<std::uint32_t> good;
  std::size_t next = 0;
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    if (next == bad_.size() || bad_[next].record != i) {
      good.push_back(chosen_[i]);
      continue;
    }
    if (!ReportBad(chosen_[i], bad_[next].column, bad_[next].message)) return false;
    while (next < bad_.size() && bad_[next].record == i) ++next;
  }
  chosen_ = std::move(good);
  return true;
}

void CsvWorker::ConvertColumn(std::size_t column, duckdb_vector vector) {
  const std::optional<ColumnOrigin>& origin = plan_->origins[column];
  if (!origin) {
    NullMask nulls(vector);
    for (std::size_t i = 0; i < chosen_.size(); ++i) nulls.Set(i);
    return;
  }
  const SourceColumn& source = source_.columns()[column];
  switch (source.kind) {
    case SourceKind::kText: ConvertText(*origin, vector); break;
    case SourceKind::kTime: ConvertTime(*origin, source.name, vector); break;
    case SourceKind::kAmount:
    case SourceKind::kNetAmount:
    case SourceKind::kReference: ConvertAmount(column, *origin, vector); break;
  }
}

void CsvWorker::ConvertText(const ColumnOrigin& origin, duckdb_vector vector) {
  auto* data = DataOf<duckdb_string_t>(vector);
  NullMask nulls(vector);
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    const std::string_view text = ValueOf(chosen_[i], origin);
    if (text.empty()) {
      nulls.Set(i);
    } else {
      data[i] = Borrow(text);
    }
  }
}

void CsvWorker::ConvertTime(const ColumnOrigin& origin, const std::string& name,
                            duckdb_vector vector) {
  auto* data = DataOf<std::int64_t>(vector);
  NullMask nulls(vector);
  TimeMemory& memory = times_[origin.field];
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    const std::string_view text = ValueOf(chosen_[i], origin);
    if (IsAbsentValue(text)) {
      nulls.Set(i);
      continue;
    }
    if (memory.text != text) {
      const Result<Instant> instant = ParseInstant(text);
      if (!instant.ok()) {
        bad_.push_back({i, name, instant.error().message()});
        continue;
      }
      memory.text = text;
      memory.micros = instant->micros;
    }
    data[i] = memory.micros;
  }
}

void CsvWorker::ConvertAmount(std::size_t column, const ColumnOrigin& origin,
                              duckdb_vector vector) {
  const SourceColumn& source = source_.columns()[column];
  const DecimalType type = source_.TypeOf(source);
  const bool narrow = type.width == kNarrowWidth;
  auto* narrow_data = DataOf<std::int64_t>(vector);
  auto* wide_data = DataOf<duckdb_hugeint>(vector);
  NullMask nulls(vector);
  int128 total = 0;
  bool fits = true;
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    std::string_view text = ValueOf(chosen_[i], origin);
    if (IsAbsentValue(text)) text = {};
    if (text.empty() && source.kind == SourceKind::kNetAmount) {
      nulls.Set(i);
      continue;
    }
    std::int64_t small = 0;
    int128 units = 0;
    if (text.empty()) {
      units = 0;
    } else if (ParseNarrow(text, type.scale, small)) {
      units = small;
    } else {
      const Result<Decimal> exact = ParseDecimal(Trim(text));
      if (!exact.ok() && source.kind == SourceKind::kReference) {
        source_.NoteUnknown(source.name, text);
        nulls.Set(i);
        continue;
      }
      if (!exact.ok()) {
        bad_.push_back({i, source.name, exact.error().message()});
        continue;
      }
      const std::optional<int128> scaled = Rescale(exact->units, exact->scale, type.scale);
      if (scaled && IsWholeType(type, *scaled)) {
        units = *scaled;
      } else {  // the whole column is read again with a wider type; see load.cc
        needs_[column].Add(*exact);
        misfit_[column] = true;
      }
    }
    fits = !__builtin_add_overflow(total, units, &total) && fits;
    if (narrow) {
      narrow_data[i] = static_cast<std::int64_t>(units);
    } else {
      wide_data[i] = engine::ToHugeint(units);
    }
  }
  int128 whole = 0;
  if (!fits || __builtin_add_overflow(totals_[column], total, &whole)) {
    source_.Fail(
        Error(Errc::kInvalidArgument, "column " + source.name + " adds up to more than 38 digits"));
  }
  chunk_totals_[column] = total;
}

void CsvWorker::ConvertSets(duckdb_data_chunk output) {
  const std::size_t first = source_.columns().size();
  const auto convert = [&](const SetPlan& plan, SetCache& cache, std::int32_t* numbers) {
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      const Record record(*this, chosen_[i]);
      raw_.assign(plan_->schema);
      plan.AppendRaw(record, raw_);
      numbers[i] = cache.Number(raw_, [&] { return plan.Entries(record); });
    }
  };
  convert(plan_->tags, tags_, DataOf<std::int32_t>(duckdb_data_chunk_get_vector(output, first)));
  convert(plan_->attributes, attributes_,
          DataOf<std::int32_t>(duckdb_data_chunk_get_vector(output, first + 1)));
}

void CsvWorker::ConvertPlace(duckdb_data_chunk output) {
  const std::size_t first = source_.columns().size() + 2;
  auto* files = DataOf<std::int32_t>(duckdb_data_chunk_get_vector(output, first));
  auto* rows = DataOf<std::int64_t>(duckdb_data_chunk_get_vector(output, first + 1));
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    files[i] = block_->file;
    rows[i] = block_->first_row + chosen_[i];
  }
}

}  // namespace farthing::ingest
