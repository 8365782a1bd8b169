#include "ingest/parquet/parquet_maps.h"

#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/duckdb_values.h"
#include "ingest/csv/csv_plan.h"
#include "ingest/mapping/duckdb_functions.h"

namespace farthing::ingest {
namespace {

using Use = ColumnRole::Use;

const char* FunctionOf(Use use) {
  return use == Use::kAttributeMap ? "amounts_of_json" : "map_of_json";
}

// A vector of maps of text that grows row by row.
class MapWriter {
 public:
  explicit MapWriter(duckdb_vector output) : output_(output) {}

  void Append(idx_t row, const std::vector<SetEntry>& entries) {
    duckdb_list_vector_reserve(output_, size_ + entries.size());
    duckdb_vector pairs = duckdb_list_vector_get_child(output_);
    duckdb_vector keys = duckdb_struct_vector_get_child(pairs, 0);
    duckdb_vector values = duckdb_struct_vector_get_child(pairs, 1);
    static_cast<duckdb_list_entry*>(duckdb_vector_get_data(output_))[row] = {size_, entries.size()};
    for (const SetEntry& entry : entries) {
      duckdb_vector_assign_string_element_len(keys, size_, entry.key.data(), entry.key.size());
      duckdb_vector_assign_string_element_len(values, size_, entry.value.data(),
                                              entry.value.size());
      ++size_;
    }
    duckdb_list_vector_set_size(output_, size_);
  }

 private:
  duckdb_vector output_;
  idx_t size_ = 0;
};

// The same few texts come again and again: each is parsed once in a chunk.
template <Use kUse>
void MapOfJson(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  try {
    const ColumnRole role{kUse, ""};  // keys as they are in the map
    duckdb_vector vector = duckdb_data_chunk_get_vector(input, 0);
    auto* texts = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
    std::uint64_t* validity = duckdb_vector_get_validity(vector);
    std::unordered_map<std::string_view, std::vector<SetEntry>> known;
    MapWriter writer(output);
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(input); ++row) {
      const bool is_null = validity != nullptr && !duckdb_validity_row_is_valid(validity, row);
      const std::string_view text = is_null ? std::string_view() : engine::ViewOf(&texts[row]);
      const auto [found, is_new] = known.try_emplace(text);
      if (is_new && !IsAbsent(role, text)) found->second = MapEntries(role, text);
      writer.Append(row, found->second);
    }
  } catch (const std::exception& exception) {  // nothing may be thrown through C
    duckdb_scalar_function_set_error(info, exception.what());
  }
}

Result<void> Register(duckdb_connection connection, const char* name,
                      duckdb_scalar_function_t body) {
  const LogicalType text(DUCKDB_TYPE_VARCHAR);
  duckdb_logical_type map = duckdb_create_map_type(text.get(), text.get());
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, name);
  duckdb_scalar_function_add_parameter(function, text.get());
  duckdb_scalar_function_set_return_type(function, map);
  duckdb_scalar_function_set_function(function, body);
  const duckdb_state state = duckdb_register_scalar_function(connection, function);
  duckdb_destroy_scalar_function(&function);
  duckdb_destroy_logical_type(&map);
  if (state != DuckDBSuccess) {
    return Error(Errc::kInternal, "cannot register the function " + std::string(name));
  }
  return {};
}

}  // namespace

Result<void> RegisterMaps(duckdb_connection connection) {
  TRY(Register(connection, FunctionOf(Use::kProductMap), &MapOfJson<Use::kProductMap>));
  return Register(connection, FunctionOf(Use::kAttributeMap), &MapOfJson<Use::kAttributeMap>);
}

std::string MapOfJsonSql(const ColumnRole& role, const std::string& json_text_sql) {
  return std::string(FunctionOf(role.use)) + "(" + json_text_sql + ")";
}

}  // namespace farthing::ingest
