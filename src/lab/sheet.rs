//! The sheet: findings laid out for readers, an experiment a section, and last the table of all.

use std::path::Path;

use doozy_cerebellum::experiments::Standing;

use super::findings::{Drawn, Findings, Found, Measured, Summary, Verdict};
use crate::{
    paths::{self, PathError},
    report::{
        Block, Cell, Document, Table, Tone,
        figures::{Figure, Line, Point},
    },
};

/// Where a figure lies below the lab's folder.
#[must_use]
pub fn figure_path(findings: &Findings, found: &Found, drawn: &Drawn) -> String {
    format!("figures/{}.svg", figure_name(findings, found, drawn))
}

fn figure_name(findings: &Findings, found: &Found, drawn: &Drawn) -> String {
    let name = format!("{}-{}-{}", findings.name, found.id, drawn.key).to_lowercase();
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect()
}

/// Seeds from which on a ribbon is drawn ◇: Student's interval over fewer is so wide that it hides the lines it belongs to.
const RIBBON_SEEDS: u64 = 5;

/// A figure as SVG; empty where there is nothing to draw.
#[must_use]
pub fn svg(findings: &Findings, found: &Found, drawn: &Drawn) -> String {
    let known = |half: &Option<f64>| half.filter(|_| findings.seeds >= RIBBON_SEEDS).unwrap_or(f64::NAN);
    let lines = drawn
        .lines
        .iter()
        .map(|line| Line {
            name: line.name.clone(),
            points: line
                .x
                .iter()
                .zip(&line.mean)
                .zip(&line.half)
                .map(|((x, y), half)| Point { x: *x, y: y.unwrap_or(f64::NAN), half: known(half) })
                .collect(),
        })
        .collect();
    let title = format!("{}: {}", found.id, drawn.title);
    Figure { title, x: drawn.x.clone(), y: drawn.y.clone(), lines }.svg(&figure_name(findings, found, drawn))
}

/// Everything, for Markdown and for a page.
#[must_use]
pub fn document(findings: &Findings) -> Document {
    let mut document = Document {
        title: format!("The cerebellar model in experiments, preset {}", findings.name),
        blocks: Vec::new(),
    };
    document.paragraph(conditions(findings));
    document.paragraph(
        "A band holds if the whole 95 % interval over seeds (Student) lies in it. Calibrated: weights of the model were \
         scaled until it held, so it is no evidence. Predicted: nothing was tuned to it. No band was moved to fit the model.",
    );
    for found in &findings.experiments {
        section(&mut document, findings, found);
    }
    document.heading(2, "Summary");
    document.blocks.push(Block::Table(summary(findings)));
    document.paragraph(count(findings.summary));
    document
}

/// What was run, in a sentence.
#[must_use]
pub fn conditions(findings: &Findings) -> String {
    let Findings { model, preset, parameters, effort, first_seed, seeds, .. } = findings;
    let last = first_seed + seeds.saturating_sub(1);
    let brief = if effort == "brief" {
        " Brief: as little of each protocol as still shows directions; bands are meant for the full one."
    } else {
        ""
    };
    format!(
        "Preset {preset} (parameters {parameters}, model version {model}), seeds {first_seed} to {last}, effort {effort}.{brief}"
    )
}

/// `k of n bands hold; of the p predicted ones q hold`.
#[must_use]
pub fn count(summary: Summary) -> String {
    let Summary { bands, hold, predicted, predicted_hold } = summary;
    format!("{hold} of {bands} bands hold; of the {predicted} predicted ones {predicted_hold} hold.")
}

/// The table of all: a row a measure, the experiment's seconds in its first row.
#[must_use]
pub fn summary(findings: &Findings) -> Table {
    let mut table = Table::new(
        &["experiment", "measure", "measured (95 % CI)", "band", "standing", "verdict", "seconds"],
        &["seconds"],
    );
    for found in &findings.experiments {
        for (k, measured) in found.measures.iter().enumerate() {
            let first = k == 0;
            table.row(vec![
                if first { found.id.as_str() } else { "" }.into(),
                measured.what.as_str().into(),
                value(measured, findings.seeds).into(),
                band(measured).into(),
                standing(measured).into(),
                verdict(measured),
                if first { format!("{:.1}", found.seconds) } else { String::new() }.into(),
            ]);
        }
    }
    table
}

fn section(document: &mut Document, findings: &Findings, found: &Found) {
    document.heading(2, format!("{}: {}", found.id, found.title));
    document.paragraph(format!("Protocol: {}", found.protocol));
    document.paragraph(format!("Source: {}", found.source));
    let mut table = Table::new(&["measure", "measured (95 % CI)", "unit", "band", "standing", "verdict", "note"], &[]);
    for measured in &found.measures {
        table.row(vec![
            measured.what.as_str().into(),
            value(measured, findings.seeds).into(),
            measured.unit.as_str().into(),
            band(measured).into(),
            standing(measured).into(),
            verdict(measured),
            measured.note.as_str().into(),
        ]);
    }
    document.blocks.push(Block::Table(table));
    for drawn in &found.figures {
        let svg = svg(findings, found, drawn);
        if svg.is_empty() {
            document.paragraph(format!("Figure “{}”: no seed gave a point.", drawn.title));
        } else {
            let interval = match findings.seeds {
                1 => "one seed",
                seeds if seeds < RIBBON_SEEDS => "line: mean over seeds",
                _ => "line: mean over seeds; ribbon: its 95 % interval",
            };
            document.blocks.push(Block::Figure {
                svg,
                path: figure_path(findings, found, drawn),
                caption: format!("{} ({interval})", drawn.title),
            });
        }
    }
    document.paragraph(format!("{:.1} s of one core for {} seeds.", found.seconds, found.seeds));
}

/// `0.553 ± 0.017`, with as many digits as the interval deserves.
fn value(measured: &Measured, seeds: u64) -> String {
    let Some(mean) = measured.mean else { return "not measured".into() };
    let some = if measured.seeds < seeds { format!(" ({} of {seeds} seeds)", measured.seeds) } else { String::new() };
    match measured.half {
        Some(half) => {
            let digits = digits(mean, half);
            format!("{mean:.digits$} ± {half:.digits$}{some}")
        }
        None => format!("{mean:.*}{some}", digits(mean, 0.0)),
    }
}

/// Decimals that show two digits of the interval, or four of the mean where the interval is nothing.
fn digits(mean: f64, half: f64) -> usize {
    let (of, wanted) = if half > 0.0 { (half, 1) } else { (mean.abs(), 3) };
    if of == 0.0 {
        return 1;
    }
    let decade = of.log10().floor().clamp(-9.0, 9.0);
    usize::try_from(wanted - decade as i64).unwrap_or(0).min(6)
}

fn band(measured: &Measured) -> String {
    // No more digits than were set.
    let number = |x: f64| x.to_string().replace('-', "−");
    match measured.band {
        None | Some((None, None)) => String::new(),
        Some((Some(low), Some(high))) => format!("{} … {}", number(low), number(high)),
        Some((Some(low), None)) => format!("≥ {}", number(low)),
        Some((None, Some(high))) => format!("≤ {}", number(high)),
    }
}

fn standing(measured: &Measured) -> &'static str {
    match (measured.band, measured.standing) {
        (None, _) => "",
        (_, Standing::Calibrated) => "calibrated",
        (_, Standing::Predicted) => "predicted",
    }
}

fn verdict(measured: &Measured) -> Cell {
    let (text, tone) = match measured.verdict {
        Verdict::Holds => ("holds", Tone::Good),
        Verdict::FallsShort => ("falls short", Tone::Bad),
        Verdict::Undecided => ("undecided", Tone::Plain),
        Verdict::NoBand => ("", Tone::Plain),
    };
    Cell { text: text.to_owned(), tone }
}

/// Writes `NAME.md`, `NAME.json`, `NAME.html` and the figures into the lab's folder; returns the first three's names.
///
/// # Errors
/// Where the folder cannot be written.
pub fn write(findings: &Findings, lab: &Path) -> Result<[std::path::PathBuf; 3], PathError> {
    let document = document(findings);
    for (path, svg) in document.figures() {
        paths::write_whole(&lab.join(path), svg.as_bytes())?;
    }
    let json = serde_json::to_string_pretty(findings)
        .map_err(|error| PathError::Io { path: lab.to_path_buf(), source: std::io::Error::other(error) })?;
    let at = |ending: &str| lab.join(format!("{}.{ending}", findings.name));
    let files = [at("md"), at("json"), at("html")];
    for (file, text) in files.iter().zip([document.markdown(), json, document.html()]) {
        paths::write_whole(file, text.as_bytes())?;
    }
    Ok(files)
}
