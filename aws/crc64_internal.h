#pragma once

// CRC-64/NVME, the checksum that S3 keeps of whole objects since 2024.  Pieces that were summed apart are combined, so
// ranges need not arrive in order.  Source: NVM Express Base Specification 2.0, 5.2.1.3.4; S3 user guide, "Checking
// object integrity".  Values; const-safe.

#include <cstdint>
#include <string>
#include <string_view>

namespace farthing::aws {

/// Returns the CRC of what `crc` stands for followed by `bytes`; 0 stands for nothing.
std::uint64_t ExtendCrc64(std::uint64_t crc, std::string_view bytes);

/// Returns the CRC of two pieces from those of each; `second_bytes` is the length of the second.
std::uint64_t CombineCrc64(std::uint64_t first, std::uint64_t second, std::uint64_t second_bytes);

/// As S3 writes it: base64 of the eight bytes, highest first.
std::string Crc64Text(std::uint64_t crc);

}  // namespace farthing::aws
