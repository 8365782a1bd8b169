#include "http/server.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <thread>

#include "http/session_internal.h"

namespace farthing::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using std::chrono::milliseconds;

constexpr milliseconds kGrace{5000};
constexpr milliseconds kAcceptPause{50};

class BeastServer final : public Server {
 public:
  BeastServer(const Settings& settings, Handler handler)
      : acceptor_(asio::make_strand(context_)),
        pause_(acceptor_.get_executor()),
        handlers_(static_cast<std::size_t>(std::max(1, settings.threads))) {
    shared_.settings = settings;
    shared_.handler = std::move(handler);
    shared_.handlers = &handlers_;
  }

  ~BeastServer() override { Stop(); }

  Result<void> Listen() {
    error_code failed;
    const auto address = asio::ip::make_address(shared_.settings.address, failed);
    const int port = shared_.settings.port;
    if (failed || port < 0 || port > 65535) {
      return Error(Errc::kInvalidArgument, "not an address to listen on: " + Where());
    }
    const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(port));
    acceptor_.open(endpoint.protocol(), failed);
    if (!failed) acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed) acceptor_.bind(endpoint, failed);
    if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    if (failed == asio::error::address_in_use) {
      return Error(Errc::kConflict, "another program listens there: " + Where())
          .Hint("choose another port");
    }
    namespace errc = boost::system::errc;
    if (failed == errc::permission_denied || failed == errc::address_not_available) {
      return Error(Errc::kInvalidArgument,
                   "cannot listen there, " + failed.message() + ": " + Where());
    }
    if (failed) {
      return Error(Errc::kUnavailable, "cannot listen, " + failed.message() + ": " + Where());
    }
    port_ = acceptor_.local_endpoint(failed).port();
    Accept();
    for (int i = 0; i < std::max(1, shared_.settings.threads); ++i) {
      threads_.emplace_back([this] { context_.run(); });
    }
    return {};
  }

  int port() const override { return port_; }

  void Stop() override {
    {
      const std::lock_guard lock(shared_.mutex);
      if (shared_.stopping) return;
      shared_.stopping = true;
    }
    asio::post(acceptor_.get_executor(), [this] {
      acceptor_.close();
      pause_.cancel();
    });
    ForEach([](Session& session) { session.Stop(); });
    if (!WaitUntilClosed()) {
      ForEach([](Session& session) { session.Abort(); });
      WaitUntilClosed();
    }
    handlers_.join();
    context_.stop();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::string Where() const {
    return shared_.settings.address + ":" + std::to_string(shared_.settings.port);
  }

  void Accept() {
    acceptor_.async_accept(asio::make_strand(context_),
                           [this](error_code failed, tcp::socket socket) {
                             if (!failed) Admit(std::move(socket));
                             if (!acceptor_.is_open()) return;
                             failed ? Pause() : Accept();
                           });
  }

  /// No more descriptors, for example: trying again at once would only burn time.
  void Pause() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](error_code) {
      if (acceptor_.is_open()) Accept();
    });
  }

  void Admit(tcp::socket socket) {
    std::unique_lock lock(shared_.mutex);
    if (shared_.stopping) return;
    ++shared_.open;
    std::erase_if(shared_.sessions, [](const auto& session) { return session.expired(); });
    lock.unlock();
    // The constructor may throw only before it counts; its destructor counts down.
    auto session = std::make_shared<Session>(std::move(socket), shared_);
    lock.lock();
    shared_.sessions.push_back(session);
    const bool late = shared_.stopping;
    lock.unlock();
    session->Start();
    if (late) session->Stop();
  }

  template <typename Work>
  void ForEach(Work work) {
    std::unique_lock lock(shared_.mutex);
    const std::vector<std::weak_ptr<Session>> sessions = shared_.sessions;
    lock.unlock();
    for (const auto& weak : sessions) {
      if (const auto session = weak.lock()) work(*session);
    }
  }

  bool WaitUntilClosed() {
    std::unique_lock lock(shared_.mutex);
    return shared_.all_closed.wait_for(lock, kGrace, [this] { return shared_.open == 0; });
  }

  ServerState shared_;
  asio::io_context context_;
  // Keeps the context running while only handlers work.
  asio::executor_work_guard<asio::io_context::executor_type> work_ =
      asio::make_work_guard(context_);
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  asio::thread_pool handlers_;
  std::vector<std::thread> threads_;
  int port_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(const Settings& settings, Handler handler) {
  auto server = std::make_unique<BeastServer>(settings, std::move(handler));
  TRY(server->Listen());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace farthing::http
