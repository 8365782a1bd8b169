#include "aws/whole_files_internal.h"

#include "base/text.h"

namespace farthing::aws {
namespace {

constexpr const char* kJournal = ".whole";
constexpr std::uint64_t kJournalLimit = std::uint64_t{256} << 20;
constexpr int kMostOpen = 64;
// Ends a line: what a kill tore off lacks it.
constexpr std::string_view kEnd = " .";

std::string BootId() {
  Result<std::string> id = ReadFile("/proc/sys/kernel/random/boot_id", 256);
  return id.ok() ? id->substr(0, id->find('\n')) : NewUlid();  // then nothing is trusted
}

std::string Line(const std::string& name, std::string_view content) {
  return http::PercentEncode(name) + " " + std::string(content) + std::string(kEnd) + "\n";
}

}  // namespace

WholeFiles::WholeFiles() : boot_id_(BootId()) {}

WholeFiles::Journal& WholeFiles::JournalOf(const fs::path& directory) {
  const auto [found, is_new] = journals_.try_emplace(directory.string());
  Journal& journal = found->second;
  if (!is_new) return journal;
  const Result<std::string> text = ReadFile(directory / kJournal, kJournalLimit);
  const std::string head = boot_id_ + "\n";
  if (!text.ok() || !text->starts_with(head)) return journal;
  journal.end = head.size();
  for (std::size_t stop; (stop = text->find('\n', journal.end)) != std::string::npos;
       journal.end = stop + 1) {
    std::string_view line = std::string_view(*text).substr(journal.end, stop - journal.end);
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || !line.ends_with(kEnd)) continue;
    line.remove_suffix(kEnd.size());
    if (line.size() <= space) continue;
    journal.etags[http::PercentDecode(line.substr(0, space))] =
        http::PercentDecode(line.substr(space + 1));
  }
  return journal;
}

bool WholeFiles::Has(const Download& download) {
  const S3Object& object = download.object;
  std::error_code code;
  if (object.etag.empty() || fs::file_size(download.file, code) != object.size_bytes || code) {
    return false;
  }
  const std::lock_guard lock(mutex_);
  const Journal& journal = JournalOf(download.file.parent_path());
  const auto found = journal.etags.find(download.file.filename().string());
  return found != journal.etags.end() && found->second == object.etag;
}

Result<void> WholeFiles::Publish(const Download& download, const fs::path& part) {
  const std::string name = download.file.filename().string();
  const std::string& etag = download.object.etag;
  const fs::path directory = download.file.parent_path();
  {
    const std::lock_guard lock(mutex_);
    Journal& journal = JournalOf(directory);
    const auto known = journal.etags.find(name);
    // What is known goes first: it must never speak of the new content.
    if (known != journal.etags.end() && known->second != etag) {
      TRY(Append(journal, directory, Line(name, "")));
      journal.etags.erase(known);
    }
  }
  std::error_code code;
  fs::rename(part, download.file, code);
  if (code) return ErrnoError("rename", part, code.value());
  if (etag.empty()) return {};
  const std::lock_guard lock(mutex_);
  Journal& journal = JournalOf(directory);
  TRY(Append(journal, directory, Line(name, http::PercentEncode(etag))));
  journal.etags[name] = etag;
  return {};
}

Result<void> WholeFiles::Append(Journal& journal, const fs::path& directory,
                                const std::string& line) {
  if (!journal.file) {
    if (open_files_ == kMostOpen) {
      for (auto& [name, other] : journals_) other.file.reset();
      open_files_ = 0;
    }
    const fs::path path = directory / kJournal;
    TRY_ASSIGN(PartFile file, journal.end == 0 ? PartFile::Create(path) : PartFile::Open(path));
    journal.file.emplace(std::move(file));
    ++open_files_;
  }
  const std::string text = journal.end == 0 ? boot_id_ + "\n" + line : line;
  TRY(journal.file->WriteAt(journal.end, text));
  journal.end += text.size();
  return {};
}

}  // namespace farthing::aws
