#pragma once
#include <ATen/core/GraphImplInterface.h>

#include <memory>

namespace ctorch {

/// Whether what is launched on such a device can be captured as a graph.
bool has_graphs(c10::DeviceType type);
/// An empty graph, to be captured on the current stream. Only where there are graphs.
std::unique_ptr<at::GraphImplInterface> make_graph(c10::DeviceType type);

}  // namespace ctorch
