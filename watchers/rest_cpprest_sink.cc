#include "watchers/rest_cpprest_sink.h"

#include <cpprest/astreambuf.h>

#include <cstddef>
#include <utility>

namespace watchers {
namespace {

// Where the library writes a body: no further bytes are read from the socket until the task that
// _putn returns is done.
class BodySink final : public Concurrency::streams::details::streambuf_state_manager<std::uint8_t> {
 public:
  explicit BodySink(std::shared_ptr<Exchange> exchange)
      : streambuf_state_manager<std::uint8_t>(std::ios_base::out), exchange_(std::move(exchange)) {}

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  std::size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return pos_type(-1); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return pos_type(-1); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return pos_type(-1);
  }
  bool acquire(std::uint8_t*&, std::size_t&) override { return false; }
  void release(std::uint8_t*, std::size_t) override {}

 protected:
  pplx::task<std::size_t> _putn(const std::uint8_t* bytes, std::size_t count) override {
    pplx::task_completion_event<std::size_t> taken;
    bool copied = exchange_->body.write({reinterpret_cast<const char*>(bytes), count},
                                        [taken, count] { taken.set(count); });
    return copied ? pplx::task_from_result(count) : pplx::create_task(taken);
  }
  // The library writes blocks only.
  pplx::task<int_type> _putc(std::uint8_t) override {
    return pplx::task_from_result(traits::eof());
  }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  // This stream is never read.
  pplx::task<int_type> _bumpc() override { return pplx::task_from_result(traits::eof()); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return pplx::task_from_result(traits::eof()); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return pplx::task_from_result(traits::eof()); }
  pplx::task<int_type> _ungetc() override { return pplx::task_from_result(traits::eof()); }
  pplx::task<std::size_t> _getn(std::uint8_t*, std::size_t) override {
    return pplx::task_from_result(std::size_t{0});
  }
  std::size_t _scopy(std::uint8_t*, std::size_t) override { return 0; }
  std::uint8_t* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}

 private:
  const std::shared_ptr<Exchange> exchange_;
};

}  // namespace

Concurrency::streams::basic_ostream<std::uint8_t> body_sink(std::shared_ptr<Exchange> exchange) {
  Concurrency::streams::streambuf<std::uint8_t> buffer(
      std::make_shared<BodySink>(std::move(exchange)));
  return buffer.create_ostream();
}

}  // namespace watchers
