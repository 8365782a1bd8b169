#pragma once

// The form of a connection as flags, shared by connect and connections edit.  One thread.

#include <string>

#include "cli/verb.h"
#include "connect/connection.h"

namespace farthing::cli {

struct ConnectionFlags {
  std::string name, type, role_arn, account, role_name, partition, external_id, access_key_id;
  std::string secret_file, profile, endpoint, directory;
  std::string export_kind, export_name, bucket, prefix, bucket_region, bucket_owner, kms_key;
  std::string import_policy, group, with, end_date, agreement, cap;
  bool requester_pays = false, edp = false, no_renew = false;
  bool no_requester_pays = false, no_edp = false, renew = false, no_end = false;
};

/// Registers every flag; `editing` leaves out what cannot be changed and adds what takes a choice back.
enum class FlagsFor { kCreating, kEditing };
void AddConnectionFlags(CLI::App& verb, ConnectionFlags& flags, FlagsFor purpose);

/// Sets what was given; the rest of `settings` stays.
Result<void> ApplyConnectionFlags(const ConnectionFlags& flags, connect::Settings& settings);

/// The secret from --secret-file ("-" is standard input) or FARTHING_SECRET_ACCESS_KEY; "" when neither is given.
/// Never a flag of its own: command lines are seen by others.
Result<std::string> ReadSecret(const ConnectionFlags& flags, const CliContext& context);

}  // namespace farthing::cli
