#pragma once

// From one HTTP request to one response: signature, faults, protocol, service.  Private to sim/aws; called
// under the world's lock.

#include "http/server.h"
#include "sim/aws/operation.h"

namespace farthing::rehearsal {

struct Answered {
  http::ServerResponse response;
  RequestRecord record;
  bool redeliver = false;  ///< a fault wants new deliveries once this answer is out
};
Answered AnswerRequest(World& world, const http::ServerRequest& request);

/// Commands of the rehearsal itself: POST /_rehearsal/<command>.
Result<json::object> RunCommand(World& world, std::string_view command,
                                const json::object& arguments);

/// The console's stand-in: GET and POST /cloudformation/home.
http::ServerResponse AnswerConsole(World& world, const http::ServerRequest& request);

}  // namespace farthing::rehearsal
