// Threads for the fused passes. libtorch's own (libgomp) spin while they wait, which makes a small network many times slower where another process is busy; its
// parallel_for is serial in code that is compiled without OpenMP.
#pragma once
#include <cstdint>
#include <functional>

namespace ctorch {

/// As many as `--threads` says.
int64_t threads();
void set_threads(int64_t count);

/// Who has the threads from here on. Both at once would be in each other's way: libtorch's spin for a millisecond after each operation. So its operations between
/// fused passes run on one thread, and on all of them in networks that are not fused.
void give_threads_to_passes();
void give_threads_to_libtorch();

/// Runs body(0) to body(pieces - 1) on as many threads, the calling one among them, each piece on the first that is free; returns when all are done. An exception of
/// one is thrown again here.
/// Bodies of the same call must not call it again. One caller at a time has the threads: others run their pieces one after the other.
void in_parallel(int64_t pieces, const std::function<void(int64_t)> &body);

}  // namespace ctorch
