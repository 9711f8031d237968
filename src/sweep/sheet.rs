//! A simulation laid out for readers: regrets, worst cases, learning curves, what is kept a day later, and what practice
//! felt like, each with a sentence that says what it shows.

use doozy_training::{contest::Drill, learner::Hypothesis};

use super::{
    plan::{Plan, Practice},
    regret::{Regrets, Standing},
    summary::{Cell, Estimate, Summary},
};
use crate::report::{
    Block, Cell as TableCell, Document, Table, Tone,
    figures::{Figure, Intervals, Line, Point, Row},
};

/// What a simulation of learners allows to be claimed, and what not (science/skill.md §5.4).
const CLAIMS: &str = "These are simulated learners. The tables allow sentences such as \"if learners follow rule L, policy P leaves so much less error a day later\", and \"policy P is never worse than so much, whatever the learner\". They do not allow: that people learn faster, that a window opened in anybody's brain, or that any of these rules is how people learn.";

/// Everything, for Markdown and for a page.
#[must_use]
pub fn document(summary: &Summary) -> Document {
    let plan = &summary.manifest.plan;
    let mut document = Document { title: plan.title.clone(), blocks: Vec::new() };
    document.paragraph(conditions(summary));
    document.paragraph(CLAIMS);
    let who: Vec<String> = plan.learners.iter().map(|learner| format!("{learner} {}", learner.name())).collect();
    document.paragraph(format!("Learners, by what they learn from: {}.", who.join("; ")));
    for (practice, regrets) in plan.schedules.iter().zip(&summary.regrets) {
        document.heading(2, format!("Schedule {}: {}", practice.name, told(practice)));
        worst_cases(&mut document, plan, regrets);
        matrix(&mut document, regrets);
        curves(&mut document, summary, practice);
        for drill in &plan.drills {
            kept(&mut document, summary, practice, *drill);
        }
        felt(&mut document, summary, practice);
    }
    document.heading(2, "Every cell");
    document.paragraph(
        "Means over people with their 95 % intervals. RMS: expected root mean square of the asynchrony, without feedback; to criterion: the event by which half of the people were within 1.5 goal SDs, and the share who ever were; in band: share of events at which the running success lay in 0.70 to 0.88; quit: share who would have left by an invented hazard.",
    );
    document.blocks.push(Block::Table(cells(summary)));
    document
}

/// What was run, in a sentence.
#[must_use]
pub fn conditions(summary: &Summary) -> String {
    let manifest = &summary.manifest;
    let plan = &manifest.plan;
    format!(
        "{} simulated people a cell, {} at the start (seeds {} to {}), the same people and the same luck under every policy; {} learners, {} policies, {} drills, {} schedules: {} runs. Intervals rest on {} blocks of {} seeds. Plan {}, doozy {}, rules {}, model {}, numbers {}.",
        plan.seeds,
        plan.profile,
        plan.first_seed,
        plan.first_seed + plan.seeds - 1,
        plan.learners.len(),
        plan.policies.len(),
        plan.drills.len(),
        plan.schedules.len(),
        plan.runs(),
        summary.blocks,
        summary.block,
        manifest.plan_hash,
        manifest.version,
        manifest.rule_version,
        manifest.model_version,
        manifest.numbers,
    )
}

fn told(practice: &Practice) -> String {
    let days = if practice.days == 1 { "1 day".to_owned() } else { format!("{} days", practice.days) };
    format!("{days} of {} events in blocks of {}", practice.events, practice.block)
}

/// The table of worst cases, as a terminal shows it too.
#[must_use]
pub fn worst(regrets: &Regrets) -> Table {
    let mut table = Table::new(
        &["policy", "worst-case regret, % of goal SD", "with", "mean regret, % of goal SD"],
        &["worst-case regret, % of goal SD", "mean regret, % of goal SD"],
    );
    let least = regrets.worst.iter().map(|worst| worst.regret.value).fold(f64::INFINITY, f64::min);
    let mut sorted: Vec<_> = regrets.worst.iter().collect();
    sorted.sort_by(|a, b| a.regret.value.total_cmp(&b.regret.value));
    for worst in sorted {
        let is_least = worst.regret.value <= least;
        let text = format!("{}{}", if is_least { "least: " } else { "" }, shown(&worst.regret, 1));
        table.row(vec![
            worst.policy.as_str().into(),
            TableCell { text, tone: if is_least { Tone::Good } else { Tone::Plain } },
            format!("{} in {}", worst.learner, worst.drill.id()).into(),
            shown(&worst.mean, 1).into(),
        ]);
    }
    table
}

/// Ours against every rival.
#[must_use]
pub fn differences(regrets: &Regrets) -> Table {
    let mut table = Table::new(
        &["ours", "rival", "difference in worst-case regret, % of goal SD", "says"],
        &["difference in worst-case regret, % of goal SD"],
    );
    for difference in &regrets.differences {
        let (says, tone) = match difference.verdict() {
            Standing::Below => ("safer than the rival", Tone::Good),
            Standing::Open => ("not told apart", Tone::Plain),
            Standing::Above => ("less safe than the rival", Tone::Bad),
        };
        table.row(vec![
            difference.ours.as_str().into(),
            difference.rival.as_str().into(),
            shown(&difference.difference, 1).into(),
            TableCell { text: says.into(), tone },
        ]);
    }
    table
}

fn worst_cases(document: &mut Document, plan: &Plan, regrets: &Regrets) {
    document.heading(3, "Worst cases");
    let mut sorted: Vec<_> = regrets.worst.iter().collect();
    sorted.sort_by(|a, b| a.regret.value.total_cmp(&b.regret.value));
    let Some((first, last)) = sorted.first().zip(sorted.last()) else { return };
    let rows =
        sorted.iter().map(|worst| row(&worst.policy, &worst.regret, plan.ours.contains(&worst.policy))).collect();
    let figure = Intervals {
        title: "Worst-case regret over learners and drills".into(),
        x: "regret, % of the goal SD".into(),
        rows,
        zero: true,
    };
    push(
        document,
        figure.svg(&format!("worst-{}", regrets.schedule)),
        format!("worst-{}", regrets.schedule),
        format!(
            "How much more error than under the best policy is left a day later with the learner that suits a policy least. The least is {}'s, {} % of the goal SD (with {} in {}); the most is {}'s, {} % (with {} in {}).{}",
            first.policy,
            shown(&first.regret, 1),
            first.learner,
            first.drill.id(),
            last.policy,
            shown(&last.regret, 1),
            last.learner,
            last.drill.id(),
            ours_marked(plan),
        ),
    );
    document.blocks.push(Block::Table(worst(regrets)));
    if regrets.differences.is_empty() {
        return;
    }
    document.heading(3, "Ours against each rival");
    for ours in &plan.ours {
        let mine: Vec<_> = regrets.differences.iter().filter(|difference| difference.ours == *ours).collect();
        let named = |standing: Standing| -> Vec<&str> {
            mine.iter().filter(|d| d.verdict() == standing).map(|d| d.rival.as_str()).collect()
        };
        if !mine.is_empty() {
            document.paragraph(format!(
                "{ours}: its worst case is smaller than that of {}; not told apart from that of {}; larger than that of {} (95 % intervals, the same people under both).",
                listed(&named(Standing::Below)),
                listed(&named(Standing::Open)),
                listed(&named(Standing::Above)),
            ));
        }
    }
    document.blocks.push(Block::Table(differences(regrets)));
}

fn matrix(document: &mut Document, regrets: &Regrets) {
    document.heading(3, "Regret matrix");
    document.paragraph(
        "Expected RMS asynchrony a day later, without feedback, above that of the row's best policy, in per cent of the drill's goal SD. 0.0 is the best of its row.",
    );
    let mut names = vec!["learner", "drill", "best, ms"];
    names.extend(regrets.policies.iter().map(String::as_str));
    let mut table = Table::new(&names, &names[2..]);
    for row in &regrets.rows {
        let most = row.regrets.iter().copied().fold(0.0, f64::max);
        let mut cells: Vec<TableCell> =
            vec![row.learner.id().into(), row.drill.id().into(), format!("{:.2}", row.best_ms).into()];
        cells.extend(row.regrets.iter().map(|regret| {
            // a tie has neither best nor worst
            let tone = match *regret {
                _ if most < 0.05 => Tone::Plain,
                r if r < 0.05 => Tone::Good,
                r if r >= most => Tone::Bad,
                _ => Tone::Plain,
            };
            TableCell { text: format!("{regret:.1}"), tone }
        }));
        table.row(cells);
    }
    document.blocks.push(Block::Table(table));
    if let Some(ties) = ties(regrets) {
        document.paragraph(ties);
    }
}

/// Whether the negative control ties, in a sentence.
fn ties(regrets: &Regrets) -> Option<String> {
    let apart = regrets.rows.iter().filter(|row| row.learner == Hypothesis::Repetition);
    let apart = apart.map(|row| row.regrets.iter().copied().fold(0.0, f64::max)).reduce(f64::max)?;
    Some(if apart < 1e-9 {
        "On L5, who learns by mere repetition, every policy ties to the last bit, as it must.".to_owned()
    } else {
        format!("On L5, who learns by mere repetition, policies lie up to {apart:.3} % apart; they should tie.")
    })
}

/// A figure of learning curves a learner, in the plan's first drill: ours, the best and the worst.
fn curves(document: &mut Document, summary: &Summary, practice: &Practice) {
    let plan = &summary.manifest.plan;
    let Some(drill) = plan.drills.first() else { return };
    document.heading(3, format!("Learning curves, {}", drill.id()));
    for learner in &plan.learners {
        let playing: Vec<&Cell> = plan
            .policies
            .iter()
            .filter(|contender| contender.plays(&practice.name))
            .filter_map(|contender| summary.cell(&practice.name, *drill, *learner, &contender.name))
            .collect();
        let kept = |cell: &Cell| value(cell, "retention_rms");
        let best = playing.iter().min_by(|a, b| kept(a).total_cmp(&kept(b)));
        let worst = playing.iter().max_by(|a, b| kept(a).total_cmp(&kept(b)));
        let Some((best, worst)) = best.zip(worst) else { continue };
        let ties = kept(worst) - kept(best) < 1e-9;
        let mut chosen: Vec<(&Cell, String)> = Vec::new();
        for (cell, role) in [(best, "best a day later"), (worst, "worst a day later")] {
            if !ties {
                chosen.push((cell, format!("{} ({role})", cell.key.policy)));
            }
        }
        for cell in &playing {
            if plan.ours.contains(&cell.key.policy) && chosen.iter().all(|(other, _)| other.key != cell.key) {
                chosen.push((cell, cell.key.policy.clone()));
            }
        }
        if chosen.is_empty() {
            chosen.push((best, "every policy".into()));
        }
        let lines = chosen.iter().map(|(cell, name)| Line { name: name.clone(), points: points(cell) }).collect();
        let name = format!("curve-{}-{}-{learner}", practice.name, drill.id());
        let figure = Figure {
            title: format!("{learner} {}: error along practice", learner.name()),
            x: "event".into(),
            y: "expected RMS asynchrony (ms)".into(),
            lines,
        };
        let start = best.curve.first().map_or(f64::NAN, |point| point.mean);
        let end = |cell: &Cell| cell.curve.last().map_or(f64::NAN, |point| point.mean);
        let caption = if ties {
            format!("{learner}: from {start:.1} to {:.1} ms, whatever the policy.", end(best))
        } else {
            format!(
                "{learner}: from {start:.1} ms, practice under {} leads to {:.1} ms and {} a day later; under {} to {:.1} ms and {}.",
                best.key.policy,
                end(best),
                milliseconds(best),
                worst.key.policy,
                end(worst),
                milliseconds(worst),
            )
        };
        push(document, figure.svg(&name), name, caption);
    }
}

fn points(cell: &Cell) -> Vec<Point> {
    let point = |point: &super::summary::Point| Point {
        x: f64::from(point.event),
        y: point.mean,
        half: point.half.unwrap_or(f64::NAN),
    };
    cell.curve.iter().map(point).collect()
}

fn milliseconds(cell: &Cell) -> String {
    format!("{:.1} ms", value(cell, "retention_rms"))
}

/// Retention and transfer in a drill, a policy's mean over learners.
fn kept(document: &mut Document, summary: &Summary, practice: &Practice, drill: Drill) {
    for (measure, what, says) in [
        ("retention_rms", "Retention", "24 h after practice, without feedback"),
        ("transfer_rms", "Transfer", "24 h after practice, at an interval 20 % longer"),
    ] {
        let title = format!("{what}, {}", drill.id());
        let rows = over_learners(summary, practice, Some(drill), measure, 1.0);
        let axis = "expected RMS asynchrony (ms), mean over learners";
        let says = format!("{what} in {}: error {says}", drill.id());
        ranked(
            document,
            summary,
            &format!("{measure}-{}-{}", practice.name, drill.id()),
            title,
            axis,
            &says,
            "ms",
            rows,
        );
    }
}

/// What practice was like: failures and time in band.
fn felt(document: &mut Document, summary: &Summary, practice: &Practice) {
    document.heading(3, "What practice was like");
    for (measure, title, axis, says, unit, scale) in [
        (
            "failures_a_minute",
            "Failures a minute",
            "failures a minute, mean over learners and drills",
            "Failures a minute of practice",
            "",
            1.0,
        ),
        (
            "in_band",
            "Time in band",
            "% of events with running success in 0.70 to 0.88",
            "Share of events at which the running success lay in 0.70 to 0.88",
            "%",
            100.0,
        ),
        (
            "longest_streak",
            "Longest streak of failures",
            "failures in a row, mean over learners and drills",
            "Longest streak of failures of a run",
            "",
            1.0,
        ),
        ("quit", "Quit", "% who would have left", "Share who would have left, by an invented hazard", "%", 100.0),
    ] {
        let rows = over_learners(summary, practice, None, measure, scale);
        ranked(document, summary, &format!("{measure}-{}", practice.name), title.into(), axis, says, unit, rows);
    }
}

/// A policy's mean over learners (and drills where none is named). Cells share their people, so the half-widths are
/// averaged as if they erred together: too wide rather than too narrow.
fn over_learners(
    summary: &Summary,
    practice: &Practice,
    drill: Option<Drill>,
    measure: &str,
    scale: f64,
) -> Vec<(String, Estimate)> {
    let plan = &summary.manifest.plan;
    let playing = plan.policies.iter().filter(|contender| contender.plays(&practice.name));
    playing
        .map(|contender| {
            let all: Vec<Estimate> = summary
                .cells
                .iter()
                .filter(|cell| cell.key.schedule == practice.name && cell.key.policy == contender.name)
                .filter(|cell| drill.is_none_or(|drill| cell.key.drill == drill))
                .filter_map(|cell| cell.measures.get(measure).copied())
                .collect();
            let mean = |of: &dyn Fn(&Estimate) -> Option<f64>| -> Option<f64> {
                let values: Option<Vec<f64>> = all.iter().map(of).collect();
                values.filter(|v| !v.is_empty()).map(|v| scale * v.iter().sum::<f64>() / v.len() as f64)
            };
            let value = mean(&|e| Some(e.value)).unwrap_or(f64::NAN);
            let low = mean(&|e| e.interval.map(|(low, _)| low));
            let high = mean(&|e| e.interval.map(|(_, high)| high));
            (contender.name.clone(), Estimate { value, interval: low.zip(high) })
        })
        .collect()
}

#[allow(clippy::too_many_arguments, reason = "the words of one figure, named where they are used")]
fn ranked(
    document: &mut Document,
    summary: &Summary,
    name: &str,
    title: String,
    axis: &str,
    says: &str,
    unit: &str,
    mut rows: Vec<(String, Estimate)>,
) {
    let plan = &summary.manifest.plan;
    rows.sort_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let Some((least, most)) = rows.first().cloned().zip(rows.last().cloned()) else { return };
    let drawn = rows.iter().map(|(policy, estimate)| row(policy, estimate, plan.ours.contains(policy))).collect();
    let figure = Intervals { title, x: axis.into(), rows: drawn, zero: false };
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let caption = format!(
        "{says}: from {}{unit} under {} to {}{unit} under {}, policies from least to most.{}",
        shown(&least.1, 2),
        least.0,
        shown(&most.1, 2),
        most.0,
        ours_marked(plan),
    );
    push(document, figure.svg(name), name.to_owned(), caption);
}

fn row(name: &str, estimate: &Estimate, marked: bool) -> Row {
    let (low, high) = estimate.interval.unwrap_or((estimate.value, estimate.value));
    let name = if marked { format!("{name} (ours)") } else { name.to_owned() };
    Row { name, value: estimate.value, low, high, marked }
}

fn ours_marked(plan: &Plan) -> &'static str {
    if plan.ours.is_empty() { "" } else { " Ours are named so and drawn in another colour." }
}

fn push(document: &mut Document, svg: String, name: String, caption: String) {
    if !svg.is_empty() {
        document.blocks.push(Block::Figure { svg, path: format!("figures/{name}.svg"), caption });
    }
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// An estimate with its interval.
fn shown(estimate: &Estimate, digits: usize) -> String {
    match estimate.interval {
        Some((low, high)) => format!("{:.digits$} [{low:.digits$}, {high:.digits$}]", estimate.value),
        None => format!("{:.digits$}", estimate.value),
    }
}

fn value(cell: &Cell, measure: &str) -> f64 {
    cell.measures.get(measure).map_or(f64::NAN, |estimate| estimate.value)
}

/// A row a cell.
fn cells(summary: &Summary) -> Table {
    let heads = [
        "schedule",
        "drill",
        "learner",
        "policy",
        "RMS a day later, ms",
        "at the end, ms",
        "transfer, ms",
        "to criterion",
        "failures a min",
        "longest streak",
        "in band",
        "gain",
        "brakes",
        "quit",
    ];
    let mut table = Table::new(&heads, &heads[4..]);
    for cell in &summary.cells {
        let of = |measure: &str, digits: usize| -> TableCell { format!("{:.digits$}", value(cell, measure)).into() };
        let criterion = match cell.median_criterion {
            Some(event) => format!("{event} ({:.0} %)", 100.0 * cell.reached),
            None => format!("never ({:.0} %)", 100.0 * cell.reached),
        };
        let kept = cell.measures.get("retention_rms").map_or_else(String::new, |estimate| shown(estimate, 2));
        table.row(vec![
            cell.key.schedule.as_str().into(),
            cell.key.drill.id().into(),
            cell.key.learner.id().into(),
            cell.key.policy.as_str().into(),
            kept.into(),
            of("end_rms", 2),
            of("transfer_rms", 2),
            criterion.into(),
            of("failures_a_minute", 1),
            of("longest_streak", 1),
            of("in_band", 2),
            of("gain", 2),
            of("brakes", 1),
            of("quit", 3),
        ]);
    }
    table
}
