#include "room.h"

#include <cstdlib>
#include <mutex>
#include <new>
#include <tuple>
#include <vector>

namespace ctorch {

namespace {

/// What was given back, oldest first. Never destroyed: a pass may end after the program's other objects.
struct Kept {
  static constexpr size_t most = 16;
  std::mutex lock;
  std::vector<std::pair<float *, int64_t>> rooms;
};

Kept &kept() {
  static Kept &it = *new Kept;
  return it;
}

}  // namespace

Room::Room(int64_t floats) {
  {
    Kept &all = kept();
    std::lock_guard<std::mutex> guard(all.lock);
    auto best = all.rooms.end();
    for (auto it = all.rooms.begin(); it != all.rooms.end(); it++)
      if (it->second >= floats && it->second / 2 <= floats && (best == all.rooms.end() || it->second < best->second)) best = it;
    if (best != all.rooms.end()) {
      std::tie(start, capacity) = *best;
      all.rooms.erase(best);
      return;
    }
  }
  capacity = (floats / 1024 + 1) * 1024;
  start = static_cast<float *>(std::aligned_alloc(64, static_cast<size_t>(capacity) * sizeof(float)));
  if (!start) throw std::bad_alloc();
}

void Room::release() {
  if (!start) return;
  Kept &all = kept();
  std::lock_guard<std::mutex> guard(all.lock);
  all.rooms.emplace_back(std::exchange(start, nullptr), capacity);
  if (all.rooms.size() <= Kept::most) return;
  std::free(all.rooms.front().first);
  all.rooms.erase(all.rooms.begin());
}

}  // namespace ctorch
