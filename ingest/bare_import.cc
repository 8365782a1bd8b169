#include "ingest/bare_import.h"

#include <map>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "ingest/bare_exports.h"
#include "ingest/copies.h"
#include "ingest/delivery_files.h"
#include "ingest/find_periods.h"
#include "ingest/opened_files.h"

namespace farthing::ingest {

Result<void> BareImport::Run(const FoundDelivery& found) {
  if (found.problem) return Refuse(found);
  std::map<std::string, std::vector<std::filesystem::path>> by_format;
  std::vector<std::pair<std::filesystem::path, Error>> unreadable;
  std::set<std::string> formats;
  std::vector<std::filesystem::path> once = found.files;
  TRY_ASSIGN(const std::vector<std::string> copies, DropCopies(once));
  outcomes_.AddNotes(copies);
  for (const std::filesystem::path& file : once) {
    Result<OpenedFiles> opened = OpenFiles({file});
    if (!opened.ok()) {
      unreadable.emplace_back(file, std::move(opened).error());
      continue;
    }
    const std::string format = opened->format() + (opened->is_parquet() ? "-parquet" : "-csv");
    by_format[format].push_back(file);
    formats.insert(format);
  }
  for (auto& [file, error] : unreadable) {
    FoundDelivery refused = found;
    refused.files = {file};
    TRY(ChooseExportOfUnreadable(catalog_, formats, refused));
    if (options_.name) refused.export_name = *options_.name;
    TRY_ASSIGN(lake::Delivery delivery, outcomes_.NewDelivery(refused));
    TRY_ASSIGN(delivery.files, HashFiles(refused.files));
    delivery.fingerprint = Fingerprint(delivery.files);
    delivery.version_key = delivery.fingerprint;
    TRY(outcomes_.Refuse(std::move(delivery), std::move(error)));
  }
  for (const auto& [format, files] : by_format) {
    FoundDelivery part = found;
    part.files = files;
    TRY(ChooseBareExport(catalog_, format, formats, part));
    if (options_.name) part.export_name = *options_.name;
    TRY(RunFormat(part));
  }
  return {};
}

// Nothing of it is read, so that its format stays unknown.
Result<void> BareImport::Refuse(FoundDelivery found) {
  TRY(ChooseExportOfUnreadable(catalog_, {}, found));
  if (options_.name) found.export_name = *options_.name;
  TRY_ASSIGN(lake::Delivery delivery, outcomes_.NewDelivery(found));
  delivery.fingerprint = Sha256(found.problem->message());
  delivery.version_key = delivery.fingerprint;
  return outcomes_.Refuse(std::move(delivery), *found.problem);
}

Result<void> BareImport::RunFormat(const FoundDelivery& found) {
  TRY_ASSIGN(lake::Delivery delivery, outcomes_.NewDelivery(found));
  TRY_ASSIGN(delivery.files, HashFiles(found.files));
  delivery.fingerprint = Fingerprint(delivery.files);
  delivery.version_key = delivery.fingerprint;
  TRY_ASSIGN(const OpenedFiles opened, OpenFiles(found.files));
  Result<std::vector<PeriodFiles>> periods = FindPeriods(catalog_.layout(), opened, options_);
  if (!periods.ok()) return outcomes_.Refuse(std::move(delivery), std::move(periods).error());
  if (periods->empty()) {
    return outcomes_.Refuse(
        std::move(delivery),
        Error(Errc::kInvalidArgument, opened.Place() + ": holds no line items, only a header")
            .Hint("an export that is not ready looks like this; import it again "
                  "when it has been delivered"));
  }
  for (const auto& [period, files] : *periods) {
    lake::Delivery one = delivery;
    one.id = NewUlid();
    one.period = period;
    one.files.clear();
    for (const std::size_t file : files) one.files.push_back(delivery.files[file]);
    one.fingerprint = Fingerprint(one.files);
    one.version_key = one.fingerprint;
    TRY(periods_.Run(found, opened.Only(files), std::move(one)));
  }
  return {};
}

}  // namespace farthing::ingest
