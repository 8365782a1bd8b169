#include "ingest/mapping/manifest_columns.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/text.h"

namespace farthing::ingest {
namespace {

std::string Letters(const std::string& name) {
  std::string letters;
  for (const char c : ToLower(name)) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) letters += c;
  }
  return letters;
}

// Columns of `these` that `others` lack.
std::vector<std::string> Missing(const std::vector<std::string>& these,
                                 const std::vector<std::string>& others) {
  // Empty cells and columns of partitions come from tools that have rewritten the files.
  std::set<std::string> known = {"", "year", "month", "billingperiod"};
  for (const std::string& name : others) known.insert(Letters(name));
  std::vector<std::string> missing;
  for (const std::string& name : these) {
    if (known.insert(Letters(name)).second) missing.push_back(name);
  }
  return missing;
}

std::string ListOf(std::vector<std::string> names) {
  constexpr std::size_t kMostNames = 10;
  const std::size_t count = names.size();
  if (count > kMostNames) names.resize(kMostNames);
  return Join(names, ", ") +
         (count > kMostNames ? " and " + std::to_string(count - kMostNames) + " more" : "");
}

std::string Columns(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " column" : " columns");
}

}  // namespace

std::vector<std::string> CompareColumns(const std::vector<std::string>& manifest,
                                        const std::vector<std::string>& files) {
  std::vector<std::string> notes;
  if (manifest.empty()) return notes;
  const std::vector<std::string> lost = Missing(manifest, files);
  const std::vector<std::string> surplus = Missing(files, manifest);
  if (!lost.empty()) {
    notes.push_back("the manifest lists " + Columns(lost.size()) +
                    " that no file has: " + ListOf(lost));
  }
  if (!surplus.empty()) {
    notes.push_back("the files have " + Columns(surplus.size()) +
                    " that the manifest does not list, read all the same: " + ListOf(surplus));
  }
  return notes;
}

}  // namespace farthing::ingest
