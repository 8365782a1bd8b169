#pragma once

// Errors as values: what failed, whose move it is, and what to do about it.
// Result<T> is a value or an Error, never both.  Plain values; no threads involved.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace farthing {

/// What the caller can do next; each maps to one exit code (and later one HTTP status).
enum class Errc {
  kInvalidArgument,   ///< the request is wrong; the message says how
  kUnauthenticated,   ///< no or expired credentials
  kPermissionDenied,  ///< identity known, not allowed
  kNotFound,          ///< the named thing is absent
  kConflict,          ///< someone else changed it or is writing it
  kTooLarge,          ///< would pass a row, memory, disk or time limit
  kUnavailable,       ///< disk or network failed; trying again may help
  kDeadline,          ///< ran out of time
  kCorrupt,           ///< bytes do not match their format; quarantine them
  kInternal,          ///< our bug
};

/// Returns a stable lower-case token, e.g. "not_found"; printed in JSON errors.
std::string_view Token(Errc code);

/// Returns the process exit code of a failure: 2..8, or 70 for our own bugs.
int ExitCode(Errc code);

/// A failure: the message says what is wrong, the hint how to mend it.
/// Context is prefixed on the way up; variable text stands at the end of a message.
class [[nodiscard]] Error {
 public:
  Error(Errc code, std::string message, const char* file = __builtin_FILE(),
        int line = __builtin_LINE());

  Errc code() const { return code_; }
  const std::string& message() const { return message_; }
  /// What the reader should do about it; empty where the message says it all.
  const std::string& hint() const { return hint_; }
  /// Where the error was made, as "file:line"; for logs, never for users.
  std::string where() const { return std::string(file_) + ":" + std::to_string(line_); }

  /// Prefixes "context: " to the message; returns *this for chaining.
  Error&& Wrap(std::string_view context) &&;
  /// Sets the hint unless a deeper layer has set one; returns *this for chaining.
  Error&& Hint(std::string_view hint) &&;

  /// A fact for programs and evidence beside the sentence, such as a service's own error code.
  struct Detail {
    std::string name, value;
  };
  const std::vector<Detail>& details() const { return details_; }
  /// Returns the detail of that name, or nothing ("").
  std::string_view detail(std::string_view name) const;
  /// Adds a detail, or replaces the one of that name; returns *this for chaining.
  Error&& With(std::string_view name, std::string_view value) &&;

 private:
  Errc code_;
  std::string message_;
  std::string hint_;
  std::vector<Detail> details_;
  const char* file_;
  int line_;
};

/// Either a T or an Error.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : value_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return value_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& operator*() & { return std::get<0>(value_); }
  const T& operator*() const& { return std::get<0>(value_); }
  T&& operator*() && { return std::get<0>(std::move(value_)); }
  T* operator->() { return &std::get<0>(value_); }
  const T* operator->() const { return &std::get<0>(value_); }

  const Error& error() const& { return std::get<1>(value_); }
  Error&& error() && { return std::get<1>(std::move(value_)); }

 private:
  std::variant<T, Error> value_;
};

/// Result<void>: success carries nothing.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

/// Prints the message and aborts; used by CHECK only.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace farthing

#define FARTHING_CONCAT_(a, b) a##b
#define FARTHING_CONCAT(a, b) FARTHING_CONCAT_(a, b)

/// Returns the error of `expr` (a Result) from the enclosing function.
#define TRY(expr)                                                                            \
  do {                                                                                       \
    if (auto try_result_ = (expr); !try_result_.ok()) return std::move(try_result_).error(); \
  } while (false)

/// Declares `lhs` from the value of `expr`, or returns its error.
#define TRY_ASSIGN(lhs, expr) TRY_ASSIGN_(FARTHING_CONCAT(try_result_, __LINE__), lhs, expr)
#define TRY_ASSIGN_(tmp, lhs, expr)             \
  auto tmp = (expr);                            \
  if (!tmp.ok()) return std::move(tmp).error(); \
  lhs = *std::move(tmp)

/// Aborts in every build when an invariant of ours is broken; never used on input.
#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::farthing::CheckFailed(#condition, __FILE__, __LINE__))
