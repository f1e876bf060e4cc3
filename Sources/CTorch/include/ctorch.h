/// The C face of libtorch, as much of it as bclsh needs.
///
/// Every function returns 0, or 1 where libtorch threw; ctorch_error() then gives the message.
/// A tensor handle is owned by the caller and given back with ctorch_release().
/// The caller keeps its handles alive for the length of a call.
#ifndef CTORCH_H
#define CTORCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ctorch_tensor_s *ctorch_tensor;

/// Element types, in the order of Engine's DType.
enum { CTORCH_FLOAT32 = 0, CTORCH_FLOAT64 = 1, CTORCH_INT64 = 2, CTORCH_UINT8 = 3, CTORCH_BOOL = 4 };
/// Devices: -1 is the CPU, from 0 on the GPUs; -2 holds shapes without numbers.
enum { CTORCH_CPU = -1, CTORCH_META = -2 };

// What is there
const char *ctorch_version(void);
/// Message of the last failed call on this thread.
const char *ctorch_error(void);
/// Sets it: a call back that failed.
void ctorch_fail(const char *message);
int ctorch_cuda_count(void);
/// CUDA version that torch was built with, "" for a CPU build.
const char *ctorch_cuda_version(void);
int ctorch_get_threads(void);
int ctorch_set_threads(int count);
/// From now on operations on GPUs give the same bits each time, as far as there are such algorithms, and compute with float32 rather than fewer digits.
int ctorch_make_reproducible(void);
/// Keeps the memory of freed tensors for the next ones, rather than giving it back and being given it anew, page by page. Before the first thread is made.
void ctorch_keep_memory(void);
/// Whether the time that is spent in libtorch is added up, on all threads, and the sum so far.
void ctorch_take_times(int on);
int64_t ctorch_timed_nanoseconds(void);
/// Handles that were made and not yet released, and the bytes of storage they refer to (shared storage counted once a handle).
int64_t ctorch_live_handles(void);

// Handles
void ctorch_release(ctorch_tensor t);
/// Another handle of the same tensor.
int ctorch_share(ctorch_tensor t, ctorch_tensor *out);
int ctorch_dimensions(ctorch_tensor t);
int64_t ctorch_size(ctorch_tensor t, int dimension);
int64_t ctorch_count(ctorch_tensor t);
/// -1 where the type is none of ours.
int ctorch_dtype(ctorch_tensor t);
int ctorch_device(ctorch_tensor t);
int ctorch_is_contiguous(ctorch_tensor t);
/// Address of a CPU tensor's first element; valid while the handle lives.
void *ctorch_data(ctorch_tensor t);
int ctorch_requires_grad(ctorch_tensor t);
int ctorch_shares_storage(ctorch_tensor a, ctorch_tensor b);

// What lies below views
/// The same for all views of the same elements; valid while one of their handles lives.
const void *ctorch_storage(ctorch_tensor t);
/// Elements of the tensor's type that its storage holds.
int64_t ctorch_storage_count(ctorch_tensor t);
/// Elements of the storage before its first one.
int64_t ctorch_offset(ctorch_tensor t);
/// Elements of the storage from one index of a dimension to the next.
int64_t ctorch_stride(ctorch_tensor t, int dimension);
/// A view of the storage. The caller checks that it lies within.
int ctorch_as_strided(ctorch_tensor t, const int64_t *sizes, const int64_t *strides, int n, int64_t offset, ctorch_tensor *out);

// Creation
int ctorch_full(const int64_t *sizes, int n, double value, int dtype, int device, ctorch_tensor *out);
int ctorch_empty(const int64_t *sizes, int n, int dtype, int device, ctorch_tensor *out);
int ctorch_from_bytes(const void *bytes, const int64_t *sizes, int n, int dtype, int device, ctorch_tensor *out);
int ctorch_arange(int64_t start, int64_t end, int64_t step, int device, ctorch_tensor *out);
int ctorch_eye(int64_t n, int dtype, int device, ctorch_tensor *out);
int ctorch_item(ctorch_tensor t, double *out);
int ctorch_item_int(ctorch_tensor t, int64_t *out);

// Views and conversions
int ctorch_to_dtype(ctorch_tensor t, int dtype, ctorch_tensor *out);
int ctorch_to_device(ctorch_tensor t, int device, ctorch_tensor *out);
int ctorch_contiguous(ctorch_tensor t, ctorch_tensor *out);
int ctorch_clone(ctorch_tensor t, ctorch_tensor *out);
int ctorch_detach(ctorch_tensor t, ctorch_tensor *out);
int ctorch_reshape(ctorch_tensor t, const int64_t *sizes, int n, ctorch_tensor *out);
int ctorch_expand(ctorch_tensor t, const int64_t *sizes, int n, ctorch_tensor *out);
int ctorch_permute(ctorch_tensor t, const int64_t *order, int n, ctorch_tensor *out);
int ctorch_transpose(ctorch_tensor t, int64_t a, int64_t b, ctorch_tensor *out);
int ctorch_unsqueeze(ctorch_tensor t, int64_t dimension, ctorch_tensor *out);
int ctorch_squeeze(ctorch_tensor t, int64_t dimension, ctorch_tensor *out);
int ctorch_select(ctorch_tensor t, int64_t dimension, int64_t index, ctorch_tensor *out);
int ctorch_narrow(ctorch_tensor t, int64_t dimension, int64_t start, int64_t length, ctorch_tensor *out);
int ctorch_slice(ctorch_tensor t, int64_t dimension, int64_t start, int64_t end, int64_t step, ctorch_tensor *out);
int ctorch_flip(ctorch_tensor t, int64_t dimension, ctorch_tensor *out);
int ctorch_stack(const ctorch_tensor *ts, int n, int64_t dimension, ctorch_tensor *out);
int ctorch_cat(const ctorch_tensor *ts, int n, int64_t dimension, ctorch_tensor *out);

// Element by element
#define CTORCH_UNARY(name) int ctorch_##name(ctorch_tensor a, ctorch_tensor *out);
CTORCH_UNARY(neg) CTORCH_UNARY(abs) CTORCH_UNARY(sign) CTORCH_UNARY(exp) CTORCH_UNARY(log) CTORCH_UNARY(sqrt)
CTORCH_UNARY(square) CTORCH_UNARY(relu) CTORCH_UNARY(tanh) CTORCH_UNARY(sigmoid) CTORCH_UNARY(round)
CTORCH_UNARY(floor) CTORCH_UNARY(ceil) CTORCH_UNARY(logical_not) CTORCH_UNARY(isfinite)
#undef CTORCH_UNARY
#define CTORCH_BINARY(name) int ctorch_##name(ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out);
CTORCH_BINARY(add) CTORCH_BINARY(sub) CTORCH_BINARY(mul) CTORCH_BINARY(div) CTORCH_BINARY(floor_divide)
CTORCH_BINARY(remainder) CTORCH_BINARY(pow) CTORCH_BINARY(matmul) CTORCH_BINARY(maximum) CTORCH_BINARY(minimum)
CTORCH_BINARY(eq) CTORCH_BINARY(ne) CTORCH_BINARY(lt) CTORCH_BINARY(le) CTORCH_BINARY(gt) CTORCH_BINARY(ge)
CTORCH_BINARY(logical_and) CTORCH_BINARY(logical_or)
#undef CTORCH_BINARY
/// With a number on the right. `is_int` keeps integer tensors integer.
#define CTORCH_SCALAR(name) int ctorch_##name##_scalar(ctorch_tensor a, double b, int is_int, ctorch_tensor *out);
CTORCH_SCALAR(add) CTORCH_SCALAR(sub) CTORCH_SCALAR(mul) CTORCH_SCALAR(div) CTORCH_SCALAR(floor_divide)
CTORCH_SCALAR(remainder) CTORCH_SCALAR(pow) CTORCH_SCALAR(eq) CTORCH_SCALAR(ne) CTORCH_SCALAR(lt) CTORCH_SCALAR(le)
CTORCH_SCALAR(gt) CTORCH_SCALAR(ge) CTORCH_SCALAR(rsub) CTORCH_SCALAR(rdiv) CTORCH_SCALAR(rpow)
#undef CTORCH_SCALAR
int ctorch_clamp(ctorch_tensor a, int has_min, double min, int has_max, double max, ctorch_tensor *out);
int ctorch_where(ctorch_tensor condition, ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out);

// Reductions: over all elements, or over one dimension
#define CTORCH_REDUCTION(name) \
  int ctorch_##name(ctorch_tensor a, ctorch_tensor *out); \
  int ctorch_##name##_dim(ctorch_tensor a, int64_t dimension, int keep, ctorch_tensor *out);
CTORCH_REDUCTION(sum) CTORCH_REDUCTION(mean) CTORCH_REDUCTION(max) CTORCH_REDUCTION(min) CTORCH_REDUCTION(argmax)
CTORCH_REDUCTION(argmin) CTORCH_REDUCTION(norm) CTORCH_REDUCTION(any) CTORCH_REDUCTION(all)
#undef CTORCH_REDUCTION
int ctorch_std(ctorch_tensor a, ctorch_tensor *out);
int ctorch_cumsum(ctorch_tensor a, int64_t dimension, ctorch_tensor *out);
int ctorch_sort(ctorch_tensor a, int64_t dimension, int descending, ctorch_tensor *values, ctorch_tensor *indices);
int ctorch_softmax(ctorch_tensor a, int64_t dimension, ctorch_tensor *out);
int ctorch_log_softmax(ctorch_tensor a, int64_t dimension, ctorch_tensor *out);
int ctorch_one_hot(ctorch_tensor a, int64_t classes, ctorch_tensor *out);
int ctorch_dot(ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out);
int ctorch_equal(ctorch_tensor a, ctorch_tensor b, int *out);

// Indexing
int ctorch_index_select(ctorch_tensor t, int64_t dimension, ctorch_tensor indices, ctorch_tensor *out);
int ctorch_gather(ctorch_tensor t, int64_t dimension, ctorch_tensor indices, ctorch_tensor *out);
/// Row i of the result is the sum over k of weights[i, k] * t[indices[i, k]]: t float [R, C], indices int64 [N, K], weights float [N, K].
int ctorch_weighted_rows(ctorch_tensor t, ctorch_tensor indices, ctorch_tensor weights, ctorch_tensor *out);
int ctorch_masked_select(ctorch_tensor t, ctorch_tensor mask, ctorch_tensor *out);
int ctorch_masked_fill(ctorch_tensor t, ctorch_tensor mask, double value, ctorch_tensor *out);

/// float32 [length, D] = images[rows[start + i], order[j]] / 255 for uint8 images [N, D]; rows int64 [n] and order int64 [D] may be NULL.
int ctorch_pixels(ctorch_tensor images, ctorch_tensor rows, int64_t start, int64_t length, ctorch_tensor order, ctorch_tensor *out);

// In place
/// gradients += 2 strength importance (weights - anchor); penalty = strength sum(importance (weights - anchor)^2). Vectors float32 [P] on the CPU.
int ctorch_quadratic_penalty(ctorch_tensor weights, ctorch_tensor anchor, ctorch_tensor importance, double strength, ctorch_tensor gradients, double *penalty);
/// The inner product of each of n vectors with another, in float64: out [n]. All are contiguous float32 [P] on the CPU.
int ctorch_dots(const ctorch_tensor *vectors, int n, ctorch_tensor with, double *out);
/// target += the sum of factors[i] * vectors[i], in float64; float32 [P] as above.
int ctorch_combine_(ctorch_tensor target, const ctorch_tensor *vectors, const double *factors, int n);
/// What a tensor holds, which is zero from then on. On the CPU no copy is made: it gets other memory.
int ctorch_take(ctorch_tensor source, ctorch_tensor *out);
int ctorch_copy_(ctorch_tensor target, ctorch_tensor source);
int ctorch_fill_(ctorch_tensor target, double value);
int ctorch_zero_(ctorch_tensor target);
int ctorch_add_(ctorch_tensor target, ctorch_tensor other, double alpha);
int ctorch_mul_(ctorch_tensor target, double factor);
/// target = start + fraction * (target - start)
int ctorch_interpolate_(ctorch_tensor target, ctorch_tensor start, double fraction);
int ctorch_index_copy_(ctorch_tensor target, int64_t dimension, ctorch_tensor indices, ctorch_tensor source);

// Automatic differentiation
int ctorch_grad_enabled(void);
void ctorch_set_grad_enabled(int on);
int ctorch_set_requires_grad(ctorch_tensor t, int on);
int ctorch_is_leaf(ctorch_tensor t);
int ctorch_backward(ctorch_tensor t, int retain_graph);
/// out = NULL where there is no gradient.
int ctorch_get_grad(ctorch_tensor t, ctorch_tensor *out);
int ctorch_set_grad(ctorch_tensor t, ctorch_tensor grad);
int ctorch_gradients(ctorch_tensor of, const ctorch_tensor *inputs, int n, int retain_graph, int create_graph, ctorch_tensor *outs);

// Files of torch.save
typedef struct ctorch_archive_s *ctorch_archive;
/// Takes the archive's bytes in their order.
typedef void (*ctorch_write)(void *context, const void *bytes, size_t count);
int ctorch_archive_open(ctorch_write write, void *context, ctorch_archive *out);
int ctorch_archive_add(ctorch_archive archive, const char *name, const void *bytes, size_t count);
/// Writes the directory.
int ctorch_archive_finish(ctorch_archive archive);
/// To be called once, finished or not.
void ctorch_archive_close(ctorch_archive archive);

// Networks and losses
typedef struct ctorch_mlp_s *ctorch_mlp;
/// An MLP of float32 on the CPU whose passes are one operation each. `parameters` are 2 (n - 1) leaves, views of the flat vectors' storage: weight and bias of each
/// layer in turn; the first weight is the transposed view of a [in, out] stretch. Its width is at least 16 where there is more than one layer.
int ctorch_mlp_new(const int64_t *widths, int n, ctorch_tensor weights, ctorch_tensor gradients, const ctorch_tensor *parameters, ctorch_mlp *out);
void ctorch_mlp_release(ctorch_mlp mlp);
/// Logits [B, widths[n - 1]] of samples float32 [B, widths[0]].
int ctorch_mlp_forward(ctorch_mlp mlp, ctorch_tensor samples, ctorch_tensor *out);

typedef struct ctorch_resnet_s *ctorch_resnet;
typedef struct {
  /// Of a sample, and of the logits.
  int64_t colours, height, width, outputs;
  /// Of the stem; each stage has twice those of the one before.
  int64_t channels;
  int64_t stem_size, stem_stride;
  int max_pool;
} ctorch_resnet_shape;
/// A ResNet18 of float32 on the CPU whose passes are one operation each. `tensors` are views of the flat vectors' storage: for the stem and then, block by block, for its
/// first and second convolution and that of its shortcut, if it has one: weight (the view [out, in, k, k] of a [k, k, in, out] stretch), scale, shift, running mean and
/// variance, counter; at last weight and bias of the head.
int ctorch_resnet_new(const ctorch_resnet_shape *shape, ctorch_tensor weights, ctorch_tensor gradients, ctorch_tensor statistics, ctorch_tensor counters, const ctorch_tensor *tensors, int n, ctorch_resnet *out);
void ctorch_resnet_release(ctorch_resnet resnet);
/// Logits [B, outputs] of samples float32 [B, colours * height * width], which need no gradient. In training batch norms normalise by the batch and their statistics move.
int ctorch_resnet_forward(ctorch_resnet resnet, ctorch_tensor samples, int training, ctorch_tensor *out);

/// A network whose passes through minibatches of one shape are recorded, and replayed from then on (recorded.cpp): as graphs on an accelerator, by the same operations on the CPU.
typedef struct ctorch_recorder_s *ctorch_recorder;
typedef struct {
  void *owner;
  /// Histories of gradients keep the owner.
  void (*retain)(void *owner);
  void (*release)(void *owner);
  /// Logits by libtorch's own operations; takes over samples and tasks (NULL for a network without them). On failure it calls ctorch_fail and returns 1.
  int (*forward)(void *owner, ctorch_tensor samples, ctorch_tensor tasks, int training, ctorch_tensor *out);
} ctorch_network_calls;
/// Vectors as for ctorch_resnet_new; parameters are n leaves, views of `weights`, by the handles that `forward` uses. The owner and its handles outlive the recorder.
int ctorch_recorder_new(ctorch_network_calls calls, ctorch_tensor weights, ctorch_tensor gradients, ctorch_tensor statistics, ctorch_tensor counters, const ctorch_tensor *parameters, int n,
                        ctorch_recorder *out);
void ctorch_recorder_release(ctorch_recorder recorder);
/// Logits of samples float [B, D], which need no gradient, that belong to tasks int64 [B] or NULL.
int ctorch_recorder_forward(ctorch_recorder recorder, ctorch_tensor samples, ctorch_tensor tasks, int training, ctorch_tensor *out);
/// Passes that were recorded, and forward passes that were replayed.
int64_t ctorch_recorder_recorded(ctorch_recorder recorder);
int64_t ctorch_recorder_replayed(ctorch_recorder recorder);

int ctorch_linear(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, ctorch_tensor *out);
int ctorch_conv2d(ctorch_tensor x, ctorch_tensor weight, int64_t stride, int64_t padding, ctorch_tensor *out);
int ctorch_batch_norm(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, ctorch_tensor mean, ctorch_tensor variance,
                      int training, double momentum, double epsilon, ctorch_tensor *out);
int ctorch_max_pool2d(ctorch_tensor x, int64_t size, int64_t stride, int64_t padding, ctorch_tensor *out);
/// Resizes images [N, C, H, W], uint8 or float; antialiased where they get smaller.
int ctorch_resize_bilinear(ctorch_tensor x, int64_t height, int64_t width, ctorch_tensor *out);
int ctorch_global_average_pool(ctorch_tensor x, ctorch_tensor *out);
/// `plain`: with libtorch's own operations, also in the next one.
int ctorch_cross_entropy(ctorch_tensor logits, ctorch_tensor labels, int plain, ctorch_tensor *out);
/// Mean over samples and classes of p (log p - log q), q = softmax(logits / temperature).
int ctorch_kl(ctorch_tensor logits, ctorch_tensor targets, double temperature, int plain, ctorch_tensor *out);
int ctorch_mse(ctorch_tensor a, ctorch_tensor b, ctorch_tensor *out);

#ifdef __cplusplus
}
#endif
#endif
