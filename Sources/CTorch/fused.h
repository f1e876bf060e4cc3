// What the fused networks share: parameters that are views of one flat vector, and a backward function for the whole network.
#pragma once
#include "internal.h"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <memory>
#include <vector>

namespace ctorch {

/// Kept for the lifetime of a network.
struct FusedNetwork {
  /// Flat vectors [P].
  at::Tensor weights, gradients;
  /// Leaves, views of `weights`.
  std::vector<at::Tensor> parameters;
  /// Where the leaves' gradients would go, made once.
  torch::autograd::edge_list edges;

  virtual ~FusedNetwork() = default;
  /// The same with libtorch's own operations, for gradients of gradients. Changes nothing else.
  virtual at::Tensor plain_forward(at::Tensor x, bool training) const = 0;

  int64_t offset(const at::Tensor &parameter) const { return parameter.storage_offset() - weights.storage_offset(); }
};

/// Gradients go straight into the flat vector that the leaves' `.grad` are views of; where only some are asked for, they are results.
struct FusedBackward : torch::autograd::Node {
  std::shared_ptr<FusedNetwork> network;
  torch::autograd::SavedVariable x;
  bool needs_input = false, training = true;
  uint32_t version = 0;

  /// Whether what the forward pass left is still there.
  virtual bool has_activations() const = 0;
  virtual void release_activations() = 0;
  /// The forward pass once more with libtorch's own operations, for gradients of gradients. Changes nothing else.
  virtual at::Tensor again(const at::Tensor &input) const { return network->plain_forward(input, training); }
  /// Adds to `target` [P] (undefined: not asked for); returns the gradient of the samples, undefined unless it is wanted.
  virtual at::Tensor run(const at::Tensor &input, const at::Tensor &grad, const at::Tensor &target, bool wants_input) = 0;

  void release_variables() override;
  torch::autograd::variable_list apply(torch::autograd::variable_list &&grads) override;

private:
  torch::autograd::variable_list twice(const at::Tensor &input, const at::Tensor &grad);
};

/// The backward pass of a number that is made of losses of fused networks. False, and nothing done, where more lies below: that takes libtorch's engine.
bool backward_of_losses(const at::Tensor &loss, bool keeps_graph);

/// Makes the node the history of the logits.
void attach(const at::Tensor &logits, const c10::intrusive_ptr<FusedBackward> &node, const std::shared_ptr<FusedNetwork> &network, const at::Tensor &samples, const at::Tensor &input);

}  // namespace ctorch
