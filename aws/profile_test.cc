#include <gtest/gtest.h>

#include "aws/profile_internal.h"

namespace farthing::aws {
namespace {

Sections Parse(std::string_view text) {
  auto sections = ParseSections(text, "config");
  EXPECT_TRUE(sections.ok()) << sections.error().message();
  return sections.ok() ? *std::move(sections) : Sections();
}

TEST(ProfileTest, TheDialectOfAws) {
  const Sections sections = Parse(
      "\xEF\xBB\xBF# a comment\r\n"
      "; another\n"
      "[default]\r\n"
      "Region = eu-west-1\r\n"
      "aws_secret_access_key=a#b;c/=d # not this\n"
      "\n"
      "[ profile   my-one ]  # trailing\n"
      "s3 =\n"
      "    addressing_style = path\n"
      "    # inside\n"
      "\tmax_concurrent_requests=20\n"
      "region=us-east-1 ; nor this\n"
      "long = first\n"
      "  second\n"
      "[profile \"with space\"]\n"
      "output =\n"
      "[sso-session corp]\n"
      "sso_start_url = https://x.awsapps.com/start#/\n"
      "[default]\n"
      "output = json\n");
  EXPECT_EQ(sections.at("default").at("region"), "eu-west-1");
  EXPECT_EQ(sections.at("default").at("output"), "json");
  EXPECT_EQ(sections.at("default").at("aws_secret_access_key"), "a#b;c/=d");
  EXPECT_EQ(sections.at("profile my-one").at("s3.addressing_style"), "path");
  EXPECT_EQ(sections.at("profile my-one").at("s3.max_concurrent_requests"), "20");
  EXPECT_EQ(sections.at("profile my-one").at("region"), "us-east-1");
  EXPECT_EQ(sections.at("profile my-one").at("long"), "first\nsecond");
  EXPECT_EQ(sections.at("profile with space").at("output"), "");
  EXPECT_EQ(sections.at("sso-session corp").at("sso_start_url"), "https://x.awsapps.com/start#/");
}

TEST(ProfileTest, BadLinesAreNamed) {
  for (const char* text : {"region = x\n", "[default\n", "[default]\nregion\n", "[default]\n= x\n",
                           "[default]\ns3 =\n  oops\n"}) {
    const auto sections = ParseSections(text, "/home/a/.aws/config");
    ASSERT_FALSE(sections.ok()) << text;
    EXPECT_EQ(sections.error().code(), Errc::kInvalidArgument);
    EXPECT_TRUE(sections.error().message().starts_with("/home/a/.aws/config:"))
        << sections.error().message();
  }
  EXPECT_TRUE(Parse("").empty());
  EXPECT_TRUE(Parse("[a]").count("a") == 1);
}

TEST(ProfileTest, TheCredentialsFileLiesOverTheConfigFile) {
  ProfileFiles files;
  files.config = Parse("[profile a]\nregion=r\naws_access_key_id=old\n[b]\nx=1\n");
  files.credentials = Parse("[a]\naws_access_key_id=new\n");
  EXPECT_EQ(files.Profile("a")->at("aws_access_key_id"), "new");
  EXPECT_EQ(files.Profile("a")->at("region"), "r");
  EXPECT_FALSE(files.Profile("b").has_value());  // without the word "profile" it is none
  EXPECT_EQ(files.ProfileNames(), std::vector<std::string>{"a"});
}

TEST(ProfileTest, ProfileDefaultGoesBeforeDefault) {
  ProfileFiles files;
  files.config = Parse("[default]\nregion=a\noutput=x\n[profile default]\nregion=b\n");
  EXPECT_EQ(files.Profile("default")->at("region"), "b");
  EXPECT_EQ(files.Profile("default")->count("output"), 0U);
}

TEST(ProfileTest, AnUnknownProfileIsGuessed) {
  ProfileFiles files;
  files.config = Parse("[profile production]\nregion=a\n");
  const auto missing = ReadProfile(files, {"prodution", true});
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().hint().find("production"), std::string::npos);
  EXPECT_TRUE(ReadProfile(files, {"default", false}).ok());
}

}  // namespace
}  // namespace farthing::aws
