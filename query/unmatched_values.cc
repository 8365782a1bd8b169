#include "query/unmatched_values.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.h"

namespace farthing::query {
namespace {

constexpr std::size_t kCompared = 10'000;  // values of which the nearest are looked for
constexpr std::size_t kNamed = 3;

using Wanted = std::map<DimensionRef, std::set<std::string>>;

void CollectWanted(const Filter& filter, Wanted& wanted) {
  for (const Filter& part : filter.parts) CollectWanted(part, wanted);
  if (filter.kind != Filter::Kind::kCompare) return;
  if (filter.comparison != Comparison::kEqual && filter.comparison != Comparison::kIn) return;
  for (const std::string& value : filter.values) {
    if (!value.empty()) wanted[filter.dimension].insert(value);
  }
}

std::string LettersAndDigits(std::string_view text) {
  std::string plain;
  for (const char c : ToLower(text)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) plain += c;
  }
  return plain;
}

// Length of the longest common subsequence: short names (AmazonEC2) are made of letters of the long ones.
std::size_t Likeness(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (const char c : a) {
    std::size_t diagonal = 0;
    for (std::size_t i = 0; i < b.size(); ++i) {
      const std::size_t above = row[i + 1];
      row[i + 1] = c == b[i] ? diagonal + 1 : std::max(above, row[i]);
      diagonal = above;
    }
  }
  return row.back();
}

std::string Nearest(const std::string& wanted, const std::vector<std::string>& values) {
  struct Near {
    std::size_t likeness;
    std::size_t length;
    std::string value;
  };
  const std::string plain = LettersAndDigits(wanted);
  std::vector<Near> near;
  for (const std::string& value : values) {
    const std::string other = LettersAndDigits(value);
    const std::size_t likeness = Likeness(plain, other);
    if (3 * likeness > 2 * plain.size()) near.push_back({likeness, other.size(), value});
  }
  std::sort(near.begin(), near.end(), [](const Near& a, const Near& b) {
    return std::tuple(b.likeness, a.length, a.value) < std::tuple(a.likeness, b.length, b.value);
  });
  std::vector<std::string> names;
  for (const Near& each : near) {
    if (names.size() < kNamed) names.push_back(each.value);
  }
  return names.empty() ? "" : "; near: " + Join(names, ", ");
}

}  // namespace

Result<void> NoteUnmatched(Session& session, const Request& request,
                           const std::vector<lake::Load>& loads, std::vector<std::string>& notes) {
  if (!request.filter || loads.empty()) return {};
  Wanted wanted;
  CollectWanted(WithoutNot(*request.filter), wanted);
  for (auto& [dimension, values] : wanted) {
    Request question;
    TRY_ASSIGN(question.metrics, ParseMetrics("line_count"));
    question.group_by.push_back({dimension, ToString(dimension)});
    std::vector<std::string> known;
    RunOptions options;
    options.on_row = [&](const AnswerRow& row) -> Result<void> {
      if (!row.front()) return {};
      values.erase(*row.front());
      if (known.size() < kCompared) known.push_back(*row.front());
      return {};
    };
    TRY(session.RunOver(question, loads, options));
    for (const std::string& value : values) {
      notes.push_back("no line has " + ToString(dimension) + ' ' + value + Nearest(value, known));
    }
  }
  return {};
}

}  // namespace farthing::query
