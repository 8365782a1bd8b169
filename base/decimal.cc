#include "base/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace farthing {
namespace {

constexpr int kMaxScale = 38;

constexpr std::array<int128, 39> MakePowers() {
  std::array<int128, 39> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<int128, 39> kPowers = MakePowers();

Error NotANumber(std::string_view text) {
  const bool for_people = std::any_of(text.begin(), text.end(), [](char c) {
    return c == '$' || c == ',' || c == ' ' || static_cast<unsigned char>(c) > 127;  // "€ 1,5"
  });
  return Error(
      Errc::kInvalidArgument,
      "not a number: \"" + std::string(text.substr(0, 64)) + "\"" +
          (for_people ? ", which must have no currency sign, comma or space, as -1234.56" : ""));
}

Error TooManyDigits(std::string_view text) {
  return Error(Errc::kInvalidArgument,
               "needs more than 38 digits to be kept exactly: " + std::string(text.substr(0, 64)));
}

}  // namespace

int128 PowerOfTen(int exponent) {
  CHECK(exponent >= 0 && exponent <= kMaxScale);
  return kPowers[static_cast<std::size_t>(exponent)];
}

Decimal Canonical(Decimal value) {
  while (value.scale > 0 && value.units % 10 == 0) {
    value.units /= 10;
    --value.scale;
  }
  return value;
}

Result<Decimal> ParseDecimal(std::string_view text) {
  std::size_t at = 0;
  bool negative = false;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) negative = text[at++] == '-';

  // Digits, with zeros held back until a non-zero digit follows, so that they cost no precision.
  uint128 units = 0;
  int digits = 0;
  int decimals = 0;    // decimals of `units`
  int held_zeros = 0;  // zeros read but not yet multiplied in
  bool in_fraction = false;
  bool any = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.') {
      if (in_fraction) return NotANumber(text);
      in_fraction = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    any = true;
    if (in_fraction) ++decimals;
    if (c == '0') {
      if (units != 0) ++held_zeros;
      continue;
    }
    if (digits != 0) digits += held_zeros;
    for (; held_zeros > 0; --held_zeros) {
      if (digits > kMaxScale) return TooManyDigits(text);
      units *= 10;
    }
    if (++digits > kMaxScale) return TooManyDigits(text);
    units = units * 10 + static_cast<unsigned>(c - '0');
  }
  if (!any) return NotANumber(text);
  int exponent = 0;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return NotANumber(text);
    ++at;
    if (text.substr(at).starts_with('+') && !text.substr(at).starts_with("+-")) ++at;
    const auto [end, code] = std::from_chars(text.data() + at, text.data() + text.size(), exponent);
    if (code != std::errc() || end != text.data() + text.size()) return NotANumber(text);
  }
  if (units == 0) return Decimal{};

  // units * 10^held_zeros / 10^decimals * 10^exponent
  if (exponent > 4 * kMaxScale || exponent < -4 * kMaxScale) return TooManyDigits(text);
  int scale = decimals - held_zeros - exponent;
  for (; scale < 0; ++scale) {
    if (++digits > kMaxScale) return TooManyDigits(text);
    units *= 10;
  }
  if (scale > kMaxScale) return TooManyDigits(text);
  const auto value = static_cast<int128>(units);
  return Canonical(Decimal{negative ? -value : value, scale});
}

Result<Decimal> FromDouble(double value) {
  if (!std::isfinite(value)) return Error(Errc::kInvalidArgument, "not a finite number");
  std::array<char, 32> buffer{};
  const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  CHECK(code == std::errc());
  return ParseDecimal({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}

std::string DecimalToString(int128 units, int scale) {
  return ToString(Canonical(Decimal{units, scale}));
}

std::string ToString(const Decimal& value) {
  if (value.units == 0) return "0";
  const bool negative = value.units < 0;
  uint128 rest = negative ? -static_cast<uint128>(value.units) : static_cast<uint128>(value.units);
  std::string reversed;
  for (int position = 0; rest != 0 || position <= value.scale; ++position) {
    if (position == value.scale && value.scale > 0) reversed += '.';
    reversed += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  if (negative) reversed += '-';
  return {reversed.rbegin(), reversed.rend()};
}

std::optional<int128> Rescale(int128 units, int scale_from, int scale_to) {
  int128 result = units;
  for (; scale_from > scale_to; --scale_from) {
    if (result % 10 != 0) return std::nullopt;
    result /= 10;
  }
  for (; scale_from < scale_to; ++scale_from) {
    if (__builtin_mul_overflow(result, static_cast<int128>(10), &result)) return std::nullopt;
  }
  return result;
}

Result<Decimal> Add(const Decimal& a, const Decimal& b) {
  const int scale = a.scale > b.scale ? a.scale : b.scale;
  const auto left = Rescale(a.units, a.scale, scale);
  const auto right = Rescale(b.units, b.scale, scale);
  int128 sum = 0;
  if (left && right && !__builtin_add_overflow(*left, *right, &sum)) {
    const Decimal result = Canonical(Decimal{sum, scale});
    if (result.units > -kPowers[kMaxScale] && result.units < kPowers[kMaxScale]) return result;
  }
  return Error(Errc::kTooLarge, "sum needs more than 38 digits");
}

Decimal Negate(Decimal value) {
  value.units = -value.units;
  return value;
}

}  // namespace farthing
