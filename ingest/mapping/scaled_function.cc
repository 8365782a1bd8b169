#include "ingest/mapping/scaled_function.h"

#include <boost/multiprecision/cpp_int.hpp>

#include "engine/duckdb_values.h"
#include "ingest/mapping/duckdb_functions.h"

namespace farthing::ingest {
namespace {

int128 At(duckdb_vector vector, bool narrow, idx_t row) {
  const void* data = duckdb_vector_get_data(vector);
  if (narrow) return static_cast<const std::int64_t*>(data)[row];
  return engine::FromHugeint(static_cast<const duckdb_hugeint*>(data)[row]);
}

void Put(duckdb_vector vector, bool narrow, idx_t row, int128 units) {
  void* data = duckdb_vector_get_data(vector);
  if (narrow) {
    static_cast<std::int64_t*>(data)[row] = static_cast<std::int64_t>(units);
  } else {
    static_cast<duckdb_hugeint*>(data)[row] = engine::ToHugeint(units);
  }
}

template <bool kNarrow>
void Scaled(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  duckdb_vector arguments[3];
  for (idx_t i = 0; i < 3; ++i) arguments[i] = duckdb_data_chunk_get_vector(input, i);
  const auto valid = [&](idx_t row) {
    for (duckdb_vector argument : arguments) {
      std::uint64_t* validity = duckdb_vector_get_validity(argument);
      if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) return false;
    }
    return true;
  };
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(input); ++row) {
    const int128 gross = valid(row) ? At(arguments[2], kNarrow, row) : 0;
    if (gross == 0) {
      duckdb_vector_ensure_validity_writable(output);
      duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output), row);
    } else {
      Put(output, kNarrow, row,
          MultiplyDivide(At(arguments[0], kNarrow, row), At(arguments[1], kNarrow, row), gross));
    }
  }
}

}  // namespace

int128 MultiplyDivide(int128 a, int128 b, int128 c) {
  int128 product = 0;
  if (!__builtin_mul_overflow(a, b, &product)) return product / c;
  using boost::multiprecision::int256_t;
  return static_cast<int128>(int256_t(a) * int256_t(b) / int256_t(c));
}

Result<void> RegisterScaled(duckdb_connection connection, DecimalType type) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  const LogicalType decimal = LogicalType::Decimal(type);
  duckdb_scalar_function_set_name(function, "scaled");
  for (int i = 0; i < 3; ++i) duckdb_scalar_function_add_parameter(function, decimal.get());
  duckdb_scalar_function_set_return_type(function, decimal.get());
  duckdb_scalar_function_set_function(function,
                                      type.width == kNarrowWidth ? &Scaled<true> : &Scaled<false>);
  const duckdb_state state = duckdb_register_scalar_function(connection, function);
  duckdb_destroy_scalar_function(&function);
  if (state != DuckDBSuccess) return Error(Errc::kInternal, "cannot register the function scaled");
  return {};
}

}  // namespace farthing::ingest
