// Filters as JSON, see request_json.h.

#include <algorithm>
#include <boost/json.hpp>

#include "query/json_fields.h"
#include "query/request_json.h"

namespace farthing::query {
namespace {

namespace json = boost::json;

constexpr int kMaxDepth = 100;

struct NamedComparison {
  std::string_view name;
  Comparison comparison;
};
constexpr NamedComparison kComparisons[] = {
    {"eq", Comparison::kEqual},   {"ne", Comparison::kNotEqual},
    {"in", Comparison::kIn},      {"not_in", Comparison::kNotIn},
    {"like", Comparison::kLike},  {"not_like", Comparison::kNotLike},
    {"lt", Comparison::kLess},    {"le", Comparison::kLessOrEqual},
    {"gt", Comparison::kGreater}, {"ge", Comparison::kGreaterOrEqual},
};

Result<Filter> ReadNested(const json::value& value, int depth);

Result<Filter> ReadGroup(Filter::Kind kind, const json::value& value, int depth) {
  Filter filter;
  filter.kind = kind;
  if (kind == Filter::Kind::kNot) {
    TRY_ASSIGN(Filter part, ReadNested(value, depth + 1));
    filter.parts.push_back(std::move(part));
    return filter;
  }
  if (!value.is_array() || value.get_array().empty()) {
    return Wrong("filter", "a list of one or more filters under and, or")
        .Hint("leave the filter away to ask for every line");
  }
  if (value.get_array().size() == 1) return ReadNested(value.get_array().front(), depth + 1);
  for (const json::value& item : value.get_array()) {
    TRY_ASSIGN(Filter part, ReadNested(item, depth + 1));
    filter.parts.push_back(std::move(part));
  }
  return filter;
}

Result<Filter> ReadComparison(const json::object& object) {
  Filter filter;
  TRY_ASSIGN(const std::string dimension, AsText(object.at("dimension"), "filter.dimension"));
  TRY_ASSIGN(filter.dimension, ParseDimension(dimension));
  for (const NamedComparison& named : kComparisons) {
    const json::value* value = Member(object, named.name);
    if (value == nullptr) continue;
    filter.comparison = named.comparison;
    if (named.comparison != Comparison::kIn && named.comparison != Comparison::kNotIn) {
      TRY_ASSIGN(std::string text, AsText(*value, named.name));
      filter.values.push_back(std::move(text));
      continue;
    }
    if (!value->is_array() || value->get_array().empty())
      return Wrong(named.name, "a list of text");
    for (const json::value& item : value->get_array()) {
      TRY_ASSIGN(std::string text, AsText(item, named.name));
      filter.values.push_back(std::move(text));
    }
  }
  return filter;
}

Result<Filter> ReadNested(const json::value& value, int depth) {
  if (depth > kMaxDepth) return Error(Errc::kTooLarge, "filter is nested too deeply");
  std::vector<std::string> known = {"and", "or", "not", "dimension"};
  for (const NamedComparison& named : kComparisons) known.emplace_back(named.name);
  TRY_ASSIGN(const json::object* object, AsObject(value, "filter", known));
  if (object->size() == 1) {
    if (const json::value* parts = Member(*object, "and"))
      return ReadGroup(Filter::Kind::kAnd, *parts, depth);
    if (const json::value* parts = Member(*object, "or"))
      return ReadGroup(Filter::Kind::kOr, *parts, depth);
    if (const json::value* part = Member(*object, "not"))
      return ReadGroup(Filter::Kind::kNot, *part, depth);
  }
  if (object->size() == 2 && Member(*object, "dimension") != nullptr) {
    TRY_ASSIGN(Filter filter, ReadComparison(*object));
    if (!filter.values.empty()) return filter;
  }
  return Wrong("filter",
               R"(one of {"and": […]}, {"or": […]}, {"not": …}, {"dimension": …, "in": […]})");
}

}  // namespace

Result<Filter> ReadFilter(const json::value& value) { return ReadNested(value, 0); }

json::object ToJson(const Filter& filter) {
  if (filter.kind == Filter::Kind::kNot) return {{"not", ToJson(filter.parts.front())}};
  json::object object;
  if (filter.kind != Filter::Kind::kCompare) {
    json::array parts;
    for (const Filter& part : filter.parts) parts.push_back(ToJson(part));
    object[filter.kind == Filter::Kind::kAnd ? "and" : "or"] = std::move(parts);
    return object;
  }
  object["dimension"] = ToString(filter.dimension);
  const NamedComparison* named = std::find_if(
      std::begin(kComparisons), std::end(kComparisons),
      [&](const NamedComparison& candidate) { return candidate.comparison == filter.comparison; });
  if (filter.comparison == Comparison::kIn || filter.comparison == Comparison::kNotIn) {
    object[named->name] = json::array(filter.values.begin(), filter.values.end());
  } else {
    object[named->name] = filter.values.front();
  }
  return object;
}

}  // namespace farthing::query
