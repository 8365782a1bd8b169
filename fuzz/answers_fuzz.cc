// Whatever a service answers, a call ends with a value or with an error that can be shown.  The first byte chooses
// the call, the rest is the body of every answer.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aws/billing_exports.h"
#include "aws/cost_explorer.h"
#include "aws/iam.h"
#include "aws/organizations.h"
#include "aws/s3.h"
#include "aws/scripted_http_internal.h"
#include "aws/sts.h"
#include "base/text.h"

namespace {

using namespace farthing;

aws::CostQuery January() {
  aws::CostQuery query;
  query.start = "2026-01-01";
  query.end = "2026-02-01";
  query.metrics = {"UnblendedCost"};
  return query;
}

Result<void> Ask(unsigned call, const aws::ScriptedAws& scripted) {
  aws::Client& client = *scripted.client;
  const auto forget = [](const auto& answer) -> Result<void> {
    if (!answer.ok()) return answer.error();
    return {};
  };
  switch (call % 13) {
    case 0: return forget(aws::GetCallerIdentity(client));
    case 1: return forget(aws::DescribeReportDefinitions(client));
    case 2: return forget(aws::ListDataExports(client));
    case 3:
      return forget(aws::ListExecutions(client, "arn:aws:bcm-data-exports:us-east-1:1:export/x"));
    case 4: return forget(aws::GetCostAndUsage(client, January(), 5));
    case 5: return forget(aws::ListCostAllocationTags(client));
    case 6: return forget(aws::DescribeOrganization(client));
    case 7: return forget(aws::ListAccounts(client));
    case 8: return forget(aws::GetRole(client, "farthing"));
    case 9: return forget(aws::RolePolicies(client, "farthing"));
    case 10: return forget(aws::S3(scripted.client, {}).List("bucket", "prefix/"));
    case 11: return forget(aws::S3(scripted.client, {}).Head("bucket", "key"));
    default: return forget(aws::AssumeRole(client, {}));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  aws::ScriptedAws scripted;
  scripted.http->Always([&](const http::Request&) -> Result<http::Response> {
    return http::Response{200, {{"ETag", body.substr(0, 40)}}, body};
  });
  const Result<void> asked = Ask(data[0], scripted);
  if (asked.ok()) return 0;
  const Error& error = asked.error();
  CHECK(error.code() != Errc::kInternal);
  CHECK(!error.message().empty() && error.message().size() < 40'000);
  CHECK(FindInvalidUtf8(error.message()) == std::string::npos);
  return 0;
}
