#pragma once

// Which loads describe one bill: of those, one only may be read.  They do unless something says that they are two.
// docs/decisions/0005-election.md.  Pure but for the figures asked for; const-safe.

#include <optional>
#include <string>

#include "lake/account_figures.h"
#include "lake/catalog.h"

namespace farthing::lake {

/// The id without leading zeros: tools that take ids for numbers cut them off.
std::string PlainAccount(const std::string& id);

bool ShareAccounts(const Load& a, const Load& b);

/// True for loads that may have lines of the same account and day, to be cut to fit each other: of one month and
/// provider, and of one payer or of common accounts (an account may have changed its payer).
bool MayShareCells(const Load& a, const Load& b);

/// True where a column says that they are one bill, not only nothing that they are two.
bool AreKnownAsOne(const Load& a, const Load& b);

/// The account that `load` names as its payer while it is a sub account on the bill of another payer.
std::optional<std::string> PayerThatIsMemberOf(const Load& load, const Load& other);

/// True for loads of two exports of which only one may be read.
bool AreSameBill(const Load& a, const Load& b, const FiguresOf& figures_of);

}  // namespace farthing::lake
