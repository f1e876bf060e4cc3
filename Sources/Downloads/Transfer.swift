import CCurl
import Foundation

/// One request for a file or the rest of one, written to a descriptor as it comes.
final class Transfer {
    enum Ending {
        /// The server said all that it wanted to say.
        case done
        /// The connection broke or stalled: worth another try.
        case broken(String)
        /// There is no way to the server.
        case unreachable(String)
        /// 404 and the like: no use to ask this server again.
        case refused(String)
        /// Busy for now; seconds after which the server wants to be asked again, if it said so.
        case busy(String, after: Int?)
        /// More bytes than the file has: it is another file.
        case tooLong
        /// The part that is there does not belong to what the server has.
        case rangeRefused
        case disk(String)
        case interrupted
    }

    private let descriptor: Int32
    private let size: Int
    private let isStopped: () -> Bool
    private let report: (Int) -> Void
    private let curl: UnsafeMutableRawPointer
    /// Bytes of the file that are written.
    private(set) var position: Int
    /// What tells this version of the file from others: its ETag, or the date of its last change.
    private(set) var validator: String?
    private let asked: Int
    private var ending: Ending?
    private var hasBody = false
    private var rangeStart: Int?
    private var retryAfter: Int?

    /// - Parameters:
    ///   - position: bytes that are there already; the request asks for the rest.
    ///   - validator: of the version that these are of.
    ///   - report: called with the bytes written so far.
    init?(_ url: String, to descriptor: Int32, position: Int, size: Int, validator: String?, stall: Int, isStopped: @escaping () -> Bool, report: @escaping (Int) -> Void) {
        guard let curl = curl_easy_init() else { return nil }
        (self.curl, self.descriptor, self.position, self.size, self.isStopped, self.report) = (curl, descriptor, position, size, isStopped, report)
        asked = position
        bcl_curl_set_text(curl, CURLOPT_URL, url)
        bcl_curl_set_text(curl, CURLOPT_USERAGENT, "bclsh")
        bcl_curl_set_long(curl, CURLOPT_FOLLOWLOCATION, 1)
        bcl_curl_set_long(curl, CURLOPT_MAXREDIRS, 10)
        let protocols = Int(CURLPROTO_HTTP | CURLPROTO_HTTPS)
        bcl_curl_set_long(curl, CURLOPT_PROTOCOLS, protocols)
        bcl_curl_set_long(curl, CURLOPT_REDIR_PROTOCOLS, protocols)
        bcl_curl_set_long(curl, CURLOPT_NOSIGNAL, 1)
        bcl_curl_set_long(curl, CURLOPT_CONNECTTIMEOUT, min(stall, 30))
        bcl_curl_set_long(curl, CURLOPT_LOW_SPEED_LIMIT, 1)
        bcl_curl_set_long(curl, CURLOPT_LOW_SPEED_TIME, stall)
        bcl_curl_set_long(curl, CURLOPT_NOPROGRESS, 0)
        if position > 0 {
            headers = curl_slist_append(headers, "Range: bytes=\(position)-")
            if let validator { headers = curl_slist_append(headers, "If-Range: \(validator)") }
        }
        // Packed on the way, a file would have other bytes.
        headers = curl_slist_append(headers, "Accept-Encoding: identity")
    }

    private var headers: UnsafeMutablePointer<curl_slist>?

    deinit {
        curl_slist_free_all(headers)
        curl_easy_cleanup(curl)
    }

    func run() -> Ending {
        let context = Unmanaged.passUnretained(self).toOpaque()
        bcl_curl_set_headers(curl, headers)
        bcl_curl_set_pointer(curl, CURLOPT_WRITEDATA, context)
        bcl_curl_set_pointer(curl, CURLOPT_HEADERDATA, context)
        bcl_curl_set_pointer(curl, CURLOPT_XFERINFODATA, context)
        bcl_curl_set_receiver(curl, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue().receive(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
        }
        bcl_curl_set_receiver(curl, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self)
            Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue().header(line)
            return size * count
        }
        bcl_curl_set_progress(curl) { context, _, _, _, _ in
            let transfer = Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
            guard transfer.isStopped() else { return 0 }
            transfer.ending = .interrupted
            return 1
        }
        let code = withExtendedLifetime(self) { curl_easy_perform(curl) }
        if let ending { return ending }
        let status = bcl_curl_status(curl)
        if let bad = Self.verdict(status, retryAfter) { return bad }
        guard code != CURLE_OK else { return .done }
        let reason = String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT: return .unreachable(reason)
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_TOO_MANY_REDIRECTS, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE: return .refused(reason)
        case CURLE_OPERATION_TIMEDOUT: return .broken("it stalled")
        default: return .broken(reason)
        }
    }

    private static func verdict(_ status: Int, _ retryAfter: Int?) -> Ending? {
        switch status {
        case 416: return .rangeRefused
        case 408, 425, 429, 500...599: return .busy("the server answers \(status)", after: retryAfter)
        case 400...499: return .refused("the server answers \(status)\(status == 404 ? " (not there)" : "")")
        default: return nil
        }
    }

    // MARK: - What comes

    private func header(_ text: String) {
        // A new answer, after a redirect.
        if text.hasPrefix("HTTP/") { (rangeStart, retryAfter, validator) = (nil, nil, nil) }
        guard let colon = text.firstIndex(of: ":") else { return }
        let value = text[text.index(after: colon)...].trimmingCharacters(in: .whitespacesAndNewlines)
        switch text[..<colon].lowercased() {
        case "content-range": rangeStart = value.split(whereSeparator: { " -/".contains($0) }).dropFirst().first.flatMap { Int($0) }
        case "retry-after": retryAfter = Int(value)
        // A weak tag does not promise the same bytes.
        case "etag": if !value.hasPrefix("W/") { validator = value }
        case "last-modified": if validator == nil { validator = value }
        default: break
        }
    }

    /// - Returns: false to end the transfer; `ending` then says why.
    private func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let status = bcl_curl_status(curl)
        guard status == 200 || status == 206 else { return true }  // the text of an error
        if !hasBody {
            hasBody = true
            if status == 206, asked > 0 {
                guard rangeStart == asked else { return end(.rangeRefused) }
            } else if position > 0 {
                // The server knows no ranges, or has another version by now: from the start.
                guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { return end(.disk(String(cString: strerror(errno)))) }
                position = 0
            }
        }
        guard position + bytes.count <= size else { return end(.tooLong) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return end(.disk(String(cString: strerror(errno)))) }
            rest = rest.dropFirst(count)
            position += count
        }
        report(position)
        return true
    }

    private func end(_ ending: Ending) -> Bool {
        self.ending = ending
        return false
    }
}
