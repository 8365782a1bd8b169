#include "connect/vault.h"

#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "base/files.h"
#include "base/text.h"

namespace farthing::connect {
namespace {

constexpr std::size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::uint64_t kKeyFileLimit = 4096;

void StartSodium() { CHECK(sodium_init() >= 0); }

/// Secrets pass through ordinary strings on their way to a signature, so the whole process is excluded.
void ForbidCoreDumps() {
  const rlimit none{0, 0};
  CHECK(setrlimit(RLIMIT_CORE, &none) == 0);
  CHECK(prctl(PR_SET_DUMPABLE, 0) == 0);
}

std::string ToHex(const unsigned char* bytes, std::size_t count) {
  std::string hex(count * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), bytes, count);
  hex.pop_back();
  return hex;
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

/// systemd.exec(5), "Credentials": the files are root's, and the service's user reads them through an ACL, whose mask
/// stands where the group's permissions would.
Result<std::string> ReadCredential(const std::filesystem::path& file) {
  struct stat info{};
  if (stat(file.c_str(), &info) != 0) return ErrnoError("read the credential", file, errno);
  const bool narrow = (info.st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) == 0;
  if (!narrow || (info.st_uid != 0 && info.st_uid != geteuid())) {
    return Error(Errc::kPermissionDenied,
                 "the credential is not as systemd gives it: " + file.string())
        .Hint("let systemd make it, with LoadCredential=farthing-secret-key:FILE in the unit");
  }
  return ReadFile(file, kKeyFileLimit);
}

/// Where a rotation leaves the next key until its transaction has ended.
std::filesystem::path NextFile(std::filesystem::path file) { return file += ".next"; }

/// Whole or not at all: half a key in its place would close the vault.
Result<void> WriteKeyFile(const std::filesystem::path& file, const std::string& text) {
  TRY(MakeDirectories(file.parent_path()));
  std::filesystem::path part = file;
  part += ".part";
  TRY(RemoveTree(part));
  const mode_t before = umask(S_IRWXG | S_IRWXO);
  Result<void> written = WriteFileDurably(part, text + "\n");
  umask(before);
  TRY(written);
  return RenameDurably(part, file);
}

}  // namespace

/// The key in memory that is locked, guarded and wiped (sodium_malloc).
struct Vault::Key {
  Key() : bytes(static_cast<unsigned char*>(sodium_malloc(kKeyBytes))) { CHECK(bytes != nullptr); }
  ~Key() { sodium_free(bytes); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  static Result<std::unique_ptr<Key>> Parse(std::string_view text, std::string_view origin) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    text = Trim(text);
    auto key = std::make_unique<Key>();
    std::size_t count = 0;
    const bool hex = sodium_hex2bin(key->bytes, kKeyBytes, text.data(), text.size(), nullptr,
                                    &count, nullptr) == 0;
    if (hex && count == kKeyBytes) return key;
    const bool base64 = sodium_base642bin(key->bytes, kKeyBytes, text.data(), text.size(), nullptr,
                                          &count, nullptr, sodium_base64_VARIANT_ORIGINAL) == 0;
    if (base64 && count == kKeyBytes) return key;
    return Error(Errc::kInvalidArgument,
                 "not a key of 32 bytes as 64 hex digits or base64: " + std::string(origin))
        .Hint("make one with: openssl rand -hex 32");
  }

  /// Tells keys apart without telling anything about them.
  std::string id() const {
    std::array<unsigned char, 16> hash{};
    crypto_generichash(hash.data(), hash.size(), bytes, kKeyBytes, Bytes("farthing secret key id"),
                       22);
    return ToHex(hash.data(), hash.size());
  }
  std::string text() const { return ToHex(bytes, kKeyBytes); }

  unsigned char* bytes;
};

Result<std::string> ReadKeyFile(const std::filesystem::path& file) {
  struct stat info{};
  if (stat(file.c_str(), &info) != 0) return ErrnoError("read the key file", file, errno);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error(Errc::kPermissionDenied, "the key file can be read by others: " + file.string())
        .Hint("chmod 600 " + file.string());
  }
  return ReadFile(file, kKeyFileLimit);
}

std::string NewKeyText() {
  StartSodium();
  std::array<unsigned char, kKeyBytes> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  std::string text = ToHex(bytes.data(), bytes.size());
  sodium_memzero(bytes.data(), bytes.size());
  return text;
}

Vault::Vault(engine::SqliteDatabase& database, KeySource source, std::unique_ptr<Key> key)
    : database_(database), source_(std::move(source)), key_(std::move(key)) {}
Vault::~Vault() = default;

Result<std::unique_ptr<Vault>> Vault::Open(engine::SqliteDatabase& database,
                                           const KeySource& source) {
  StartSodium();
  ForbidCoreDumps();
  std::string written_under;
  TRY(database.Each("SELECT key_id FROM secrets LIMIT 1", {},
                    [&](const engine::SqliteRow& row) { written_under = row.Text(0); }));
  std::unique_ptr<Key> key;
  std::string origin;
  if (source.text) {
    origin = "the variable";
    TRY_ASSIGN(key, Key::Parse(*source.text, origin));
  } else if (source.file) {
    origin = source.file->string();
    TRY_ASSIGN(const std::string text, ReadKeyFile(*source.file));
    TRY_ASSIGN(key, Key::Parse(text, origin));
  } else if (source.credential) {
    origin = source.credential->string();
    TRY_ASSIGN(const std::string text, ReadCredential(*source.credential));
    TRY_ASSIGN(key, Key::Parse(text, origin));
  } else {
    const std::filesystem::path& file = source.default_file;
    const std::filesystem::path next = NextFile(file);
    origin = file.string();
    if (std::filesystem::exists(next)) {
      // A rotation was interrupted: its transaction decides which key counts.
      TRY_ASSIGN(const std::string text, ReadKeyFile(next));
      TRY_ASSIGN(key, Key::Parse(text, next.string()));
      if (key->id() == written_under) {
        TRY(RenameDurably(next, file));
      } else {
        TRY(RemoveTree(next));
      }
    }
    if (!std::filesystem::exists(file) && written_under.empty()) {
      TRY(WriteKeyFile(file, NewKeyText()));
    }
    TRY_ASSIGN(const std::string text, ReadKeyFile(file));
    TRY_ASSIGN(key, Key::Parse(text, origin));
  }
  if (!written_under.empty() && key->id() != written_under) {
    return Error(Errc::kUnauthenticated,
                 "the secrets were written under another key than the one of " + origin)
        .Hint("bring that key back, or enter the secrets again after farthing disconnect");
  }
  return std::unique_ptr<Vault>(new Vault(database, source, std::move(key)));
}

Result<void> Vault::Put(std::string_view connection_id, std::string_view name,
                        std::string_view secret) {
  std::string nonce(kNonceBytes, '\0');
  randombytes_buf(nonce.data(), nonce.size());
  const std::string place = Place(connection_id, name);
  std::string box(secret.size() + kTagBytes, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(reinterpret_cast<unsigned char*>(box.data()), nullptr,
                                             Bytes(secret), secret.size(), Bytes(place),
                                             place.size(), nullptr, Bytes(nonce), key_->bytes);
  return database_.Run(
      "INSERT INTO secrets (connection_id, name, key_id, nonce, box) VALUES (?, ?, ?, ?, ?) "
      "ON CONFLICT (connection_id, name) DO UPDATE SET key_id = excluded.key_id, "
      "nonce = excluded.nonce, box = excluded.box",
      {std::string(connection_id), std::string(name), key_->id(), ToHex(Bytes(nonce), nonce.size()),
       ToHex(Bytes(box), box.size())});
}

Result<std::string> Vault::Get(std::string_view connection_id, std::string_view name) {
  std::string nonce, box;
  bool found = false;
  TRY(database_.Each("SELECT nonce, box FROM secrets WHERE connection_id = ? AND name = ?",
                     {std::string(connection_id), std::string(name)},
                     [&](const engine::SqliteRow& row) {
                       found = true;
                       nonce = FromHex(row.Text(0));
                       box = FromHex(row.Text(1));
                     }));
  if (!found) {
    return Error(Errc::kNotFound, "no secret is stored for this connection: " + std::string(name))
        .Hint("enter it again with: farthing connections edit");
  }
  const std::string place = Place(connection_id, name);
  std::string secret(box.size() < kTagBytes ? 0 : box.size() - kTagBytes, '\0');
  const bool opened =
      nonce.size() == kNonceBytes && box.size() >= kTagBytes &&
      crypto_aead_xchacha20poly1305_ietf_decrypt(
          reinterpret_cast<unsigned char*>(secret.data()), nullptr, nullptr, Bytes(box), box.size(),
          Bytes(place), place.size(), Bytes(nonce), key_->bytes) == 0;
  if (!opened) {
    return Error(Errc::kCorrupt, "a stored secret was altered: " + std::string(name))
        .Hint("restore the database from a backup, or enter the secret again");
  }
  return secret;
}

Result<void> Vault::Destroy(std::string_view connection_id) {
  return database_.Run("DELETE FROM secrets WHERE connection_id = ?", {std::string(connection_id)});
}

Result<int> Vault::Rotate(const std::optional<std::string>& new_key) {
  const bool own_file = !source_.text && !source_.file && !source_.credential;
  if (!own_file && !new_key) {
    return Error(Errc::kInvalidArgument, "the key comes from outside: give the new one")
        .Hint(
            "put the new key into a file of mode 600 and name it with --new-key-file, then put it "
            "in the old one's place");
  }
  TRY_ASSIGN(std::unique_ptr<Key> next,
             Key::Parse(new_key ? *new_key : NewKeyText(), "the new key"));
  struct Place {
    std::string connection_id, name;
  };
  std::vector<Place> places;
  TRY(database_.Each(
      "SELECT connection_id, name FROM secrets", {},
      [&](const engine::SqliteRow& row) { places.push_back({row.Text(0), row.Text(1)}); }));
  if (own_file) TRY(WriteKeyFile(NextFile(source_.default_file), next->text()));
  std::swap(key_, next);  // `next` is the old key now
  Result<void> rewritten = database_.Transaction([&]() -> Result<void> {
    for (const Place& place : places) {
      std::swap(key_, next);
      Result<std::string> secret = Get(place.connection_id, place.name);
      std::swap(key_, next);
      if (!secret.ok()) return std::move(secret).error();
      TRY(Put(place.connection_id, place.name, *secret));
      sodium_memzero(secret->data(), secret->size());
    }
    return {};
  });
  if (!rewritten.ok()) {
    std::swap(key_, next);
    return std::move(rewritten).error();
  }
  if (own_file) TRY(RenameDurably(NextFile(source_.default_file), source_.default_file));
  return static_cast<int>(places.size());
}

}  // namespace farthing::connect
