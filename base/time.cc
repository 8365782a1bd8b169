#include "base/time.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <string>

namespace farthing {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
constexpr std::int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
constexpr std::int64_t kMicrosPerDay = 24 * kMicrosPerHour;

// What four digits of a year can print: [0001-01-01, 10000-01-01).
constexpr Instant kEarliest{-719'162 * kMicrosPerDay};
constexpr Instant kLatest{2'932'897 * kMicrosPerDay};

Error NotAnInstant(std::string_view text) {
  return Error(Errc::kInvalidArgument,
               "not a date or time: \"" + std::string(text.substr(0, 64)) +
                   "\", which must be as 2026-01-31 or 2026-01-31T23:59:59Z, hours from 00 to 23");
}

/// Reads a text from left to right; every function takes what it read only when it succeeds.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool TakeEither(char a, char b) { return Take(a) || Take(b); }
  /// Takes between `fewest` and `most` digits.
  std::optional<int> Number(std::size_t fewest, std::size_t most) {
    std::size_t length = 0;
    int value = 0;
    while (length < most && length < rest_.size() && rest_[length] >= '0' && rest_[length] <= '9') {
      value = value * 10 + (rest_[length++] - '0');
    }
    if (length < fewest) return std::nullopt;
    rest_.remove_prefix(length);
    return value;
  }
  /// Takes the digits after a decimal point as micros; digits beyond the sixth are dropped.
  std::optional<int> FractionMicros() {
    std::size_t length = 0;
    int micros = 0;
    while (length < rest_.size() && rest_[length] >= '0' && rest_[length] <= '9') {
      if (length < 6) micros = micros * 10 + (rest_[length] - '0');
      ++length;
    }
    if (length == 0 || length > 9) return std::nullopt;
    for (std::size_t digits = length; digits < 6; ++digits) micros *= 10;
    rest_.remove_prefix(length);
    return micros;
  }

 private:
  std::string_view rest_;
};

/// Returns midnight of a day that exists, between the years 1 and 9999.
std::optional<std::int64_t> DayMicros(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || year < 1) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * kMicrosPerDay;
}

/// Takes a date in one of the three spellings.
std::optional<std::int64_t> TakeDate(Reader& reader) {
  Reader at = reader;
  std::optional<std::int64_t> micros;
  if (const auto year = at.Number(4, 4)) {
    // 2026-01-31 or 20260131
    const bool dashes = at.Take('-');
    const auto month = at.Number(2, 2);
    if (!month || (dashes && !at.Take('-'))) return std::nullopt;
    const auto day = at.Number(2, 2);
    if (!day) return std::nullopt;
    micros = DayMicros(*year, *month, *day);
  } else {
    // 5/1/25 or 5/1/2025, month first
    const auto month = at.Number(1, 2);
    if (!month || !at.Take('/')) return std::nullopt;
    const auto day = at.Number(1, 2);
    if (!day || !at.Take('/')) return std::nullopt;
    auto short_year = at;
    auto full_year = at.Number(4, 4);
    if (!full_year) {
      full_year = short_year.Number(2, 2);
      if (!full_year) return std::nullopt;
      *full_year += 2000;
      at = short_year;
    }
    micros = DayMicros(*full_year, *month, *day);
  }
  if (micros) reader = at;
  return micros;
}

/// Takes "23:00:00.000" or "230000.000"; seconds may be left out, 60 and 24:00 are refused.
std::optional<std::int64_t> TakeTimeOfDay(Reader& reader) {
  const auto hour = reader.Number(2, 2);
  const bool colons = reader.Take(':');
  const auto minute = reader.Number(2, 2);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  std::int64_t micros = *hour * kMicrosPerHour + *minute * kMicrosPerMinute;
  const bool has_seconds = !colons || reader.Take(':');
  if (!has_seconds) return micros;
  const auto second = reader.Number(2, 2);
  if (!second || *second > 59) return std::nullopt;
  micros += *second * kMicrosPerSecond;
  if (reader.Take('.')) {
    const auto fraction = reader.FractionMicros();
    if (!fraction) return std::nullopt;
    micros += *fraction;
  }
  return micros;
}

/// Takes "Z", " UTC", "+00:00", "-0530", "+02" or nothing; returns the offset east of Greenwich.
std::optional<std::int64_t> TakeZone(Reader& reader) {
  if (reader.done() || reader.TakeEither('Z', 'z')) return 0;
  if (reader.Take(' ')) {
    const bool is_utc = reader.Take('U') && reader.Take('T') && reader.Take('C');
    return is_utc ? std::optional<std::int64_t>(0) : std::nullopt;
  }
  const bool west = reader.Take('-');
  if (!west && !reader.Take('+')) return std::nullopt;
  const auto hours = reader.Number(2, 2);
  if (!hours || *hours > 23) return std::nullopt;
  std::int64_t offset = *hours * kMicrosPerHour;
  if (!reader.done()) {
    reader.Take(':');
    const auto minutes = reader.Number(2, 2);
    if (!minutes || *minutes > 59) return std::nullopt;
    offset += *minutes * kMicrosPerMinute;
  }
  return west ? -offset : offset;
}

std::chrono::sys_days DayOf(Instant instant) {
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(instant.micros)));
}

template <typename... Arguments>
std::string Print(const char* format, Arguments... arguments) {
  std::array<char, 64> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), format, arguments...);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

}  // namespace

Result<Instant> ParseInstant(std::string_view text) {
  Reader reader(text);
  const auto day = TakeDate(reader);
  if (!day) return NotAnInstant(text);
  if (reader.done()) return Instant{*day};
  if (!reader.TakeEither('T', ' ')) return NotAnInstant(text);
  const auto time_of_day = TakeTimeOfDay(reader);
  if (!time_of_day) return NotAnInstant(text);
  const auto offset = TakeZone(reader);
  if (!offset || !reader.done()) return NotAnInstant(text);
  const Instant instant{*day + *time_of_day - *offset};
  if (instant < kEarliest || instant >= kLatest) return NotAnInstant(text);
  return instant;
}

std::string DayString(Instant instant) {
  const std::chrono::year_month_day date(DayOf(instant));
  return Print("%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
               static_cast<unsigned>(date.day()));
}

std::string ToString(Instant instant) {
  const std::int64_t midnight = DayOf(instant).time_since_epoch().count() * kMicrosPerDay;
  const std::int64_t of_day = instant.micros - midnight;
  const auto hour = static_cast<int>(of_day / kMicrosPerHour);
  const auto minute = static_cast<int>(of_day % kMicrosPerHour / kMicrosPerMinute);
  const auto second = static_cast<int>(of_day % kMicrosPerMinute / kMicrosPerSecond);
  const auto micros = static_cast<int>(of_day % kMicrosPerSecond);
  const std::string fraction = micros == 0 ? "" : Print(".%06d", micros);
  return DayString(instant) + Print("T%02d:%02d:%02d", hour, minute, second) + fraction + "Z";
}

Instant Now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count()};
}

Instant Period::start() const { return {*DayMicros(year, month, 1)}; }

Instant Period::end() const { return Next().start(); }

Period Period::Next() const { return month == 12 ? Period{year + 1, 1} : Period{year, month + 1}; }

Result<Period> ParsePeriod(std::string_view text) {
  Reader reader(text);
  const auto year = reader.Number(4, 4);
  const bool dash = reader.Take('-');
  const auto month = reader.Number(2, 2);
  if (!year || !dash || !month || !reader.done() || *year < 1 || *month < 1 || *month > 12) {
    return Error(Errc::kInvalidArgument,
                 "not a month like 2026-01: \"" + std::string(text.substr(0, 64)) + "\"");
  }
  return Period{*year, *month};
}

std::string ToString(Period period) { return Print("%04d-%02d", period.year, period.month); }

Period PeriodOf(Instant instant) {
  const std::chrono::year_month_day date(DayOf(instant));
  return {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month()))};
}

}  // namespace farthing
