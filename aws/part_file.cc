#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "aws/part_file_internal.h"

namespace farthing::aws {
namespace {

constexpr std::size_t kReadBlock = std::size_t{256} << 10;

int OpenDescriptor(const fs::path& path, int flags) {
  int descriptor = -1;
  do {
    descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0644);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

}  // namespace

fs::path Beside(const fs::path& file, std::string_view ending) {
  return file.parent_path() / ("." + file.filename().string() + std::string(ending));
}

Result<PartFile> PartFile::Create(fs::path path) {
  const int descriptor = OpenDescriptor(path, O_CREAT | O_TRUNC);
  if (descriptor < 0) return ErrnoError("open", path, errno);
  return PartFile(std::move(path), descriptor);
}

Result<PartFile> PartFile::Open(fs::path path) {
  const int descriptor = OpenDescriptor(path, 0);
  if (descriptor < 0) return ErrnoError("open", path, errno);
  return PartFile(std::move(path), descriptor);
}

PartFile::PartFile(PartFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

PartFile& PartFile::operator=(PartFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

PartFile::~PartFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<void> PartFile::Reserve(std::uint64_t size) const {
  if (fallocate(descriptor_, 0, 0, static_cast<off_t>(size)) == 0) return {};
  int error_number = errno;
  if (error_number == EOPNOTSUPP || error_number == ENOSYS) {
    if (ftruncate(descriptor_, static_cast<off_t>(size)) == 0) return {};
    error_number = errno;
  }
  std::error_code code;
  fs::remove(path_, code);
  return ErrnoError("write", path_, error_number);
}

Result<void> PartFile::WriteAt(std::uint64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError("write", path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<void> PartFile::Read(std::uint64_t offset, std::uint64_t end,
                            const std::function<void(std::string_view block)>& on_block) const {
  std::string block(kReadBlock, '\0');
  while (offset < end) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kReadBlock, end - offset));
    const ssize_t count = pread(descriptor_, block.data(), wanted, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return ErrnoError("read", path_, count < 0 ? errno : EIO);
    on_block(std::string_view(block).substr(0, static_cast<std::size_t>(count)));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

}  // namespace farthing::aws
