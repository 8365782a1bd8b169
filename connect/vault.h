#pragma once

// Secrets at rest: XChaCha20-Poly1305 (libsodium) under one key of the installation, each bound to its
// connection and name.  The key is read when a secret is, and again whenever a secret was written under another one: a
// rotation by another process is noticed, and who has no secret needs no key.  Secrets are never printed or logged, and a
// process that opens the vault writes no core dump.  One Vault belongs to one thread.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "connect/vault_key.h"
#include "engine/sqlite.h"

namespace farthing::connect {

/// Where secrets are read from.
class Secrets {
 public:
  virtual ~Secrets() = default;
  /// Errors: kNotFound, kCorrupt (altered, or of another connection), kUnauthenticated (its key is missing, or
  /// another lies in its place), FindKey's.
  virtual Result<std::string> Get(std::string_view connection_id, std::string_view name) = 0;
};

class Vault final : public Secrets {
 public:
  /// Ends what an interrupted rotation has begun; reads no key.
  static Result<std::unique_ptr<Vault>> Open(engine::SqliteDatabase& database,
                                             const KeySource& source);
  ~Vault() override;

  /// Replacing a secret is a person's word that it is entered anew: where the key of the stored ones is lost, it is
  /// written under the key that lies there now, or under a new one.  Errors: MayAdd's for a secret that is not replaced.
  Result<void> Put(std::string_view connection_id, std::string_view name, std::string_view secret);
  /// Errors: kUnauthenticated (secrets lie under a key that is lost: a further one under another key would hide that).
  Result<void> MayAdd();
  Result<std::string> Get(std::string_view connection_id, std::string_view name) override;
  /// Destroys all secrets of a connection; no key is needed for it.
  Result<void> Destroy(std::string_view connection_id);
  /// Writes every secret under a new key, in one transaction, and returns how many there were.  The
  /// default file is replaced by itself; elsewhere the new key is `new_key` and the operator puts it in place.
  Result<int> Rotate(const std::optional<std::string>& new_key);

 private:
  Vault(engine::SqliteDatabase& database, KeySource source);
  Result<std::string> CurrentKeyId();
  Result<void> Use(const std::string& key_id, std::string_view connection_id);
  Result<void> ChooseKey(std::string_view connection_id, std::string_view name);
  Result<void> Write(const SecretKey& key, std::string_view connection_id, std::string_view name,
                     std::string_view secret);
  Result<void> MakeCurrent(const SecretKey& key);
  Result<void> Settle();

  engine::SqliteDatabase& database_;
  KeySource source_;
  std::unique_ptr<SecretKey> key_;  ///< the last that was used
};

}  // namespace farthing::connect
