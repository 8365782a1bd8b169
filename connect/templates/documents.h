#pragma once

// The policies of a plan, as patterns.  For connect/templates/templates.cc, which makes plans.  Const-safe.

#include <string_view>

#include "connect/templates/templates.h"

namespace farthing::connect {

/// Lets AWS deliver into a bucket, over TLS only.
PolicyDocument DeliveryPolicy(ExportKind kind);
/// For a bucket of another account, whose own policy must let our role in as well.
PolicyDocument ReaderPolicy(const Plan& plan);
/// Who may assume the role: with the external ID.
PolicyDocument TrustPolicy();

/// "… is not known", and what to do.
Error NotKnown(std::string_view what, std::string_view hint);

}  // namespace farthing::connect
