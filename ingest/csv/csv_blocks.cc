#include "ingest/csv/csv_blocks.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "ingest/csv/bytes.h"
#include "ingest/csv/csv_scan.h"

namespace farthing::ingest {
namespace {

constexpr std::size_t kBlockBytes = 2 * 1024 * 1024;
constexpr std::size_t kMaxRecordBytes = 32 * 1024 * 1024;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::vector<std::string> SplitHeader(std::string_view header) {
  std::vector<std::uint32_t> separators;
  FindSeparators(header, separators);
  std::vector<std::string> cells;
  std::string scratch;
  std::size_t start = 0;
  for (const std::uint32_t end : separators) {
    std::string_view cell = header.substr(start, end - start);
    if (cell.ends_with('\r')) cell.remove_suffix(1);
    cells.emplace_back(Unquote(cell, scratch));
    start = end + std::size_t{1};
  }
  return cells;
}

// The header record at the front of a file.
std::string_view HeaderOf(std::string_view text) {
  const RecordScan first = FirstRecord(text);
  return first.records == 0 ? text : text.substr(0, first.end);
}

// The number of the field that a piece of a record ends in, from 0.
std::size_t LastField(std::string_view piece) {
  std::size_t field = 0;
  bool inside = false;
  for (const char c : piece) {
    if (c == '"') inside = !inside;
    if (c == ',' && !inside) ++field;
  }
  return field;
}

// Takes a file apart into whole records.
class RecordReader {
 public:
  explicit RecordReader(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  /// Fills `block` (its buffer is reused) with about `bytes` of whole records; an empty text is the end.
  Result<void> Next(std::size_t bytes, TextBlock& block) {
    std::string& buffer = block.buffer;
    if (buffer.size() < rest_.size() + bytes) buffer.resize(rest_.size() + bytes);
    std::copy(rest_.begin(), rest_.end(), buffer.begin());
    block.start = 0;
    block.end = rest_.size();
    block.first_row = records_;  // the header is record 0
    rest_.clear();
    for (;;) {
      if (block.end == buffer.size()) buffer.resize(buffer.size() + bytes);
      TRY_ASSIGN(const std::size_t count,
                 source_->Read({buffer.data() + block.end, buffer.size() - block.end}));
      if (count == 0) return LastRecords(block);
      block.end += count;
      if (block.end < buffer.size()) continue;
      const RecordScan scan = ScanRecords(block.text());
      if (scan.end > 0) {
        rest_.assign(buffer, scan.end, block.end - scan.end);
        block.end = scan.end;
        records_ += static_cast<std::int64_t>(scan.records);
        return {};
      }
      if (block.end > kMaxRecordBytes) return EndlessRecord(block.text());
    }
  }

  /// Names the columns, for messages.
  void NameColumns(std::vector<std::string> columns) { columns_ = std::move(columns); }
  std::uint64_t packed_bytes() const { return source_->packed_bytes(); }
  std::string note() const { return source_->note(); }

 private:
  // Where a record breaks off; `piece` is what there is of it.
  std::string Place(std::string_view piece) const {
    if (records_ == 0) return "the header row";
    const std::size_t field = LastField(piece);
    return "row " + std::to_string(records_) +
           (field < columns_.size() ? ", column " + columns_[field] : "");
  }

  Error EndlessRecord(std::string_view piece) const {
    return Error(Errc::kCorrupt, Place(piece) + ": no end of record within 32 MiB")
        .Hint(
            "a quote is opened there and never closed, or the field is longer than 32 MiB, or this "
            "is no CSV file: "
            "have the export delivered again, without that column if it is that long");
  }

  Result<void> LastRecords(TextBlock& block) {
    const RecordScan scan = ScanRecords(block.text());
    records_ += static_cast<std::int64_t>(scan.records);
    if (scan.inside_quotes) {
      if (columns_.empty()) columns_ = SplitHeader(HeaderOf(block.text()));
      return Error(Errc::kCorrupt, Place(block.text().substr(scan.end)) +
                                       ": the file ends inside a quoted field; it is truncated")
          .Hint("copy the file again from the bucket");
    }
    if (scan.end < block.end) {  // the last record has no line feed
      if (block.end == block.buffer.size()) block.buffer.push_back('\n');
      block.buffer[block.end++] = '\n';
      ++records_;
    }
    return {};
  }

  std::unique_ptr<ByteSource> source_;
  std::string rest_;
  std::int64_t records_ = 0;  ///< returned so far, the header among them
  std::vector<std::string> columns_;
};

// Cuts the header record off the front of the first block of a file.
std::string TakeHeader(TextBlock& block) {
  if (block.text().starts_with(kByteOrderMark)) block.start += kByteOrderMark.size();
  std::string header(HeaderOf(block.text()));
  block.start += header.size();
  return header;
}

}  // namespace

namespace {

// Refuses what is no CSV for what it is, before the quotes in it are counted.
Result<void> CheckIsText(const std::filesystem::path& file) {
  TRY_ASSIGN(const std::unique_ptr<ByteSource> source, OpenBytes(file));
  std::array<char, 512> first{};
  TRY_ASSIGN(const std::size_t size, source->Read(first));
  const std::string_view kind = ForeignContent({first.data(), size});
  if (kind.empty()) return {};
  return Error(Errc::kInvalidArgument, "not CSV, the content is " + std::string(kind))
      .Hint("import the file as it was delivered, or convert it to CSV in UTF-8 or to Parquet");
}

// Refuses a header that another separator or line end has left in one piece.
Result<void> CheckSeparators(const std::vector<std::string>& cells) {
  const auto refuse = [](const char* what) {
    return Error(Errc::kInvalidArgument, "the header row is " + std::string(what))
        .Hint("convert the file to comma-separated CSV with a line feed after each row");
  };
  if (cells.front().starts_with("sep=")) return refuse("a spreadsheet's sep= line");
  for (const std::string& cell : cells) {
    const std::size_t at = cell.find('\r');
    if (at != std::string::npos && !cell.substr(at).starts_with("\r\n")) {
      return refuse("ended by a carriage return without a line feed");
    }
  }
  if (cells.size() > 1) return {};
  if (cells.front().find(';') != std::string::npos) return refuse("separated by semicolons");
  if (cells.front().find('\t') != std::string::npos) return refuse("separated by tabs");
  if (cells.front().find('|') != std::string::npos) return refuse("separated by bars");
  return {};
}

}  // namespace

Result<std::vector<std::string>> ReadCsvHeader(const std::filesystem::path& file) {
  TRY(CheckIsText(file));
  TRY_ASSIGN(std::unique_ptr<ByteSource> source, OpenBytes(file));
  RecordReader reader(std::move(source));
  TextBlock block;
  TRY(reader.Next(64 * 1024, block));
  const std::string header = TakeHeader(block);
  if (Trim(header).empty()) return Error(Errc::kCorrupt, "the file has no header row");
  if (FindInvalidUtf8(header) != std::string_view::npos) {
    return Error(Errc::kCorrupt, "the header row has bytes that are not UTF-8")
        .Hint("have the export delivered again, or convert the file to UTF-8");
  }

  std::vector<std::string> cells = SplitHeader(header);
  TRY(CheckSeparators(cells));
  return cells;
}

BlockReader::BlockReader(std::vector<std::filesystem::path> files, int threads)
    : files_(std::move(files)),
      capacity_(static_cast<std::size_t>(threads) + 3),
      running_(std::max(threads, 1)) {
  for (int i = 0, count = running_; i < count; ++i) threads_.emplace_back([this] { ReadFiles(); });
}

BlockReader::~BlockReader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  room_.notify_all();
}

void BlockReader::ReadFiles() {
  for (;;) {
    const std::size_t file = next_file_.fetch_add(1);
    if (file >= files_.size()) break;
    Result<void> read = [&]() -> Result<void> {
      try {
        return ReadOne(static_cast<int>(file));
      } catch (const std::exception& exception) {
        return Error(Errc::kInternal, exception.what());
      }
    }();
    if (!read.ok()) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::move(read).error().Wrap(files_[file].string());
      break;
    }
  }
  const std::lock_guard lock(mutex_);
  --running_;
  ready_.notify_all();
}

Result<void> BlockReader::ReadOne(int file) {
  TRY_ASSIGN(std::unique_ptr<ByteSource> source, OpenBytes(files_[static_cast<std::size_t>(file)]));
  RecordReader reader(std::move(source));
  std::uint64_t reported = 0;
  bool header_done = false;
  for (;;) {
    TextBlock block;
    block.file = file;
    block.buffer = SpareBuffer();
    TRY(reader.Next(kBlockBytes, block));
    packed_bytes_ += reader.packed_bytes() - reported;
    reported = reader.packed_bytes();
    if (block.text().empty()) {
      if (const std::string note = reader.note(); !note.empty()) {
        const std::lock_guard lock(mutex_);
        notes_.push_back(files_[static_cast<std::size_t>(file)].filename().string() + ": " + note);
      }
      return {};
    }
    if (!header_done) {
      reader.NameColumns(SplitHeader(TakeHeader(block)));
      block.first_row = 1;
      header_done = true;
    }
    if (!block.text().empty() && !Push(std::move(block))) return {};
  }
}

std::vector<std::string> BlockReader::notes() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> notes = notes_;
  std::sort(notes.begin(), notes.end());  // threads end in any order
  return notes;
}

std::string BlockReader::SpareBuffer() {
  const std::lock_guard lock(mutex_);
  if (spare_.empty()) return {};
  std::string buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

void BlockReader::Recycle(TextBlock block) {
  const std::lock_guard lock(mutex_);
  if (spare_.size() < capacity_) spare_.push_back(std::move(block.buffer));
}

bool BlockReader::Push(TextBlock block) {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [&] { return blocks_.size() < capacity_ || stopping_; });
  if (stopping_) return false;
  blocks_.push_back(std::move(block));
  ready_.notify_one();
  return true;
}

Result<std::optional<TextBlock>> BlockReader::Next() {
  std::unique_lock lock(mutex_);
  ready_.wait(lock, [&] { return !blocks_.empty() || running_ == 0 || error_; });
  if (error_) return *error_;
  if (blocks_.empty()) return std::optional<TextBlock>();
  TextBlock block = std::move(blocks_.front());
  blocks_.pop_front();
  room_.notify_one();
  return std::optional<TextBlock>(std::move(block));
}

}  // namespace farthing::ingest
