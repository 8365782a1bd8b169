#include "connect/vault_key.h"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/files.h"
#include "base/shell_words.h"
#include "base/text.h"

namespace farthing::connect {
namespace {

constexpr std::size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::uint64_t kKeyFileLimit = 4096;
constexpr std::string_view kIdSalt = "farthing secret key id";

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string_view View(const unsigned char* bytes, std::size_t count) {
  return {reinterpret_cast<const char*>(bytes), count};
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

/// Null where there is no file.
Result<std::unique_ptr<SecretKey>> ParseIfThere(const Result<std::string>& text,
                                                const std::string& origin) {
  if (text.ok()) return SecretKey::Parse(*text, origin);
  if (text.error().code() == Errc::kNotFound) return std::unique_ptr<SecretKey>();
  return Error(text.error());
}

}  // namespace

std::string KeySource::Name() const {
  if (text) return "the variable FARTHING_SECRET_KEY";
  if (file) return file->string();
  return (credential ? *credential : default_file).string();
}

SecretKey::SecretKey() : bytes_(static_cast<unsigned char*>(sodium_malloc(kKeyBytes))) {
  CHECK(bytes_ != nullptr);
}
SecretKey::~SecretKey() { sodium_free(bytes_); }

Result<std::unique_ptr<SecretKey>> SecretKey::Parse(std::string_view text,
                                                    std::string_view origin) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  text = Trim(text);
  auto key = std::make_unique<SecretKey>();
  std::size_t count = 0;
  const bool hex = sodium_hex2bin(key->bytes_, kKeyBytes, text.data(), text.size(), nullptr, &count,
                                  nullptr) == 0;
  if (hex && count == kKeyBytes) return key;
  const bool base64 = sodium_base642bin(key->bytes_, kKeyBytes, text.data(), text.size(), nullptr,
                                        &count, nullptr, sodium_base64_VARIANT_ORIGINAL) == 0;
  if (base64 && count == kKeyBytes) return key;
  return Error(Errc::kInvalidArgument,
               "not a key of 32 bytes as 64 hex digits or base64: " + std::string(origin))
      .Hint("make one with: openssl rand -hex 32");
}

std::string SecretKey::id() const {
  std::array<unsigned char, 16> hash{};
  crypto_generichash(hash.data(), hash.size(), bytes_, kKeyBytes, Bytes(kIdSalt), kIdSalt.size());
  return ToHex(View(hash.data(), hash.size()));
}

std::string SecretKey::text() const { return ToHex(View(bytes_, kKeyBytes)); }

Result<std::unique_ptr<SecretKey>> FindKey(const KeySource& source, std::string_view wanted) {
  if (source.text) return SecretKey::Parse(*source.text, source.Name());
  if (source.file) return ParseIfThere(ReadKeyFile(*source.file), source.Name());
  if (source.credential) return ParseIfThere(ReadCredential(*source.credential), source.Name());
  // The staged key first: once it is gone from there, it lies in its place.
  const std::filesystem::path next = NextFile(source.default_file);
  if (std::filesystem::exists(next)) {
    TRY_ASSIGN(auto staged, ParseIfThere(ReadKeyFile(next), next.string()));
    if (staged && staged->id() == wanted) return staged;
  }
  return ParseIfThere(ReadKeyFile(source.default_file), source.Name());
}

Result<std::unique_ptr<SecretKey>> MakeKey(const KeySource& source) {
  if (!source.is_own_file()) {
    return Error(Errc::kNotFound, "the key file is missing: " + source.Name())
        .Hint("make it with: (umask 077; openssl rand -hex 32 > " + QuoteShell(source.Name()) +
              ")");
  }
  const std::string text = NewKeyText();
  TRY(WriteKeyFile(source.default_file, text));
  return SecretKey::Parse(text, source.Name());
}

Result<void> StageKey(const KeySource& source, const SecretKey& next) {
  return WriteKeyFile(NextFile(source.default_file), next.text());
}

bool IsRotating(const KeySource& source) {
  return source.is_own_file() && std::filesystem::exists(NextFile(source.default_file));
}

Result<void> SettleRotation(const KeySource& source, std::string_view current) {
  if (!IsRotating(source)) return {};
  const std::filesystem::path next = NextFile(source.default_file);
  TRY_ASSIGN(const std::string text, ReadKeyFile(next));
  TRY_ASSIGN(const auto staged, SecretKey::Parse(text, next.string()));
  return staged->id() == current ? RenameDurably(next, source.default_file) : RemoveTree(next);
}

Result<std::string> ReadKeyFile(const std::filesystem::path& file) {
  struct stat info{};
  if (stat(file.c_str(), &info) != 0) return ErrnoError("read the key file", file, errno);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error(Errc::kPermissionDenied, "the key file can be read by others: " + file.string())
        .Hint("chmod 600 " + QuoteShell(file.string()));
  }
  return ReadFile(file, kKeyFileLimit);
}

std::string NewKeyText() {
  StartSodium();
  std::array<unsigned char, kKeyBytes> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  std::string text = ToHex(View(bytes.data(), bytes.size()));
  sodium_memzero(bytes.data(), bytes.size());
  return text;
}

void StartSodium() { CHECK(sodium_init() >= 0); }

std::string ToHex(std::string_view bytes) {
  std::string hex(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), Bytes(bytes), bytes.size());
  hex.pop_back();
  return hex;
}

}  // namespace farthing::connect
