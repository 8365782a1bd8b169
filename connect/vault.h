#pragma once

// Secrets at rest: XChaCha20-Poly1305 (libsodium) under one key of the installation, each bound to its
// connection and name.  Secrets are never printed or logged, and a process that opens the vault writes
// no core dump.  One Vault belongs to one thread.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/sqlite.h"

namespace farthing::connect {

/// Where the key comes from; the first that is set counts.
struct KeySource {
  std::optional<std::string> text;  ///< 64 hex digits or base64 of 32 bytes, from a variable
  std::optional<std::filesystem::path> file;  ///< the same text; owner-only mode
  /// The same text as systemd hands it to a service: root's, read through an ACL, which shows as mode 0440.
  std::optional<std::filesystem::path> credential;
  std::filesystem::path default_file;  ///< DATA/secret.key; made with mode 0600 when first needed
};

/// Where secrets are read from.
class Secrets {
 public:
  virtual ~Secrets() = default;
  /// Errors: kNotFound, kCorrupt (altered, or of another connection).
  virtual Result<std::string> Get(std::string_view connection_id, std::string_view name) = 0;
};

class Vault final : public Secrets {
 public:
  /// Reads or makes the key.
  /// Errors: kPermissionDenied (the key file can be read by others, or not by us), kInvalidArgument
  /// (not a key), kUnauthenticated (secrets exist that were written under another key).
  static Result<std::unique_ptr<Vault>> Open(engine::SqliteDatabase& database,
                                             const KeySource& source);
  ~Vault() override;

  Result<void> Put(std::string_view connection_id, std::string_view name, std::string_view secret);
  Result<std::string> Get(std::string_view connection_id, std::string_view name) override;
  /// Destroys all secrets of a connection.
  Result<void> Destroy(std::string_view connection_id);
  /// Writes every secret under a new key, in one transaction, and returns how many there were.  The
  /// default file is replaced by itself; elsewhere the new key is `new_key` and the operator puts it in place.
  Result<int> Rotate(const std::optional<std::string>& new_key);

 private:
  struct Key;
  Vault(engine::SqliteDatabase& database, KeySource source, std::unique_ptr<Key> key);
  engine::SqliteDatabase& database_;
  KeySource source_;
  std::unique_ptr<Key> key_;
};

/// The text of a key file.  Errors: kPermissionDenied (others than its owner may read it, or we may not).
Result<std::string> ReadKeyFile(const std::filesystem::path& file);

/// A fresh key as text: 64 hex digits.
std::string NewKeyText();

}  // namespace farthing::connect
