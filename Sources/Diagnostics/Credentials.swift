/// Credentials never leave the program: records, logs and error lines show URLs through this.
public enum Credentials {
    private static let secretNames: Set<String> = [
        "password", "passwd", "pass", "pwd", "passphrase", "token", "access_token", "auth", "key", "api_key", "apikey", "secret", "sig",
        "signature",
    ]

    /// `uri` with user and password, and with the values of query items that are named like secrets, written as `***`.
    /// Anything that is no URL stays as it is; masking twice changes nothing.
    public static func masked(_ uri: String) -> String {
        guard let scheme = uri.firstRange(of: "://"), !scheme.isEmpty,
            uri[..<scheme.lowerBound].allSatisfy({ isSchemeLetter($0) })
        else { return uri }
        var masked = String(uri[..<scheme.upperBound])
        var rest = uri[scheme.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        if let at = authority.lastIndex(of: "@") {
            masked += "***"
            rest = rest[at...]
        }
        guard let question = rest.firstIndex(of: "?") else { return masked + rest }
        masked += rest[...question]
        let query = rest[rest.index(after: question)...]
        masked += query.split(separator: "&", omittingEmptySubsequences: false).map { item in
            guard let equals = item.firstIndex(of: "="), secretNames.contains(item[..<equals].lowercased()) else { return String(item) }
            return item[...equals] + "***"
        }.joined(separator: "&")
        return masked
    }

    /// A sentence in which every URL is masked, as FFmpeg's messages may quote them.
    public static func masked(in text: String) -> String {
        guard text.contains("://") else { return text }
        // A URL ends where a sentence would go on.
        return text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            guard let separator = word.firstRange(of: "://") else { return String(word) }
            var start = separator.lowerBound
            while start > word.startIndex, isSchemeLetter(word[word.index(before: start)]) { start = word.index(before: start) }
            return word[..<start] + masked(String(word[start...]))
        }.joined(separator: " ")
    }

    private static func isSchemeLetter(_ letter: Character) -> Bool {
        letter.isASCII && (letter.isLetter || letter.isNumber || "+-.".contains(letter))
    }
}
