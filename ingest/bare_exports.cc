#include "ingest/bare_exports.h"

#include <algorithm>
#include <vector>

namespace farthing::ingest {
namespace {

std::string IdentityOf(const std::string& folder, const std::string& format) {
  return folder + ":" + format;
}

bool IsOfFolder(const std::string& identity, const std::string& folder) {
  return identity.starts_with(folder) && identity.rfind(':') == folder.size();
}

const lake::Export* Find(const std::vector<lake::Export>& exports, const std::string& identity) {
  const auto found = std::find_if(exports.begin(), exports.end(),
                                  [&](const lake::Export& e) { return e.identity == identity; });
  return found == exports.end() ? nullptr : &*found;
}

// An export that is known by its folder only has had no readable file yet, or was made before formats counted.
// It goes on as the export of its format.
Result<void> Claim(lake::Catalog& catalog, const lake::Export& known, const std::string& format,
                   const std::string& identity) {
  TRY_ASSIGN(const std::vector<lake::Load> loads, catalog.ActiveLoads({}));
  const bool other = std::any_of(loads.begin(), loads.end(), [&](const lake::Load& load) {
    return load.export_id == known.id && !format.starts_with(load.format + "-");
  });
  return other ? Result<void>() : catalog.Identify(known.id, identity);
}

}  // namespace

Result<void> ChooseBareExport(lake::Catalog& catalog, const std::string& format,
                              const std::set<std::string>& formats, FoundDelivery& found) {
  const std::string folder = found.export_identity;
  found.export_identity = IdentityOf(folder, format);
  TRY_ASSIGN(const std::vector<lake::Export> exports, catalog.Exports());
  if (Find(exports, found.export_identity) != nullptr) return {};
  if (const lake::Export* known = Find(exports, folder)) {
    TRY(Claim(catalog, *known, format, found.export_identity));
  }
  const bool has_others =
      formats.size() > 1 || std::any_of(exports.begin(), exports.end(), [&](const lake::Export& e) {
        return e.identity == folder || IsOfFolder(e.identity, folder);
      });
  if (has_others) found.export_name += "-" + format;
  return {};
}

Result<void> ChooseExportOfUnreadable(lake::Catalog& catalog, const std::set<std::string>& formats,
                                      FoundDelivery& found) {
  const std::string folder = found.export_identity;
  if (!formats.empty()) return ChooseBareExport(catalog, *formats.begin(), formats, found);
  TRY_ASSIGN(const std::vector<lake::Export> exports, catalog.Exports());
  for (const lake::Export& known : exports) {
    if (IsOfFolder(known.identity, folder)) found.export_identity = known.identity;
  }
  return {};
}

}  // namespace farthing::ingest
