// The arithmetic of a small convolutional network for one instruction set; resnet.cpp includes this once for each, inside a namespace that says how many
// vector registers there are (REGISTERS) and whether they hold 16 floats (WIDE). No #pragma once: it is meant to be included again.
//
// Images lie as [position, channel], with channels filled up with zeros to a multiple of 8. A convolution is a list for each position of what it is the sum of:
// places in the source and rows of weights. So nothing is multiplied with the zeros of a border, and one loop serves forward passes and gradients, any stride.

#include "register_squares.h"

template <int L> using vec = float __attribute__((vector_size(L * 4)));
#define INLINE static inline __attribute__((always_inline))

template <int L> INLINE vec<L> load(const float *p) {
  vec<L> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <int L> INLINE void store(float *p, vec<L> v) { __builtin_memcpy(p, &v, sizeof v); }
/// ReLU. What is not a number stays so, as in libtorch: a network that has diverged must not look sound.
INLINE vec<8> positive_part(vec<8> v) { return vec<8>{} > v ? vec<8>{} : v; }

/// to[P samples, N registers] (+)= sum over the terms and channels of source[sample, term.from + c] * weights[term.weight + c * row, .]
template <int L, int P, int N>
static void sum_terms(const float *source, int64_t source_stride, const Term *terms, int64_t count, const float *weights, int64_t row, int64_t channels, float *to, int64_t to_stride, bool adds) {
  vec<L> sum[P][N];
  for (int i = 0; i < P; i++)
    for (int j = 0; j < N; j++) sum[i][j] = adds ? load<L>(to + i * to_stride + j * L) : vec<L>{};
  for (int64_t k = 0; k < count; k++) {
    const float *x = source + terms[k].from, *w = weights + terms[k].weight;
    for (int64_t c = 0; c < channels; c++) {
      vec<L> y[N];
      for (int j = 0; j < N; j++) y[j] = load<L>(w + c * row + j * L);
      for (int i = 0; i < P; i++) {
        float value = x[i * source_stride + c];
        for (int j = 0; j < N; j++) sum[i][j] += value * y[j];
      }
    }
  }
  for (int i = 0; i < P; i++)
    for (int j = 0; j < N; j++) store<L>(to + i * to_stride + j * L, sum[i][j]);
}

/// As many registers of weights as leave room for the sums of P samples.
constexpr int columns_for(int samples) {
  int n = (REGISTERS - 1) / (samples + 1);
  return n > 5 ? 5 : n < 1 ? 1 : n;
}
constexpr int most_samples = REGISTERS >= 32 ? 8 : 4;

template <int L, int P, int N>
INLINE void sum_columns(int n, const float *source, int64_t source_stride, const Term *terms, int64_t count, const float *weights, int64_t row, int64_t channels, float *to, int64_t to_stride, bool adds) {
  if (n == N) return sum_terms<L, P, N>(source, source_stride, terms, count, weights, row, channels, to, to_stride, adds);
  if constexpr (N > 1) sum_columns<L, P, N - 1>(n, source, source_stride, terms, count, weights, row, channels, to, to_stride, adds);
}

template <int L, int P>
INLINE void sum_samples(int p, int first_column, int n, const float *source, int64_t source_stride, const Term *terms, int64_t count, const float *weights, int64_t row, int64_t channels, float *to,
                        int64_t to_stride, bool adds) {
  if (p == P) {
    return sum_columns<L, P, columns_for(P)>(n, source, source_stride, terms, count, weights + first_column * L, row, channels, to + first_column * L, to_stride, adds);
  }
  if constexpr (P > 1) sum_samples<L, P - 1>(p, first_column, n, source, source_stride, terms, count, weights, row, channels, to, to_stride, adds);
}

/// Where piece `i` of `pieces` pieces of about the same size begins.
INLINE int64_t start_of(int64_t i, int64_t pieces, int64_t n) { return n * i / pieces; }

/// All positions of `samples` samples.
template <int L> static void gather(const Gather &g, const float *source, const float *weights, float *to, int64_t samples, bool adds) {
  int64_t tiles = (samples + most_samples - 1) / most_samples, positions = static_cast<int64_t>(g.starts.size()) - 1;
  int registers = static_cast<int>(g.to_channels / L);
  auto tile_at = [&](int64_t position, int64_t tile) {
    int64_t first = start_of(tile, tiles, samples), last = start_of(tile + 1, tiles, samples);
    int p = static_cast<int>(last - first), most = columns_for(p), blocks = (registers + most - 1) / most;
    const Term *terms = g.terms.data() + g.starts[position];
    int64_t count = g.starts[position + 1] - g.starts[position];
    for (int block = 0; block < blocks; block++) {
      int column = static_cast<int>(start_of(block, blocks, registers)), n = static_cast<int>(start_of(block + 1, blocks, registers)) - column;
      sum_samples<L, most_samples>(p, column, n, source + first * g.from_stride, g.from_stride, terms, count, weights, g.row, g.from_channels, to + first * g.to_stride + position * g.to_channels, g.to_stride, adds);
    }
  };
  // Weights that fit into the first-level cache stay there; of others those of a position are used for all samples while they are near.
  if (g.weight_count * 4 <= 1 << 16) {
    for (int64_t tile = 0; tile < tiles; tile++)
      for (int64_t position = 0; position < positions; position++) tile_at(position, tile);
  } else {
    for (int64_t position = 0; position < positions; position++)
      for (int64_t tile = 0; tile < tiles; tile++) tile_at(position, tile);
  }
}

static void gather_any(const Gather &g, const float *source, const float *weights, float *to, int64_t samples, bool adds) {
  if (samples == 0) return;
  if (WIDE && g.to_channels % 16 == 0) return gather<16>(g, source, weights, to, samples, adds);
  gather<8>(g, source, weights, to, samples, adds);
}

/// to[C, n] += sum over samples and pairs of x[sample, pair.from + c] * d[sample, pair.to, .]
template <int L, int C, int N>
static void correlate_tile(const float *x, int64_t x_stride, const float *d, int64_t d_stride, const Pair *pairs, int64_t count, int64_t samples, float *to, int64_t row, int64_t n) {
  vec<L> sum[C][N];
  for (int i = 0; i < C; i++)
    for (int j = 0; j < N; j++) sum[i][j] = vec<L>{};
  for (int64_t s = 0; s < samples; s++) {
    for (int64_t k = 0; k < count; k++) {
      const float *a = x + s * x_stride + pairs[k].from, *b = d + s * d_stride + pairs[k].to;
      vec<L> y[N];
      for (int j = 0; j < N; j++) y[j] = load<L>(b + j * L);
      for (int i = 0; i < C; i++)
        for (int j = 0; j < N; j++) sum[i][j] += a[i] * y[j];
    }
  }
  for (int i = 0; i < C; i++)
    for (int j = 0; j < N; j++) {
      float *place = to + i * row + j * L;
      int64_t left = n - j * L;
      if (left >= L) store<L>(place, load<L>(place) + sum[i][j]);
      else for (int64_t q = 0; q < left; q++) place[q] += sum[i][j][q];
    }
}

template <int L, int C, int N>
INLINE void correlate_columns(int columns, const float *x, int64_t x_stride, const float *d, int64_t d_stride, const Pair *pairs, int64_t count, int64_t samples, float *to, int64_t row, int64_t n) {
  if (columns == N) return correlate_tile<L, C, N>(x, x_stride, d, d_stride, pairs, count, samples, to, row, n);
  if constexpr (N > 1) correlate_columns<L, C, N - 1>(columns, x, x_stride, d, d_stride, pairs, count, samples, to, row, n);
}

template <int L, int C>
INLINE void correlate_rows(int c, int columns, const float *x, int64_t x_stride, const float *d, int64_t d_stride, const Pair *pairs, int64_t count, int64_t samples, float *to, int64_t row, int64_t n) {
  if (c == C) return correlate_columns<L, C, columns_for(C)>(columns, x, x_stride, d, d_stride, pairs, count, samples, to, row, n);
  if constexpr (C > 1) correlate_rows<L, C - 1>(c, columns, x, x_stride, d, d_stride, pairs, count, samples, to, row, n);
}

/// Gradient of the weights' rows `first` to `last` (of taps * from_channels), added to.
template <int L> static void correlate(const Correlate &c, const float *x, const float *d, float *to, int64_t samples, int64_t piece, int64_t pieces) {
  constexpr int most_rows = most_samples == 8 ? 9 : 4;
  int64_t taps = static_cast<int64_t>(c.starts.size()) - 1, blocks = (c.from_channels + most_rows - 1) / most_rows, items = taps * blocks;
  int registers = static_cast<int>((c.to_channels + L - 1) / L);
  // So many samples that what is read of them stays in the second-level cache.
  int64_t group = std::max<int64_t>(1, (192 << 10) / (4 * (c.from_stride + c.to_stride)));
  for (int64_t s = 0; s < samples; s += group) {
    int64_t n = std::min(group, samples - s);
    for (int64_t item = start_of(piece, pieces, items); item < start_of(piece + 1, pieces, items); item++) {
      int64_t tap = item % taps, block = item / taps, first = start_of(block, blocks, c.from_channels), last = start_of(block + 1, blocks, c.from_channels);
      int rows = static_cast<int>(last - first), most = columns_for(rows), column_blocks = (registers + most - 1) / most;
      for (int k = 0; k < column_blocks; k++) {
        int64_t column = start_of(k, column_blocks, registers), end = start_of(k + 1, column_blocks, registers);
        correlate_rows<L, most_rows>(rows, static_cast<int>(end - column), x + s * c.from_stride + first, c.from_stride, d + s * c.to_stride + column * L, c.to_stride, c.pairs.data() + c.starts[tap],
                                     c.starts[tap + 1] - c.starts[tap], n, to + (tap * c.from_channels + first) * c.row + column * L, c.row, c.row - column * L);
      }
    }
  }
}

static void correlate_any(const Correlate &c, const float *x, const float *d, float *to, int64_t samples, int64_t piece, int64_t pieces) {
  if (WIDE && c.to_channels % 16 == 0) return correlate<16>(c, x, d, to, samples, piece, pieces);
  correlate<8>(c, x, d, to, samples, piece, pieces);
}

/// Calls body<N>(first channel) for blocks of N registers of 8 channels: several sums at once hide how long an addition takes.
template <typename Body> INLINE void over_channels(int64_t channels, const Body &body) {
  int64_t c = 0;
  for (; c + 40 <= channels; c += 40) body(std::integral_constant<int, 5>(), c);
  for (; c + 24 <= channels; c += 24) body(std::integral_constant<int, 3>(), c);
  for (; c < channels; c += 8) body(std::integral_constant<int, 1>(), c);
}

/// sums[channels] = sum of (y - origin), squares[channels] = sum of its square, over the positions of one image.
static void moments(const float *y, int64_t positions, int64_t channels, const float *origin, float *sums, float *squares) {
  over_channels(channels, [&](auto size, int64_t c) __attribute__((always_inline)) {
    constexpr int N = decltype(size)::value;
    vec<8> sum[N], square[N], start[N];
    for (int j = 0; j < N; j++) sum[j] = square[j] = vec<8>{}, start[j] = load<8>(origin + c + j * 8);
    for (int64_t p = 0; p < positions; p++)
      for (int j = 0; j < N; j++) {
        vec<8> v = load<8>(y + p * channels + c + j * 8) - start[j];
        sum[j] += v;
        square[j] += v * v;
      }
    for (int j = 0; j < N; j++) store<8>(sums + c + j * 8, sum[j]), store<8>(squares + c + j * 8, square[j]);
  });
}

/// to = relu?(y * scale + shift + rest), where rest is other (* other_scale + other_shift), for one image.
static void normalise(const float *y, int64_t positions, int64_t channels, const float *scale, const float *shift, const float *other, const float *other_scale, const float *other_shift, bool relu, float *to) {
  over_channels(channels, [&](auto size, int64_t c) __attribute__((always_inline)) {
    constexpr int N = decltype(size)::value;
    for (int64_t p = 0; p < positions; p++)
      for (int j = 0; j < N; j++) {
        int64_t at = p * channels + c + j * 8;
        vec<8> v = load<8>(y + at) * load<8>(scale + c + j * 8) + load<8>(shift + c + j * 8);
        if (other) v += other_scale ? load<8>(other + at) * load<8>(other_scale + c + j * 8) + load<8>(other_shift + c + j * 8) : load<8>(other + at);
        if (relu) v = positive_part(v);
        store<8>(to + at, v);
      }
  });
}

/// d = 0 where ReLU let nothing through (its result a is 0; none: no ReLU); sums = sum of d, products = sum of d * (y - mean), for one image.
static void mask_and_sum(float *d, const float *a, const float *y, const float *mean, int64_t positions, int64_t channels, float *sums, float *products) {
  over_channels(channels, [&](auto size, int64_t c) __attribute__((always_inline)) {
    constexpr int N = decltype(size)::value;
    vec<8> sum[N], product[N], centre[N];
    for (int j = 0; j < N; j++) sum[j] = product[j] = vec<8>{}, centre[j] = load<8>(mean + c + j * 8);
    for (int64_t p = 0; p < positions; p++)
      for (int j = 0; j < N; j++) {
        int64_t at = p * channels + c + j * 8;
        vec<8> v = load<8>(d + at);
        if (a) {
          v = load<8>(a + at) <= vec<8>{} ? vec<8>{} : v;
          store<8>(d + at, v);
        }
        sum[j] += v;
        product[j] += v * (load<8>(y + at) - centre[j]);
      }
    for (int j = 0; j < N; j++) store<8>(sums + c + j * 8, sum[j]), store<8>(products + c + j * 8, product[j]);
  });
}

/// to = a * d + b * y + c, for one image.
static void through_norm(const float *d, const float *y, int64_t positions, int64_t channels, const float *a, const float *b, const float *c, float *to) {
  over_channels(channels, [&](auto size, int64_t first) __attribute__((always_inline)) {
    constexpr int N = decltype(size)::value;
    for (int64_t p = 0; p < positions; p++)
      for (int j = 0; j < N; j++) {
        int64_t at = p * channels + first + j * 8, k = first + j * 8;
        store<8>(to + at, load<8>(a + k) * load<8>(d + at) + (load<8>(b + k) * load<8>(y + at) + load<8>(c + k)));
      }
  });
}

/// [in, out] to [out, stride], zero behind the first `in`. The stride is a multiple of 8.
static void turn(const float *from, int64_t in, int64_t out, float *to, int64_t stride) {
  for (int64_t i = 0; i < stride; i += 8)
    for (int64_t j = 0; j < out; j += 8) {
      int64_t columns = std::min<int64_t>(8, out - j);
      vec<8> rows[8];
      for (int64_t r = 0; r < 8; r++) {
        rows[r] = vec<8>{};
        if (i + r >= in) continue;
        const float *row = from + (i + r) * out + j;
        if (columns == 8) rows[r] = load<8>(row);
        else for (int64_t c = 0; c < columns; c++) rows[r][c] = row[c];
      }
      turn_square<vec<8>, 8>(rows);
      for (int64_t c = 0; c < columns; c++) store<8>(to + (j + c) * stride + i, rows[c]);
    }
}

/// 3x3 max pool of stride 2 and padding 1 over relu(y * scale + shift); `chosen` gets the tap of the first highest value.
static void pool(const float *y, int64_t height, int64_t width, int64_t channels, const float *scale, const float *shift, float *to, uint8_t *chosen) {
  int64_t rows = (height - 1) / 2 + 1, columns = (width - 1) / 2 + 1;
  typedef int32_t lanes __attribute__((vector_size(32)));
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++)
      for (int64_t c = 0; c < channels; c += 8) {
        vec<8> s = load<8>(scale + c), b = load<8>(shift + c), best = vec<8>{} - INFINITY;
        lanes which = lanes{};
        for (int tap = 0; tap < 9; tap++) {
          int64_t row = 2 * i + tap / 3 - 1, column = 2 * j + tap % 3 - 1;
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          vec<8> v = load<8>(y + (row * width + column) * channels + c) * s + b;
          v = positive_part(v);
          lanes higher = (lanes)(v > best) | (lanes)(v != v);
          best = higher ? v : best;
          which = higher ? lanes{} + tap : which;
        }
        int64_t at = (i * columns + j) * channels + c;
        store<8>(to + at, best);
        for (int q = 0; q < 8; q++) chosen[at + q] = static_cast<uint8_t>(which[q]);
      }
}

static const ConvolutionKernels convolution_kernels = {gather_any, correlate_any, moments, normalise, mask_and_sum, through_norm, turn, pool};
#undef INLINE
