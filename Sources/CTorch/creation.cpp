// New tensors, and other shapes of old ones.
#include "internal.h"

#include <cstring>

using namespace ctorch;

static c10::TensorOptions options(int dtype, int index) { return c10::TensorOptions().dtype(scalar_type(dtype)).device(device(index)); }

/// Whether what goes to a GPU passes through pinned memory, so that the copy is not waited for: data sets, which go over once, need not, and would hold on to it.
static bool is_pinned(int index, size_t bytes) { return index >= 0 && bytes <= 4 << 20; }

static std::vector<at::Tensor> list(const ctorch_tensor *ts, int n) {
  std::vector<at::Tensor> result;
  result.reserve(static_cast<size_t>(n));
  for (int i = 0; i < n; i++) result.push_back(get(ts[i]));
  return result;
}

int ctorch_full(const int64_t *shape, int n, double value, int dtype, int index, ctorch_tensor *out) {
  return result(out, [&] { return at::full(sizes(shape, n), value, options(dtype, index)); });
}
int ctorch_empty(const int64_t *shape, int n, int dtype, int index, ctorch_tensor *out) {
  return result(out, [&] { return at::empty(sizes(shape, n), options(dtype, index)); });
}
int ctorch_from_bytes(const void *from, const int64_t *shape, int n, int dtype, int index, ctorch_tensor *out) {
  return result(out, [&] {
    size_t bytes = static_cast<size_t>(c10::multiply_integers(sizes(shape, n))) * c10::elementSize(scalar_type(dtype));
    at::Tensor t = at::empty(sizes(shape, n), options(dtype, CTORCH_CPU).pinned_memory(is_pinned(index, bytes)));
    if (t.numel() > 0) std::memcpy(t.data_ptr(), from, t.nbytes());
    return index == CTORCH_CPU ? t : t.to(device(index), /*non_blocking=*/true);
  });
}
int ctorch_arange(int64_t start, int64_t end, int64_t step, int index, ctorch_tensor *out) {
  return result(out, [&] { return at::arange(start, end, step, options(CTORCH_INT64, index)); });
}
int ctorch_eye(int64_t n, int dtype, int index, ctorch_tensor *out) {
  return result(out, [&] { return at::eye(n, options(dtype, index)); });
}
int ctorch_item(ctorch_tensor t, double *out) {
  return guarded([&] { *out = get(t).item().toDouble(); });
}
int ctorch_item_int(ctorch_tensor t, int64_t *out) {
  return guarded([&] { *out = get(t).item().toLong(); });
}

int ctorch_to_dtype(ctorch_tensor t, int dtype, ctorch_tensor *out) {
  return result(out, [&] { return get(t).to(scalar_type(dtype)); });
}
int ctorch_to_device(ctorch_tensor t, int index, ctorch_tensor *out) {
  return result(out, [&] {
    const at::Tensor &from = get(t);
    if (from.is_cpu() && !from.requires_grad() && is_pinned(index, from.nbytes())) return from.pin_memory().to(device(index), /*non_blocking=*/true);
    return from.to(device(index));
  });
}
int ctorch_contiguous(ctorch_tensor t, ctorch_tensor *out) { return result(out, [&] { return get(t).contiguous(); }); }
int ctorch_detach(ctorch_tensor t, ctorch_tensor *out) { return result(out, [&] { return get(t).detach(); }); }
int ctorch_reshape(ctorch_tensor t, const int64_t *shape, int n, ctorch_tensor *out) {
  return result(out, [&] { return get(t).reshape(sizes(shape, n)); });
}
int ctorch_expand(ctorch_tensor t, const int64_t *shape, int n, ctorch_tensor *out) {
  return result(out, [&] { return get(t).expand(sizes(shape, n)); });
}
int ctorch_permute(ctorch_tensor t, const int64_t *order, int n, ctorch_tensor *out) {
  return result(out, [&] { return get(t).permute(sizes(order, n)); });
}
int ctorch_transpose(ctorch_tensor t, int64_t a, int64_t b, ctorch_tensor *out) {
  return result(out, [&] { return get(t).transpose(a, b); });
}
int ctorch_unsqueeze(ctorch_tensor t, int64_t dimension, ctorch_tensor *out) {
  return result(out, [&] { return get(t).unsqueeze(dimension); });
}
int ctorch_squeeze(ctorch_tensor t, int64_t dimension, ctorch_tensor *out) {
  return result(out, [&] { return get(t).squeeze(dimension); });
}
int ctorch_select(ctorch_tensor t, int64_t dimension, int64_t index, ctorch_tensor *out) {
  return result(out, [&] { return get(t).select(dimension, index); });
}
int ctorch_narrow(ctorch_tensor t, int64_t dimension, int64_t start, int64_t length, ctorch_tensor *out) {
  return result(out, [&] { return get(t).narrow(dimension, start, length); });
}
int ctorch_slice(ctorch_tensor t, int64_t dimension, int64_t start, int64_t end, int64_t step, ctorch_tensor *out) {
  return result(out, [&] { return get(t).slice(dimension, start, end, step); });
}
int ctorch_flip(ctorch_tensor t, int64_t dimension, ctorch_tensor *out) {
  return result(out, [&] { return get(t).flip({dimension}); });
}
int ctorch_stack(const ctorch_tensor *ts, int n, int64_t dimension, ctorch_tensor *out) {
  return result(out, [&] { return at::stack(list(ts, n), dimension); });
}
int ctorch_cat(const ctorch_tensor *ts, int n, int64_t dimension, ctorch_tensor *out) {
  return result(out, [&] { return at::cat(list(ts, n), dimension); });
}
