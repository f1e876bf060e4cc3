import CTorch

/// The forward and the backward pass of an MLP as one operation each (mlp.cpp). Gradients are those of libtorch's operations up to rounding, also where
/// they are asked for as values or differentiated again.
final class FusedMLP {
    private let handle: ctorch_mlp

    /// Larger layers spend their time in the matrix products, which libtorch has as well.
    private static let largestHiddenLayer = 1 << 20

    /// In any precision weights lie as they do here: a vector [P] is one of the same network in another.
    static func suits(_ widths: [Int]) -> Bool {
        widths.count > 2 && widths[1] >= 16 && zip(widths, widths.dropFirst()).dropFirst().allSatisfy { $0 * $1 <= largestHiddenLayer }
    }

    /// - Parameters:
    ///   - weights, gradients: the flat vectors [P].
    ///   - parameters: weight and bias of each layer in turn, views of `weights`.
    init?(_ widths: [Int], _ weights: Tensor, _ gradients: Tensor, _ parameters: [Tensor]) {
        guard Self.suits(widths), weights.dtype == .float32, weights.device == .cpu else { return nil }
        var handle: ctorch_mlp?
        let status = withExtendedLifetime((weights, gradients, parameters)) {
            ctorch_mlp_new(widths.map { Int64($0) }, Int32(widths.count), weights.handle, gradients.handle, parameters.map { $0.handle }, &handle)
        }
        guard status == 0, let handle else { return nil }
        self.handle = handle
    }

    deinit { ctorch_mlp_release(handle) }

    func forward(_ x: Tensor) throws -> Tensor { try withExtendedLifetime(self) { try x.apply { ctorch_mlp_forward(handle, $0, $1) } } }
}
