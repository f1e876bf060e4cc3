import BCLScript
import Interpreter
import Foundation
final class S: OutputSink { func receive(_ e: Event) { switch e { case .text(let t): print(t); case .shown(let v): print(Describer.string(v, quoted: true)); default: break } } }
let s = Session(registry: Registry(), library: Library(folder: nil))
let code = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
let r = DiagnosticRenderer(colour: false)
switch s.execute(SourceFile(name: "-e", text: code), sink: S(), showsValues: true) {
case .finished: break
case .rejected(let d): for x in d { print(r.render(x)) }
case .failed(let d): print(r.render(d))
case .interrupted: print("interrupted")
}
