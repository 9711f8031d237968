//! The reference of all parameters: what each is, its unit and range, and its value in each preset.

use doozy_cerebellum::{Parameters, Preset, parameters::Entry};

use crate::report::{Block, Document, Table};

/// The parameters of one preset as a table.
#[must_use]
pub fn table(preset: Preset) -> Table {
    let mut table = Table::new(&["field", "value", "unit", "range", "meaning"], &["value"]);
    for entry in Parameters::of(preset).entries() {
        let range = range(&entry);
        table.row(vec![entry.field.into(), entry.shown.into(), entry.unit.into(), range.into(), entry.meaning.into()]);
    }
    table
}

/// All of them, for docs/science/parameters.md.
#[must_use]
pub fn document() -> Document {
    let mut document = Document { title: "Parameters of the cerebellar model".into(), blocks: Vec::new() };
    document.paragraph(
        "Written by `doozy lab parameters --markdown`; a test keeps it current. A parameter file names a preset and what it \
         changes, and is given to `doozy lab run … --parameters FILE.toml`, which checks it first:",
    );
    document.paragraph("```toml\npreset = \"small\"\n\n[mli1]\nbias = 50.0\n```");
    document.paragraph(
        "The values are those of the presets small, standard, large and xl, one where all four are the same.",
    );
    let presets = [Preset::Small, Preset::Standard, Preset::Large, Preset::Xl];
    let of: Vec<Vec<Entry>> = presets.iter().map(|preset| Parameters::of(*preset).entries()).collect();
    let mut section = "";
    let mut table = Table::default();
    for (k, entry) in of[0].iter().enumerate() {
        let (home, field) = entry.field.split_once('.').unwrap_or(("", &entry.field));
        if home != section {
            if !table.rows.is_empty() {
                document.blocks.push(Block::Table(std::mem::take(&mut table)));
            }
            section = home;
            document.heading(2, format!("[{home}]"));
            table = Table::new(&["field", "value", "unit", "range", "meaning"], &["value"]);
        }
        let mut values: Vec<&str> = of.iter().map(|entries| entries[k].shown.as_str()).collect();
        if values.iter().all(|value| *value == values[0]) {
            values.truncate(1);
        }
        table.row(vec![
            format!("`{field}`").into(),
            values.join(", ").into(),
            entry.unit.into(),
            range(entry).into(),
            entry.meaning.into(),
        ]);
    }
    document.blocks.push(Block::Table(table));
    document
}

fn range(entry: &Entry) -> String {
    entry.range.map_or_else(String::new, |(low, high)| format!("{low} … {high}").replace('-', "−"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_the_docs_is_current() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/science/parameters.md");
        let kept = std::fs::read_to_string(page).expect("the page is part of the repository");
        let command = "doozy lab parameters --markdown > docs/science/parameters.md";
        assert_eq!(kept.trim_end(), document().markdown().trim_end(), "write it anew with: {command}");
    }
}
