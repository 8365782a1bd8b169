#include "base/decimal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

namespace farthing {
namespace {

/// Parses and prints; errors print as their token.
std::string Reprint(std::string_view text) {
  const Result<Decimal> value = ParseDecimal(text);
  return value.ok() ? ToString(*value) : std::string(Token(value.error().code()));
}

std::string Repeat(std::size_t count, char digit) { return std::string(count, digit); }

TEST(DecimalTest, ParsesPlainNotation) {
  EXPECT_EQ(Reprint("0"), "0");
  EXPECT_EQ(Reprint("12"), "12");
  EXPECT_EQ(Reprint("-0.50"), "-0.5");
  EXPECT_EQ(Reprint("0.0"), "0");
  EXPECT_EQ(Reprint("-0.0"), "0");
  EXPECT_EQ(Reprint(".5"), "0.5");
  EXPECT_EQ(Reprint("5."), "5");
  EXPECT_EQ(Reprint("1200.00340"), "1200.0034");
}

TEST(DecimalTest, ParsesExponents) {
  EXPECT_EQ(Reprint("4.47E-7"), "0.000000447");
  EXPECT_EQ(Reprint("-7.0E-10"), "-0.0000000007");
  EXPECT_EQ(Reprint("1e3"), "1000");
  EXPECT_EQ(Reprint("+1e+3"), "1000");
  EXPECT_EQ(Reprint("100e-2"), "1");
  EXPECT_EQ(Reprint("0e5"), "0");
  EXPECT_EQ(Reprint("1e-38"), "0." + Repeat(37, '0') + "1");
}

TEST(DecimalTest, SaysWhatPeopleWriteThatIsNoNumber) {
  EXPECT_EQ(ParseDecimal("$10,100.00 ").error().message(),
            "not a number: \"$10,100.00 \", which must have no currency sign, comma or space, as "
            "-1234.56");
  EXPECT_EQ(ParseDecimal("NaN").error().message(), "not a number: \"NaN\"");
}

TEST(DecimalTest, RefusesWhatIsNotANumber) {
  for (const char* text :
       {"",      ".",  "-",  "+",     "e5",  "1e", "1e+", "1e-", "1e+-5", "1e--5", "1e5x",
        "1,000", " 1", "1 ", "1.2.3", "--1", "$1", "NaN", "inf", "0x10",  "1_000"}) {
    EXPECT_EQ(Reprint(text), "invalid_argument") << text;
  }
}

TEST(DecimalTest, Keeps38DigitsAndRefuses39) {
  const std::string nines = Repeat(38, '9');
  EXPECT_EQ(Reprint(nines), nines);
  EXPECT_EQ(Reprint("-" + nines), "-" + nines);
  EXPECT_EQ(Reprint("0." + nines), "0." + nines);
  EXPECT_EQ(Reprint(nines + "9"), "invalid_argument");
  EXPECT_EQ(Reprint("0." + nines + "9"), "invalid_argument");
  EXPECT_EQ(Reprint("1" + Repeat(37, '0')), "1" + Repeat(37, '0'));
  EXPECT_EQ(Reprint("1" + Repeat(38, '0')), "invalid_argument");
  EXPECT_EQ(Reprint("1e37"), "1" + Repeat(37, '0'));
  EXPECT_EQ(Reprint("1e38"), "invalid_argument");
  EXPECT_EQ(Reprint("1e-39"), "invalid_argument");
  EXPECT_EQ(Reprint("1e2147483647"), "invalid_argument");
  EXPECT_EQ(Reprint("1e-2147483648"), "invalid_argument");
  EXPECT_EQ(Reprint("1e99999999999"), "invalid_argument");
}

TEST(DecimalTest, ZerosAtTheEndsCostNoDigits) {
  EXPECT_EQ(Reprint(Repeat(100, '0') + "1.5" + Repeat(100, '0')), "1.5");
  EXPECT_EQ(Reprint("1." + Repeat(100, '0')), "1");
  EXPECT_EQ(Reprint("1" + Repeat(100, '0') + "e-100"), "1");
  EXPECT_EQ(Reprint("0." + Repeat(60, '0') + "1e61"), "1");
}

TEST(DecimalTest, DoubleGivesTheShortestDecimal) {
  EXPECT_EQ(ToString(*FromDouble(0.1)), "0.1");
  EXPECT_EQ(ToString(*FromDouble(4.47e-7)), "0.000000447");
  EXPECT_EQ(ToString(*FromDouble(-0.0)), "0");
  EXPECT_EQ(ToString(*FromDouble(1e21)), "1000000000000000000000");
  EXPECT_FALSE(FromDouble(std::numeric_limits<double>::quiet_NaN()).ok());
  EXPECT_FALSE(FromDouble(std::numeric_limits<double>::infinity()).ok());
  EXPECT_FALSE(FromDouble(1e-300).ok());
  EXPECT_FALSE(FromDouble(1e300).ok());
}

TEST(DecimalTest, RescaleNeverDropsADigit) {
  EXPECT_EQ(Rescale(15, 1, 3), int128{1500});
  EXPECT_EQ(Rescale(1500, 3, 1), int128{15});
  EXPECT_EQ(Rescale(-1500, 3, 1), int128{-15});
  EXPECT_EQ(Rescale(1501, 3, 1), std::nullopt);
  EXPECT_EQ(Rescale(PowerOfTen(38), 0, 1), std::nullopt);
}

TEST(DecimalTest, AddRefusesMoreThan38Digits) {
  const Decimal large = *ParseDecimal(Repeat(38, '9'));
  EXPECT_EQ(ToString(*Add(large, Negate(large))), "0");
  EXPECT_EQ(Add(large, Decimal{1, 0}).error().code(), Errc::kTooLarge);
  EXPECT_EQ(Add(large, Decimal{1, 1}).error().code(), Errc::kTooLarge);
  // 9…9.9 + 0.1 carries into the 38th digit and needs no decimals any more.
  EXPECT_EQ(ToString(*Add(Decimal{large.units, 1}, Decimal{1, 1})), "1" + Repeat(37, '0'));
}

// Properties.

/// Any Decimal of up to 38 digits and 38 decimals, short ones more often than chance would.
rc::Gen<Decimal> AnyDecimal() {
  return rc::gen::map(rc::gen::tuple(rc::gen::container<std::string>(
                                         rc::gen::inRange('0', static_cast<char>('9' + 1))),
                                     rc::gen::inRange(0, 39), rc::gen::arbitrary<bool>()),
                      [](const std::tuple<std::string, int, bool>& parts) {
                        const auto& [digits, scale, negative] = parts;
                        int128 units = 0;
                        for (const char digit : digits.substr(0, 38))
                          units = units * 10 + (digit - '0');
                        return Canonical(Decimal{negative ? -units : units, scale});
                      });
}

RC_GTEST_PROP(DecimalProperty, ParseUndoesPrint, ()) {
  const Decimal value = *AnyDecimal();
  const Result<Decimal> parsed = ParseDecimal(ToString(value));
  RC_ASSERT(parsed.ok());
  RC_ASSERT(*parsed == value);
}

RC_GTEST_PROP(DecimalProperty, ExponentMovesThePoint, ()) {
  const Decimal value = *AnyDecimal();
  const int shift = *rc::gen::inRange(-38, 39);
  const Result<Decimal> there = ParseDecimal(ToString(value) + "e" + std::to_string(shift));
  if (!there.ok()) return;  // does not fit 38 digits
  const Result<Decimal> back = ParseDecimal(ToString(*there) + "e" + std::to_string(-shift));
  RC_ASSERT(back.ok());
  RC_ASSERT(*back == value);
}

RC_GTEST_PROP(DecimalProperty, DoubleRoundTripsThroughStrtod, ()) {
  const double value = *rc::gen::arbitrary<double>();
  const Result<Decimal> decimal = FromDouble(value);
  if (!decimal.ok()) return;  // not finite, or does not fit 38 digits
  RC_ASSERT(std::strtod(ToString(*decimal).c_str(), nullptr) == value);
}

/// Adds two unsigned digit strings as on paper.
std::string AddDigits(std::string a, std::string b) {
  const std::size_t width = std::max(a.size(), b.size()) + 1;
  a.insert(0, width - a.size(), '0');
  b.insert(0, width - b.size(), '0');
  int carry = 0;
  for (std::size_t i = width; i-- > 0;) {
    const int sum = (a[i] - '0') + (b[i] - '0') + carry;
    a[i] = static_cast<char>('0' + sum % 10);
    carry = sum / 10;
  }
  return a;
}

/// Writes a non-negative value with exactly 38 decimals and no point.
std::string FixedDigits(const Decimal& value) {
  std::string text = ToString(value);
  const std::size_t point = text.find('.');
  const std::size_t decimals = point == std::string::npos ? 0 : text.size() - point - 1;
  if (point != std::string::npos) text.erase(point, 1);
  return text.append(38 - decimals, '0');
}

RC_GTEST_PROP(DecimalProperty, AddAgreesWithPaper, ()) {
  Decimal a = *AnyDecimal();
  Decimal b = *AnyDecimal();
  if (a.units < 0) a = Negate(a);
  if (b.units < 0) b = Negate(b);
  const Result<Decimal> sum = Add(a, b);
  std::string expected = AddDigits(FixedDigits(a), FixedDigits(b));
  expected.insert(expected.size() - 38, ".");
  if (sum.ok()) {
    RC_ASSERT(*sum == *ParseDecimal(expected));
    RC_ASSERT(*Add(Negate(a), Negate(b)) == Negate(*sum));
    RC_ASSERT(*Add(*sum, Negate(b)) == a);
  } else {
    RC_ASSERT(!ParseDecimal(expected).ok());
  }
}

}  // namespace
}  // namespace farthing
