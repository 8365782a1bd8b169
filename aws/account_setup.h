#pragma once

// Smaller reads around a connection: CloudFormation's progress, Budgets.

#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"

namespace farthing::aws {

struct Stack {
  std::string id, name, status, status_reason;
  std::vector<std::pair<std::string, std::string>> outputs;
};
/// Errors: kNotFound.
Result<Stack> DescribeStack(Client& client, const std::string& region, const std::string& name);
struct StackEvent {
  std::string at, resource, type, status, reason;
};
/// Newest first.
Result<std::vector<StackEvent>> DescribeStackEvents(Client& client, const std::string& region,
                                                    const std::string& name);

struct Budget {
  std::string name, type, time_unit, limit, limit_unit, actual,
      forecast;  ///< amounts as decimal text
};
Result<std::vector<Budget>> DescribeBudgets(Client& client, const std::string& account_id);

}  // namespace farthing::aws
