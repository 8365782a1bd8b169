#include "http/message.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace farthing::http {
namespace {

TEST(UrlTest, IsTakenApartAndPutTogether) {
  const auto url = ParseUrl("HTTPS://Example.COM:8443/a%2Fb//c?x=1&y");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->host, "example.com");
  EXPECT_EQ(url->authority(), "example.com:8443");
  EXPECT_EQ(url->target(), "/a%2Fb//c?x=1&y");
  EXPECT_EQ(url->ToString(), "https://example.com:8443/a%2Fb//c?x=1&y");
}

TEST(UrlTest, FillsInWhatIsMissing) {
  EXPECT_EQ(ParseUrl("http://h")->target(), "/");
  EXPECT_EQ(ParseUrl("http://h?a=b")->target(), "/?a=b");
  EXPECT_EQ(ParseUrl("http://h:80/")->authority(), "h");
  EXPECT_EQ(ParseUrl("https://h:443/")->authority(), "h");
  EXPECT_EQ(ParseUrl("http://h:443/")->authority(), "h:443");
  EXPECT_EQ(ParseUrl("http://[::1]:8080/x")->authority(), "[::1]:8080");
}

TEST(UrlTest, RefusesWhatCannotBeSent) {
  for (const char* text :
       {"", "h", "ftp://h/", "http://", "http:///x", "http://h:0/", "http://h:65536/",
        "http://h:8a/", "http://h:/", "http://h/#top", "http://h/a b", "http://h/\xC3\xA9",
        "http://h/\r\nX: y", "http://[::1", "http://[::1]x/", "http://[zz]/", "http://a%20b/",
        "file:///etc/passwd", "//h/"}) {
    EXPECT_EQ(ParseUrl(text).error().code(), Errc::kInvalidArgument) << text;
  }
}

TEST(UrlTest, NeverRepeatsAPassword) {
  const auto url = ParseUrl("http://user:secret@h/");
  ASSERT_FALSE(url.ok());
  EXPECT_EQ(url.error().message().find("secret"), std::string::npos);
}

TEST(EncodingTest, DecodingIsTheInverseForAnyBytes) {
  rc::check([](const std::string& text) {
    RC_ASSERT(PercentDecode(PercentEncode(text)) == text);
    RC_ASSERT(PercentDecode(PercentEncode(text, Slash::kKeep)) == text);
  });
}

TEST(EncodingTest, UsesUpperCaseAndTheUnreservedSetOnly) {
  EXPECT_EQ(PercentEncode("aZ9-._~ /=+é"), "aZ9-._~%20%2F%3D%2B%C3%A9");
  EXPECT_EQ(PercentEncode("a/b=c", Slash::kKeep), "a/b%3Dc");
  EXPECT_EQ(PercentDecode("%3d%zz%4%"), "=%zz%4%");
}

TEST(QueryTest, DecodingIsTheInverseForAnyBytes) {
  rc::check([](const Parameters& parameters) {
    RC_ASSERT(DecodeQuery(EncodeQuery(parameters)) == parameters);
  });
}

TEST(QueryTest, ReadsEveryForm) {
  using P = Parameters;
  EXPECT_EQ(DecodeQuery("a=1+1&&b&=c&d=e=f"),
            (P{{"a", "1+1"}, {"b", ""}, {"", "c"}, {"d", "e=f"}}));
  EXPECT_EQ(DecodeQuery("a=1+1%2B", QueryKind::kForm), (P{{"a", "1 1+"}}));
}

TEST(HeadersTest, AreFoundWhateverTheirCase) {
  Headers headers = {{"Content-Type", "a"}, {"X", "1"}, {"content-TYPE", "b"}};
  EXPECT_EQ(*FindHeader(headers, "content-type"), "a");
  EXPECT_EQ(FindHeader(headers, "y"), nullptr);
  SetHeader(headers, "CONTENT-TYPE", *FindHeader(headers, "x"));
  ASSERT_EQ(headers.size(), 2U);
  EXPECT_EQ(*FindHeader(headers, "Content-Type"), "1");
}

TEST(DateTest, PrintsAndReadsRfc9110) {
  const Instant instant = *ParseInstant("1994-11-06T08:49:37Z");
  EXPECT_EQ(PrintDate(instant), "Sun, 06 Nov 1994 08:49:37 GMT");
  for (const char* text : {"", "Sun, 06 Nov 1994 08:49:37 CET", "Mon, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 31 Feb 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"}) {
    EXPECT_FALSE(ParseDate(text).ok()) << text;
  }
  rc::check([] {
    const auto second = *rc::gen::inRange<std::int64_t>(-62'135'596'800, 253'402'300'800);
    const Instant any{second * 1'000'000};
    RC_ASSERT(*ParseDate(PrintDate(any)) == any);
  });
}

}  // namespace
}  // namespace farthing::http
