#include "ingest/mapping/account_ids.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace farthing::ingest {
namespace {

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

bool IsRoundedAccountId(std::string_view text) {
  // Nearly every id is digits or letters up to its second character.
  if (text.size() < 4 || std::string_view(".,Ee").find(text[1]) == std::string_view::npos)
    return false;
  const std::size_t power = text.find_first_of("Ee");
  if (power == std::string_view::npos || power + 1 >= text.size()) return false;
  const bool decimals = power > 1;
  const bool plus = text[power + 1] == '+';
  const std::string_view exponent = text.substr(power + (plus ? 2 : 1));
  // "1E12" alone may be a name; spreadsheets write the sign.
  return IsDigits(text.substr(0, 1)) && (decimals ? IsDigits(text.substr(2, power - 2)) : plus) &&
         IsDigits(exponent) && exponent.size() <= 2;
}

bool IsShortAccountId(std::string_view text) { return text.size() < 12 && IsDigits(text); }

Error RoundedAccountId(std::string_view text) {
  return Error(Errc::kCorrupt,
               "no account id but a number that a spreadsheet has rounded: " + std::string(text))
      .Hint(
          "the file was saved by a spreadsheet, which lost the id's digits; import it as it was "
          "delivered, or "
          "export it again");
}

}  // namespace farthing::ingest
