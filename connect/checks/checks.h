#pragma once

// Verification: a list of checks, each with what was seen, the cause, the fix and the evidence.  The ids are
// those of connect/grants/permissions.h, so that every permission has the check that fails without it.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connect/access.h"
#include "connect/connection.h"
#include "engine/sqlite.h"

namespace farthing::connect {

enum class CheckStatus { kPass, kWarning, kFail, kSkipped };
std::string_view Name(CheckStatus status);  ///< "pass", "warning", "fail", "skipped"

/// In the evidence of the check "delivery": when the newest delivery was made, whether or not it was collected.
inline constexpr std::string_view kLastDeliveryDetail = "last_delivery";

/// Of the same check: how many deliveries that were collected are gone from the bucket.
inline constexpr std::string_view kGoneDetail = "gone";

/// What the failure of a check means for the bills.
enum class Stake {
  kNothing,   ///< they come all the same
  kSafety,    ///< others could get at the account: nothing is collected that way
  kReading,   ///< none can be read
  kExport,    ///< nothing delivers any, or nothing that could be read
  kDelivery,  ///< no new ones are delivered; those that are there can be read
};

struct CheckResult {
  std::string id;     ///< "bucket-list"
  std::string title;  ///< "the bucket can be listed"
  CheckStatus status = CheckStatus::kSkipped;
  std::string finding;  ///< what was seen, one sentence
  std::string cause;    ///< of a warning or failure
  std::string fix;      ///< ready to follow or paste; may have several lines
  std::string action;   ///< the IAM action that is missing, when that is the cause
  /// Microsoft's connector called this failure so (requirements 1.8); "" where it had no word.
  std::string connector_code;
  std::vector<Error::Detail> evidence;  ///< AWS code, request id, and the like
  std::int64_t duration_ms = 0;
};

struct CheckReport {
  std::string connection_id, connection_name;
  Instant at;
  std::vector<CheckResult> results;
  /// What checks learnt and a person would otherwise type: shown, and used to fill empty settings.
  ExportPlace found_place;
  std::string found_bucket_owner;
  std::string found_kms_key;  ///< the key that encrypts the bucket and refuses us

  const CheckResult* Find(std::string_view id) const;
  bool HasFailed() const;
  int Count(CheckStatus status) const;
  /// "bucket-list: the cause" of the first failure; "" when none failed.
  std::string FirstFailure() const;
  /// "delivery: the cause" where what was collected is gone from the bucket; else "".
  std::string Emptied() const;
  /// The failure that keeps every bill away or lets others at them: a connection that never worked stays a draft.
  /// nullptr: bills can be collected, whatever else fails.
  const CheckResult* WhatKeepsBillsAway() const;
};

/// "bucket-list: the cause".
std::string Sentence(const CheckResult& failure);

std::string ToJson(const CheckReport& report);
Result<CheckReport> ParseCheckReport(std::string_view json);

struct CheckOptions {
  /// Called before each check with its id and title, and after it with the result.
  std::function<void(const CheckResult& result, bool done)> observer;
  std::string platform_principal;         ///< who may assume the role; empty: asked of STS
  const CheckReport* previous = nullptr;  ///< for drift
  bool is_new_role = false;  ///< a role made seconds ago: AccessDenied is tried again for a minute
  const http::Cancellation* cancellation = nullptr;
  /// Nobody asked for these checks: Cost Explorer, which charges each question, is asked once a week only.
  bool is_scheduled = false;
  /// The store of connections: where the price of asking Cost Explorer is written and its cap kept, and what was
  /// collected is known.  Absent: neither.
  engine::SqliteDatabase* ledger = nullptr;
};

/// Runs every check that applies to the connection's type and permission sets.  A check whose ground
/// has failed is skipped and says because of what.
Result<CheckReport> RunChecks(const Connection& connection, const Platform& platform,
                              Secrets& secrets, const CheckOptions& options);

/// Every check: id, title, and what it answers; for docs and `farthing check --list`.
struct CheckInfo {
  std::string_view id, title, answers;
  Stake stake = Stake::kNothing;
};
std::vector<CheckInfo> AllChecks();
/// What a failed result means; nothing where only the look at it was denied, which shows no harm.
Stake StakeOf(const CheckResult& failure);

}  // namespace farthing::connect
