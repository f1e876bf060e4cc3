// The arithmetic of a small MLP for one instruction set; mlp.cpp includes this once for each, inside a namespace and with V floats in a register.
// No #pragma once: it is meant to be included again.
//
// Activations lie in rows of a stride that is a multiple of 16 floats; what is behind a row's last column is zero.

#include "register_squares.h"

typedef float vec __attribute__((vector_size(V * 4)));
typedef float loose __attribute__((vector_size(V * 4), aligned(4)));

/// Half a register, for the end of a row: of 100 floats the last 4 cost half of what they would otherwise.
typedef float half __attribute__((vector_size(V * 2)));
typedef float loose_half __attribute__((vector_size(V * 2), aligned(4)));

static inline __attribute__((always_inline)) vec load(const float *p) { return *reinterpret_cast<const loose *>(p); }
static inline __attribute__((always_inline)) void store(float *p, vec v) { *reinterpret_cast<loose *>(p) = v; }
static inline __attribute__((always_inline)) vec fill(float x) { return x - vec{}; }
/// ReLU. What is not a number stays so, as in libtorch: a network that has diverged must not look sound.
static inline __attribute__((always_inline)) vec positive_part(vec v) { return vec{} > v ? vec{} : v; }

/// Which of up to 64 floats are not zero, a bit for each. The namespace brings `nonzero16`.
static inline __attribute__((always_inline)) uint64_t nonzero(const float *x, int64_t n) {
  uint64_t bits = 0;
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) bits |= static_cast<uint64_t>(nonzero16(x + i)) << i;
  for (; i < n; i++) bits |= static_cast<uint64_t>(x[i] != 0) << i;
  return bits;
}

/// The first n floats, and zeros behind them.
static inline __attribute__((always_inline)) vec load_up_to(const float *p, int64_t n) { return n >= V ? load(p) : load_some(p, n); }
static inline __attribute__((always_inline)) void store_up_to(float *p, vec v, int64_t n) {
  if (n >= V) store(p, v);
  else store_some(p, v, n);
}

template <int... J>
static inline __attribute__((always_inline)) half lower(vec v, std::integer_sequence<int, J...>) { return __builtin_shufflevector(v, v, J...); }
static inline __attribute__((always_inline)) half lower(vec v) { return lower(v, std::make_integer_sequence<int, V / 2>()); }
template <int... J>
static inline __attribute__((always_inline)) vec widened(half v, std::integer_sequence<int, J...>) { return __builtin_shufflevector(v, half{}, J...); }
static inline __attribute__((always_inline)) vec widened(half v) { return widened(v, std::make_integer_sequence<int, V>()); }

/// N registers of a row, and half of one behind them where H.
template <int N, bool H>
struct Row {
  vec full[N > 0 ? N : 1];
  half rest;

  static inline __attribute__((always_inline)) Row at(const float *p) {
    Row row;
    for (int j = 0; j < N; j++) row.full[j] = load(p + j * V);
    if constexpr (H) row.rest = *reinterpret_cast<const loose_half *>(p + N * V);
    return row;
  }
  static inline __attribute__((always_inline)) Row zero() {
    Row row;
    for (int j = 0; j < N; j++) row.full[j] = vec{};
    if constexpr (H) row.rest = half{};
    return row;
  }
  inline __attribute__((always_inline)) void add(vec factor, const Row &other) {
    for (int j = 0; j < N; j++) full[j] += factor * other.full[j];
    if constexpr (H) rest += lower(factor) * other.rest;
  }
  /// Register j of N, or N + 1 where H.
  inline __attribute__((always_inline)) vec part(int j) const {
    if (!H || j < N) return full[j];
    half end = rest;
    // Through memory: otherwise the compiler has the widened register go through the loop before this, at the cost of two instructions for each sum.
    asm("" : "+m"(end));
    return widened(end);
  }
  inline __attribute__((always_inline)) void put(float *p) const {
    for (int j = 0; j < N; j++) store(p + j * V, full[j]);
    if constexpr (H) *reinterpret_cast<loose_half *>(p + N * V) = rest;
  }
  static constexpr int parts = N + (H ? 1 : 0);
};

/// to[K, stride] = from[N, K] transposed, columns behind N set to zero.
static void transpose(const float *from, int64_t n, int64_t k, float *to, int64_t stride) {
  for (int64_t j = 0; j < stride; j += V) {
    for (int64_t p = 0; p < k; p += V) {
      vec rows[V];
      for (int i = 0; i < V; i++) rows[i] = j + i < n ? load_up_to(from + (j + i) * k + p, k - p) : vec{};
      turn_square<vec, V>(rows);
      for (int i = 0; i < V; i++)
        if (p + i < k) store(to + (p + i) * stride + j, rows[i]);
    }
  }
}

/// c[rows M, a Row] = a[M, K] b[K, .] (+ bias), a by element, b and c along their rows. Behind half a register zeros are written.
template <int M, int N, bool H>
static inline __attribute__((always_inline)) void tile(const float *a, int64_t lda, const float *b, int64_t ldb, int64_t k, const float *bias, bool relu, float *c, int64_t ldc) {
  Row<N, H> sum[M];
  for (int i = 0; i < M; i++) sum[i] = bias ? Row<N, H>::at(bias) : Row<N, H>::zero();
  for (int64_t p = 0; p < k; p++) {
    auto w = Row<N, H>::at(b + p * ldb);
    for (int i = 0; i < M; i++) sum[i].add(fill(a[i * lda + p]), w);
  }
  for (int i = 0; i < M; i++)
    for (int j = 0; j < Row<N, H>::parts; j++) {
      vec s = sum[i].part(j);
      if (relu) s = positive_part(s);
      store(c + i * ldc + j * V, s);
    }
}

template <int N, bool H>
static inline void tile_rows(const float *a, int64_t lda, const float *b, int64_t ldb, int64_t rows, int64_t k, const float *bias, bool relu, float *c, int64_t ldc) {
  int64_t i = 0;
  for (; i + 6 <= rows; i += 6) tile<6, N, H>(a + i * lda, lda, b, ldb, k, bias, relu, c + i * ldc, ldc);
  for (; i + 2 <= rows; i += 2) tile<2, N, H>(a + i * lda, lda, b, ldb, k, bias, relu, c + i * ldc, ldc);
  for (; i < rows; i++) tile<1, N, H>(a + i * lda, lda, b, ldb, k, bias, relu, c + i * ldc, ldc);
}

/// Half registers that so many columns take.
static inline int64_t halves(int64_t columns) { return (columns + V / 2 - 1) / (V / 2); }

/// The first n floats of c are the row's, or get it added.
template <int N, bool H>
static inline __attribute__((always_inline)) void put_row(const Row<N, H> &row, float *c, int64_t n, bool adds) {
  for (int j = 0; j < Row<N, H>::parts; j++) {
    int64_t left = n - j * V;
    store_up_to(c + j * V, adds ? load_up_to(c + j * V, left) + row.part(j) : row.part(j), left);
  }
}

/// Calls of a template that has Row<N, H> for the number of half registers, which is a constant of its loops.
template <int N, typename Call>
static inline __attribute__((always_inline)) void with_row(int64_t halves, const Call &call) {
  if (halves == 2 * N) return call.template operator()<N, false>();
  if (halves == 2 * N - 1) return call.template operator()<N - 1, true>();
  if constexpr (N > 1) with_row<N - 1>(halves, call);
}

/// c[rows, columns] = relu?(a[rows, K] b[K, columns] + bias). The strides of b and c are multiples of 16, and so is the length of bias; what b and bias have behind
/// their columns is zero, and c has so too, up to a multiple of 16.
static void multiply(const float *a, int64_t lda, const float *b, int64_t ldb, int64_t rows, int64_t k, int64_t columns, const float *bias, bool relu, float *c, int64_t ldc) {
  if constexpr (V < 16) columns = (columns + 15) / 16 * 16;
  int64_t j = 0;
  for (; j + 4 * V <= columns; j += 4 * V) tile_rows<4, false>(a, lda, b + j, ldb, rows, k, bias ? bias + j : nullptr, relu, c + j, ldc);
  const float *start = bias ? bias + j : nullptr;
  with_row<4>(halves(columns - j), [&]<int N, bool H>() { tile_rows<N, H>(a, lda, b + j, ldb, rows, k, start, relu, c + j, ldc); });
}

/// c[first..last of M, n] (+)= a[B, M]^T b[B, n]; rows of c are n floats apart and may end anywhere.
template <int M, int N, bool H>
static inline __attribute__((always_inline)) void outer_tile(const float *a, int64_t lda, const float *b, int64_t ldb, int64_t batch, float *c, int64_t ldc, int64_t n, bool adds) {
  Row<N, H> sum[M];
  for (int i = 0; i < M; i++) sum[i] = Row<N, H>::zero();
  for (int64_t s = 0; s < batch; s++) {
    auto x = Row<N, H>::at(b + s * ldb);
    for (int i = 0; i < M; i++) sum[i].add(fill(a[s * lda + i]), x);
  }
  for (int i = 0; i < M; i++) put_row(sum[i], c + i * ldc, n, adds);
}

template <int N, bool H>
static inline void outer_rows(const float *a, int64_t lda, const float *b, int64_t ldb, int64_t batch, int64_t first, int64_t last, float *c, int64_t ldc, int64_t n, bool adds) {
  int64_t i = first;
  for (; i + 6 <= last; i += 6) outer_tile<6, N, H>(a + i, lda, b, ldb, batch, c + i * ldc, ldc, n, adds);
  for (; i + 2 <= last; i += 2) outer_tile<2, N, H>(a + i, lda, b, ldb, batch, c + i * ldc, ldc, n, adds);
  for (; i < last; i++) outer_tile<1, N, H>(a + i, lda, b, ldb, batch, c + i * ldc, ldc, n, adds);
}

static void outer(const float *a, int64_t lda, const float *b, int64_t ldb, int64_t batch, int64_t first, int64_t last, int64_t n, float *c, int64_t ldc, bool adds) {
  int64_t j = 0;
  for (; j + 4 * V <= n; j += 4 * V) outer_rows<4, false>(a, lda, b + j, ldb, batch, first, last, c + j, ldc, n - j, adds);
  with_row<4>(halves(n - j), [&]<int N, bool H>() { outer_rows<N, H>(a, lda, b + j, ldb, batch, first, last, c + j, ldc, n - j, adds); });
}

/// sum += x[k] * w[k, .] for each bit k.
template <int N, bool H>
static inline __attribute__((always_inline)) void add_chosen(Row<N, H> &sum, const float *x, uint64_t bits, const float *w, int64_t ldw) {
  for (; bits; bits &= bits - 1) {
    int k = __builtin_ctzll(bits);
    sum.add(fill(x[k]), Row<N, H>::at(w + k * ldw));
  }
}

/// A row of `z` becomes that of `start` and x[k] * w[k, .] for each x[k] that is not zero, for 64 inputs.
template <int N, bool H>
static inline __attribute__((always_inline)) void gather_row(const float *x, uint64_t bits, const float *w, int64_t ldw, const float *start, float *z) {
  auto sum = Row<N, H>::at(start);
  add_chosen(sum, x, bits, w, ldw);
  sum.put(z);
}

/// The same for two samples: a row of w that both have a use for is read once. Reading takes as long as multiplying.
template <int N, bool H>
static inline __attribute__((always_inline)) void gather_pair(const float *x, int64_t ldx, uint64_t bits, uint64_t more_bits, const float *w, int64_t ldw, const float *start, int64_t lds, float *z, int64_t ldz) {
  auto sum = Row<N, H>::at(start), other = Row<N, H>::at(start + lds);
  for (uint64_t both = bits & more_bits; both; both &= both - 1) {
    int k = __builtin_ctzll(both);
    auto weights = Row<N, H>::at(w + k * ldw);
    sum.add(fill(x[k]), weights);
    other.add(fill(x[ldx + k]), weights);
  }
  add_chosen(sum, x, bits & ~more_bits, w, ldw);
  add_chosen(other, x + ldx, more_bits & ~bits, w, ldw);
  sum.put(z);
  other.put(z + ldz);
}

/// A block of up to 64 samples, whose sums begin with the rows of `start`. Sums of two take as many registers as only the widest instruction set has.
template <int N, bool H>
static inline __attribute__((always_inline)) void gather_samples(const float *x, int64_t ldx, const uint64_t *bits, int64_t samples, const float *w, int64_t ldw, const float *start, int64_t lds, float *z, int64_t ldz) {
  bool begins = start != z;
  int64_t i = 0;
  if constexpr (V == 16)
    for (; i + 2 <= samples; i += 2)
      if (begins || bits[i] | bits[i + 1]) gather_pair<N, H>(x + i * ldx, ldx, bits[i], bits[i + 1], w, ldw, start + i * lds, lds, z + i * ldz, ldz);
  for (; i < samples; i++)
    if (begins || bits[i]) gather_row<N, H>(x + i * ldx, bits[i], w, ldw, start + i * lds, z + i * ldz);
}

/// z[rows, columns] = x[rows, K] w[K, columns] + bias for an x that is mostly zeros, and anything behind the columns. The stride of z is a multiple of 16;
/// w and bias may be read up to 15 floats behind their end.
static void multiply_sparse(const float *x, int64_t ldx, const float *w, int64_t ldw, int64_t rows, int64_t k, int64_t columns, const float *bias, float *z, int64_t ldz) {
  constexpr int wide = 128 / V;
  // 64 rows of w stay in the first-level cache while all samples go over them.
  constexpr int64_t tall = 64, many = 64;
  alignas(64) float copy[tall * 128];
  // Where rows straddle cache lines each read counts twice: more samples than these are worth a copy.
  bool copies = rows >= 24 && (ldw % 16 != 0 || reinterpret_cast<uintptr_t>(w) % 64 != 0);
  for (int64_t j = 0; j < columns; j += 128) {
    int64_t width = std::min<int64_t>(128, columns - j);
    for (int64_t p = 0; p < k; p += tall) {
      int64_t n = std::min(tall, k - p);
      const float *block = w + p * ldw + j;
      int64_t stride = ldw;
      if (copies) {
        stride = (width + V - 1) / V * V;
        for (int64_t q = 0; q < n; q++)
          for (int64_t c = 0; c < width; c += V) store(copy + q * stride + c, load(block + q * ldw + c));
        block = copy;
      }
      // The bits of many samples first: looked for between their products, these would wait for them.
      uint64_t bits[many];
      for (int64_t start = 0; start < rows; start += many) {
        int64_t samples = std::min(many, rows - start);
        const float *from = x + start * ldx + p;
        for (int64_t i = 0; i < samples; i++) {
          bits[i] = nonzero(from + i * ldx, n);
          // The processor does not foresee so many rows.
          for (int64_t q = tall; q < 2 * tall; q += 16) __builtin_prefetch(from + i * ldx + q, 0, 2);
        }
        float *to = z + start * ldz + j;
        const float *first = p == 0 ? bias + j : to;
        with_row<wide>(halves(width), [&]<int N, bool H>() { gather_samples<N, H>(from, ldx, bits, samples, block, stride, first, p == 0 ? 0 : ldz, to, ldz); });
      }
    }
  }
}

/// A row of c (+)= the sum over the samples whose bit is set of x[s] * d[s, .].
template <int N, bool H, bool adds>
static inline __attribute__((always_inline)) void outer_row(const float *x, int64_t ldx, uint64_t bits, const float *d, int64_t ldd, float *c, int64_t n) {
  auto sum = Row<N, H>::zero();
  for (; bits; bits &= bits - 1) {
    int64_t s = __builtin_ctzll(bits);
    sum.add(fill(x[s * ldx]), Row<N, H>::at(d + s * ldd));
  }
  put_row(sum, c, n, adds);
}

/// c[first..last of K, n] (+)= x[B, K]^T d[B, n] for an x that is mostly zeros.
static void outer_sparse(const float *x, int64_t ldx, const float *d, int64_t ldd, int64_t batch, int64_t first, int64_t last, int64_t n, float *c, int64_t ldc, bool adds) {
  constexpr int wide = 128 / V;
  // The rows of d of so many samples stay in the first-level cache, and there is a bit for each in a word.
  constexpr int64_t most = 64;
  int64_t pieces = std::max<int64_t>(1, (batch + most - 1) / most);
  for (int64_t piece = 0; piece < pieces; piece++) {
    int64_t start = batch * piece / pieces, samples = batch * (piece + 1) / pieces - start;
    bool adds_here = adds || piece > 0;
    for (int64_t p = first; p < last; p += 16) {
      int64_t count = std::min<int64_t>(16, last - p);
      const float *from = x + start * ldx + p;
      alignas(64) uint16_t rows[most] = {};
      for (int64_t s = 0; s < samples; s++) {
        rows[s] = static_cast<uint16_t>(nonzero(from + s * ldx, count));
        __builtin_prefetch(from + s * ldx + 16);
      }
      uint64_t bits[16];
      turn_bits(rows, bits);
      for (int64_t j = 0; j < n; j += 128) {
        int64_t width = std::min<int64_t>(128, n - j);
        with_row<wide>(halves(width), [&]<int N, bool H>() {
          const float *deltas = d + start * ldd + j;
          float *to = c + p * ldc + j;
          if (adds_here) {
            for (int64_t q = 0; q < count; q++)
              if (bits[q]) outer_row<N, H, true>(from + q, ldx, bits[q], deltas, ldd, to + q * ldc, width);
          } else {
            for (int64_t q = 0; q < count; q++) outer_row<N, H, false>(from + q, ldx, bits[q], deltas, ldd, to + q * ldc, width);
          }
        });
      }
    }
  }
}

/// to[columns] += the sum of the rows of d.
static void add_rows(const float *d, int64_t ldd, int64_t rows, int64_t columns, float *to) {
  for (int64_t j = 0; j < columns; j += V) {
    vec sum{};
    for (int64_t i = 0; i < rows; i++) sum += load(d + i * ldd + j);
    store_up_to(to + j, load_up_to(to + j, columns - j) + sum, columns - j);
  }
}

/// d[i] = 0 where ReLU let nothing through: its result a[i] is 0. n is a multiple of 16.
static void pass_relu(float *d, const float *a, int64_t n) {
  for (int64_t i = 0; i < n; i += V) {
    vec v = load(d + i);
    store(d + i, load(a + i) <= vec{} ? vec{} : v);
  }
}

/// row = max(row, 0), and 0 behind its first n floats.
static void finish_row(float *row, int64_t n, int64_t columns, bool relu) {
  for (int64_t j = n; j < columns; j++) row[j] = 0;
  if (!relu) return;
  for (int64_t j = 0; j < columns; j += V) store(row + j, positive_part(load(row + j)));
}

static const Kernels kernels = {transpose, multiply, outer, multiply_sparse, outer_sparse, add_rows, pass_relu, finish_row};
