/// Stable codes of everything bclsh can say about a program. Numbers are never reused.
public enum DiagnosticCode: Int, CaseIterable, Hashable, Sendable {
    // Characters and tokens
    case invalidCharacter = 1
    case unterminatedString = 2
    case invalidEscape = 3
    case malformedNumber = 4
    case numberTooLarge = 5
    case invalidText = 6
    case unclosedBracket = 7
    case unmatchedBracket = 8
    case badInterpolation = 9
    case badFormat = 10
    // Grammar
    case expectedExpression = 11
    case unknownName = 12
    case expectedToken = 13
    case expectedName = 14
    case unexpectedToken = 15
    case tooDeep = 16
    case badAssignmentTarget = 17
    case wrongVerbForm = 18
    case misplacedStatement = 19
    case duplicateName = 20
    case positionalAfterKeyword = 21
    case missingLet = 22
    case foreignSyntax = 23
    case requiredAfterDefault = 24
    // Names and calls
    case unknownKeyword = 30
    case wrongArgumentCount = 31
    case duplicateArgument = 32
    case usedBeforeDeclaration = 33
    case importFailed = 34
    case importCycle = 35
    case unusedVariable = 36
    case unreachableCode = 37
    case unknownParameter = 38
    case badParameterValue = 39
    case unknownEvent = 40
    case unreadParameter = 41
    // Running
    case wrongType = 50
    case overflow = 51
    case divisionByZero = 52
    case outOfRange = 53
    case unknownField = 54
    case notCallable = 55
    case recursionLimit = 56
    case assertionFailed = 57
    case badValue = 58
    case notIterable = 59
    case tensorError = 60
    case dataError = 61
    case fileError = 62
    case deviceError = 63
    case wrongUnpacking = 64
    case noValueYet = 65
    case notReady = 66
    case outOfMemory = 67
    case lossNotFinite = 68
    case internalError = 99

    /// "BCL0012"
    public var name: String {
        let digits = String(rawValue)
        return "BCL" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
