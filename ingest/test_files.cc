#include "ingest/test_files.h"

#include <isa-l/igzip_lib.h>
#include <zip.h>

#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "base/text.h"

namespace farthing::ingest {

namespace fs = std::filesystem;

TestDirectory::TestDirectory()
    : path_(fs::temp_directory_path() / ("farthing-ingest-" + NewUlid())) {
  fs::create_directories(path_);
}

TestDirectory::~TestDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TestDirectory::Write(const std::string& name, std::string_view bytes) const {
  const fs::path file = path_ / name;
  fs::create_directories(file.parent_path());
  std::ofstream stream(file, std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file;
}

std::string Gzip(std::string_view text) {
  isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  std::string packed(text.size() + 1024, '\0');
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<std::uint32_t>(text.size());
  stream.next_out = reinterpret_cast<std::uint8_t*>(packed.data());
  stream.avail_out = static_cast<std::uint32_t>(packed.size());
  if (isal_deflate_stateless(&stream) != COMP_OK) throw std::runtime_error("cannot pack");
  packed.resize(stream.total_out);
  return packed;
}

// A zip entry holds the same deflate data as a gzip member between other headers.
std::string GzipDensely(const std::string& text) {
  const TestDirectory directory;
  const fs::path file = directory.path() / "dense.zip";
  const std::array entries = {ZipEntry{"entry", text}};
  WriteZip(file, entries);
  int code = 0;
  zip_t* archive = zip_open(file.c_str(), ZIP_RDONLY, &code);
  zip_stat_t stat;
  if (archive == nullptr || zip_stat_index(archive, 0, 0, &stat) != 0)
    throw std::runtime_error("cannot pack");
  zip_discard(archive);
  std::ifstream stream(file, std::ios::binary);
  const std::string zip{std::istreambuf_iterator<char>(stream), {}};
  const auto length_at = [&](std::size_t at) {
    return static_cast<unsigned char>(zip[at]) + 256U * static_cast<unsigned char>(zip[at + 1]);
  };
  const auto little_endian = [](std::uint64_t value) {
    std::string bytes;
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(value >> shift);
    return bytes;
  };
  const std::size_t data = 30 + length_at(26) + length_at(28);
  return std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10) + zip.substr(data, stat.comp_size) +
         little_endian(stat.crc) + little_endian(text.size());
}

void WriteZip(const fs::path& file, std::span<const ZipEntry> entries,
              const std::string& password) {
  int code = 0;
  zip_t* archive = zip_open(file.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  if (archive == nullptr) throw std::runtime_error("cannot make a zip archive");
  for (const ZipEntry& entry : entries) {
    zip_source_t* source = zip_source_buffer(archive, entry.text.data(), entry.text.size(), 0);
    const zip_int64_t index = zip_file_add(archive, entry.name.c_str(), source, 0);
    if (index < 0) throw std::runtime_error("cannot add to a zip archive");
    if (!password.empty() && zip_file_set_encryption(archive, static_cast<zip_uint64_t>(index),
                                                     ZIP_EM_AES_256, password.c_str()) != 0) {
      throw std::runtime_error("cannot encrypt");
    }
  }
  if (zip_close(archive) != 0) throw std::runtime_error("cannot write a zip archive");
}

}  // namespace farthing::ingest
