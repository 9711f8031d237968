//! Parameter files: TOML that changes some of a preset's parameters.
//!
//! ```toml
//! preset = "small"
//!
//! [mli1]
//! bias = 50.0
//! ```
//!
//! Whatever is not a section, a field or a value of the model is refused with its place, and with what would be right.

use std::{collections::BTreeMap, fmt, ops::Range, path::Path};

use doozy_cerebellum::{
    Parameters, Preset,
    parameters::{Entry, Fault},
};
use toml::{
    Spanned, Table, Value,
    de::{DeTable, DeValue},
};

use super::{memory, nearest};

/// The name of the one word that stands before all sections.
const PRESET: &str = "preset";

/// What is wrong with a parameter file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Line and column, from 1.
    pub place: Option<(usize, usize)>,
    pub message: String,
}

/// A parameter file that is not valid: everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refused {
    pub path: String,
    pub troubles: Vec<Trouble>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, trouble) in self.troubles.iter().enumerate() {
            let end = if k == 0 { "" } else { "\n" };
            match trouble.place {
                Some((line, column)) => write!(f, "{end}{}:{line}:{column}: {}", self.path, trouble.message)?,
                None => write!(f, "{end}{}: {}", self.path, trouble.message)?,
            }
        }
        Ok(())
    }
}

/// Why a parameter file cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("{path}: {source}")]
    Read { path: String, source: std::io::Error },
}

/// A parameter file as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlay {
    pub parameters: Parameters,
    /// Whether the file names its preset.
    pub names_preset: bool,
}

/// Reads a parameter file; `preset` is what it lies over where it names none.
///
/// # Errors
/// Where it cannot be read, is not valid, or one circuit of it has no room in this machine's memory.
pub fn read(path: &Path, preset: Preset) -> Result<Overlay, OverlayError> {
    let shown = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|source| OverlayError::Read { path: shown.clone(), source })?;
    let text = String::from_utf8(bytes).map_err(|_| Refused {
        path: shown.clone(),
        troubles: vec![Trouble { place: None, message: "the file is not text in UTF-8".into() }],
    })?;
    let overlay = parse(&shown, &text, preset)?;
    if let Err(fault) = memory::check(&overlay.parameters, 1) {
        return Err(Refused { path: shown, troubles: vec![Trouble { place: None, message: fault.to_string() }] }.into());
    }
    Ok(overlay)
}

/// Lays `text` over the parameters of its preset, or of `preset` where it names none.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(path: &str, text: &str, preset: Preset) -> Result<Overlay, Refused> {
    let refused = |troubles| Refused { path: path.to_owned(), troubles };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let broken = |error: toml::de::Error| {
        let message = error.message().to_owned();
        refused(vec![Trouble { place: error.span().map(|span| place(text, span.start)), message }])
    };
    let laid = DeTable::parse(text).map_err(broken)?;
    let values: Table = toml::from_str(text).map_err(broken)?;

    let mut sheet = Sheet { text, troubles: Vec::new(), places: BTreeMap::new() };
    let named = laid.get_ref().get_key_value(PRESET).map(|(_, value)| sheet.preset(value));
    let preset = named.flatten().unwrap_or(preset);
    let base = Parameters::of(preset);
    let mut parameters = base.clone();
    let entries = base.entries();
    for (section, content) in laid.get_ref().iter().filter(|(name, _)| name.get_ref() != PRESET) {
        sheet.section(section, content, &values, &entries, &mut parameters);
    }
    for fault in parameters.check().err().unwrap_or_default() {
        sheet.fault(&fault);
    }
    if sheet.troubles.is_empty() {
        Ok(Overlay { parameters, names_preset: named.is_some() })
    } else {
        sheet.troubles.sort_by_key(|trouble| trouble.place);
        Err(refused(sheet.troubles))
    }
}

/// A file while it is read.
struct Sheet<'a> {
    text: &'a str,
    troubles: Vec<Trouble>,
    /// Where each field's value stands.
    places: BTreeMap<String, Range<usize>>,
}

impl Sheet<'_> {
    fn trouble(&mut self, at: &Range<usize>, message: String) {
        self.troubles.push(Trouble { place: Some(place(self.text, at.start)), message });
    }

    fn preset(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Preset> {
        let names = || Preset::ALL.iter().map(|preset| preset.name());
        let known = names().collect::<Vec<_>>().join(", ");
        let DeValue::String(name) = value.get_ref() else {
            self.trouble(&value.span(), format!("{PRESET} is not a word: it must be one of {known}"));
            return None;
        };
        let found = Preset::named(name);
        if found.is_none() {
            let meant = meant(name, names());
            self.trouble(&value.span(), format!("{PRESET} is \"{name}\": it must be one of {known}{meant}"));
        }
        found
    }

    /// Lays one section's fields over `parameters`.
    fn section(
        &mut self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        content: &Spanned<DeValue<'_>>,
        values: &Table,
        entries: &[Entry],
        parameters: &mut Parameters,
    ) {
        let section: &str = name.get_ref();
        let split = |entry: &Entry| entry.field.split_once('.').map(|(s, f)| (s.to_owned(), f.to_owned()));
        let all: Vec<(String, String)> = entries.iter().filter_map(split).collect();
        let mut sections: Vec<&str> = all.iter().map(|(section, _)| section.as_str()).collect();
        sections.dedup();
        if !sections.contains(&section) {
            let fields = all.iter().find(|(_, field)| field == section);
            let meant = match fields {
                Some((home, field)) => format!("; {field} belongs under [{home}]"),
                None => meant(section, sections.iter().copied()),
            };
            self.trouble(
                &name.span(),
                format!("there is no section [{section}]{meant} (known: {})", sections.join(", ")),
            );
            return;
        }
        let DeValue::Table(fields) = content.get_ref() else {
            self.trouble(&content.span(), format!("{section} is a section: write [{section}] and its fields below it"));
            return;
        };
        let known: Vec<&str> = all.iter().filter(|(s, _)| s == section).map(|(_, field)| field.as_str()).collect();
        for (key, value) in fields {
            let field: &str = key.get_ref();
            let path = format!("{section}.{field}");
            if !known.contains(&field) {
                let meant = meant(field, known.iter().copied());
                self.trouble(
                    &key.span(),
                    format!("[{section}] has no field {field}{meant} (known: {})", known.join(", ")),
                );
                continue;
            }
            let Some(new) = values.get(section).and_then(|section| section.get(field)) else { continue };
            match changed(parameters, section, field, new) {
                Ok(with) => {
                    *parameters = with;
                    self.places.insert(path, value.span());
                }
                Err(why) => {
                    let entry = entries.iter().find(|entry| entry.field == path);
                    self.trouble(&value.span(), format!("{path} is {new}: {}", wanted(entry, &why)));
                }
            }
        }
    }

    fn fault(&mut self, fault: &Fault) {
        // A fault of the whole names the fields that it comes of.
        let of_it = |field: &&String| fault.field == **field || fault.field.contains(&format!("{field} "));
        let place = self.places.iter().find(|(field, _)| of_it(field)).map(|(_, span)| place(self.text, span.start));
        self.troubles.push(Trouble { place, message: fault.to_string() });
    }
}

/// The parameters with one field set.
fn changed(parameters: &Parameters, section: &str, field: &str, value: &Value) -> Result<Parameters, String> {
    let mut table = Table::try_from(parameters).map_err(|error| error.to_string())?;
    let slot = table.get_mut(section).and_then(|section| section.get_mut(field)).ok_or("it is not written")?;
    // A whole number is as good as one with a point.
    let value = match (&slot, value) {
        (Value::Float(_), Value::Integer(whole)) => Value::Float(*whole as f64),
        _ => value.clone(),
    };
    *slot = value;
    table.try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

/// What a field would take.
fn wanted(entry: Option<&Entry>, why: &str) -> String {
    match entry.and_then(|entry| Some((entry, entry.range?))) {
        Some((entry, (low, high))) => {
            let unit = if entry.unit.is_empty() { String::new() } else { format!(" {}", entry.unit) };
            format!("it must be a number, {low} … {high}{unit} ({why})")
        }
        None => why.to_owned(),
    }
}

fn meant<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> String {
    nearest(name, words).map(|word| format!("; did you mean {word}?")).unwrap_or_default()
}

/// Line and column of a byte, from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn troubles(text: &str) -> Vec<String> {
        let refused = parse("p.toml", text, Preset::Small).expect_err(text);
        refused.to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let overlay = parse("p.toml", "preset = \"standard\"\n[mli1]\nbias = 50\n", Preset::Small).expect("valid");
        let mut wanted = Parameters::of(Preset::Standard);
        wanted.mli1.bias = 50.0;
        assert_eq!(overlay, Overlay { parameters: wanted, names_preset: true });
        let overlay = parse("p.toml", "", Preset::Large).expect("valid");
        assert_eq!(overlay, Overlay { parameters: Parameters::of(Preset::Large), names_preset: false });
        let olive = parse("p.toml", "[olive]\nmapping = \"declining\"\n", Preset::Small).expect("valid");
        assert_eq!(olive.parameters.olive.mapping, doozy_cerebellum::olive::Mapping::Declining);
    }

    #[test]
    fn every_parameter_can_be_set_to_what_it_is() {
        for preset in Preset::ALL {
            let parameters = Parameters::of(preset);
            let text = toml::to_string(&parameters).expect("parameters are a table");
            assert_eq!(parse("p.toml", &text, Preset::Small).expect("valid").parameters, parameters);
        }
    }

    #[test]
    fn what_the_model_does_not_know_is_named_with_the_nearest_it_knows() {
        let said = troubles("[mli1]\nbais = 50.0\n");
        assert!(said[0].starts_with("p.toml:2:1: [mli1] has no field bais; did you mean bias? (known: "), "{said:?}");
        let said = troubles("\n[ml1]\nbias = 50.0\n");
        assert!(
            said[0].starts_with("p.toml:2:2: there is no section [ml1]; did you mean mli1? (known: cells, "),
            "{said:?}"
        );
        let said = troubles("preset = \"smal\"\n");
        assert_eq!(
            said,
            [
                "p.toml:1:10: preset is \"smal\": it must be one of small, standard, large, xl, yamazaki; did you mean small?"
            ]
        );
        let said = troubles("fibres = 32\n");
        assert!(
            said[0].starts_with("p.toml:1:1: there is no section [fibres]; fibres belongs under [cells]"),
            "{said:?}"
        );
        let said = troubles("[olive]\nmapping = \"rise\"\n");
        assert!(said[0].starts_with("p.toml:2:11: olive.mapping is \"rise\": "), "{said:?}");
        assert!(said[0].contains("rising") && said[0].contains("timing_only"), "{said:?}");
    }

    #[test]
    fn values_that_cannot_be_are_refused_with_line_field_value_and_range() {
        let text =
            "[cells]\ngranule = 0\n[mli1]\ncapacitance = nan\n[wiring]\ncf_conductance = -0.5\nmli_conductance = inf\n";
        assert_eq!(
            troubles(text),
            [
                "p.toml:2:11: cells.granule is 0: it must be 64 … 4194304",
                "p.toml:4:15: mli1.capacitance is NaN: it must be 1 … 1000 pF",
                "p.toml:6:18: wiring.cf_conductance is -0.5: it must be 0 … 100 nS",
                "p.toml:7:19: wiring.mli_conductance is inf: it must be 0 … 100 nS",
            ]
        );
        assert!(troubles("[cells]\nfibres = 32.5\n")[0].starts_with("p.toml:2:10: cells.fibres is 32.5: it must be"));
        assert!(troubles("[cells]\nfibres = -32\n")[0].starts_with("p.toml:2:10: cells.fibres is -32: it must be"));
        assert!(troubles("[mli1]\nbias = \"much\"\n")[0].starts_with("p.toml:2:8: mli1.bias is \"much\": it must be"));
        assert!(troubles("mli1 = 3\n")[0].contains("mli1 is a section"));
    }

    #[test]
    fn more_synapses_than_memory_are_refused_where_the_file_asks_for_them() {
        let said = troubles("[cells]\ngranule = 4_000_000\nfibres = 64\n[plasticity]\ncontacts = 64\n");
        assert!(said[0].starts_with("p.toml:2:11: memory for cells.granule × plasticity.contacts"), "{said:?}");
        assert!(said[0].contains("(4000000 × 64)") && said[0].ends_with("MiB, which is limits.memory"), "{said:?}");
    }

    #[test]
    fn what_is_no_toml_is_refused_with_its_place() {
        assert!(troubles("[mli1\nbias = 3\n")[0].starts_with("p.toml:1:6: "));
        assert!(troubles("[mli1]\nbias = 3\nbias = 4\n")[0].starts_with("p.toml:3:1: "));
    }
}
