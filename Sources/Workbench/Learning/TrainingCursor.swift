import Continual
import Engine

/// Where training is: which minibatch of which epoch of which task comes next. A value: a copy is a place that one can come back to.
struct TrainingCursor {
    /// One piece of work that is done whole or not at all.
    enum Unit {
        case minibatch(TaskSamples, start: Int, length: Int)
        /// The task is over: `on task_end`.
        case taskEnd
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

    init(_ tasks: [TaskValue], epochs: Int = 1, size: Int = Benchmark.batchSize) {
        self.tasks = tasks
        self.epochs = epochs
        self.size = size
    }

    var isDone: Bool { index >= tasks.count }
    var task: TaskValue? { isDone ? nil : tasks[index] }
    private var perEpoch: Int { task.map { ($0.task.train.count + size - 1) / size } ?? 0 }
    /// Minibatches of this task, over all epochs.
    var total: Int { perEpoch * epochs }
    var done: Int { epoch * perEpoch + batch }
    /// Whether only `on task_end` is left of the task.
    var isAtTaskEnd: Bool { !isDone && (epoch >= epochs || perEpoch == 0) }

    /// What comes next; nil at the end. Further epochs are shuffled, with the stream "data", when their first minibatch is asked for.
    mutating func next(_ streams: RandomStreams) throws -> Unit? {
        guard let task else { return nil }
        guard !isAtTaskEnd else { return .taskEnd }
        if samples == nil {
            if epoch == 0 {
                samples = task.task.train
            } else {
                shuffle = streams.stream("data").state
                samples = try task.task.train.shuffled(streams.stream("data"))
            }
        }
        guard let samples else { return nil }
        return .minibatch(samples, start: batch * size, length: min(size, samples.count - batch * size))
    }

    /// The unit that `next` gave is done.
    mutating func advance() {
        guard !isAtTaskEnd else {
            (index, epoch, batch, samples, shuffle) = (index + 1, 0, 0, nil, nil)
            return
        }
        batch += 1
        if batch == perEpoch { (epoch, batch, samples, shuffle) = (epoch + 1, 0, nil, nil) }
    }

    /// Sets the place within the tasks, as a file holds it.
    mutating func move(index: Int, epoch: Int, batch: Int, shuffle: (UInt64, UInt64, UInt64, UInt64)?) throws -> Bool {
        guard index >= 0, index <= tasks.count else { return false }
        self.index = index
        guard epoch >= 0, epoch <= epochs, batch >= 0, batch == 0 || batch < perEpoch else { return false }
        (self.epoch, self.batch, self.shuffle, samples) = (epoch, batch, shuffle, nil)
        if let shuffle, let task, epoch < epochs {
            let stream = RandomStream(seed: 0)
            stream.restore(shuffle)
            samples = try task.task.train.shuffled(stream)
        }
        return true
    }
}
