#include <array>
#include <string>

#include "aws/content_digest_internal.h"
#include "base/text.h"

namespace farthing::aws {

void Md5::Add(std::string_view bytes) {
  if (usable_) EVP_DigestUpdate(context_, bytes.data(), bytes.size());
}

bool Md5::Matches(std::string_view etag) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (!usable_ || EVP_DigestFinal_ex(context_, digest.data(), &size) != 1) return true;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string quoted = "\"";
  for (unsigned int i = 0; i < size; ++i) {
    quoted += kDigits[digest[i] >> 4];
    quoted += kDigits[digest[i] & 15];
  }
  return EqualsIgnoreCase(quoted + "\"", etag);
}

bool LooksLikeMd5(std::string_view etag) {
  return etag.size() == 34 && etag.front() == '"' && etag.back() == '"' &&
         etag.substr(1, 32).find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool EtagIsDigest(const http::Response& response) {
  const std::string* kind = http::FindHeader(response.headers, "x-amz-server-side-encryption");
  return (kind == nullptr || !kind->starts_with("aws:kms")) &&
         http::FindHeader(response.headers, "x-amz-server-side-encryption-customer-algorithm") ==
             nullptr;
}

}  // namespace farthing::aws
