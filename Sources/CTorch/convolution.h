// What a convolution sums, as lists, and the kernels that go through them.
#pragma once
#include <cstdint>
#include <vector>

namespace ctorch {

/// One term of an output position: where in a source image its channels begin, and where the rows of weights for them.
struct Term {
  int32_t from, weight;
};

/// Places in a source image and in a target image that one tap of a kernel connects.
struct Pair {
  int32_t from, to;
};

/// to[sample, position, .] = sum of its terms. All numbers count floats.
struct Gather {
  std::vector<Term> terms;
  /// The terms of position p are starts[p] to starts[p + 1].
  std::vector<int32_t> starts;
  int64_t from_channels = 0, from_stride = 0, to_channels = 0, to_stride = 0;
  /// From one row of weights to the next, and how many weights there are.
  int64_t row = 0, weight_count = 0;
};

/// weights[tap, channel, .] = sum over samples and pairs of the tap.
struct Correlate {
  std::vector<Pair> pairs;
  std::vector<int32_t> starts;
  int64_t from_channels = 0, from_stride = 0, to_channels = 0, to_stride = 0, row = 0;
};

struct ConvolutionKernels {
  void (*gather)(const Gather &, const float *, const float *, float *, int64_t, bool);
  void (*correlate)(const Correlate &, const float *, const float *, float *, int64_t, int64_t, int64_t);
  void (*moments)(const float *, int64_t, int64_t, const float *, float *, float *);
  void (*normalise)(const float *, int64_t, int64_t, const float *, const float *, const float *, const float *, const float *, bool, float *);
  void (*mask_and_sum)(float *, const float *, const float *, const float *, int64_t, int64_t, float *, float *);
  void (*through_norm)(const float *, const float *, int64_t, int64_t, const float *, const float *, const float *, float *);
  void (*turn)(const float *, int64_t, int64_t, float *, int64_t);
  void (*pool)(const float *, int64_t, int64_t, int64_t, const float *, const float *, float *, uint8_t *);
};

/// Those of the widest instruction set that this processor has.
const ConvolutionKernels &convolution_kernels();

/// Channels of an image as it lies in memory.
inline int64_t padded_channels(int64_t channels) { return (channels + 7) / 8 * 8; }
/// Floats from one image to the next: an odd number of cache lines, so that the same position of many images does not meet in one set of the cache.
inline int64_t image_stride(int64_t floats) { return ((floats + 15) / 16 | 1) * 16; }

}  // namespace ctorch
