// Forward and backward pass of an MLP as one operation each, with its own backward function: the gradients of the weights go straight into their flat vector.
//
// The weight of the first layer is stored transposed, [in, out]: where inputs are mostly zeros (digits on a black ground) only the rows of the others are read and
// written. The other layers are small: their weights are transposed for each forward pass. Layers too large for that go through libtorch's matrix product.
#include "internal.h"
#include "losses.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <algorithm>
#include <cstring>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace ctorch;

namespace {

struct Kernels {
  void (*transpose)(const float *, int64_t, int64_t, float *, int64_t);
  void (*multiply)(const float *, int64_t, const float *, int64_t, int64_t, int64_t, int64_t, const float *, bool, float *, int64_t);
  void (*outer)(const float *, int64_t, const float *, int64_t, int64_t, int64_t, int64_t, int64_t, float *, int64_t, bool);
  void (*multiply_sparse)(const float *, int64_t, const float *, int64_t, int64_t, int64_t, int64_t, float *, int64_t);
  void (*outer_sparse)(const float *, int64_t, const float *, int64_t, int64_t, int64_t, int64_t, int64_t, float *, int64_t, bool, float *, uint64_t *);
  void (*add_rows)(const float *, int64_t, int64_t, int64_t, float *);
  void (*pass_relu)(float *, const float *, int64_t);
  void (*finish_row)(float *, int64_t, int64_t, bool);
};

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,bmi,bmi2"))), apply_to = function)
namespace avx512 {
constexpr int V = 16;
static inline unsigned nonzero16(const float *x) { return _mm512_cmp_ps_mask(_mm512_loadu_ps(x), _mm512_setzero_ps(), _CMP_NEQ_UQ); }
#include "mlp_kernels.h"
}  // namespace avx512
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
namespace avx2 {
constexpr int V = 8;
static inline unsigned nonzero16(const float *x) {
  __m256 zero = _mm256_setzero_ps();
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(x), zero, _CMP_NEQ_UQ))) |
         static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(x + 8), zero, _CMP_NEQ_UQ))) << 8;
}
#include "mlp_kernels.h"
}  // namespace avx2
#pragma clang attribute pop
#endif
namespace plain {
constexpr int V = 4;
static inline unsigned nonzero16(const float *x) {
  unsigned bits = 0;
  for (int i = 0; i < 16; i++) bits |= static_cast<unsigned>(x[i] != 0) << i;
  return bits;
}
#include "mlp_kernels.h"
}  // namespace plain

const Kernels &kernels() {
#if defined(__x86_64__)
  static const Kernels &chosen = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
                                     ? avx512::kernels
                                 : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? avx2::kernels
                                                                                                   : plain::kernels;
  return chosen;
#else
  return plain::kernels;
#endif
}

int64_t padded(int64_t n) { return (n + 15) / 16 * 16; }

/// Work that is worth a second thread: about 50 microseconds.
constexpr int64_t worth_sharing = 4'000'000;

template <typename Body> void share(int64_t n, int64_t work, const Body &body) {
  if (work < worth_sharing || at::get_num_threads() == 1) return body(0, n);
  // Multiples of 6 and 16, as the kernels take rows: a split elsewhere would leave slower rests.
  int64_t pieces = at::get_num_threads(), step = (n + pieces - 1) / pieces;
  step = (step + 47) / 48 * 48;
  at::parallel_for(0, (n + step - 1) / step, 1, [&](int64_t first, int64_t last) { body(first * step, std::min(n, last * step)); });
}

/// The layers of a network, kept for its lifetime.
struct Network {
  std::vector<int64_t> widths;
  /// Flat vectors [P].
  at::Tensor weights, gradients;
  /// Leaves: weight and bias of each layer in turn; the first weight is a transposed view.
  std::vector<at::Tensor> parameters;
  /// Where each weight and bias starts in the flat vectors.
  std::vector<int64_t> weight_offset, bias_offset;

  int64_t layers() const { return static_cast<int64_t>(widths.size()) - 1; }
  const float *weight(int64_t layer) const { return weights.const_data_ptr<float>() + weight_offset[layer]; }
  const float *bias(int64_t layer) const { return weights.const_data_ptr<float>() + bias_offset[layer]; }
};

/// All activations of a pass in one tensor: layer l (from 1) starts at offset[l], with rows of stride[l].
struct Activations {
  at::Tensor values;
  std::vector<int64_t> offset, stride;
  float *layer(int64_t l) { return values.mutable_data_ptr<float>() + offset[l]; }
};

bool is_sparse(const float *x, int64_t n) {
  // A look at every eighth line is enough to tell digits from photographs.
  int64_t seen = 0, zeros = 0;
  for (int64_t i = 0; i + 8 <= n; i += 64)
    for (int64_t j = 0; j < 8; j++, seen++) zeros += x[i + j] == 0;
  return seen > 0 && zeros * 2 > seen;
}

/// A bias, or the rows of a matrix, made a multiple of 16 long with zeros behind.
const float *pad(const float *from, int64_t rows, int64_t columns, std::vector<float> &to) {
  if (columns % 16 == 0) return from;
  int64_t stride = padded(columns);
  to.assign(static_cast<size_t>(rows * stride), 0);
  for (int64_t i = 0; i < rows; i++) std::memcpy(to.data() + i * stride, from + i * columns, sizeof(float) * columns);
  return to.data();
}

Activations forward(Network &net, const at::Tensor &x, bool sparse) {
  const Kernels &k = kernels();
  int64_t batch = x.size(0), layers = net.layers();
  Activations result;
  result.offset = {0};
  result.stride = {net.widths[0]};
  int64_t size = 0;
  for (int64_t l = 1; l <= layers; l++) {
    result.offset.push_back(size);
    result.stride.push_back(padded(net.widths[l]));
    size += batch * result.stride[l];
  }
  result.values = at::empty({size}, x.options());
  std::vector<float> turned, bias_room;
  for (int64_t l = 0; l < layers; l++) {
    int64_t in = net.widths[l], out = net.widths[l + 1], columns = padded(out);
    const float *from = l == 0 ? x.const_data_ptr<float>() : result.layer(l);
    int64_t from_stride = result.stride[l];
    float *to = result.layer(l + 1);
    bool relu = l + 1 < layers;
    const float *bias = pad(net.bias(l), 1, out, bias_room);
    if (l == 0 && sparse) {
      share(batch, batch * in * out / 4, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; i++) std::memcpy(to + i * columns, bias, sizeof(float) * columns);
        k.multiply_sparse(from + first * from_stride, from_stride, net.weight(0), out, last - first, in, columns, to + first * columns, columns);
        // Behind the last column stands what was read of the next row of weights.
        for (int64_t i = first; i < last; i++) k.finish_row(to + i * columns, out, columns, relu);
      });
      continue;
    }
    const float *weight = net.weight(l);
    if (l == 0) {
      weight = pad(weight, in, out, turned);
    } else {
      turned.resize(static_cast<size_t>(in * columns));
      k.transpose(weight, out, in, turned.data(), columns);
      weight = turned.data();
    }
    share(batch, batch * in * out, [&](int64_t first, int64_t last) {
      k.multiply(from + first * from_stride, from_stride, weight, columns, last - first, in, columns, bias, relu, to + first * columns, columns);
    });
  }
  return result;
}

at::Tensor logits_of(Network &net, Activations &activations, int64_t batch) {
  int64_t layers = net.layers(), out = net.widths[layers], stride = activations.stride[layers];
  at::Tensor logits = at::empty({batch, out}, activations.values.options());
  float *to = logits.mutable_data_ptr<float>();
  const float *from = activations.layer(layers);
  for (int64_t i = 0; i < batch; i++) std::memcpy(to + i * out, from + i * stride, sizeof(float) * out);
  return logits;
}

/// The same with libtorch's own operations, for gradients of gradients.
at::Tensor plain_forward(const Network &net, at::Tensor x) {
  for (int64_t l = 0; l < net.layers(); l++) {
    x = at::linear(x, net.parameters[2 * l], net.parameters[2 * l + 1]);
    if (l + 1 < net.layers()) x = at::relu(x);
  }
  return x;
}

struct Backward : torch::autograd::Node {
  std::shared_ptr<Network> net;
  torch::autograd::SavedVariable x;
  Activations activations;
  bool sparse = false, needs_input = false;
  uint32_t version = 0;

  void release_variables() override {
    x.reset_data();
    activations.values.reset();
  }
  std::string name() const override { return mlp_backward_name; }

  torch::autograd::variable_list apply(torch::autograd::variable_list &&grads) override {
    torch::autograd::variable_list results(net->parameters.size() + 1);
    if (!grads[0].defined()) return results;
    TORCH_CHECK(activations.values.defined(), "Trying to backward through the graph a second time: the values that it needs are freed; use retain_graph");
    TORCH_CHECK(net->weights._version() == version, "the weights have changed since the forward pass: its gradients can no longer be computed");
    at::Tensor input = x.unpack();
    if (at::GradMode::is_enabled()) return twice(input, grads[0]);

    const auto *selected = torch::autograd::get_current_graph_task_exec_info();
    bool selects = selected && !selected->empty();
    bool wants_weights = !selects;
    for (size_t i = 1; selects && i < results.size(); i++) wants_weights = wants_weights || task_should_compute_output(i);
    // Without a selection gradients are added to the flat vector that the leaves' .grad are views of; else they are results.
    at::Tensor target;
    if (wants_weights) target = selects ? at::zeros_like(net->gradients) : net->gradients;
    at::Tensor input_gradient = run(input, grads[0].contiguous(), target, needs_input && (!selects || task_should_compute_output(0)));
    if (input_gradient.defined()) results[0] = input_gradient;
    if (selects && wants_weights) {
      for (size_t i = 0; i < net->parameters.size(); i++) {
        const at::Tensor &parameter = net->parameters[i];
        if (task_should_compute_output(i + 1)) results[i + 1] = target.as_strided(parameter.sizes(), parameter.strides(), parameter.storage_offset() - net->weights.storage_offset());
      }
    }
    return results;
  }

  torch::autograd::variable_list twice(const at::Tensor &input, const at::Tensor &grad) {
    at::Tensor again = plain_forward(*net, input);
    torch::autograd::variable_list with;
    std::vector<size_t> places;
    if (input.requires_grad()) with.push_back(input), places.push_back(0);
    for (size_t i = 0; i < net->parameters.size(); i++) with.push_back(net->parameters[i]), places.push_back(i + 1);
    auto found = torch::autograd::grad({again}, with, {grad}, true, true, true);
    torch::autograd::variable_list results(net->parameters.size() + 1);
    for (size_t i = 0; i < places.size(); i++) results[places[i]] = found[i];
    return results;
  }

  at::Tensor run(const at::Tensor &input, const at::Tensor &grad, const at::Tensor &target, bool wants_input) {
    const Kernels &k = kernels();
    int64_t batch = input.size(0), layers = net->layers();
    std::vector<float> delta, below, padded_weight, turned;
    std::vector<uint64_t> bits;
    int64_t stride = padded(net->widths[layers]);
    delta.assign(static_cast<size_t>(batch * stride), 0);
    const float *top = grad.const_data_ptr<float>();
    for (int64_t i = 0; i < batch; i++) std::memcpy(delta.data() + i * stride, top + i * net->widths[layers], sizeof(float) * net->widths[layers]);
    at::Tensor input_gradient;
    for (int64_t l = layers - 1; l >= 0; l--) {
      int64_t in = net->widths[l], out = net->widths[l + 1];
      const float *from = l == 0 ? input.const_data_ptr<float>() : activations.layer(l);
      int64_t from_stride = activations.stride[l];
      if (target.defined()) {
        float *weight = target.mutable_data_ptr<float>() + net->weight_offset[l], *bias = target.mutable_data_ptr<float>() + net->bias_offset[l];
        k.add_rows(delta.data(), stride, batch, out, bias);
        if (l > 0) {
          share(out, batch * in * out, [&](int64_t first, int64_t last) { k.outer(delta.data(), stride, from, from_stride, batch, first, last, in, weight, in, true); });
        } else if (sparse) {
          int64_t words = (batch + 63) / 64;
          share(in, batch * in * out / 4, [&](int64_t first, int64_t last) {
            std::vector<float> room(static_cast<size_t>(16 * words * 64));
            std::vector<uint64_t> marks(static_cast<size_t>(16 * words));
            k.outer_sparse(from, from_stride, delta.data(), stride, batch, first, last, out, weight, out, true, room.data(), marks.data());
          });
        } else {
          share(in, batch * in * out, [&](int64_t first, int64_t last) { k.outer(from, from_stride, delta.data(), stride, batch, first, last, out, weight, out, true); });
        }
      }
      if (l == 0) {
        if (!wants_input) break;
        // [in, out] as it is stored; the product needs [out, in].
        int64_t columns = padded(in);
        turned.resize(static_cast<size_t>(out * columns));
        k.transpose(net->weight(0), in, out, turned.data(), columns);
        std::vector<float> wide(static_cast<size_t>(batch * columns));
        k.multiply(delta.data(), stride, turned.data(), columns, batch, out, columns, nullptr, false, wide.data(), columns);
        input_gradient = at::empty({batch, in}, input.options());
        float *to = input_gradient.mutable_data_ptr<float>();
        for (int64_t i = 0; i < batch; i++) std::memcpy(to + i * in, wide.data() + i * columns, sizeof(float) * in);
        break;
      }
      int64_t columns = padded(in);
      const float *weight = pad(net->weight(l), out, in, padded_weight);
      below.resize(static_cast<size_t>(batch * columns));
      share(batch, batch * in * out, [&](int64_t first, int64_t last) {
        k.multiply(delta.data() + first * stride, stride, weight, columns, last - first, out, columns, nullptr, false, below.data() + first * columns, columns);
      });
      k.pass_relu(below.data(), from, batch * columns);
      std::swap(delta, below);
      stride = columns;
    }
    return input_gradient;
  }
};

}  // namespace

struct ctorch_mlp_s {
  std::shared_ptr<Network> net;
};

int ctorch_mlp_new(const int64_t *widths, int n, ctorch_tensor weights, ctorch_tensor gradients, const ctorch_tensor *parameters, ctorch_mlp *out) {
  return guarded([&] {
    auto net = std::make_shared<Network>();
    net->widths.assign(widths, widths + n);
    net->weights = get(weights);
    net->gradients = get(gradients);
    for (int i = 0; i < 2 * (n - 1); i++) {
      net->parameters.push_back(get(parameters[i]));
      (i % 2 ? net->bias_offset : net->weight_offset).push_back(get(parameters[i]).storage_offset() - get(weights).storage_offset());
    }
    *out = new ctorch_mlp_s{net};
  });
}

void ctorch_mlp_release(ctorch_mlp mlp) { delete mlp; }

int ctorch_mlp_forward(ctorch_mlp mlp, ctorch_tensor samples, ctorch_tensor *out) {
  return result(out, [&] {
    Network &net = *mlp->net;
    at::Tensor x = get(samples);
    bool learns = at::GradMode::is_enabled();
    at::Tensor input = x.contiguous();
    bool sparse = is_sparse(input.const_data_ptr<float>(), input.numel());
    int64_t batch = input.size(0);
    at::AutoDispatchBelowADInplaceOrView below_autograd;
    Activations activations = forward(net, input.detach(), sparse);
    at::Tensor logits = logits_of(net, activations, batch);
    if (!learns) return logits;
    auto node = c10::make_intrusive<Backward>();
    torch::autograd::edge_list edges;
    edges.push_back(x.requires_grad() ? torch::autograd::impl::gradient_edge(x) : torch::autograd::Edge());
    for (const at::Tensor &parameter : net.parameters) edges.push_back(torch::autograd::impl::gradient_edge(parameter));
    node->set_next_edges(std::move(edges));
    node->net = mlp->net;
    node->x = torch::autograd::SavedVariable(input, false);
    node->activations = std::move(activations);
    node->sparse = sparse;
    node->needs_input = x.requires_grad();
    node->version = static_cast<uint32_t>(net.weights._version());
    torch::autograd::set_history(logits, node);
    return logits;
  });
}
