import CTorch

/// The forward and the backward pass of a ResNet18 with few channels as one operation each (resnet.cpp). Logits and gradients are those of libtorch's operations
/// up to rounding. A ResNet in training is chaotic: after some dozens of minibatches rounding has become another run, as with any other build of PyTorch.
final class FusedResNet {
    private let handle: ctorch_resnet

    /// Weights of larger layers don't stay in the second-level cache, which the kernels count on.
    private static let mostChannels = 24
    private static let largestSide = 256

    /// In any precision weights lie as they do here: a vector [P] is one of the same network in another.
    static func suits(channels: Int, imageShape: [Int]) -> Bool {
        channels <= mostChannels && imageShape[0] <= 16 && imageShape.dropFirst().allSatisfy { $0 <= largestSide }
    }

    /// - Parameter tensors: in the order of `ctorch_resnet_new`.
    init?(_ network: ResNet18, _ tensors: [Tensor]) {
        guard Self.suits(channels: network.channels, imageShape: network.imageShape), network.dtype == .float32, network.device == .cpu else { return nil }
        var shape = ctorch_resnet_shape(colours: Int64(network.imageShape[0]), height: Int64(network.imageShape[1]), width: Int64(network.imageShape[2]), outputs: Int64(network.outputs),
                                        channels: Int64(network.channels), stem_size: Int64(network.style.stemSize), stem_stride: Int64(network.style.stemStride),
                                        max_pool: network.maxPool ? 1 : 0)
        var handle: ctorch_resnet?
        let status = withExtendedLifetime((network, tensors)) {
            ctorch_resnet_new(&shape, network.weights.handle, network.gradients.handle, network.statistics.handle, network.counters.handle, tensors.map { $0.handle }, Int32(tensors.count), &handle)
        }
        guard status == 0, let handle else { return nil }
        self.handle = handle
    }

    deinit { ctorch_resnet_release(handle) }

    /// - Parameter x: samples [B, inputSize] that need no gradient.
    func forward(_ x: Tensor, training: Bool) throws -> Tensor { try withExtendedLifetime(self) { try x.apply { ctorch_resnet_forward(handle, $0, training ? 1 : 0, $1) } } }
}
