// Passes over memory that several of libtorch's operations would make one after the other.
#include "internal.h"
#include "threads.h"

#include <array>

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

int ctorch_quadratic_penalty(ctorch_tensor weights, ctorch_tensor anchor, ctorch_tensor importance, double strength, ctorch_tensor gradients, double *penalty) {
  return guarded([&] {
    int64_t n = get(weights).numel();
    for (ctorch_tensor each : {weights, anchor, importance, gradients}) {
      const at::Tensor &t = get(each);
      TORCH_CHECK(t.numel() == n && t.is_contiguous() && t.scalar_type() == c10::kFloat && t.device().is_cpu(), "the vectors of a penalty are contiguous float32 [P] on the CPU");
    }
    const float *w = get(weights).const_data_ptr<float>(), *a = get(anchor).const_data_ptr<float>(), *f = get(importance).const_data_ptr<float>();
    float *g = get(gradients).mutable_data_ptr<float>();
    float factor = static_cast<float>(2 * strength);
    double sum = 0;
    // Sums of a thousand floats each: as exact as libtorch's, and eight at a time.
    for (int64_t start = 0; start < n; start += 1024) {
      int64_t end = std::min(n, start + 1024);
      float part = 0;
      for (int64_t i = start; i < end; i++) {
#pragma clang fp reassociate(on) contract(fast)
        float away = w[i] - a[i], pull = f[i] * away;
        g[i] += factor * pull;
        part += pull * away;
      }
      sum += part;
    }
    *penalty = strength * sum;
  });
}
