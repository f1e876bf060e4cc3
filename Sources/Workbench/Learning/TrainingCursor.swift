import Continual
import Engine

/// Where training is: which minibatch of which epoch of which task comes next. A value: a copy is a place that one can come back to.
struct TrainingCursor {
    /// One piece of work that is done whole or not at all.
    enum Unit {
        case minibatch(TaskSamples, start: Int, length: Int, of: Task)
        /// A minibatch that `observe` was given, of the task of this number.
        case given(Minibatch, Int)
        /// The task of this number is over: `on task_end`.
        case taskEnd(Int)
    }

    /// What comes from outside of the tasks' own order, by `observe` and `end_task`.
    enum Given {
        case minibatch(Minibatch, task: Int)
        case end(task: Int)
    }

    let tasks: [TaskValue]
    let epochs: Int
    let size: Int
    /// Index into `tasks`.
    private(set) var index = 0
    private(set) var epoch = 0
    /// Minibatches of this epoch that are done.
    private(set) var batch = 0
    /// The samples of this epoch in their order.
    private var samples: TaskSamples?
    /// State of the stream "data" before the epoch was shuffled: with it the order can be drawn again.
    private(set) var shuffle: (UInt64, UInt64, UInt64, UInt64)?
    /// The one unit that this stretch consists of, where `observe` or `end_task` began it.
    let given: Given?
    /// The stretch that goes on behind what was given.
    private let outer: [TrainingCursor]

    init(_ tasks: [TaskValue], epochs: Int = 1, size: Int = Benchmark.batchSize) {
        self.tasks = tasks
        self.epochs = epochs
        self.size = size
        (given, outer) = (nil, [])
    }

    /// - Parameter outer: the stretch that goes on behind it.
    init(given: Given, within outer: TrainingCursor?) {
        (tasks, epochs, size) = ([], 1, 1)
        (self.given, self.outer) = (given, outer.map { [$0] } ?? [])
    }

    /// Behind what was given: the stretch around it.
    var around: TrainingCursor? { outer.first }
    var isDone: Bool { given == nil && index >= tasks.count }
    var task: TaskValue? { isDone ? nil : tasks[index] }
    private var perEpoch: Int { task.map { ($0.task.train.count + size - 1) / size } ?? 0 }
    /// Minibatches of this task, over all epochs.
    var total: Int { perEpoch * epochs }
    var done: Int { epoch * perEpoch + batch }
    /// Whether only `on task_end` is left of the task.
    var isAtTaskEnd: Bool { given == nil && !isDone && (epoch >= epochs || perEpoch == 0) }

    /// What comes next; nil at the end. Further epochs are shuffled, with the stream "data", when their first minibatch is asked for.
    mutating func next(_ streams: RandomStreams) throws -> Unit? {
        switch given {
        case .minibatch(let batch, let task): return .given(batch, task)
        case .end(let task): return .taskEnd(task)
        case nil: break
        }
        guard let task else { return nil }
        guard !isAtTaskEnd else { return .taskEnd(task.task.number) }
        if samples == nil {
            if epoch == 0 {
                samples = task.task.train
            } else {
                shuffle = streams.stream("data").state
                samples = try task.task.train.shuffled(streams.stream("data"))
            }
        }
        guard let samples else { return nil }
        return .minibatch(samples, start: batch * size, length: min(size, samples.count - batch * size), of: task.task)
    }

    /// The unit that `next` gave is done.
    mutating func advance() {
        guard given == nil else {
            self = around ?? TrainingCursor([])
            return
        }
        guard !isAtTaskEnd else {
            (index, epoch, batch, samples, shuffle) = (index + 1, 0, 0, nil, nil)
            return
        }
        batch += 1
        if batch == perEpoch { (epoch, batch, samples, shuffle) = (epoch + 1, 0, nil, nil) }
    }

    func isAt(_ other: TrainingCursor) -> Bool { (index, epoch, batch) == (other.index, other.epoch, other.batch) && given == nil && other.given == nil }

    /// The place within tasks that a file holds; nil where it makes no sense or is none of theirs.
    init?(_ tasks: [TaskValue], epochs: Int, size: Int, index: Int, epoch: Int, batch: Int, shuffle: [UInt64]?) throws {
        guard epochs >= 1, size >= 1, size < 1 << 32, epochs < 1 << 32, shuffle.map({ $0.count == 4 }) ?? true else { return nil }
        self.init(tasks, epochs: epochs, size: size)
        guard index >= 0, index <= tasks.count else { return nil }
        self.index = index
        guard epoch >= 0, epoch <= epochs, batch >= 0, batch == 0 || batch < perEpoch else { return nil }
        (self.epoch, self.batch, self.shuffle) = (epoch, batch, shuffle.map { ($0[0], $0[1], $0[2], $0[3]) })
        if let state = self.shuffle, let task, epoch < epochs {
            let stream = RandomStream(seed: 0)
            stream.restore(state)
            samples = try task.task.train.shuffled(stream)
        }
    }
}

extension TrainingCursor: CustomStringConvertible {
    /// "minibatch 3/144 of task 1"
    var description: String {
        switch given {
        case .minibatch(_, let task): return "a minibatch of task \(task + 1), given by 'observe'"
        case .end(let task): return "the end of task \(task + 1), given by 'end_task'"
        case nil: break
        }
        guard let task else { return "nothing: all its tasks are done" }
        if isAtTaskEnd { return "the end of task \(task.task.number + 1)" }
        return "minibatch \(done + 1)/\(total) of task \(task.task.number + 1)"
    }
}
