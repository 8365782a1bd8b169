#include "ingest/csv/csv_scan.h"

#include <emmintrin.h>

#include <array>
#include <bit>
#include <cstring>

namespace farthing::ingest {
namespace {

constexpr std::size_t kStride = 64;

struct Masks {
  std::uint64_t commas = 0;
  std::uint64_t feeds = 0;
  std::uint64_t quotes = 0;
};

Masks MasksOf(const char* text) {
  Masks masks;
  const __m128i comma = _mm_set1_epi8(',');
  const __m128i feed = _mm_set1_epi8('\n');
  const __m128i quote = _mm_set1_epi8('"');
  for (unsigned part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 16 * part));
    const auto bits = [&](__m128i wanted) {
      return static_cast<std::uint64_t>(
                 static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted))))
             << (16 * part);
    };
    masks.commas |= bits(comma);
    masks.feeds |= bits(feed);
    masks.quotes |= bits(quote);
  }
  return masks;
}

// Bit i of the result is the xor of bits 0..i.
std::uint64_t PrefixXor(std::uint64_t bits) {
  for (const int shift : {1, 2, 4, 8, 16, 32}) bits ^= bits << shift;
  return bits;
}

// Calls visit(offset, masks, inside) for each 64 bytes; the last piece is padded with zeros.
// `inside` has a bit for every byte within quotes (the opening quote included).
template <typename Visit>
bool ForEachStride(std::string_view text, Visit visit) {
  std::uint64_t carry = 0;  // all ones while inside quotes
  for (std::size_t at = 0; at < text.size(); at += kStride) {
    Masks masks;
    if (text.size() - at >= kStride) {
      masks = MasksOf(text.data() + at);
    } else {
      std::array<char, kStride> padded{};
      std::memcpy(padded.data(), text.data() + at, text.size() - at);
      masks = MasksOf(padded.data());
    }
    std::uint64_t inside = carry;
    if (masks.quotes != 0) {
      inside ^= PrefixXor(masks.quotes);
      carry = static_cast<std::uint64_t>(static_cast<std::int64_t>(inside) >> 63);
    }
    visit(at, masks, inside);
  }
  return carry != 0;
}

}  // namespace

RecordScan ScanRecords(std::string_view text) {
  RecordScan scan;
  scan.inside_quotes =
      ForEachStride(text, [&](std::size_t at, const Masks& masks, std::uint64_t inside) {
        const std::uint64_t ends = masks.feeds & ~inside;
        if (ends == 0) return;
        scan.records += static_cast<std::size_t>(std::popcount(ends));
        scan.end = at + static_cast<std::size_t>(64 - std::countl_zero(ends));
      });
  return scan;
}

RecordScan FirstRecord(std::string_view text) {
  bool inside = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') inside = !inside;
    if (text[at] == '\n' && !inside) return {at + 1, 1, false};
  }
  return {0, 0, inside};
}

void FindSeparators(std::string_view text, std::vector<std::uint32_t>& offsets) {
  ForEachStride(text, [&](std::size_t at, const Masks& masks, std::uint64_t inside) {
    for (std::uint64_t bits = (masks.commas | masks.feeds) & ~inside; bits != 0; bits &= bits - 1) {
      offsets.push_back(static_cast<std::uint32_t>(at) +
                        static_cast<std::uint32_t>(std::countr_zero(bits)));
    }
  });
}

std::string_view Unquote(std::string_view field, std::string& scratch) {
  if (field.size() < 2 || field.front() != '"' || field.back() != '"') return field;
  field = field.substr(1, field.size() - 2);
  if (field.find('"') == std::string_view::npos) return field;
  scratch.clear();
  for (std::size_t i = 0; i < field.size(); ++i) {
    scratch += field[i];
    if (field[i] == '"' && i + 1 < field.size() && field[i + 1] == '"') ++i;
  }
  return scratch;
}

}  // namespace farthing::ingest
