#pragma once

// Collecting from a bucket: one listing, then each period's newest complete delivery that is not in the lake yet.
// For connect/collecting/collect.cc, which decides what may be collected and settles the connection's state afterwards.  One thread
// per call.

#include <memory>

#include "aws/client.h"
#include "connect/collecting/collect.h"

namespace farthing::connect {

/// A fault of one delivery goes into the summary's failures and the others go on.  One that concerns all of them ends
/// the collection: credentials, AWS that does not answer, a full disk, another import, a cancellation.
Result<CollectSummary> CollectBucket(Store& store, lake::Catalog& catalog,
                                     const Connection& connection,
                                     std::shared_ptr<aws::Client> client,
                                     const CollectOptions& options);

}  // namespace farthing::connect
