#include "ingest/delivery_files.h"

#include <algorithm>

#include "base/files.h"
#include "base/text.h"

namespace farthing::ingest {

Result<std::vector<lake::DeliveryFile>> HashFiles(const std::vector<std::filesystem::path>& files) {
  std::vector<lake::DeliveryFile> hashed;
  for (const std::filesystem::path& file : files) {
    TRY_ASSIGN(std::string hash, Sha256OfFile(file));
    std::error_code code;
    hashed.push_back({file.string(), std::filesystem::file_size(file, code), hash});
  }
  return hashed;
}

std::string Fingerprint(const std::vector<lake::DeliveryFile>& files) {
  std::vector<std::string> hashes;
  for (const lake::DeliveryFile& file : files) hashes.push_back(file.sha256);
  std::sort(hashes.begin(), hashes.end());  // the order of files is irrelevant
  return Sha256(Join(hashes, "\n"));
}

Result<void> CheckUnchanged(const lake::Delivery& delivery) {
  for (const lake::DeliveryFile& file : delivery.files) {
    std::error_code code;
    if (std::filesystem::file_size(file.path, code) != file.size_bytes || code) {
      return Error(Errc::kConflict, file.path + " changed while it was read")
          .Hint("run the same command again when the copy is complete");
    }
  }
  return {};
}

}  // namespace farthing::ingest
