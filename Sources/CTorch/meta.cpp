// Shapes of results on the device "meta", for operations that PyTorch knows only in Python there. Unlike its own they refuse tensors of other devices.
#include "internal.h"

#include <torch/library.h>

namespace {

void on_meta(const at::Tensor &a, const at::Tensor &b) {
  TORCH_CHECK(a.device() == b.device(), "the tensors of an operation must be on one device, not on ", a.device(), " and ", b.device());
}

at::Tensor index_select(const at::Tensor &t, int64_t dimension, const at::Tensor &indices) {
  on_meta(t, indices);
  TORCH_CHECK(indices.dim() <= 1, "indices are a vector");
  auto sizes = t.sizes().vec();
  if (!sizes.empty()) sizes[static_cast<size_t>(c10::maybe_wrap_dim(dimension, t.dim()))] = indices.numel();
  return at::empty(sizes, t.options());
}

at::Tensor dot(const at::Tensor &a, const at::Tensor &b) {
  on_meta(a, b);
  TORCH_CHECK(a.dim() == 1 && a.sizes() == b.sizes(), "an inner product is of two vectors of one length");
  return at::empty({}, a.options());
}

at::Tensor mse_loss_backward(const at::Tensor &, const at::Tensor &a, const at::Tensor &b, int64_t) {
  on_meta(a, b);
  return at::empty_like(a);
}

c10::Scalar number(const at::Tensor &) { TORCH_CHECK(false, "a number of a tensor on meta is asked for, where there are none: on a GPU this would wait"); }

at::Tensor like(const at::Tensor &t) { return at::empty_like(t); }
at::Tensor extreme(const at::Tensor &t) { return at::empty({}, t.options()); }
at::Tensor relu(const at::Tensor &t) { return at::clamp_min(t, 0); }

at::Tensor where(const at::Tensor &condition, const at::Tensor &a, const at::Tensor &b) {
  on_meta(condition, a);
  on_meta(a, b);
  return at::add(at::mul(a, condition), b);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, Meta, m) {
  m.impl("index_select", index_select);
  m.impl("dot", dot);
  m.impl("mse_loss_backward", mse_loss_backward);
  m.impl("_local_scalar_dense", number);
  m.impl("abs", like);
  m.impl("max", extreme);
  m.impl("min", extreme);
  m.impl("relu", relu);
  m.impl("where.self", where);
}
