// Graphs of accelerators by libtorch's interface for all of them. Its build for CUDA has graphs, but does not offer them there yet (2.13).
#include "graphs.h"

#if BCL_CUDA
#include <ATen/cuda/CUDAGraph.h>
#endif

namespace ctorch {

#if BCL_CUDA
namespace {

struct CUDAGraph : at::GraphImplInterface {
  mutable at::cuda::CUDAGraph graph;

  void capture_begin(at::MempoolId_t pool, at::GraphCaptureMode) override { graph.capture_begin(pool); }
  void capture_end() override { graph.capture_end(); }
  void instantiate() override { graph.instantiate(); }
  void replay() override { graph.replay(); }
  void reset() override { graph.reset(); }
  at::MempoolId_t pool() const override { return graph.pool(); }
  void enable_debug_mode() override { graph.enable_debug_mode(); }
  void debug_dump(const std::string &path) override { graph.debug_dump(path); }
};

}  // namespace
#endif

bool has_graphs(c10::DeviceType type) {
#if BCL_CUDA
  if (type == c10::kCUDA) return true;
#endif
  return at::has_graph_impl(type);
}

std::unique_ptr<at::GraphImplInterface> make_graph(c10::DeviceType type) {
#if BCL_CUDA
  if (type == c10::kCUDA) return std::make_unique<CUDAGraph>();
#endif
  return at::create_graph_impl(type);
}

}  // namespace ctorch
