#pragma once
#include <ATen/ATen.h>

namespace ctorch {

/// What the backward function of a fused MLP is called.
constexpr const char *mlp_backward_name = "MLPBackward";

/// Mean over samples of -log softmax(logits)[label]. `plain`: with libtorch's own operations.
at::Tensor cross_entropy(const at::Tensor &logits, const at::Tensor &labels, bool plain);
/// Mean over samples and classes of p (log p - log q), q = softmax(logits / temperature).
at::Tensor distillation(const at::Tensor &logits, const at::Tensor &targets, double temperature, bool plain);

}  // namespace ctorch
