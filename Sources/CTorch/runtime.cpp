// Versions, threads, devices, handles.
#include "internal.h"
#include "threads.h"

#if defined(__GLIBC__) || defined(__linux__)
#include <malloc.h>
#endif
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

namespace ctorch {

std::atomic<int64_t> live_handles{0};
static thread_local std::string last_error;

std::atomic<bool> is_timed{false};
std::atomic<int64_t> timed_nanoseconds{0};

void set_error(const std::string &message) {
  // libtorch's messages go on with hints for C++ developers; the first line says what is wrong.
  last_error = message.substr(0, message.find('\n'));
}

c10::ScalarType scalar_type(int dtype) {
  switch (dtype) {
  case CTORCH_FLOAT32: return c10::kFloat;
  case CTORCH_FLOAT64: return c10::kDouble;
  case CTORCH_INT64: return c10::kLong;
  case CTORCH_UINT8: return c10::kByte;
  case CTORCH_BOOL: return c10::kBool;
  }
  throw std::runtime_error("unknown element type");
}

c10::Device device(int index) {
  if (index == CTORCH_META) return c10::Device(c10::kMeta);
  return index < 0 ? c10::Device(c10::kCPU) : c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

}  // namespace ctorch

using namespace ctorch;

const char *ctorch_version(void) { return TORCH_VERSION; }
const char *ctorch_error(void) { return last_error.c_str(); }

int ctorch_cuda_count(void) {
  try {
    return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0;
  } catch (...) {
    return 0;
  }
}

const char *ctorch_cuda_version(void) {
  static const std::string version = [] {
    try {
      // Throws in a build for CPUs. (at::hasCUDA asks for a GPU.)
      long number = at::detail::getCUDAHooks().versionCUDART();
      return number > 0 ? std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10) : std::string();
    } catch (...) {
      return std::string();
    }
  }();
  return version.c_str();
}

int ctorch_get_threads(void) { return static_cast<int>(threads()); }
int ctorch_set_threads(int count) { return guarded([&] { set_threads(count); }); }
int ctorch_make_reproducible(void) {
  return guarded([&] {
    // cuBLAS reads it when the first GPU is used.
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
    at::Context &context = at::globalContext();
    context.setDeterministicAlgorithms(true, /*warn_only=*/true);
    // Nothing here reads what it did not write.
    context.setDeterministicFillUninitializedMemory(false);
    context.setBenchmarkCuDNN(false);
    context.setAllowTF32CuDNN(false);
  });
}

void ctorch_take_times(int on) { is_timed.store(on != 0, std::memory_order_relaxed); }
int64_t ctorch_timed_nanoseconds(void) { return timed_nanoseconds.load(std::memory_order_relaxed); }

int64_t ctorch_live_handles(void) { return live_handles.load(std::memory_order_relaxed); }

void ctorch_release(ctorch_tensor t) {
  if (t == nullptr) return;
  Stopwatch stopwatch;
  delete &get(t);
  live_handles.fetch_sub(1, std::memory_order_relaxed);
}

int ctorch_dimensions(ctorch_tensor t) { return static_cast<int>(get(t).dim()); }
int64_t ctorch_size(ctorch_tensor t, int dimension) { return get(t).sizes()[static_cast<size_t>(dimension)]; }
int64_t ctorch_count(ctorch_tensor t) { return get(t).numel(); }

int ctorch_dtype(ctorch_tensor t) {
  switch (get(t).scalar_type()) {
  case c10::kFloat: return CTORCH_FLOAT32;
  case c10::kDouble: return CTORCH_FLOAT64;
  case c10::kLong: return CTORCH_INT64;
  case c10::kByte: return CTORCH_UINT8;
  case c10::kBool: return CTORCH_BOOL;
  default: return -1;
  }
}

int ctorch_device(ctorch_tensor t) { return get(t).is_cuda() ? get(t).device().index() : get(t).is_meta() ? CTORCH_META : CTORCH_CPU; }
int ctorch_is_contiguous(ctorch_tensor t) { return get(t).is_contiguous(); }
void *ctorch_data(ctorch_tensor t) { return get(t).data_ptr(); }
int ctorch_requires_grad(ctorch_tensor t) { return get(t).requires_grad(); }
int ctorch_shares_storage(ctorch_tensor a, ctorch_tensor b) {
  return get(a).storage().unsafeGetStorageImpl() == get(b).storage().unsafeGetStorageImpl();
}

void ctorch_keep_memory(void) {
#if defined(__GLIBC__)
  // A copy of a network's weights is above the threshold from which malloc maps and unmaps pages for each request.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  mallopt(M_TOP_PAD, 16 << 20);
  mallopt(M_ARENA_MAX, 1);
#endif
}
