#pragma once

// Which export a connection means, and where its bills lie.  One thread per call.

#include <optional>
#include <string>
#include <vector>

#include "connect/exports/discovery.h"

namespace farthing::connect {

/// The export that the settings mean: by ARN, by name, by kind, by bucket; or the only one there is.  Of several that
/// fit, the one that delivers where the settings say.  Absent: there is none, or nobody said which.
std::optional<DiscoveredExport> ExportMeant(const Connection& connection,
                                            const std::vector<DiscoveredExport>& exports);

/// The kind of export of that name that AWS lists, or that wrote the manifest found in its place ("" where none was
/// read), where the settings say another.  Absent: nothing says so.
std::optional<ExportKind> OtherKind(const ExportPlace& wanted,
                                    const std::vector<DiscoveredExport>& exports,
                                    std::string_view manifest_text);

/// True where collecting, which reads the place of the settings, finds what AWS delivers there.
bool DeliversWhereMeant(const Connection& connection, const ExportPlace& delivered);

/// Where the connection's bills lie: as the settings say, or as AWS does where they leave that to it.
/// Errors: kNotFound (no export, or several and none was chosen), aws/error.h.
Result<ExportPlace> PlaceMeant(const Connection& connection, aws::Client& client);

}  // namespace farthing::connect
