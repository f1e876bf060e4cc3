import Engine
import Figures

/// A line of facts about a tensor's elements.
enum TensorStatistics {
    /// "min -1.2  max 3  mean 0.1  std 0.9  nan 2"; nan and inf are left out of the others, and not listed where there are none.
    static func text(_ tensor: Tensor) throws -> String {
        try withoutGradients {
            let count = tensor.count
            guard count > 0 else { return "no elements" }
            if tensor.dtype == .bool { return "\(Numbers.grouped(try tensor.to(.int64).sum().itemInt())) of \(Numbers.grouped(count)) true" }
            var values = try tensor.detach().to(.float64).flatten(0)
            var odd = ""
            if tensor.dtype.isFloatingPoint, try !values.allFinite() {
                let all = try values.doubles()
                let finite = all.filter(\.isFinite)
                let nan = all.filter(\.isNaN).count
                odd = (nan > 0 ? "  nan \(Numbers.grouped(nan))" : "") + (count - finite.count - nan > 0 ? "  inf \(Numbers.grouped(count - finite.count - nan))" : "")
                guard !finite.isEmpty else { return String(odd.dropFirst(2)) }
                values = try Tensor.from(finite)
            }
            var text = "min \(Numbers.short(try values.min().item()))  max \(Numbers.short(try values.max().item()))  mean \(Numbers.short(try values.mean().item()))"
            if values.count > 1 { text += "  std \(Numbers.short(try values.std().item()))" }
            return text + odd
        }
    }
}
