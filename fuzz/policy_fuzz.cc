// Any policy document either is refused or prints to JSON that reads back as the same; adding what a delivery needs to
// a bucket's policy leaves nothing to add.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "connect/grants/bucket_policy_merge.h"
#include "connect/grants/policy_document.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farthing;
  using namespace farthing::connect;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto document = ParsePolicyDocument(text); document.ok()) {
    const auto again = ParsePolicyDocument(ToJson(*document));
    CHECK(again.ok() && *again == *document);
  } else {
    CHECK(document.error().code() == Errc::kInvalidArgument);
  }
  PolicyStatement delivery;
  delivery.sid = "Deliver";
  delivery.actions = {"s3:PutObject"};
  delivery.resources = {"arn:aws:s3:::bills/*"};
  delivery.principals = {{"Service", "bcm-data-exports.amazonaws.com"}};
  const PolicyDocument wanted{{delivery}};
  const auto merged = MergeBucketPolicy(text, wanted);
  if (!merged.ok()) {
    CHECK(!merged.error().message().empty());
  } else if (!merged->policy.empty()) {
    const auto again = MergeBucketPolicy(merged->policy, wanted);
    CHECK(again.ok() && again->policy.empty());
  }
  return 0;
}
