#include "base/text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <numeric>
#include <random>
#include <utility>

#include "base/time.h"

namespace farthing {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Returns the length of the valid UTF-8 sequence at the start of `text`; 0 when there is none.
/// Source: The Unicode Standard 15, table 3-7 "Well-Formed UTF-8 Byte Sequences".
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned char lowest = 0x80;  // of the second byte
  unsigned char highest = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) lowest = 0xA0;   // overlong
    if (first == 0xED) highest = 0x9F;  // surrogates
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) lowest = 0x90;   // overlong
    if (first == 0xF4) highest = 0x8F;  // above U+10FFFF
  } else {
    return 0;
  }
  if (text.size() < length || byte(1) < lowest || byte(1) > highest) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

/// Returns the number of insertions, deletions, changes and swaps of neighbours between two words
/// (optimal string alignment).
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  std::iota(previous.begin(), previous.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

/// The 128 bits of a ULID: 48 bits of milliseconds, 80 bits of chance.
struct UlidBits {
  std::uint64_t millis = 0;
  std::uint16_t random_high = 0;
  std::uint64_t random_low = 0;
};

/// Draws the next ULID of this process: chance for a new millisecond, one more within the same.
UlidBits NextUlidBits() {
  static std::mutex mutex;
  static std::random_device device;
  static UlidBits last;
  const std::lock_guard lock(mutex);
  const auto millis = static_cast<std::uint64_t>(Now().micros / 1000);
  if (millis > last.millis) {
    last.millis = millis;
    last.random_high = static_cast<std::uint16_t>(device());
    last.random_low = (std::uint64_t{device()} << 32) | device();
  } else if (++last.random_low == 0 && ++last.random_high == 0) {
    ++last.millis;  // 2^80 in one millisecond, or the clock went back: stay sorted
  }
  return last;
}

}  // namespace

std::string ToLower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), Lower);
  return result;
}

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string result;
  for (const std::string& part : parts) {
    if (&part != &parts.front()) result += separator;
    result += part;
  }
  return result;
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

bool StartsWithIgnoreCase(std::string_view text, std::string_view prefix) {
  return EqualsIgnoreCase(text.substr(0, prefix.size()), prefix);
}

std::size_t FindInvalidUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    std::uint64_t eight = 0;
    if (text.size() - at >= sizeof(eight)) {
      std::memcpy(&eight, text.data() + at, sizeof(eight));
      if ((eight & 0x8080808080808080) == 0) {  // ASCII, as nearly all text is
        at += sizeof(eight);
        continue;
      }
    }
    const std::size_t length = Utf8Length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string result;
  for (;;) {
    const std::size_t bad = FindInvalidUtf8(text);
    result += text.substr(0, bad);
    if (bad == std::string_view::npos) return result;
    result += "\xEF\xBF\xBD";
    text.remove_prefix(bad + 1);
  }
}

std::vector<std::string> ClosestWords(std::string_view word,
                                      const std::vector<std::string>& known) {
  const std::string wanted = ToLower(word);
  std::vector<std::pair<std::size_t, std::string>> close;
  for (const std::string& candidate : known) {
    const std::string lower = ToLower(candidate);
    const std::size_t distance = EditDistance(wanted, lower);
    // One typing mistake per three letters; or one is the beginning of the other.
    const bool begins =
        wanted.size() >= 3 && (lower.starts_with(wanted) || wanted.starts_with(lower));
    if (distance <= std::max<std::size_t>(1, wanted.size() / 3) || begins) {
      close.emplace_back(distance, candidate);
    }
  }
  std::sort(close.begin(), close.end());
  if (close.size() > 3) close.resize(3);
  std::vector<std::string> words;
  words.reserve(close.size());
  for (auto& [distance, candidate] : close) words.push_back(std::move(candidate));
  return words;
}

std::string NewUlid() {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford's base 32
  const UlidBits bits = NextUlidBits();
  std::string ulid(26, '0');
  std::uint64_t millis = bits.millis;
  for (std::size_t i = 10; i-- > 0; millis >>= 5) ulid[i] = kAlphabet[millis & 31];
  // The 80 random bits, 5 at a time from the right; the high 16 move down as the low 64 shift out.
  std::uint64_t low = bits.random_low;
  std::uint64_t high = bits.random_high;
  for (std::size_t i = 26; i-- > 10;) {
    ulid[i] = kAlphabet[low & 31];
    low = (low >> 5) | (high << 59);
    high >>= 5;
  }
  return ulid;
}

}  // namespace farthing
