#include "base/files.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace farthing {
namespace {

/// An open descriptor; closed on destruction.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;

  int get() const { return number_; }
  int Release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

Result<Descriptor> OpenFile(const fs::path& path, int flags, std::string_view action) {
  int number = 0;
  do {
    number = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  } while (number < 0 && errno == EINTR);
  if (number < 0) return ErrnoError(action, path, errno);
  return Descriptor(number);
}

/// Calls `on_block(std::string_view)` (returning Result<void>) with the file, block by block.
template <typename OnBlock>
Result<void> ReadBlocks(const fs::path& path, OnBlock on_block) {
  TRY_ASSIGN(const Descriptor file, OpenFile(path, O_RDONLY, "cannot open"));
  std::string buffer(std::size_t{1} << 18, '\0');
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError("cannot read", path, errno);
    if (count == 0) return {};
    TRY(on_block(std::string_view(buffer).substr(0, static_cast<std::size_t>(count))));
  }
}

/// Flushes a file or a directory to the disk.
Result<void> Sync(const fs::path& path) {
  TRY_ASSIGN(const Descriptor file, OpenFile(path, O_RDONLY, "cannot open"));
  if (::fsync(file.get()) != 0) return ErrnoError("cannot flush", path, errno);
  return {};
}

fs::path ParentOf(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// SHA-256, fed in pieces.
class Hasher {
 public:
  Hasher() : context_(EVP_MD_CTX_new()) {
    CHECK(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }
  void Add(std::string_view bytes) {
    CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }
  std::string Hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &length) == 1);
    std::string hex;
    for (unsigned i = 0; i < length; ++i) {
      hex += "0123456789abcdef"[digest[i] >> 4];
      hex += "0123456789abcdef"[digest[i] & 15];
    }
    return hex;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

/// Whether `path`, links resolved, lies inside the resolved directory `root`.
bool LiesInside(const fs::path& path, const fs::path& root) {
  const auto [root_end, path_end] =
      std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return root_end == root.end();
}

}  // namespace

Error ErrnoError(std::string_view action, const fs::path& path, int error_number) {
  Errc code = Errc::kUnavailable;
  switch (error_number) {
    case ENOENT:
    case ENOTDIR: code = Errc::kNotFound; break;
    case EACCES:
    case EPERM:
    case EROFS: code = Errc::kPermissionDenied; break;
    case EEXIST: code = Errc::kConflict; break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: code = Errc::kTooLarge; break;
    case EISDIR:
    case ENAMETOOLONG: code = Errc::kInvalidArgument; break;
    default: break;
  }
  Error error(code, std::string(action) + " " + path.string() + ": " +
                        std::generic_category().message(error_number));
  if (code == Errc::kTooLarge) return std::move(error).Hint(kFullDiskHint);
  if (code == Errc::kPermissionDenied) {
    return std::move(error).Hint("give the user who runs this access to it");
  }
  return error;
}

Result<std::string> ReadFile(const fs::path& path, std::uint64_t limit_bytes) {
  std::string content;
  TRY(ReadBlocks(path, [&](std::string_view block) -> Result<void> {
    if (block.size() > limit_bytes - content.size()) {
      return Error(Errc::kTooLarge,
                   "larger than " + std::to_string(limit_bytes) + " bytes: " + path.string());
    }
    content += block;
    return {};
  }));
  return content;
}

Result<void> WriteFileDurably(const fs::path& path, std::string_view content) {
  TRY_ASSIGN(Descriptor file, OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC, "cannot write"));
  while (!content.empty()) {
    const ssize_t count = ::write(file.get(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError("cannot write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(file.get()) != 0) return ErrnoError("cannot flush", path, errno);
  if (::close(file.Release()) != 0) return ErrnoError("cannot close", path, errno);
  return Sync(ParentOf(path));
}

Result<void> SyncTree(const fs::path& directory) {
  std::error_code failure;
  auto entry = fs::recursive_directory_iterator(directory, failure);
  for (; !failure && entry != fs::recursive_directory_iterator(); entry.increment(failure)) {
    const fs::file_status status = entry->symlink_status(failure);
    if (failure) break;
    if (fs::is_regular_file(status) || fs::is_directory(status)) TRY(Sync(entry->path()));
  }
  if (failure) return ErrnoError("cannot list", directory, failure.value());
  return Sync(directory);
}

Result<void> RenameDurably(const fs::path& from, const fs::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) {
    return ErrnoError("cannot rename " + from.string() + " to", to, errno);
  }
  TRY(Sync(ParentOf(to)));
  if (ParentOf(from) == ParentOf(to)) return {};
  return Sync(ParentOf(from));
}

Result<void> MakeDirectories(const fs::path& path) {
  std::error_code failure;
  fs::create_directories(path, failure);
  if (failure) return ErrnoError("cannot make directory", path, failure.value());
  return {};
}

Result<void> MakeDirectoriesDurably(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return {};
  TRY(MakeDirectoriesDurably(ParentOf(path)));
  TRY(MakeDirectories(path));
  return Sync(ParentOf(path));
}

Result<void> RemoveTree(const fs::path& path) {
  std::error_code failure;
  fs::remove_all(path, failure);
  if (failure) return ErrnoError("cannot remove", path, failure.value());
  return {};
}

Result<std::vector<fs::path>> ListTree(const fs::path& directory) {
  std::error_code failure;
  const fs::path root = fs::canonical(directory, failure);
  if (failure) return ErrnoError("cannot list", directory, failure.value());

  // Links to directories are not entered, so that a link to a parent cannot make a circle.
  std::vector<fs::path> files;
  auto entry = fs::recursive_directory_iterator(directory, failure);
  for (; !failure && entry != fs::recursive_directory_iterator(); entry.increment(failure)) {
    const fs::file_status status = entry->symlink_status(failure);
    if (failure == std::errc::no_such_file_or_directory) failure.clear();  // removed meanwhile
    if (failure) break;
    if (fs::is_symlink(status)) {
      const fs::path target = fs::weakly_canonical(entry->path(), failure);
      if (failure) break;
      if (!LiesInside(target, root)) {
        return Error(Errc::kPermissionDenied,
                     "link leaves the directory: " + entry->path().string())
            .Hint("put the file itself there, or remove the link");
      }
    }
    if (entry->is_regular_file(failure)) files.push_back(entry->path());
    if (failure == std::errc::no_such_file_or_directory) failure.clear();  // removed meanwhile
    if (failure) break;
  }
  if (failure) return ErrnoError("cannot list", directory, failure.value());
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::string> Sha256OfFile(const fs::path& path) {
  Hasher hasher;
  TRY(ReadBlocks(path, [&](std::string_view block) -> Result<void> {
    hasher.Add(block);
    return {};
  }));
  return hasher.Hex();
}

std::string Sha256(std::string_view text) {
  Hasher hasher;
  hasher.Add(text);
  return hasher.Hex();
}

Result<std::unique_ptr<DirectoryLock>> DirectoryLock::Acquire(const fs::path& lock_file) {
  TRY_ASSIGN(Descriptor file, OpenFile(lock_file, O_RDWR | O_CREAT, "cannot open lock"));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return Error(Errc::kConflict, "another process is working on " + ParentOf(lock_file).string())
          .Hint("wait until it has ended, then run the same command again");
    }
    return ErrnoError("cannot lock", lock_file, errno);
  }
  return std::unique_ptr<DirectoryLock>(new DirectoryLock(file.Release()));
}

DirectoryLock::~DirectoryLock() { ::close(descriptor_); }

}  // namespace farthing
