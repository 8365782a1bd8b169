#pragma once

// What planning and applying an export's setup share.

#include <memory>
#include <string>

#include "aws/s3.h"
#include "connect/exports/export_refusal.h"
#include "connect/exports/export_setup.h"

namespace farthing::connect {

SetupAttempt AttemptOf(const Connection& connection, const ExportSetup& setup);
/// The bucket, which must be of the account we expect: its policy is about to be trusted and changed.
aws::S3 OwnBucket(const Connection& connection, const std::shared_ptr<aws::Client>& client,
                  const std::string& bucket);

}  // namespace farthing::connect
