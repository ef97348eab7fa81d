// A stand-in for the vendor's hls_stream.h: a queue that holds a stream to its rules. Reading
// from an empty one, or leaving values behind, ends the program: hardware would hang there.
// It is used only where the vendor's header is not on the include path.
#ifndef VITDSE_SHIM_HLS_STREAM_H
#define VITDSE_SHIM_HLS_STREAM_H

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

namespace hls {

template <class T, int Depth = 0> class stream {
 public:
  stream() = default;
  explicit stream(const char* name) : name_(name) {}
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;
  ~stream() {
    if (!empty() && !unwinding()) fault("ends with unread values");
  }

  bool empty() const { return at_ == values_.size(); }
  size_t size() const { return values_.size() - at_; }
  void write(const T& v) {
    if (values_.size() * sizeof(T) > most) fault("holds a gigabyte");
    values_.push_back(v);
  }
  T read() {
    if (empty()) fault("is read while empty");
    const T v = values_[at_++];
    if (empty()) {
      values_.clear();
      at_ = 0;
    }
    return v;
  }
  void read(T& v) { v = read(); }
  stream& operator<<(const T& v) { write(v); return *this; }
  stream& operator>>(T& v) { v = read(); return *this; }

 private:
  static constexpr size_t most = size_t(1) << 30;  // bytes: a loop without an end writes for ever
  // An exception of the testbench says more than what it leaves in the streams.
  static bool unwinding() {
#if __cplusplus >= 201703L
    return std::uncaught_exceptions() > 0;
#else
    return std::uncaught_exception();
#endif
  }
  [[noreturn]] void fault(const char* what) const {
    std::fflush(stdout);
    std::fprintf(stderr, "hls::stream %s %s\n", name_, what);
    std::_Exit(3);
  }
  const char* name_ = "(unnamed)";
  std::vector<T> values_;
  size_t at_ = 0;
};

}  // namespace hls

#endif
