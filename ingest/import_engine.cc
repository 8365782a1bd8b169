#include "ingest/import_engine.h"

#include <algorithm>
#include <thread>

#include "base/files.h"

namespace farthing::ingest {
namespace {

constexpr std::size_t kInternerBudgetBytes = std::size_t{96} << 20;

}  // namespace

int ThreadsOf(const ImportOptions& options) {
  if (options.threads > 0) return options.threads;
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
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
