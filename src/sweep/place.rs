//! Where a value stands in a RON text: line and column for faults that the parser cannot see.

/// Every value of a text with its path (`policies[1].who.gain`) and the line and column it begins at, counted from 1.
///
/// The text has parsed: brackets match and strings end.
pub(super) fn places(text: &str) -> Vec<(String, (usize, usize))> {
    let mut reader = Reader { tokens: tokens(text), at: 0, found: Vec::new() };
    // attributes (`#![enable(…)]`) come before the value
    while reader.peek() == Some("#") {
        while reader.peek().is_some_and(|token| token != "]") {
            reader.at += 1;
        }
        reader.at += 1;
    }
    reader.value(String::new());
    reader.found
}

/// The place of a path, or of its nearest ancestor that the text names.
pub(super) fn place_of(places: &[(String, (usize, usize))], path: &str) -> (usize, usize) {
    let mut path = path;
    loop {
        if let Some((_, place)) = places.iter().find(|(known, _)| known == path) {
            return *place;
        }
        let Some(end) = path.rfind(['.', '[']) else { return (1, 1) };
        path = &path[..end];
    }
}

struct Token<'a> {
    text: &'a str,
    place: (usize, usize),
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    found: Vec<(String, (usize, usize))>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.at).map(|token| token.text)
    }

    fn value(&mut self, path: String) {
        let Some(first) = self.tokens.get(self.at) else { return };
        self.found.push((path.clone(), first.place));
        let first = first.text;
        if !matches!(first, "(" | "[" | "{") {
            self.at += 1;
        }
        match self.peek() {
            Some("(" | "{") if first != "[" => self.inside(&path, false),
            Some("[") if first == "[" => self.inside(&path, true),
            _ => {}
        }
    }

    /// From an opening bracket to behind the one that closes it.
    fn inside(&mut self, path: &str, list: bool) {
        self.at += 1;
        let mut index = 0_usize;
        while let Some(token) = self.peek() {
            if matches!(token, ")" | "]" | "}") {
                self.at += 1;
                return;
            }
            if token == "," {
                self.at += 1;
                continue;
            }
            let named = !list && self.tokens.get(self.at + 1).is_some_and(|next| next.text == ":");
            let inner = if named {
                let name = token.to_owned();
                self.at += 2;
                if path.is_empty() { name } else { format!("{path}.{name}") }
            } else {
                format!("{path}[{index}]")
            };
            index += 1;
            self.value(inner);
        }
    }
}

/// Words, strings and brackets with their places; white space and comments left out.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut line, mut column, mut rest) = (1, 1, text);
    while let Some(first) = rest.chars().next() {
        let length = length(rest, first);
        let token = &rest[..length];
        if !first.is_whitespace() && !token.starts_with("//") && !token.starts_with("/*") {
            found.push(Token { text: token, place: (line, column) });
        }
        for c in token.chars() {
            (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        rest = &rest[length..];
    }
    found
}

/// Bytes of the token that a text begins with.
fn length(text: &str, first: char) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return comment(text);
    }
    let hashes = text.strip_prefix('r').map_or(0, |raw| raw.len() - raw.trim_start_matches('#').len());
    if first == 'r' && text[1 + hashes..].starts_with('"') {
        let close = format!("\"{}", "#".repeat(hashes));
        let open = 2 + hashes;
        return text[open..].find(&close).map_or(text.len(), |end| open + end + close.len());
    }
    if first == '"' {
        let mut escaped = false;
        for (at, c) in text.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return at + 1,
                _ => {}
            }
        }
        return text.len();
    }
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-');
    if is_word(first) { text.find(|c| !is_word(c)).unwrap_or(text.len()) } else { first.len_utf8() }
}

/// Bytes of a comment that may hold others.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_path_behind_comments_and_strings() {
        let text = "#![enable(implicit_some)]\n(\n  a: 1, // b: 2\n  /* (/* c */ */ list: [\"x)\", r#\"y\"]\"#,\n    (name: \"n\", who: steered(gain: 1.5))],\n  d: { \"k\": 2 },\n)";
        let places = places(text);
        let at = |path: &str| place_of(&places, path);
        assert_eq!(at("a"), (3, 6));
        assert_eq!(at("list[0]"), (4, 25));
        assert_eq!(at("list[1]"), (4, 31));
        assert_eq!(at("list[2].name"), (5, 12));
        assert_eq!(at("list[2].who"), (5, 22));
        assert_eq!(at("list[2].who.gain"), (5, 36));
        // what the text does not name stands where its parent does
        assert_eq!(at("list[2].who.policy"), (5, 22));
        assert_eq!(at("nothing"), (1, 1));
    }
}
