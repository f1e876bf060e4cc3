// Reductions, softmax, sorting, indexing.
#include "internal.h"

using namespace ctorch;

#define REDUCTION(name) \
  int ctorch_##name(ctorch_tensor a, ctorch_tensor *out) { return result(out, [&] { return get(a).name(); }); }
#define REDUCTION_DIM(name, call) \
  int ctorch_##name##_dim(ctorch_tensor a, int64_t dimension, int keep, ctorch_tensor *out) { \
    return result(out, [&] { return call; }); \
  }
REDUCTION(sum) REDUCTION(mean) REDUCTION(max) REDUCTION(min) REDUCTION(argmax) REDUCTION(argmin) REDUCTION(any) REDUCTION(all)
REDUCTION_DIM(sum, get(a).sum({dimension}, keep != 0))
REDUCTION_DIM(mean, get(a).mean({dimension}, keep != 0))
REDUCTION_DIM(max, std::get<0>(get(a).max(dimension, keep != 0)))
REDUCTION_DIM(min, std::get<0>(get(a).min(dimension, keep != 0)))
REDUCTION_DIM(argmax, get(a).argmax(dimension, keep != 0))
REDUCTION_DIM(argmin, get(a).argmin(dimension, keep != 0))
REDUCTION_DIM(any, get(a).any(dimension, keep != 0))
REDUCTION_DIM(all, get(a).all(dimension, keep != 0))
int ctorch_norm(ctorch_tensor a, ctorch_tensor *out) {
  return result(out, [&] { return at::linalg_vector_norm(get(a)); });
}
REDUCTION_DIM(norm, at::linalg_vector_norm(get(a), 2, dimension, keep != 0))

int ctorch_std(ctorch_tensor a, ctorch_tensor *out) {
  return result(out, [&] { return get(a).std(); });
}
int ctorch_cumsum(ctorch_tensor a, int64_t dimension, ctorch_tensor *out) {
  return result(out, [&] { return get(a).cumsum(dimension); });
}
int ctorch_sort(ctorch_tensor a, int64_t dimension, int descending, ctorch_tensor *values, ctorch_tensor *indices) {
  return guarded([&] {
    auto sorted = at::sort(get(a), /*stable=*/true, dimension, descending != 0);
    *values = wrap(std::get<0>(sorted));
    *indices = wrap(std::get<1>(sorted));
  });
}
int ctorch_softmax(ctorch_tensor a, int64_t dimension, ctorch_tensor *out) {
  return result(out, [&] { return at::softmax(get(a), dimension); });
}
int ctorch_log_softmax(ctorch_tensor a, int64_t dimension, ctorch_tensor *out) {
  return result(out, [&] { return at::log_softmax(get(a), dimension); });
}
int ctorch_one_hot(ctorch_tensor a, int64_t classes, ctorch_tensor *out) {
  return result(out, [&] { return at::one_hot(get(a), classes); });
}
int ctorch_dot(ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out) {
  return result(out, [&] { return at::dot(get(a), get(b)); });
}
int ctorch_equal(ctorch_tensor a, ctorch_tensor b, int *out) {
  return guarded([&] { *out = at::equal(get(a), get(b)); });
}

int ctorch_gather(ctorch_tensor t, int64_t dimension, ctorch_tensor indices, ctorch_tensor *out) {
  return result(out, [&] { return at::gather(get(t), dimension, get(indices)); });
}
int ctorch_weighted_rows(ctorch_tensor t, ctorch_tensor indices, ctorch_tensor weights, ctorch_tensor *out) {
  return result(out, [&] {
    const at::Tensor &chosen = get(indices);
    at::Tensor starts = at::arange(0, chosen.numel(), chosen.size(1), chosen.options());
    return std::get<0>(at::embedding_bag(get(t), chosen.reshape(-1), starts, /*scale_grad_by_freq=*/false, /*mode: sum*/ 0, /*sparse=*/false, get(weights).reshape(-1)));
  });
}
int ctorch_masked_select(ctorch_tensor t, ctorch_tensor mask, ctorch_tensor *out) {
  return result(out, [&] { return at::masked_select(get(t), get(mask)); });
}
int ctorch_masked_fill(ctorch_tensor t, ctorch_tensor mask, double value, ctorch_tensor *out) {
  return result(out, [&] { return at::masked_fill(get(t), get(mask), value); });
}
