import BCLScript
import CLibedit
import Foundation
import Interpreter

/// Editing with libedit: a cell is one text, over as many lines as it has. Reads the user's .editrc.
final class LineEditor: PromptReader {
    /// What libedit's callbacks, which take no context, work on.
    nonisolated(unsafe) private static var current: LineEditor?

    var prepared = ""
    private let editor: OpaquePointer
    private let searchHistory: OpaquePointer
    private let history: HistoryFile?
    private let colour: Bool
    private let interrupt: () -> InterruptToken
    private let complete: (String, Int) -> CompletionMenu
    private var input: KeyInput!
    private var walk: HistoryWalk?
    private var promptText: UnsafeMutablePointer<CChar>?
    private var promptWidth = 0
    private var marks = ContinuationMarks(width: 0)
    private var repair: ContinuationMarks.Line?
    private var windowSize = Terminal.size
    /// How the last line ended, where libedit gave none.
    private var stop: KeyInput.Read?
    /// What the line break before gave the line to start with.
    private var givenIndent = ""
    /// Whether lines are read, not cells (an answer to a question).
    private var takesLine = false

    /// - Parameter complete: what could stand at a place (in characters) of a text.
    init?(history: HistoryFile?, colour: Bool, interrupt: @escaping () -> InterruptToken, complete: @escaping (String, Int) -> CompletionMenu) {
        guard let editor = el_init("bclsh", stdin, stdout, stderr), let searchHistory = history_init() else { return nil }
        self.editor = editor
        self.searchHistory = searchHistory
        self.history = history
        self.colour = colour
        self.interrupt = interrupt
        self.complete = complete
        bcl_history_size(searchHistory, Int32(HistoryFile.most))
        for entry in history?.entries ?? [] { bcl_history_add(searchHistory, entry) }
        input = KeyInput(isInterrupted: { interrupt().isRequested }, didWake: { [unowned self] in refreshIfNeeded() })
        Self.current = self
        bcl_el_signal(editor, 0)
        bcl_el_editor(editor, "emacs")
        bcl_el_history(editor, searchHistory)
        bcl_el_prompt(editor) { _ in LineEditor.current?.promptText }
        bcl_el_read(editor) { _, character in LineEditor.current?.next(character) ?? 0 }
        addFunctions()
        el_source(editor, nil)
        bind()
        bindAsUserWants()
    }

    deinit {
        el_end(editor)
        history_end(searchHistory)
        promptText?.deallocate()
        if Self.current === self { Self.current = nil }
    }

    // MARK: - Reading

    func readCell(number: Int) -> String? {
        takesLine = false
        while true {
            let name = "bcl \(number)> "
            setPrompt(colour ? "\u{1}\u{1B}[1;36m\u{1}bcl \(number)\u{1}\u{1B}[0;36m\u{1}>\u{1}\u{1B}[0m\u{1} " : name, width: name.count)
            marks = ContinuationMarks(width: name.count)
            guard let text = readText() else {
                guard case .interrupted? = stop else { return nil }
                interrupt().clear()
                input.forget()
                print("^C")
                continue
            }
            let kept = text.trimmedEnd
            if !kept.isEmpty {
                history?.add(kept)
                bcl_history_add(searchHistory, kept)
            }
            return text
        }
    }

    func ask(_ question: String) -> String? {
        takesLine = true
        setPrompt(question, width: displayWidth(question))
        marks = ContinuationMarks(width: 0)
        let text = readText()
        if case .interrupted? = stop {
            interrupt().clear()
            print("^C")
        }
        return text
    }

    private func readText() -> String? {
        walk = nil
        stop = nil
        resizeIfNeeded()
        if !prepared.isEmpty { el_push(editor, KeyInput.Key.prepared.text) }
        // Pasted blocks come between marks, not as if they were typed.
        emit("\u{1B}[?2004h")
        defer { emit("\u{1B}[?2004l") }
        var count: Int32 = 0
        guard let line = el_gets(editor, &count), count > 0 else { return nil }
        return marks.plain(String(cString: line))
    }

    private func setPrompt(_ text: String, width: Int) {
        promptText?.deallocate()
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        bytes.withUnsafeBufferPointer { copy.initialize(from: $0.baseAddress!, count: $0.count) }
        promptText = copy
        promptWidth = width
    }

    private func next(_ character: UnsafeMutablePointer<wchar_t>?) -> Int32 {
        repair = marks.repaired(line)
        let read = repair == nil ? input.next() : .character(KeyInput.Key.mend.rawValue)
        switch read {
        case .character(let value):
            character?.pointee = wchar_t(bitPattern: value)
            return 1
        case .end:
            stop = read
            return 0
        case .interrupted:
            stop = read
            errno = EINTR
            return -1
        }
    }

    /// After a signal: the window may have another size, and another program may have had the terminal.
    private func refreshIfNeeded() {
        resizeIfNeeded()
        guard Interrupts.takeContinued() else { return }
        bcl_el_prepare(editor)
        emit("\u{1B}[?2004h")
        bcl_el_refresh(editor)
    }

    private func resizeIfNeeded() {
        let size = Terminal.size
        guard size != windowSize else { return }
        windowSize = size
        el_resize(editor)
    }

    private func emit(_ text: String) {
        print(text, terminator: "")
        fflush(stdout)
    }

    // MARK: - Keys

    private static let functions: [(name: String, help: String, run: @convention(c) (OpaquePointer?, Int32) -> UInt8)] = [
        ("bcl-enter", "Runs the cell where it is complete", { _, _ in LineEditor.current?.enter() ?? 0 }),
        ("bcl-line-break", "Starts a new line", { _, _ in LineEditor.current?.lineBreak() ?? 0 }),
        ("bcl-complete", "Completes the word", { _, _ in LineEditor.current?.completeWord() ?? 0 }),
        ("bcl-paste", "Takes a pasted block", { _, _ in LineEditor.current?.paste() ?? 0 }),
        ("bcl-prepared", "Inserts what the shell has prepared", { _, _ in LineEditor.current?.insertPrepared() ?? 0 }),
        ("bcl-mend", "Puts the marks of further lines right", { _, _ in LineEditor.current?.mend() ?? 0 }),
        ("bcl-up", "Line above, or earlier cell that starts alike", { _, _ in LineEditor.current?.up() ?? 0 }),
        ("bcl-down", "Line below, or later cell that starts alike", { _, _ in LineEditor.current?.down() ?? 0 }),
        ("bcl-line-start", "Start of the line", { _, _ in LineEditor.current?.moveInLine(toEnd: false) ?? 0 }),
        ("bcl-line-end", "End of the line", { _, _ in LineEditor.current?.moveInLine(toEnd: true) ?? 0 }),
        ("bcl-close-brace", "Types }, less indented", { _, _ in LineEditor.current?.closeBrace() ?? 0 }),
    ]

    private func addFunctions() { for function in Self.functions { bcl_el_add(editor, function.name, function.help, function.run) } }

    private func bind() {
        let isVi = bcl_el_mode(editor).map { String(cString: $0) } == "vi"
        var keys: [(String, String)] = [("^M", "bcl-enter"), ("^J", "bcl-enter")]
        let moves: [(KeyInput.Key, String)] = [
            (.paste, "bcl-paste"), (.up, "bcl-up"), (.down, "bcl-down"), (.right, "ed-next-char"), (.left, "ed-prev-char"), (.home, "bcl-line-start"), (.end, "bcl-line-end"),
            (.delete, "ed-delete-next-char"), (.wordRight, isVi ? "vi-next-word" : "em-next-word"), (.wordLeft, "ed-prev-word"), (.lineBreak, "bcl-line-break"), (.prepared, "bcl-prepared"), (.mend, "bcl-mend"), (.run, "ed-newline"),
        ]
        keys += moves.map { ($0.text, $1) }
        for (key, command) in keys {
            bcl_el_bind(editor, key, command)
            if isVi { bcl_el_bind_alternative(editor, key, command) }
        }
        for (key, command) in [("^I", "bcl-complete"), ("^P", "bcl-up"), ("^N", "bcl-down"), ("^A", "bcl-line-start"), ("^E", "bcl-line-end"), ("^R", "em-inc-search-prev"), ("}", "bcl-close-brace")] { bcl_el_bind(editor, key, command) }
        if isVi {
            for (key, command) in [("k", "bcl-up"), ("j", "bcl-down"), ("0", "bcl-line-start"), ("$", "bcl-line-end")] { bcl_el_bind_alternative(editor, key, command) }
        }
    }

    /// .editrc was read before the shell's own bindings, as `bind -v` in it forgets all others; what it binds itself holds.
    private func bindAsUserWants() {
        let environment = ProcessInfo.processInfo.environment
        guard let path = environment["EDITRC"] ?? environment["HOME"].map({ $0 + "/.editrc" }), let data = FileManager.default.contents(atPath: path) else { return }
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            var words = line.split(separator: " ").map(String.init)
            guard let first = words.first, first == "bind" || first == "bclsh:bind", words.count == 3, !words[1].hasPrefix("-") else { continue }
            words = words.map { $0.count > 1 && $0.hasPrefix("\"") && $0.hasSuffix("\"") ? String($0.dropFirst().dropLast()) : $0 }
            bcl_el_bind(editor, words[1], words[2])
        }
    }

    // MARK: - The text

    private struct Buffer {
        var before: String
        var after: String
        var text: String { before + after }
        /// The line of the cursor, up to it.
        var lineStart: Substring { before.split(separator: "\n", omittingEmptySubsequences: false).last ?? "" }
    }

    /// The line as libedit has it.
    private var line: ContinuationMarks.Line {
        let (before, after) = rawText
        return ContinuationMarks.Line(Array((before + after).unicodeScalars), cursor: before.unicodeScalars.count)
    }

    private var buffer: Buffer {
        let (before, after) = rawText
        return Buffer(before: marks.plain(before), after: marks.plain(after))
    }

    private var rawText: (before: String, after: String) {
        guard let line = el_line(editor)?.pointee, let start = line.buffer, let cursor = line.cursor, let last = line.lastchar else { return ("", "") }
        func text(_ from: UnsafePointer<CChar>, _ to: UnsafePointer<CChar>) -> String {
            String(decoding: UnsafeRawBufferPointer(start: from, count: max(0, to - from)), as: UTF8.self)
        }
        return (text(start, cursor), text(cursor, last))
    }

    private func insert(_ text: String) { if !text.isEmpty { el_insertstr(editor, marks.marked(text)) } }

    private func replaceAll(_ text: String) { setLine(marks.marked(text)) }

    private func setLine(_ text: String) {
        let old = line
        el_cursor(editor, Int32(old.text.count - old.cursor))
        el_deletestr(editor, Int32(old.text.count))
        if !text.isEmpty { el_insertstr(editor, text) }
    }

    /// After each key: marks that it has hurt, or that it has put the cursor into.
    private func mend() -> UInt8 {
        guard let right = repair else { return UInt8(CC_NORM) }
        let now = line
        if right.text != now.text {
            setLine(String(String.UnicodeScalarView(right.text)))
            el_cursor(editor, Int32(right.cursor - right.text.count))
        } else { el_cursor(editor, Int32(right.cursor - now.cursor)) }
        return UInt8(CC_REFRESH)
    }

    // MARK: - Bound functions

    private func enter() -> UInt8 {
        let buffer = buffer
        // Enter behind an open bracket goes on; in the middle of a whole text it runs it.
        guard takesLine || CellText.isComplete(buffer.text) && !CellText.goesOn(buffer.text, with: input.upcoming) else { return lineBreak() }
        el_push(editor, KeyInput.Key.run.text)
        return UInt8(CC_NORM)
    }

    private func lineBreak() -> UInt8 {
        let line = buffer.lineStart
        var indent = String(line.prefix { $0 == " " || $0 == "\t" })
        if let last = line.last(where: { !$0.isWhitespace }), "{[(".contains(last) { indent += "  " }
        // Lines of a block that is pasted without marks have their indentation.
        if input.hasMore { indent = "" }
        givenIndent = indent
        insert("\n" + indent)
        return UInt8(CC_REFRESH)
    }

    private func closeBrace() -> UInt8 {
        let line = buffer.lineStart
        if line.count >= 2, line == givenIndent, line.allSatisfy({ $0 == " " }) { el_deletestr(editor, 2) }
        insert("}")
        return UInt8(CC_REFRESH)
    }

    private func paste() -> UInt8 {
        var text = input.pasted()
        // The line end of a single copied line is not part of it.
        if text.hasSuffix("\n") { text = text.trimmedEnd }
        insert(takesLine ? text : ContinuationMarks.withoutPrompts(text))
        return UInt8(CC_REFRESH)
    }

    private func insertPrepared() -> UInt8 {
        insert(prepared)
        prepared = ""
        return UInt8(CC_REFRESH)
    }

    private func up() -> UInt8 {
        let buffer = buffer
        if buffer.before.contains("\n") { return moveLine(buffer, by: -1) }
        return recall(buffer, earlier: true)
    }

    private func down() -> UInt8 {
        let buffer = buffer
        if buffer.after.contains("\n") { return moveLine(buffer, by: 1) }
        return recall(buffer, earlier: false)
    }

    private func moveLine(_ buffer: Buffer, by step: Int) -> UInt8 {
        let lines = buffer.text.split(separator: "\n", omittingEmptySubsequences: false)
        let row = buffer.before.count { $0 == "\n" }
        let target = min(max(0, row + step), lines.count - 1)
        let column = min(buffer.lineStart.unicodeScalars.count, lines[target].unicodeScalars.count)
        let before = lines[..<target].map { $0 + "\n" }.joined()
        el_cursor(editor, Int32(marks.length(before) + column - marks.length(buffer.before)))
        return UInt8(CC_REFRESH)
    }

    private func moveInLine(toEnd: Bool) -> UInt8 {
        let buffer = buffer
        let distance = toEnd ? buffer.after.prefix { $0 != "\n" }.unicodeScalars.count : -buffer.lineStart.unicodeScalars.count
        el_cursor(editor, Int32(distance))
        return UInt8(CC_CURSOR)
    }

    private func recall(_ buffer: Buffer, earlier: Bool) -> UInt8 {
        guard !takesLine, let history else { return UInt8(CC_ERROR) }
        if walk?.shown != buffer.text { walk = HistoryWalk(typed: buffer.text, prefix: buffer.before) }
        guard let text = walk?.move(earlier: earlier, in: history.entries) else { return UInt8(CC_ERROR) }
        replaceAll(text)
        return UInt8(CC_REFRESH)
    }

    // MARK: - Completion

    private func completeWord() -> UInt8 {
        let buffer = buffer
        if takesLine || buffer.lineStart.allSatisfy(\.isWhitespace) && !buffer.text.isEmpty {
            insert("  ")
            return UInt8(CC_REFRESH)
        }
        let menu = complete(buffer.text, buffer.before.utf8.count)
        let typed = String(decoding: Array(buffer.before.utf8).suffix(menu.replacedBytes), as: UTF8.self)
        guard !menu.items.isEmpty else { return UInt8(CC_ERROR) }
        if let common = menu.commonPrefix, common != typed, common.count >= typed.count {
            el_deletestr(editor, Int32(typed.unicodeScalars.count))
            insert(common + (menu.items.count == 1 ? menu.items[0].ending : ""))
            return UInt8(CC_REFRESH)
        }
        if menu.items.count == 1 {
            insert(menu.items[0].ending)
            return UInt8(CC_REFRESH)
        }
        let size = Terminal.size
        let layout = TextLayout(columns: size.columns, indent: promptWidth)
        let (shown, above) = (marks.marked(buffer.text), marks.marked(buffer.before))
        let below = layout.place(shown).row - layout.place(above).row
        emit((below > 0 ? "\u{1B}[\(below)B" : "") + "\r\n" + menu.text(columns: size.columns, rows: max(4, size.rows - 3 - layout.place(shown).row), colour: colour))
        bcl_el_refresh(editor)
        return UInt8(CC_NORM)
    }
}

/// Where a text's end is on the terminal.
private struct TextLayout {
    let columns: Int
    /// Columns that the prompt takes on the first line.
    let indent: Int

    func place(_ text: String) -> (row: Int, column: Int) {
        var (row, column) = (0, indent)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.offset > 0 { (row, column) = (row + 1, 0) }
            column += displayWidth(String(line.element))
            row += column / max(1, columns)
            column %= max(1, columns)
        }
        return (row, column)
    }
}

/// Earlier cells that start like what is before the cursor, one after the other.
struct HistoryWalk {
    private let typed: String
    private let prefix: String
    /// Place in the entries; nil at the text that was typed.
    private var index: Int?
    private(set) var shown: String

    init(typed: String, prefix: String) {
        self.typed = typed
        self.prefix = prefix
        shown = typed
    }

    /// nil where there is none further.
    mutating func move(earlier: Bool, in entries: [String]) -> String? {
        var next = index ?? entries.count
        while true {
            next += earlier ? -1 : 1
            guard next >= 0 else { return nil }
            if next >= entries.count {
                guard index != nil else { return nil }
                index = nil
                shown = typed
                return typed
            }
            if entries[next].hasPrefix(prefix), entries[next] != shown {
                index = next
                shown = entries[next]
                return shown
            }
        }
    }
}
