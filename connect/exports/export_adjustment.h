#pragma once

// What of a definition can be mended, and how it then reads.  AWS lets some settings change and others not: those are
// told, not tried.  Pure functions over connect/exports/export_setup.h's plan.

#include <string>

#include "connect/exports/export_setup.h"

namespace farthing::connect {

/// Sets place, and where something can be mended: the call, the whole new definition and a step that says each change.
void AdjustReport(const aws::ReportDefinition& report, ExportSetup& setup);
void AdjustDataExport(const aws::DataExport& data_export, ExportSetup& setup);

/// A definition as lines of "Name  value", in AWS's words.
std::string Definition(const aws::ReportDefinition& report);
std::string Definition(const aws::DataExport& data_export);

}  // namespace farthing::connect
