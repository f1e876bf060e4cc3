// Forward and backward pass of an MLP as one operation each, with its own backward function: the gradients of the weights go straight into their flat vector.
//
// The weight of the first layer is stored transposed, [in, out]: where inputs are mostly zeros (digits on a black ground) only the rows of the others are read and
// written. The other layers are small: their weights are transposed for each forward pass. Layers too large for that go through libtorch's matrix product.
#include "fused.h"
#include "losses.h"
#include "threads.h"

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
  void (*outer_sparse)(const float *, int64_t, const float *, int64_t, int64_t, int64_t, int64_t, int64_t, float *, int64_t, bool, float *);
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

/// Work that is worth a second thread: about 20 microseconds.
constexpr int64_t worth_sharing = 1'000'000;

/// - grain: pieces are multiples of it, as the kernels take rows; a split elsewhere would leave slower rests.
template <typename Body> void share(int64_t n, int64_t grain, int64_t work, const Body &body) {
  int64_t pieces = threads();
  if (work < worth_sharing || pieces == 1) return body(0, n);
  int64_t step = (n + pieces - 1) / pieces;
  step = (step + grain - 1) / grain * grain;
  in_parallel((n + step - 1) / step, [&](int64_t piece) { body(piece * step, std::min(n, (piece + 1) * step)); });
}

/// The parameters are weight and bias of each layer in turn; the first weight is a transposed view.
struct Network : FusedNetwork {
  std::vector<int64_t> widths;
  /// Where each weight and bias starts in the flat vectors.
  std::vector<int64_t> weight_offset, bias_offset;

  int64_t layers() const { return static_cast<int64_t>(widths.size()) - 1; }
  const float *weight(int64_t layer) const { return weights.const_data_ptr<float>() + weight_offset[layer]; }
  const float *bias(int64_t layer) const { return weights.const_data_ptr<float>() + bias_offset[layer]; }

  at::Tensor plain_forward(at::Tensor x, bool) const override {
    for (int64_t l = 0; l < layers(); l++) {
      x = at::linear(x, parameters[2 * l], parameters[2 * l + 1]);
      if (l + 1 < layers()) x = at::relu(x);
    }
    return x;
  }
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
      share(batch, 1, batch * in * out / 4, [&](int64_t first, int64_t last) {
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
    share(batch, 6, batch * in * out, [&](int64_t first, int64_t last) {
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

struct Backward : FusedBackward {
  Activations activations;
  bool sparse = false;

  std::string name() const override { return mlp_backward_name; }
  bool has_activations() const override { return activations.values.defined(); }
  void release_activations() override { activations.values.reset(); }

  at::Tensor run(const at::Tensor &input, const at::Tensor &grad, const at::Tensor &target, bool wants_input) override {
    const Kernels &k = kernels();
    const auto *net = static_cast<const Network *>(network.get());
    int64_t batch = input.size(0), layers = net->layers();
    std::vector<float> delta, below, padded_weight, turned;
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
          share(out, 6, batch * in * out, [&](int64_t first, int64_t last) { k.outer(delta.data(), stride, from, from_stride, batch, first, last, in, weight, in, true); });
        } else if (sparse) {
          share(in, 16, batch * in * out / 4, [&](int64_t first, int64_t last) {
            float room[16 * 64];
            k.outer_sparse(from, from_stride, delta.data(), stride, batch, first, last, out, weight, out, true, room);
          });
        } else {
          share(in, 6, batch * in * out, [&](int64_t first, int64_t last) { k.outer(from, from_stride, delta.data(), stride, batch, first, last, out, weight, out, true); });
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
      share(batch, 6, batch * in * out, [&](int64_t first, int64_t last) {
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
      (i % 2 ? net->bias_offset : net->weight_offset).push_back(net->offset(get(parameters[i])));
    }
    *out = new ctorch_mlp_s{net};
  });
}

void ctorch_mlp_release(ctorch_mlp mlp) { delete mlp; }

int ctorch_mlp_forward(ctorch_mlp mlp, ctorch_tensor samples, ctorch_tensor *out) {
  return result(out, [&] {
    give_threads_to_passes();
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
    node->activations = std::move(activations);
    node->sparse = sparse;
    attach(logits, node, mlp->net, x, input);
    return logits;
  });
}
