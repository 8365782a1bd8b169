#include "query/filter.h"

#include <algorithm>

#include "base/text.h"

namespace farthing::query {
namespace {

Filter Rewrite(const Filter& filter, bool negated) {
  using Kind = Filter::Kind;
  if (filter.kind == Kind::kNot) return Rewrite(filter.parts.front(), !negated);
  Filter result = filter;
  if (filter.kind == Kind::kCompare) {
    if (negated) result.comparison = Opposite(filter.comparison);
    return result;
  }
  if (negated) result.kind = filter.kind == Kind::kAnd ? Kind::kOr : Kind::kAnd;  // De Morgan
  for (Filter& part : result.parts) part = Rewrite(part, negated);
  return result;
}

std::string_view Symbol(Comparison comparison) {
  switch (comparison) {
    case Comparison::kEqual: return "=";
    case Comparison::kNotEqual: return "!=";
    case Comparison::kIn: return " in ";
    case Comparison::kNotIn: return " not in ";
    case Comparison::kLike: return " like ";
    case Comparison::kNotLike: return " not like ";
    case Comparison::kLess: return "<";
    case Comparison::kLessOrEqual: return "<=";
    case Comparison::kGreater: return ">";
    case Comparison::kGreaterOrEqual: return ">=";
  }
  return "";
}

std::string CompareText(const Filter& filter) {
  std::string text = ToString(filter.dimension) + std::string(Symbol(filter.comparison));
  std::vector<std::string> values;
  for (const std::string& value : filter.values) values.push_back(QuoteWord(value));
  const bool is_list =
      filter.comparison == Comparison::kIn || filter.comparison == Comparison::kNotIn;
  return text + (is_list ? "(" + Join(values, ", ") + ")" : values.front());
}

std::string PartText(const Filter& part) {
  const bool is_group = part.kind == Filter::Kind::kAnd || part.kind == Filter::Kind::kOr;
  return is_group ? "(" + ToString(part) + ")" : ToString(part);
}

}  // namespace

Comparison Opposite(Comparison comparison) {
  switch (comparison) {
    case Comparison::kEqual: return Comparison::kNotEqual;
    case Comparison::kNotEqual: return Comparison::kEqual;
    case Comparison::kIn: return Comparison::kNotIn;
    case Comparison::kNotIn: return Comparison::kIn;
    case Comparison::kLike: return Comparison::kNotLike;
    case Comparison::kNotLike: return Comparison::kLike;
    case Comparison::kLess: return Comparison::kGreaterOrEqual;
    case Comparison::kLessOrEqual: return Comparison::kGreater;
    case Comparison::kGreater: return Comparison::kLessOrEqual;
    case Comparison::kGreaterOrEqual: return Comparison::kLess;
  }
  return comparison;
}

std::string ToString(const Filter& filter) {
  switch (filter.kind) {
    case Filter::Kind::kCompare: return CompareText(filter);
    case Filter::Kind::kNot: return "not " + PartText(filter.parts.front());
    case Filter::Kind::kAnd:
    case Filter::Kind::kOr: break;
  }
  std::vector<std::string> parts;
  for (const Filter& part : filter.parts) parts.push_back(PartText(part));
  return Join(parts, filter.kind == Filter::Kind::kAnd ? " and " : " or ");
}

bool Matches(Comparison comparison, const std::vector<std::string>& values,
             std::string_view value) {
  const std::string_view first = values.front();
  const auto listed = [&] {
    return std::find(values.begin(), values.end(), value) != values.end();
  };
  switch (comparison) {
    case Comparison::kEqual: return value == first;
    case Comparison::kNotEqual: return value != first;
    case Comparison::kIn: return listed();
    case Comparison::kNotIn: return !listed();
    case Comparison::kLike: return IsLike(value, first);
    case Comparison::kNotLike: return !IsLike(value, first);
    case Comparison::kLess: return value < first;
    case Comparison::kLessOrEqual: return value <= first;
    case Comparison::kGreater: return value > first;
    case Comparison::kGreaterOrEqual: return value >= first;
  }
  return false;
}

bool IsLike(std::string_view text, std::string_view pattern) {
  // The last % seen can always swallow one more character; nothing before it needs another try.
  const auto next_character = [](std::string_view from, std::size_t at) {
    do ++at;
    while (at < from.size() && (static_cast<unsigned char>(from[at]) & 0xC0) == 0x80);  // UTF-8
    return at;
  };
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  std::size_t after_percent = std::string_view::npos;
  std::size_t retry = 0;
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '%') {
      after_percent = ++in_pattern;
      retry = at;
    } else if (in_pattern < pattern.size() && pattern[in_pattern] == '_') {
      ++in_pattern;
      at = next_character(text, at);
    } else if (in_pattern < pattern.size() && pattern[in_pattern] == text[at]) {
      ++in_pattern;
      ++at;
    } else if (after_percent != std::string_view::npos) {
      in_pattern = after_percent;
      at = retry = next_character(text, retry);
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('%', in_pattern) == std::string_view::npos;
}

Filter WithoutNot(const Filter& filter) { return Rewrite(filter, false); }

}  // namespace farthing::query
