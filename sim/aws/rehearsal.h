#pragma once

// A rehearsal AWS: a faithful stand-in over loopback for the parts of AWS that a billing connector meets,
// holding the synthetic organisation of sim/organisation.h.  It verifies signatures, evaluates policies,
// delivers bills on a clock that can be run forward, and fails when told to.  Everything is in memory
// and follows from the seed.  Thread-safe.
// What it does differently from AWS is listed in sim/README.md.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "http/server.h"
#include "sim/aws/faults.h"
#include "sim/bill.h"

namespace farthing::rehearsal {

/// One answered request, for logs and for tests that count.
struct RequestRecord {
  std::string service, action;  ///< "s3", "GetObject"
  std::string caller;           ///< ARN; empty: anonymous
  std::string resource;         ///< what was asked for, where one thing was
  int status = 0;
  std::string error_code;  ///< "AccessDenied"
  std::string request_id;
};

/// An export that exists from the start, with its history delivered.
struct ExistingExport {
  sim::BillFormat format;
  std::string name;  ///< empty: the format's name
};

struct Options {
  int port = 0;  ///< 0: any free one
  int threads = 8;
  std::uint64_t seed = 1;
  std::int64_t lines_per_month = 2'000;  ///< of the CUR; at least sim::kMinMonthLines
  std::int64_t lines_per_file = 1'000'000;
  int months = 3;  ///< of history before the current month
  /// The rehearsal's time at the start; absent: the real time.  It passes as real time does.
  std::optional<Instant> clock;
  std::function<Instant()> now;  ///< the real time; empty: base/time.h
  std::vector<ExistingExport> exports = {{sim::BillFormat::kCur2Parquet, ""}};
  /// Whose bills: one of nine organisations of the same accounts under other numbers, or an account that is in none.
  int organization = 1;
  bool in_organization = true;
  std::string bucket = "example-billing-exports";
  std::string bucket_region = "us-east-1";
  int organization_page = 5;     ///< accounts per page, with an empty page after the first
  int cost_explorer_page = 500;  ///< groups per page
  std::function<void(const RequestRecord&)> log;  ///< called under no lock, from server threads
};

/// Keys of a user.
struct Keys {
  std::string account_id, user_arn, access_key_id, secret_access_key;
};

class World;

class Aws {
 public:
  /// Builds the organisation, delivers its history and listens.
  /// Errors: kConflict (the port is taken), kInvalidArgument, kUnavailable.
  static Result<std::unique_ptr<Aws>> Start(const Options& options);
  ~Aws();
  Aws(const Aws&) = delete;
  Aws& operator=(const Aws&) = delete;

  int port() const;
  std::string endpoint() const;  ///< "http://127.0.0.1:41234"

  /// The administrator of an account; the payer's by default.  Requires: the account exists.
  Keys Admin(std::string_view account_id = {}) const;
  /// The operator's identity, in an account of its own, which may assume any role that trusts it.
  Keys Platform() const;
  std::string payer() const;

  Instant now() const;
  /// Runs the clock forward; deliveries that fall due on the way happen.  Returns the new time.
  Result<Instant> Advance(std::chrono::seconds by);
  /// Delivers every export as of now, whether due or not.
  Result<void> Deliver();
  /// Restates a month: the next delivery of it differs, closed or not.
  void Restate(Period period);

  void Inject(const Fault& fault);
  void ClearFaults();

  /// Does as an administrator what would take several calls.  Policies are JSON by name.
  Result<std::string> CreateRole(std::string_view account_id, const std::string& name,
                                 const std::string& trust,
                                 const std::map<std::string, std::string>& policies);
  /// Replaces all inline policies of a role.  Errors: kNotFound, kPermissionDenied (malformed).
  Result<void> SetRolePolicies(const std::string& role_arn,
                               const std::map<std::string, std::string>& policies);
  /// Attaches a service control policy to an account, a unit or the root.
  void AddServiceControlPolicy(const std::string& target, const std::string& document);
  /// Puts an object as its bucket's owner.
  Result<void> PutObject(const std::string& bucket, const std::string& key, std::string content);

  /// The month's exact totals as Cost Explorer and the newest delivery have them.
  sim::Totals Totals(Period period) const;
  std::vector<RequestRecord> Requests() const;
  void ForgetRequests();

  /// Calls the control endpoint: POST /_rehearsal/<command> with a JSON object; returns its JSON.
  Result<std::string> Control(std::string_view command, const std::string& json);
  /// Answers a request without a socket.
  http::ServerResponse Handle(const http::ServerRequest& request);

 private:
  struct Guarded;
  explicit Aws(std::unique_ptr<Guarded> guarded);
  std::unique_ptr<Guarded> guarded_;
};

}  // namespace farthing::rehearsal
