// What the files of the shim share: handles, and the one place where exceptions end.
#pragma once
#include "ctorch.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <new>
#include <string>

namespace ctorch {

extern std::atomic<int64_t> live_handles;
extern std::atomic<bool> is_timed;
extern std::atomic<int64_t> timed_nanoseconds;
void set_error(const std::string &message);

inline at::Tensor &get(ctorch_tensor t) { return *reinterpret_cast<at::Tensor *>(t); }

inline ctorch_tensor wrap(at::Tensor t) {
  auto *handle = new at::Tensor(std::move(t));
  live_handles.fetch_add(1, std::memory_order_relaxed);
  return reinterpret_cast<ctorch_tensor>(handle);
}

inline c10::IntArrayRef sizes(const int64_t *values, int n) { return c10::IntArrayRef(values, static_cast<size_t>(n)); }

c10::ScalarType scalar_type(int dtype);
c10::Device device(int index);

inline c10::Scalar scalar(double value, int is_int) {
  return is_int ? c10::Scalar(static_cast<int64_t>(value)) : c10::Scalar(value);
}

/// While times are taken: adds how long it lives to the time that was spent in libtorch.
class Stopwatch {
  using Clock = std::chrono::steady_clock;
  bool on = is_timed.load(std::memory_order_relaxed);
  Clock::time_point start = on ? Clock::now() : Clock::time_point();

public:
  ~Stopwatch() {
    if (on) timed_nanoseconds.fetch_add(std::chrono::nanoseconds(Clock::now() - start).count(), std::memory_order_relaxed);
  }
};

/// Runs a body and turns what it throws into a message.
template <typename Body> int guarded(Body body) noexcept {
  Stopwatch stopwatch;
  try {
    body();
    return 0;
  } catch (const c10::Error &error) {
    try { set_error(error.what_without_backtrace()); } catch (...) {}
  } catch (const std::bad_alloc &) {
    try { set_error("out of memory"); } catch (...) {}
  } catch (const std::exception &error) {
    try { set_error(error.what()); } catch (...) {}
  } catch (...) {
    try { set_error("an unknown error in libtorch"); } catch (...) {}
  }
  return 1;
}

/// For functions with one result.
template <typename Body> int result(ctorch_tensor *out, Body body) noexcept {
  return guarded([&] { *out = wrap(body()); });
}

}  // namespace ctorch
