#include <gtest/gtest.h>

#include "aws/crc64_internal.h"

namespace farthing::aws {
namespace {

/// Bit by bit, straight from the definition.
std::uint64_t Slowly(std::string_view bytes) {
  std::uint64_t crc = ~std::uint64_t{0};
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x9a6c9329ac4bc9b5 : 0);
  }
  return ~crc;
}

std::string Noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

// The check value of the catalogue of parametrised CRC algorithms, CRC-64/NVME.
TEST(Crc64Test, HasTheCheckValueOfItsDefinition) {
  EXPECT_EQ(ExtendCrc64(0, "123456789"), 0xae8b14860a799888U);
  EXPECT_EQ(ExtendCrc64(0, ""), 0U);
  EXPECT_EQ(Crc64Text(0xae8b14860a799888U), "rosUhgp5mIg=");
}

TEST(Crc64Test, EveryLengthAndAlignmentIsTheSameAsBitByBit) {
  const std::string noise = Noise(700);
  for (std::size_t start = 0; start < 9; ++start) {
    for (std::size_t size = 0; size + start <= noise.size(); size += 1 + size / 40) {
      const std::string_view bytes = std::string_view(noise).substr(start, size);
      ASSERT_EQ(ExtendCrc64(0, bytes), Slowly(bytes)) << start << " " << size;
    }
  }
}

TEST(Crc64Test, PiecesAreExtendedOrCombined) {
  const std::string noise = Noise(5000);
  const std::uint64_t whole = ExtendCrc64(0, noise);
  for (const std::size_t at : {0UL, 1UL, 63UL, 64UL, 4096UL, 5000UL}) {
    const std::string_view first = std::string_view(noise).substr(0, at);
    const std::string_view second = std::string_view(noise).substr(at);
    EXPECT_EQ(ExtendCrc64(ExtendCrc64(0, first), second), whole);
    EXPECT_EQ(CombineCrc64(ExtendCrc64(0, first), ExtendCrc64(0, second), second.size()), whole);
  }
}

}  // namespace
}  // namespace farthing::aws
