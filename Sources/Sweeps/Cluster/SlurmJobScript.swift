/// The text of the batch script: each task of its array is one run of the sweep.
struct SlurmJobScript {
    let sweep: String
    let folder: ClusterFolder
    /// The folder that runs work in.
    let directory: String
    let options: SlurmOptions
    /// The program, and its arguments that are the same for all runs.
    let command: [String]
    /// How long before the end of its time a run is told to write a checkpoint and leave, in seconds.
    static func notice(_ time: String?) -> Int { min(120, max(30, (time.flatMap(SlurmTime.seconds) ?? 600) / 5)) }

    var text: String {
        func word(_ text: String) -> String { ShellWord.quoted(text) }
        let directives = ["--job-name=\(Self.jobName(sweep))", "--ntasks=1", "--requeue", "--open-mode=append", "--output=\(folder.logs)/%A_%a.log"]
            + (options.checkpoint == nil ? [] : ["--signal=B:USR1@\(Self.notice(options.time))"]) + options.directives
        let checkpoints = options.checkpoint.map { " \\\n  --checkpoint \(word($0)) --checkpoint-to \"$folder/checkpoints/$number\" --resume" } ?? ""
        let prefix = options.prefix.isEmpty ? "" : options.prefix + " "
        // What would be told again at once after its start is not queued again.
        let onTimeEnd = options.checkpoint == nil ? "" : "\n" + #"""
            # USR1 comes shortly before the end of its time: the run writes a checkpoint and leaves, and is queued again.
            again=
            trap 'again=yes; [ -z "$child" ] || kill -TERM "$child"' USR1
            """#
        let queuesAgain = options.checkpoint == nil ? "" : #"""
            if [ -n "$again" ] && [ "$status" -gt 128 ] && [ "$SECONDS" -ge 30 ]; then
              echo "bclsh: out of time: run $number is queued again and goes on from its checkpoint"
              scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" && sleep 60
            fi

            """#
        return """
            #!/bin/bash
            # Sweep \(sweep) of bclsh as a Slurm job array: task N makes run FIRST + N of runs.txt and leaves its record in records/.
            # Written by 'bclsh sweep --on slurm', which submits it as: sbatch --array=TASKS job.sh FIRST
            \(directives.map { "#SBATCH " + ($0.contains(" ") ? word($0) : $0) }.joined(separator: "\n"))
            set -u
            folder=\(word(folder.path))
            number=$(($1 + SLURM_ARRAY_TASK_ID))
            echo "bclsh: run $number of sweep \(sweep) on $(hostname), start $((${SLURM_RESTART_COUNT:-0} + 1))"
            cd \(word(directory)) || { echo "bclsh: the folder of the sweep is not there on $(hostname): it must be one that all machines of the cluster see"; exit 66; }

            # A script that was changed after it was submitted would give results of another sweep.
            sha256sum --check --quiet --strict "$folder/files.sha256" || {
              echo "bclsh: a file of the script has changed since the sweep was submitted: put it back as it was, or start another sweep"
              exit 65
            }
            eval "settings=($(sed -n "$((number + 1))p" "$folder/runs.txt"))"
            export OMP_NUM_THREADS=\(options.threads)
            \(options.before.isEmpty ? "" : options.before.joined(separator: "\n") + "\n")
            # SIGTERM (pre-emption, scancel) goes on to the run, which leaves.
            child=
            trap '[ -z "$child" ] || kill -TERM "$child"; trap "" TERM' TERM\(onTimeEnd)
            \(prefix)\(command.map(word).joined(separator: " ")) "${settings[@]}" \\
              --no-store --record "$folder/records/$number.json" --sweep "\(sweep):$number"\(checkpoints) &
            child=$!
            wait "$child"; status=$?
            while kill -0 "$child" 2>/dev/null; do wait "$child"; status=$?; done
            child=
            \(queuesAgain)exit "$status"

            """
    }

    static func jobName(_ sweep: String) -> String { "bclsh-\(sweep)" }
}
