#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <map>
#include <thread>

#include "aws/crc64_internal.h"
#include "aws/error.h"
#include "aws/s3.h"
#include "aws/scripted_http_internal.h"
#include "base/files.h"
#include "base/text.h"

namespace farthing::aws {
namespace {

constexpr std::uint64_t kRange = 64 * 1024;

// A bucket that knows ranges and ETags and can be told to fail.
class Bucket {
 public:
  std::map<std::string, std::string> objects;  // path → content
  std::map<std::string, std::string> etags;
  std::map<std::string, std::string> crcs;  // where the storage keeps them
  std::atomic<int> reads{0};
  std::atomic<int> heads{0};
  std::atomic<std::uint64_t> bytes{0};
  std::function<void(int read, http::Response& response)> spoil;  // what goes wrong with a read

  Result<http::Response> Answer(const http::Request& request) {
    const std::string key = request.url.path.substr(1);
    http::Headers stored = {{"ETag", etags[key]}};
    if (HeaderValue(request, "x-amz-checksum-mode") == "ENABLED" && crcs.count(key) != 0)
      stored.push_back({"x-amz-checksum-crc64nvme", crcs.at(key)});
    if (request.method == "HEAD") {
      ++heads;
      return http::Response{200, stored, ""};
    }
    const int number = ++reads;
    if (HeaderValue(request, "If-Match") != etags[key])
      return http::Response{412, {}, "<Error><Code>PreconditionFailed</Code></Error>"};
    const std::string& content = objects[key];
    http::Response response{200, stored, content};
    const std::string range = HeaderValue(request, "Range");
    if (!range.empty()) {
      const std::uint64_t first = std::stoull(range.substr(6));
      const std::uint64_t last = std::stoull(range.substr(range.find('-') + 1));
      response.status = 206;
      response.body = content.substr(first, last - first + 1);
      http::SetHeader(response.headers, "Content-Range",
                      "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
                          std::to_string(content.size()));
    }
    if (spoil) spoil(number, response);
    bytes += response.body.size();
    if (response.status == 0) return Error(Errc::kUnavailable, "the connection broke");
    return response;
  }
};

class S3DownloadTest : public testing::Test {
 protected:
  S3DownloadTest()
      : directory_(fs::temp_directory_path() / ("farthing-download-" + NewUlid())),
        s3_(aws_.client, {}) {
    fs::create_directories(directory_);
    aws_.http->Always([this](const http::Request& request) { return bucket_.Answer(request); });
    options_.range_bytes = kRange;
    options_.parallel = 4;
  }
  ~S3DownloadTest() override { fs::remove_all(directory_); }

  Download Add(const std::string& key, std::size_t size, std::string etag = "\"multi-2\"") {
    std::string content(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
      content[i] = static_cast<char>((i * 31 + i / 251 + key.size()) & 0xff);
    bucket_.objects[key] = content;
    bucket_.etags[key] = etag;
    Download download;
    download.bucket = "acme";
    download.object.key = key;
    download.object.size_bytes = size;
    download.object.etag = std::move(etag);
    download.file = directory_ / "sub" / key;
    return download;
  }
  bool Arrived(const Download& download) {
    const auto content = ReadFile(download.file, 1 << 30);
    return content.ok() && *content == bucket_.objects[download.object.key];
  }
  std::vector<std::string> Leftovers() {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
      const std::string name = entry.path().filename().string();
      if (name.find(".part") != std::string::npos) names.push_back(name);
    }
    return names;
  }

  ScriptedAws aws_;
  Bucket bucket_;
  fs::path directory_;
  S3 s3_;
  DownloadOptions options_;
};

TEST_F(S3DownloadTest, SmallAndLargeObjectsArrive) {
  std::vector<Download> downloads;
  for (const std::size_t size : {0UL, 1UL, 1000UL, kRange, kRange + 1, 5 * kRange + 17})
    downloads.push_back(Add("k" + std::to_string(size), size));
  std::atomic<std::uint64_t> counted{0};
  options_.on_bytes = [&](std::uint64_t bytes) { counted += bytes; };
  const auto done = DownloadAll(s3_, downloads, options_);
  ASSERT_TRUE(done.ok()) << done.error().message();
  for (const Download& download : downloads) EXPECT_TRUE(Arrived(download)) << download.file;
  EXPECT_EQ(counted, bucket_.bytes);
  EXPECT_TRUE(Leftovers().empty());
  // And a second time nothing is asked for.
  const int reads = bucket_.reads;
  ASSERT_TRUE(DownloadAll(s3_, downloads, options_).ok());
  EXPECT_EQ(bucket_.reads, reads);
}

TEST_F(S3DownloadTest, ANewerVersionIsFetchedAgain) {
  Download download = Add("k", 100, "\"a-1\"");
  ASSERT_TRUE(DownloadAll(s3_, {download}, options_).ok());
  bucket_.objects["k"] = std::string(100, 'n');
  bucket_.etags["k"] = download.object.etag = "\"b-1\"";
  ASSERT_TRUE(DownloadAll(s3_, {download}, options_).ok());
  EXPECT_TRUE(Arrived(download));
}

TEST_F(S3DownloadTest, OneJournalSpeaksForADirectory) {
  std::vector<Download> downloads;
  for (const char* name : {"a", "b c=d", "r\xC3\xA9sum\xC3\xA9.csv", "two\nlines ."}) {
    downloads.push_back(Add("k" + std::to_string(downloads.size()), 1000));
    downloads.back().file = directory_ / "sub" / name;
  }
  downloads.push_back(Add("large", 2 * kRange));
  ASSERT_TRUE(DownloadAll(s3_, downloads, options_).ok());
  const fs::path journal = directory_ / "sub" / ".whole";
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(directory_ / "sub"))
    files += entry.path() != journal;
  EXPECT_EQ(files, downloads.size());

  // Whatever of it a kill has left, what it notes is not fetched again and the rest is.
  const std::string whole = *ReadFile(journal, 1 << 20);
  for (std::size_t size = whole.size() + 1; size-- > 0;) {
    const std::string left = whole.substr(0, size);
    std::ofstream(journal, std::ios::trunc) << left;
    bucket_.reads = 0;
    ASSERT_TRUE(DownloadAll(s3_, downloads, options_).ok());
    const auto lines = std::count(left.begin(), left.end(), '\n');
    const int noted = std::max(0, static_cast<int>(lines) - 1);  // after the boot's
    EXPECT_GE(bucket_.reads, 5 - noted) << size;
    EXPECT_LE(bucket_.reads, 6 - noted) << size;  // the large one has two ranges
    for (const Download& download : downloads) ASSERT_TRUE(Arrived(download)) << size;
    bucket_.reads = 0;
    ASSERT_TRUE(DownloadAll(s3_, downloads, options_).ok());
    EXPECT_EQ(bucket_.reads, 0) << size;
  }
}

TEST_F(S3DownloadTest, TheJournalNeverSpeaksOfNewerContent) {
  Download download = Add("k", 100, "\"a-1\"");
  const std::string first = bucket_.objects["k"];
  ASSERT_TRUE(DownloadAll(s3_, {download}, options_).ok());
  bucket_.objects["k"] = std::string(100, 'n');
  bucket_.etags["k"] = download.object.etag = "\"b-1\"";
  ASSERT_TRUE(DownloadAll(s3_, {download}, options_).ok());
  // Killed between the renaming and the note; then the first content is there again.
  const fs::path journal = directory_ / "sub" / ".whole";
  std::string notes = *ReadFile(journal, 10000);
  notes.erase(notes.rfind('\n', notes.size() - 2) + 1);
  std::ofstream(journal, std::ios::trunc) << notes;
  bucket_.objects["k"] = first;
  bucket_.etags["k"] = download.object.etag = "\"a-1\"";
  ASSERT_TRUE(DownloadAll(s3_, {download}, options_).ok());
  EXPECT_TRUE(Arrived(download));
}

TEST_F(S3DownloadTest, AJournalOfAnotherBootIsNotTrusted) {
  const Download download = Add("k", 100);
  ASSERT_TRUE(DownloadAll(s3_, {download}, options_).ok());
  const fs::path journal = directory_ / "sub" / ".whole";
  std::string notes = *ReadFile(journal, 10000);
  notes[0] ^= 1;
  std::ofstream(journal, std::ios::trunc) << notes;
  bucket_.reads = 0;
  ASSERT_TRUE(DownloadAll(s3_, {download}, options_).ok());
  EXPECT_EQ(bucket_.reads, 1);
  ASSERT_TRUE(DownloadAll(s3_, {download}, options_).ok());
  EXPECT_EQ(bucket_.reads, 1);
}

TEST_F(S3DownloadTest, ManyDirectoriesHaveAJournalEach) {
  std::vector<Download> downloads;
  for (int i = 0; i < 150; ++i) {
    downloads.push_back(Add("k" + std::to_string(i), 10));
    downloads.back().file = directory_ / std::to_string(i % 75) / ("k" + std::to_string(i));
  }
  ASSERT_TRUE(DownloadAll(s3_, downloads, options_).ok());
  EXPECT_EQ(bucket_.reads, 150);
  ASSERT_TRUE(DownloadAll(s3_, downloads, options_).ok());
  EXPECT_EQ(bucket_.reads, 150);
  for (const Download& download : downloads) ASSERT_TRUE(Arrived(download));
}

TEST_F(S3DownloadTest, ADownloadGoesOnWhereItWasStopped) {
  const Download download = Add("k", 10 * kRange);
  bucket_.spoil = [](int read, http::Response& response) {
    if (read > 6) response = {403, {}, "<Error><Code>AccessDenied</Code></Error>"};
  };
  const auto stopped = DownloadAll(s3_, {download}, options_);
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code(), Errc::kPermissionDenied);
  EXPECT_FALSE(fs::exists(download.file));
  bucket_.spoil = nullptr;
  bucket_.bytes = 0;
  ASSERT_TRUE(DownloadAll(s3_, {download}, options_).ok());
  EXPECT_TRUE(Arrived(download));
  EXPECT_LT(bucket_.bytes, 10 * kRange);
  EXPECT_GE(bucket_.bytes, 4 * kRange);
  EXPECT_TRUE(Leftovers().empty());
}

TEST_F(S3DownloadTest, NotesOfAnotherVersionOrBootAreNotTrusted) {
  Download download = Add("k", 4 * kRange, "\"a-1\"");
  const auto stop = [](int read, http::Response& response) {
    if (read > 2) response = {403, {}, ""};
  };
  bucket_.spoil = stop;
  ASSERT_FALSE(DownloadAll(s3_, {download}, options_).ok());
  const fs::path notes = directory_ / "sub" / ".k.part.done";
  ASSERT_TRUE(fs::exists(notes));
  auto text = *ReadFile(notes, 10000);
  text[text.find('-') - 1] ^= 1;  // another boot
  std::ofstream(notes) << text;
  bucket_.spoil = nullptr;
  bucket_.bytes = 0;
  ASSERT_TRUE(DownloadAll(s3_, {download}, options_).ok());
  EXPECT_EQ(bucket_.bytes, 4 * kRange);
  EXPECT_TRUE(Arrived(download));
}

TEST_F(S3DownloadTest, ABrokenTransferGoesOnAtItsByte) {
  const Download download = Add("k", 3 * kRange);
  const Download small = Add("s", 5000);
  bucket_.spoil = [](int, http::Response& response) {  // half of what is left, each time
    if (response.body.size() > 100) response.body.resize(response.body.size() / 2);
  };
  const auto done = DownloadAll(s3_, {download, small}, options_);
  ASSERT_TRUE(done.ok()) << done.error().message();
  EXPECT_TRUE(Arrived(download));
  EXPECT_TRUE(Arrived(small));
  EXPECT_EQ(bucket_.bytes, 3 * kRange + 5000);
}

TEST_F(S3DownloadTest, AStorageThatIsAwayIsGivenUp) {
  const Download download = Add("k", 3 * kRange);
  bucket_.spoil = [](int, http::Response& response) { response.status = 0; };
  EXPECT_EQ(DownloadAll(s3_, {download}, options_).error().code(), Errc::kUnavailable);
  EXPECT_LT(bucket_.reads, 200);
}

TEST_F(S3DownloadTest, OverwrittenMeanwhileIsAConflict) {
  const Download download = Add("k", 5 * kRange, "\"a-1\"");
  bucket_.spoil = [this](int read, http::Response&) {
    if (read == 2) bucket_.etags["k"] = "\"b-1\"";
  };
  options_.parallel = 1;
  const auto done = DownloadAll(s3_, {download}, options_);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code(), Errc::kConflict);
  EXPECT_FALSE(fs::exists(download.file));
}

TEST_F(S3DownloadTest, WrongBytesAreFoundByTheirMd5) {
  // md5 of 100 times 'x'
  const std::string etag = "\"ef7f8fd8d85b8d17c7a4e2f1b1f2a9b5\"";
  Download download = Add("k", 100, etag);
  auto done = DownloadAll(s3_, {download}, options_);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code(), Errc::kCorrupt);
  EXPECT_EQ(bucket_.reads, 2);
  EXPECT_FALSE(fs::exists(download.file));
  EXPECT_TRUE(Leftovers().empty());

  Download large = Add("l", 3 * kRange, etag);
  bucket_.reads = 0;
  EXPECT_EQ(DownloadAll(s3_, {large}, options_).error().code(), Errc::kCorrupt);
  EXPECT_EQ(bucket_.reads, 6);
  EXPECT_TRUE(Leftovers().empty());

  // Under a KMS key the ETag looks like an MD5 and is none.
  bucket_.spoil = [](int, http::Response& response) {
    http::SetHeader(response.headers, "x-amz-server-side-encryption", "aws:kms");
  };
  done = DownloadAll(s3_, {download, large}, options_);
  ASSERT_TRUE(done.ok()) << done.error().message();
}

TEST_F(S3DownloadTest, BytesSpoiledOnceAreFetchedAgain) {
  const std::string right = "\"b026324c6904b2a9cb4b88d6d61c81d1\"";  // md5 of "1\n"
  Download download = Add("k", 2, right);
  bucket_.objects["k"] = "1\n";
  bucket_.spoil = [](int read, http::Response& response) {
    if (read == 1) response.body[0] = 'X';
  };
  const auto done = DownloadAll(s3_, {download}, options_);
  ASSERT_TRUE(done.ok()) << done.error().message();
  EXPECT_TRUE(Arrived(download));
}

TEST_F(S3DownloadTest, LargeObjectsAreProvenByTheChecksumOfTheStorage) {
  const Download download = Add("k", 5 * kRange + 17);
  bucket_.crcs["k"] = Crc64Text(ExtendCrc64(0, bucket_.objects["k"]));
  // Stopped on the way: what the first run fetched counts too.
  bucket_.spoil = [](int read, http::Response& response) {
    if (read > 3) response = {403, {}, "<Error><Code>AccessDenied</Code></Error>"};
  };
  ASSERT_FALSE(DownloadAll(s3_, {download}, options_).ok());
  bucket_.spoil = nullptr;
  const auto done = DownloadAll(s3_, {download}, options_);
  ASSERT_TRUE(done.ok()) << done.error().message();
  EXPECT_TRUE(Arrived(download));
  EXPECT_EQ(bucket_.heads, 2);  // once a run

  const Download spoiled = Add("once", 3 * kRange);
  bucket_.crcs["once"] = Crc64Text(ExtendCrc64(0, bucket_.objects["once"]));
  bucket_.reads = 0;
  bucket_.spoil = [](int read, http::Response& response) {
    if (read == 2) response.body[5] ^= 1;
  };
  ASSERT_TRUE(DownloadAll(s3_, {spoiled}, options_).ok());
  EXPECT_TRUE(Arrived(spoiled));
  EXPECT_EQ(bucket_.reads, 6);

  const Download wrong = Add("wrong", 3 * kRange);
  bucket_.crcs["wrong"] = Crc64Text(1);
  bucket_.spoil = nullptr;
  const auto refused = DownloadAll(s3_, {wrong}, options_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Errc::kCorrupt);
  EXPECT_FALSE(fs::exists(wrong.file));
  EXPECT_TRUE(Leftovers().empty());
}

TEST_F(S3DownloadTest, SmallObjectsAreProvenByTheChecksumOfTheStorage) {
  Download download = Add("k", 5000);  // uploaded in parts: its ETag proves nothing
  bucket_.crcs["k"] = Crc64Text(ExtendCrc64(0, bucket_.objects["k"]));
  bucket_.spoil = [](int read, http::Response& response) {
    if (read == 1) response.body[5] ^= 1;
  };
  ASSERT_TRUE(DownloadAll(s3_, {download}, options_).ok());
  EXPECT_TRUE(Arrived(download));
  EXPECT_EQ(bucket_.reads, 2);
  download.file += ".2";
  bucket_.crcs["k"] = Crc64Text(1);
  EXPECT_EQ(DownloadAll(s3_, {download}, options_).error().code(), Errc::kCorrupt);
  EXPECT_FALSE(fs::exists(download.file));
}

TEST_F(S3DownloadTest, AnEmptyObjectHasNothingToCompare) {
  // Under a KMS key the ETag looks like an MD5 and is none.
  const Download download = Add("empty", 0, "\"ef7f8fd8d85b8d17c7a4e2f1b1f2a9b5\"");
  const auto done = DownloadAll(s3_, {download}, options_);
  ASSERT_TRUE(done.ok()) << done.error().message();
  EXPECT_TRUE(Arrived(download));
}

TEST_F(S3DownloadTest, TwoThreadsThatFinishTogetherPublishOnce) {
  std::vector<Download> downloads;
  for (int i = 0; i < 400; ++i) downloads.push_back(Add("l" + std::to_string(i), kRange + 1));
  options_.parallel = 16;
  for (int round = 0; round < 10; ++round) {
    const auto done = DownloadAll(s3_, downloads, options_);
    ASSERT_TRUE(done.ok()) << done.error().message();
    for (const Download& download : downloads) fs::remove(download.file);
  }
}

TEST_F(S3DownloadTest, AStorageWithoutRangesIsNamed) {
  const Download download = Add("k", 3 * kRange);
  bucket_.spoil = [this](int, http::Response& response) {
    response = {200, {}, bucket_.objects["k"]};
  };
  const auto done = DownloadAll(s3_, {download}, options_);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code(), Errc::kCorrupt);
  bucket_.spoil = [](int, http::Response& response) {
    http::SetHeader(response.headers, "Content-Range", "bytes 0-65535/999");
  };
  EXPECT_EQ(DownloadAll(s3_, {download}, options_).error().code(), Errc::kCorrupt);
}

TEST_F(S3DownloadTest, CancellingStopsAndKeepsWhatIsThere) {
  const Download download = Add("k", 50 * kRange);
  http::Cancellation cancellation;
  options_.cancellation = &cancellation;
  bucket_.spoil = [&](int read, http::Response&) {
    if (read > 5) cancellation.Cancel();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
  const auto done = DownloadAll(s3_, {download}, options_);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code(), Errc::kDeadline);
  EXPECT_EQ(done.error().detail("cancelled"), "true");
  EXPECT_EQ(Leftovers().size(), 2U);
}

TEST_F(S3DownloadTest, AFullDiskIsSaidBeforeTheDownload) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  Download download = Add("k", 100);
  fs::create_directories(directory_ / "sub");
  fs::create_symlink("/dev/full", directory_ / "sub" / ".k.part");
  const auto done = DownloadAll(s3_, {download}, options_);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code(), Errc::kTooLarge);
  EXPECT_NE(done.error().hint(), "");
}

TEST_F(S3DownloadTest, ManyObjectsByManyThreads) {
  std::vector<Download> downloads;
  for (int i = 0; i < 300; ++i) downloads.push_back(Add("n" + std::to_string(i), 100 + i));
  options_.parallel = 16;
  ASSERT_TRUE(DownloadAll(s3_, downloads, options_).ok());
  for (const Download& download : downloads) ASSERT_TRUE(Arrived(download));
  EXPECT_EQ(bucket_.reads, 300);
}

}  // namespace
}  // namespace farthing::aws
