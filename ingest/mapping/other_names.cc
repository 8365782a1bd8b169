#include "ingest/mapping/other_names.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "base/text.h"

namespace farthing::ingest {
namespace {

using Use = ColumnRole::Use;

struct OtherName {
  std::string_view header;
  std::string_view canonical;
};

// Source: FOCUS 0.5 columns, which Oracle's cost report in FOCUS format keeps; docs/formats/focus.md.
constexpr OtherName kOfFocus[] = {
    {"Provider", "ProviderName"},           {"Publisher", "PublisherName"},
    {"InvoiceIssuer", "InvoiceIssuerName"}, {"Region", "RegionId"},
    {"UsageQuantity", "ConsumedQuantity"},  {"UsageUnit", "ConsumedUnit"},
};

}  // namespace

std::vector<ColumnRole> RolesOf(billing::SourceFamily family, std::span<const std::string> header) {
  std::vector<ColumnRole> roles;
  std::set<std::string, std::less<>> present;
  for (const std::string& cell : header) {
    roles.push_back(RoleOf(family, cell));
    if (roles.back().use == Use::kUsed) present.insert(roles.back().name);
  }
  if (family != billing::SourceFamily::kFocus) return roles;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const auto other = std::find_if(
        std::begin(kOfFocus), std::end(kOfFocus),
        [&](const OtherName& name) { return EqualsIgnoreCase(Trim(header[i]), name.header); });
    if (other == std::end(kOfFocus) || roles[i].use != Use::kAttribute) continue;
    roles[i].unknown = false;
    if (!present.contains(other->canonical)) roles[i] = {Use::kUsed, std::string(other->canonical)};
  }
  return roles;
}

}  // namespace farthing::ingest
