#pragma once

// The installation's key for secrets: where it comes from, and what a rotation leaves when it is interrupted.  Reading
// changes nothing and may happen at any time, also while another process rotates; whatever writes here holds the
// database's write lock, so that no two processes decide at once which key counts.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace farthing::connect {

/// Where the key comes from; the first that is set counts.
struct KeySource {
  std::optional<std::string> text;  ///< 64 hex digits or base64 of 32 bytes, from a variable
  std::optional<std::filesystem::path> file;  ///< the same text; owner-only mode
  /// The same text as systemd hands it to a service: root's, read through an ACL, which shows as mode 0440.
  std::optional<std::filesystem::path> credential;
  std::filesystem::path default_file;  ///< DATA/secret.key; made with mode 0600 when first needed

  /// True where we make, replace and mend the key's file ourselves.
  bool is_own_file() const { return !text && !file && !credential; }
  /// For messages.
  std::string Name() const;
};

/// A key in memory that is locked, guarded and wiped (sodium_malloc).
class SecretKey {
 public:
  /// Errors: kInvalidArgument (not a key).
  static Result<std::unique_ptr<SecretKey>> Parse(std::string_view text, std::string_view origin);
  SecretKey();
  ~SecretKey();
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;

  /// Tells keys apart without telling anything about them.
  std::string id() const;
  std::string text() const;
  const unsigned char* bytes() const { return bytes_; }

 private:
  unsigned char* bytes_;
};

/// The key that lies there, null where there is none; where a rotation is on its way, the one with id `wanted`.
/// Errors: kPermissionDenied (others may read it, or we may not), kInvalidArgument (not a key).
Result<std::unique_ptr<SecretKey>> FindKey(const KeySource& source, std::string_view wanted);

/// Makes the key where there is none.  Errors: kNotFound (it comes from outside).
Result<std::unique_ptr<SecretKey>> MakeKey(const KeySource& source);

/// Puts the next key beside our own file, until SettleRotation decides.
Result<void> StageKey(const KeySource& source, const SecretKey& next);
/// True where a rotation is on its way or was interrupted.
bool IsRotating(const KeySource& source);
/// Puts the staged key in its place if it is `current`, under which secrets are written, and removes it if not.
Result<void> SettleRotation(const KeySource& source, std::string_view current);

/// The text of a key file.  Errors: kPermissionDenied (others than its owner may read it, or we may not).
Result<std::string> ReadKeyFile(const std::filesystem::path& file);

/// A fresh key as text: 64 hex digits.
std::string NewKeyText();

/// Before anything of libsodium is used.
void StartSodium();

/// Bytes as hex digits.
std::string ToHex(std::string_view bytes);

}  // namespace farthing::connect
