// Automatic differentiation, layers and losses.
#include "fused.h"
#include "losses.h"
#include "threads.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

using namespace ctorch;

int ctorch_grad_enabled(void) { return at::GradMode::is_enabled(); }
void ctorch_set_grad_enabled(int on) { at::GradMode::set_enabled(on != 0); }

int ctorch_set_requires_grad(ctorch_tensor t, int on) {
  return guarded([&] { get(t).set_requires_grad(on != 0); });
}
int ctorch_is_leaf(ctorch_tensor t) { return get(t).is_leaf(); }

int ctorch_backward(ctorch_tensor t, int retain_graph) {
  return guarded([&] {
    if (backward_of_losses(get(t), retain_graph != 0)) return;
    torch::autograd::backward({get(t)}, {}, retain_graph != 0, /*create_graph=*/false);
  });
}
int ctorch_get_grad(ctorch_tensor t, ctorch_tensor *out) {
  return guarded([&] {
    at::Tensor grad = get(t).grad();
    *out = grad.defined() ? wrap(grad) : nullptr;
  });
}
int ctorch_set_grad(ctorch_tensor t, ctorch_tensor grad) {
  return guarded([&] { get(t).mutable_grad() = get(grad); });
}
int ctorch_gradients(ctorch_tensor of, const ctorch_tensor *inputs, int n, int retain_graph, int create_graph, ctorch_tensor *outs) {
  return guarded([&] {
    torch::autograd::variable_list with;
    for (int i = 0; i < n; i++) with.push_back(get(inputs[i]));
    auto grads = torch::autograd::grad({get(of)}, with, {}, retain_graph != 0, create_graph != 0, /*allow_unused=*/true);
    for (int i = 0; i < n; i++) outs[i] = wrap(grads[i].defined() ? grads[i] : at::zeros_like(with[i]));
  });
}

int ctorch_linear(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, ctorch_tensor *out) {
  return result(out, [&] {
    give_threads_to_libtorch();
    return at::linear(get(x), get(weight), get(bias));
  });
}
int ctorch_conv2d(ctorch_tensor x, ctorch_tensor weight, int64_t stride, int64_t padding, ctorch_tensor *out) {
  return result(out, [&] {
    give_threads_to_libtorch();
    return at::conv2d(get(x), get(weight), {}, {stride, stride}, {padding, padding});
  });
}
int ctorch_batch_norm(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, ctorch_tensor mean, ctorch_tensor variance,
                      int training, double momentum, double epsilon, ctorch_tensor *out) {
  return result(out, [&] {
    const at::Tensor &values = get(x);
    // One value for each channel (a single sample, shrunk to one position) has no variance: libtorch would make the running one NaN. PyTorch's layer refuses, but methods
    // that train on single samples go on: the value becomes the shift, and the running variance stays.
    if (training && values.dim() > 1 && values.numel() == values.size(1)) {
      {
        // As libtorch moves them: not counted as a change, which the other layers' means, views of the same vector, would be taken for changed by.
        at::AutoDispatchBelowADInplaceOrView below_autograd;
        get(mean).mul_(1 - momentum).add_(values.detach().flatten(), momentum);
      }
      return at::batch_norm(values, get(weight), get(bias), at::Tensor(), at::Tensor(), true, momentum, epsilon, true);
    }
    return at::batch_norm(values, get(weight), get(bias), get(mean), get(variance), training != 0, momentum, epsilon, true);
  });
}
int ctorch_max_pool2d(ctorch_tensor x, int64_t size, int64_t stride, int64_t padding, ctorch_tensor *out) {
  return result(out, [&] { return at::max_pool2d(get(x), {size, size}, {stride, stride}, {padding, padding}); });
}
int ctorch_resize_bilinear(ctorch_tensor x, int64_t height, int64_t width, ctorch_tensor *out) {
  return result(out, [&] { return at::_upsample_bilinear2d_aa(get(x), {height, width}, /*align_corners=*/false); });
}
int ctorch_global_average_pool(ctorch_tensor x, ctorch_tensor *out) {
  return result(out, [&] { return at::adaptive_avg_pool2d(get(x), {1, 1}).flatten(1); });
}
int ctorch_cross_entropy(ctorch_tensor logits, ctorch_tensor labels, int plain, ctorch_tensor *out) {
  return result(out, [&] { return cross_entropy(get(logits), get(labels), plain != 0); });
}
int ctorch_kl(ctorch_tensor logits, ctorch_tensor targets, double temperature, int plain, ctorch_tensor *out) {
  return result(out, [&] { return distillation(get(logits), get(targets), temperature, plain != 0); });
}
int ctorch_mse(ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out) {
  return result(out, [&] { return at::mse_loss(get(a), get(b)); });
}
