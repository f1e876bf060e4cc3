// Forward and backward pass of an MLP as one operation each, with its own backward function: the gradients of the weights go straight into their flat vector.
//
// The weight of the first layer is stored transposed, [in, out]: where inputs are mostly zeros (digits on a black ground) only the rows of the others are read and
// written. The other layers are small: their weights are transposed once for all passes between two steps. Layers too large for that go through libtorch's matrix product.
#include "fused.h"
#include "losses.h"
#include "room.h"
#include "threads.h"

#include <algorithm>
#include <cstring>
#include <utility>
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
  void (*multiply_sparse)(const float *, int64_t, const float *, int64_t, int64_t, int64_t, int64_t, const float *, float *, int64_t);
  void (*outer_sparse)(const float *, int64_t, const float *, int64_t, int64_t, int64_t, int64_t, int64_t, float *, int64_t, bool);
  void (*add_rows)(const float *, int64_t, int64_t, int64_t, float *);
  void (*pass_relu)(float *, const float *, int64_t);
  void (*finish_row)(float *, int64_t, int64_t, bool);
};

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,bmi,bmi2"))), apply_to = function)
namespace avx512 {
constexpr int V = 16;
static inline unsigned nonzero16(const float *x) { return _mm512_cmp_ps_mask(_mm512_loadu_ps(x), _mm512_setzero_ps(), _CMP_NEQ_UQ); }
static inline __m512 load_some(const float *p, int64_t n) { return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p); }
static inline void store_some(float *p, __m512 v, int64_t n) { _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), v); }
static inline void turn_bits(const uint16_t *rows, uint64_t *columns) {
  __m512i low = _mm512_loadu_si512(rows), high = _mm512_loadu_si512(rows + 32);
  for (int q = 0; q < 16; q++) {
    __m512i bit = _mm512_set1_epi16(static_cast<short>(1u << q));
    columns[q] = static_cast<uint64_t>(_mm512_test_epi16_mask(low, bit)) | static_cast<uint64_t>(_mm512_test_epi16_mask(high, bit)) << 32;
  }
}
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
static inline __m256i first(int64_t n) { return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)); }
static inline __m256 load_some(const float *p, int64_t n) { return _mm256_maskload_ps(p, first(n)); }
static inline void store_some(float *p, __m256 v, int64_t n) { _mm256_maskstore_ps(p, first(n), v); }
static inline void turn_bits(const uint16_t *rows, uint64_t *columns) {
  for (int q = 0; q < 16; q++) {
    uint64_t bits = 0;
    for (int half = 0; half < 2; half++) {
      // Bit q to the place of the sign, which packing keeps.
      __m128i places = _mm_cvtsi32_si128(15 - q);
      __m256i a = _mm256_sll_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(rows + half * 32)), places);
      __m256i b = _mm256_sll_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(rows + half * 32 + 16)), places);
      __m256i signs = _mm256_permute4x64_epi64(_mm256_packs_epi16(a, b), 0xD8);
      bits |= static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(signs))) << (half * 32);
    }
    columns[q] = bits;
  }
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
typedef float four __attribute__((vector_size(16)));
static inline four load_some(const float *p, int64_t n) {
  four v{};
  for (int64_t i = 0; i < n; i++) v[i] = p[i];
  return v;
}
static inline void store_some(float *p, four v, int64_t n) {
  for (int64_t i = 0; i < n; i++) p[i] = v[i];
}
static inline void turn_bits(const uint16_t *rows, uint64_t *columns) {
  for (int q = 0; q < 16; q++) columns[q] = 0;
  for (int s = 0; s < 64; s++)
    for (unsigned left = rows[s]; left; left &= left - 1) columns[__builtin_ctz(left)] |= uint64_t{1} << s;
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

/// Multiplications that are worth a second thread: about 10 microseconds.
constexpr int64_t worth_sharing = 1'000'000;

int64_t threads_for(int64_t work) { return work < worth_sharing ? 1 : threads(); }

/// The part of 0..n that one of several pieces has. Pieces are multiples of `grain`, as the kernels take rows; a split elsewhere would leave slower rests.
std::pair<int64_t, int64_t> part(int64_t n, int64_t grain, int64_t piece, int64_t pieces) {
  int64_t step = (n + pieces - 1) / pieces;
  step = (step + grain - 1) / grain * grain;
  return {std::min(n, piece * step), std::min(n, (piece + 1) * step)};
}

/// The parameters are weight and bias of each layer in turn; the first weight is a transposed view.
struct Network : FusedNetwork {
  std::vector<int64_t> widths;
  /// Where each weight and bias starts in the flat vectors.
  std::vector<int64_t> weight_offset, bias_offset;

  int64_t layers() const { return static_cast<int64_t>(widths.size()) - 1; }
  const float *weight(int64_t layer) const { return weights.const_data_ptr<float>() + weight_offset[layer]; }
  const float *bias(int64_t layer) const { return weights.const_data_ptr<float>() + bias_offset[layer]; }

  /// The weights in other orders, as the passes read them.
  struct Layer {
    /// [in, padded out], without the first layer's where inputs are mostly zeros; the bias [padded out].
    Room forward, bias;
    /// [out, padded in], where that is not how they are stored.
    Room backward;
  };
  std::vector<Layer> turned;
  /// Of the weights that `turned` was made from.
  int64_t turned_version = -1;
  bool has_dense_input = false;

  /// Passes follow one another without a step between them: the weights are turned once.
  void turn(bool sparse) {
    auto version = static_cast<int64_t>(weights._version());
    if (version == turned_version && (sparse || has_dense_input)) return;
    const Kernels &k = kernels();
    if (turned.empty())
      for (int64_t l = 0; l < layers(); l++) turned.push_back({Room(widths[l] * padded(widths[l + 1])), Room(padded(widths[l + 1])), Room(widths[l + 1] * padded(widths[l]))});
    for (int64_t l = 0; l < layers(); l++) {
      int64_t in = widths[l], out = widths[l + 1];
      copy_rows(bias(l), 1, out, turned[l].bias.data());
      if (l > 0) {
        k.transpose(weight(l), out, in, turned[l].forward.data(), padded(out));
        if (in % 16 != 0) copy_rows(weight(l), out, in, turned[l].backward.data());
      } else if (!sparse) {
        copy_rows(weight(l), in, out, turned[l].forward.data());
      }
    }
    has_dense_input = !sparse;
    turned_version = version;
  }

  /// Rows made a multiple of 16 long, with zeros behind.
  static void copy_rows(const float *from, int64_t rows, int64_t columns, float *to) {
    int64_t stride = padded(columns);
    for (int64_t i = 0; i < rows; i++) {
      std::memcpy(to + i * stride, from + i * columns, sizeof(float) * columns);
      std::memset(to + i * stride + columns, 0, sizeof(float) * (stride - columns));
    }
  }

  /// Multiplications of a pass, about.
  int64_t work(int64_t batch, bool sparse) const {
    int64_t sum = 0;
    for (int64_t l = 0; l < layers(); l++) sum += widths[l] * widths[l + 1] / (l == 0 && sparse ? 4 : 1);
    return batch * sum;
  }

  at::Tensor plain_forward(at::Tensor x, bool) const override {
    for (int64_t l = 0; l < layers(); l++) {
      x = at::linear(x, parameters[2 * l], parameters[2 * l + 1]);
      if (l + 1 < layers()) x = at::relu(x);
    }
    return x;
  }
};

/// All activations of a pass: layer l (from 1) starts at offset[l], with rows of stride[l].
struct Activations {
  Room values;
  std::vector<int64_t> offset, stride;
  float *layer(int64_t l) const { return values.data() + offset[l]; }
};

/// Whether more than half of the samples' [rows, columns] numbers are zero. A look at eight samples is enough to tell digits from photographs.
bool is_sparse(const float *x, int64_t rows, int64_t columns) {
  int64_t looks = std::min<int64_t>(rows, 8), zeros = 0;
  for (int64_t look = 0; look < looks; look++) {
    const float *row = x + rows * look / looks * columns;
    for (int64_t j = 0; j < columns; j++) zeros += row[j] == 0;
  }
  return zeros * 2 > looks * columns;
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
  result.values = Room(size);
  net.turn(sparse);
  const float *samples = x.const_data_ptr<float>();
  // A thread takes its samples through all layers.
  int64_t pieces = threads_for(net.work(batch, sparse));
  in_parallel(pieces, [&](int64_t piece) {
    auto [first, last] = part(batch, 2, piece, pieces);
    const float *from = samples + first * net.widths[0];
    for (int64_t l = 0; l < layers; l++) {
      int64_t in = net.widths[l], out = net.widths[l + 1], columns = padded(out);
      float *to = result.layer(l + 1) + first * columns;
      const float *bias = net.turned[l].bias.data();
      bool relu = l + 1 < layers;
      if (l == 0 && sparse) {
        k.multiply_sparse(from, in, net.weight(0), out, last - first, in, out, bias, to, columns);
        // Behind the last column stands what was read of the next row of weights.
        for (int64_t i = 0; i < last - first; i++) k.finish_row(to + i * columns, out, columns, relu);
      } else {
        k.multiply(from, result.stride[l], net.turned[l].forward.data(), columns, last - first, in, out, bias, relu, to, columns);
      }
      from = to;
    }
  });
  return result;
}

at::Tensor logits_of(const Network &net, const Activations &activations, int64_t batch) {
  int64_t layers = net.layers(), out = net.widths[layers], stride = activations.stride[layers];
  at::Tensor logits = at::empty({batch, out}, net.weights.options());
  float *to = logits.mutable_data_ptr<float>();
  const float *from = activations.layer(layers);
  for (int64_t i = 0; i < batch; i++) std::memcpy(to + i * out, from + i * stride, sizeof(float) * out);
  return logits;
}

struct Backward : FusedBackward {
  Activations activations;
  bool sparse = false;

  std::string name() const override { return mlp_backward_name; }
  bool has_activations() const override { return activations.values.data() != nullptr; }
  void release_activations() override { activations.values.release(); }

  at::Tensor run(const at::Tensor &input, const at::Tensor &grad, const at::Tensor &target, bool wants_input) override {
    const Kernels &k = kernels();
    const auto *net = static_cast<const Network *>(network.get());
    int64_t batch = input.size(0), layers = net->layers(), pieces = threads_for(net->work(batch, sparse));
    const float *top = grad.const_data_ptr<float>(), *samples = input.const_data_ptr<float>();
    // Gradients by the sums of layer l, where its activations are in theirs.
    Room deltas(activations.offset[layers] + batch * activations.stride[layers]);
    auto delta = [&](int64_t l) { return deltas.data() + activations.offset[l]; };
    at::Tensor input_gradient;
    Room first_weight, wide;
    int64_t inputs = net->widths[0];
    if (wants_input) {
      // [in, out] as it is stored; the product needs [out, in].
      first_weight = Room(net->widths[1] * padded(inputs));
      k.transpose(net->weight(0), inputs, net->widths[1], first_weight.data(), padded(inputs));
      wide = Room(batch * padded(inputs));
      input_gradient = at::empty({batch, inputs}, input.options());
    }
    float *to_input = wants_input ? input_gradient.mutable_data_ptr<float>() : nullptr;
    // A thread takes its samples through all layers.
    in_parallel(pieces, [&](int64_t piece) {
      auto [first, last] = part(batch, 2, piece, pieces);
      int64_t out = net->widths[layers], stride = activations.stride[layers];
      for (int64_t i = first; i < last; i++) {
        std::memcpy(delta(layers) + i * stride, top + i * out, sizeof(float) * out);
        std::memset(delta(layers) + i * stride + out, 0, sizeof(float) * (stride - out));
      }
      for (int64_t l = layers - 1; l > 0; l--) {
        int64_t above = activations.stride[l + 1], columns = activations.stride[l];
        const float *weight = net->widths[l] % 16 == 0 ? net->weight(l) : net->turned[l].backward.data();
        float *to = delta(l) + first * columns;
        k.multiply(delta(l + 1) + first * above, above, weight, columns, last - first, net->widths[l + 1], net->widths[l], nullptr, false, to, columns);
        k.pass_relu(to, activations.layer(l) + first * columns, (last - first) * columns);
      }
      if (!wants_input) return;
      int64_t columns = padded(inputs);
      k.multiply(delta(1) + first * activations.stride[1], activations.stride[1], first_weight.data(), columns, last - first, net->widths[1], columns, nullptr, false, wide.data() + first * columns, columns);
      for (int64_t i = first; i < last; i++) std::memcpy(to_input + i * inputs, wide.data() + i * columns, sizeof(float) * inputs);
    });
    if (!target.defined()) return input_gradient;
    float *gradients = target.mutable_data_ptr<float>();
    // And then its rows of each weight.
    in_parallel(pieces, [&](int64_t piece) {
      for (int64_t l = layers - 1; l >= 0; l--) {
        int64_t in = net->widths[l], out = net->widths[l + 1], stride = activations.stride[l + 1];
        float *weight = gradients + net->weight_offset[l];
        if (piece == 0) k.add_rows(delta(l + 1), stride, batch, out, gradients + net->bias_offset[l]);
        if (l > 0) {
          auto [first, last] = part(out, 6, piece, pieces);
          k.outer(delta(l + 1), stride, activations.layer(l), activations.stride[l], batch, first, last, in, weight, in, true);
        } else if (sparse) {
          auto [first, last] = part(in, 16, piece, pieces);
          k.outer_sparse(samples, in, delta(1), stride, batch, first, last, out, weight, out, true);
        } else {
          auto [first, last] = part(in, 6, piece, pieces);
          k.outer(samples, in, delta(1), stride, batch, first, last, out, weight, out, true);
        }
      }
    });
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
    bool sparse = is_sparse(input.const_data_ptr<float>(), input.size(0), input.size(1));
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
