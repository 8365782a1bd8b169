#include "ingest/import_engine.h"

#include <algorithm>
#include <thread>

#include "base/files.h"

namespace farthing::ingest {
namespace {

constexpr std::size_t kInternerBudgetBytes = std::size_t{96} << 20;
// Each thread collects the rows of a row group before it writes them; 16 threads in 900 MiB were refused.
constexpr std::uint64_t kBytesOfThread = std::uint64_t{150} << 20;

}  // namespace

int ThreadsOf(const ImportOptions& options) {
  const std::uint64_t fitting = std::max<std::uint64_t>(1, options.memory_bytes / kBytesOfThread);
  const std::uint64_t wanted = options.threads > 0 ? static_cast<std::uint64_t>(options.threads)
                                                   : std::thread::hardware_concurrency();
  return static_cast<int>(std::clamp<std::uint64_t>(wanted, 1, fitting));
}

Result<std::unique_ptr<engine::Database>> OpenEngine(const lake::Layout& layout,
                                                     const ImportOptions& options) {
  TRY(MakeDirectories(layout.spill()));
  engine::DatabaseOptions settings;
  settings.threads = ThreadsOf(options);
  settings.memory_limit_bytes = options.memory_bytes;
  settings.temp_directory = layout.spill().string();
  settings.preserve_order = false;
  return engine::Database::Open(settings);
}

Result<std::unique_ptr<SetInterner>> OpenInterner(const std::filesystem::path& file) {
  return SetInterner::Create(file, kInternerBudgetBytes);
}

}  // namespace farthing::ingest
