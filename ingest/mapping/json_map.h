#pragma once

// JSON text of a map taken apart without changing it: numbers keep their digits, which a parser into doubles
// would round.  Free functions; thread-safe.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace farthing::ingest {

/// A member of a JSON object.
struct JsonMember {
  std::string key;
  std::string text;        ///< of a string what it says, of anything else its JSON without spaces
  bool is_number = false;  ///< as it is written: 1.50
};

/// Returns the members of an object, of equal keys the last one; those that are null are left out.
/// [{"key": "team", "value": "a"}], as BigQuery writes labels, is the object {"team": "a"}, and braces may be
/// missing, as Azure leaves them out.  Nothing for any other text.
std::optional<std::vector<JsonMember>> ReadJsonMap(std::string_view json_text);

}  // namespace farthing::ingest
