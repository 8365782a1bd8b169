#include "cli/spending_question.h"

#include <unistd.h>

#include <iostream>
#include <string>

namespace farthing::cli {

Result<void> MaySpend(int expected_requests, const connect::SpendingState& spending, bool yes,
                      CliContext& context) {
  const std::string price = "US$" + connect::Dollars(expected_requests);
  const std::string left = "US$" + connect::Dollars(spending.left());
  if (spending.left() == 0) {
    return Error(Errc::kTooLarge, "nothing is left under the cap of " + ToString(spending.month) +
                                      ", US$" + connect::Dollars(spending.cap))
        .Hint("raise it with: farthing connections edit NAME --cost-explorer-cap USD");
  }
  if (yes) return {};
  if (!context.err_is_terminal || isatty(STDIN_FILENO) == 0) {
    return Error(Errc::kInvalidArgument, "this costs about " + price + " in AWS")
        .Hint("say --yes; " + left + " are left under the cap of this month");
  }
  context.err << "spend about " << price << " (" << left << " left this month)? [y/N] "
              << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "yes") return {};
  return Error(Errc::kInvalidArgument, "nothing was asked and nothing spent");
}

}  // namespace farthing::cli
