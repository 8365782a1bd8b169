#include "base/result.h"

#include <cstdio>
#include <cstdlib>

namespace farthing {

std::string_view Token(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument: return "invalid_argument";
    case Errc::kUnauthenticated: return "unauthenticated";
    case Errc::kPermissionDenied: return "permission_denied";
    case Errc::kNotFound: return "not_found";
    case Errc::kConflict: return "conflict";
    case Errc::kTooLarge: return "too_large";
    case Errc::kUnavailable: return "unavailable";
    case Errc::kDeadline: return "deadline";
    case Errc::kCorrupt: return "corrupt";
    case Errc::kInternal: return "internal";
  }
  return "internal";
}

int ExitCode(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument: return 2;
    case Errc::kUnauthenticated: return 3;
    case Errc::kPermissionDenied: return 3;
    case Errc::kNotFound: return 4;
    case Errc::kConflict: return 5;
    case Errc::kTooLarge: return 6;
    case Errc::kUnavailable: return 7;
    case Errc::kDeadline: return 7;
    case Errc::kCorrupt: return 8;
    case Errc::kInternal: return 70;
  }
  return 70;
}

Error::Error(Errc code, std::string message, const char* file, int line)
    : code_(code), message_(std::move(message)), file_(file), line_(line) {}

Error&& Error::Wrap(std::string_view context) && {
  message_.insert(0, ": ").insert(0, context);
  return std::move(*this);
}

Error&& Error::Hint(std::string_view hint) && {
  if (hint_.empty()) hint_ = hint;
  return std::move(*this);
}

std::string_view Error::detail(std::string_view name) const {
  for (const Detail& detail : details_) {
    if (detail.name == name) return detail.value;
  }
  return {};
}

Error&& Error::With(std::string_view name, std::string_view value) && {
  for (Detail& detail : details_) {
    if (detail.name == name) {
      detail.value = value;
      return std::move(*this);
    }
  }
  details_.push_back({std::string(name), std::string(value)});
  return std::move(*this);
}

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "farthing: invariant broken: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace farthing
