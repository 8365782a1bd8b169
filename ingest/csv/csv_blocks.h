#pragma once

// Files of CSV text as a stream of blocks of whole records, unpacked ahead by own threads.
// Next() may be called from many threads; memory is bounded by the blocks in flight.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

namespace farthing::ingest {

/// Whole records of one file, without its header; every record ends with a line feed.
struct TextBlock {
  int file = 0;                ///< index into the list of files
  std::int64_t first_row = 1;  ///< number of the first record, from 1, the header not counted
  std::string buffer;          ///< holds the text; may be larger
  std::size_t start = 0;
  std::size_t end = 0;
  std::string_view text() const { return std::string_view(buffer).substr(start, end - start); }
};

/// Reads the first record of a file and splits it into cells.  A byte order mark is dropped.
/// Errors: kCorrupt (no header, damaged), kUnavailable.
Result<std::vector<std::string>> ReadCsvHeader(const std::filesystem::path& file);

class BlockReader {
 public:
  /// Starts reading `files` with `threads` threads (at least one), each taking the next file.
  BlockReader(std::vector<std::filesystem::path> files, int threads);
  /// Stops the threads.
  ~BlockReader();

  /// Returns the next block of any file, nothing at the end.
  /// Errors: kCorrupt (truncated or damaged file, endless record), kUnavailable; named by file.
  Result<std::optional<TextBlock>> Next();
  /// Takes a used block's buffer back; fresh pages from the kernel cost more than the parsing.
  void Recycle(TextBlock block);

  /// What became apparent of whole files, each named; complete when Next has returned nothing.
  std::vector<std::string> notes() const;
  /// Packed bytes read so far.
  std::uint64_t packed_bytes() const { return packed_bytes_.load(std::memory_order_relaxed); }

 private:
  void ReadFiles();
  Result<void> ReadOne(int file);
  std::string SpareBuffer();
  /// Returns false when the reader is being destroyed.
  bool Push(TextBlock block);

  std::vector<std::filesystem::path> files_;
  std::atomic<std::size_t> next_file_{0};
  std::atomic<std::uint64_t> packed_bytes_{0};
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable ready_;
  std::deque<TextBlock> blocks_;
  std::vector<std::string> spare_;
  std::vector<std::string> notes_;
  std::optional<Error> error_;
  std::size_t capacity_;
  int running_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace farthing::ingest
