#pragma once

// The bytes of a file, unpacked: plain, gzip (several members too, filled up with zeros) or a zip of one file.
// What a file is follows from its first bytes, never from its name.  A ByteSource belongs to one thread.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace farthing::ingest {

/// Of content, both modulo 2^32, as gzip and zip have them.
struct Checksum {
  std::uint32_t size_bytes = 0;
  std::uint32_t crc32 = 0;
  bool operator==(const Checksum&) const = default;
};

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills `out` from the front and returns how many bytes; 0 is the end.
  /// Errors: kCorrupt (truncated, damaged, encrypted, more than one file in a zip, a decompression bomb),
  ///         kUnavailable (the disk failed).
  virtual Result<std::size_t> Read(std::span<char> out) = 0;
  /// Packed bytes consumed so far; for progress.
  virtual std::uint64_t packed_bytes() const = 0;
  /// What a reader of the whole file should know; empty: nothing.
  virtual std::string note() const { return ""; }
  /// False for a file that is its own content.
  virtual bool is_packed() const { return true; }
  /// What an archive itself says of its content; nothing for plain files and gzip of several members.  A damaged
  /// archive may say anything.
  virtual std::optional<Checksum> stored_checksum() const { return std::nullopt; }
};

/// Opens a file by its magic bytes.  An empty file is kCorrupt: AWS writes none that carries rows.
Result<std::unique_ptr<ByteSource>> OpenBytes(const std::filesystem::path& path);

/// Returns the checksum of what a file unpacks to: as stored, else by unpacking it.
/// Errors: as OpenBytes and ByteSource::Read.
Result<Checksum> ChecksumOf(const std::filesystem::path& path);

/// Says what content is that cannot be a table in UTF-8 text ("an Excel workbook"), by its first
/// bytes; empty for all others.
std::string_view ForeignContent(std::string_view first_bytes);

/// True when the file starts with Parquet's magic PAR1.
Result<bool> IsParquet(const std::filesystem::path& path);

}  // namespace farthing::ingest
