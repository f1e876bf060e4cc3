// Cross entropy and distillation as one operation each, forward and backward, for the small logits that they are called on thousands of times.
#include "internal.h"
#include "losses.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <cmath>
#include <vector>

namespace ctorch {

static at::Tensor plain_cross_entropy(const at::Tensor &logits, const at::Tensor &labels) { return at::cross_entropy_loss(logits, labels); }

static at::Tensor plain_kl(const at::Tensor &logits, const at::Tensor &targets, double temperature) {
  return at::kl_div(at::log_softmax(logits / temperature, -1), targets, at::Reduction::Mean);
}

namespace {

/// out = softmax(row / temperature); returns log sum exp (row / temperature).
float softmax_row(const float *row, int64_t n, float scale, float *out) {
  float highest = row[0] * scale;
  for (int64_t j = 1; j < n; j++) highest = std::max(highest, row[j] * scale);
  float sum = 0;
  for (int64_t j = 0; j < n; j++) sum += out[j] = std::exp(row[j] * scale - highest);
  for (int64_t j = 0; j < n; j++) out[j] /= sum;
  return highest + std::log(sum);
}

/// What both losses have in common: the derivative by the logits is known when the loss is, up to the factor that comes from above.
struct LossBackward : torch::autograd::Node {
  torch::autograd::SavedVariable logits, second;
  at::Tensor derivative;
  double temperature = 0;

  std::string name() const override { return temperature > 0 ? "DistillationBackward" : "CrossEntropyBackward"; }
  void release_variables() override {
    logits.reset_data();
    second.reset_data();
    derivative.reset();
  }

  torch::autograd::variable_list apply(torch::autograd::variable_list &&grads) override {
    if (!grads[0].defined()) return {at::Tensor()};
    TORCH_CHECK(derivative.defined(), "Trying to backward through the graph a second time: the values that it needs are freed; use retain_graph");
    if (!at::GradMode::is_enabled()) return {derivative * grads[0]};
    // Somebody wants to differentiate again: with libtorch's own operations.
    at::Tensor x = logits.unpack(), y = second.unpack();
    at::Tensor again = temperature > 0 ? plain_kl(x, y, temperature) : plain_cross_entropy(x, y);
    return torch::autograd::grad({again}, {x}, {grads[0]}, true, true, true);
  }
};

/// Logits of a fused MLP, perhaps with columns chosen from them. Other networks take so long that a loss does not count, and a ResNet in training is chaotic: there
/// only the very operations of PyTorch give the recorded numbers.
bool is_of_mlp(const at::Tensor &logits) {
  auto node = logits.grad_fn();
  for (int depth = 0; node && depth < 4; depth++) {
    if (node->name() == mlp_backward_name) return true;
    if (node->num_outputs() == 0) return false;
    node = node->next_edge(0).function;
  }
  return false;
}

bool suits(const at::Tensor &logits) { return is_of_mlp(logits) && logits.device().is_cpu() && logits.scalar_type() == c10::kFloat && logits.dim() == 2 && logits.is_contiguous() && logits.numel() > 0; }

at::Tensor finish(const at::Tensor &logits, const at::Tensor &second, double temperature, float loss, at::Tensor derivative) {
  at::Tensor result;
  {
    at::AutoDispatchBelowADInplaceOrView below_autograd;
    result = at::empty({}, logits.options().requires_grad(false));
    *result.mutable_data_ptr<float>() = loss;
  }
  if (!at::GradMode::is_enabled() || !logits.requires_grad()) return result;
  auto node = c10::make_intrusive<LossBackward>();
  node->set_next_edges({torch::autograd::impl::gradient_edge(logits)});
  node->logits = torch::autograd::SavedVariable(logits, false);
  node->second = torch::autograd::SavedVariable(second, false);
  node->derivative = std::move(derivative);
  node->temperature = temperature;
  torch::autograd::set_history(result, node);
  return result;
}

}  // namespace

at::Tensor cross_entropy(const at::Tensor &logits, const at::Tensor &labels, bool plain) {
  if (plain || !suits(logits) || labels.dim() != 1 || labels.scalar_type() != c10::kLong || labels.size(0) != logits.size(0)) return plain_cross_entropy(logits, labels);
  int64_t batch = logits.size(0), classes = logits.size(1);
  at::Tensor derivative;
  {
    at::AutoDispatchBelowADInplaceOrView below_autograd;
    derivative = at::empty({batch, classes}, logits.options().requires_grad(false));
  }
  at::Tensor places = labels.contiguous();
  const float *from = logits.const_data_ptr<float>();
  const int64_t *label = places.const_data_ptr<int64_t>();
  float *to = derivative.mutable_data_ptr<float>();
  float share = 1.0f / static_cast<float>(batch);
  double sum = 0;
  for (int64_t i = 0; i < batch; i++) {
    TORCH_CHECK(label[i] >= 0 && label[i] < classes, "Target ", label[i], " is out of bounds.");
    float *row = to + i * classes;
    float normaliser = softmax_row(from + i * classes, classes, 1, row);
    sum += normaliser - from[i * classes + label[i]];
    row[label[i]] -= 1;
    for (int64_t j = 0; j < classes; j++) row[j] *= share;
  }
  return finish(logits, labels, 0, static_cast<float>(sum / static_cast<double>(batch)), std::move(derivative));
}

at::Tensor distillation(const at::Tensor &logits, const at::Tensor &targets, double temperature, bool plain) {
  if (plain || !suits(logits) || !targets.device().is_cpu() || targets.scalar_type() != c10::kFloat || targets.requires_grad() || targets.sizes() != logits.sizes()) {
    return plain_kl(logits, targets, temperature);
  }
  int64_t batch = logits.size(0), classes = logits.size(1);
  at::Tensor derivative;
  {
    at::AutoDispatchBelowADInplaceOrView below_autograd;
    derivative = at::empty({batch, classes}, logits.options().requires_grad(false));
  }
  at::Tensor wanted = targets.contiguous();
  const float *from = logits.const_data_ptr<float>(), *p = wanted.const_data_ptr<float>();
  float *to = derivative.mutable_data_ptr<float>();
  float scale = static_cast<float>(1 / temperature), share = static_cast<float>(1 / (temperature * static_cast<double>(logits.numel())));
  double sum = 0;
  for (int64_t i = 0; i < batch; i++) {
    float *row = to + i * classes;
    const float *target = p + i * classes, *z = from + i * classes;
    float normaliser = softmax_row(z, classes, scale, row), mass = 0;
    for (int64_t j = 0; j < classes; j++) {
      mass += target[j];
      if (target[j] != 0) sum += target[j] * (std::log(target[j]) - (z[j] * scale - normaliser));
    }
    for (int64_t j = 0; j < classes; j++) row[j] = (row[j] * mass - target[j]) * share;
  }
  return finish(logits, targets, temperature, static_cast<float>(sum / static_cast<double>(logits.numel())), std::move(derivative));
}

}  // namespace ctorch
