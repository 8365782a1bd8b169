#include "ingest/discover/discover.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "ingest/discover/list_files.h"
#include "ingest/discover/manifest.h"
#include "ingest/discover/status_table.h"
#include "ingest/mapping/bucket_layout.h"
#include "ingest/mapping/resolve_key.h"

namespace farthing::ingest {
namespace {

constexpr std::uint64_t kManifestLimitBytes = 64 * 1024 * 1024;
constexpr int kMostLevelsAbove = 8;

// An export's ARN names it; a legacy report is known by its account, folder and name.
std::string IdentityOf(const Manifest& manifest, const std::string& name) {
  if (manifest.kind == Manifest::Kind::kDataExport && !manifest.identity.empty()) {
    return "export:" + manifest.identity;
  }
  if (manifest.kind == Manifest::Kind::kAzure) {
    return "azure:" + (manifest.identity.empty() ? name : manifest.identity);
  }
  if (manifest.kind == Manifest::Kind::kCostExplorer) return "cost-explorer:" + manifest.identity;
  return "report:" + manifest.account + ":" + ReportFolder(manifest.keys.front()) + ":" + name;
}

// Azure exports its own tables, price sheets and reservations the same way.
std::optional<Error> NoBill(const Manifest& manifest) {
  if (manifest.dataset.empty() || manifest.dataset == "FocusCost") return std::nullopt;
  return Error(Errc::kInvalidArgument, "the Azure export " + manifest.name + " is of the type " +
                                           manifest.dataset + ", not of FOCUS")
      .Hint("make an export \"Cost and usage details (FOCUS)\" in Cost Management and import that");
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
  found.fills_around = manifest.fills_around;
  found.owner = manifest.account;
  found.condition = manifest.condition;
  found.row_count = manifest.row_count;
  found.problem = NoBill(manifest);
  if (manifest.period) found.period = manifest.period;
  for (const std::string& key : manifest.keys) {
    Result<fs::path> file = ResolveKey(key, path, root);
    if (file.ok() &&
        std::find(found.files.begin(), found.files.end(), *file) != found.files.end()) {
      continue;  // named twice
    }
    if (file.ok()) {
      found.files.push_back(*std::move(file));
      if (!found.period) found.period = PeriodInPath(found.files.back());
    } else if (!found.problem) {
      found.problem = std::move(file).error().Wrap(path.string());
    }
  }
  const bool says_time = manifest.kind == Manifest::Kind::kAzure;  // nothing else decides there
  found.latest = !says_time && path.string().find(manifest.version_key) == std::string::npos;
  found.version_time = TimeOfVersion(manifest.version_key, {path, manifest.keys.front()});
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

// One note for all that is left alone: a bucket copy has many such files.  Hidden ones are nobody's question.
void NoteHelpers(const std::vector<fs::path>& helpers, const fs::path& root, Discovery& discovery) {
  constexpr std::size_t kNamed = 3;
  std::vector<std::string> names;
  for (const fs::path& file : helpers) {
    if (file.filename().string().starts_with('.')) continue;
    names.push_back(file.lexically_relative(root).string());
  }
  if (names.empty()) return;
  const std::size_t rest = names.size() - std::min(names.size(), kNamed);
  names.resize(names.size() - rest);
  discovery.notes.push_back("no bills by their names, not read: " + Join(names, ", ") +
                            (rest == 0 ? "" : " and " + std::to_string(rest) + " more"));
}

// A bare bill with a link that leads out lacks a part, and nothing of it is read.
void AddBareFiles(const std::vector<fs::path>& files, const std::vector<fs::path>& leaks,
                  const fs::path& root, Discovery& discovery) {
  std::map<fs::path, std::vector<fs::path>> by_folder;
  for (const fs::path& file : files) by_folder[BareFolder(file)].push_back(file);
  std::map<fs::path, fs::path> leak_of_folder;
  for (const fs::path& leak : leaks) {
    std::error_code code;
    const fs::path folder = fs::is_directory(leak, code) ? leak : BareFolder(leak);
    leak_of_folder.emplace(folder, leak);
    by_folder[folder];
  }
  for (auto& [folder, members] : by_folder) {
    FoundDelivery found;
    const bool single = fs::is_regular_file(root) && DayOfBareFile(root).empty();
    found.export_name = single ? NameOfFile(root) : NameOfFolder(folder);
    if (found.export_name.empty()) found.export_name = "bill";
    found.export_identity = "bare:" + (single ? root : folder).string();
    found.source = root.string();
    found.files = std::move(members);
    if (const auto leak = leak_of_folder.find(folder); leak != leak_of_folder.end()) {
      found.problem =
          Error(Errc::kPermissionDenied, "link leaves the directory: " + leak->second.string())
              .Hint("put the file itself there, or remove the link");
    }
    discovery.deliveries.push_back(std::move(found));
  }
}

// What `files` are, which were found at `path`.  Keys of manifests are looked for below `root`.
Result<Discovery> Sort(ListedFiles listed, const fs::path& path, const fs::path& root) {
  const std::vector<fs::path>& files = listed.files;
  const bool is_directory = fs::is_directory(path);
  Discovery discovery;
  discovery.notes = std::move(listed.notes);
  std::set<fs::path> named;
  std::set<fs::path> owned_folders;
  for (const fs::path& file : files) {
    if (!IsManifestName(file)) continue;
    bool is_manifest = false;
    FoundDelivery found = ReadOneManifest(file, root, is_manifest);
    if (!is_manifest) continue;
    named.insert(file);
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
  std::vector<fs::path> helpers;
  for (const fs::path& file : files) {
    if (named.contains(file) || (is_directory && IsStatusFile(file))) continue;
    if (is_directory &&
        IsHelperFile(file.lexically_relative(path))) {  // a file that is given by itself is meant
      helpers.push_back(file);
      continue;
    }
    const bool owned = std::any_of(owned_folders.begin(), owned_folders.end(),
                                   [&](const fs::path& folder) { return IsBelow(file, folder); });
    if (owned) {
      discovery.notes.push_back("surplus file, named by no manifest, not read: " + file.string());
    } else {
      bare.push_back(file);
    }
  }
  std::vector<fs::path> leaks;
  for (const fs::path& leak : listed.leaks) {
    const bool owned = std::any_of(owned_folders.begin(), owned_folders.end(),
                                   [&](const fs::path& folder) { return IsBelow(leak, folder); });
    if (owned || IsStatusFile(leak) || IsHelperFile(leak.lexically_relative(path))) {
      discovery.notes.push_back("link leaves the directory, not read: " + leak.string());
    } else {
      leaks.push_back(leak);
    }
  }
  NoteHelpers(helpers, path, discovery);
  AddBareFiles(bare, leaks, path, discovery);
  AddStatusTables(files, discovery.deliveries);
  if (discovery.deliveries.empty()) {
    return Error(Errc::kNotFound, "nothing to import in " + path.string())
        .Hint("give a bucket copy with manifests, or CSV or Parquet files of a bill");
  }
  return discovery;
}

}  // namespace

Result<Discovery> Discover(const fs::path& given) {
  std::error_code code;
  const fs::path path = fs::canonical(given, code);
  if (code) {
    return Error(Errc::kNotFound, "no such file or directory: " + given.string())
        .Hint("give a bucket copy, a manifest or the files of a bill");
  }
  if (fs::is_directory(path)) {
    TRY_ASSIGN(ListedFiles listed, ListFiles(path));
    return Sort(std::move(listed), path, path);
  }
  fs::path root = path;
  for (int level = 0; level < kMostLevelsAbove && root.has_relative_path(); ++level) {
    root = root.parent_path();
  }
  return Sort({{path}, {}, {}}, path, root);
}

namespace {

// The data files of the manifests and folders among the paths.
std::set<fs::path> FilesOfManifests(const std::vector<fs::path>& paths) {
  std::set<fs::path> named;
  for (const fs::path& given : paths) {
    std::error_code code;
    if (!fs::is_directory(given, code) && !IsManifestName(given)) continue;
    const Result<Discovery> found = Discover(given);
    if (!found.ok()) continue;  // said when it is imported
    for (const FoundDelivery& delivery : found->deliveries)
      named.insert(delivery.files.begin(), delivery.files.end());
  }
  return named;
}

}  // namespace

std::vector<PathGroup> GroupPaths(const std::vector<fs::path>& paths) {
  const std::set<fs::path> named =
      paths.size() > 1 ? FilesOfManifests(paths) : std::set<fs::path>();
  std::vector<PathGroup> groups;
  std::map<fs::path, std::size_t> of_folder;
  for (const fs::path& given : paths) {
    std::error_code code;
    const fs::path path = fs::canonical(given, code);
    if (code || !fs::is_regular_file(path, code) || IsManifestName(path)) {
      groups.push_back({given});
      continue;
    }
    if (named.contains(path)) continue;  // read with its manifest
    const auto [group, is_first] = of_folder.emplace(BareFolder(path), groups.size());
    if (is_first) groups.emplace_back();
    PathGroup& files = groups[group->second];
    if (std::find(files.begin(), files.end(), path) == files.end()) files.push_back(path);
  }
  return groups;
}

Result<Discovery> Discover(const PathGroup& group) {
  if (group.size() == 1) return Discover(group.front());
  PathGroup files = group;
  std::sort(files.begin(), files.end());
  const fs::path folder = BareFolder(files.front());
  return Sort({std::move(files), {}, {}}, folder, folder);
}

}  // namespace farthing::ingest
