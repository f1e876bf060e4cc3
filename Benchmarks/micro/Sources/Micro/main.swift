import Benchmark
import Engine

try Threads.set(1)
addLanguageBenchmarks()
try addMemoryBenchmarks()
Benchmark.main()
