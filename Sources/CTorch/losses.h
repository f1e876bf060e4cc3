#pragma once
#include <ATen/ATen.h>

namespace ctorch {

/// Mean over samples of -log softmax(logits)[label]. `plain`: with libtorch's own operations.
at::Tensor cross_entropy(const at::Tensor &logits, const at::Tensor &labels, bool plain);
/// Mean over samples and classes of p (log p - log q), q = softmax(logits / temperature).
at::Tensor distillation(const at::Tensor &logits, const at::Tensor &targets, double temperature, bool plain);

}  // namespace ctorch
