use doozy_cerebellum::forward::Settings;
use doozy_training::people::{taps, twin::*};
fn main() {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    let runs = taps::parse(&text, "taps").unwrap();
    let mut subjects: Vec<String> = Vec::new();
    for r in &runs {
        if !subjects.contains(&r.subject) {
            subjects.push(r.subject.clone());
        }
    }
    let mut subjects: Vec<u32> = subjects.iter().map(|s| s.parse().unwrap()).collect();
    subjects.sort();
    let a: Vec<String> = subjects.iter().step_by(2).map(|s| s.to_string()).collect();
    let half: Vec<_> = runs.iter().filter(|r| a.contains(&r.subject)).cloned().collect();
    let other: Vec<_> = runs.iter().filter(|r| !a.contains(&r.subject)).cloned().collect();
    let show = |name: &str, s: Settings, which: &[_]| {
        let mut out = format!("{name:40}");
        for seed in 1..=2 {
            for c in compare(&Twin::schooled(s.clone(), seed), which).iter().take(2) {
                out += &format!(
                    "  {:.2} ({:.2} {})",
                    c.twin.unwrap_or(0.),
                    c.plain.iter().fold(f64::MAX, |a, b| a.min(*b)),
                    c.better_for
                );
            }
        }
        println!("{out}");
    };
    let d = Settings::default();
    if std::env::args().nth(2).as_deref() == Some("final") {
        show("A", d.clone(), &half);
        show("B held out", d.clone(), &other);
        for c in compare(&Twin::born(1), &runs) {
            println!("{c:?}");
        }
        return;
    }
    show("default", d.clone(), &half);
    for k in [0.5, 2.0, 4.0] {
        show(
            &format!("dep x{k}"),
            Settings { depression: d.depression * k, potentiation: d.potentiation * k, ..d.clone() },
            &half,
        );
    }
    for k in [0.0, 0.5, 2.0] {
        show(&format!("pot x{k}"), Settings { potentiation: d.potentiation * k, ..d.clone() }, &half);
    }
    for k in [0.05, 0.1, 0.25] {
        show(&format!("tonic {k}"), Settings { tonic_share: k, ..d.clone() }, &half);
    }
    for k in [0.3, 1.0, 1.5] {
        show(&format!("goal {k}"), Settings { goal: k, ..d.clone() }, &half);
    }
    for k in [0.5, 0.7] {
        show(&format!("coll {k}"), Settings { collateral: k, ..d.clone() }, &half);
    }
    for k in [0.1, 0.4] {
        show(&format!("unit {k}"), Settings { unit_per_hz: k, ..d.clone() }, &half);
    }
    for k in [0.7, 1.5] {
        show(&format!("width {k}"), Settings { width: k, ..d.clone() }, &half);
    }
}
