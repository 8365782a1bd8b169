#include "ingest/mapping/time_functions.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "engine/duckdb_values.h"
#include "ingest/mapping/duckdb_functions.h"

namespace farthing::ingest {
namespace {

// Calls visit(row, instant) for each row that is not NULL.  Neighbours repeat, so the last one is remembered.
template <typename Visit>
void ForEachInstant(duckdb_data_chunk input, duckdb_vector output, Visit visit) {
  duckdb_vector vector = duckdb_data_chunk_get_vector(input, 0);
  auto* texts = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  std::uint64_t* validity = duckdb_vector_get_validity(vector);
  std::string last_text;
  Result<Instant> last = ParseInstant(last_text);
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(input); ++row) {
    if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) {
      duckdb_vector_ensure_validity_writable(output);
      duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output), row);
      continue;
    }
    const std::string_view text = engine::ViewOf(&texts[row]);
    if (text != last_text) {
      last_text = text;
      last = ParseInstant(text);
    }
    visit(row, last);
  }
}

void InstantOf(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  auto* micros = static_cast<std::int64_t*>(duckdb_vector_get_data(output));
  ForEachInstant(input, output, [&](idx_t row, const Result<Instant>& instant) {
    micros[row] = instant.ok() ? instant->micros : 0;
    if (!instant.ok()) duckdb_scalar_function_set_error(info, instant.error().message().c_str());
  });
}

void IsInstant(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  auto* answers = static_cast<bool*>(duckdb_vector_get_data(output));
  ForEachInstant(input, output,
                 [&](idx_t row, const Result<Instant>& instant) { answers[row] = instant.ok(); });
}

Result<void> Register(duckdb_connection connection, const char* name, duckdb_type result,
                      duckdb_scalar_function_t body) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  const LogicalType text(DUCKDB_TYPE_VARCHAR);
  const LogicalType answer(result);
  duckdb_scalar_function_set_name(function, name);
  duckdb_scalar_function_add_parameter(function, text.get());
  duckdb_scalar_function_set_return_type(function, answer.get());
  duckdb_scalar_function_set_function(function, body);
  const duckdb_state state = duckdb_register_scalar_function(connection, function);
  duckdb_destroy_scalar_function(&function);
  if (state != DuckDBSuccess) {
    return Error(Errc::kInternal, "cannot register the function " + std::string(name));
  }
  return {};
}

}  // namespace

Result<void> RegisterTimes(duckdb_connection connection) {
  TRY(Register(connection, "instant_of", DUCKDB_TYPE_TIMESTAMP, &InstantOf));
  return Register(connection, "is_instant", DUCKDB_TYPE_BOOLEAN, &IsInstant);
}

}  // namespace farthing::ingest
