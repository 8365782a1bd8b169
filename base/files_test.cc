#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>

#include "base/text.h"

namespace farthing {
namespace {

class FilesTest : public ::testing::Test {
 protected:
  FilesTest() { fs::create_directories(home_); }
  ~FilesTest() override { fs::remove_all(home_); }

  void Write(const fs::path& name, std::string_view content) const {
    fs::create_directories((home_ / name).parent_path());
    std::ofstream(home_ / name) << content;
  }

  const fs::path home_ = fs::temp_directory_path() / ("farthing-files-" + NewUlid());
};

TEST_F(FilesTest, ReadsBackWhatWasWritten) {
  const std::string content(1 << 20, 'x');
  ASSERT_TRUE(WriteFileDurably(home_ / "a", content).ok());
  EXPECT_EQ(*ReadFile(home_ / "a", content.size()), content);
  ASSERT_TRUE(WriteFileDurably(home_ / "a", "").ok());
  EXPECT_EQ(*ReadFile(home_ / "a", 0), "");
}

TEST_F(FilesTest, ReadSaysWhyItFailed) {
  Write("a", "12345");
  EXPECT_EQ(ReadFile(home_ / "a", 4).error().code(), Errc::kTooLarge);
  EXPECT_EQ(ReadFile(home_ / "b", 4).error().code(), Errc::kNotFound);
  EXPECT_EQ(ReadFile(home_, 4).error().code(), Errc::kInvalidArgument);
  EXPECT_NE(ReadFile(home_ / "b", 4).error().message().find((home_ / "b").string()),
            std::string::npos);
}

TEST_F(FilesTest, FullDiskIsTooLarge) {
  EXPECT_EQ(ErrnoError("cannot write", "x", ENOSPC).code(), Errc::kTooLarge);
  EXPECT_EQ(ErrnoError("cannot write", "x", EDQUOT).code(), Errc::kTooLarge);
  EXPECT_EQ(ErrnoError("cannot write", "x", EIO).code(), Errc::kUnavailable);
  if (fs::exists("/dev/full")) {
    EXPECT_EQ(WriteFileDurably("/dev/full", "x").error().code(), Errc::kTooLarge);
  }
}

TEST_F(FilesTest, RenamesDirectories) {
  Write("from/a", "1");
  ASSERT_TRUE(SyncTree(home_ / "from").ok());
  ASSERT_TRUE(MakeDirectories(home_ / "x" / "y").ok());
  ASSERT_TRUE(RenameDurably(home_ / "from", home_ / "x" / "y" / "to").ok());
  EXPECT_EQ(*ReadFile(home_ / "x" / "y" / "to" / "a", 9), "1");
  EXPECT_FALSE(fs::exists(home_ / "from"));
  EXPECT_EQ(RenameDurably(home_ / "from", home_ / "z").error().code(), Errc::kNotFound);
}

TEST_F(FilesTest, RemovingWhatIsAbsentIsFine) {
  Write("tree/a/b", "1");
  EXPECT_TRUE(RemoveTree(home_ / "tree").ok());
  EXPECT_TRUE(RemoveTree(home_ / "tree").ok());
  EXPECT_FALSE(fs::exists(home_ / "tree"));
}

TEST_F(FilesTest, ListsRegularFilesSorted) {
  Write("b", "");
  Write("a/2", "");
  Write("a/1", "");
  fs::create_directories(home_ / "empty");
  EXPECT_EQ(*ListTree(home_),
            (std::vector<fs::path>{home_ / "a" / "1", home_ / "a" / "2", home_ / "b"}));
  EXPECT_EQ(ListTree(home_ / "none").error().code(), Errc::kNotFound);
}

TEST_F(FilesTest, ListFollowsLinksInsideAndRefusesLinksOutside) {
  Write("in/a", "");
  fs::create_symlink(home_ / "in" / "a", home_ / "in" / "b");
  fs::create_directory_symlink(home_ / "in", home_ / "in" / "circle");
  EXPECT_EQ(*ListTree(home_ / "in"),
            (std::vector<fs::path>{home_ / "in" / "a", home_ / "in" / "b"}));
  fs::create_symlink("/etc/hostname", home_ / "in" / "c");
  EXPECT_EQ(ListTree(home_ / "in").error().code(), Errc::kPermissionDenied);
}

TEST_F(FilesTest, ListRefusesADirectoryWithTheSameBeginning) {
  Write("in/a", "");
  Write("inside/a", "");
  fs::create_symlink(home_ / "inside" / "a", home_ / "in" / "b");
  EXPECT_EQ(ListTree(home_ / "in").error().code(), Errc::kPermissionDenied);
}

// Source: FIPS 180-4 examples; the empty message and "abc".
TEST_F(FilesTest, HashesLikeTheStandard) {
  EXPECT_EQ(Sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::string long_text(1'000'000, 'a');
  Write("a", long_text);
  EXPECT_EQ(*Sha256OfFile(home_ / "a"), Sha256(long_text));
  EXPECT_EQ(Sha256OfFile(home_ / "b").error().code(), Errc::kNotFound);
}

TEST_F(FilesTest, LockHasOneHolder) {
  auto first = DirectoryLock::Acquire(home_ / "lock");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(DirectoryLock::Acquire(home_ / "lock").error().code(), Errc::kConflict);
  first->reset();
  EXPECT_TRUE(DirectoryLock::Acquire(home_ / "lock").ok());
}

}  // namespace
}  // namespace farthing
