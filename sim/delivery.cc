#include "sim/delivery.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>

#include "base/files.h"
#include "base/text.h"
#include "sim/month.h"

namespace farthing::sim {
namespace {

constexpr std::size_t kFlushBytes = 1 << 20;

bool IsLegacy(BillFormat format) {
  return format == BillFormat::kCur1Csv || format == BillFormat::kCur1Parquet;
}
bool IsFocus(BillFormat format) {
  return format == BillFormat::kFocusCsv || format == BillFormat::kFocusParquet;
}
bool IsParquet(BillFormat format) { return Name(format).ends_with("parquet"); }

Columns ColumnsOf(BillFormat format) {
  return IsLegacy(format) ? LegacyColumns() : IsFocus(format) ? FocusColumns() : Cur2Columns();
}

std::string TypeName(ColumnType type) {
  switch (type) {
    case ColumnType::kText: return "string";
    case ColumnType::kNumber: return "double";
    case ColumnType::kTime: return "timestamp";
    case ColumnType::kTextMap: return "map<string,string>";
    case ColumnType::kNumberMap: return "map<string,double>";
  }
  return {};
}

/// Returns a string in the form of a UUID, of two hashes.
std::string Uuid(std::uint64_t seed) {
  std::array<char, 40> text;
  const auto a = Mix(seed, 1);
  const auto b = Mix(seed, 2);
  std::snprintf(text.data(), text.size(), "%08x-%04x-4%03x-8%03x-%012llx",
                static_cast<unsigned>(a >> 32), static_cast<unsigned>(a >> 16 & 0xffff),
                static_cast<unsigned>(a & 0xfff), static_cast<unsigned>(b >> 52),
                static_cast<unsigned long long>(b & 0xffffffffffff));
  return text.data();
}

/// Prints "20260101".
std::string CompactDay(Instant day) {
  std::string text = DayString(day);
  std::erase(text, '-');
  return text;
}

Result<void> WriteText(const fs::path& path, std::string_view text) {
  TRY(MakeDirectories(path.parent_path()));
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush()) return ErrnoError("cannot write", path, errno);
  return {};
}

std::string JsonList(const std::vector<std::string>& texts, std::string_view prefix) {
  std::vector<std::string> quoted;
  quoted.reserve(texts.size());
  for (const std::string& text : texts) quoted.push_back('"' + std::string(prefix) + text + '"');
  return "[" + Join(quoted, ",") + "]";
}

}  // namespace

/// Where a delivery's objects go, as keys of the bucket.
struct Delivery::Places {
  explicit Places(const DeliveryOptions& options)
      : report(options.report.empty() ? std::string(Name(options.format)) : options.report),
        root(options.prefix.empty() ? report : options.prefix + "/" + report) {
    const Period period = options.period;
    // The 4th of the next month for the first delivery, a day later for each further one.
    const Instant made = options.made.value_or(
        Instant{period.end().micros + (2 + options.number) * 86'400'000'000 + 18'900'000'000});
    const bool create_new = options.layout == BillOptions::Layout::kCreateNew;
    const auto key = Mix(options.seed, static_cast<std::uint64_t>(made.micros));
    execution = Uuid(Mix(key, static_cast<std::uint64_t>(options.format)));
    std::string time = ToString(made).substr(11, 8);
    const std::string run_time = time + ".653Z-";
    std::erase(time, ':');
    assembly = CompactDay(made) + "T" + time + "Z";
    dates = root + "/" + CompactDay(period.start()) + "-" + CompactDay(period.end());

    if (options.format == BillFormat::kCur1Parquet) {
      data = root + "/" + report + "/year=" + std::to_string(period.year) +
             "/month=" + std::to_string(period.month);
      manifests = {data, dates};
    } else if (options.format == BillFormat::kCur1Csv) {
      data = create_new ? dates + "/" + assembly : dates;
      manifests = {data};
      if (create_new) manifests.push_back(dates);
    } else {
      const std::string part =
          (IsFocus(options.format) ? "/billing_period=" : "/BILLING_PERIOD=") + ToString(period);
      const std::string run = "/" + DayString(made) + "T" + run_time + execution;
      data = root + "/data" + part + (create_new ? run : "");
      if (create_new) manifests.push_back(root + "/metadata" + part + run);
      manifests.push_back(root + "/metadata" + part);
    }
  }

  std::string report, root, execution, assembly, dates, data;
  std::vector<std::string> manifests;  // folders, the authoritative one last
};

Delivery::Delivery(const DeliveryOptions& options, engine::Connection* connection)
    : options_(options),
      connection_(connection),
      columns_(options.columns.empty() ? ColumnsOf(options.format) : options.columns),
      places_(std::make_unique<const Places>(options)),
      rows_(IsLegacy(options.format) ? Notation::kPlain : Notation::kJava),
      status_(OpenFile()) {}

Delivery::~Delivery() {
  if (file_ != nullptr) gzclose(file_);
}

void Delivery::Write(const Line& line) {
  if (!IsFocus(options_.format)) return WriteRow(line);
  for (const Line::Part part : FocusParts(line)) {
    Line row = line;
    row.part = part;
    WriteRow(row);
  }
}

void Delivery::WriteRow(const Line& line) {
  if (!status_.ok()) return;
  if (file_lines_ == options_.lines_per_file) {
    status_ = CloseFile();
    if (status_.ok()) status_ = OpenFile();
    if (!status_.ok()) return;
  }
  ++file_lines_;
  rows_.WriteRow(columns_, line);
  if (rows_.text().size() > kFlushBytes) status_ = Flush();
}

Result<void> Delivery::Finish() {
  TRY(std::move(status_));
  TRY(CloseFile());
  return WriteManifests();
}

Result<void> Delivery::OpenFile() {
  std::array<char, 8> number;
  std::snprintf(number.data(), number.size(), "-%05zu", keys_.size() + 1);
  const std::string stem = places_->data + "/" + places_->report + number.data();
  const bool parquet = IsParquet(options_.format);
  csv_path_ = options_.bucket / (stem + (parquet ? ".csv" : ".csv.gz"));
  keys_.push_back(stem + (parquet ? ".snappy.parquet" : ".csv.gz"));
  TRY(MakeDirectories(csv_path_.parent_path()));
  file_ = gzopen(csv_path_.c_str(), parquet ? "wbT" : "wb1");  // T: plain, it is read but once
  if (file_ == nullptr) return ErrnoError("cannot create", csv_path_, errno);
  file_lines_ = 0;
  rows_.Clear();
  rows_.WriteHeader(columns_);
  return {};
}

Result<void> Delivery::Flush() {
  const std::string& text = rows_.text();
  const bool written =
      text.empty() || gzwrite(file_, text.data(), static_cast<unsigned>(text.size())) > 0;
  rows_.Clear();
  if (!written) return ErrnoError("cannot write", csv_path_, errno);
  return {};
}

Result<void> Delivery::CloseFile() {
  TRY(Flush());
  const int closed = gzclose(std::exchange(file_, nullptr));
  if (closed != Z_OK) return ErrnoError("cannot close", csv_path_, errno);
  if (!IsParquet(options_.format)) return {};
  TRY(ConvertToParquet(options_.bucket / keys_.back()));
  return RemoveTree(csv_path_);
}

/// As AWS types them: legacy files know no NULL; CUR 2.0 has microseconds, the others milliseconds.
Result<void> Delivery::ConvertToParquet(const fs::path& parquet) {
  const bool legacy = IsLegacy(options_.format);
  const std::string time =
      options_.format == BillFormat::kCur2Parquet ? "TIMESTAMP" : "TIMESTAMP_MS";
  std::vector<std::string> texts;
  std::vector<std::string> values;
  for (const Column& column : columns_) {
    const std::string name = engine::QuoteIdentifier(legacy ? SnakeName(column.name) : column.name);
    texts.push_back(name + ": 'VARCHAR'");
    std::string value = name;
    switch (column.type) {
      case ColumnType::kText:
        if (legacy) value.insert(0, "coalesce(").append(", '')");
        break;
      case ColumnType::kNumber:
        value += "::DOUBLE";
        if (legacy) value.insert(0, "coalesce(").append(", 0.0)");
        break;
      case ColumnType::kTime: value += "::" + time; break;
      case ColumnType::kTextMap: value += "::JSON::MAP(VARCHAR, VARCHAR)"; break;
      case ColumnType::kNumberMap: value += "::JSON::MAP(VARCHAR, DOUBLE)"; break;
    }
    values.push_back(value.append(" AS ").append(name));
  }
  return connection_->Execute(
      "COPY (SELECT " + Join(values, ", ") + " FROM read_csv(" +
      engine::QuoteLiteral(csv_path_.string()) +
      ", auto_detect = false, header = true, delim = ',', quote = '\"', "
      "escape = '\"', nullstr = '', allow_quoted_nulls = false, columns = {" +
      Join(texts, ", ") + "})) TO " + engine::QuoteLiteral(parquet.string()) +
      " (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 40960)");
}

Result<void> Delivery::WriteManifests() {
  const bool legacy = IsLegacy(options_.format);
  const std::string manifest = legacy ? LegacyManifest() : ExportManifest();
  if (options_.format == BillFormat::kCur1Parquet) {
    TRY(WriteText(options_.bucket / places_->dates / (places_->report + "-create-table.sql"),
                  CreateTableSql()));
    const fs::path status = options_.bucket / places_->root / "cost_and_usage_data_status" /
                            "cost_and_usage_data_status.parquet";
    TRY(MakeDirectories(status.parent_path()));
    TRY(connection_->Execute("COPY (SELECT 'READY' AS status) TO " +
                             engine::QuoteLiteral(status.string()) + " (FORMAT parquet)"));
  }
  for (const std::string& folder : places_->manifests) {
    TRY(WriteText(options_.bucket / folder / (places_->report + "-Manifest.json"), manifest));
  }
  return {};
}

std::string Delivery::LegacyManifest() const {
  std::vector<std::string> columns;
  for (const Column& column : columns_) {
    const auto slash = column.name.find('/');
    columns.push_back("{\"category\":\"" + column.name.substr(0, slash) + "\",\"name\":\"" +
                      column.name.substr(slash + 1) + "\"}");
  }
  const bool parquet = IsParquet(options_.format);
  const auto time = [](Instant instant) { return CompactDay(instant) + "T000000.000Z"; };
  return "{\n\"assemblyId\":\"" + places_->assembly + "\",\n\"account\":\"" +
         (options_.owner.empty() ? std::string(Payer().id) : options_.owner) +
         "\",\n\"columns\":[" + Join(columns, ",\n") +
         "],\n\"charset\":\"UTF-8\",\n\"compression\":\"" + (parquet ? "Parquet" : "GZIP") +
         "\",\n\"contentType\":\"" + (parquet ? "Parquet" : "text/csv") + "\",\n\"reportId\":\"" +
         Sha256(places_->report) + "\",\n\"reportName\":\"" + places_->report +
         "\",\n\"billingPeriod\":{\"start\":\"" + time(options_.period.start()) + "\",\"end\":\"" +
         time(options_.period.end()) + "\"},\n\"bucket\":\"" + options_.bucket_name +
         "\",\n\"reportKeys\":" + JsonList(keys_, "") + ",\n\"additionalArtifactKeys\":[]\n}\n";
}

std::string Delivery::ExportManifest() const {
  std::vector<std::string> columns;
  for (const Column& column : columns_) {
    const bool map = column.type == ColumnType::kTextMap || column.type == ColumnType::kNumberMap;
    columns.push_back("{\"name\":\"" + column.name + "\",\"type\":\"" +
                      (map && !IsParquet(options_.format) ? "string" : TypeName(column.type)) +
                      "\"}");
  }
  const std::string arn = "arn:aws:bcm-data-exports:us-east-1:" + std::string(Payer().id) +
                          ":export/" + places_->report + "-" + Uuid(options_.seed);
  return "{\n\"executionId\":\"" + places_->execution + "\",\n\"exportArn\":\"" +
         (options_.export_arn.empty() ? arn : options_.export_arn) + "\",\n\"columns\":[" +
         Join(columns, ",\n") +
         "],\n\"dataFiles\":" + JsonList(keys_, "s3://" + options_.bucket_name + "/") +
         ",\n\"additionalOutputFiles\":[]\n}\n";
}

std::string Delivery::CreateTableSql() const {
  std::vector<std::string> columns;
  for (const Column& column : columns_) {
    std::string type = TypeName(column.type);
    for (char& c : type) c = static_cast<char>(c - 'a' + 'A');
    columns.push_back(SnakeName(column.name) + " " + type);
  }
  return "CREATE EXTERNAL TABLE IF NOT EXISTS " + SnakeName(places_->report) + "(\n" +
         Join(columns, ",\n") + "\n)\nPARTITIONED BY (year STRING, month STRING);\n";
}

}  // namespace farthing::sim
