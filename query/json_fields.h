#pragma once

// Reading fields of a request's JSON with errors that name the field.  Used by query only; const-safe.

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"

namespace farthing::query {

inline Error Wrong(std::string_view field, std::string_view expected) {
  return Error(Errc::kInvalidArgument,
               "request field " + std::string(field) + " must be " + std::string(expected));
}

inline std::string_view View(const boost::json::string& text) { return {text.data(), text.size()}; }

inline Result<const boost::json::object*> AsObject(const boost::json::value& value,
                                                   std::string_view field,
                                                   const std::vector<std::string>& known) {
  if (!value.is_object()) return Wrong(field, "an object");
  for (const auto& member : value.get_object()) {
    const std::string name(member.key().data(), member.key().size());
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return Error(Errc::kInvalidArgument,
                 "request field " + std::string(field) + " has an unknown member " + name)
        .Hint("known are " + Join(known, ", "));
  }
  return &value.get_object();
}

/// Absent and null are the same.
inline const boost::json::value* Member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value =
      object.if_contains(boost::json::string_view(name.data(), name.size()));
  return value == nullptr || value->is_null() ? nullptr : value;
}

inline Result<std::string> AsText(const boost::json::value& value, std::string_view field) {
  if (!value.is_string()) return Wrong(field, "text");
  return std::string(View(value.get_string()));
}

}  // namespace farthing::query
