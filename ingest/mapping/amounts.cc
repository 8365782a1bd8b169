#include "ingest/mapping/amounts.h"

#include <algorithm>

namespace farthing::ingest {

void DecimalNeed::Add(const Decimal& canonical) {
  int digits = 0;
  for (int128 rest = canonical.units; rest != 0; rest /= 10) ++digits;
  integer_digits = std::max(integer_digits, digits - canonical.scale);
  scale = std::max(scale, canonical.scale);
}

void DecimalNeed::Add(const DecimalNeed& other) {
  integer_digits = std::max(integer_digits, other.integer_digits);
  scale = std::max(scale, other.scale);
}

Result<DecimalType> TypeFor(const DecimalNeed& need) {
  constexpr DecimalType kNarrow;
  if (need.scale <= kNarrow.scale && need.integer_digits <= kNarrow.width - kNarrow.scale)
    return kNarrow;
  if (need.integer_digits + need.scale > kWideWidth) {
    return Error(Errc::kInvalidArgument,
                 "amounts with " + std::to_string(need.integer_digits) + " digits before and " +
                     std::to_string(need.scale) +
                     " after the point do not fit one column of 38 digits exactly")
        .Hint("export amounts as decimals, not as doubles, with at most 18 digits after the point");
  }
  return DecimalType{
      kWideWidth,
      std::max(need.scale,
               kNarrow.scale <= kWideWidth - need.integer_digits ? kNarrow.scale : need.scale)};
}

DecimalType Widest(DecimalType a, DecimalType b) {
  if (a == b) return a;
  const int scale = std::max(a.scale, b.scale);
  return DecimalType{std::max(a.width, b.width) == kNarrowWidth ? kNarrowWidth : kWideWidth, scale};
}

}  // namespace farthing::ingest
