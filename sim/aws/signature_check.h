#pragma once

// Who signed a request: Signature Version 4 checked from the bytes that came over the wire, with AWS's own
// refusals.  Private to sim/aws.  Source: AWS General Reference, "Troubleshooting Signature Version 4".

#include <optional>
#include <string>

#include "http/server.h"
#include "sim/aws/operation.h"

namespace farthing::rehearsal {

/// What a request says about its own signature, in the header or in the query.
struct Signed {
  std::string key_id, date, region, service;  ///< date: YYYYMMDD
  std::string time;                           ///< YYYYMMDDTHHMMSSZ
  std::string signed_headers, signature, token;
  bool presigned = false;
  std::int64_t lasts_seconds = 0;  ///< of presigned requests
};

/// Returns what the request claims; nothing when it is not signed.
/// Errors: a refusal when Authorization cannot be read.
Result<std::optional<Signed>> ReadSignature(const http::ServerRequest& request);

struct Identity {
  Caller caller;
  Instant client_time;  ///< whichever of the two clocks fits the signature: see Aws's README
};
/// Errors: a refusal in the words of the protocol.
Result<Identity> CheckSignature(World& world, const http::ServerRequest& request,
                                const Signed& claim, Protocol protocol);

/// The instant our clocks show, as the Date header of an answer to a request signed at `time`.
Instant ServerTime(const World& world, std::string_view signed_time);

}  // namespace farthing::rehearsal
