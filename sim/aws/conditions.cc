#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/decimal.h"
#include "base/text.h"
#include "base/time.h"
#include "sim/aws/policy.h"

namespace farthing::rehearsal {
namespace {

bool Equal(std::string_view expected, std::string_view actual) { return expected == actual; }
bool EqualIgnoringCase(std::string_view expected, std::string_view actual) {
  return EqualsIgnoreCase(expected, actual);
}

/// Compares as numbers; text that is no number matches nothing.
template <typename Holds>
bool Numeric(std::string_view expected, std::string_view actual, Holds holds) {
  const auto a = ParseDecimal(actual);
  const auto e = ParseDecimal(expected);
  if (!a.ok() || !e.ok()) return false;
  const auto left = Rescale(a->units, a->scale, 18);
  const auto right = Rescale(e->units, e->scale, 18);
  return left && right && holds(*left, *right);
}
bool NumericEquals(std::string_view e, std::string_view a) {
  return Numeric(e, a, [](int128 x, int128 y) { return x == y; });
}
bool NumericLess(std::string_view e, std::string_view a) {
  return Numeric(e, a, [](int128 x, int128 y) { return x < y; });
}
bool NumericAtMost(std::string_view e, std::string_view a) {
  return Numeric(e, a, [](int128 x, int128 y) { return x <= y; });
}

template <typename Holds>
bool Dates(std::string_view expected, std::string_view actual, Holds holds) {
  const auto a = ParseInstant(actual);
  const auto e = ParseInstant(expected);
  return a.ok() && e.ok() && holds(a->micros, e->micros);
}
bool DateEquals(std::string_view e, std::string_view a) {
  return Dates(e, a, [](std::int64_t x, std::int64_t y) { return x == y; });
}
bool DateLess(std::string_view e, std::string_view a) {
  return Dates(e, a, [](std::int64_t x, std::int64_t y) { return x < y; });
}
bool DateAtMost(std::string_view e, std::string_view a) {
  return Dates(e, a, [](std::int64_t x, std::int64_t y) { return x <= y; });
}

/// Returns an IPv4 address as a number, or nothing.
std::optional<std::uint32_t> Ipv4(std::string_view text) {
  std::uint32_t address = 0;
  const auto parts = Split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  for (const std::string& part : parts) {
    unsigned octet = 0;
    const auto read = std::from_chars(part.data(), part.data() + part.size(), octet);
    if (read.ec != std::errc() || read.ptr != part.data() + part.size() || octet > 255) {
      return std::nullopt;
    }
    address = address << 8 | octet;
  }
  return address;
}

bool IpMatch(std::string_view range, std::string_view actual) {
  const auto slash = range.find('/');
  const auto network = Ipv4(range.substr(0, slash));
  const auto address = Ipv4(actual);
  if (!network || !address) return false;
  unsigned bits = 32;
  if (slash != std::string_view::npos) {
    const std::string_view text = range.substr(slash + 1);
    if (std::from_chars(text.data(), text.data() + text.size(), bits).ec != std::errc() ||
        bits > 32) {
      return false;
    }
  }
  const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
  return (*network & mask) == (*address & mask);
}

struct Operator {
  std::string_view name;
  bool (*match)(std::string_view expected, std::string_view actual);
  bool negated;
};
constexpr std::array<Operator, 25> kOperators = {{
    {"StringEquals", Equal, false},
    {"StringNotEquals", Equal, true},
    {"StringEqualsIgnoreCase", EqualIgnoringCase, false},
    {"StringNotEqualsIgnoreCase", EqualIgnoringCase, true},
    {"StringLike", WildcardMatch, false},
    {"StringNotLike", WildcardMatch, true},
    {"ArnEquals", ArnMatch, false},
    {"ArnNotEquals", ArnMatch, true},
    {"ArnLike", ArnMatch, false},
    {"ArnNotLike", ArnMatch, true},
    {"Bool", EqualIgnoringCase, false},
    {"NumericEquals", NumericEquals, false},
    {"NumericNotEquals", NumericEquals, true},
    {"NumericLessThan", NumericLess, false},
    {"NumericGreaterThanEquals", NumericLess, true},
    {"NumericLessThanEquals", NumericAtMost, false},
    {"NumericGreaterThan", NumericAtMost, true},
    {"DateEquals", DateEquals, false},
    {"DateNotEquals", DateEquals, true},
    {"DateLessThan", DateLess, false},
    {"DateGreaterThanEquals", DateLess, true},
    {"DateLessThanEquals", DateAtMost, false},
    {"DateGreaterThan", DateAtMost, true},
    {"IpAddress", IpMatch, false},
    {"NotIpAddress", IpMatch, true},
}};

/// "greater than" is written as "not at most", yet an absent key makes it false, unlike NotEquals.
bool TrueWhenAbsent(const Operator& operation) {
  return operation.negated && operation.name.find("Not") != std::string_view::npos;
}

/// An operator's name taken apart.
struct Parts {
  enum class Many { kNone, kAny, kAll } many = Many::kNone;
  bool if_exists = false;
  std::string_view base;
};
Parts TakeApart(std::string_view name) {
  Parts parts;
  if (name.starts_with("ForAnyValue:")) {
    parts.many = Parts::Many::kAny;
    name.remove_prefix(12);
  } else if (name.starts_with("ForAllValues:")) {
    parts.many = Parts::Many::kAll;
    name.remove_prefix(13);
  }
  if (name.ends_with("IfExists")) {
    parts.if_exists = true;
    name.remove_suffix(8);
  }
  parts.base = name;
  return parts;
}

const Operator* Find(std::string_view name) {
  const auto found = std::find_if(kOperators.begin(), kOperators.end(),
                                  [&](const Operator& each) { return each.name == name; });
  return found == kOperators.end() ? nullptr : &*found;
}

}  // namespace

bool IsConditionOperator(std::string_view operation) {
  const std::string_view base = TakeApart(operation).base;
  return base == "Null" || Find(base) != nullptr;
}

bool EvaluateCondition(std::string_view operation, std::string_view key,
                       const std::vector<std::string>& values, const ContextKeys& keys) {
  const Parts parts = TakeApart(operation);
  const auto found = keys.find(ToLower(key));
  const bool absent = found == keys.end() || found->second.empty();
  if (parts.base == "Null") {
    return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
      return EqualsIgnoreCase(value, "true") == absent;
    });
  }
  const Operator* test = Find(parts.base);
  if (test == nullptr) return false;
  if (absent) {
    return parts.if_exists || parts.many == Parts::Many::kAll ||
           (parts.many == Parts::Many::kNone && TrueWhenAbsent(*test));
  }
  // A negated operator holds for a value when none of the expected ones matches it.
  const auto holds = [&](const std::string& actual) {
    const bool matched =
        std::any_of(values.begin(), values.end(),
                    [&](const std::string& expected) { return test->match(expected, actual); });
    return matched != test->negated;
  };
  const std::vector<std::string>& actual = found->second;
  return parts.many == Parts::Many::kAll || (parts.many == Parts::Many::kNone && test->negated)
             ? std::all_of(actual.begin(), actual.end(), holds)
             : std::any_of(actual.begin(), actual.end(), holds);
}

}  // namespace farthing::rehearsal
