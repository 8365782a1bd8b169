#include "ingest/discover.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "ingest/manifest.h"
#include "ingest/status_table.h"

namespace farthing::ingest {
namespace {

constexpr std::uint64_t kManifestLimitBytes = 64 * 1024 * 1024;
constexpr int kMostLevelsAbove = 8;

std::string Decode(std::string_view text) {  // %3A in names of local copies
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() &&
        std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
        std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0) {
      decoded += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

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

bool IsManifestName(const fs::path& file) {
  const std::string name = ToLower(file.filename().string());
  return name.ends_with("manifest.json") && !name.ends_with("redshiftmanifest.json");
}

// Objects that AWS and copying tools put beside the data (cur-facts 6, quirk 52).
bool IsHelperFile(const fs::path& file) {
  const std::string name = ToLower(file.filename().string());
  // "_SUCCESS" and the like: names that Hive and Spark never read either.
  if (name.starts_with(".") || name.starts_with("_") || name == "expected.json" ||
      name == "aws-programmatic-access-test-object") {
    return true;
  }
  for (const fs::path& part : file) {
    const std::string folder = ToLower(part.string());
    if (folder == "cost_and_usage_data_status" || folder == "execution_status") return true;
  }
  for (const std::string_view ending : {".sql", ".yml", ".yaml", ".json", ".md", ".txt", ".html",
                                        ".xml", ".tar", ".tgz", ".tar.gz", ".py", ".sh", ".log"}) {
    if (name.ends_with(ending)) return true;
  }
  return false;
}

bool IsPartitionFolder(const std::string& folder) {
  const std::string lower = ToLower(Decode(folder));
  return lower.starts_with("billing_period=") || lower.starts_with("year=") ||
         lower.starts_with("month=");
}

// The folder that holds a bare export: partition folders belong to its inside.
fs::path BareFolder(const fs::path& file) {
  fs::path folder = file.parent_path();
  while (IsPartitionFolder(folder.filename().string())) folder = folder.parent_path();
  return folder;
}

std::string NameOfManifest(const fs::path& manifest) {
  const std::string name = manifest.filename().string();
  const std::string lower = ToLower(name);
  std::size_t end = lower.rfind("manifest.json");
  while (end > 0 && (name[end - 1] == '-' || name[end - 1] == '_')) --end;
  return end == 0 ? manifest.parent_path().filename().string() : name.substr(0, end);
}

bool IsBelow(const fs::path& file, const fs::path& folder) {
  const auto [end, _] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return end == folder.end();
}

fs::path CommonFolder(fs::path a, const fs::path& b) {
  while (!IsBelow(b, a) && a.has_relative_path()) a = a.parent_path();
  return a;
}

// "20260101-20260201", the folder of a month of a legacy report.
bool IsDateRange(const std::string& folder) {
  return folder.size() == 17 && folder[8] == '-' &&
         folder.find_first_not_of("0123456789-") == std::string::npos;
}

// The folders where AWS keeps the data of a manifest.  Files in them are never bare ones, even when the
// manifest is torn and names none.
std::vector<fs::path> DataFolders(const fs::path& manifest, const fs::path& root) {
  std::vector<fs::path> folders = {manifest.parent_path()};
  for (fs::path above = folders[0]; above != root && above.has_relative_path();
       above = above.parent_path()) {
    const std::string name = above.filename().string();
    if (name == "metadata") folders.push_back(above.parent_path() / "data");
    if (IsDateRange(name))
      folders.insert(folders.end(), {above, above.parent_path() / NameOfManifest(manifest)});
  }
  return folders;
}

// The folder of a report inside its bucket: the key up to the billing period.  A bucket's name is no
// part of it, since copies and replicas keep the keys.
std::string ReportFolder(const std::string& key) {
  std::string folder;
  for (const std::string& part : Split(key, '/')) {
    if (IsDateRange(part) || IsPartitionFolder(part) || part == "data") break;
    folder += part + "/";
  }
  return folder;
}

// An export's ARN names it; a legacy report is known by its account, folder and name.
std::string IdentityOf(const Manifest& manifest, const std::string& name) {
  if (manifest.kind == Manifest::Kind::kDataExport && !manifest.identity.empty()) {
    return "export:" + manifest.identity;
  }
  return "report:" + manifest.account + ":" + ReportFolder(manifest.keys.front()) + ":" + name;
}

// Everything about one manifest file, its data files resolved.
FoundDelivery ReadOneManifest(const fs::path& path, const fs::path& root, bool& is_manifest) {
  FoundDelivery found;
  found.manifest = path;
  found.source = root.string();
  found.export_name = NameOfManifest(path);
  found.period = PeriodInPath(path);
  is_manifest = true;
  Result<std::string> text = ReadFile(path, kManifestLimitBytes);
  if (!text.ok()) {
    const bool huge = text.error().code() == Errc::kTooLarge;
    found.version_key = "unreadable";
    found.problem = huge ? Error(Errc::kCorrupt, "manifest " + text.error().message())
                         : std::move(text).error();
    return found;
  }
  Result<std::optional<Manifest>> parsed = ParseManifest(*text);
  if (!parsed.ok()) {
    found.version_key = "torn:" + Sha256(*text);
    found.problem = std::move(parsed).error().Wrap(path.string());
    return found;
  }
  if (!*parsed) {
    is_manifest = false;
    return found;
  }
  const Manifest& manifest = **parsed;
  if (!manifest.name.empty()) found.export_name = manifest.name;
  found.version_key = manifest.version_key;
  found.columns = manifest.columns;
  found.is_data_export = manifest.kind == Manifest::Kind::kDataExport;
  if (manifest.period) found.period = manifest.period;
  for (const std::string& key : manifest.keys) {
    Result<fs::path> file = ResolveKey(key, path, root);
    if (file.ok()) {
      found.files.push_back(*std::move(file));
      if (!found.period) found.period = PeriodInPath(found.files.back());
    } else if (!found.problem) {
      found.problem = std::move(file).error().Wrap(path.string());
    }
  }
  found.latest = path.string().find(manifest.version_key) == std::string::npos;
  found.export_identity = IdentityOf(manifest, found.export_name);
  return found;
}

// AWS writes the same manifest to several places; one delivery remains of them.
void AddDelivery(FoundDelivery found, std::vector<FoundDelivery>& deliveries) {
  for (FoundDelivery& known : deliveries) {
    if (known.export_identity != found.export_identity || known.period != found.period ||
        known.version_key != found.version_key) {
      continue;
    }
    const bool latest = known.latest || found.latest;
    if (known.problem && !found.problem) known = std::move(found);
    known.latest = latest;
    return;
  }
  deliveries.push_back(std::move(found));
}

// A torn manifest says no identity: it belongs to the export with the same name, else it stands alone.
void AdoptTorn(std::vector<FoundDelivery>& deliveries) {
  for (FoundDelivery& torn : deliveries) {
    if (!torn.export_identity.empty()) continue;
    torn.export_identity = "torn:" + torn.manifest.string();
    for (const FoundDelivery& other : deliveries) {
      if (other.export_name == torn.export_name && !other.export_identity.starts_with("torn:") &&
          !other.export_identity.empty()) {
        torn.export_identity = other.export_identity;
        if (!torn.period) torn.period = other.period;
      }
    }
  }
}

// A file's name without what says how it is packed: "2026.01" of 2026.01.csv.gz.
std::string NameOfFile(fs::path file) {
  for (const char* ending : {".gz", ".zip", ".csv", ".parquet", ".snappy"}) {
    if (ToLower(file.extension().string()) == ending) file.replace_extension();
  }
  return file.filename().string();
}

// A folder's name; `data` is the folder inside that of an export.
std::string NameOfFolder(const fs::path& folder) {
  const bool inside = ToLower(folder.filename().string()) == "data";
  return (inside ? folder.parent_path() : folder).filename().string();
}

// Files in a version's own folder never change; others are replaced while the status table says so.
void AddStatusTables(const std::vector<fs::path>& files, std::vector<FoundDelivery>& deliveries) {
  for (const fs::path& table : files) {
    if (!IsStatusTable(table)) continue;
    const fs::path subject = SubjectOf(table);
    for (FoundDelivery& found : deliveries) {
      const bool concerned =
          std::any_of(found.files.begin(), found.files.end(), [&](const fs::path& file) {
            const bool own_folder = !found.version_key.empty() &&
                                    file.string().find(found.version_key) != std::string::npos;
            return IsBelow(file, subject) && !own_folder;
          });
      if (concerned) found.status_table = table;
    }
  }
}

void AddBareFiles(const std::vector<fs::path>& files, const fs::path& root, Discovery& discovery) {
  std::map<fs::path, std::vector<fs::path>> by_folder;
  for (const fs::path& file : files) by_folder[BareFolder(file)].push_back(file);
  for (auto& [folder, members] : by_folder) {
    FoundDelivery found;
    const bool single = fs::is_regular_file(root);
    found.export_name = single ? NameOfFile(root) : NameOfFolder(folder);
    if (found.export_name.empty()) found.export_name = "bill";
    found.export_identity = "bare:" + (single ? root : folder).string();
    found.source = root.string();
    found.files = std::move(members);
    discovery.deliveries.push_back(std::move(found));
  }
}

}  // namespace

std::optional<Period> PeriodInPath(const fs::path& path) {
  int year = 0;
  int month = 0;
  for (const fs::path& part : path) {
    const std::string folder = ToLower(Decode(part.string()));
    if (folder.starts_with("billing_period=")) {
      const Result<Period> period = ParsePeriod(folder.substr(15, 7));
      if (period.ok()) return *period;
    }
    if (folder.starts_with("year=")) year = std::atoi(folder.c_str() + 5);
    if (folder.starts_with("month=")) month = std::atoi(folder.c_str() + 6);
  }
  if (year > 0 && month >= 1 && month <= 12) return Period{year, month};
  return std::nullopt;
}

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
        decoded /= Decode(parts[i]);
      }
      for (const fs::path& candidate : {plain, colons_encoded, encoded, decoded}) {
        std::error_code code;
        if (!fs::is_regular_file(candidate, code)) continue;
        if (bare_name && !flat && parts[skip - 1] != folder.filename()) continue;
        // Names may be encoded, files may be links: only what the disk says counts.
        const fs::path bucket = fs::canonical(folders.back(), code);
        if (IsBelow(fs::canonical(candidate, code), bucket)) return candidate;
        return Error(Errc::kPermissionDenied,
                     "file outside the directory: " + key + " is " + candidate.string())
            .Hint(
                "copy the file itself into the directory; links and .. are not followed out of it");
      }
      if (bare_name) break;  // a bare name counts only beside the manifest
    }
  }
  return Error(Errc::kNotFound, "file named by the manifest is missing: " + key)
      .Hint("copy the bucket again; the delivery may have been copied while AWS was writing it");
}

Result<Discovery> Discover(const fs::path& given) {
  std::error_code code;
  const fs::path path = fs::canonical(given, code);
  if (code) {
    return Error(Errc::kNotFound, "no such file or directory: " + given.string())
        .Hint("give a bucket copy, a manifest or the files of a bill");
  }
  fs::path root = path;
  std::vector<fs::path> files = {path};
  if (fs::is_directory(path)) {
    TRY_ASSIGN(files, ListTree(path));
  } else {
    for (int level = 0; level < kMostLevelsAbove && root.has_relative_path(); ++level) {
      root = root.parent_path();
    }
  }

  Discovery discovery;
  std::set<fs::path> named;
  std::set<fs::path> owned_folders;
  for (const fs::path& file : files) {
    if (!IsManifestName(file)) continue;
    bool is_manifest = false;
    FoundDelivery found = ReadOneManifest(file, root, is_manifest);
    if (!is_manifest) continue;
    for (fs::path& folder : DataFolders(file, root)) owned_folders.insert(std::move(folder));
    fs::path folder = file.parent_path();
    for (const fs::path& data : found.files) {
      named.insert(data);
      folder = CommonFolder(folder, data);
    }
    owned_folders.insert(folder);
    AddDelivery(std::move(found), discovery.deliveries);
  }
  AdoptTorn(discovery.deliveries);

  std::vector<fs::path> bare;
  for (const fs::path& file : files) {
    if (IsManifestName(file) || IsHelperFile(file) || named.contains(file)) continue;
    const bool owned = std::any_of(owned_folders.begin(), owned_folders.end(),
                                   [&](const fs::path& folder) { return IsBelow(file, folder); });
    if (owned) {
      discovery.notes.push_back("surplus file, named by no manifest, not read: " + file.string());
    } else {
      bare.push_back(file);
    }
  }
  AddBareFiles(bare, path, discovery);
  AddStatusTables(files, discovery.deliveries);
  if (discovery.deliveries.empty()) {
    return Error(Errc::kNotFound, "nothing to import in " + given.string())
        .Hint("give a bucket copy with manifests, or CSV or Parquet files of a bill");
  }
  return discovery;
}

}  // namespace farthing::ingest
