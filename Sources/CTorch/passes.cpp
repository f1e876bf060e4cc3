// Passes over memory that several of libtorch's operations would make one after the other.
#include "internal.h"
#include "threads.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <vector>

using namespace ctorch;

/// out[i, j] = images[rows[i], order[j]] / 255, of bytes; the same floats as a division gives.
int ctorch_pixels(ctorch_tensor images, ctorch_tensor rows, int64_t start, int64_t length, ctorch_tensor order, ctorch_tensor *out) {
  return result(out, [&] {
    static const std::array<float, 256> greys = [] {
      std::array<float, 256> table;
      for (int i = 0; i < 256; i++) table[static_cast<size_t>(i)] = static_cast<float>(i) / 255.0f;
      return table;
    }();
    const at::Tensor &from = get(images);
    TORCH_CHECK(from.dim() == 2 && from.scalar_type() == c10::kByte && from.device().is_cpu() && from.is_contiguous(), "images are contiguous bytes [N, D]");
    int64_t count = from.size(0), width = from.size(1);
    const int64_t *chosen = nullptr, *places = nullptr;
    if (rows) {
      TORCH_CHECK(get(rows).is_contiguous() && get(rows).scalar_type() == c10::kLong, "rows are int64 [n]");
      count = get(rows).numel();
      chosen = get(rows).const_data_ptr<int64_t>();
    }
    TORCH_CHECK(start >= 0 && length >= 0 && start <= count - length, "samples ", start, " to ", start + length, " of ", count, " are asked for");
    if (order) {
      TORCH_CHECK(get(order).is_contiguous() && get(order).scalar_type() == c10::kLong && get(order).numel() == width, "an order is int64 [D]");
      places = get(order).const_data_ptr<int64_t>();
    }
    at::Tensor result = at::empty({length, width}, from.options().dtype(c10::kFloat));
    const uint8_t *bytes = from.const_data_ptr<uint8_t>();
    float *to = result.mutable_data_ptr<float>();
    int64_t most = from.size(0);
    // A hundred thousand pixels are worth a second thread.
    int64_t pieces = std::clamp<int64_t>(length * width / 100'000, 1, threads());
    in_parallel(pieces, [&](int64_t piece) {
      for (int64_t i = length * piece / pieces; i < length * (piece + 1) / pieces; i++) {
        int64_t row = chosen ? chosen[start + i] : start + i;
        TORCH_CHECK_INDEX(row >= 0 && row < most, "index ", row, " is out of range for ", most, " images");
        const uint8_t *image = bytes + row * width;
        float *line = to + i * width;
        if (places) {
          for (int64_t j = 0; j < width; j++) line[j] = greys[image[places[j]]];
        } else {
          for (int64_t j = 0; j < width; j++) line[j] = greys[image[j]];
        }
      }
    });
    return result;
  });
}

namespace {

/// The rows of a contiguous tensor [N, ...], copied one by one. libtorch looks for the right way longer than sixty rows take.
at::Tensor rows_of(const at::Tensor &from, const at::Tensor &indices) {
  int64_t count = indices.numel(), rows = from.size(0);
  std::vector<int64_t> shape = from.sizes().vec();
  shape[0] = count;
  at::Tensor result = at::empty(shape, from.options().requires_grad(false));
  size_t width = rows == 0 ? 0 : from.nbytes() / static_cast<size_t>(rows);
  const int64_t *chosen = indices.const_data_ptr<int64_t>();
  const auto *bytes = static_cast<const char *>(from.const_data_ptr());
  auto *to = static_cast<char *>(result.mutable_data_ptr());
  for (int64_t i = 0; i < count; i++) TORCH_CHECK_INDEX(chosen[i] >= 0 && chosen[i] < rows, "index ", chosen[i], " is out of range for ", rows, " rows");
  for (int64_t i = 0; i < count; i++) {
    // Where a row begins no one can foresee; how it goes on, the processor does.
    if (i + 1 < count)
      for (size_t ahead = 0; ahead < std::min<size_t>(width, 256); ahead += 64) __builtin_prefetch(bytes + static_cast<size_t>(chosen[i + 1]) * width + ahead);
    std::memcpy(to + static_cast<size_t>(i) * width, bytes + static_cast<size_t>(chosen[i]) * width, width);
  }
  return result;
}

}  // namespace

int ctorch_index_select(ctorch_tensor t, int64_t dimension, ctorch_tensor indices, ctorch_tensor *out) {
  return result(out, [&] {
    const at::Tensor &from = get(t), &chosen = get(indices);
    bool is_plain = dimension == 0 && from.dim() > 0 && from.device().is_cpu() && from.is_contiguous() && !(at::GradMode::is_enabled() && from.requires_grad()) && chosen.dim() == 1 &&
                    chosen.device().is_cpu() && chosen.scalar_type() == c10::kLong && chosen.is_contiguous();
    return is_plain ? rows_of(from, chosen) : at::index_select(from, dimension, chosen);
  });
}

namespace {

// Compiled for several instruction sets. Sums go into sixteen parts, whatever a register holds, and products of floats are exact as doubles: the bits are the same with each.
#if defined(__x86_64__) && defined(__linux__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif
constexpr int lanes = 16;

/// Adds the products of n floats to sixteen sums.
FOR_EACH_PROCESSOR void add_products(const float *a, const float *b, int64_t n, double *all) {
#pragma clang fp contract(off)
  double sums[lanes];
  std::copy(all, all + lanes, sums);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int j = 0; j < lanes; j++) sums[j] += static_cast<double>(a[i + j]) * static_cast<double>(b[i + j]);
  for (; i < n; i++) sums[i % lanes] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  std::copy(sums, sums + lanes, all);
}

/// The inner products of some vectors with another, which is read once: a stretch of it stays in the first-level cache.
void dots(const float *const *vectors, int64_t count, const float *with, int64_t n, double *out) {
  std::vector<double> sums(static_cast<size_t>(count * lanes));
  for (int64_t start = 0; start < n; start += 1024)
    for (int64_t i = 0; i < count; i++) add_products(vectors[i] + start, with + start, std::min<int64_t>(1024, n - start), sums.data() + i * lanes);
  for (int64_t i = 0; i < count; i++) out[i] = std::accumulate(sums.begin() + i * lanes, sums.begin() + (i + 1) * lanes, 0.0);
}

/// sums[i] (+)= factor * values[i]
FOR_EACH_PROCESSOR void add_scaled(const float *values, double factor, int64_t n, double *sums) {
#pragma clang fp contract(off)
  for (int64_t i = 0; i < n; i++) sums[i] += factor * static_cast<double>(values[i]);
}

FOR_EACH_PROCESSOR void interpolate(float *to, const float *start, float fraction, int64_t n) {
#pragma clang fp contract(off)
  for (int64_t i = 0; i < n; i++) {
    float away = to[i] - start[i];
    float part = away * fraction;
    to[i] = part + start[i];
  }
}

/// gradients += factor * f (w - a); returns the sum of f (w - a)^2.
FOR_EACH_PROCESSOR double pull(const float *w, const float *a, const float *f, float factor, float *gradients, int64_t n) {
#pragma clang fp contract(off)
  double sum = 0;
  // Sums of a thousand floats each: as exact as libtorch's.
  for (int64_t start = 0; start < n; start += 1024) {
    int64_t end = std::min(n, start + 1024), i = start;
    float parts[lanes] = {};
    for (; i + lanes <= end; i += lanes) {
      for (int j = 0; j < lanes; j++) {
        float away = w[i + j] - a[i + j], force = f[i + j] * away;
        gradients[i + j] += factor * force;
        parts[j] += force * away;
      }
    }
    for (; i < end; i++) {
      float away = w[i] - a[i], force = f[i] * away;
      gradients[i] += factor * force;
      parts[i % lanes] += force * away;
    }
    float part = 0;
    for (float each : parts) part += each;
    sum += part;
  }
  return sum;
}

/// Pieces for a pass over so many floats: below 0.3 MB handing over to a second thread costs more than it saves.
int64_t pieces_of(int64_t floats, int64_t most) { return floats < 65'536 ? 1 : std::min(threads(), most); }

bool is_plain_vector(const at::Tensor &t) { return t.is_contiguous() && t.scalar_type() == c10::kFloat && t.device().is_cpu() && !(at::GradMode::is_enabled() && t.requires_grad()); }

const float *vector_of(ctorch_tensor t, int64_t n) {
  TORCH_CHECK(get(t).numel() == n && is_plain_vector(get(t).detach()), "the vectors are contiguous float32 [P] of one length on the CPU");
  return get(t).const_data_ptr<float>();
}

/// Whether several threads go over a vector; libtorch has its operations on one.
bool is_shared(const at::Tensor &t) { return pieces_of(t.numel(), threads()) > 1 && t.dim() == 1 && is_plain_vector(t); }

/// body(first, last) for stretches of n floats that begin with a register each.
template <typename Body> void over_floats(int64_t n, const Body &body) {
  int64_t pieces = pieces_of(n, threads());
  in_parallel(pieces, [&](int64_t piece) {
    int64_t first = n * piece / pieces / lanes * lanes, last = piece + 1 == pieces ? n : n * (piece + 1) / pieces / lanes * lanes;
    body(first, last);
  });
}

void bump_version(const at::Tensor &t) { t.unsafeGetTensorImpl()->bump_version(); }

void set_to_zero(at::Tensor &to) {
  if (!is_shared(to)) {
    to.zero_();
    return;
  }
  float *values = to.mutable_data_ptr<float>();
  over_floats(to.numel(), [&](int64_t first, int64_t last) { std::memset(values + first, 0, sizeof(float) * static_cast<size_t>(last - first)); });
  bump_version(to);
}

}  // namespace

int ctorch_clone(ctorch_tensor t, ctorch_tensor *out) {
  return result(out, [&] {
    const at::Tensor &from = get(t);
    if (!is_shared(from)) return from.clone();
    at::Tensor result = at::empty(from.sizes(), from.options().requires_grad(false));
    const float *source = from.const_data_ptr<float>();
    float *to = result.mutable_data_ptr<float>();
    over_floats(from.numel(), [&](int64_t first, int64_t last) { std::memcpy(to + first, source + first, sizeof(float) * static_cast<size_t>(last - first)); });
    return result;
  });
}

int ctorch_zero_(ctorch_tensor target) {
  return guarded([&] { set_to_zero(get(target)); });
}

int ctorch_take(ctorch_tensor source, ctorch_tensor *out) {
  return result(out, [&] {
    at::Tensor &from = get(source);
    bool has_its_storage = from.is_contiguous() && from.storage_offset() == 0 && from.storage().nbytes() == from.nbytes();
    // Elsewhere than on the CPU a recorded pass writes to the address that it has recorded.
    if (!from.device().is_cpu() || !has_its_storage) {
      at::Tensor copy = from.clone();
      set_to_zero(from);
      return copy;
    }
    at::Tensor taken = at::empty(from.sizes(), from.options().requires_grad(false));
    set_to_zero(taken);
    c10::StorageImpl *mine = from.storage().unsafeGetStorageImpl(), *other = taken.storage().unsafeGetStorageImpl();
    other->set_data_ptr_noswap(mine->set_data_ptr(other->set_data_ptr(at::DataPtr())));
    bump_version(from);
    return taken;
  });
}

int ctorch_add_(ctorch_tensor target, ctorch_tensor other, double alpha) {
  return guarded([&] {
    at::Tensor &to = get(target);
    const at::Tensor &from = get(other);
    if (!is_shared(to) || !is_shared(from) || to.numel() != from.numel()) {
      // libtorch takes no fraction of integers.
      to.add_(from, scalar(alpha, c10::isIntegralType(to.scalar_type(), true)));
      return;
    }
    // Its own sum, for the same bits with any number of threads.
    over_floats(to.numel(), [&](int64_t first, int64_t last) {
      at::AutoDispatchBelowADInplaceOrView below_autograd;
      to.narrow(0, first, last - first).add_(from.narrow(0, first, last - first), alpha);
    });
    bump_version(to);
  });
}

int ctorch_interpolate_(ctorch_tensor target, ctorch_tensor start, double fraction) {
  return guarded([&] {
    at::Tensor &to = get(target);
    const at::Tensor &from = get(start);
    // start + fraction * (target - start), in this order of operations, so that fraction 0 restores the start bit for bit.
    if (!is_plain_vector(to) || !is_plain_vector(from) || to.sizes() != from.sizes()) {
      to.sub_(from).mul_(fraction).add_(from);
      return;
    }
    float *values = to.mutable_data_ptr<float>();
    const float *start_values = from.const_data_ptr<float>();
    over_floats(to.numel(), [&](int64_t first, int64_t last) { interpolate(values + first, start_values + first, static_cast<float>(fraction), last - first); });
    bump_version(to);
  });
}

int ctorch_dots(const ctorch_tensor *vectors, int n, ctorch_tensor with, double *out) {
  return guarded([&] {
    int64_t length = get(with).numel();
    const float *b = vector_of(with, length);
    std::vector<const float *> rows;
    for (int i = 0; i < n; i++) rows.push_back(vector_of(vectors[i], length));
    int64_t pieces = pieces_of(n * length, n);
    in_parallel(pieces, [&](int64_t piece) {
      int64_t first = n * piece / pieces;
      dots(rows.data() + first, n * (piece + 1) / pieces - first, b, length, out + first);
    });
  });
}

int ctorch_combine_(ctorch_tensor target, const ctorch_tensor *vectors, const double *factors, int n) {
  return guarded([&] {
    int64_t length = get(target).numel();
    std::vector<const float *> rows;
    for (int j = 0; j < n; j++) rows.push_back(vector_of(vectors[j], length));
    vector_of(target, length);
    float *to = get(target).mutable_data_ptr<float>();
    int64_t blocks = (length + 1023) / 1024, pieces = pieces_of((n + 1) * length, blocks);
    in_parallel(pieces, [&](int64_t piece) {
      double sums[1024];
      for (int64_t block = blocks * piece / pieces; block < blocks * (piece + 1) / pieces; block++) {
        int64_t i = block * 1024, count = std::min<int64_t>(1024, length - i);
        std::fill(sums, sums + count, 0.0);
        for (int j = 0; j < n; j++) add_scaled(rows[j] + i, factors[j], count, sums);
        add_scaled(to + i, 1, count, sums);
        for (int64_t j = 0; j < count; j++) to[i + j] = static_cast<float>(sums[j]);
      }
    });
    bump_version(get(target));
  });
}

int ctorch_quadratic_penalty(ctorch_tensor weights, ctorch_tensor anchor, ctorch_tensor importance, double strength, ctorch_tensor gradients, double *penalty) {
  return guarded([&] {
    int64_t n = get(weights).numel();
    vector_of(gradients, n);
    float *g = get(gradients).mutable_data_ptr<float>();
    *penalty = strength * pull(vector_of(weights, n), vector_of(anchor, n), vector_of(importance, n), static_cast<float>(2 * strength), g, n);
  });
}
