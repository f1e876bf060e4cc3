// Forward and backward pass of a ResNet18 with few channels as one operation each: convolutions that skip the border (convolution_kernels.h), batch norm, ReLU and
// the sum of a block in one pass over memory, gradients of the weights straight into their flat vector.
//
// Weights of convolutions lie as [kernel row, kernel column, in, out], so that the kernels read them as they are where `out` is a multiple of 8.
#include "convolution.h"
#include "fused.h"
#include "room.h"
#include "threads.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

using namespace ctorch;

namespace {

constexpr double epsilon = 1e-5, momentum = 0.1;

/// A convolution and the batch norm behind it.
struct Unit {
  int64_t in = 0, out = 0, kernel = 0, stride = 0, padding = 0;
  int64_t in_height = 0, in_width = 0, height = 0, width = 0;
  /// In the flat vectors.
  int64_t weight = 0, scale = 0, shift = 0, mean = 0, variance = 0, counter = 0;
  Gather forward, backward;
  /// The first position of `forward`.
  Gather opening;
  Correlate correlate;

  int64_t positions() const { return height * width; }
  int64_t channels() const { return padded_channels(out); }
  int64_t image() const { return image_stride(positions() * channels()); }
};

struct Block {
  int first = 0, second = 0, shortcut = -1;
};

struct Network : FusedNetwork {
  at::Tensor statistics, counters;
  std::vector<Unit> units;
  std::vector<Block> blocks;
  bool has_pool = false;
  int64_t colours = 0, image_height = 0, image_width = 0;
  /// Of the samples with a border of zeros, channels last.
  int64_t padded_width = 0, padded_image = 0;
  /// Behind the stem and its pool.
  int64_t height = 0, width = 0;
  int64_t head_weight = 0, head_bias = 0, outputs = 0;

  const Unit &last() const { return units[static_cast<size_t>(blocks.back().second)]; }

  at::Tensor plain_forward(at::Tensor x, bool training) const override {
    // Five tensors for each unit: weight, scale, shift; statistics only where they are used. Nothing moves them.
    auto norm = [&](const at::Tensor &y, size_t u) {
      const Unit &unit = units[u];
      at::Tensor mean = statistics.slice(0, unit.mean, unit.mean + unit.out), variance = statistics.slice(0, unit.variance, unit.variance + unit.out);
      return at::batch_norm(y, parameters[3 * u + 1], parameters[3 * u + 2], training ? at::Tensor() : mean, training ? at::Tensor() : variance, training, momentum, epsilon, true);
    };
    auto convolve = [&](const at::Tensor &value, size_t u) {
      const Unit &unit = units[u];
      return norm(at::conv2d(value, parameters[3 * u], {}, {unit.stride, unit.stride}, {unit.padding, unit.padding}), u);
    };
    at::Tensor value = at::relu(convolve(x.reshape({-1, colours, image_height, image_width}), 0));
    if (has_pool) value = at::max_pool2d(value, {3, 3}, {2, 2}, {1, 1});
    for (const Block &block : blocks) {
      at::Tensor inner = convolve(at::relu(convolve(value, static_cast<size_t>(block.first))), static_cast<size_t>(block.second));
      value = at::relu(inner + (block.shortcut < 0 ? value : convolve(value, static_cast<size_t>(block.shortcut))));
    }
    return at::linear(at::adaptive_avg_pool2d(value, {1, 1}).flatten(1), parameters[3 * units.size()], parameters[3 * units.size() + 1]);
  }
};

Gather first_position(const Gather &all) {
  Gather first = all;
  first.starts.resize(2);
  first.terms.resize(static_cast<size_t>(all.starts[1]));
  return first;
}

/// What the kernels sum for a 3x3 or 1x1 convolution between images of padded channels.
void list_terms(Unit &unit) {
  int64_t taps = unit.kernel * unit.kernel, from = padded_channels(unit.in), to = unit.channels(), back = padded_channels(unit.in);
  std::vector<std::vector<Term>> backward(static_cast<size_t>(unit.in_height * unit.in_width));
  std::vector<std::vector<Pair>> pairs(static_cast<size_t>(taps));
  Gather &f = unit.forward, &b = unit.backward;
  f.starts = b.starts = unit.correlate.starts = {0};
  for (int64_t i = 0; i < unit.height; i++)
    for (int64_t j = 0; j < unit.width; j++) {
      int64_t position = i * unit.width + j;
      for (int64_t tap = 0; tap < taps; tap++) {
        int64_t row = i * unit.stride + tap / unit.kernel - unit.padding, column = j * unit.stride + tap % unit.kernel - unit.padding;
        if (row < 0 || row >= unit.in_height || column < 0 || column >= unit.in_width) continue;
        int64_t place = row * unit.in_width + column;
        f.terms.push_back({static_cast<int32_t>(place * from), static_cast<int32_t>(tap * unit.in * to)});
        backward[static_cast<size_t>(place)].push_back({static_cast<int32_t>(position * to), static_cast<int32_t>(tap * unit.out * back)});
        pairs[static_cast<size_t>(tap)].push_back({static_cast<int32_t>(place * from), static_cast<int32_t>(position * to)});
      }
      f.starts.push_back(static_cast<int32_t>(f.terms.size()));
    }
  for (const auto &terms : backward) {
    b.terms.insert(b.terms.end(), terms.begin(), terms.end());
    b.starts.push_back(static_cast<int32_t>(b.terms.size()));
  }
  Correlate &c = unit.correlate;
  for (const auto &some : pairs) {
    c.pairs.insert(c.pairs.end(), some.begin(), some.end());
    c.starts.push_back(static_cast<int32_t>(c.pairs.size()));
  }
  int64_t in_image = image_stride(unit.in_height * unit.in_width * from);
  f.from_channels = c.from_channels = unit.in;
  f.from_stride = c.from_stride = b.to_stride = in_image;
  f.to_channels = c.to_channels = b.row = to;
  f.to_stride = c.to_stride = b.from_stride = unit.image();
  f.row = to;
  f.weight_count = taps * unit.in * to;
  c.row = unit.out;
  b.from_channels = unit.out;
  b.to_channels = b.row = back;
  b.weight_count = taps * unit.out * back;
}

/// The stem reads samples with a border of zeros: a kernel row times its colours is one stretch of channels.
void list_stem_terms(Network &net) {
  Unit &stem = net.units[0];
  int64_t to = stem.channels(), stretch = stem.kernel * net.colours;
  Gather &f = stem.forward;
  Correlate &c = stem.correlate;
  std::vector<std::vector<Pair>> pairs(static_cast<size_t>(stem.kernel));
  f.starts = c.starts = {0};
  for (int64_t i = 0; i < stem.height; i++)
    for (int64_t j = 0; j < stem.width; j++) {
      for (int64_t row = 0; row < stem.kernel; row++) {
        int64_t place = ((i * stem.stride + row) * net.padded_width + j * stem.stride) * net.colours;
        f.terms.push_back({static_cast<int32_t>(place), static_cast<int32_t>(row * stretch * to)});
        pairs[static_cast<size_t>(row)].push_back({static_cast<int32_t>(place), static_cast<int32_t>((i * stem.width + j) * to)});
      }
      f.starts.push_back(static_cast<int32_t>(f.terms.size()));
    }
  for (const auto &some : pairs) {
    c.pairs.insert(c.pairs.end(), some.begin(), some.end());
    c.starts.push_back(static_cast<int32_t>(c.pairs.size()));
  }
  f.from_channels = c.from_channels = stretch;
  f.from_stride = c.from_stride = net.padded_image;
  f.to_channels = c.to_channels = f.row = to;
  f.to_stride = c.to_stride = stem.image();
  f.weight_count = stem.kernel * stretch * to;
  c.row = stem.out;
}

/// What a forward pass leaves for the backward pass.
struct Activations {
  int64_t samples = 0;
  bool training = true;
  float *padded = nullptr;
  uint8_t *chosen = nullptr;
  /// By unit: results of the convolution and of what follows it (none for a shortcut), and by channel what the batch norm did.
  std::vector<float *> y, h, mean, inverse, scale, shift;
  float *features = nullptr;
  Room room;

  void lay_out(const Network &net, Plan &plan) {
    size_t n = net.units.size();
    for (auto *each : {&y, &h, &mean, &inverse, &scale, &shift}) each->assign(n, nullptr);
    padded = plan.take(samples * net.padded_image);
    for (size_t u = 0; u < n; u++) {
      const Unit &unit = net.units[u];
      y[u] = plan.take(samples * unit.image());
      for (auto *each : {&mean, &inverse, &scale, &shift}) (*each)[u] = plan.take(unit.channels());
    }
    int64_t stem = net.has_pool ? image_stride(net.height * net.width * net.units[0].channels()) : net.units[0].image();
    h[0] = plan.take(samples * stem);
    if (net.has_pool) chosen = reinterpret_cast<uint8_t *>(plan.take((samples * net.height * net.width * net.units[0].channels() + 3) / 4));
    for (const Block &block : net.blocks)
      for (int u : {block.first, block.second}) h[static_cast<size_t>(u)] = plan.take(samples * net.units[static_cast<size_t>(u)].image());
    features = plan.take(samples * net.last().channels());
  }
};

/// The samples [0, n) in as many pieces as there are threads.
template <typename Body> void over_samples(int64_t n, const Body &body) {
  int64_t pieces = std::min(threads(), n);
  in_parallel(pieces, [&](int64_t piece) { body(n * piece / pieces, n * (piece + 1) / pieces); });
}

/// Rows [rows, columns] with zeros behind them up to `stride`; as they are where nothing is to be filled up.
const float *fill_up(const float *from, int64_t rows, int64_t columns, int64_t stride, std::vector<float> &to) {
  if (columns == stride) return from;
  to.assign(static_cast<size_t>(rows * stride), 0);
  for (int64_t i = 0; i < rows; i++) std::memcpy(to.data() + i * stride, from + i * columns, sizeof(float) * columns);
  return to.data();
}

class Forward {
  Network &net;
  Activations &a;
  const ConvolutionKernels &k = convolution_kernels();
  std::vector<float> filled, partial, origin;

public:
  Forward(Network &net, Activations &activations) : net(net), a(activations) {}

  /// Convolution, and scale and shift of its batch norm.
  void convolve(size_t u, const float *from) {
    const Unit &unit = net.units[u];
    int64_t channels = unit.channels(), positions = unit.positions(), image = unit.image(), n = a.samples;
    const float *weights = fill_up(net.weights.const_data_ptr<float>() + unit.weight, unit.forward.weight_count / channels, unit.out, channels, filled);
    partial.resize(static_cast<size_t>(2 * n * channels));
    float *y = a.y[u];
    bool training = a.training;
    // Sums of differences to a first value: a mean far from zero then costs no digits.
    origin.assign(static_cast<size_t>(channels), 0);
    if (training) {
      k.gather(unit.opening, from, weights, y, 1, false);
      std::memcpy(origin.data(), y, sizeof(float) * channels);
    }
    over_samples(n, [&](int64_t first, int64_t last) {
      k.gather(unit.forward, from + first * unit.forward.from_stride, weights, y + first * image, last - first, false);
      if (!training) return;
      for (int64_t s = first; s < last; s++) k.moments(y + s * image, positions, channels, origin.data(), partial.data() + 2 * s * channels, partial.data() + (2 * s + 1) * channels);
    });
    const float *gamma = net.weights.const_data_ptr<float>() + unit.scale, *beta = net.weights.const_data_ptr<float>() + unit.shift;
    float *statistics = net.statistics.mutable_data_ptr<float>();
    double count = static_cast<double>(n * positions);
    for (int64_t c = 0; c < channels; c++) {
      bool real = c < unit.out;
      double mean = 0, inverse = 0;
      if (real && training) {
        double sum = 0, squares = 0;
        for (int64_t s = 0; s < n; s++) sum += partial[static_cast<size_t>(2 * s * channels + c)], squares += partial[static_cast<size_t>((2 * s + 1) * channels + c)];
        double away = sum / count, variance = std::max(0.0, squares / count - away * away);
        if (std::isnan(squares)) variance = squares;
        mean = origin[static_cast<size_t>(c)] + away;
        inverse = 1 / std::sqrt(variance + epsilon);
        float &running_mean = statistics[unit.mean + c], &running_variance = statistics[unit.variance + c];
        running_mean = static_cast<float>((1 - momentum) * running_mean + momentum * mean);
        // One value has no variance: the running one stays (see ctorch_batch_norm).
        if (count > 1) running_variance = static_cast<float>((1 - momentum) * running_variance + momentum * variance * count / (count - 1));
      } else if (real) {
        mean = statistics[unit.mean + c];
        inverse = 1 / std::sqrt(static_cast<double>(statistics[unit.variance + c]) + epsilon);
      }
      a.mean[u][c] = static_cast<float>(mean);
      a.inverse[u][c] = static_cast<float>(inverse);
      a.scale[u][c] = real ? static_cast<float>(gamma[c] * inverse) : 0;
      a.shift[u][c] = real ? static_cast<float>(beta[c] - mean * gamma[c] * inverse) : 0;
    }
    if (training) net.counters.mutable_data_ptr<int64_t>()[unit.counter] += 1;
  }

  /// h = relu(norm(y) + rest), where rest is what a shortcut's unit gives, an image as it is, or nothing.
  void finish(size_t u, const float *rest, int shortcut) {
    const Unit &unit = net.units[u];
    const float *other = shortcut < 0 ? rest : a.y[static_cast<size_t>(shortcut)];
    const float *scale = shortcut < 0 ? nullptr : a.scale[static_cast<size_t>(shortcut)], *shift = shortcut < 0 ? nullptr : a.shift[static_cast<size_t>(shortcut)];
    int64_t image = unit.image();
    over_samples(a.samples, [&](int64_t first, int64_t last) {
      for (int64_t s = first; s < last; s++)
        k.normalise(a.y[u] + s * image, unit.positions(), unit.channels(), a.scale[u], a.shift[u], other ? other + s * image : nullptr, scale, shift, true, a.h[u] + s * image);
    });
  }

  void run(const float *x) {
    int64_t n = a.samples, colours = net.colours, area = net.image_height * net.image_width, border = net.units[0].padding;
    over_samples(n, [&](int64_t first, int64_t last) {
      std::memset(a.padded + first * net.padded_image, 0, sizeof(float) * static_cast<size_t>((last - first) * net.padded_image));
      for (int64_t s = first; s < last; s++)
        for (int64_t c = 0; c < colours; c++)
          for (int64_t i = 0; i < net.image_height; i++) {
            const float *from = x + (s * colours + c) * area + i * net.image_width;
            float *to = a.padded + s * net.padded_image + ((i + border) * net.padded_width + border) * colours + c;
            for (int64_t j = 0; j < net.image_width; j++) to[j * colours] = from[j];
          }
    });
    const Unit &stem = net.units[0];
    convolve(0, a.padded);
    if (net.has_pool) {
      int64_t from = stem.image(), pooled = net.height * net.width * stem.channels(), to = image_stride(pooled);
      over_samples(n, [&](int64_t first, int64_t last) {
        for (int64_t s = first; s < last; s++) k.pool(a.y[0] + s * from, stem.height, stem.width, stem.channels(), a.scale[0], a.shift[0], a.h[0] + s * to, a.chosen + s * pooled);
      });
    } else {
      finish(0, nullptr, -1);
    }
    const float *value = a.h[0];
    for (const Block &block : net.blocks) {
      size_t one = static_cast<size_t>(block.first), two = static_cast<size_t>(block.second);
      convolve(one, value);
      finish(one, nullptr, -1);
      convolve(two, a.h[one]);
      if (block.shortcut >= 0) convolve(static_cast<size_t>(block.shortcut), value);
      finish(two, value, block.shortcut);
      value = a.h[two];
    }
    const Unit &top = net.last();
    for (int64_t s = 0; s < n; s++) {
      float *to = a.features + s * top.channels();
      std::fill(to, to + top.channels(), 0.0f);
      for (int64_t p = 0; p < top.positions(); p++)
        for (int64_t c = 0; c < top.channels(); c++) to[c] += value[s * top.image() + p * top.channels() + c];
      for (int64_t c = 0; c < top.channels(); c++) to[c] /= static_cast<float>(top.positions());
    }
  }
};

/// features * head^T + bias, each sum in one order: a matrix product of libtorch's has another with another number of threads.
void apply_head(const Network &net, const Activations &a, float *logits) {
  const Unit &top = net.last();
  const float *flat = net.weights.const_data_ptr<float>();
  for (int64_t s = 0; s < a.samples; s++)
    for (int64_t o = 0; o < net.outputs; o++) {
#pragma clang fp reassociate(on) contract(fast)
      const float *feature = a.features + s * top.channels(), *weight = flat + net.head_weight + o * top.out;
      float sum = 0;
      for (int64_t c = 0; c < top.out; c++) sum += feature[c] * weight[c];
      logits[s * net.outputs + o] = sum + flat[net.head_bias + o];
    }
}

struct Backward : FusedBackward {
  Activations a;

  std::string name() const override { return "ResNetBackward"; }
  bool has_activations() const override { return a.room.data() != nullptr; }
  void release_activations() override { a.room.release(); }

  at::Tensor run(const at::Tensor &, const at::Tensor &grad, const at::Tensor &target, bool) override {
    if (!target.defined()) return at::Tensor();
    at::AutoDispatchBelowADInplaceOrView below_autograd;
    const auto &net = *static_cast<const Network *>(network.get());
    const ConvolutionKernels &k = convolution_kernels();
    int64_t n = a.samples;
    const Unit &top = net.last();
    int64_t most = 0, most_weights = 0;
    for (const Unit &unit : net.units) {
      most = std::max(most, std::max(unit.image(), unit.backward.to_stride));
      most_weights = std::max(most_weights, unit.backward.weight_count);
    }
    // d: gradient by a block's result, then by its input; inner: by what is between its convolutions; y: by a convolution's result.
    Room room(4 * n * most + most_weights + 8 * 16 + 16);
    Plan plan{room.data()};
    float *d = plan.take(n * most), *below = plan.take(n * most), *inner = plan.take(n * most), *dy = plan.take(n * most), *turned = plan.take(most_weights);
    std::vector<float> partial, factors;
    const float *flat = net.weights.const_data_ptr<float>();
    float *gradient = target.mutable_data_ptr<float>();

    // Through ReLU (of the result `h`; none: no ReLU) and batch norm to dy; dg is masked in place.
    auto norm = [&](size_t u, float *dg, const float *h) {
      const Unit &unit = net.units[u];
      int64_t channels = unit.channels(), positions = unit.positions(), image = unit.image();
      partial.resize(static_cast<size_t>(2 * n * channels));
      over_samples(n, [&](int64_t first, int64_t last) {
        for (int64_t s = first; s < last; s++)
          k.mask_and_sum(dg + s * image, h ? h + s * image : nullptr, a.y[u] + s * image, a.mean[u], positions, channels, partial.data() + 2 * s * channels, partial.data() + (2 * s + 1) * channels);
      });
      factors.assign(static_cast<size_t>(3 * channels), 0);
      double count = static_cast<double>(n * positions);
      for (int64_t c = 0; c < unit.out; c++) {
        double sum = 0, product = 0, inverse = a.inverse[u][c], scale = flat[unit.scale + c];
        for (int64_t s = 0; s < n; s++) sum += partial[static_cast<size_t>(2 * s * channels + c)], product += partial[static_cast<size_t>((2 * s + 1) * channels + c)];
        product *= inverse;
        gradient[unit.scale + c] += static_cast<float>(product);
        gradient[unit.shift + c] += static_cast<float>(sum);
        double by_d = scale * inverse, by_y = training ? -by_d * inverse * product / count : 0;
        factors[static_cast<size_t>(c)] = static_cast<float>(by_d);
        factors[static_cast<size_t>(channels + c)] = static_cast<float>(by_y);
        factors[static_cast<size_t>(2 * channels + c)] = training ? static_cast<float>(-by_d * sum / count - by_y * a.mean[u][c]) : 0;
      }
      over_samples(n, [&](int64_t first, int64_t last) {
        for (int64_t s = first; s < last; s++)
          k.through_norm(dg + s * image, a.y[u] + s * image, positions, channels, factors.data(), factors.data() + channels, factors.data() + 2 * channels, dy + s * image);
      });
    };
    // From dy to the weights' gradient.
    auto weigh = [&](size_t u, const float *from) {
      const Unit &unit = net.units[u];
      int64_t pieces = threads();
      in_parallel(pieces, [&](int64_t piece) { k.correlate(unit.correlate, from, dy, gradient + unit.weight, n, piece, pieces); });
    };
    // From dy to the gradient by the convolution's input.
    auto pass = [&](size_t u, float *to, bool adds) {
      const Unit &unit = net.units[u];
      int64_t taps = unit.kernel * unit.kernel, stride = unit.backward.row;
      int64_t pieces = std::min(threads(), taps);
      in_parallel(pieces, [&](int64_t piece) {
        for (int64_t tap = taps * piece / pieces; tap < taps * (piece + 1) / pieces; tap++) k.turn(flat + unit.weight + tap * unit.in * unit.out, unit.in, unit.out, turned + tap * unit.out * stride, stride);
      });
      over_samples(n, [&](int64_t first, int64_t last) {
        k.gather(unit.backward, dy + first * unit.backward.from_stride, turned, to + first * unit.backward.to_stride, last - first, adds);
      });
    };

    // The head, as in `apply_head`.
    std::vector<float> at_features(static_cast<size_t>(top.channels()));
    for (int64_t s = 0; s < n; s++) {
      std::fill(at_features.begin(), at_features.end(), 0.0f);
      for (int64_t o = 0; o < net.outputs; o++) {
        float g = grad.const_data_ptr<float>()[s * net.outputs + o];
        const float *feature = a.features + s * top.channels(), *weight = flat + net.head_weight + o * top.out;
        float *to = gradient + net.head_weight + o * top.out;
        for (int64_t c = 0; c < top.out; c++) to[c] += g * feature[c];
        for (int64_t c = 0; c < top.out; c++) at_features[static_cast<size_t>(c)] += g * weight[c];
        gradient[net.head_bias + o] += g;
      }
      for (float &each : at_features) each /= static_cast<float>(top.positions());
      for (int64_t p = 0; p < top.positions(); p++) std::memcpy(d + s * top.image() + p * top.channels(), at_features.data(), sizeof(float) * at_features.size());
    }
    for (size_t b = net.blocks.size(); b-- > 0;) {
      const Block &block = net.blocks[b];
      size_t one = static_cast<size_t>(block.first), two = static_cast<size_t>(block.second);
      const float *input = b == 0 ? a.h[0] : a.h[static_cast<size_t>(net.blocks[b - 1].second)];
      norm(two, d, a.h[two]);
      weigh(two, a.h[one]);
      pass(two, inner, false);
      float *to = d;
      if (block.shortcut >= 0) {
        size_t side = static_cast<size_t>(block.shortcut);
        norm(side, d, nullptr);
        weigh(side, input);
        pass(side, below, false);
        to = below;
      }
      norm(one, inner, a.h[one]);
      weigh(one, input);
      pass(one, to, true);
      if (to == below) std::swap(d, below);
    }
    const Unit &stem = net.units[0];
    const float *stem_result = a.h[0];
    if (net.has_pool) {
      int64_t pooled = net.height * net.width * stem.channels(), from = image_stride(pooled), image = stem.image();
      over_samples(n, [&](int64_t first, int64_t last) {
        std::memset(below + first * image, 0, sizeof(float) * static_cast<size_t>((last - first) * image));
        for (int64_t s = first; s < last; s++)
          for (int64_t i = 0; i < net.height; i++)
            for (int64_t j = 0; j < net.width; j++)
              for (int64_t c = 0; c < stem.channels(); c++) {
                int64_t at = (i * net.width + j) * stem.channels() + c;
                if (a.h[0][s * from + at] <= 0) continue;
                int64_t tap = a.chosen[s * pooled + at], row = 2 * i + tap / 3 - 1, column = 2 * j + tap % 3 - 1;
                below[s * image + (row * stem.width + column) * stem.channels() + c] += d[s * from + at];
              }
      });
      std::swap(d, below);
      stem_result = nullptr;
    }
    norm(0, d, stem_result);
    weigh(0, a.padded);
    return at::Tensor();
  }
};

}  // namespace

struct ctorch_resnet_s {
  std::shared_ptr<Network> net;
};

int ctorch_resnet_new(const ctorch_resnet_shape *shape, ctorch_tensor weights, ctorch_tensor gradients, ctorch_tensor statistics, ctorch_tensor counters, const ctorch_tensor *tensors, int n, ctorch_resnet *out) {
  return guarded([&] {
    auto net = std::make_shared<Network>();
    net->weights = get(weights);
    net->gradients = get(gradients);
    net->statistics = get(statistics);
    net->counters = get(counters);
    net->colours = shape->colours;
    net->image_height = shape->height;
    net->image_width = shape->width;
    net->has_pool = shape->max_pool != 0;
    net->outputs = shape->outputs;
    int next = 0;
    auto take = [&] {
      TORCH_CHECK(next < n, "a resnet needs more than ", n, " tensors");
      return get(tensors[next++]);
    };
    auto add = [&](int64_t in, int64_t out_channels, int64_t kernel, int64_t stride, int64_t height, int64_t width) {
      Unit unit;
      unit.in = in, unit.out = out_channels, unit.kernel = kernel, unit.stride = stride, unit.padding = kernel / 2;
      unit.in_height = height, unit.in_width = width;
      unit.height = (height + 2 * unit.padding - kernel) / stride + 1, unit.width = (width + 2 * unit.padding - kernel) / stride + 1;
      at::Tensor weight = take(), scale = take(), shift = take(), mean = take(), variance = take(), counter = take();
      for (const at::Tensor &each : {weight, scale, shift}) net->parameters.push_back(each);
      unit.weight = net->offset(weight), unit.scale = net->offset(scale), unit.shift = net->offset(shift);
      unit.mean = mean.storage_offset() - net->statistics.storage_offset(), unit.variance = variance.storage_offset() - net->statistics.storage_offset();
      unit.counter = counter.storage_offset() - net->counters.storage_offset();
      net->units.push_back(unit);
      return static_cast<int>(net->units.size()) - 1;
    };
    add(shape->colours, shape->channels, shape->stem_size, shape->stem_stride, shape->height, shape->width);
    Unit &stem = net->units[0];
    net->padded_width = shape->width + 2 * stem.padding;
    net->padded_image = image_stride((shape->height + 2 * stem.padding) * net->padded_width * shape->colours);
    list_stem_terms(*net);
    net->height = net->has_pool ? (stem.height - 1) / 2 + 1 : stem.height;
    net->width = net->has_pool ? (stem.width - 1) / 2 + 1 : stem.width;
    int64_t height = net->height, width = net->width, in = shape->channels;
    for (int stage = 0; stage < 4; stage++) {
      for (int b = 0; b < 2; b++) {
        int64_t channels = shape->channels << stage, stride = b == 0 && stage > 0 ? 2 : 1;
        Block block;
        block.first = add(in, channels, 3, stride, height, width);
        const Unit first = net->units.back();
        block.second = add(channels, channels, 3, 1, first.height, first.width);
        if (stride != 1 || in != channels) block.shortcut = add(in, channels, 1, stride, height, width);
        net->blocks.push_back(block);
        in = channels, height = first.height, width = first.width;
      }
    }
    for (size_t u = 1; u < net->units.size(); u++) list_terms(net->units[u]);
    for (Unit &unit : net->units) unit.opening = first_position(unit.forward);
    at::Tensor head_weight = take(), head_bias = take();
    net->parameters.push_back(head_weight);
    net->parameters.push_back(head_bias);
    net->head_weight = net->offset(head_weight), net->head_bias = net->offset(head_bias);
    TORCH_CHECK(next == n, "a resnet has ", next, " tensors, not ", n);
    *out = new ctorch_resnet_s{net};
  });
}

void ctorch_resnet_release(ctorch_resnet resnet) { delete resnet; }

int ctorch_resnet_forward(ctorch_resnet resnet, ctorch_tensor samples, int training, ctorch_tensor *out) {
  return result(out, [&] {
    give_threads_to_passes();
    Network &net = *resnet->net;
    at::Tensor x = get(samples);
    bool learns = at::GradMode::is_enabled();
    at::Tensor input = x.contiguous();
    at::AutoDispatchBelowADInplaceOrView below_autograd;
    auto node = c10::make_intrusive<Backward>();
    Activations &a = node->a;
    a.samples = input.size(0);
    a.training = training != 0;
    Plan counting;
    a.lay_out(net, counting);
    a.room = Room(counting.used);
    Plan plan{a.room.data()};
    a.lay_out(net, plan);
    Forward(net, a).run(input.const_data_ptr<float>());
    at::Tensor logits = at::empty({a.samples, net.outputs}, input.options().requires_grad(false));
    apply_head(net, a, logits.mutable_data_ptr<float>());
    if (!learns) return logits;
    node->training = a.training;
    attach(logits, node, resnet->net, x, input);
    return logits;
  });
}
