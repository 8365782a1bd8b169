#pragma once

// A service of scripts/services that runs for as long as a test does.  Tests that need one are skipped where
// scripts/install_services has not been.

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "aws/client.h"

namespace farthing::referee {

class Service {
 public:
  /// Starts scripts/services/NAME.  Nothing when it is not installed; fails the test when it does not start.
  static std::unique_ptr<Service> Start(const std::string& name);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  const http::Url& url() const { return url_; }
  /// What its ready line says, such as "data".
  std::string fact(const std::string& name) const;

 private:
  Service(pid_t process, http::Url url, std::map<std::string, std::string> facts);
  pid_t process_;
  http::Url url_;
  std::map<std::string, std::string> facts_;
};

/// A client that sends everything to the service.
std::shared_ptr<aws::Client> ClientOf(const Service& service, const std::string& key,
                                      const std::string& secret,
                                      const std::string& region = "us-east-1");
std::shared_ptr<aws::CredentialsProvider> Keys(const std::string& key, const std::string& secret);
/// Where ClientOf sends things, to be changed.
aws::Environment EnvironmentOf(const Service& service);

}  // namespace farthing::referee
