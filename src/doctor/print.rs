//! The report for people: a screen of lines, figures in a column, no word that a newcomer has to look up without its number.

use std::fmt::Write as _;

use super::{Lateness, Promise, Report, Verdict};

/// Room for a section's name.
const NAME: usize = 14;
/// Room for what a promise says.
const SAYS: usize = 42;

pub(super) fn report(report: &Report) -> String {
    let mut page = String::new();
    let mut line = |name: &str, text: String| {
        // into a String nothing fails
        let _ = writeln!(page, "{name:<NAME$}{text}");
    };
    let Report { build, clock, scheduler, display, graphics, keys, sound, pads, midi, calibrations, storage, .. } =
        report;
    let kind = if build.development { ", development build" } else { "" };
    let features = if build.features.is_empty() { "no optional parts".to_owned() } else { build.features.join(", ") };
    line("doozy", format!("{} ({features}{kind})", build.doozy));
    let virtual_machine = if build.virtual_machine == Some(true) { ", a virtual machine" } else { "" };
    line("machine", format!("{}, {} cores{virtual_machine}, {}", build.cpu, build.cores, build.system));
    line(
        "clock",
        format!(
            "{}{}: steps of {} ns, {:.0} ns a reading, backwards {} times in {}",
            clock.source,
            clock.counter.as_ref().map(|c| format!(" from {c}")).unwrap_or_default(),
            clock.least_step_ns,
            clock.reading_ns,
            clock.backward_steps,
            clock.readings
        ),
    );
    let mut extras = vec![if scheduler.priority { "priority granted" } else { "no priority granted" }.to_owned()];
    extras.extend(scheduler.governor.as_ref().map(|g| format!("governor {g}")));
    extras.extend(scheduler.load_1min.map(|load| format!("load {load}")));
    line("scheduler", format!("1 ms of sleep ends late by {}; {}", late(&scheduler.late), extras.join(", ")));
    line("display", display_line(display));
    let nodes = if graphics.render_nodes.is_empty() {
        "no render node: the processor draws".to_owned()
    } else {
        graphics.render_nodes.join(", ")
    };
    line("graphics", format!("{nodes}; Vulkan drivers: {}", none(&graphics.vulkan_drivers)));
    line("", format!("the adapter in use: {}", graphics.adapter));
    match (&keys.timing, &keys.problem) {
        (Some(k), _) => {
            line(
                "keys",
                format!(
                    "error of {} presses and releases: p50 {:.3} ms, p95 {:.3} ms, p99 {:.3} ms, max {:.3} ms; {} missed",
                    k.n, k.p50_ms, k.p95_ms, k.p99_ms, k.max_ms, k.missed
                ),
            );
        }
        (None, why) => line("keys", format!("not measured: {}", why.as_deref().unwrap_or("unknown"))),
    }
    line("sound", sound_line(sound));
    if let (Some(drift), Some(sd)) = (sound.drift_ppm, sound.residual_sd_ms) {
        line(
            "",
            format!(
                "clock after {:.1} s: {drift:+.1} ppm against the host's, residual SD {sd:.4} ms, ran dry {} times",
                sound.stream_seconds.unwrap_or(0.0),
                sound.underruns.unwrap_or(0)
            ),
        );
    }
    for (name, found, problem) in [
        ("pads", &pads.found, &pads.problem),
        ("MIDI", &midi.found, &midi.problem),
        ("calibrations", &calibrations.found, &calibrations.problem),
    ] {
        line(name, problem.clone().unwrap_or_else(|| none(found)));
    }
    line(
        "record",
        format!(
            "{}{}{}{}",
            storage.folder.as_deref().unwrap_or("no folder"),
            storage.file_system.as_ref().map(|fs| format!(" on {fs}")).unwrap_or_default(),
            storage.free_mib.map(|mib| format!(", {mib} MiB free")).unwrap_or_default(),
            storage.sessions.map_or(", no record yet".to_owned(), |n| format!(", {n} sessions")),
        ),
    );
    if let (Some(commit), Some(sync)) = (&storage.commit, &storage.sync) {
        line("", format!("a trial is safe after {}; one page after {}", late(commit), late(sync)));
    }
    if let Some(problem) = &storage.problem {
        line("", problem.clone());
    }
    line("", String::new());
    line("promises", String::new());
    for promise in &report.promises {
        line("", promise_line(promise));
    }
    line("", String::new());
    line("unknown", "to every program; measure it from outside (docs/timing.md):".to_owned());
    for unknown in &report.unknowable {
        let usual = match (unknown.usual_ms, unknown.source) {
            (Some([low, high]), Some(source)) => format!("others: {low} to {high} ms ({source})"),
            _ => "no figure known".to_owned(),
        };
        line("", format!("{:<42} {usual}", unknown.what));
    }
    // indentation alone is nothing to print
    page.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn none(found: &[String]) -> String {
    if found.is_empty() { "none found".to_owned() } else { found.join(", ") }
}

fn late(late: &Lateness) -> String {
    format!("p50 {:.3} ms, p99 {:.3} ms, max {:.3} ms", late.p50_ms, late.p99_ms, late.max_ms)
}

fn display_line(display: &super::Display) -> String {
    let name = display.name.as_deref().unwrap_or("none");
    if !display.answers {
        return format!("{name}: {}", display.problem.as_deref().unwrap_or("no answer"));
    }
    let kind = match (display.xwayland, display.wayland) {
        (true, _) => "XWayland",
        (false, true) => "X beside Wayland",
        (false, false) => "X11",
    };
    let mut text = format!(
        "{name}: {kind}, {} {}, XInput {}, keys by {}",
        display.vendor.as_deref().unwrap_or("unknown vendor"),
        display.release.unwrap_or(0),
        display.xinput.as_deref().unwrap_or("missing"),
        display.key_times
    );
    text.push_str(match display.server_clock_known {
        Some(true) => ", server stamps by the host's clock",
        Some(false) => ", server stamps by a clock of its own",
        None => "",
    });
    for screen in &display.screens {
        let rate = screen.refresh_hz.map_or("no rate".to_owned(), |hz| format!("{hz:.2} Hz"));
        let _ = write!(text, "; {} {}×{} {rate}", screen.name, screen.width_px, screen.height_px);
    }
    text
}

fn sound_line(sound: &super::Sound) -> String {
    let mut text = match &sound.device {
        Some(device) => format!("{device}, {} Hz", sound.rate_hz.unwrap_or(0)),
        None => "none: sounds are not played, and frames pass by the host's clock (paced)".to_owned(),
    };
    if let (Some(frames), Some(ms)) = (sound.buffer_frames, sound.buffer_ms) {
        let _ = write!(text, ", {frames} frames a callback ({ms:.1} ms)");
    }
    if let Some(ms) = sound.latency_reported_ms {
        let _ = write!(text, ", latency by its own word {ms:.1} ms");
    }
    if let Some(problem) = &sound.problem {
        let _ = write!(text, "; {problem}");
    }
    text
}

fn promise_line(promise: &Promise) -> String {
    let verdict = match promise.verdict {
        Verdict::Holds => "holds",
        Verdict::DoesNotHold => "DOES NOT",
        Verdict::Unknown => "unknown",
    };
    let unit = |value: f64| {
        let number = if value == value.trunc() { format!("{value}") } else { format!("{value:.3}") };
        format!("{number} {}", promise.unit).trim_end().to_owned()
    };
    let bound = format!("{} {}", if promise.at_least { "at least" } else { "at most" }, unit(promise.bound));
    match (promise.measured, &promise.why) {
        (Some(measured), _) => format!("{verdict:<9}{:<SAYS$}{:>12}   {bound}", promise.says, unit(measured)),
        (None, why) => {
            format!(
                "{verdict:<9}{:<SAYS$}{:>12}   {bound}; {}",
                promise.says,
                "–",
                why.as_deref().unwrap_or("not measured")
            )
        }
    }
}
