#pragma once

// Requests and filters as JSON.
//
//   {"metrics": ["net_amortized_cost", {"metric": "unblended_cost", "filter": {…}, "as": "covered"}],
//    "group_by": ["service", "tag:team"],
//    "time": {"start": "2026-01-01", "end": "2026-02-01", "grain": "day",
//             "first_period": "2026-01", "last_period": "2026-03"},
//    "filter": {"and": [{"dimension": "charge_category", "in": ["Usage", "Purchase"]}, {"not": {…}}]},
//    "order_by": [{"metric": "net_amortized_cost", "desc": true}, {"dimension": "service"}],
//    "limit": 20, "remainder": true, "as_of": null}
//
// A comparison has one of eq, ne, like, not_like, lt, le, gt, ge (text), in, not_in (lists of text).
// Everything but metrics may be absent or null.  Unknown fields are refused.  Const-safe.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string_view>

#include "base/result.h"
#include "query/request.h"

namespace farthing::query {

/// Parses and validates.  Errors: kInvalidArgument (names the field).
Result<Request> ParseRequest(std::string_view json);

/// Errors: kInvalidArgument, kTooLarge (nested deeper than 100).
Result<Filter> ReadFilter(const boost::json::value& value);

/// Prints what ParseRequest reads back as the same request; absent fields are left out.
boost::json::object ToJson(const Request& request);
boost::json::object ToJson(const Filter& filter);

}  // namespace farthing::query
