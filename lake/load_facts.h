#pragma once

// JSON of what the catalog keeps in one column: a load's facts, a delivery's files.  Const-safe.

#include <string>
#include <vector>

#include "base/result.h"
#include "lake/catalog.h"

namespace farthing::lake {

std::string LoadToJson(const Load& load);
/// Errors: kCorrupt.
Result<Load> LoadFromJson(const std::string& json);
std::string FilesToJson(const std::vector<DeliveryFile>& files);
/// Errors: kCorrupt.
Result<std::vector<DeliveryFile>> FilesFromJson(const std::string& json);
/// Errors: kCorrupt.
Result<DeliveryStatus> ParseDeliveryStatus(std::string_view text);

}  // namespace farthing::lake
