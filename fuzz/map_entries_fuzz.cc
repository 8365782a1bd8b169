// The text of a map column becomes entries of known columns; nothing is lost, whatever the text.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ingest/csv/csv_plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farthing::ingest;
  using Use = ColumnRole::Use;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Use use :
       {Use::kTagMap, Use::kMixedTagMap, Use::kCategoryMap, Use::kProductMap, Use::kAttributeMap}) {
    const ColumnRole role{use, use == Use::kAttributeMap ? "discount_" : ""};
    std::vector<SetEntry> entries = MapEntries(role, text);
    for (const SetEntry& entry : entries) {
      CHECK(entry.column == "tags" || entry.column == "cost_categories" ||
            entry.column == "product" || entry.column == "attributes");
      const bool is_of_tags = entry.column == "tags" || entry.column == "cost_categories";
      CHECK(BelongsToTags(use) == is_of_tags);
    }
    const std::size_t count = entries.size();
    DropNormalizedTwins(entries);
    CHECK(entries.size() <= count && (count == 0 || !entries.empty()));
  }
  return 0;
}
