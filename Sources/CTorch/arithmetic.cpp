// Element by element, in place, and comparisons.
#include "internal.h"

using namespace ctorch;

#define UNARY(name) \
  int ctorch_##name(ctorch_tensor a, ctorch_tensor *out) { return result(out, [&] { return at::name(get(a)); }); }
UNARY(neg) UNARY(abs) UNARY(sign) UNARY(exp) UNARY(log) UNARY(sqrt) UNARY(square) UNARY(relu) UNARY(tanh) UNARY(sigmoid)
UNARY(round) UNARY(floor) UNARY(ceil) UNARY(logical_not) UNARY(isfinite)

#define BINARY(name) \
  int ctorch_##name(ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out) { \
    return result(out, [&] { return at::name(get(a), get(b)); }); \
  }
BINARY(add) BINARY(sub) BINARY(mul) BINARY(div) BINARY(floor_divide) BINARY(remainder) BINARY(pow) BINARY(matmul)
BINARY(maximum) BINARY(minimum) BINARY(eq) BINARY(ne) BINARY(lt) BINARY(le) BINARY(gt) BINARY(ge) BINARY(logical_and)
BINARY(logical_or)

#define SCALAR(name) \
  int ctorch_##name##_scalar(ctorch_tensor a, double b, int is_int, ctorch_tensor *out) { \
    return result(out, [&] { return at::name(get(a), scalar(b, is_int)); }); \
  }
SCALAR(add) SCALAR(sub) SCALAR(mul) SCALAR(div) SCALAR(floor_divide) SCALAR(remainder) SCALAR(pow) SCALAR(eq) SCALAR(ne)
SCALAR(lt) SCALAR(le) SCALAR(gt) SCALAR(ge) SCALAR(rsub)

int ctorch_rdiv_scalar(ctorch_tensor a, double b, int is_int, ctorch_tensor *out) {
  return result(out, [&] { return scalar(b, is_int) / get(a); });
}
int ctorch_rpow_scalar(ctorch_tensor a, double b, int is_int, ctorch_tensor *out) {
  return result(out, [&] { return at::pow(scalar(b, is_int), get(a)); });
}
int ctorch_clamp(ctorch_tensor a, int has_min, double min, int has_max, double max, ctorch_tensor *out) {
  return result(out, [&] {
    return at::clamp(get(a), has_min ? std::optional<c10::Scalar>(min) : std::nullopt,
                     has_max ? std::optional<c10::Scalar>(max) : std::nullopt);
  });
}
int ctorch_where(ctorch_tensor condition, ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out) {
  return result(out, [&] { return at::where(get(condition), get(a), get(b)); });
}

int ctorch_copy_(ctorch_tensor target, ctorch_tensor source) {
  return guarded([&] { get(target).copy_(get(source)); });
}
int ctorch_fill_(ctorch_tensor target, double value) {
  return guarded([&] { get(target).fill_(value); });
}
int ctorch_mul_(ctorch_tensor target, double factor) {
  return guarded([&] { get(target).mul_(factor); });
}
int ctorch_index_copy_(ctorch_tensor target, int64_t dimension, ctorch_tensor indices, ctorch_tensor source) {
  return guarded([&] { get(target).index_copy_(dimension, get(indices), get(source)); });
}
