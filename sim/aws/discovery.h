#pragma once

// The resources behind the bill, as the discovery APIs list them: made from the same seed, so that an id found
// here stands in the bill too.  Private to sim/aws.

#include "sim/aws/operation.h"
#include "sim/line.h"

namespace farthing::rehearsal {

struct Resource {
  std::string id, account_id, region, zone;
  const sim::Product* product;
  const sim::TagSet* tags;
};

/// Resources of a product ("AmazonEC2", "BoxUsage…") that the current month's bill has, of one account and region.
std::vector<Resource> ResourcesOf(const World& world, std::string_view account_id,
                                  std::string_view region, std::string_view usage_type_prefix);
/// Every region of the partition that accounts have enabled without asking, and some that they have not.
struct RegionInfo {
  std::string_view name;
  bool opt_in;
};
std::span<const RegionInfo> KnownRegions();

}  // namespace farthing::rehearsal
