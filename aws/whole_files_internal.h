#pragma once

// Which downloaded files are whole, and of which content: a journal in each directory, a line for each file.
//
// The journal .whole begins with the id of the boot, since nothing is flushed to the disk and what another boot left is
// not trusted.  A line that a kill tore off counts for nothing and is written over.  One process at a time; thread-safe.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "aws/part_file_internal.h"
#include "aws/s3.h"

namespace farthing::aws {

class WholeFiles {
 public:
  WholeFiles();

  /// True where the file holds the object as its ETag names it; never for an object without one.
  bool Has(const Download& download);
  /// Renames a part that was proven, and notes it.  Errors: ErrnoError's.
  Result<void> Publish(const Download& download, const fs::path& part);

  const std::string& boot_id() const { return boot_id_; }

 private:
  struct Journal {
    std::map<std::string, std::string> etags;  ///< by file name
    std::uint64_t end = 0;                     ///< of what counts; 0: nothing does
    std::optional<PartFile> file;              ///< once something is written
  };
  Journal& JournalOf(const fs::path& directory);
  Result<void> Append(Journal& journal, const fs::path& directory, const std::string& line);

  const std::string boot_id_;
  std::mutex mutex_;  ///< guards what follows
  std::map<std::string, Journal> journals_;
  int open_files_ = 0;
};

}  // namespace farthing::aws
