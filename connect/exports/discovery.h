#pragma once

// What an account delivers already: reports and exports by AWS's APIs, deliveries by looking into a bucket.
// Judges each against what good figures need.  Reading only.  Const-safe but for the client.

#include <string>
#include <vector>

#include "aws/billing_exports.h"
#include "aws/s3.h"
#include "connect/connection.h"

namespace farthing::connect {

/// What a setting costs the reader.
enum class Harm {
  kUpkeep,   ///< the figures are the same; storing or reading them is dearer
  kFigures,  ///< some questions have no answer
  kBill,     ///< the bill cannot be read or is incomplete
};

/// A setting of a report that gives less than it could, and what that costs the reader.
struct Shortcoming {
  std::string field;  ///< "RESOURCES", "TimeUnit", …: AWS's word
  std::string found, wanted;
  std::string consequence;  ///< what cannot be answered
  std::string fix;          ///< where to change it
  Harm harm = Harm::kFigures;
};

struct DiscoveredExport {
  ExportPlace place;
  std::string table;   ///< of data exports: COST_AND_USAGE_REPORT, FOCUS_1_2_AWS
  std::string status;  ///< AWS's word: SUCCESS, ERROR_PERMISSIONS, HEALTHY, UNHEALTHY, …
  std::string status_reason;
  std::string last_delivery;  ///< as AWS writes it; "" when unknown
  std::vector<Shortcoming> shortcomings;
  bool readable = true;  ///< false for exports that are no bill (recommendations, carbon)
};

std::vector<Shortcoming> Judge(const aws::ReportDefinition& definition);
std::vector<Shortcoming> Judge(const aws::DataExport& data_export);
DiscoveredExport Describe(const aws::ReportDefinition& definition);
DiscoveredExport Describe(const aws::DataExport& data_export);

struct DiscoveredExports {
  std::vector<DiscoveredExport> exports;  ///< best first: what a person should choose
  std::vector<Error> refused;  ///< of an API that may not be asked; the other is still answered
};
/// Asks both APIs, since neither lists what the other made.
DiscoveredExports DiscoverExports(aws::Client& client);

/// Looks for manifests below a prefix: reports that were copied here, or whose definition is not ours to read.
/// Errors: aws/error.h.
Result<std::vector<DiscoveredExport>> ScanBucket(aws::S3& s3, const std::string& bucket,
                                                 const std::string& prefix);

/// Where the export's deliveries begin: "prefix/name/".
std::string DeliveryPrefix(const ExportPlace& place);

}  // namespace farthing::connect
