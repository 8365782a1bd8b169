// Our S3 client against versitygw, which verifies signatures strictly and which nobody here wrote.

#include "aws/s3.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <set>

#include "aws/error.h"
#include "base/files.h"
#include "base/text.h"
#include "http/server.h"
#include "tests/referee/service.h"

namespace farthing::referee {
namespace {

constexpr const char* kBucket = "acme-cur";

class S3RefereeTest : public testing::Test {
 protected:
  void SetUp() override {
    service_ = Service::Start("start_s3");
    if (service_ == nullptr) GTEST_SKIP() << "versitygw is not installed: scripts/install_services";
    root_ = ClientOf(*service_, "AKIDROOT", "rootsecretrootsecret");
    MakeBucket(*root_, kBucket);
    directory_ = fs::temp_directory_path() / ("farthing-referee-" + NewUlid());
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  static void PutConfiguration(aws::Client& client, const std::string& bucket,
                               const http::Parameters& query, const std::string& body) {
    aws::Call call;
    call.service = aws::Service::kS3;
    call.operation = "Put";
    call.method = "PUT";
    call.bucket = bucket;
    call.query = query;
    call.body = body;
    const auto response = client.Send(call);
    ASSERT_TRUE(response.ok()) << response.error().message();
  }
  static void MakeBucket(aws::Client& client, const std::string& bucket) {
    PutConfiguration(client, bucket, {}, "");
  }
  aws::S3 Storage(const std::shared_ptr<aws::Client>& client, int page_size = 1000) {
    aws::S3Settings settings;
    settings.page_size = page_size;
    return aws::S3(client, settings);
  }
  aws::S3 Storage() { return Storage(root_); }

  std::string Bytes(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint64_t state = 88172645463325252U;
    for (std::size_t i = 0; i < size; i += 8) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      for (std::size_t j = i; j < std::min(size, i + 8); ++j)
        bytes[j] = static_cast<char>(state >> (8 * (j - i)));
    }
    return bytes;
  }

  std::unique_ptr<Service> service_;
  std::shared_ptr<aws::Client> root_;
  fs::path directory_;
};

const std::vector<std::string> kKeys = {
    "cur2/data/BILLING_PERIOD=2026-11/cur2-00001.snappy.parquet",
    "a b/c  d.csv",
    "plus+sign+.csv",
    "percent%20and%2F.csv",
    "münchen/日本語/😀.csv",
    "paren(1)[2]{3}.csv",
    "tilde~dash-dot.under_score",
    "star*quote'excl!.csv",
    "amp&eq=semi;comma,at@dollar$colon:hash#question?.csv",
    "back\\slash|pipe^caret`tick.csv",
    "quote\"less<greater>.csv",
};

// S3 sends calls for a new bucket elsewhere for a while; the storage behind verifies the signature that was made for it.
TEST_F(S3RefereeTest, ATemporaryRedirectIsFollowedWithASignatureThatHolds) {
  std::atomic<int> redirected = 0;
  const auto front = http::Server::Start({}, [&](const http::ServerRequest& request) {
    ++redirected;
    return http::ServerResponse{307,
                                {{"Location", service_->url().scheme + "://" +
                                                  service_->url().authority() + request.target},
                                 {"x-amz-bucket-region", "us-east-1"}}};
  });
  ASSERT_TRUE(front.ok()) << front.error().message();
  aws::Environment environment = EnvironmentOf(*service_);
  environment.endpoints.overrides[std::nullopt].port = (*front)->port();
  aws::S3 s3(std::make_shared<aws::Client>(environment, Keys("AKIDROOT", "rootsecretrootsecret")),
             {});
  for (const std::string& key : kKeys) {
    const auto put = s3.Put(kBucket, key, "content of " + key);
    ASSERT_TRUE(put.ok()) << key << ": " << put.error().message();
    EXPECT_EQ(*s3.Get(kBucket, key, 1000), "content of " + key);
  }
  EXPECT_EQ(s3.List(kBucket, "")->objects.size(), kKeys.size());
  EXPECT_EQ(redirected, static_cast<int>(2 * kKeys.size() + 1));
}

TEST_F(S3RefereeTest, KeysOfEveryKindAreWrittenListedAndRead) {
  aws::S3 s3 = Storage();
  for (const std::string& key : kKeys) {
    const auto put = s3.Put(kBucket, key, "content of " + key);
    ASSERT_TRUE(put.ok()) << key << ": " << put.error().message();
  }
  const auto listing = s3.List(kBucket, "");
  ASSERT_TRUE(listing.ok()) << listing.error().message();
  std::set<std::string> listed;
  for (const aws::S3Object& object : listing->objects) {
    listed.insert(object.key);
    EXPECT_EQ(object.size_bytes, 11 + object.key.size());
    EXPECT_TRUE(object.last_modified.has_value());
    const auto head = s3.Head(kBucket, object.key);
    ASSERT_TRUE(head.ok()) << object.key << ": " << head.error().message();
    EXPECT_EQ(head->etag, object.etag);
    EXPECT_EQ(head->size_bytes, object.size_bytes);
    const auto content = s3.Get(kBucket, object.key, 1000, object.etag);
    ASSERT_TRUE(content.ok()) << object.key << ": " << content.error().message();
    EXPECT_EQ(*content, "content of " + object.key);
  }
  EXPECT_EQ(listed, std::set<std::string>(kKeys.begin(), kKeys.end()));
}

TEST_F(S3RefereeTest, DoubleAndDotSegmentsAreSignedAsTheyAre) {
  // It stores them under normalised names but checks the signature of what was sent.
  aws::S3 s3 = Storage();
  for (const char* key : {"a//b.csv", "c/./d.csv", "e/f/../g.csv"}) {
    const auto put = s3.Put(kBucket, key, "x");
    ASSERT_TRUE(put.ok()) << key << ": " << put.error().message();
    EXPECT_TRUE(s3.Get(kBucket, key, 10).ok()) << key;
  }
}

TEST_F(S3RefereeTest, PagesOfAnySizeGiveTheSameListing) {
  aws::S3 s3 = Storage();
  std::vector<std::string> keys;
  for (int i = 0; i < 23; ++i)
    keys.push_back("p/BILLING_PERIOD=2026-" + std::to_string(10 + i) + "/é +" + std::to_string(i));
  for (const std::string& key : keys) ASSERT_TRUE(s3.Put(kBucket, key, "x").ok());
  ASSERT_TRUE(s3.Put(kBucket, "other", "x").ok());
  std::sort(keys.begin(), keys.end());
  for (const int size : {1, 2, 3, 7, 1000}) {
    aws::S3 paged = Storage(root_, size);
    const auto listing = paged.List(kBucket, "p/");
    ASSERT_TRUE(listing.ok()) << size << ": " << listing.error().message();
    std::vector<std::string> listed;
    for (const aws::S3Object& object : listing->objects) listed.push_back(object.key);
    EXPECT_EQ(listed, keys) << "pages of " << size;
    const auto folders = paged.List(kBucket, "p/", "/");
    ASSERT_TRUE(folders.ok()) << folders.error().message();
    EXPECT_EQ(folders->prefixes.size(), 23U) << "pages of " << size;
    EXPECT_EQ(folders->prefixes.front(), "p/BILLING_PERIOD=2026-10/");
  }
}

TEST_F(S3RefereeTest, WrongKeysAreToldApart) {
  const auto refusal = [&](const std::string& key, const std::string& secret) {
    return Storage(ClientOf(*service_, key, secret)).List(kBucket, "").error();
  };
  EXPECT_EQ(aws::AwsCode(refusal("AKIDROOT", "wrong")), "SignatureDoesNotMatch");
  EXPECT_EQ(aws::AwsCode(refusal("AKIDNOBODY", "wrong")), "InvalidAccessKeyId");
  EXPECT_EQ(refusal("AKIDROOT", "wrong").code(), Errc::kUnauthenticated);
  EXPECT_NE(refusal("AKIDROOT", "wrong").detail(aws::kRequestIdDetail), "");
}

TEST_F(S3RefereeTest, TheRightRegionIsFoundAndRemembered) {
  ASSERT_TRUE(Storage().Put(kBucket, "k", "x").ok());
  const auto elsewhere = ClientOf(*service_, "AKIDROOT", "rootsecretrootsecret", "eu-west-1");
  aws::S3 s3 = Storage(elsewhere);
  const auto content = s3.Get(kBucket, "k", 10);
  ASSERT_TRUE(content.ok()) << content.error().message();
  EXPECT_EQ(elsewhere->counts().requests, 2U);
  ASSERT_TRUE(s3.Get(kBucket, "k", 10).ok());
  EXPECT_EQ(elsewhere->counts().requests, 3U);
  EXPECT_EQ(*s3.BucketRegion(kBucket), "us-east-1");
}

TEST_F(S3RefereeTest, ASkewedClockIsCorrected) {
  for (const int seconds : {-1200, 1200}) {
    aws::Environment environment = EnvironmentOf(*service_);
    environment.now = [seconds] {
      return Instant{Now().micros + seconds * std::int64_t{1'000'000}};
    };
    const auto client =
        std::make_shared<aws::Client>(environment, Keys("AKIDROOT", "rootsecretrootsecret"));
    const auto listing = Storage(client).List(kBucket, "");
    ASSERT_TRUE(listing.ok()) << listing.error().message();
    EXPECT_NEAR(static_cast<double>(client->clock_skew_ms()), -1000.0 * seconds, 3000.0);
  }
}

TEST_F(S3RefereeTest, TheOwnerOfTheBucketIsChecked) {
  const auto owner = ClientOf(*service_, "111122223333", "ownersecretowner");
  MakeBucket(*owner, "owned-bucket");
  aws::S3Settings settings;
  settings.expected_owner = "111122223333";
  aws::S3 right(owner, settings);
  ASSERT_TRUE(right.Put("owned-bucket", "k", "x").ok());
  EXPECT_TRUE(right.List("owned-bucket", "").ok());
  EXPECT_TRUE(right.Get("owned-bucket", "k", 10).ok());
  settings.expected_owner = "999900001111";
  aws::S3 wrong(owner, settings);
  for (const Error& error :
       {wrong.List("owned-bucket", "").error(), wrong.Head("owned-bucket", "k").error(),
        wrong.Get("owned-bucket", "k", 10).error()})
    EXPECT_EQ(error.code(), Errc::kPermissionDenied) << error.message();
}

TEST_F(S3RefereeTest, AReaderMayWhatTheBucketPolicySays) {
  aws::S3 s3 = Storage();
  ASSERT_TRUE(s3.Put(kBucket, "bills/a", "x").ok());
  ASSERT_TRUE(s3.Put(kBucket, "secret/a", "x").ok());
  EXPECT_EQ(*s3.BucketPolicy(kBucket), "");
  aws::S3 reader = Storage(ClientOf(*service_, "AKIDREADER", "readersecretreader"));
  EXPECT_EQ(reader.Get(kBucket, "bills/a", 10).error().code(), Errc::kPermissionDenied);
  const std::string policy =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"AKIDREADER"},"Action":"s3:GetObject",)"
      R"("Resource":"arn:aws:s3:::acme-cur/bills/*"}]})";
  PutConfiguration(*root_, kBucket, {{"policy", ""}}, policy);
  EXPECT_TRUE(reader.Get(kBucket, "bills/a", 10).ok());
  EXPECT_EQ(reader.Get(kBucket, "secret/a", 10).error().code(), Errc::kPermissionDenied);
  EXPECT_EQ(reader.List(kBucket, "bills/").error().code(), Errc::kPermissionDenied);
  EXPECT_NE(s3.BucketPolicy(kBucket)->find("AKIDREADER"), std::string::npos);
}

TEST_F(S3RefereeTest, WhatIsNotThereIsNotFound) {
  aws::S3 s3 = Storage();
  EXPECT_EQ(s3.Get(kBucket, "nothing", 10).error().code(), Errc::kNotFound);
  EXPECT_EQ(s3.Head(kBucket, "nothing").error().code(), Errc::kNotFound);
  EXPECT_EQ(s3.List("no-such-bucket", "").error().code(), Errc::kNotFound);
  EXPECT_EQ(s3.BucketRegion("no-such-bucket").error().code(), Errc::kNotFound);
}

TEST_F(S3RefereeTest, VirtualHostsAreSignedToo) {
  aws::Environment environment = EnvironmentOf(*service_);
  http::Url url = service_->url();
  url.host = "s3.localhost";
  environment.endpoints.overrides[std::nullopt] = url;
  aws::S3Settings settings;
  settings.addressing = aws::Addressing::kVirtualHost;
  aws::S3 s3(std::make_shared<aws::Client>(environment, Keys("AKIDROOT", "rootsecretrootsecret")),
             settings);
  const auto put = s3.Put(kBucket, "a/b=c+d.csv", "x");
  ASSERT_TRUE(put.ok()) << put.error().message();
  EXPECT_EQ(*s3.Get(kBucket, "a/b=c+d.csv", 10), "x");
  EXPECT_EQ(s3.List(kBucket, "a/")->objects.size(), 1U);
  EXPECT_EQ(*Storage().Get(kBucket, "a/b=c+d.csv", 10), "x");
}

TEST_F(S3RefereeTest, ALargeObjectComesInParallelRanges) {
  aws::S3 s3 = Storage();
  const std::string content = Bytes(25'000'001);
  ASSERT_TRUE(s3.Put(kBucket, "big/BILLING_PERIOD=2026-11/x.parquet", content).ok());
  const auto object = s3.Head(kBucket, "big/BILLING_PERIOD=2026-11/x.parquet");
  ASSERT_TRUE(object.ok());
  aws::Download download = {kBucket, *object, directory_ / "x.parquet"};
  EXPECT_NE(*s3.StoredCrc64(kBucket, *object), "") << "then ranges are not proven by it";
  aws::DownloadOptions options;
  options.range_bytes = 1 << 20;
  const auto done = aws::DownloadAll(s3, {download}, options);
  ASSERT_TRUE(done.ok()) << done.error().message();
  EXPECT_EQ(*Sha256OfFile(download.file), Sha256(content));
  EXPECT_GE(root_->counts().requests, 25U);
}

TEST_F(S3RefereeTest, AnObjectThatIsOverwrittenDuringItsDownloadIsAConflict) {
  aws::S3 s3 = Storage();
  ASSERT_TRUE(s3.Put(kBucket, "k", Bytes(4'000'000)).ok());
  const auto object = s3.Head(kBucket, "k");
  aws::DownloadOptions options;
  options.parallel = 1;
  options.range_bytes = 1 << 20;
  std::atomic<bool> overwritten = false;
  options.on_bytes = [&](std::uint64_t) {
    if (overwritten.exchange(true)) return;
    EXPECT_TRUE(Storage().Put(kBucket, "k", Bytes(3'999'999)).ok());
  };
  const auto done = aws::DownloadAll(s3, {{kBucket, *object, directory_ / "k"}}, options);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code(), Errc::kConflict) << done.error().message();
  EXPECT_FALSE(fs::exists(directory_ / "k"));
  // Listed again, it arrives.
  const auto newer = s3.Head(kBucket, "k");
  ASSERT_TRUE(aws::DownloadAll(s3, {{kBucket, *newer, directory_ / "k"}}, options).ok());
  EXPECT_EQ(fs::file_size(directory_ / "k"), 3'999'999U);
}

TEST_F(S3RefereeTest, ADownloadThatWasKilledGoesOn) {
  aws::S3 s3 = Storage();
  const std::string content = Bytes(30'000'000);
  ASSERT_TRUE(s3.Put(kBucket, "k", content).ok());
  const auto object = s3.Head(kBucket, "k");
  const std::vector<aws::Download> downloads = {{kBucket, *object, directory_ / "k"}};
  aws::DownloadOptions options;
  options.range_bytes = 1 << 20;
  options.parallel = 2;
  const pid_t child = fork();
  if (child == 0) {  // a process of its own, with connections of its own, that dies half way
    std::atomic<std::uint64_t> bytes = 0;
    options.on_bytes = [&](std::uint64_t count) {
      if ((bytes += count) > 12'000'000) kill(getpid(), SIGKILL);
    };
    aws::S3 own = Storage(ClientOf(*service_, "AKIDROOT", "rootsecretrootsecret"));
    static_cast<void>(aws::DownloadAll(own, downloads, options));
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_FALSE(fs::exists(directory_ / "k"));
  std::atomic<std::uint64_t> bytes = 0;
  options.on_bytes = [&](std::uint64_t count) { bytes += count; };
  const auto done = aws::DownloadAll(s3, downloads, options);
  ASSERT_TRUE(done.ok()) << done.error().message();
  EXPECT_EQ(*Sha256OfFile(directory_ / "k"), Sha256(content));
  EXPECT_LT(bytes, 22'000'000U);
}

TEST_F(S3RefereeTest, ManySmallObjectsUseTheirConnectionsAgain) {
  aws::S3 s3 = Storage();
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(s3.Put(kBucket, "s/" + std::to_string(i), "content " + std::to_string(i)).ok());
  std::vector<aws::Download> downloads;
  for (const aws::S3Object& object : std::vector(s3.List(kBucket, "s/")->objects))
    downloads.push_back({kBucket, object, directory_ / object.key});
  ASSERT_EQ(downloads.size(), 100U);
  const auto before = root_->counts().requests;
  const auto done = aws::DownloadAll(s3, downloads, {});
  ASSERT_TRUE(done.ok()) << done.error().message();
  EXPECT_EQ(root_->counts().requests - before, 100U);
  EXPECT_EQ(*ReadFile(directory_ / "s" / "42", 100), "content 42");
}

}  // namespace
}  // namespace farthing::referee
