//! The text form of StepMania's files: `#TAG:value:value;`, with `//` comments and lines that matter within values.

use super::super::Refused;

/// Tags that a file has at most. ◇
const MOST_TAGS: usize = 100_000;
/// Values of a tag that are told apart; nothing here means one beyond the sixth.
const MOST_VALUES: usize = 8;
/// Lines outside of tags that are kept.
const MOST_STRAY: usize = 1000;

/// One tag with its values, each with the line that it begins on (counted from 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// In capitals, without `#`.
    pub name: String,
    pub line: usize,
    pub values: Vec<Value>,
    /// Whether its `;` was there.
    pub closed: bool,
}

/// One value: its lines, with comments taken out and escapes undone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    pub line: usize,
    pub text: String,
}

impl Value {
    /// Its lines with their numbers.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.split('\n').enumerate().map(|(at, line)| (self.line + at, line))
    }
}

/// The tags of a text, in order, and the lines of text that belongs to none.
///
/// A tag without `;` ends where a line begins with `#`, as StepMania has it.
///
/// # Errors
/// More tags than any file has.
pub fn tags(text: &str) -> Result<(Vec<Tag>, Vec<usize>), Refused> {
    let mut tags: Vec<Tag> = Vec::new();
    let mut stray = Vec::new();
    let mut open: Option<Tag> = None;
    for (at, line) in text.split('\n').enumerate() {
        let number = at + 1;
        if line.trim_start().starts_with('#')
            && let Some(tag) = open.take()
        {
            tags.push(tag);
        }
        if let Some(value) = open.as_mut().and_then(|tag| tag.values.last_mut()) {
            value.text.push('\n');
        }
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            if c == '/' && chars.peek() == Some(&'/') {
                break;
            }
            match (&mut open, c) {
                (None, '#') => {
                    if tags.len() > MOST_TAGS {
                        return Err(Refused::line(
                            number,
                            format!("more than {MOST_TAGS} tags; a file has at most that"),
                        ));
                    }
                    let values = vec![Value { line: number, text: String::new() }];
                    open = Some(Tag { name: String::new(), line: number, values, closed: false });
                }
                (None, ';') => {}
                (None, c) if !c.is_whitespace() && c != '\u{feff}' => {
                    if stray.last() != Some(&number) && stray.len() < MOST_STRAY {
                        stray.push(number);
                    }
                }
                (None, _) => {}
                (Some(tag), ';') => {
                    tag.closed = true;
                    tags.extend(open.take());
                }
                (Some(tag), ':') if tag.values.len() <= MOST_VALUES => {
                    tag.values.push(Value { line: number, text: String::new() });
                }
                (Some(tag), c) => {
                    if let Some(value) = tag.values.last_mut() {
                        let escaped = if c == '\\' { chars.next() } else { None };
                        value.text.push(escaped.unwrap_or(c));
                    }
                }
            }
        }
    }
    tags.extend(open);
    for tag in &mut tags {
        // the first value is the name
        tag.name = tag.values.remove(0).text.trim().to_ascii_uppercase();
    }
    Ok((tags, stray))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_keep_their_lines() {
        let text = "\n#TITLE:a\\:b\\;c; // said\n#NOTES:x::\n1000\n0000 // a ; in a comment\n,\n0001\n;\n#OFFSET:0.1\n#BPMS:0=1";
        let (tags, stray) = tags(text).expect("few");
        assert!(stray.is_empty());
        assert_eq!(
            tags.iter().map(|tag| (tag.name.as_str(), tag.line, tag.closed)).collect::<Vec<_>>(),
            [("TITLE", 2, true), ("NOTES", 3, true), ("OFFSET", 9, false), ("BPMS", 10, false)]
        );
        assert_eq!(tags[0].values[0].text, "a:b;c");
        let notes: Vec<_> = tags[1].values[2].lines().filter(|(_, line)| !line.trim().is_empty()).collect();
        assert_eq!(notes, [(4, "1000"), (5, "0000 "), (6, ","), (7, "0001")]);
    }

    #[test]
    fn what_belongs_to_no_tag_is_named() {
        assert_eq!(tags("hello\n#A:1;x y\n;").expect("few").1, [1, 2]);
        assert_eq!(tags("").expect("few").0, []);
        assert_eq!(tags("#").expect("few").0.len(), 1);
    }
}
