#pragma once

// A linked account's bill comes through its payer, so its keys wait for that payer's connection: the one of its own
// organisation, not any.  Whatever asks for its bill is sent there.  One thread per call.

#include <string>

#include "connect/life/service.h"

namespace farthing::connect {

/// Asks AWS, as the linked account, for its organisation's management account; where the keys may not, what the working
/// payers' organisations and bills say of the account decides, and where they say nothing a payer that works is enough.
/// Nothing is asked for other types.
/// Errors: kConflict (no payer works; another organisation's does; the account is in no organisation).
Result<void> CheckPayerFirst(Installation& installation, const Settings& settings,
                             const std::string& secret);

/// Nothing for connections that have a bill of their own; for a linked account's keys kInvalidArgument, which names the
/// payer's connection as far as organisations and bills say it.  Asks nothing of AWS.
Result<void> CheckOwnBill(Store& store, lake::Catalog& catalog, const Connection& connection);

}  // namespace farthing::connect
