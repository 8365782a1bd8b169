#include "ingest/parquet/parquet_functions.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/text.h"
#include "engine/duckdb_values.h"
#include "ingest/csv/csv_plan.h"
#include "ingest/mapping/duckdb_functions.h"

namespace farthing::ingest {
namespace {

// Ten decimals are nearly always enough.  When r / 10^10 reads back as the same double, r is that
// decimal: below 2^53 both r and 10^10 are exact doubles, so the division rounds once, correctly; and
// below 2^19 doubles lie closer together than 10^-10, so no shorter decimal reads back as well.
bool FromDoubleFast(double value, std::int64_t& units) {
  constexpr double kScale = 1e10;
  constexpr double kLimit = 524288 * kScale;  // 2^19, in units of 10^-10
  const double scaled = std::nearbyint(value * kScale);
  if (!(std::fabs(scaled) < kLimit) || scaled / kScale != value) return false;
  units = static_cast<std::int64_t>(scaled);
  return true;
}

void StoreUnits(duckdb_vector output, idx_t row, DecimalType type, int128 units) {
  if (type.width == kNarrowWidth) {
    static_cast<std::int64_t*>(duckdb_vector_get_data(output))[row] =
        static_cast<std::int64_t>(units);
  } else {
    static_cast<duckdb_hugeint*>(duckdb_vector_get_data(output))[row] = engine::ToHugeint(units);
  }
}

bool IsValid(std::uint64_t* validity, idx_t row) {
  return validity == nullptr || duckdb_validity_row_is_valid(validity, row);
}

void SetNull(duckdb_vector output, idx_t row) {
  duckdb_vector_ensure_validity_writable(output);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output), row);
}

// Half goes to the even digit.
Decimal Rounded(Decimal value, int scale) {
  if (value.scale <= scale) return value;
  const int dropped = value.scale - scale;
  if (dropped > 38) return Decimal{0, scale};
  const int128 unit = PowerOfTen(dropped);
  int128 units = value.units / unit;
  const int128 rest = value.units % unit;
  const int128 size = rest < 0 ? -rest : rest;
  const int128 other = unit - size;
  if (size > other || (size == other && units % 2 != 0)) units += value.units < 0 ? -1 : 1;
  return Decimal{units, scale};
}

// One argument of a SetNumberer: typed access to a vector.
class SetArgument {
 public:
  SetArgument(duckdb_vector vector, const SetColumn& column)
      : column_(column),
        role_(column.role),
        data_(duckdb_vector_get_data(vector)),
        validity_(duckdb_vector_get_validity(vector)) {
    duckdb_logical_type type = duckdb_vector_get_column_type(vector);
    type_ = duckdb_get_type_id(type);
    duckdb_destroy_logical_type(&type);
    if (type_ == DUCKDB_TYPE_MAP) {
      duckdb_vector pairs = duckdb_list_vector_get_child(vector);
      duckdb_vector keys = duckdb_struct_vector_get_child(pairs, 0);
      duckdb_vector values = duckdb_struct_vector_get_child(pairs, 1);
      keys_ = static_cast<duckdb_string_t*>(duckdb_vector_get_data(keys));
      values_ = duckdb_vector_get_data(values);
      value_validity_ = duckdb_vector_get_validity(values);
      duckdb_logical_type value_type = duckdb_vector_get_column_type(values);
      double_values_ = duckdb_get_type_id(value_type) == DUCKDB_TYPE_DOUBLE;
      duckdb_destroy_logical_type(&value_type);
    }
  }

  void AppendRaw(idx_t row, std::string& raw) const {
    if (!IsValid(validity_, row)) {
      raw += '\0';
      return;
    }
    switch (type_) {
      case DUCKDB_TYPE_DOUBLE:
        raw += '\2';
        raw.append(reinterpret_cast<const char*>(&Doubles()[row]), sizeof(double));
        break;
      case DUCKDB_TYPE_MAP: AppendRawMap(row, raw); break;
      default: AppendText(engine::ViewOf(&Strings()[row]), raw); break;
    }
  }

  void AppendEntries(idx_t row, std::vector<SetEntry>& entries) const {
    if (!IsValid(validity_, row)) return;
    if (type_ == DUCKDB_TYPE_MAP) {
      ForEachPair(row, [&](std::string_view key, idx_t at) {
        if (std::string text = ValueText(at); !text.empty()) {
          entries.push_back(EntryOf(role_, std::string(key), std::move(text)));
        }
      });
      return;
    }
    if (type_ == DUCKDB_TYPE_DOUBLE) {
      const double value = Doubles()[row];
      const Result<Decimal> exact = FromDouble(value);
      if (value != 0.0 && exact.ok())
        entries.push_back(EntryOf(role_, role_.name, ToString(*exact)));
      return;
    }
    const std::string_view text = engine::ViewOf(&Strings()[row]);
    if (IsAbsent(role_, text)) return;
    if (IsMap(role_.use)) {
      for (SetEntry& entry : MapEntries(role_, text)) entries.push_back(std::move(entry));
    } else {
      entries.push_back(EntryOf(role_, role_.name, std::string(text)));
    }
  }

 private:
  const double* Doubles() const { return static_cast<const double*>(data_); }
  duckdb_string_t* Strings() const { return static_cast<duckdb_string_t*>(data_); }
  const duckdb_list_entry* Lists() const { return static_cast<const duckdb_list_entry*>(data_); }

  static void AppendText(std::string_view text, std::string& raw) {
    const auto length = static_cast<std::uint32_t>(text.size());
    raw += '\1';
    raw.append(reinterpret_cast<const char*>(&length), sizeof(length));
    raw += text;
  }
  void AppendRawMap(idx_t row, std::string& raw) const {
    raw += '\3';
    ForEachPair(row, [&](std::string_view key, idx_t at) {
      AppendText(key, raw);
      if (double_values_) {
        raw.append(reinterpret_cast<const char*>(static_cast<const double*>(values_) + at),
                   sizeof(double));
      } else {
        AppendText(engine::ViewOf(static_cast<duckdb_string_t*>(values_) + at), raw);
      }
    });
    raw += '\4';
  }

  // Visits the pairs whose value is not NULL and whose key is no typed column.
  template <typename Visit>
  void ForEachPair(idx_t row, Visit visit) const {
    const duckdb_list_entry list = Lists()[row];
    for (idx_t at = list.offset; at < list.offset + list.length; ++at) {
      if (!IsValid(value_validity_, at)) continue;
      const std::string_view key = engine::ViewOf(&keys_[at]);
      const auto& left_out = column_.left_out;
      if (std::find(left_out.begin(), left_out.end(), key) == left_out.end()) visit(key, at);
    }
  }

  std::string ValueText(idx_t at) const {
    if (!double_values_)
      return std::string(engine::ViewOf(static_cast<duckdb_string_t*>(values_) + at));
    const Result<Decimal> exact = FromDouble(static_cast<const double*>(values_)[at]);
    return exact.ok() ? ToString(*exact) : "";
  }

  const SetColumn& column_;
  const ColumnRole& role_;
  void* data_;
  std::uint64_t* validity_;
  duckdb_type type_ = DUCKDB_TYPE_INVALID;
  duckdb_string_t* keys_ = nullptr;
  void* values_ = nullptr;
  bool double_values_ = false;
  std::uint64_t* value_validity_ = nullptr;
};

}  // namespace

Result<void> AmountConverter::Register(duckdb_connection connection) {
  TRY(RegisterFor(connection, DUCKDB_TYPE_DOUBLE, &AmountConverter::FromDoubles));
  return RegisterFor(connection, DUCKDB_TYPE_VARCHAR, &AmountConverter::FromTexts);
}

Result<void> AmountConverter::RegisterFor(duckdb_connection connection, duckdb_type input,
                                          duckdb_scalar_function_t body) {
  const std::string name = function_name_ + (input == DUCKDB_TYPE_DOUBLE ? "_double" : "_text");
  duckdb_scalar_function function = duckdb_create_scalar_function();
  const LogicalType parameter(input);
  const LogicalType result = LogicalType::Decimal(type_);
  duckdb_scalar_function_set_name(function, name.c_str());
  duckdb_scalar_function_add_parameter(function, parameter.get());
  duckdb_scalar_function_set_return_type(function, result.get());
  duckdb_scalar_function_set_extra_info(function, this, nullptr);
  duckdb_scalar_function_set_function(function, body);
  const duckdb_state state = duckdb_register_scalar_function(connection, function);
  duckdb_destroy_scalar_function(&function);
  if (state != DuckDBSuccess) return Error(Errc::kInternal, "cannot register " + name);
  return {};
}

DecimalNeed AmountConverter::need() const {
  const std::lock_guard lock(mutex_);
  return need_;
}

std::string AmountConverter::bad_value() const {
  const std::lock_guard lock(mutex_);
  return bad_value_;
}

void AmountConverter::Store(const Result<Decimal>& exact, std::string_view shown,
                            duckdb_vector output, idx_t row) {
  StoreUnits(output, row, type_, 0);
  if (!exact.ok()) {
    SetNull(output, row);
    const std::lock_guard lock(mutex_);
    if (bad_value_.empty()) bad_value_ = shown;
    return;
  }
  const std::optional<int128> units = Rescale(exact->units, exact->scale, type_.scale);
  const int128 limit = PowerOfTen(type_.width);
  if (units && *units > -limit && *units < limit) {
    StoreUnits(output, row, type_, *units);
    return;
  }
  const std::lock_guard lock(mutex_);
  need_.Add(*exact);
  misfit_ = true;
}

void AmountConverter::FromDoubles(duckdb_function_info info, duckdb_data_chunk input,
                                  duckdb_vector output) {
  auto& self = *static_cast<AmountConverter*>(duckdb_scalar_function_get_extra_info(info));
  duckdb_vector vector = duckdb_data_chunk_get_vector(input, 0);
  const auto* values = static_cast<const double*>(duckdb_vector_get_data(vector));
  std::uint64_t* validity = duckdb_vector_get_validity(vector);
  const int128 factor = self.type_.scale >= 10 ? PowerOfTen(self.type_.scale - 10) : 0;
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(input); ++row) {
    if (!IsValid(validity, row)) {
      SetNull(output, row);
      continue;
    }
    std::int64_t units = 0;
    if (factor != 0 && FromDoubleFast(values[row], units)) {
      StoreUnits(output, row, self.type_, units * factor);
    } else {
      Result<Decimal> exact = FromDouble(values[row]);
      if (exact.ok() && self.rest_ == Rest::kIsRounded) exact = Rounded(*exact, self.type_.scale);
      self.Store(exact, std::to_string(values[row]), output, row);
    }
  }
}

void AmountConverter::FromTexts(duckdb_function_info info, duckdb_data_chunk input,
                                duckdb_vector output) {
  auto& self = *static_cast<AmountConverter*>(duckdb_scalar_function_get_extra_info(info));
  duckdb_vector vector = duckdb_data_chunk_get_vector(input, 0);
  auto* values = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  std::uint64_t* validity = duckdb_vector_get_validity(vector);
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(input); ++row) {
    const std::string_view text = IsValid(validity, row) ? Trim(engine::ViewOf(&values[row])) : "";
    if (IsAbsentValue(text)) {
      SetNull(output, row);
    } else {
      self.Store(ParseDecimal(text), text, output, row);
    }
  }
}

Result<void> SetNumberer::Register(duckdb_connection connection) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  const LogicalType any(DUCKDB_TYPE_ANY);
  const LogicalType number(DUCKDB_TYPE_INTEGER);
  duckdb_scalar_function_set_name(function, function_name_.c_str());
  duckdb_scalar_function_set_varargs(function, any.get());
  duckdb_scalar_function_set_return_type(function, number.get());
  duckdb_scalar_function_set_special_handling(function);  // NULL arguments are absent entries
  duckdb_scalar_function_set_extra_info(function, this, nullptr);
  duckdb_scalar_function_set_function(function, &SetNumberer::Number);
  const duckdb_state state = duckdb_register_scalar_function(connection, function);
  duckdb_destroy_scalar_function(&function);
  if (state != DuckDBSuccess) return Error(Errc::kInternal, "cannot register " + function_name_);
  return {};
}

void SetNumberer::Number(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  auto& self = *static_cast<SetNumberer*>(duckdb_scalar_function_get_extra_info(info));
  try {
    std::vector<SetArgument> arguments;
    bool mixed = false;
    for (std::size_t i = 0; i < self.columns_.size(); ++i) {
      arguments.emplace_back(duckdb_data_chunk_get_vector(input, i), self.columns_[i]);
      mixed = mixed || self.columns_[i].role.use == ColumnRole::Use::kMixedTagMap;
    }
    auto* numbers = static_cast<std::int32_t*>(duckdb_vector_get_data(output));
    std::string raw;
    std::string last_raw;
    std::int32_t last = -1;
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(input); ++row) {
      raw = self.raw_prefix_;
      for (const SetArgument& argument : arguments) argument.AppendRaw(row, raw);
      if (last < 0 || raw != last_raw) {
        last = self.interner_.Number(raw, [&] {
          std::vector<SetEntry> entries;
          for (const SetArgument& argument : arguments) argument.AppendEntries(row, entries);
          if (mixed) DropNormalizedTwins(entries);
          return entries;
        });
        last_raw.swap(raw);
      }
      numbers[row] = last;
    }
  } catch (const std::exception& exception) {  // nothing may be thrown through C
    duckdb_scalar_function_set_error(info, exception.what());
  }
}

}  // namespace farthing::ingest
