#include "ingest/mapping/resolve_key.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/text.h"
#include "ingest/mapping/bucket_layout.h"

namespace farthing::ingest {
namespace {

namespace fs = std::filesystem;

// Copying tools encode the colon at most, or all but letters, digits and -_.~ (RFC 3986).
bool IsPlain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("-_.~").find(c) != std::string_view::npos;
}
bool IsNoColon(char c) { return c != ':'; }

std::string Encode(std::string_view text, bool (*is_kept)(char)) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_kept(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kHex[byte / 16];
    encoded += kHex[byte % 16];
  }
  return encoded;
}

}  // namespace

Result<fs::path> ResolveKey(const std::string& key, const fs::path& manifest,
                            const fs::path& root) {
  std::vector<std::string> parts;
  for (const std::string& part : Split(key, '/')) {
    if (part == "..") {
      return Error(Errc::kPermissionDenied, "file outside the directory: " + key)
          .Hint("a manifest never climbs with ..; get it again from its owner");
    }
    if (!part.empty() && part != ".") parts.push_back(part);
  }
  std::vector<fs::path> folders;
  for (fs::path folder = manifest.parent_path();; folder = folder.parent_path()) {
    folders.push_back(folder);
    const bool is_bucket = folders.size() > parts.size();  // as far up as the key reaches
    if (is_bucket || folder == root || !folder.has_relative_path()) break;
  }
  // A bare name counts only beside the manifest, and only in a flat copy: where the manifest's folder is
  // one of the key's, a file that is not where the key says is an older one.
  const auto name = parts.empty() ? parts.end() : parts.end() - 1;
  const bool flat =
      std::find(parts.begin(), name, manifest.parent_path().filename().string()) == name;
  for (std::size_t skip = 0; skip < parts.size(); ++skip) {
    const bool bare_name = skip + 1 == parts.size();
    for (const fs::path& folder : folders) {
      fs::path plain = folder;
      fs::path colons_encoded = folder;
      fs::path encoded = folder;
      fs::path decoded = folder;
      for (std::size_t i = skip; i < parts.size(); ++i) {
        plain /= parts[i];
        colons_encoded /= Encode(parts[i], IsNoColon);
        encoded /= Encode(parts[i], IsPlain);
        decoded /= DecodeName(parts[i]);
      }
      for (const fs::path& candidate : {plain, colons_encoded, encoded, decoded}) {
        std::error_code code;
        if (!fs::is_regular_file(candidate, code)) continue;
        if (bare_name && !flat && parts[skip - 1] != folder.filename()) continue;
        // Names may be encoded, files may be links: only what the disk says counts.
        const fs::path bucket = fs::canonical(folders.back(), code);
        const fs::path real = fs::canonical(candidate, code);
        if (IsBelow(real, bucket)) return candidate;
        return Error(Errc::kPermissionDenied,
                     "file outside the directory: " + key + " is " + real.string())
            .Hint(
                "copy the file itself into the directory; links and .. are not followed out of it");
      }
      if (bare_name) break;  // a bare name counts only beside the manifest
    }
  }
  return Error(Errc::kNotFound, "file named by the manifest is missing: " + key)
      .Hint("copy the bucket again; the delivery may have been copied while AWS was writing it");
}

}  // namespace farthing::ingest
