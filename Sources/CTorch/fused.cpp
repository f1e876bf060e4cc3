#include "fused.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/functions/utils.h>

namespace ctorch {

void FusedBackward::release_variables() {
  x.reset_data();
  release_activations();
}

torch::autograd::variable_list FusedBackward::apply(torch::autograd::variable_list &&grads) {
  const FusedNetwork &net = *network;
  torch::autograd::variable_list results(net.parameters.size() + 1);
  if (!grads[0].defined()) return results;
  TORCH_CHECK(has_activations(), "Trying to backward through the graph a second time: the values that it needs are freed; use retain_graph");
  TORCH_CHECK(net.weights._version() == version, "the weights have changed since the forward pass: its gradients can no longer be computed");
  at::Tensor input = x.unpack();
  if (at::GradMode::is_enabled()) return twice(input, grads[0]);

  const auto *selected = torch::autograd::get_current_graph_task_exec_info();
  bool selects = selected && !selected->empty();
  bool wants_weights = !selects;
  for (size_t i = 1; selects && i < results.size(); i++) wants_weights = wants_weights || task_should_compute_output(i);
  at::Tensor target;
  if (wants_weights) target = selects ? at::zeros_like(net.gradients) : net.gradients;
  at::Tensor input_gradient = run(input, grads[0].contiguous(), target, needs_input && (!selects || task_should_compute_output(0)));
  if (input_gradient.defined()) results[0] = input_gradient;
  if (selects && wants_weights) {
    for (size_t i = 0; i < net.parameters.size(); i++) {
      const at::Tensor &parameter = net.parameters[i];
      if (task_should_compute_output(i + 1)) results[i + 1] = target.as_strided(parameter.sizes(), parameter.strides(), net.offset(parameter));
    }
  }
  return results;
}

torch::autograd::variable_list FusedBackward::twice(const at::Tensor &input, const at::Tensor &grad) {
  const FusedNetwork &net = *network;
  at::Tensor logits = again(input);
  torch::autograd::variable_list with;
  std::vector<size_t> places;
  if (input.requires_grad()) with.push_back(input), places.push_back(0);
  for (size_t i = 0; i < net.parameters.size(); i++) with.push_back(net.parameters[i]), places.push_back(i + 1);
  auto found = torch::autograd::grad({logits}, with, {grad}, true, true, true);
  torch::autograd::variable_list results(net.parameters.size() + 1);
  for (size_t i = 0; i < places.size(); i++) results[places[i]] = found[i];
  return results;
}

void attach(const at::Tensor &logits, const c10::intrusive_ptr<FusedBackward> &node, const std::shared_ptr<FusedNetwork> &network, const at::Tensor &samples, const at::Tensor &input) {
  if (network->edges.empty())
    for (const at::Tensor &parameter : network->parameters) network->edges.push_back(torch::autograd::impl::gradient_edge(parameter));
  torch::autograd::edge_list edges;
  edges.reserve(network->edges.size() + 1);
  edges.push_back(samples.requires_grad() ? torch::autograd::impl::gradient_edge(samples) : torch::autograd::Edge());
  edges.insert(edges.end(), network->edges.begin(), network->edges.end());
  node->set_next_edges(std::move(edges));
  node->network = network;
  node->x = torch::autograd::SavedVariable(input, false);
  node->needs_input = samples.requires_grad();
  node->version = static_cast<uint32_t>(network->weights._version());
  torch::autograd::set_history(logits, node);
}

}  // namespace ctorch
