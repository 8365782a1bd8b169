#pragma once

// Small RAII helpers around DuckDB's C API for functions of our own.  One thread.

#include <duckdb.h>

#include <string>

#include "ingest/mapping/amounts.h"

namespace farthing::ingest {

class LogicalType {
 public:
  explicit LogicalType(duckdb_type type) : type_(duckdb_create_logical_type(type)) {}
  static LogicalType Decimal(DecimalType type) {
    return LogicalType(duckdb_create_decimal_type(static_cast<std::uint8_t>(type.width),
                                                  static_cast<std::uint8_t>(type.scale)));
  }
  ~LogicalType() { duckdb_destroy_logical_type(&type_); }
  LogicalType(const LogicalType&) = delete;
  LogicalType& operator=(const LogicalType&) = delete;
  duckdb_logical_type get() const { return type_; }

 private:
  explicit LogicalType(duckdb_logical_type type) : type_(type) {}
  duckdb_logical_type type_;
};

inline void AddColumn(duckdb_bind_info info, const std::string& name, const LogicalType& type) {
  duckdb_bind_add_result_column(info, name.c_str(), type.get());
}

}  // namespace farthing::ingest
