#include "threads.h"

#include <ATen/Parallel.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
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

/// Waits until `value` is no longer `old`: a few microseconds awake, since the next piece of an update is mostly that near, then asleep.
template <typename T> T wait_for_change(const std::atomic<T> &value, T old) {
  for (int i = 0; i < 500; i++) {
    T now = value.load(std::memory_order_acquire);
    if (now != old) return now;
    pause();
  }
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

/// Never destroyed: the process ends while its workers sleep.
class Pool {
  std::mutex busy;
  std::vector<std::thread> workers;
  std::atomic<uint32_t> round{0};
  std::atomic<int64_t> left{0};
  const std::function<void(int64_t)> *body = nullptr;
  int64_t pieces = 0;
  std::mutex failing;
  std::exception_ptr failure;

  void run_piece(int64_t piece) {
    try {
      (*body)(piece);
    } catch (...) {
      std::lock_guard<std::mutex> lock(failing);
      if (!failure) failure = std::current_exception();
    }
  }

  void work(int64_t piece, uint32_t seen) {
    while (true) {
      seen = wait_for_change(round, seen);
      if (piece < pieces) run_piece(piece);
      // All workers answer, those without a piece too: what they read of this round then stays until they have read it.
      if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) left.notify_one();
    }
  }

public:
  bool run(int64_t count, const std::function<void(int64_t)> &what) {
    std::unique_lock<std::mutex> lock(busy, std::try_to_lock);
    if (!lock.owns_lock()) return false;
    while (static_cast<int64_t>(workers.size()) < count - 1) {
      int64_t piece = static_cast<int64_t>(workers.size()) + 1;
      workers.emplace_back([this, piece, seen = round.load()] { work(piece, seen); });
    }
    body = &what;
    pieces = count;
    failure = nullptr;
    left.store(static_cast<int64_t>(workers.size()), std::memory_order_release);
    round.fetch_add(1, std::memory_order_release);
    round.notify_all();
    run_piece(0);
    for (int64_t now = left.load(std::memory_order_acquire); now != 0;) now = wait_for_change(left, now);
    if (failure) std::rethrow_exception(failure);
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
