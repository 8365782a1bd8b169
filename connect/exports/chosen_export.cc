#include "connect/exports/chosen_export.h"

#include <algorithm>

#include "base/shell_words.h"
#include "base/text.h"
#include "ingest/discover/manifest.h"

namespace farthing::connect {
namespace {

/// An ARN counts while AWS lists it, or where nothing else is said: an export that was deleted and made anew under its
/// name has another one.
std::vector<DiscoveredExport> Fitting(const ExportPlace& wanted,
                                      const std::vector<DiscoveredExport>& exports) {
  const bool by_arn =
      !wanted.arn.empty() &&
      (wanted.name.empty() || std::any_of(exports.begin(), exports.end(), [&](const auto& each) {
         return each.place.arn == wanted.arn;
       }));
  std::vector<DiscoveredExport> fitting;
  for (const DiscoveredExport& found : exports) {
    const ExportPlace& place = found.place;
    const bool fits = found.readable && (!by_arn || place.arn == wanted.arn) &&
                      (wanted.name.empty() || place.name == wanted.name) &&
                      (!wanted.kind || place.kind == wanted.kind);
    if (fits) fitting.push_back(found);
  }
  return fitting;
}

/// Of FOCUS the manifest does not say the version: the present one is assumed.
ExportKind KindOf(const ingest::Manifest& manifest) {
  if (manifest.kind == ingest::Manifest::Kind::kLegacy) return ExportKind::kLegacyCur;
  const bool focus = std::find(manifest.columns.begin(), manifest.columns.end(), "BilledCost") !=
                     manifest.columns.end();
  return focus ? ExportKind::kFocus : ExportKind::kCur2;
}

bool IsFocus(ExportKind kind) { return kind == ExportKind::kFocus || kind == ExportKind::kFocus10; }

}  // namespace

std::optional<ExportKind> OtherKind(const ExportPlace& wanted,
                                    const std::vector<DiscoveredExport>& exports,
                                    std::string_view manifest_text) {
  if (!wanted.kind || wanted.name.empty()) return std::nullopt;
  for (const DiscoveredExport& each : exports) {
    const bool differs = each.place.kind && each.place.kind != wanted.kind;
    if (each.readable && each.place.name == wanted.name && differs) return each.place.kind;
  }
  const Result<std::optional<ingest::Manifest>> manifest = ingest::ParseManifest(manifest_text);
  if (!manifest.ok() || !*manifest) return std::nullopt;
  const ExportKind found = KindOf(**manifest);
  const bool same = found == *wanted.kind || (IsFocus(found) && IsFocus(*wanted.kind));
  return same ? std::nullopt : std::optional(found);
}

bool DeliversWhereMeant(const Connection& connection, const ExportPlace& delivered) {
  const ExportPlace& wanted = connection.settings.export_place;
  if (wanted.bucket.empty()) return true;  // AWS is asked at every collection
  if (wanted.bucket != delivered.bucket) return false;
  // What the form left open is filled in by the first verification, and taken at its word ever after.
  const bool is_open = connection.state == State::kDraft || connection.state == State::kVerifying;
  if (wanted.prefix.empty() && is_open) return true;
  const auto below = [](const ExportPlace& place) {
    ExportPlace nameless;
    nameless.prefix = place.prefix;
    return DeliveryPrefix(nameless);
  };
  return below(wanted) == below(delivered);
}

std::optional<DiscoveredExport> ExportMeant(const Connection& connection,
                                            const std::vector<DiscoveredExport>& exports) {
  const ExportPlace& wanted = connection.settings.export_place;
  std::vector<DiscoveredExport> fitting = Fitting(wanted, exports);
  if (fitting.empty()) return std::nullopt;
  const auto distance = [&](const DiscoveredExport& found) {
    if (!wanted.bucket.empty() && found.place.bucket != wanted.bucket) return 2;
    return DeliversWhereMeant(connection, found.place) ? 0 : 1;
  };
  std::stable_sort(fitting.begin(), fitting.end(),
                   [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
  const bool said = !wanted.arn.empty() || !wanted.name.empty() ||
                    (!wanted.bucket.empty() && distance(fitting.front()) < 2);
  if (!said && fitting.size() > 1) return std::nullopt;
  return fitting.front();
}

Result<ExportPlace> PlaceMeant(const Connection& connection, aws::Client& client) {
  const Settings& settings = connection.settings;
  if (!settings.export_place.bucket.empty()) return settings.export_place;
  const DiscoveredExports found = DiscoverExports(client);
  if (const auto meant = ExportMeant(connection, found.exports)) return meant->place;
  std::vector<std::string> names;
  for (const DiscoveredExport& one : Fitting(settings.export_place, found.exports)) {
    names.push_back(one.place.name);
  }
  if (names.empty() && !found.refused.empty()) return Error(found.refused.front());
  if (names.empty()) {
    return Error(Errc::kNotFound, "connection " + settings.name + " has no export to collect")
        .Hint("see what is missing: " + CommandLine({"farthing", "check", settings.name}));
  }
  return Error(Errc::kNotFound, "connection " + settings.name +
                                    " does not say which export it collects: " + Join(names, ", "))
      .Hint("choose one: " +
            CommandLine({"farthing", "connections", "edit", settings.name, "--export", "NAME"}));
}

}  // namespace farthing::connect
