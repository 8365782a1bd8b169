#pragma once

// How names and folders of a bucket copy are to be understood: what AWS calls things and what copying tools
// make of it.  Looks at paths only.  docs/formats/manifests.md.  Const-safe.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace farthing::ingest {

/// Undoes %3A and the like in names of local copies.
std::string DecodeName(std::string_view name);

bool IsManifestName(const std::filesystem::path& file);
/// True for what AWS, copying tools and people put beside the data (cur-facts 6, quirk 52): known by name, since
/// most of it would be taken for a damaged bill.  `file` is relative to what is imported.
bool IsHelperFile(const std::filesystem::path& file);
/// True for the helper files that say whether AWS is done writing.
bool IsStatusFile(const std::filesystem::path& file);
/// True for "20260101-20260201", the folder of a month of a legacy report.
bool IsDateRange(const std::string& folder);

bool IsBelow(const std::filesystem::path& file, const std::filesystem::path& folder);
/// The deepest folder above both; `a` is a folder.
std::filesystem::path CommonFolder(std::filesystem::path a, const std::filesystem::path& b);

/// Returns the time that a version's name begins with: "20260116T123456Z" of legacy reports,
/// "2026-01-16T12:34:56.789Z-<execution>" of data exports' folders.
std::optional<Instant> TimeOfVersion(std::string_view name);
/// When a version was made: its key says so, or the folder among these paths that AWS named after it.
std::optional<Instant> TimeOfVersion(const std::string& key,
                                     const std::vector<std::filesystem::path>& places);

/// Returns "2026-01" of a folder BILLING_PERIOD=2026-01 or year=2026/month=1 in a path.
std::optional<Period> PeriodInPath(const std::filesystem::path& path);

/// The name of the export that a manifest's file name holds.
std::string NameOfManifest(const std::filesystem::path& manifest);
/// A file's name without what says how it is packed: "2026.01" of 2026.01.csv.gz.
std::string NameOfFile(std::filesystem::path file);
/// A folder's name; of the folder `data` inside an export, the export's.
std::string NameOfFolder(const std::filesystem::path& folder);

/// The folder that holds a bare export: partition folders and those of dates belong to its inside.
std::filesystem::path BareFolder(const std::filesystem::path& file);
/// The folder of one day that a bare file lies in (2025/03/01, day=1, date=2025-03-01, 2025-03-01); empty: in none.
std::filesystem::path DayOfBareFile(const std::filesystem::path& file);
/// The folders where AWS keeps the data of a manifest.  Files in them are never bare ones, even when the
/// manifest is torn and names none.
std::vector<std::filesystem::path> DataFolders(const std::filesystem::path& manifest,
                                               const std::filesystem::path& root);
/// The folder of a report inside its bucket: the key up to the billing period.  A bucket's name is no
/// part of it, since copies and replicas keep the keys.
std::string ReportFolder(const std::string& key);

}  // namespace farthing::ingest
