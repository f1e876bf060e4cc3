import ArgumentParser
import BCLScript
import Foundation

/// `bclsh explain BCL0012`: what a diagnostic's code means.
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain the code of an error or warning, such as BCL0012.", discussion: "Without a code: all codes with their titles.")

    @ArgumentParser.Argument(help: "A code: BCL0012, or 12.")
    var code: String?

    func run() throws {
        guard let code else {
            for explanation in Explanation.all.sorted(by: { $0.code.rawValue < $1.code.rawValue }) { print("\(explanation.code.name)  \(explanation.title)") }
            return
        }
        guard let explanation = Explanation.named(code) else {
            leave("there is no code '\(code)'", hint: "'bclsh explain' lists all codes", status: ExitStatus.usage)
        }
        print(explanation.page)
    }
}
