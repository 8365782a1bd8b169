#include "engine/duckdb_values.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "base/decimal.h"
#include "base/time.h"

namespace farthing::engine {
namespace {

bool IsNull(duckdb_vector vector, idx_t row) {
  std::uint64_t* validity = duckdb_vector_get_validity(vector);
  return validity != nullptr && !duckdb_validity_row_is_valid(validity, row);
}

std::string DecimalText(duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  const int scale = duckdb_decimal_scale(type);
  const void* data = duckdb_vector_get_data(vector);
  switch (duckdb_decimal_internal_type(type)) {
    case DUCKDB_TYPE_SMALLINT:
      return DecimalToString(static_cast<const std::int16_t*>(data)[row], scale);
    case DUCKDB_TYPE_INTEGER:
      return DecimalToString(static_cast<const std::int32_t*>(data)[row], scale);
    case DUCKDB_TYPE_BIGINT:
      return DecimalToString(static_cast<const std::int64_t*>(data)[row], scale);
    default:
      return DecimalToString(FromHugeint(static_cast<const duckdb_hugeint*>(data)[row]), scale);
  }
}

std::string TimestampText(std::int64_t micros) {
  std::string text = farthing::ToString(Instant{micros});
  text[10] = ' ';  // "2026-01-31T23:00:00Z" -> "2026-01-31 23:00:00", as DuckDB prints it
  text.pop_back();
  return text;
}

std::string DoubleText(double value) {
  std::array<char, 40> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.17g", value);
  return buffer.data();
}

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      out += escape.data();
    } else {
      out += c;
    }
  }
  out += '"';
}

std::optional<std::string> ValueText(duckdb_vector vector, duckdb_logical_type type, idx_t row);

// Appends a nested value as JSON; text is quoted, the rest stands as it prints.
void AppendJson(duckdb_vector vector, duckdb_logical_type type, idx_t row, std::string& out) {
  const std::optional<std::string> text = ValueText(vector, type, row);
  if (!text) {
    out += "null";
  } else {
    switch (duckdb_get_type_id(type)) {
      case DUCKDB_TYPE_VARCHAR:
      case DUCKDB_TYPE_TIMESTAMP:
      case DUCKDB_TYPE_DATE: AppendJsonString(*text, out); break;
      default: out += *text;
    }
  }
}

std::string ListText(duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  const auto entry = static_cast<duckdb_list_entry*>(duckdb_vector_get_data(vector))[row];
  duckdb_vector child = duckdb_list_vector_get_child(vector);
  duckdb_logical_type child_type = duckdb_list_type_child_type(type);
  std::string out = "[";
  for (idx_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (i > entry.offset) out += ',';
    AppendJson(child, child_type, i, out);
  }
  duckdb_destroy_logical_type(&child_type);
  return out + "]";
}

std::string MapText(duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  const auto entry = static_cast<duckdb_list_entry*>(duckdb_vector_get_data(vector))[row];
  duckdb_vector pairs = duckdb_list_vector_get_child(vector);
  duckdb_vector keys = duckdb_struct_vector_get_child(pairs, 0);
  duckdb_vector values = duckdb_struct_vector_get_child(pairs, 1);
  duckdb_logical_type key_type = duckdb_map_type_key_type(type);
  duckdb_logical_type value_type = duckdb_map_type_value_type(type);
  std::string out = "{";
  for (idx_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (i > entry.offset) out += ',';
    AppendJsonString(ValueText(keys, key_type, i).value_or(""), out);
    out += ':';
    AppendJson(values, value_type, i, out);
  }
  duckdb_destroy_logical_type(&key_type);
  duckdb_destroy_logical_type(&value_type);
  return out + "}";
}

std::string StructText(duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  std::string out = "{";
  for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
    if (i > 0) out += ',';
    char* name = duckdb_struct_type_child_name(type, i);
    AppendJsonString(name, out);
    duckdb_free(name);
    out += ':';
    duckdb_logical_type child_type = duckdb_struct_type_child_type(type, i);
    AppendJson(duckdb_struct_vector_get_child(vector, i), child_type, row, out);
    duckdb_destroy_logical_type(&child_type);
  }
  return out + "}";
}

template <typename T>
T At(duckdb_vector vector, idx_t row) {
  return static_cast<const T*>(duckdb_vector_get_data(vector))[row];
}

std::optional<std::string> ValueText(duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  if (IsNull(vector, row)) return std::nullopt;
  switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN: return At<bool>(vector, row) ? "true" : "false";
    case DUCKDB_TYPE_TINYINT: return std::to_string(At<std::int8_t>(vector, row));
    case DUCKDB_TYPE_SMALLINT: return std::to_string(At<std::int16_t>(vector, row));
    case DUCKDB_TYPE_INTEGER: return std::to_string(At<std::int32_t>(vector, row));
    case DUCKDB_TYPE_BIGINT: return std::to_string(At<std::int64_t>(vector, row));
    case DUCKDB_TYPE_UTINYINT: return std::to_string(At<std::uint8_t>(vector, row));
    case DUCKDB_TYPE_USMALLINT: return std::to_string(At<std::uint16_t>(vector, row));
    case DUCKDB_TYPE_UINTEGER: return std::to_string(At<std::uint32_t>(vector, row));
    case DUCKDB_TYPE_UBIGINT: return std::to_string(At<std::uint64_t>(vector, row));
    case DUCKDB_TYPE_HUGEINT:
      return DecimalToString(FromHugeint(At<duckdb_hugeint>(vector, row)), 0);
    case DUCKDB_TYPE_FLOAT: return DoubleText(static_cast<double>(At<float>(vector, row)));
    case DUCKDB_TYPE_DOUBLE: return DoubleText(At<double>(vector, row));
    case DUCKDB_TYPE_DECIMAL: return DecimalText(vector, type, row);
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ: return TimestampText(At<std::int64_t>(vector, row));
    case DUCKDB_TYPE_DATE:
      return DayString(Instant{At<std::int32_t>(vector, row) * std::int64_t{86'400'000'000}});
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB: {
      auto* strings = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
      return std::string(ViewOf(&strings[row]));
    }
    case DUCKDB_TYPE_LIST: return ListText(vector, type, row);
    case DUCKDB_TYPE_MAP: return MapText(vector, type, row);
    case DUCKDB_TYPE_STRUCT: return StructText(vector, type, row);
    default: return "<" + TypeName(type) + ": cast it to VARCHAR>";
  }
}

const char* SimpleTypeName(duckdb_type id) {
  switch (id) {
    case DUCKDB_TYPE_BOOLEAN: return "BOOLEAN";
    case DUCKDB_TYPE_TINYINT: return "TINYINT";
    case DUCKDB_TYPE_SMALLINT: return "SMALLINT";
    case DUCKDB_TYPE_INTEGER: return "INTEGER";
    case DUCKDB_TYPE_BIGINT: return "BIGINT";
    case DUCKDB_TYPE_UTINYINT: return "UTINYINT";
    case DUCKDB_TYPE_USMALLINT: return "USMALLINT";
    case DUCKDB_TYPE_UINTEGER: return "UINTEGER";
    case DUCKDB_TYPE_UBIGINT: return "UBIGINT";
    case DUCKDB_TYPE_HUGEINT: return "HUGEINT";
    case DUCKDB_TYPE_FLOAT: return "FLOAT";
    case DUCKDB_TYPE_DOUBLE: return "DOUBLE";
    case DUCKDB_TYPE_TIMESTAMP: return "TIMESTAMP";
    case DUCKDB_TYPE_TIMESTAMP_TZ: return "TIMESTAMP WITH TIME ZONE";
    case DUCKDB_TYPE_DATE: return "DATE";
    case DUCKDB_TYPE_VARCHAR: return "VARCHAR";
    case DUCKDB_TYPE_BLOB: return "BLOB";
    case DUCKDB_TYPE_STRUCT: return "STRUCT";
    case DUCKDB_TYPE_SQLNULL: return "NULL";
    default: return "OTHER";
  }
}

}  // namespace

std::string TypeName(duckdb_logical_type type) {
  switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_DECIMAL:
      return "DECIMAL(" + std::to_string(duckdb_decimal_width(type)) + "," +
             std::to_string(duckdb_decimal_scale(type)) + ")";
    case DUCKDB_TYPE_LIST: {
      duckdb_logical_type child = duckdb_list_type_child_type(type);
      std::string name = TypeName(child) + "[]";
      duckdb_destroy_logical_type(&child);
      return name;
    }
    case DUCKDB_TYPE_MAP: {
      duckdb_logical_type key = duckdb_map_type_key_type(type);
      duckdb_logical_type value = duckdb_map_type_value_type(type);
      std::string name = "MAP(" + TypeName(key) + ", " + TypeName(value) + ")";
      duckdb_destroy_logical_type(&key);
      duckdb_destroy_logical_type(&value);
      return name;
    }
    default: return SimpleTypeName(duckdb_get_type_id(type));
  }
}

ChunkReader::ChunkReader(duckdb_data_chunk chunk) : row_count_(duckdb_data_chunk_get_size(chunk)) {
  for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(chunk); ++i) {
    vectors_.push_back(duckdb_data_chunk_get_vector(chunk, i));
    types_.push_back(duckdb_vector_get_column_type(vectors_.back()));
  }
}

ChunkReader::~ChunkReader() {
  for (duckdb_logical_type& type : types_) duckdb_destroy_logical_type(&type);
}

std::optional<std::string> ChunkReader::Text(idx_t column, idx_t row) const {
  return ValueText(vectors_[column], types_[column], row);
}

}  // namespace farthing::engine
