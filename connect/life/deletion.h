#pragma once

// The ends of a connection: disconnected, with its bills kept or purged, and deleted for good with everything that came
// through it.  Either may die at any line and be repeated; what is begun is ended by the next ApplyTerms.  One thread
// per call; a collection of the connection that runs, in whichever process, is never disturbed.

#include <string>
#include <vector>

#include "connect/life/service.h"

namespace farthing::connect {

enum class DataFate { kKeep, kPurge };

/// One thing that belongs to a connection, and what deletion does to it; for people and pages, before and after.
struct Belonging {
  bool goes = false;   ///< false: it stays
  std::string what;    ///< "bills", "Cost Explorer's answers", "history", …
  std::string detail;  ///< one phrase: which, how much; why it stays
};

/// What deleting the connection would remove and what it would leave.  Changes nothing.
Result<std::vector<Belonging>> BelongingsOf(Installation& installation,
                                            const std::string& connection);

/// What was done, or in AWS is left to do.
struct Ending {
  std::vector<std::string> aws_commands;  ///< what to delete in AWS, as commands to read and run
  std::vector<std::string> exports;       ///< whose bills were kept, or purged
  std::vector<std::string> shared;        ///< kept in any case: another connection brings them too
};

/// Destroys the credentials first, then the data if so chosen; records both.  Its role or key may be connected anew.
/// Errors: kConflict (it is being collected; with kPurge also: an import runs).
Result<Ending> Disconnect(Installation& installation, const std::string& connection, DataFate fate);

/// Deletes the connection for good: secrets, settings, reports, names of accounts, what was collected and asked, and its
/// bills from the lake, unless another connection brings the same export.  What stays is the record: that it was, from
/// when to when, its external ID, which is never used again, and what Cost Explorer cost.
/// Errors: kConflict (it is being collected, or an import runs).
Result<Ending> DeleteForGood(Installation& installation, const std::string& connection,
                             const std::string& why);

}  // namespace farthing::connect
