// Memory of the fused passes.
#pragma once
#include <cstdint>
#include <utility>

namespace ctorch {

/// Memory of a pass, from the start of a cache line on: vectors that straddle two lines take twice as long to read. Not set to anything. Fresh memory costs a page fault
/// every 4 KiB, a tenth of a pass, and even that from the heap more than a small pass should: it is used again.
class Room {
  float *start = nullptr;
  int64_t capacity = 0;

public:
  Room() = default;
  explicit Room(int64_t floats);
  Room(Room &&other) noexcept : start(std::exchange(other.start, nullptr)), capacity(other.capacity) {}
  Room &operator=(Room &&other) noexcept {
    std::swap(start, other.start);
    std::swap(capacity, other.capacity);
    return *this;
  }
  ~Room() { release(); }
  void release();
  float *data() const { return start; }
};

/// Hands out stretches of 16 floats each; a first walk with no memory counts them.
struct Plan {
  float *base = nullptr;
  int64_t used = 0;
  float *take(int64_t floats) {
    float *here = base ? base + used : nullptr;
    used += (floats + 15) / 16 * 16;
    return here;
  }
};

}  // namespace ctorch
