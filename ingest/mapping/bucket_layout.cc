#include "ingest/mapping/bucket_layout.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/text.h"

namespace farthing::ingest {
namespace {

namespace fs = std::filesystem;

bool IsPartitionFolder(const std::string& folder) {
  const std::string lower = ToLower(DecodeName(folder));
  return lower.starts_with("billing_period=") || lower.starts_with("year=") ||
         lower.starts_with("month=");
}

bool IsNumber(std::string_view text, std::size_t digits, int least, int most) {
  if (text.size() != digits || text.find_first_not_of("0123456789") != std::string::npos) {
    return false;
  }
  const int number = std::atoi(std::string(text).c_str());
  return number >= least && number <= most;
}

// "2025-03-01"
bool IsDay(const std::string& text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-' && ParseInstant(text).ok();
}

// "day=1", "date=2025-03-01" and the like, "2025-03-01".
bool IsDayFolder(const fs::path& folder) {
  const std::string name = ToLower(DecodeName(folder.filename().string()));
  return name.starts_with("day=") || IsDay(name.substr(name.find('=') + 1));
}

// How many folders up from "2025/03/01" or "2025/03" the parent of the dates is: 3, 2, or 0 for another folder.
int LevelsOfDate(const fs::path& folder) {
  constexpr int kFirstYear = 2000;
  constexpr int kLastYear = 2099;
  const auto is_month = [](const fs::path& path) {
    return IsNumber(path.filename().string(), 2, 1, 12) &&
           IsNumber(path.parent_path().filename().string(), 4, kFirstYear, kLastYear);
  };
  if (IsNumber(folder.filename().string(), 2, 1, 31) && is_month(folder.parent_path())) return 3;
  return is_month(folder) ? 2 : 0;
}

}  // namespace

std::string DecodeName(std::string_view text) {
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

bool IsManifestName(const fs::path& file) {
  const std::string name = ToLower(file.filename().string());
  return name.ends_with("manifest.json") && !name.ends_with("redshiftmanifest.json");
}

bool IsHelperFile(const fs::path& file) {
  const std::string name = ToLower(file.filename().string());
  // "_SUCCESS" and the like: names that Hive and Spark never read either.
  if (name.starts_with("_") || name.ends_with("_$folder$")) return true;
  if (std::any_of(file.begin(), file.end(), [](const fs::path& part) {
        return part.string().starts_with(".") || part == "__MACOSX" || part == "_temporary" ||
               part == "_delta_log";
      })) {
    return true;
  }
  static constexpr std::string_view kNames[] = {"aws-programmatic-access-test-object",
                                                "readme",
                                                "license",
                                                "checksums",
                                                "md5sums",
                                                "sha1sums",
                                                "sha256sums",
                                                "thumbs.db"};
  if (std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames)) return true;
  static constexpr std::string_view kEndings[] = {
      // AWS's commands and descriptions
      ".sql", ".yml", ".yaml", ".json", ".xml",
      // texts, pictures, programs
      ".md", ".txt", ".html", ".htm", ".log", ".pdf", ".doc", ".docx", ".png", ".jpg", ".svg",
      ".py", ".sh", ".ini",
      // checksums and signatures
      ".md5", ".sha1", ".sha256", ".sha512", ".crc", ".asc", ".sig",
      // packed folders, files on their way
      ".tar", ".tgz", ".tar.gz", ".tmp", ".part", ".crdownload"};
  return IsStatusFile(file) ||
         std::any_of(std::begin(kEndings), std::end(kEndings),
                     [&](std::string_view end) { return name.ends_with(end); });
}

bool IsStatusFile(const fs::path& file) {
  return std::any_of(file.begin(), file.end(), [](const fs::path& part) {
    const std::string folder = ToLower(part.string());
    return folder == "cost_and_usage_data_status" || folder == "execution_status";
  });
}

fs::path BareFolder(const fs::path& file) {
  fs::path folder = file.parent_path();
  while (true) {
    int levels = LevelsOfDate(folder);
    if (levels == 0) levels = IsPartitionFolder(folder.filename().string()) || IsDayFolder(folder);
    if (levels == 0) return folder;
    for (; levels > 0; --levels) folder = folder.parent_path();
  }
}

fs::path DayOfBareFile(const fs::path& file) {
  const fs::path outer = BareFolder(file);
  for (fs::path folder = file.parent_path(); folder != outer; folder = folder.parent_path()) {
    if (IsDayFolder(folder) || LevelsOfDate(folder) == 3) return folder;
  }
  return {};
}

std::string NameOfManifest(const fs::path& manifest) {
  const std::string name = manifest.filename().string();
  const std::string lower = ToLower(name);
  std::size_t end = lower.rfind("manifest.json");
  while (end > 0 && (name[end - 1] == '-' || name[end - 1] == '_')) --end;
  if (end > 0) return name.substr(0, end);
  // Azure: <export>/20240201-20240229/<run>/manifest.json
  fs::path folder = manifest.parent_path();
  if (IsDateRange(folder.parent_path().filename().string())) folder = folder.parent_path();
  if (IsDateRange(folder.filename().string())) folder = folder.parent_path();
  return folder.filename().string();
}

bool IsBelow(const fs::path& file, const fs::path& folder) {
  const auto [end, _] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return end == folder.end();
}

fs::path CommonFolder(fs::path a, const fs::path& b) {
  while (!IsBelow(b, a) && a.has_relative_path()) a = a.parent_path();
  return a;
}

std::optional<Instant> TimeOfVersion(std::string_view name) {
  const std::string decoded = DecodeName(name);
  const Result<Instant> instant = ParseInstant(decoded.substr(0, decoded.find('Z') + 1));
  return instant.ok() && decoded.find('T') != std::string::npos ? std::optional(*instant)
                                                                : std::nullopt;
}

std::optional<Instant> TimeOfVersion(const std::string& key, const std::vector<fs::path>& places) {
  if (const auto time = TimeOfVersion(key)) return time;
  for (const fs::path& place : places) {
    for (const fs::path& part : place) {
      if (!DecodeName(part.string()).ends_with(key)) continue;
      if (const auto time = TimeOfVersion(part.string())) return time;
    }
  }
  return std::nullopt;
}

std::optional<Period> PeriodInPath(const fs::path& path) {
  int year = 0;
  int month = 0;
  for (const fs::path& part : path) {
    const std::string folder = ToLower(DecodeName(part.string()));
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

std::string NameOfFile(fs::path file) {
  for (const char* ending : {".gz", ".zip", ".csv", ".parquet", ".snappy"}) {
    if (ToLower(file.extension().string()) == ending) file.replace_extension();
  }
  return file.filename().string();
}

std::string NameOfFolder(const fs::path& folder) {
  const bool inside = ToLower(folder.filename().string()) == "data";
  return (inside ? folder.parent_path() : folder).filename().string();
}

bool IsDateRange(const std::string& folder) {
  return folder.size() == 17 && folder[8] == '-' &&
         folder.find_first_not_of("0123456789-") == std::string::npos;
}

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

std::string ReportFolder(const std::string& key) {
  std::vector<std::string> folders;
  for (const std::string& part : Split(key, '/')) {
    // A report of Parquet files has its name twice; the same report in CSV is no other one.
    const bool repeats = folders.size() > 1 && folders.back() == *(folders.end() - 2);
    if (IsPartitionFolder(part) && repeats) folders.pop_back();
    if (IsDateRange(part) || IsPartitionFolder(part) || part == "data") break;
    folders.push_back(part);
  }
  return folders.empty() ? "" : Join(folders, "/") + "/";
}

}  // namespace farthing::ingest
