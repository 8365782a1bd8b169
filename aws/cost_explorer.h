#pragma once

// AWS Cost Explorer (AWSInsightsIndexService).  Every request, each page included, costs the customer
// US$0.01: Client::counts() counts them.  Amounts stay decimal text.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"

namespace farthing::aws {

struct CostQuery {
  std::string start, end;  ///< end exclusive; YYYY-MM-DD, or with time for HOURLY
  std::string granularity = "DAILY";
  std::vector<std::string> metrics;     ///< "UnblendedCost", …
  std::vector<std::string> dimensions;  ///< at most two: "SERVICE", "LINKED_ACCOUNT", "RECORD_TYPE"
  std::string filter_json;              ///< Expression; empty: none
};
struct CostGroup {
  std::string start, end;
  std::vector<std::string> keys;
  std::map<std::string, std::string> amounts, units;  ///< by metric; exact text
  bool estimated = false;
};
struct CostAnswer {
  std::vector<CostGroup> groups;             ///< totals have no keys
  std::map<std::string, std::string> names;  ///< of account ids, where AWS gives them
  int pages = 0;                             ///< what it cost, in cents
};
/// All pages.  `page_limit` caps the spending: kTooLarge when more would be needed.
Result<CostAnswer> GetCostAndUsage(Client& client, const CostQuery& query, int page_limit);

struct AllocationTag {
  std::string key, type, status;  ///< type: AWSGenerated, UserDefined; status: Active, Inactive
  std::string last_used;
};
Result<std::vector<AllocationTag>> ListCostAllocationTags(Client& client);
/// Sets Active or Inactive.  Errors: kPermissionDenied; kInvalidArgument lists the keys AWS refused.
Result<void> UpdateCostAllocationTags(Client& client, const std::vector<std::string>& keys,
                                      const std::string& status);
/// Asks AWS to apply active tags to earlier months; `from` is the first of a month, at most 12 back.
Result<void> StartTagBackfill(Client& client, const std::string& from);
struct TagBackfill {
  std::string from, requested_at, completed_at, status;
};
Result<std::vector<TagBackfill>> ListTagBackfills(Client& client);

}  // namespace farthing::aws
