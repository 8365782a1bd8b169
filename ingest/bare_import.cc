#include "ingest/bare_import.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "ingest/bare_days.h"
#include "ingest/bare_exports.h"
#include "ingest/delivery_files.h"
#include "ingest/discover/copies.h"
#include "ingest/opened_files.h"
#include "ingest/repeated_days.h"

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
    TRY(RunFormat(std::move(part)));
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

Result<void> BareImport::RunFormat(FoundDelivery found) {
  TRY_ASSIGN(lake::Delivery delivery, outcomes_.NewDelivery(found));
  std::map<Period, std::filesystem::path> gone;
  while (true) {
    TRY_ASSIGN(delivery.files, HashFiles(found.files));
    delivery.fingerprint = Fingerprint(delivery.files);
    delivery.version_key = delivery.fingerprint;
    TRY_ASSIGN(const OpenedFiles opened, OpenFiles(found.files));
    Result<std::vector<PeriodFiles>> periods = FindPeriods(catalog_.layout(), opened, options_);
    if (!periods.ok()) return outcomes_.Refuse(std::move(delivery), std::move(periods).error());
    if (periods->empty()) return RefuseEmpty(std::move(delivery), opened);
    TRY_ASSIGN(const bool joined, JoinOtherDays(delivery, *periods, found, gone));
    if (joined) continue;
    Result<void> parts = CheckDaysAreParts(catalog_.layout(), opened, options_);
    if (!parts.ok()) return outcomes_.Refuse(std::move(delivery), std::move(parts).error());
    return RunPeriods(found, delivery, opened, *periods, gone);
  }
}

Result<void> BareImport::RefuseEmpty(lake::Delivery delivery, const OpenedFiles& opened) {
  return outcomes_.Refuse(
      std::move(delivery),
      Error(Errc::kInvalidArgument, opened.Place() + ": holds no line items, only a header")
          .Hint("an export that is not ready looks like this; import it again "
                "when it has been delivered"));
}

Result<bool> BareImport::JoinOtherDays(const lake::Delivery& delivery,
                                       const std::vector<PeriodFiles>& periods,
                                       FoundDelivery& found,
                                       std::map<Period, std::filesystem::path>& gone) {
  std::size_t joined = 0;
  for (const PeriodFiles& one : periods) {
    TRY_ASSIGN(const std::vector<std::filesystem::path> others,
               FilesOfOtherDays(catalog_, delivery.export_id, one.period, found.files));
    for (const std::filesystem::path& file : others) {
      std::error_code code;
      if (!std::filesystem::is_regular_file(file, code)) {
        gone.emplace(one.period, file);
      } else {
        found.files.push_back(file);
        ++joined;
      }
    }
  }
  if (joined == 0) return false;
  std::sort(found.files.begin(), found.files.end());
  TRY_ASSIGN(const std::vector<std::string> copies, DropCopies(found.files));
  outcomes_.AddNotes(copies);
  outcomes_.AddNotes({delivery.export_name +
                      ": days are parts of their month; files of other days that were imported "
                      "before and are read with them: " +
                      std::to_string(joined)});
  return true;
}

Result<void> BareImport::RunPeriods(const FoundDelivery& found, const lake::Delivery& delivery,
                                    const OpenedFiles& opened,
                                    const std::vector<PeriodFiles>& periods,
                                    const std::map<Period, std::filesystem::path>& gone) {
  for (const auto& [period, files] : periods) {
    lake::Delivery one = delivery;
    one.id = NewUlid();
    one.period = period;
    one.files.clear();
    for (const std::size_t file : files) one.files.push_back(delivery.files[file]);
    one.fingerprint = Fingerprint(one.files);
    one.version_key = one.fingerprint;
    if (const auto missing = gone.find(period); missing != gone.end()) {
      TRY(outcomes_.Refuse(std::move(one), DayIsGone(missing->second, period)));
    } else {
      TRY(periods_.Run(found, opened.Only(files), std::move(one)));
    }
  }
  return {};
}

}  // namespace farthing::ingest
