#pragma once

// What an ETag says of an object's bytes, and whether it says anything.  One thread at a time.

#include <openssl/evp.h>

#include <string_view>

#include "http/message.h"

namespace farthing::aws {

/// The MD5 of what was added.  Libraries in FIPS mode have none: then every comparison holds.
class Md5 {
 public:
  Md5() : usable_(EVP_DigestInit_ex(context_, EVP_md5(), nullptr) == 1) {}
  ~Md5() { EVP_MD_CTX_free(context_); }
  Md5(const Md5&) = delete;
  Md5& operator=(const Md5&) = delete;

  void Add(std::string_view bytes);
  /// Ends the sum.  `etag` has its quotes.
  bool Matches(std::string_view etag);

 private:
  EVP_MD_CTX* context_ = EVP_MD_CTX_new();
  const bool usable_;
};

/// The ETag of a multipart upload ("hex-N") is no MD5.
bool LooksLikeMd5(std::string_view etag);

/// Nor is the one of an object under a key of KMS or of the customer's own, which only an answer tells.
bool EtagIsDigest(const http::Response& response);

}  // namespace farthing::aws
