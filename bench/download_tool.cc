// The downloader by itself, for bench/download.py:
//   download_tool URL BUCKET fill LARGE_BYTES SMALL_COUNT SMALL_BYTES     makes the bucket and its objects
//   download_tool URL BUCKET get PREFIX DIRECTORY PARALLEL                fetches all below a prefix
// Prints bytes and seconds.  Keys are those of scripts/services/start_s3.

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "aws/s3.h"

namespace farthing {
namespace {

std::string Noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint64_t state = 88172645463325252U;
  for (char& byte : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<char>(state);
  }
  return bytes;
}

Result<void> Fill(aws::S3& s3, const std::string& bucket, const std::vector<std::string>& sizes) {
  aws::Call make;
  make.service = aws::Service::kS3;
  make.operation = "CreateBucket";
  make.method = "PUT";
  make.bucket = bucket;
  TRY(s3.client().Send(make));
  TRY(s3.Put(bucket, "large/object", Noise(std::stoull(sizes[0]))));
  const std::string content = Noise(std::stoull(sizes[2]));
  for (int i = 0; i < std::stoi(sizes[1]); ++i)
    TRY(s3.Put(bucket, "small/" + std::to_string(i), content));
  return {};
}

Result<void> Get(aws::S3& s3, const std::string& bucket, const std::vector<std::string>& words) {
  TRY_ASSIGN(const aws::Listing listing, s3.List(bucket, words[0]));
  std::vector<aws::Download> downloads;
  std::uint64_t bytes = 0;
  for (const aws::S3Object& object : listing.objects) {
    bytes += object.size_bytes;
    downloads.push_back({bucket, object, std::filesystem::path(words[1]) / object.key});
  }
  aws::DownloadOptions options;
  options.parallel = std::stoi(words[2]);
  const auto start = std::chrono::steady_clock::now();
  TRY(aws::DownloadAll(s3, downloads, options));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("%llu %.4f\n", static_cast<unsigned long long>(bytes), took.count());
  return {};
}

Result<void> Run(const std::vector<std::string>& words) {
  if (words.size() != 6 || (words[2] != "fill" && words[2] != "get"))
    return Error(Errc::kInvalidArgument, "usage: see the head of bench/download_tool.cc");
  aws::Environment environment;
  TRY_ASSIGN(environment.http, http::NewClient({}));
  TRY_ASSIGN(environment.endpoints.overrides[std::nullopt], http::ParseUrl(words[0]));
  const auto client = std::make_shared<aws::Client>(
      environment,
      aws::StaticCredentials({"AKIDROOT", "rootsecretrootsecret", "", std::nullopt, "benchmark"}));
  aws::S3 s3(client, {});
  const std::vector<std::string> rest(words.begin() + 3, words.end());
  return words[2] == "fill" ? Fill(s3, words[1], rest) : Get(s3, words[1], rest);
}

}  // namespace
}  // namespace farthing

int main(int count, char** words) {
  const auto done = farthing::Run(std::vector<std::string>(words + 1, words + count));
  if (!done.ok()) std::fprintf(stderr, "%s\n", done.error().message().c_str());
  return done.ok() ? 0 : 1;
}
