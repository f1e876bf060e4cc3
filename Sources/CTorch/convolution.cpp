// The kernels of convolution_kernels.h for each instruction set.
#include "convolution.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

namespace ctorch {

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,bmi,bmi2"))), apply_to = function)
namespace avx512 {
constexpr int REGISTERS = 32;
constexpr bool WIDE = true;
#include "convolution_kernels.h"
}  // namespace avx512
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
namespace avx2 {
constexpr int REGISTERS = 16;
constexpr bool WIDE = false;
#include "convolution_kernels.h"
}  // namespace avx2
#pragma clang attribute pop
#endif
namespace plain {
constexpr int REGISTERS = 16;
constexpr bool WIDE = false;
#include "convolution_kernels.h"
}  // namespace plain

const ConvolutionKernels &convolution_kernels() {
#if defined(__x86_64__)
  static const ConvolutionKernels &chosen = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
                                                ? avx512::convolution_kernels
                                            : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? avx2::convolution_kernels
                                                                                                              : plain::convolution_kernels;
  return chosen;
#else
  return plain::convolution_kernels;
#endif
}

}  // namespace ctorch
