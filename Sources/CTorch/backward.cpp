// The backward pass of a small graph - losses of fused networks, added and weighted - on the calling thread. libtorch's engine takes about twenty microseconds
// for one, most of it for nodes that have nothing to do here: those that would add up the gradient of each parameter.
#include "fused.h"

#include <algorithm>

namespace ctorch {

namespace {

using torch::autograd::Edge;
using torch::autograd::Node;

struct Step {
  Node *node;
  /// Edges that lead here from nodes that have not run yet.
  int awaited = 0;
  at::Tensor grad;
};

bool is_number(const Node &node) { return node.num_inputs() == 1 && node.input_metadata(0).shape_as_dim_vector().empty(); }

/// Whether a node does by itself all that the engine would do for it: no hooks, and no sum over what an operation has repeated.
bool suits(Node &node) {
  if (node.num_inputs() != 1 || !node.pre_hooks().empty() || !node.tensor_pre_hooks().empty() || !node.post_hooks().empty() || !node.retains_grad_hooks().empty()) return false;
  std::string name = node.name();
  if (name == "CrossEntropyBackward" || name == "DistillationBackward" || name == "IndexSelectBackward0" || name == "GatherBackward0") return true;
  // By a number that is a tensor (0) or none (1).
  if (name != "AddBackward0" && name != "AddBackward1" && name != "MulBackward0" && name != "MulBackward1") return false;
  return is_number(node) && std::all_of(node.next_edges().begin(), node.next_edges().end(), [](const Edge &edge) { return !edge.is_valid() || is_number(*edge.function); });
}

/// The nodes below, each with the number of its edges; false where one does not suit.
bool collect(Node *root, std::vector<Step> &steps) {
  steps.push_back({root});
  for (size_t next = 0; next < steps.size(); next++) {
    Node &node = *steps[next].node;
    // A network's gradients go straight to where they belong.
    if (const auto *fused = dynamic_cast<const FusedBackward *>(&node)) {
      if (fused->needs_input || !node.pre_hooks().empty() || !node.tensor_pre_hooks().empty() || !node.post_hooks().empty() || !node.retains_grad_hooks().empty()) return false;
      continue;
    }
    if (!suits(node) || steps.size() > 64) return false;
    for (const Edge &edge : node.next_edges()) {
      if (!edge.is_valid()) continue;
      Node *below = edge.function.get();
      auto known = std::find_if(steps.begin(), steps.end(), [&](const Step &step) { return step.node == below; });
      if (known == steps.end()) known = steps.insert(steps.end(), {below});
      known->awaited++;
    }
  }
  return true;
}

}  // namespace

bool backward_of_losses(const at::Tensor &loss, bool keeps_graph) {
  auto root = loss.grad_fn();
  if (!root || loss.dim() != 0 || loss.scalar_type() != c10::kFloat || !loss.device().is_cpu()) return false;
  std::vector<Step> steps;
  if (!collect(root.get(), steps)) return false;
  at::AutoGradMode off(false);
  steps[0].grad = at::ones({}, loss.options().requires_grad(false));
  for (size_t left = steps.size(); left > 0; left--) {
    // As the engine has it: of those that are ready the one that was made last. The order of sums, and with it their bits, is the same.
    Step *step = nullptr;
    for (Step &each : steps)
      if (each.node && each.awaited == 0 && (!step || each.node->sequence_nr() > step->node->sequence_nr())) step = &each;
    Node &node = *step->node;
    step->node = nullptr;
    torch::autograd::variable_list given;
    given.push_back(std::move(step->grad));
    auto results = node(std::move(given));
    if (!keeps_graph) node.release_variables();
    if (dynamic_cast<const FusedBackward *>(&node)) continue;
    for (size_t i = 0; i < results.size(); i++) {
      const Edge &edge = node.next_edge(i);
      if (!edge.is_valid()) continue;
      for (Step &each : steps) {
        if (each.node != edge.function.get()) continue;
        each.awaited--;
        if (results[i].defined()) each.grad = each.grad.defined() ? each.grad + results[i] : std::move(results[i]);
      }
    }
  }
  return true;
}

}  // namespace ctorch
