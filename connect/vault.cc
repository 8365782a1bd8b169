#include "connect/vault.h"

#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <vector>

#include "base/shell_words.h"

namespace farthing::connect {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

/// Secrets pass through ordinary strings on their way to a signature, so the whole process is excluded.
void ForbidCoreDumps() {
  const rlimit none{0, 0};
  CHECK(setrlimit(RLIMIT_CORE, &none) == 0);
  CHECK(prctl(PR_SET_DUMPABLE, 0) == 0);
}

std::string FromHex(std::string_view hex) {
  std::string bytes(hex.size() / 2, '\0');
  std::size_t count = 0;
  if (sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), hex.data(),
                     hex.size(), nullptr, &count, nullptr) != 0) {
    return {};
  }
  bytes.resize(count);
  return bytes;
}

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Binds a box to its place, so that a row copied to another connection does not open.
std::string Place(std::string_view connection_id, std::string_view name) {
  return std::string(connection_id) + '\n' + std::string(name);
}

/// A secret as it is stored.
struct Row {
  std::string connection_id, name, key_id, nonce, box;
};

Result<std::vector<Row>> Rows(engine::SqliteDatabase& database, const std::string& condition,
                              const std::vector<engine::SqliteValue>& values) {
  std::vector<Row> rows;
  TRY(database.Each(
      "SELECT connection_id, name, key_id, nonce, box FROM secrets WHERE " + condition, values,
      [&](const engine::SqliteRow& row) {
        rows.push_back({row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4)});
      }));
  return rows;
}

/// The name people know a connection by, for commands that they are told to type.
Result<std::string> NameOf(engine::SqliteDatabase& database, std::string_view connection_id) {
  std::string name(connection_id);
  TRY(database.Each("SELECT name FROM connections WHERE connection_id = ?",
                    {std::string(connection_id)},
                    [&](const engine::SqliteRow& row) { name = row.Text(0); }));
  return name;
}

std::string EnterAgain(const std::string& connection) {
  return "enter the secret again: " +
         CommandLine({"farthing", "connections", "edit", connection, "--secret-file", "FILE"});
}

/// The key of a connection's secret is absent, or lies where we look no more.
Error Lost(const KeySource& source, bool absent, const std::string& connection) {
  const std::string destroy = CommandLine({"farthing", "disconnect", connection, "--yes"});
  const std::string rotated = source.is_own_file()
                                  ? ""
                                  : "; after rotate-key --new-key-file put the new key in its place"
                                    ", and start again what was running with a variable";
  return Error(Errc::kUnauthenticated,
               (absent ? "the key of the stored secrets is missing: "
                       : "the secrets were written under another key than the one of ") +
                   source.Name())
      .Hint("bring that key back" + rotated + "; where it is lost, " + EnterAgain(connection) +
            "; or destroy it: " + destroy);
}

}  // namespace

Vault::Vault(engine::SqliteDatabase& database, KeySource source)
    : database_(database), source_(std::move(source)) {}
Vault::~Vault() = default;

Result<std::unique_ptr<Vault>> Vault::Open(engine::SqliteDatabase& database,
                                           const KeySource& source) {
  StartSodium();
  ForbidCoreDumps();
  std::unique_ptr<Vault> vault(new Vault(database, source));
  TRY(vault->Settle());
  return vault;
}

/// Of the key that new secrets are written under; "" before the first.
Result<std::string> Vault::CurrentKeyId() {
  std::string id;
  TRY(database_.Each(
      "SELECT coalesce((SELECT value FROM installation_settings WHERE name = 'secret_key_id'), "
      "(SELECT key_id FROM secrets LIMIT 1), '')",
      {}, [&](const engine::SqliteRow& row) { id = row.Text(0); }));
  return id;
}

/// Makes `key_` the one with that id.  `connection_id` is whose secret it is about.
Result<void> Vault::Use(const std::string& key_id, std::string_view connection_id) {
  if (key_ && key_->id() == key_id) return {};
  TRY_ASSIGN(auto found, FindKey(source_, key_id));
  const bool absent = !found;
  if (!absent && found->id() == key_id) {
    key_ = std::move(found);
    return {};
  }
  TRY_ASSIGN(const std::string connection, NameOf(database_, connection_id));
  return Lost(source_, absent, connection);
}

Result<void> Vault::MayAdd() {
  TRY_ASSIGN(const std::string current, CurrentKeyId());
  TRY_ASSIGN(const std::vector<Row> rows, Rows(database_, "key_id = ? LIMIT 1", {current}));
  if (rows.empty()) return {};
  return Use(current, rows.front().connection_id);
}

/// Requires: the database's write lock, so that no rotation and no other key comes between.
Result<void> Vault::ChooseKey(std::string_view connection_id, std::string_view name) {
  TRY_ASSIGN(const std::string current, CurrentKeyId());
  TRY_ASSIGN(const std::vector<Row> replaced,
             Rows(database_, "connection_id = ? AND name = ?",
                  {std::string(connection_id), std::string(name)}));
  if (replaced.empty()) TRY(MayAdd());
  TRY_ASSIGN(key_, FindKey(source_, current));
  if (key_) return {};
  TRY_ASSIGN(key_, MakeKey(source_));
  return {};
}

Result<void> Vault::Put(std::string_view connection_id, std::string_view name,
                        std::string_view secret) {
  // Callers have a transaction of their own or none; the first statement takes the write lock in either case.
  TRY(database_.Execute("SAVEPOINT put_secret"));
  const auto put = [&]() -> Result<void> {
    TRY(database_.Execute("DELETE FROM secrets WHERE 0"));
    TRY(ChooseKey(connection_id, name));
    TRY(MakeCurrent(*key_));
    return Write(*key_, connection_id, name, secret);
  };
  Result<void> done = put();
  if (done.ok()) done = database_.Execute("RELEASE put_secret");
  if (!done.ok()) TRY(database_.Execute("ROLLBACK TO put_secret; RELEASE put_secret"));
  return done;
}

Result<void> Vault::Write(const SecretKey& key, std::string_view connection_id,
                          std::string_view name, std::string_view secret) {
  std::string nonce(kNonceBytes, '\0');
  randombytes_buf(nonce.data(), nonce.size());
  const std::string place = Place(connection_id, name);
  std::string box(secret.size() + kTagBytes, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(reinterpret_cast<unsigned char*>(box.data()), nullptr,
                                             Bytes(secret), secret.size(), Bytes(place),
                                             place.size(), nullptr, Bytes(nonce), key.bytes());
  return database_.Run(
      "INSERT INTO secrets (connection_id, name, key_id, nonce, box) VALUES (?, ?, ?, ?, ?) "
      "ON CONFLICT (connection_id, name) DO UPDATE SET key_id = excluded.key_id, "
      "nonce = excluded.nonce, box = excluded.box",
      {std::string(connection_id), std::string(name), key.id(), ToHex(nonce), ToHex(box)});
}

Result<void> Vault::MakeCurrent(const SecretKey& key) {
  return database_.Run(
      "INSERT INTO installation_settings (name, value) VALUES ('secret_key_id', ?) "
      "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      {key.id()});
}

Result<std::string> Vault::Get(std::string_view connection_id, std::string_view name) {
  Row row;
  for (std::string tried;;) {
    TRY_ASSIGN(const std::vector<Row> rows, Rows(database_, "connection_id = ? AND name = ?",
                                                 {std::string(connection_id), std::string(name)}));
    if (rows.empty()) {
      TRY_ASSIGN(const std::string connection, NameOf(database_, connection_id));
      return Error(Errc::kNotFound, "no secret is stored for this connection: " + std::string(name))
          .Hint(EnterAgain(connection));
    }
    row = rows.front();
    Result<void> used = Use(row.key_id, connection_id);
    if (used.ok()) break;
    // Another process may have rotated between the row and the key; only what stays so is lost.
    if (row.key_id == tried) return std::move(used).error();
    tried = row.key_id;
  }
  const std::string nonce = FromHex(row.nonce), box = FromHex(row.box);
  const std::string place = Place(connection_id, name);
  std::string secret(box.size() < kTagBytes ? 0 : box.size() - kTagBytes, '\0');
  const bool opened =
      nonce.size() == kNonceBytes && box.size() >= kTagBytes &&
      crypto_aead_xchacha20poly1305_ietf_decrypt(
          reinterpret_cast<unsigned char*>(secret.data()), nullptr, nullptr, Bytes(box), box.size(),
          Bytes(place), place.size(), Bytes(nonce), key_->bytes()) == 0;
  if (!opened) {
    TRY_ASSIGN(const std::string connection, NameOf(database_, connection_id));
    return Error(Errc::kCorrupt, "a stored secret was altered: " + std::string(name))
        .Hint("restore the database from a backup, or " + EnterAgain(connection));
  }
  return secret;
}

Result<void> Vault::Destroy(std::string_view connection_id) {
  return database_.Run("DELETE FROM secrets WHERE connection_id = ?", {std::string(connection_id)});
}

/// Whichever process is first makes up for an interrupted rotation; one that is on its way in another is waited for.
Result<void> Vault::Settle() {
  if (!IsRotating(source_)) return {};
  return database_.Transaction([&]() -> Result<void> {
    TRY_ASSIGN(const std::string current, CurrentKeyId());
    return SettleRotation(source_, current);
  });
}

Result<int> Vault::Rotate(const std::optional<std::string>& new_key) {
  if (!source_.is_own_file() && !new_key) {
    const auto present = FindKey(source_, {});
    if (!present.ok()) return Error(present.error());  // what is wrong with that one comes first
    return Error(Errc::kInvalidArgument, "the key comes from outside: give the new one")
        .Hint(
            "put the new key into a file of mode 600 and name it with --new-key-file, then put it "
            "in the old one's place");
  }
  TRY_ASSIGN(auto next, SecretKey::Parse(new_key ? *new_key : NewKeyText(), "the new key"));
  int count = 0;
  const Result<void> rewritten = database_.Transaction([&]() -> Result<void> {
    TRY_ASSIGN(const std::string current, CurrentKeyId());
    TRY(SettleRotation(source_, current));  // of another process that was killed meanwhile
    if (source_.is_own_file()) TRY(StageKey(source_, *next));
    TRY(MakeCurrent(*next));
    TRY_ASSIGN(const std::vector<Row> rows, Rows(database_, "true", {}));
    for (const Row& row : rows) {
      TRY_ASSIGN(std::string secret, Get(row.connection_id, row.name));
      TRY(Write(*next, row.connection_id, row.name, secret));
      sodium_memzero(secret.data(), secret.size());
    }
    count = static_cast<int>(rows.size());
    return {};
  });
  const Result<void> settled = Settle();
  if (!rewritten.ok()) return Error(rewritten.error());
  TRY(settled);
  key_ = std::move(next);
  return count;
}

}  // namespace farthing::connect
