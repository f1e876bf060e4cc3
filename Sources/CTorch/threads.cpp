#include "threads.h"

#include <ATen/Parallel.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ctorch {

namespace {

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

/// How long to wait awake: the next piece of an update is mostly nearer than that, and a thread that sleeps takes some fifty microseconds to wake.
constexpr auto patience = std::chrono::microseconds(300);

/// Waits until `value` is no longer `old`, at first awake, then asleep.
template <typename T> T wait_for_change(const std::atomic<T> &value, T old) {
  for (auto start = std::chrono::steady_clock::now(); std::chrono::steady_clock::now() - start < patience;)
    for (int i = 0; i < 16; i++) {
      T now = value.load(std::memory_order_acquire);
      if (now != old) return now;
      pause();
    }
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

/// Pieces are taken by whoever is there: the caller does those of a worker that sleeps, or that the system has put aside for another process.
/// Never destroyed: the process ends while its workers sleep.
class Pool {
  std::atomic<bool> busy{false};
  std::vector<std::thread> workers;
  /// The number of the round, and below it, in 32 bits, how many of its pieces nobody has taken yet.
  std::atomic<uint64_t> open{0};
  std::atomic<int64_t> unfinished{0};
  /// Of the round; read only by who has taken a piece, without which no next round begins.
  const std::function<void(int64_t)> *body = nullptr;
  std::mutex failing;
  std::exception_ptr failure;

  static int64_t left(uint64_t now) { return static_cast<int64_t>(now & 0xFFFF'FFFF); }

  /// Takes a piece and runs it; false where none is left. `now` is what was seen of `open`, before and after.
  bool run_piece(uint64_t &now) {
    while (left(now) > 0) {
      if (!open.compare_exchange_weak(now, now - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      try {
        (*body)(left(now) - 1);
      } catch (...) {
        std::lock_guard<std::mutex> lock(failing);
        if (!failure) failure = std::current_exception();
      }
      if (unfinished.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished.notify_one();
      now = open.load(std::memory_order_acquire);
      return true;
    }
    return false;
  }

  void work() {
    for (uint64_t now = open.load(std::memory_order_acquire);;)
      if (!run_piece(now)) now = wait_for_change(open, now);
  }

public:
  bool run(int64_t count, const std::function<void(int64_t)> &what) {
    if (busy.exchange(true, std::memory_order_acquire)) return false;
    struct Release {
      std::atomic<bool> &flag;
      ~Release() { flag.store(false, std::memory_order_release); }
    } release{busy};
    while (static_cast<int64_t>(workers.size()) < count - 1) workers.emplace_back([this] { work(); });
    body = &what;
    failure = nullptr;
    unfinished.store(count, std::memory_order_relaxed);
    uint64_t now = ((open.load(std::memory_order_relaxed) >> 32) + 1) << 32 | static_cast<uint64_t>(count);
    open.store(now, std::memory_order_release);
    open.notify_all();
    while (run_piece(now)) {}
    for (int64_t running = unfinished.load(std::memory_order_acquire); running != 0;) running = wait_for_change(unfinished, running);
    if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
    return true;
  }
};

}  // namespace

static std::atomic<int64_t> wanted{1};

int64_t threads() { return wanted.load(std::memory_order_relaxed); }

static void set_libtorch_threads(int64_t count) {
  if (at::get_num_threads() != count) at::set_num_threads(static_cast<int>(count));
}

void set_threads(int64_t count) {
  wanted.store(count, std::memory_order_relaxed);
  set_libtorch_threads(count);
}

void give_threads_to_passes() { set_libtorch_threads(1); }
void give_threads_to_libtorch() { set_libtorch_threads(threads()); }

void in_parallel(int64_t pieces, const std::function<void(int64_t)> &body) {
  static Pool &pool = *new Pool;
  if (pieces > 1 && pool.run(pieces, body)) return;
  for (int64_t i = 0; i < pieces; i++) body(i);
}

}  // namespace ctorch
