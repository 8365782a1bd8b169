#pragma once

// Ids of accounts that a tool has made numbers of.  Const-safe.

#include <string_view>

#include "base/result.h"

namespace farthing::ingest {

/// True for what a spreadsheet leaves of an id of twelve digits: "1.23457E+11".
bool IsRoundedAccountId(std::string_view text);

/// True for digits that are too few for an AWS account.
bool IsShortAccountId(std::string_view text);

/// Why a rounded id is refused, without its place: the lines of several accounts may look like one's.
Error RoundedAccountId(std::string_view text);

}  // namespace farthing::ingest
