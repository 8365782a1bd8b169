// A large object whose transfer breaks: the next collection asks for the missing ranges only.

#include <gtest/gtest.h>
#include <zlib.h>

#include "connect/collecting/remote_deliveries.h"
#include "tests/collect/gathering.h"

namespace farthing::connect {
namespace {

using rehearsal::FaultKind;

constexpr const char* kBucket = "example-billing-exports";
constexpr std::uint64_t kRange = std::uint64_t{16} << 20;

/// The same bytes as gzip that does not compress: a bill of real size from few lines.
std::string Stored(const std::string& gzip) {
  z_stream in = {};
  in.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));
  in.avail_in = static_cast<uInt>(gzip.size());
  if (inflateInit2(&in, 15 + 16) != Z_OK) throw std::runtime_error("inflateInit2");
  std::string plain;
  std::string block(1 << 20, '\0');
  for (int state = Z_OK; state == Z_OK;) {
    in.next_out = reinterpret_cast<Bytef*>(block.data());
    in.avail_out = static_cast<uInt>(block.size());
    state = inflate(&in, Z_NO_FLUSH);
    plain.append(block, 0, block.size() - in.avail_out);
  }
  inflateEnd(&in);
  z_stream out = {};
  if (deflateInit2(&out, Z_NO_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("deflateInit2");
  }
  std::string stored(deflateBound(&out, plain.size()), '\0');
  out.next_in = reinterpret_cast<Bytef*>(plain.data());
  out.avail_in = static_cast<uInt>(plain.size());
  out.next_out = reinterpret_cast<Bytef*>(stored.data());
  out.avail_out = static_cast<uInt>(stored.size());
  if (deflate(&out, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate");
  stored.resize(out.total_out);
  deflateEnd(&out);
  return stored;
}

TEST(ResumeTest, OnlyTheMissingRangesAreAskedForAgain) {
  rehearsal::Options options = FixedWorld();
  options.lines_per_month = 22'000;
  Gathering gathering(options);
  const std::string month = "BILLING_PERIOD=" + ToString(Current(gathering.aws()));
  aws::S3 s3(gathering.stage().Admin(), {});
  std::uint64_t size = 0;
  // The file first and its manifest after it, as AWS writes them.
  for (const char* ending : {".csv.gz", "anifest.json"}) {
    for (const aws::S3Object& object : Must(s3.List(kBucket, "billing/bills/")).objects) {
      if (object.key.find(month) == std::string::npos || !object.key.ends_with(ending)) continue;
      std::string content = Must(s3.Get(kBucket, object.key, std::uint64_t{1} << 30));
      if (object.key.ends_with(".csv.gz")) {
        content = Stored(content);
        size = content.size();
      }
      Must(gathering.aws().PutObject(kBucket, object.key, std::move(content)));
    }
    Must(gathering.aws().Advance(std::chrono::seconds(1)));
  }
  ASSERT_GT(size, kRange + (1 << 20));
  ASSERT_LT(size, 2 * kRange);

  // The second range breaks in the middle, and nothing more comes of the file.
  const std::string file = "*" + month + "*.csv.gz";
  gathering.aws().Inject({.kind = FaultKind::kTruncate,
                          .service = "s3",
                          .action = "GetObject",
                          .resource = file,
                          .count = 1,
                          .skip = 1});
  gathering.aws().Inject({.kind = FaultKind::kClose,
                          .service = "s3",
                          .action = "GetObject",
                          .resource = file,
                          .skip = 2});
  CollectOptions one_by_one;
  one_by_one.parallel = 1;
  const Result<CollectSummary> broken = gathering.Collect(one_by_one);
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code(), Errc::kUnavailable) << broken.error().message();
  EXPECT_FALSE(gathering.Leftovers().empty());
  gathering.aws().ClearFaults();

  CollectOptions only_this;
  only_this.first = only_this.last = Current(gathering.aws());
  gathering.aws().ForgetRequests();
  const CollectSummary rest = Must(gathering.Collect(only_this));
  EXPECT_EQ(rest.bytes, size - kRange);
  int asked = 0;
  for (const rehearsal::RequestRecord& request : gathering.aws().Requests()) {
    if (request.action == "GetObject" && request.resource.ends_with(".csv.gz")) ++asked;
  }
  EXPECT_EQ(asked, 1);
  Must(gathering.Collect());
  gathering.ExpectExact();
}

}  // namespace
}  // namespace farthing::connect
