#include "query/sandbox.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "billing/registry.h"
#include "lake/load_files.h"
#include "query/sandbox_tables.h"

namespace farthing::query {
namespace {

// Skips blanks, opening brackets, -- and /* */ comments.
std::string_view SkipBlanks(std::string_view sql) {
  for (;;) {
    sql.remove_prefix(std::min(sql.find_first_not_of(" \t\r\n("), sql.size()));
    std::string_view end;
    if (sql.starts_with("--")) end = "\n";
    if (sql.starts_with("/*")) end = "*/";
    if (end.empty()) return sql;
    const std::size_t at = sql.find(end, 2);
    sql.remove_prefix(at == std::string_view::npos ? sql.size() : at + end.size());
  }
}

std::string TakeWord(std::string_view& sql) {
  sql = SkipBlanks(sql);
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto end = std::find_if_not(sql.begin(), sql.end(), is_letter);
  const auto length = static_cast<std::size_t>(end - sql.begin());
  std::string word = ToLower(sql.substr(0, length));
  sql.remove_prefix(length);
  return word;
}

std::string WithoutSemicolon(std::string_view sql) {
  const std::size_t end = sql.find_last_not_of(" \t\r\n;");
  return std::string(sql.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

// Only these files can be read, nothing can be loaded, and no statement can undo it.
Result<void> Lock(engine::Connection& connection, const lake::Layout& layout) {
  TRY(connection.Execute("SET parquet_metadata_cache = true"));
  const std::string lake = layout.lake().string();  // globs are judged by their text
  TRY(connection.Execute("SET allowed_directories = " +
                         engine::QuoteList({lake, engine::GlobOf(lake)})));
  TRY(connection.Execute("SET enable_external_access = false"));
  return connection.Execute("SET lock_configuration = true");
}

}  // namespace

Result<void> CheckReadOnly(std::string_view sql) {
  constexpr std::array<std::string_view, 9> kReading = {
      "select", "with", "from", "values", "table", "describe", "show", "summarize", "pivot"};
  std::string word = TakeWord(sql);
  while (word == "explain" || word == "analyze") word = TakeWord(sql);
  if (std::find(kReading.begin(), kReading.end(), word) != kReading.end()) return {};
  return Error(Errc::kInvalidArgument,
               word.empty() ? "there is no SQL statement" : "only reading is possible, not " + word)
      .Hint("start with SELECT, WITH, FROM, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN");
}

Result<void> RunSql(Session& session, const std::string& sql, const SqlReader& reader) {
  TRY(CheckReadOnly(sql));
  TRY_ASSIGN(const auto database, engine::Database::Open(SpillingOptions(session.options())));
  TRY_ASSIGN(engine::Connection connection, database->Connect());
  TRY_ASSIGN(const std::vector<lake::Load> loads, session.Loads({}));
  if (Result<void> created = CreateTables(session, connection, sql); !created.ok())
    return lake::BlameFiles(session.catalog().layout(), loads, std::move(created).error());
  TRY(Lock(connection, session.catalog().layout()));
  if (reader.on_start) reader.on_start(connection.monitor());
  Result<void> done =
      connection.Stream(WithoutSemicolon(sql), {}, reader.on_columns, reader.on_row);
  if (done.ok() || engine::OverflowOf(done.error()) != engine::Overflow::kOfWidest) return done;
  // Loads that differ in their decimals are cast to one type before anything is added up.
  if (done.error().message().starts_with("Conversion Error")) {
    return TooManyDigits("farthing cost adds them up; in SQL, read one load at a time, from " +
                         engine::GlobOf(session.catalog().layout().lake().string()) +
                         "/cost_lines/*/load_id=ID/*.parquet in quotes; select load_id, export "
                         "from loads lists them");
  }
  return TooManyDigits(
      "farthing cost adds them up; in SQL, add up the whole numbers and the rest apart: "
      "sum(trunc(billed_cost)), sum(billed_cost - trunc(billed_cost))");
}

}  // namespace farthing::query
