import CTorch
/// What is known of the linked libtorch.
public enum Torch {
    /// Version of the linked libtorch, such as "2.13.0".
    public static var version: String { String(cString: ctorch_version()) }
}
