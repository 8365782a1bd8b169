#include "ingest/csv/csv_columns.h"

#include <cstring>

#include "base/text.h"
#include "engine/duckdb_values.h"
#include "ingest/csv/csv_plan.h"
#include "ingest/mapping/account_ids.h"

namespace farthing::ingest {
namespace {

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
// Nothing for anything else; the general parser decides then.
std::optional<std::int64_t> ParseNarrow(std::string_view text, int scale) {
  const char* at = text.data();
  const char* end = at + text.size();
  const bool negative = at < end && *at == '-';
  if (negative) ++at;
  if (at == end || end - at > 19) return std::nullopt;
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
      return std::nullopt;
    }
  }
  if (digits == 0 || decimals > scale) return std::nullopt;
  const int missing = scale - decimals;
  if (digits + missing > 18) {
    if (value != 0 || missing > 18) return std::nullopt;
    return 0;
  }
  value *= static_cast<std::int64_t>(PowerOfTen(missing));
  return negative ? -value : value;
}

bool Fits(DecimalType type, int128 units) {
  const int128 limit = PowerOfTen(type.width);
  return units > -limit && units < limit;
}

}  // namespace

std::vector<BadCell> TextColumn::Fill(Cells cells, duckdb_vector vector) {
  auto* data = DataOf<duckdb_string_t>(vector);
  NullMask nulls(vector);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].empty()) {
      nulls.Set(i);
    } else {
      data[i] = Borrow(cells[i]);
    }
  }
  return {};
}

std::vector<BadCell> AccountColumn::Fill(Cells cells, duckdb_vector vector) {
  std::vector<BadCell> bad = TextColumn().Fill(cells, vector);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!IsRoundedAccountId(cells[i])) continue;
    const Error refused = RoundedAccountId(cells[i]);
    bad.push_back({i, refused.message(), refused.hint()});
  }
  return bad;
}

Result<Instant> TimeColumn::Parse(std::string_view text) {
  if (text != text_ || text.empty()) {
    TRY_ASSIGN(instant_, ParseInstant(text));
    text_ = text;
  }
  return instant_;
}

std::vector<BadCell> TimeColumn::Fill(Cells cells, duckdb_vector vector) {
  std::vector<BadCell> bad;
  auto* data = DataOf<std::int64_t>(vector);
  NullMask nulls(vector);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (IsAbsentValue(cells[i])) {
      nulls.Set(i);
      continue;
    }
    const Result<Instant> instant = Parse(cells[i]);
    if (instant.ok()) {
      data[i] = instant->micros;
    } else {
      bad.push_back({i, instant.error().message()});
    }
  }
  return bad;
}

std::vector<BadCell> AmountColumn::Fill(Cells cells, duckdb_vector vector) {
  std::vector<BadCell> bad;
  const bool narrow = type_.width == kNarrowWidth;
  auto* narrow_data = DataOf<std::int64_t>(vector);
  auto* wide_data = DataOf<duckdb_hugeint>(vector);
  NullMask nulls(vector);
  filled_ = {};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    int128 units = 0;
    if (IsAbsentValue(cells[i])) {
      if (kind_ == SourceKind::kNetAmount) {
        nulls.Set(i);
        continue;
      }
    } else if (const auto plain = ParseNarrow(cells[i], type_.scale)) {
      units = *plain;
    } else {
      const Result<std::optional<int128>> unusual = ReadUnusual(cells[i]);
      if (!unusual.ok()) {
        bad.push_back({i, unusual.error().message()});
        continue;
      }
      if (!*unusual) {
        nulls.Set(i);
        continue;
      }
      units = **unusual;
    }
    if (__builtin_add_overflow(filled_.total, units, &filled_.total)) filled_.fits = false;
    if (narrow) {
      narrow_data[i] = static_cast<std::int64_t>(units);
    } else {
      wide_data[i] = engine::ToHugeint(units);
    }
  }
  return bad;
}

// Nothing for an unknown price; zero for what does not fit: the whole column is read again then.
Result<std::optional<int128>> AmountColumn::ReadUnusual(std::string_view cell) {
  const Result<Decimal> exact = ParseDecimal(Trim(cell));
  if (!exact.ok() && kind_ == SourceKind::kReference) {
    ++filled_.unknown_count;
    if (first_unknown_.empty()) first_unknown_ = cell;
    return std::optional<int128>();
  }
  if (!exact.ok()) return exact.error();
  const std::optional<int128> scaled = Rescale(exact->units, exact->scale, type_.scale);
  if (scaled && Fits(type_, *scaled)) return scaled;
  if (!misfit_) misfit_.emplace();
  misfit_->Add(*exact);
  return std::optional<int128>(0);
}

bool AmountColumn::Keep() {
  kept_.unknown_count += filled_.unknown_count;
  return filled_.fits && !__builtin_add_overflow(kept_.total, filled_.total, &kept_.total);
}

CsvColumn MakeCsvColumn(SourceKind kind, DecimalType type) {
  switch (kind) {
    case SourceKind::kText: return TextColumn();
    case SourceKind::kAccount: return AccountColumn();
    case SourceKind::kTime: return TimeColumn();
    case SourceKind::kAmount:
    case SourceKind::kNetAmount:
    case SourceKind::kReference: return AmountColumn(kind, type);
  }
  return TextColumn();
}

void FillNulls(std::size_t count, duckdb_vector vector) {
  NullMask nulls(vector);
  for (std::size_t i = 0; i < count; ++i) nulls.Set(i);
}

}  // namespace farthing::ingest
