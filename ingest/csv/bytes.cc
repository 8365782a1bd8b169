#include "ingest/csv/bytes.h"

#include <fcntl.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/files.h"

namespace farthing::ingest {
namespace {

constexpr std::size_t kInputBytes = 256 * 1024;
constexpr std::size_t kGzipHeaderBytes = 10;

// A bill shrinks about fiftyfold at most (cur-facts 7); deflate can reach a thousandfold.
constexpr std::uint64_t kBombBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kBombRatio = 300;

Result<void> CheckBomb(std::uint64_t packed, std::uint64_t unpacked) {
  if (unpacked > kBombBytes && unpacked / kBombRatio > packed) {
    return Error(Errc::kCorrupt, "unpacks to more than 300 times its size: a decompression bomb")
        .Hint("remove the file; no bill compresses like that");
  }
  return {};
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Whether a member of gzip may begin here.  Source: RFC 1952, 2.3: reserved flags are zero, XFL is 0, 2 or 4.
bool IsGzipHeader(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  return bytes.size() >= kGzipHeaderBytes && bytes.starts_with("\x1f\x8b\x08") &&
         (at(3) & 0xe0) == 0 && (at(8) == 0 || at(8) == 2 || at(8) == 4) &&
         (at(9) <= 13 || at(9) == 255);
}

std::uint32_t LittleEndian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < sizeof(value); ++i)
    value |= std::uint32_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  return value;
}

// The trailer, which is that of the last member: nothing where there seem to be several, or zeros at the end.
std::optional<Checksum> GzipTrailer(int fd) {
  std::vector<char> buffer(kInputBytes);
  std::string_view block;
  off_t offset = 0;
  for (;;) {
    const ssize_t count = ::pread(fd, buffer.data(), buffer.size(), offset);
    if (count < static_cast<ssize_t>(kGzipHeaderBytes)) return std::nullopt;
    block = std::string_view(buffer.data(), static_cast<std::size_t>(count));
    const std::size_t first = offset == 0 ? 1 : 0;
    for (auto at = block.find('\x1f', first); at != block.npos; at = block.find('\x1f', at + 1)) {
      if (IsGzipHeader(block.substr(at))) return std::nullopt;
    }
    if (block.size() < buffer.size()) break;
    offset += static_cast<off_t>(block.size() - kGzipHeaderBytes);  // a header may lie across
  }
  const std::string_view trailer = block.substr(block.size() - 8);
  const Checksum checksum{LittleEndian(trailer.substr(4)), LittleEndian(trailer)};
  if (checksum == Checksum{}) return std::nullopt;
  return checksum;
}

class PlainSource : public ByteSource {
 public:
  PlainSource(std::filesystem::path path, FileDescriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}

  Result<std::size_t> Read(std::span<char> out) override {
    for (;;) {
      const ssize_t count = ::read(file_.get(), out.data(), out.size());
      if (count >= 0) {
        bytes_ += static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
      }
      if (errno != EINTR) return ErrnoError("reading", path_, errno);
    }
  }
  std::uint64_t packed_bytes() const override { return bytes_; }
  bool is_packed() const override { return false; }
  int descriptor() const { return file_.get(); }

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
  std::uint64_t bytes_ = 0;
};

class GzipSource : public ByteSource {
 public:
  GzipSource(std::filesystem::path path, FileDescriptor file)
      : packed_(std::move(path), std::move(file)), input_(kInputBytes) {
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
  }

  Result<std::size_t> Read(std::span<char> out) override {
    state_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    state_.avail_out = static_cast<std::uint32_t>(out.size());
    while (state_.avail_out > 0) {
      TRY_ASSIGN(const bool more, Refill());
      if (!more) break;
      const int code = isal_inflate(&state_);
      if (code != ISAL_DECOMP_OK) {
        const std::uint64_t unpacked = unpacked_ + out.size() - state_.avail_out;
        const std::string what = code == ISAL_INCORRECT_CHECKSUM
                                     ? "damaged gzip data: its checksum is another after "
                                     : "damaged gzip data after ";
        return Error(Errc::kCorrupt, what + std::to_string(unpacked) + " unpacked bytes")
            .Hint("copy the file again from the bucket");
      }
      if (state_.block_state == ISAL_BLOCK_FINISH) member_done_ = true;
    }
    const std::size_t count = out.size() - state_.avail_out;
    unpacked_ += count;
    TRY(CheckBomb(packed_.packed_bytes(), unpacked_));
    return count;
  }
  std::uint64_t packed_bytes() const override { return packed_.packed_bytes(); }
  std::string note() const override {
    if (padding_bytes_ == 0) return "";
    return std::to_string(padding_bytes_) +
           " zero bytes after the end of the gzip data, passed over";
  }
  std::optional<Checksum> stored_checksum() const override {
    return GzipTrailer(packed_.descriptor());
  }

 private:
  Result<bool> ReadPacked() {
    TRY_ASSIGN(const std::size_t count, packed_.Read(input_));
    state_.next_in = reinterpret_cast<std::uint8_t*>(input_.data());
    state_.avail_in = static_cast<std::uint32_t>(count);
    return count > 0;
  }

  // Returns false at the clean end of the file.
  Result<bool> Refill() {
    if (state_.avail_in == 0) {
      TRY_ASSIGN(const bool more, ReadPacked());
      if (!more) {
        if (member_done_) return false;
        // The decoder may still hold unpacked bytes that had no room before.
        if (state_.tmp_out_valid > state_.tmp_out_processed) return true;
        return Error(Errc::kCorrupt, "gzip data ends too early: the file is truncated")
            .Hint("copy the file again from the bucket");
      }
    }
    if (member_done_) {
      TRY_ASSIGN(const bool another, FindMember());
      if (!another) return false;
      isal_inflate_reset(&state_);
      state_.crc_flag = ISAL_GZIP;
      member_done_ = false;
    }
    return true;
  }

  // Tape tools and dd fill a copy up with zeros to a whole block; gzip(1) passes over them too.
  // Returns false when nothing else follows.
  Result<bool> FindMember() {
    for (;;) {
      const std::uint8_t* end = state_.next_in + state_.avail_in;
      std::uint8_t* other = std::find_if(state_.next_in, state_.next_in + state_.avail_in,
                                         [](std::uint8_t byte) { return byte != 0; });
      padding_bytes_ += static_cast<std::uint64_t>(other - state_.next_in);
      state_.next_in = other;
      state_.avail_in = static_cast<std::uint32_t>(end - other);
      if (state_.avail_in > 0) break;
      TRY_ASSIGN(const bool more, ReadPacked());
      if (!more) return false;
    }
    if (padding_bytes_ == 0 && *state_.next_in == 0x1f) return true;
    return Error(Errc::kCorrupt, "something that is no gzip data follows the end of the gzip data")
        .Hint("copy the file again from the bucket");
  }

  PlainSource packed_;
  std::vector<char> input_;
  inflate_state state_{};
  bool member_done_ = false;
  std::uint64_t padding_bytes_ = 0;
  std::uint64_t unpacked_ = 0;
};

class ZipSource : public ByteSource {
 public:
  ~ZipSource() override {
    if (entry_ != nullptr) zip_fclose(entry_);
    if (archive_ != nullptr) zip_discard(archive_);
  }

  static Result<std::unique_ptr<ByteSource>> Open(const std::filesystem::path& path) {
    auto source = std::unique_ptr<ZipSource>(new ZipSource);
    int code = 0;
    source->archive_ = zip_open(path.c_str(), ZIP_RDONLY, &code);
    if (source->archive_ == nullptr) {
      return Error(Errc::kCorrupt, "damaged or truncated zip archive")
          .Hint("copy the file again from the bucket");
    }
    if (zip_name_locate(source->archive_, "[Content_Types].xml", 0) >= 0 ||
        zip_name_locate(source->archive_, "xl/workbook.xml", 0) >= 0) {
      return Error(Errc::kInvalidArgument, "an Excel workbook, not CSV")
          .Hint(
              "import the file as AWS delivered it; a spreadsheet rounds account ids and amounts");
    }
    const std::vector<zip_uint64_t> entries = FilesIn(source->archive_);
    if (entries.size() != 1) {
      return Error(Errc::kCorrupt, "zip archive holds " + std::to_string(entries.size()) +
                                       " files; AWS writes exactly one CSV into each")
          .Hint("unpack it and import the directory");
    }
    zip_stat_t stat;
    if (zip_stat_index(source->archive_, entries[0], 0, &stat) != 0) {
      return Error(Errc::kCorrupt, "unreadable zip directory");
    }
    if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE) {
      return Error(Errc::kCorrupt, "zip archive is encrypted")
          .Hint("decrypt it, then import it again");
    }
    if ((stat.valid & ZIP_STAT_CRC) != 0)
      source->stored_ = Checksum{static_cast<std::uint32_t>(stat.size), stat.crc};
    source->packed_size_ = stat.comp_size;
    source->size_ = stat.size;
    source->entry_ = zip_fopen_index(source->archive_, entries[0], 0);
    if (source->entry_ == nullptr) {
      return Error(Errc::kCorrupt,
                   "unreadable zip entry: " + std::string(zip_strerror(source->archive_)))
          .Hint("unpack it and import the directory");
    }
    return std::unique_ptr<ByteSource>(std::move(source));
  }

  Result<std::size_t> Read(std::span<char> out) override {
    const zip_int64_t count = zip_fread(entry_, out.data(), out.size());
    if (count < 0) {
      return Error(Errc::kCorrupt, "damaged zip data: " + std::string(zip_file_strerror(entry_)))
          .Hint("copy the file again from the bucket");
    }
    unpacked_ += static_cast<std::uint64_t>(count);
    TRY(CheckBomb(packed_size_, unpacked_));
    return static_cast<std::size_t>(count);
  }
  std::uint64_t packed_bytes() const override {
    return size_ == 0 ? 0 : packed_size_ * (unpacked_ / 1024) / (size_ / 1024 + 1);
  }
  std::optional<Checksum> stored_checksum() const override { return stored_; }

 private:
  ZipSource() = default;

  // The entries, without folders and what macOS puts beside the files.
  static std::vector<zip_uint64_t> FilesIn(zip_t* archive) {
    std::vector<zip_uint64_t> files;
    const zip_int64_t count = zip_get_num_entries(archive, 0);
    for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(std::max<zip_int64_t>(count, 0)); ++i) {
      const char* given = zip_get_name(archive, i, 0);
      const std::string_view name = given == nullptr ? "" : given;
      const bool beside = name.starts_with("__MACOSX/") || name.ends_with("/") ||
                          name == ".DS_Store" || name.ends_with("/.DS_Store");
      if (!beside) files.push_back(i);
    }
    return files;
  }

  zip_t* archive_ = nullptr;
  zip_file_t* entry_ = nullptr;
  std::optional<Checksum> stored_;
  std::uint64_t packed_size_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t unpacked_ = 0;
};

Result<std::string> FirstBytes(int fd, const std::filesystem::path& path) {
  std::array<char, 4> magic{};
  const ssize_t count = ::pread(fd, magic.data(), magic.size(), 0);
  if (count < 0) return ErrnoError("reading", path, errno);
  return std::string(magic.data(), static_cast<std::size_t>(count));
}

Result<FileDescriptor> OpenForReading(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoError("opening", path, errno);
  return FileDescriptor(fd);
}

}  // namespace

Result<std::unique_ptr<ByteSource>> OpenBytes(const std::filesystem::path& path) {
  TRY_ASSIGN(FileDescriptor file, OpenForReading(path));
  TRY_ASSIGN(const std::string magic, FirstBytes(file.get(), path));
  if (magic.empty())
    return Error(Errc::kCorrupt, "the file is empty (0 bytes)")
        .Hint("copy the file again from the bucket; if it is empty there, have it delivered again");
  if (magic.starts_with("\x1f\x8b")) {
    return std::unique_ptr<ByteSource>(new GzipSource(path, std::move(file)));
  }
  if (magic.starts_with("PK\x03\x04") || magic.starts_with("PK\x05\x06"))
    return ZipSource::Open(path);
  return std::unique_ptr<ByteSource>(new PlainSource(path, std::move(file)));
}

Result<Checksum> ChecksumOf(const std::filesystem::path& path) {
  TRY_ASSIGN(const std::unique_ptr<ByteSource> source, OpenBytes(path));
  if (const std::optional<Checksum> stored = source->stored_checksum()) return *stored;
  Checksum checksum;
  std::vector<char> buffer(kInputBytes);
  for (;;) {
    TRY_ASSIGN(const std::size_t count, source->Read(buffer));
    if (count == 0) return checksum;
    checksum.size_bytes += static_cast<std::uint32_t>(count);
    checksum.crc32 = crc32_gzip_refl(checksum.crc32,
                                     reinterpret_cast<const unsigned char*>(buffer.data()), count);
  }
}

std::string_view ForeignContent(std::string_view first_bytes) {
  using namespace std::string_view_literals;
  struct Kind {
    std::string_view magic;
    std::string_view name;
  };
  static constexpr Kind kKinds[] = {
      {"\x1f\x8b"sv, "packed twice with gzip"},
      {"PK\x03\x04"sv, "a zip archive in another archive"},
      {"BZh"sv, "packed with bzip2"},
      {"\x28\xb5\x2f\xfd"sv, "packed with zstd"},
      {"\xfd\x37zXZ"sv, "packed with xz"},
      {"PAR1"sv, "Parquet in an archive"},
      {"ORC"sv, "ORC"},
      {"Obj\x01"sv, "Avro"},
      {"%PDF"sv, "a PDF"},
      {"\x89PNG"sv, "an image"},
      {"\xd0\xcf\x11\xe0"sv, "an Excel workbook"},
      {"\xff\xfe"sv, "UTF-16 text"},
      {"\xfe\xff"sv, "UTF-16 text"},
      {"<"sv, "HTML or XML"},
      {"version https://git-lfs"sv, "a Git LFS pointer, not the file itself"},
  };
  for (const auto& [magic, name] : kKinds) {
    if (first_bytes.starts_with(magic)) return name;
  }
  if (first_bytes.size() > 262 && first_bytes.substr(257, 5) == "ustar") return "a tar archive";
  if (first_bytes.size() > 1 && (first_bytes[0] == '\0') != (first_bytes[1] == '\0'))
    return "UTF-16 text";
  return "";
}

Result<bool> IsParquet(const std::filesystem::path& path) {
  TRY_ASSIGN(const FileDescriptor file, OpenForReading(path));
  TRY_ASSIGN(const std::string magic, FirstBytes(file.get(), path));
  return magic == "PAR1";
}

}  // namespace farthing::ingest
