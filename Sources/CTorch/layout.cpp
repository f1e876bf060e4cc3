#include "internal.h"

using namespace ctorch;

const void *ctorch_storage(ctorch_tensor t) { return get(t).storage().unsafeGetStorageImpl(); }
int64_t ctorch_storage_count(ctorch_tensor t) { return static_cast<int64_t>(get(t).storage().nbytes() / get(t).element_size()); }
int64_t ctorch_offset(ctorch_tensor t) { return get(t).storage_offset(); }
int64_t ctorch_stride(ctorch_tensor t, int dimension) { return get(t).stride(dimension); }

int ctorch_as_strided(ctorch_tensor t, const int64_t *shape, const int64_t *strides, int n, int64_t offset, ctorch_tensor *out) {
  return result(out, [&] {
    at::NoGradGuard no_gradients;
    return get(t).detach().as_strided(sizes(shape, n), sizes(strides, n), offset);
  });
}
