#include "ingest/outcomes.h"

#include <algorithm>
#include <optional>

#include "base/files.h"
#include "base/text.h"
#include "base/time.h"

namespace farthing::ingest {

namespace {

// A full disk or a damaged lake is no fault of the delivery: the import stops instead of blaming it.
bool IsOurs(const Error& error) {
  return error.code() == Errc::kUnavailable || error.code() == Errc::kInternal ||
         error.code() == Errc::kTooLarge;
}

}  // namespace

std::string_view ToString(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::kLoaded: return "loaded";
    case Outcome::Kind::kUnchanged: return "unchanged";
    case Outcome::Kind::kDuplicate: return "duplicate";
    case Outcome::Kind::kQuarantined: return "quarantined";
    case Outcome::Kind::kSuperseded: return "superseded";
  }
  return "loaded";
}

Result<lake::Delivery> Outcomes::NewDelivery(const FoundDelivery& found) {
  std::string full = options_.name ? "named:" + *options_.name : found.export_identity;
  TRY(MatchTorn(found.export_name, full));
  TRY_ASSIGN(const lake::Export exported,
             catalog_.FindOrCreateExport({0, found.export_name, "", Origin(found.source), full}));
  lake::Delivery delivery;
  delivery.id = NewUlid();
  delivery.export_id = exported.id;
  delivery.export_name = exported.name;
  if (found.period) delivery.period = *found.period;
  delivery.version_key = found.version_key;
  delivery.manifest = found.manifest.string();
  delivery.seen_at = ToString(Now());
  return delivery;
}

// A torn manifest says no identity: the known export of that name is meant.  If it is the first that is
// seen of its export, the first good one takes over its name.
Result<void> Outcomes::MatchTorn(const std::string& name, std::string& identity) {
  TRY_ASSIGN(const std::vector<lake::Export> exports, catalog_.Exports());
  const auto same_name = std::find_if(exports.begin(), exports.end(),
                                      [&](const lake::Export& e) { return e.name == name; });
  if (same_name == exports.end()) return {};
  if (identity.starts_with("torn:")) {
    identity = same_name->identity;
    return {};
  }
  const bool known = std::any_of(exports.begin(), exports.end(),
                                 [&](const lake::Export& e) { return e.identity == identity; });
  if (known || !same_name->identity.starts_with("torn:")) return {};
  return catalog_.Identify(same_name->id, identity);
}

std::string Outcomes::Origin(const std::string& path) const {
  if (!options_.copy_of) return path;
  const std::string local = options_.copy_of->local.string();
  return path.starts_with(local) ? options_.copy_of->origin + path.substr(local.size()) : path;
}

lake::Delivery Outcomes::AtOrigin(lake::Delivery delivery) const {
  delivery.manifest = Origin(delivery.manifest);
  for (lake::DeliveryFile& file : delivery.files) file.path = Origin(file.path);
  return delivery;
}

Result<bool> Outcomes::IsKnown(const lake::Delivery& delivery) {
  TRY_ASSIGN(const std::optional<lake::Delivery> same,
             catalog_.FindDelivery(delivery.export_id, delivery.period, delivery.version_key));
  const bool was_read = same && (same->status == lake::DeliveryStatus::kLoaded ||
                                 same->status == lake::DeliveryStatus::kDuplicate);
  if (was_read && same->fingerprint == delivery.fingerprint) {  // else overwritten in place
    summary_.outcomes.push_back({Outcome::Kind::kUnchanged, delivery, {}, {}});
    return true;
  }
  TRY_ASSIGN(const std::optional<lake::Delivery> active,
             catalog_.ActiveDelivery(delivery.export_id, delivery.period));
  if (!active || active->fingerprint != delivery.fingerprint) return false;
  lake::Delivery copy = delivery;
  copy.status = lake::DeliveryStatus::kDuplicate;
  copy.reason = "same content as delivery " + active->id;
  TRY(catalog_.RecordDelivery(AtOrigin(copy)));
  summary_.outcomes.push_back({Outcome::Kind::kDuplicate, std::move(copy), {}, {}});
  return true;
}

Result<void> Outcomes::NoteOlder(lake::Delivery delivery, const lake::Delivery& active) {
  TRY_ASSIGN(const std::optional<lake::Delivery> known,
             catalog_.FindDelivery(delivery.export_id, delivery.period, delivery.version_key));
  if (known && known->status != lake::DeliveryStatus::kSuperseded &&
      known->status != lake::DeliveryStatus::kQuarantined) {
    summary_.outcomes.push_back({Outcome::Kind::kUnchanged, std::move(delivery), {}, {}});
    return {};
  }
  delivery.status = lake::DeliveryStatus::kSuperseded;
  delivery.reason = "older than the active version " + active.version_key +
                    "; import it with --all-versions to make it the active one";
  if (!known || known->status != delivery.status) TRY(catalog_.RecordDelivery(AtOrigin(delivery)));
  summary_.notes.push_back(delivery.export_name + " " + ToString(delivery.period) + ": version " +
                           delivery.version_key + " is not loaded: " + delivery.reason);
  summary_.outcomes.push_back({Outcome::Kind::kSuperseded, std::move(delivery), {}, {}});
  return {};
}

Result<void> Outcomes::NoteSuperseded(lake::Delivery delivery) {
  TRY_ASSIGN(const std::optional<lake::Delivery> known,
             catalog_.FindDelivery(delivery.export_id, delivery.period, delivery.version_key));
  if (known) {
    const bool was_read = options_.all_versions && known->status == lake::DeliveryStatus::kLoaded;
    if (was_read) summary_.outcomes.push_back({Outcome::Kind::kUnchanged, delivery, {}, {}});
    return {};
  }
  delivery.status = lake::DeliveryStatus::kSuperseded;
  delivery.reason = "a newer version was there; a first import with --all-versions reads both";
  TRY(catalog_.RecordDelivery(AtOrigin(delivery)));
  summary_.outcomes.push_back({Outcome::Kind::kSuperseded, std::move(delivery), {}, {}});
  return {};
}

Result<void> Outcomes::Refuse(lake::Delivery delivery, Error error) {
  if (IsOurs(error)) return Stop(std::move(delivery), std::move(error));
  delivery.status = lake::DeliveryStatus::kQuarantined;
  delivery.reason = error.message() + (error.hint().empty() ? "" : "; fix: " + error.hint());
  TRY_ASSIGN(const std::optional<lake::Delivery> last,
             catalog_.FindDelivery(delivery.export_id, delivery.period, delivery.version_key));
  const bool is_news = !last || last->fingerprint != delivery.fingerprint ||
                       last->status != delivery.status || last->reason != delivery.reason;
  if (is_news) TRY(catalog_.RecordDelivery(AtOrigin(delivery)));
  summary_.outcomes.push_back(
      {Outcome::Kind::kQuarantined, std::move(delivery), {}, std::move(error)});
  return {};
}

Error Outcomes::Stop(lake::Delivery delivery, Error error) {
  const bool has_period = delivery.period != Period{};
  Error stop = std::move(error).Wrap("importing " + delivery.export_name +
                                     (has_period ? " " + ToString(delivery.period) : ""));
  if (stop.code() != Errc::kTooLarge) return stop;
  delivery.status = lake::DeliveryStatus::kQuarantined;
  delivery.reason = stop.message() + (stop.hint().empty() ? "" : "; fix: " + stop.hint());
  // Once for each content, however often it is tried; where there is no room for that either, the error is all.
  const Result<std::optional<lake::Delivery>> last =
      catalog_.FindDelivery(delivery.export_id, delivery.period, delivery.version_key);
  const bool is_known = last.ok() && *last && (*last)->fingerprint == delivery.fingerprint &&
                        (*last)->status == delivery.status;
  if (last.ok() && !is_known) {
    [[maybe_unused]] const Result<void> recorded = catalog_.RecordDelivery(AtOrigin(delivery));
  }
  return stop;
}

void Outcomes::NoteLoaded(lake::Delivery delivery, lake::Load load) {
  summary_.outcomes.push_back({Outcome::Kind::kLoaded, std::move(delivery), std::move(load), {}});
}

void Outcomes::AddNotes(const std::vector<std::string>& notes) {
  summary_.notes.insert(summary_.notes.end(), notes.begin(), notes.end());
}

}  // namespace farthing::ingest
