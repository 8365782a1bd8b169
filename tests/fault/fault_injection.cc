// A library for LD_PRELOAD that lets a program die, or a disk fail, at an exact step.  Test-only.
//
//   FARTHING_FAULT_CALLS   comma list of rename, sync, open, write, mkdir, unlink (open: for writing)
//   FARTHING_FAULT_UNDER   only paths below this directory count
//   FARTHING_FAULT_AT      the first step that is hit, from 1; 0 or absent: none
//   FARTHING_FAULT_ACTION  kill (default), ENOSPC or EIO
//   FARTHING_FAULT_STAYS   set: every later step fails too, as on a disk that stays full
//   FARTHING_FAULT_LOG     file that gets a line "<call> <path>" for each counted step
//
// Calls are counted before they take effect: a killed rename has not happened.

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

namespace {

std::string_view Setting(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

bool IsChosen(std::string_view call) {
  std::string_view rest = Setting("FARTHING_FAULT_CALLS");
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    if (rest.substr(0, comma) == call) return true;
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return false;
}

bool IsWatched(std::string_view path) {
  const std::string_view under = Setting("FARTHING_FAULT_UNDER");
  return !under.empty() && path.starts_with(under);
}

void Log(std::string_view call, std::string_view path) {
  const std::string file(Setting("FARTHING_FAULT_LOG"));
  if (file.empty()) return;
  const std::string line = std::string(call) + " " + std::string(path) + "\n";
  // Straight to the kernel: the wrappers below must not see this.
  const long log =
      syscall(SYS_openat, AT_FDCWD, file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  syscall(SYS_write, log, line.data(), line.size());
  syscall(SYS_close, log);
}

// Counts a step; true when it shall fail, with errno set.
bool Fails(std::string_view call, std::string_view path) {
  static std::atomic<long> count{0};
  if (!IsChosen(call) || !IsWatched(path)) return false;
  const long step = ++count;
  Log(call, path);
  const long at = atol(std::string(Setting("FARTHING_FAULT_AT")).c_str());
  if (at == 0 || step < at || (step > at && Setting("FARTHING_FAULT_STAYS").empty())) return false;
  const std::string_view action = Setting("FARTHING_FAULT_ACTION");
  if (action.empty() || action == "kill") {
    kill(getpid(), SIGKILL);
    pause();
  }
  errno = action == "EIO" ? EIO : ENOSPC;
  return true;
}

std::string PathOf(int descriptor) {
  char target[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t length = readlink(link.c_str(), target, sizeof target);
  return length < 0 ? "" : std::string(target, static_cast<std::size_t>(length));
}

bool FailsOn(std::string_view call, int descriptor) {
  return IsChosen(call) && Fails(call, PathOf(descriptor));
}

std::string PathAt(int directory, const char* path) {
  if (path[0] == '/' || directory == AT_FDCWD) return path;
  return PathOf(directory) + "/" + path;
}

bool IsWriting(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0; }

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// Each wrapper asks Fails and then calls the C library's function of the same name.
#define WRAP(result, name, parameters, arguments, failing, failure) \
  result name parameters {                                          \
    static auto* const next = Next<result parameters>(#name);       \
    if (failing) return failure;                                    \
    return next arguments;                                          \
  }

extern "C" {

WRAP(int, rename, (const char* from, const char* to), (from, to), Fails("rename", to), -1)
WRAP(int, renameat, (int a, const char* from, int b, const char* to), (a, from, b, to),
     Fails("rename", PathAt(b, to)), -1)
WRAP(int, renameat2, (int a, const char* from, int b, const char* to, unsigned flags),
     (a, from, b, to, flags), Fails("rename", PathAt(b, to)), -1)
WRAP(int, fsync, (int file), (file), FailsOn("sync", file), -1)
WRAP(int, fdatasync, (int file), (file), FailsOn("sync", file), -1)
WRAP(ssize_t, write, (int file, const void* data, size_t size), (file, data, size),
     FailsOn("write", file), -1)
WRAP(ssize_t, pwrite, (int file, const void* data, size_t size, off_t at), (file, data, size, at),
     FailsOn("write", file), -1)
WRAP(ssize_t, pwrite64, (int file, const void* data, size_t size, off64_t at),
     (file, data, size, at), FailsOn("write", file), -1)
WRAP(int, ftruncate, (int file, off_t size), (file, size), FailsOn("write", file), -1)
WRAP(int, ftruncate64, (int file, off64_t size), (file, size), FailsOn("write", file), -1)
WRAP(int, fflush, (FILE * file), (file), file != nullptr && FailsOn("write", fileno(file)), EOF)
WRAP(int, mkdir, (const char* path, mode_t mode), (path, mode), Fails("mkdir", path), -1)
WRAP(int, unlink, (const char* path), (path), Fails("unlink", path), -1)
WRAP(int, unlinkat, (int directory, const char* path, int flags), (directory, path, flags),
     Fails("unlink", PathAt(directory, path)), -1)
WRAP(int, rmdir, (const char* path), (path), Fails("unlink", path), -1)
WRAP(FILE*, fopen, (const char* path, const char* mode), (path, mode),
     mode[0] != 'r' && Fails("open", path), nullptr)
WRAP(FILE*, fopen64, (const char* path, const char* mode), (path, mode),
     mode[0] != 'r' && Fails("open", path), nullptr)

int open(const char* path, int flags, ...) {
  static auto* const next = Next<int(const char*, int, ...)>("open");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  if (IsWriting(flags) && Fails("open", path)) return -1;
  return next(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  static auto* const next = Next<int(const char*, int, ...)>("open64");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  if (IsWriting(flags) && Fails("open", path)) return -1;
  return next(path, flags, mode);
}

int openat(int directory, const char* path, int flags, ...) {
  static auto* const next = Next<int(int, const char*, int, ...)>("openat");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  if (IsWriting(flags) && Fails("open", PathAt(directory, path))) return -1;
  return next(directory, path, flags, mode);
}

}  // extern "C"
