/// What a job asks the cluster for. What is nil is left to the cluster's defaults.
public struct SlurmOptions {
    public var partition: String?
    public var time: String?
    public var gpus: String?
    public var memory: String?
    public var account: String?
    /// Runs at once.
    public var arrayLimit: Int?
    public var threads = 1
    /// Other options of sbatch, as they are.
    public var others: [String] = []
    /// Lines of bash before the run: modules, environments.
    public var before: [String] = []
    /// Words of bash before the program: a container.
    public var prefix = ""
    /// How often a checkpoint is written; nil for none.
    public var checkpoint: String?

    public init() {}

    var directives: [String] {
        var result: [String] = []
        func add(_ name: String, _ value: String?) { if let value { result.append("--\(name)=\(value)") } }
        add("partition", partition)
        add("time", time)
        add("gpus-per-task", gpus)
        add("mem", memory)
        add("account", account)
        add("cpus-per-task", "\(threads)")
        return result + others
    }
}
