#pragma once

// How connections end on the command line: `farthing disconnect`, and `farthing connections delete`.  One thread.

#include <string>

#include "cli/verb.h"

namespace farthing::cli {

struct DeleteFlags {
  std::string connection;
  bool yes = false, dry_run = false;
};
/// Says what goes and what stays, and with --yes deletes for good.  Errors: kInvalidArgument (neither --yes nor
/// --dry-run), connect::DeleteForGood's.
Result<void> RunDelete(const DeleteFlags& flags, CliContext& context);

}  // namespace farthing::cli
