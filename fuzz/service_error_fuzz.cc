// Any answer of a server becomes an error that can be shown: valid UTF-8, one line, bounded.

#include <cstdint>

#include "aws/error.h"
#include "base/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farthing;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // The first line stands for a header, the rest for the body.
  const auto line_end = std::min(text.find('\n'), text.size());
  http::Response response{.status = 403};
  response.headers = {{"x-amzn-ErrorType", std::string(text.substr(0, line_end))}};
  response.body = text.substr(line_end);
  const aws::ServiceError refused = aws::ReadServiceError(response);
  const Error error = aws::ToError(refused, aws::Service::kSts, "AssumeRole");
  CHECK(FindInvalidUtf8(error.message()) == std::string::npos);
  CHECK(error.message().find('\n') == std::string::npos);
  CHECK(error.message().size() < 40'000);
  CHECK(!error.detail(aws::kOperationDetail).empty());
  return 0;
}
