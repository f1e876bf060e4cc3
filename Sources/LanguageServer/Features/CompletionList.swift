import BCLScript
import Workbench

/// Completions in an editor's terms.
enum CompletionList {
    static func items(_ completion: Completion, _ document: Document) -> JSON {
        let range = document.range(completion.replaced)
        return ["isIncomplete": false, "items": .array(completion.items.enumerated().map { index, item in
            var shown: [String: JSON] = [
                "label": .string(item.label),
                "kind": .int(kind(item.kind)),
                "textEdit": ["range": range, "newText": .string(item.label)],
                // Own names first, then the library's, then the words of the language.
                "sortText": .string(String(10_000 + index)),
            ]
            if !item.detail.isEmpty { shown["detail"] = .string(item.detail) }
            if let help = item.help { shown["documentation"] = ["kind": "markdown", "value": .string(help.markdown)] }
            return .object(shown)
        })]
    }

    private static func kind(_ kind: Completion.Item.Kind) -> Int {
        switch kind {
        case .method: return 2
        case .function, .verb: return 3
        case .variable: return 6
        case .property: return 10
        case .parameter: return 5
        case .keyword: return 14
        case .event: return 23
        }
    }
}
