#pragma once

// Keys of a linked account of the rehearsed organisation, as somebody would enter them.

#include <string>

#include "tests/connect/stage.h"

namespace farthing::connect {

class LinkedKeys {
 public:
  static constexpr const char* kAccount = "345678901234";

  /// Makes the user; may_ask: with the right to ask for its organisation.
  explicit LinkedKeys(Stage& stage, bool may_ask = true) : stage_(stage) {
    settings_.name = "linked";
    settings_.type = ConnectionType::kLinkedKeys;
    settings_.account_id = kAccount;
    settings_.permission_sets = {PermissionSet::kResources};
    PolicyScope scope;
    scope.account_id = kAccount;
    scope.holder = Holder::kUser;
    scope.holder_name = "reader";
    PolicyDocument policy = Must(MinimumPolicy(settings_.permission_sets, scope));
    if (may_ask) {
      policy.statements.front().actions.emplace_back("organizations:DescribeOrganization");
      policy.statements.front().reasons.emplace_back("finds its payer");
    }
    const auto [id, secret] = stage.MakeUser("reader", policy, kAccount);
    settings_.access_key_id = id;
    secret_ = secret;
  }
  Result<Connection> Create() { return CreateConnection(stage_.parts(), settings_, secret_); }

 private:
  Stage& stage_;
  Settings settings_;
  std::string secret_;
};

}  // namespace farthing::connect
