//! The reference of the level schema, read off the sources of the kinds: every field with its meaning, type, range and
//! default, and every knob. `cargo run -p doozy-training --example levels_reference > docs/levels-reference.md`; a test
//! keeps that page current.
//!
//! What it reads is the code that reads levels (doc comments, serde's attributes, the ranges that the checks name), so it
//! cannot say other than they do. It counts on rustfmt's layout of these files.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

/// A field of a struct, or a variant of an enumeration.
#[derive(Debug, Default)]
struct Part {
    name: String,
    kind: String,
    meaning: String,
    /// None where it has to be given.
    default: Option<String>,
}

/// A struct or enumeration with its parts.
#[derive(Debug, Default)]
struct Shape {
    name: String,
    meaning: String,
    parts: Vec<Part>,
}

/// What a source file says.
#[derive(Debug, Default)]
struct Source {
    /// The first paragraph of its head, then the others.
    head: Vec<String>,
    shapes: Vec<Shape>,
    /// Ranges by the field's path in a level, with their unit: from the checks.
    ranges: BTreeMap<String, String>,
    /// Knobs: their name, meaning, and what is said of their dial.
    knobs: Vec<(String, String, String)>,
}

fn main() {
    print!("{}", page());
}

/// The page, whole.
pub fn page() -> String {
    let level = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/level");
    let read = |name: &str| {
        let path = level.join(name);
        parse(&fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
    };
    let mut page = String::from(
        "# Reference of the level schema\n\nWritten by `cargo run -p doozy-training --example levels_reference`, from the \
         code that reads levels; a test keeps it current. [levels.md](levels.md) explains it, \
         [levels/README.md](../levels/README.md) has a level to copy. Ranges include their ends; what has a default may be \
         left out. A knob is written `Name(to: …, steps: …)` unless it is shown otherwise, with 1 … 50 steps. `doozy validate` tells what else does not fit together.\n",
    );
    let head = read("parse.rs");
    let sheet = head.shapes.iter().find(|shape| shape.name == "Sheet").expect("the level itself");
    section(&mut page, "The level", "", sheet, &head);
    let surprise = read("surprise.rs");
    for name in ["Surprises", "Surprise"] {
        let shape = surprise.shapes.iter().find(|shape| shape.name == name).expect("surprises");
        section(&mut page, &format!("`{name}`"), "", shape, &surprise);
    }
    for (kind, file) in kinds(&level) {
        let source = read(&format!("drill/{file}.rs"));
        let shape = source.shapes.iter().find(|shape| shape.name == kind).unwrap_or_else(|| panic!("{kind} in {file}"));
        section(&mut page, &format!("`drill: {kind}(…)`"), &source.head.join("\n\n"), shape, &source);
        for other in source.shapes.iter().filter(|other| !["Knob", kind.as_str()].contains(&other.name.as_str())) {
            section_of(&mut page, 3, &format!("`{}`", other.name), "", other, &source);
        }
        if !source.knobs.is_empty() {
            page.push_str("\n| knob | meaning | leads to |\n| --- | --- | --- |\n");
            for (name, meaning, dial) in &source.knobs {
                let _ = writeln!(page, "| `{name}` | {meaning} | {dial} |");
            }
        }
    }
    page
}

fn section(page: &mut String, title: &str, before: &str, shape: &Shape, source: &Source) {
    section_of(page, 2, title, before, shape, source);
}

fn section_of(page: &mut String, depth: usize, title: &str, before: &str, shape: &Shape, source: &Source) {
    let _ = writeln!(page, "\n{} {title}\n", "#".repeat(depth));
    let said = if before.is_empty() { &shape.meaning } else { before };
    let _ = writeln!(page, "{said}\n\n| field | type | range | default | meaning |\n| --- | --- | --- | --- | --- |");
    for part in &shape.parts {
        let range = source.ranges.get(&part.name).map_or("", String::as_str);
        let default = part.default.as_deref().unwrap_or("must be given");
        let kind = if part.kind.is_empty() { String::new() } else { format!("`{}`", part.kind) };
        let _ = writeln!(page, "| `{}` | {kind} | {range} | {default} | {} |", part.name, part.meaning);
    }
}

/// The kinds in the order of their list, with their files.
fn kinds(level: &Path) -> Vec<(String, String)> {
    let list = fs::read_to_string(level.join("drill/mod.rs")).expect("the list of kinds");
    let uses =
        list.split("pub use self::{").nth(1).and_then(|rest| rest.split("};").next()).expect("what it re-exports");
    let flat: String = uses.split_whitespace().collect();
    let files: BTreeMap<&str, &str> =
        flat.split(',').filter_map(|one| one.split_once("::")).map(|(a, b)| (b, a)).collect();
    let names = list.split("\nkinds!(").nth(1).and_then(|rest| rest.split(");").next()).expect("the list");
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| (name.to_owned(), files.get(name).unwrap_or_else(|| panic!("{name}")).to_string())).collect()
}

fn parse(text: &str) -> Source {
    let mut source = Source { head: head(text), ..Source::default() };
    let text = text.split("\n#[cfg(test)]").next().unwrap_or(text);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (consts, defaults) = (consts(&flat), defaults(&flat));
    let mut doc = String::new();
    let mut default: Option<String> = None;
    let mut within: Option<(Shape, bool)> = None;
    let mut in_knobs = false;
    for line in text.lines() {
        let code = line.trim();
        if let Some(said) = code.strip_prefix("///") {
            if !doc.is_empty() {
                doc.push(' ');
            }
            doc.push_str(said.trim());
            continue;
        }
        if let Some(attribute) = code.strip_prefix("#[serde(") {
            default = default_of(attribute, &defaults).or(default);
            continue;
        }
        if code.starts_with("#[") {
            continue;
        }
        if code.starts_with("knobs! {") {
            in_knobs = true;
        } else if in_knobs && code.starts_with('}') {
            in_knobs = false;
        } else if in_knobs && let Some((name, _)) = code.split_once('(').filter(|_| code.contains("=>")) {
            source.knobs.push((name.to_owned(), doc.clone(), dial(&flat, name, &consts)));
        } else if let Some((shape, is_enum)) = &mut within {
            if line == "}" {
                source.shapes.extend(within.take().map(|(shape, _)| shape));
            } else if let Some(part) = part(code, *is_enum, &doc, default.take()) {
                shape.parts.push(part);
            }
        } else {
            let named = |prefix: &str| code.strip_prefix(prefix).map(|rest| rest.trim_end_matches(" {").to_owned());
            let found = named("pub struct ").or_else(|| named("pub(super) struct ")).map(|name| (name, false));
            if let Some((name, is_enum)) = found.or_else(|| named("pub enum ").map(|name| (name, true)))
                && code.ends_with('{')
                && !["Fault", "LevelError"].contains(&name.as_str())
            {
                within = Some((Shape { name, meaning: doc.clone(), parts: Vec::new() }, is_enum));
            }
        }
        (doc, default) = (String::new(), None);
    }
    source.ranges = ranges(&flat, &consts);
    let written = source.shapes.iter().find(|shape| shape.name == "Knob").map(|shape| &shape.parts);
    for part in written.into_iter().flatten() {
        let dial = dial(&flat, &part.name, &consts);
        let written = match part.kind.as_str() {
            "(To)" => part.name.clone(),
            kind if kind.starts_with('{') => format!("{}(to_ms, steps)", part.name),
            kind => format!("{}{kind}", part.name),
        };
        let dial = match (dial.is_empty(), part.kind.starts_with('{')) {
            (true, true) => "the field's range, in so many steps".to_owned(),
            (true, false) => "one step".to_owned(),
            _ => dial,
        };
        source.knobs.push((written, part.meaning.clone(), dial));
    }
    source
}

/// The head of a file: its paragraphs of `//!`.
fn head(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    lines.split(|line| line.is_empty()).map(|paragraph| paragraph.join(" ")).collect()
}

/// `const NAME: (…, …) = (low, high);` and single numbers, by name.
fn consts(flat: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for piece in flat.split("const ").skip(1) {
        if let Some((name, rest)) = piece.split_once(": ")
            && let Some((_, value)) = rest.split_once(" = ")
            && let Some((value, _)) = value.split_once(';')
        {
            found.insert(name.to_owned(), value.to_owned());
        }
    }
    found
}

/// `fn name() -> T { value }`, by name.
fn defaults(flat: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for piece in flat.split("fn ").skip(1) {
        if let Some((name, rest)) = piece.split_once("() -> ")
            && let Some((_, rest)) = rest.split_once(" { ")
            && let Some((value, _)) = rest.split_once(" }")
        {
            found.insert(name.to_owned(), number(value));
        }
    }
    found
}

/// A value as a level writes it.
fn number(value: &str) -> String {
    let plain = value.trim().replace('_', "");
    let is_whole = plain.strip_suffix(".0").is_some_and(|whole| whole.parse::<i64>().is_ok());
    if is_whole { plain.trim_end_matches(".0").to_owned() } else { plain.replace(".0)", ")").replace(".0,", ",") }
}

fn default_of(attribute: &str, defaults: &BTreeMap<String, String>) -> Option<String> {
    let skips = attribute.contains("Option::is_none");
    if let Some(name) = attribute.split("default = \"").nth(1).and_then(|rest| rest.split('"').next()) {
        return Some(format!("`{}`", defaults.get(name).unwrap_or_else(|| panic!("no fn {name}"))));
    }
    let bare = attribute.split([',', ')']).any(|word| word.trim() == "default");
    bare.then(|| if skips { "none".to_owned() } else { String::new() })
}

fn part(code: &str, is_enum: bool, doc: &str, default: Option<String>) -> Option<Part> {
    if is_enum {
        let name: String = code.chars().take_while(|c| c.is_alphanumeric()).collect();
        let kind = code[name.len()..].trim_end_matches(',').trim().to_owned();
        let opens = name.chars().next().is_some_and(char::is_uppercase);
        return opens.then(|| Part { name, kind, meaning: doc.to_owned(), default: Some(String::new()) });
    }
    let (name, kind) = code.trim_start_matches("pub ").trim_end_matches(',').split_once(": ")?;
    let kind =
        kind.replace("Option<", "").replace("Vec<", "[").replace('>', if kind.contains("Vec<") { "]" } else { "" });
    // what serde gives by itself
    let default = default.map(|said| match (said.as_str(), kind.as_str()) {
        ("", "f64" | "u32" | "i64") => "`0`".to_owned(),
        ("", "bool") => "`false`".to_owned(),
        ("", "String") => "empty".to_owned(),
        ("", kind) if kind.starts_with('[') => "none".to_owned(),
        ("", "Sound") => "`Full`".to_owned(),
        (said, _) => said.to_owned(),
    });
    Some(Part { name: name.to_owned(), kind, meaning: doc.to_owned(), default })
}

/// A range as people read it: `NAME` of a const, or `(low, high)`.
fn range(said: &str, consts: &BTreeMap<String, String>) -> Option<String> {
    let said = consts.get(said.trim()).map_or(said.trim(), String::as_str);
    let (low, high) = said.strip_prefix('(')?.strip_suffix(')')?.split_once(", ")?;
    let bound = |bound: &str| {
        let bound = bound.rsplit("::").next().unwrap_or(bound);
        number(consts.get(bound).map_or(bound, String::as_str))
    };
    let (low, high) = (bound(low), bound(high));
    let known = |bound: &str| bound.parse::<f64>().is_ok();
    (known(&low) && known(&high)).then(|| format!("{low} … {high}"))
}

/// The arguments of a call that begins right after its bracket.
fn arguments(after: &str) -> Vec<String> {
    let (mut depth, mut quoted) = (0, false);
    let mut found = vec![String::new()];
    for c in after.chars() {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth == 0 => break,
            ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                found.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = found.last_mut() {
            last.push(c);
        }
    }
    found.iter().map(|argument| argument.trim().to_owned()).filter(|argument| !argument.is_empty()).collect()
}

/// `complaints.within("drill.field", value, RANGE, "unit")` and `.count(…)`, by field.
fn ranges(flat: &str, consts: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let flat = flat.replace("complaints .", "complaints.");
    let mut found = BTreeMap::new();
    for call in ["complaints.within(", "complaints.count("] {
        for piece in flat.split(call).skip(1) {
            let arguments = arguments(piece);
            let [field, _, said, unit] = arguments.as_slice() else { continue };
            let Some(field) = field.strip_prefix('"').and_then(|field| field.strip_suffix('"')) else { continue };
            if let Some(range) = range(said, consts) {
                let field = field.rsplit('.').next().unwrap_or(field);
                found.entry(field.to_owned()).or_insert(format!("{range} {}", unit.trim_matches('"')));
            }
        }
    }
    found
}

/// What is said of a knob's dial: its range, unit and which way is harder.
fn dial(flat: &str, name: &str, consts: &BTreeMap<String, String>) -> String {
    let after = [format!("{name}(drill) => "), format!("Self::{name}(to) => Some((")]
        .iter()
        .find_map(|begins| flat.split(begins.as_str()).nth(1).map(str::to_owned));
    let Some(after) = after.filter(|after| after.starts_with("Dial::")) else { return String::new() };
    let arguments = arguments(after.split_once('(').map_or("", |(_, rest)| rest));
    let [_, said, unit, harder] = arguments.as_slice() else { return String::new() };
    let range = range(said, consts).unwrap_or_else(|| "a place".to_owned());
    let way = match harder.as_str() {
        "Harder::Less" => "less is harder",
        "Harder::More" => "more is harder",
        _ => "either way",
    };
    format!("{range} {}, {way}", unit.trim_matches('"'))
}
