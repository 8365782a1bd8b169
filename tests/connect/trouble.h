#pragma once

// Faults as a person would make them in AWS, each with the check that must notice it and what that must say.  The tables
// stand in the tests of their concern, checks_*_test.cc; one body judges them all.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/connect/stage.h"

namespace farthing::connect {

struct Trouble {
  std::string name;
  std::string check;
  CheckStatus status;
  void (*make)(Stage& stage,
               Connection& connection);  ///< nullptr: the action `cause` is taken away
  std::string cause;                     ///< a part of cause
  std::string fix;                       ///< a part of fix
  std::string aws_code = "";             ///< in the evidence, beside a request id
  std::string connector = "";            ///< Microsoft's code
  ExportKind kind = ExportKind::kCur2;
  int clock_hours = 0;  ///< by how much AWS's clock, and so the delivery, is behind
};

const std::vector<Trouble>& IdentityTroubles();
const std::vector<Trouble>& ExportTroubles();
const std::vector<Trouble>& BucketTroubles();
const std::vector<Trouble>& DeliveryTroubles();
const std::vector<Trouble>& AccountTroubles();
const std::vector<Trouble>& GrantTroubles();

/// A connection that a shell would take apart, and whose checks pass before the trouble and notice it after.
class CheckTest : public testing::TestWithParam<Trouble> {};
inline constexpr std::string_view kAwkwardName = "O'Brien & Co (prod)";
std::string NameOfTrouble(const testing::TestParamInfo<Trouble>& test);

/// The role may not do one thing: the check says what, and to allow it.
Trouble Denied(const std::string& name, const std::string& check, const std::string& action,
               const std::string& aws_code, const std::string& connector = "",
               ExportKind kind = ExportKind::kCur2);
/// A need that is judged by the policies alone: nothing is written to see whether it may be.
Trouble NotGranted(const std::string& name, const std::string& check, const std::string& action,
                   ExportKind kind = ExportKind::kCur2);

void Deny(Stage& stage, const std::string& service, const std::string& action);
std::string PlatformArn(Stage& stage);
/// Takes the action out of the role's policy.
void Without(Stage& stage, const Connection& connection, const std::string& action);
/// Deletes an object or a bucket as administrator.
void Delete(Stage& stage, const std::string& path);
void EmptyBucket(Stage& stage);

}  // namespace farthing::connect
