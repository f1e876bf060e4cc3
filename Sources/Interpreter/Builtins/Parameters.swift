import BCLScript

/// Short words for the tables of builtins.
public func required(_ name: String) -> Signature.Parameter { Signature.Parameter(name) }
public func optional(_ name: String, _ defaultText: String) -> Signature.Parameter {
    Signature.Parameter(name, required: false, defaultText: defaultText)
}
public func variadic(_ name: String) -> Signature.Parameter { Signature.Parameter(name, variadic: true) }
