#include "lake/load_files.h"

#include "base/files.h"
#include "engine/duckdb.h"

namespace farthing::lake {
namespace {

Error Damaged(const Load& load, const std::string& what, const fs::path& path) {
  return Error(Errc::kCorrupt, "export " + load.export_name + ", " + ToString(load.period) + ": " +
                                   what + ": " + path.string())
      .Hint("restore it from a backup, or import the delivery again into a new directory");
}

const std::map<std::string, LoadFile>* FilesOf(const Load& load, std::string_view table) {
  const auto found = load.files.find(table);
  return found == load.files.end() ? nullptr : &found->second;
}

Result<void> CheckExists(const Load& load, const fs::path& file) {
  std::error_code ignored;
  if (fs::is_regular_file(file, ignored)) return {};
  return Damaged(load, "a file is missing from the lake", file);
}

Result<void> CheckContent(const Load& load, const fs::path& file, const LoadFile& written) {
  std::error_code ignored;
  const std::uint64_t found = fs::file_size(file, ignored);
  if (found != written.size_bytes) {
    return Damaged(load,
                   "a file of the lake has " + std::to_string(found) + " bytes instead of " +
                       std::to_string(written.size_bytes),
                   file);
  }
  TRY_ASSIGN(const std::string sha256, Sha256OfFile(file));
  if (sha256 == written.sha256) return {};
  return Damaged(load, "a file of the lake is not what the import wrote", file);
}

// Our reads name their files; others, and Trino, read all that lie there.
Result<void> CheckNothingElse(const Load& load, const fs::path& partition,
                              const std::map<std::string, LoadFile>& written) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(partition, ignored)) {
    if (written.contains(entry.path().filename().string())) continue;
    return Error(Errc::kCorrupt,
                 "export " + load.export_name + ", " + ToString(load.period) +
                     ": a file that no import wrote lies in the lake: " + entry.path().string())
        .Hint("move it elsewhere: other programs that read the lake would count it");
  }
  return {};
}

}  // namespace

Result<LoadFiles> ListFiles(const fs::path& root, const Load& load) {
  LoadFiles files;
  for (const std::string_view table : kTables) {
    const fs::path partition = root / Layout::Partition(table, load.period, load.id);
    std::error_code code;
    auto& written = files[std::string(table)];
    for (const auto& entry : fs::directory_iterator(partition, code)) {
      LoadFile& file = written[entry.path().filename().string()];
      file.size_bytes = entry.file_size(code);
      if (code) break;
      TRY_ASSIGN(file.sha256, Sha256OfFile(entry.path()));
    }
    if (code) return Error(Errc::kUnavailable, "cannot list " + partition.string());
  }
  return files;
}

std::vector<std::string> FilesToRead(const Layout& layout, std::string_view table,
                                     const Load& load) {
  const auto* files = FilesOf(load, table);
  if (files == nullptr) return {layout.Files(table, load.period, load.id)};
  const fs::path partition = layout.lake() / Layout::Partition(table, load.period, load.id);
  std::vector<std::string> globs;
  for (const auto& [name, file] : *files)
    globs.push_back(engine::GlobOf((partition / name).string()));
  return globs;
}

Result<void> CheckFilesExist(const Layout& layout, const Load& load) {
  for (const std::string_view table : kTables) {
    const fs::path partition = layout.lake() / Layout::Partition(table, load.period, load.id);
    if (const auto* files = FilesOf(load, table)) {
      for (const auto& [name, file] : *files) TRY(CheckExists(load, partition / name));
      continue;
    }
    std::error_code ignored;
    if (!fs::is_directory(partition, ignored) || fs::is_empty(partition, ignored))
      return Damaged(load, "files are missing from the lake", partition);
  }
  return {};
}

Result<void> CheckFiles(const Layout& layout, const Load& load) {
  TRY(CheckFilesExist(layout, load));
  for (const auto& [table, files] : load.files) {
    const fs::path partition = layout.lake() / Layout::Partition(table, load.period, load.id);
    for (const auto& [name, file] : files) TRY(CheckContent(load, partition / name, file));
    TRY(CheckNothingElse(load, partition, files));
  }
  return {};
}

Error BlameFiles(const Layout& layout, const std::vector<Load>& loads, Error error) {
  for (const Load& load : loads) {
    Result<void> checked = CheckFiles(layout, load);
    if (!checked.ok()) return std::move(checked).error();
  }
  return error;
}

}  // namespace farthing::lake
