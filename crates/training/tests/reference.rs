//! The page docs/levels-reference.md says what the code says.

#[path = "../examples/levels_reference.rs"]
#[allow(dead_code, reason = "its main is the example's")]
mod levels_reference;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/levels-reference.md");

#[test]
fn the_reference_of_levels_is_current() {
    let kept = std::fs::read_to_string(PAGE).expect("the page is part of the repository");
    let command = "cargo run -p doozy-training --example levels_reference > docs/levels-reference.md";
    assert_eq!(
        kept.replace("\r\n", "\n").trim_end(),
        levels_reference::page().trim_end(),
        "write it anew with: {command}"
    );
}

#[test]
fn every_field_of_every_kind_says_what_it_means() {
    let page = levels_reference::page();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let silent: Vec<&str> = rows.filter(|row| row.trim_end_matches('|').trim_end().ends_with('|')).collect();
    assert!(silent.is_empty(), "{}", silent.join("\n"));
    for row in [
        "| `ioi_ms` | `f64` | 250 … 1800 ms | must be given |",
        "| `count_in` | `u32` | 1 … 16 beats | `4` |",
        "| `wait_ms` | `(f64, f64)` | 1000 … 6000 ms | `(1200, 2400)` |",
        "| `trials` | `u32` | 1 … 500 trials | must be given |",
        "| `endless` | `bool` |  | `false` |",
        "| `Width` | A narrower path. | 0.1 … 1 of the travel, less is harder |",
    ] {
        assert!(page.contains(row), "{row}");
    }
    assert_eq!(page.matches("\n## `drill: ").count(), 19);
}
