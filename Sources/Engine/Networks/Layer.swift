import CTorch

/// The layers' arithmetic.
enum Layer {
    /// x [B, in], weight [out, in], bias [out]
    static func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) throws -> Tensor {
        try withExtendedLifetime((x, weight, bias)) { try Tensor.make { ctorch_linear(x.handle, weight.handle, bias.handle, $0) } }
    }

    /// x [B, C, H, W], weight [out, C, k, k], no bias
    static func conv2d(_ x: Tensor, _ weight: Tensor, stride: Int, padding: Int) throws -> Tensor {
        try x.apply(weight) { ctorch_conv2d($0, $1, Int64(stride), Int64(padding), $2) }
    }

    static func maxPool2d(_ x: Tensor, size: Int, stride: Int, padding: Int) throws -> Tensor {
        try x.apply { ctorch_max_pool2d($0, Int64(size), Int64(stride), Int64(padding), $1) }
    }

    /// [B, C, H, W] to [B, C]
    static func globalAveragePool(_ x: Tensor) throws -> Tensor { try x.apply { ctorch_global_average_pool($0, $1) } }
}

/// A batch norm over channels, with PyTorch's defaults: momentum 0.1, epsilon 1e-5.
struct BatchNorm {
    let weight: Tensor
    let bias: Tensor
    let mean: Tensor
    let variance: Tensor
    let counter: Tensor

    init(_ network: Network, _ name: String) {
        weight = network.view("\(name).weight")
        bias = network.view("\(name).bias")
        mean = network.view("\(name).running_mean")
        variance = network.view("\(name).running_var")
        counter = network.view("\(name).num_batches_tracked")
    }

    /// In training: normalises by the batch and moves the running statistics.
    func callAsFunction(_ x: Tensor, training: Bool) throws -> Tensor {
        if training { try withoutGradients { try counter.addInPlace(try Tensor.scalar(1, dtype: .int64, device: counter.device)) } }
        return try withExtendedLifetime((x, self)) {
            try Tensor.make {
                ctorch_batch_norm(x.handle, weight.handle, bias.handle, mean.handle, variance.handle, training ? 1 : 0, 0.1, 1e-5, $0)
            }
        }
    }
}
