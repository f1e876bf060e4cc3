// Passes of a network through minibatches of one shape, recorded once and then replayed. On an accelerator a replay launches one graph instead of each operation;
// elsewhere it does the operations again on the same tensors, which is no faster, but shows that nothing is lost by it.
#include "fused.h"
#include "graphs.h"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <map>
#include <optional>
#include <tuple>

namespace ctorch {

namespace {

/// Minibatches of one shape that are met before it is recorded: shapes that come once or twice are not worth it.
constexpr int64_t meetings_before = 2;
/// Runs before a graph is captured: libraries choose their algorithms and get their workspaces then.
constexpr int warm_ups = 3;
/// Of one shape: as many passes may wait for their backward pass at once.
constexpr size_t most_passes = 4;
/// Of all shapes: each keeps memory for its activations.
constexpr int64_t most_recorded = 64;
/// Minibatches of ever other sizes are counted up to here.
constexpr size_t most_shapes = 1024;

/// Sets tensors back to what they were, when it goes: batch norms' running statistics and counters.
class Kept {
  std::vector<std::pair<at::Tensor, at::Tensor>> values;

public:
  explicit Kept(std::initializer_list<at::Tensor> tensors) {
    at::NoGradGuard no_grad;
    for (const at::Tensor &each : tensors) values.emplace_back(each, each.clone());
  }
  ~Kept() {
    // Not counted as a change, which passes that wait for their backward pass would be taken for spoilt by.
    at::AutoDispatchBelowADInplaceOrView below_autograd;
    // Where the device is lost the next operation tells.
    try {
      for (auto &[tensor, value] : values) tensor.copy_(value);
    } catch (...) {}
  }
};

/// While it lives, handles stand for other tensors.
class StandIns {
  const std::vector<ctorch_tensor> &handles;
  std::vector<at::Tensor> before;

public:
  StandIns(const std::vector<ctorch_tensor> &handles, const std::vector<at::Tensor> &others) : handles(handles) {
    for (size_t i = 0; i < handles.size(); i++) before.push_back(std::exchange(get(handles[i]), others[i]));
  }
  ~StandIns() {
    for (size_t i = 0; i < handles.size(); i++) get(handles[i]) = std::move(before[i]);
  }
};

/// Work on tensors that stay where they are, which can be done again.
class Recording {
  std::unique_ptr<at::GraphImplInterface> graph;
  std::function<void()> work;

public:
  /// Where there are graphs, what the work launches is captured, and not done. The current stream must not be the default one.
  /// - Parameter other: shares its memory; done before it.
  void record(c10::Device device, std::function<void()> body, const Recording *other = nullptr) {
    if (device.is_cpu()) {
      work = std::move(body);
      return;
    }
    auto made = make_graph(device.type());
    TORCH_CHECK(made, "there are no graphs on ", device);
    made->capture_begin(other && other->graph ? other->graph->pool() : c10::MempoolId_t{0, 0});
    try {
      body();
    } catch (...) {
      // The stream would go on capturing.
      try { made->capture_end(); } catch (...) {}
      throw;
    }
    made->capture_end();
    graph = std::move(made);
  }

  void replay() {
    if (graph) graph->replay();
    else work();
  }
};

/// A forward pass and its backward pass, with their inputs and results in tensors of their own.
struct RecordedPass {
  at::Tensor samples, tasks, logits;
  /// Of the loss by the logits.
  at::Tensor derivative;
  /// The logits with the history that the backward pass goes along.
  at::Tensor live;
  Recording forward, backward;
};

/// What a recording holds for: sizes of the samples, whether in training, whether a backward pass may follow.
using Shape = std::tuple<std::vector<int64_t>, bool, bool>;

struct RecordedNetwork : FusedNetwork {
  struct Passes {
    int64_t meetings = 0;
    std::vector<std::shared_ptr<RecordedPass>> recorded;
  };

  ctorch_network_calls calls;
  at::Tensor statistics, counters;
  /// The network's handles of its parameters, and leaves that stand for them in recordings: gradients of a leaf are brought to the stream on which it was first used,
  /// and a graph can't be captured across streams.
  std::vector<ctorch_tensor> handles;
  std::vector<at::Tensor> leaves;
  /// Where graphs are captured, beside the default stream.
  std::optional<c10::Stream> aside;
  /// Where backward passes leave their gradients [P], and views of it like the parameters.
  at::Tensor found;
  std::vector<at::Tensor> found_views;
  std::map<Shape, Passes> shapes;
  int64_t recorded = 0, replayed = 0;
  bool has_given_up = false;

  at::Tensor plain(const at::Tensor &samples, const at::Tensor &tasks, bool training) const {
    ctorch_tensor out = nullptr;
    // The callee takes these handles over.
    int status = calls.forward(calls.owner, wrap(samples), tasks.defined() ? wrap(tasks) : nullptr, training, &out);
    if (status != 0 || !out) throw std::runtime_error(ctorch_error());
    at::Tensor logits = get(out);
    ctorch_release(out);
    return logits;
  }
  at::Tensor plain_forward(at::Tensor x, bool training) const override { return plain(x, {}, training); }

  void define(RecordedPass &pass, bool training, bool wants_gradients);
  void capture(RecordedPass &pass, std::function<void()> forward, std::function<void()> backward);
  std::shared_ptr<RecordedPass> idle_pass(const at::Tensor &samples, const at::Tensor &tasks, bool training, bool wants_gradients);
};

struct RecordedBackward : FusedBackward {
  std::shared_ptr<RecordedPass> pass;
  /// Keeps the owner of the callbacks.
  std::shared_ptr<void> owner;
  at::Tensor tasks;

  std::string name() const override { return "RecordedBackward"; }
  bool has_activations() const override { return pass != nullptr; }
  void release_activations() override { pass.reset(); }

  at::Tensor run(const at::Tensor &, const at::Tensor &grad, const at::Tensor &target, bool) override {
    if (!target.defined()) return {};
    pass->derivative.copy_(grad);
    pass->backward.replay();
    target.add_(static_cast<RecordedNetwork &>(*network).found);
    return {};
  }

  at::Tensor again(const at::Tensor &input) const override {
    auto &net = static_cast<RecordedNetwork &>(*network);
    Kept kept({net.statistics, net.counters});
    return net.plain(input, tasks, training);
  }
};

void RecordedNetwork::define(RecordedPass &pass, bool training, bool wants_gradients) {
  RecordedPass *place = &pass;
  auto forward = [this, place, training, wants_gradients] {
    at::AutoGradMode mode(wants_gradients);
    {
      StandIns stand_ins(handles, leaves);
      place->live = plain(place->samples, place->tasks, training);
    }
    at::NoGradGuard no_grad;
    at::Tensor values = place->live.detach();
    if (!place->logits.defined()) {
      place->logits = at::empty_like(values);
      place->derivative = at::zeros_like(values);
    }
    place->logits.copy_(values);
    if (!wants_gradients) place->live.reset();
  };
  std::function<void()> backward;
  if (wants_gradients) {
    backward = [this, place] {
      // The graph is kept: memory that the replay of one backward pass needs must not be given to something else before the next one.
      auto gradients = torch::autograd::grad({place->live}, leaves, {place->derivative}, /*retain_graph=*/true, /*create_graph=*/false, /*allow_unused=*/true);
      at::NoGradGuard no_grad;
      for (size_t i = 0; i < gradients.size(); i++) {
        if (gradients[i].defined()) found_views[i].copy_(gradients[i]);
        else found_views[i].zero_();
      }
    };
  }
  capture(pass, std::move(forward), std::move(backward));
}

void RecordedNetwork::capture(RecordedPass &pass, std::function<void()> forward, std::function<void()> backward) {
  c10::Device device = weights.device();
  auto warm_up = [&] {
    Kept kept({statistics, counters});
    for (int i = 0; i < warm_ups; i++) {
      forward();
      if (backward) backward();
    }
  };
  if (device.is_cpu()) {
    warm_up();
    pass.forward.record(device, std::move(forward));
    if (backward) pass.backward.record(device, std::move(backward));
    return;
  }
  c10::OptionalDeviceGuard device_guard(device);
  c10::Stream before = at::accelerator::getCurrentStream(device.index());
  if (!aside) aside = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
  auto order = [&](const c10::Stream &first, const c10::Stream &second) {
    c10::Event event(device.type());
    event.record(first);
    event.block(second);
  };
  order(before, *aside);
  {
    c10::StreamGuard stream_guard(*aside);
    warm_up();
    at::accelerator::synchronizeDevice(device.index());
    pass.forward.record(device, forward);
    if (backward) pass.backward.record(device, backward, &pass.forward);
    // What was captured stays in the graphs' memory; the history that led there does not have to.
    pass.live.reset();
  }
  order(*aside, before);
}

std::shared_ptr<RecordedPass> RecordedNetwork::idle_pass(const at::Tensor &samples, const at::Tensor &tasks, bool training, bool wants_gradients) {
  if (has_given_up || (!samples.device().is_cpu() && !has_graphs(samples.device().type()))) return nullptr;
  Shape shape(samples.sizes().vec(), training, wants_gradients);
  auto known = shapes.find(shape);
  if (known == shapes.end()) {
    if (shapes.size() >= most_shapes) return nullptr;
    known = shapes.emplace(shape, Passes()).first;
  }
  Passes &passes = known->second;
  if (passes.meetings < meetings_before) {
    passes.meetings++;
    return nullptr;
  }
  // One that a node still refers to waits for its backward pass.
  for (const auto &pass : passes.recorded) {
    if (pass.use_count() == 1) return pass;
  }
  if (passes.recorded.size() >= most_passes || recorded >= most_recorded) return nullptr;
  auto pass = std::make_shared<RecordedPass>();
  {
    at::NoGradGuard no_grad;
    pass->samples = samples.detach().clone();
    if (tasks.defined()) pass->tasks = tasks.clone();
  }
  try {
    define(*pass, training, wants_gradients);
  } catch (const std::exception &error) {
    // The network works without; whoever waits for speed should know.
    has_given_up = true;
    if (!samples.device().is_cpu()) {
      // What was begun beside the current stream.
      try { at::accelerator::synchronizeDevice(samples.device().index()); } catch (...) {}
    }
    TORCH_WARN("passes on ", samples.device(), " are not recorded, and slower: ", error.what());
    return nullptr;
  }
  recorded++;
  passes.recorded.push_back(pass);
  return pass;
}

}  // namespace

static at::Tensor recorded_forward(const std::shared_ptr<RecordedNetwork> &network, const at::Tensor &samples, const at::Tensor &tasks, bool training) {
  RecordedNetwork &net = *network;
  bool wants_gradients = at::GradMode::is_enabled();
  auto pass = net.idle_pass(samples, tasks, training, wants_gradients);
  if (!pass) return net.plain(samples, tasks, training);
  at::Tensor logits;
  {
    at::NoGradGuard no_grad;
    pass->samples.copy_(samples);
    if (tasks.defined()) pass->tasks.copy_(tasks);
    pass->forward.replay();
    logits = pass->logits.clone();
  }
  net.replayed++;
  if (!wants_gradients) return logits;
  auto node = c10::make_intrusive<RecordedBackward>();
  node->pass = std::move(pass);
  node->training = training;
  node->tasks = tasks;
  net.calls.retain(net.calls.owner);
  node->owner = std::shared_ptr<void>(net.calls.owner, net.calls.release);
  attach(logits, node, network, samples, samples);
  return logits;
}

}  // namespace ctorch

using namespace ctorch;

struct ctorch_recorder_s {
  std::shared_ptr<RecordedNetwork> network;
};

int ctorch_recorder_new(ctorch_network_calls calls, ctorch_tensor weights, ctorch_tensor gradients, ctorch_tensor statistics, ctorch_tensor counters, const ctorch_tensor *parameters, int n,
                        ctorch_recorder *out) {
  return guarded([&] {
    at::NoGradGuard no_grad;
    auto network = std::make_shared<RecordedNetwork>();
    network->calls = calls;
    network->weights = get(weights);
    network->gradients = get(gradients);
    network->statistics = get(statistics);
    network->counters = get(counters);
    network->found = at::zeros_like(network->gradients);
    for (int i = 0; i < n; i++) {
      const at::Tensor &parameter = get(parameters[i]);
      network->parameters.push_back(parameter);
      network->handles.push_back(parameters[i]);
      network->leaves.push_back(parameter.detach().requires_grad_());
      network->found_views.push_back(network->found.as_strided(parameter.sizes(), parameter.strides(), network->offset(parameter)));
    }
    *out = new ctorch_recorder_s{std::move(network)};
  });
}

void ctorch_recorder_release(ctorch_recorder recorder) { delete recorder; }

int ctorch_recorder_forward(ctorch_recorder recorder, ctorch_tensor samples, ctorch_tensor tasks, int training, ctorch_tensor *out) {
  return result(out, [&] { return recorded_forward(recorder->network, get(samples), tasks ? get(tasks) : at::Tensor(), training != 0); });
}

int64_t ctorch_recorder_recorded(ctorch_recorder recorder) { return recorder->network->recorded; }
int64_t ctorch_recorder_replayed(ctorch_recorder recorder) { return recorder->network->replayed; }

int ctorch_share(ctorch_tensor t, ctorch_tensor *out) {
  return result(out, [&] { return get(t); });
}
void ctorch_fail(const char *message) { set_error(message); }
