//! Wall clocks and time zones that jump (cases A33): each in a process of its own, whose zone is its environment's.

use super::*;
use crate::record::writer::STARTED;

/// The zone of Berlin in POSIX's words, so that no table of zones is needed.
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

/// Moments and what the record makes of them, as a child prints it.
const MOMENTS: [&str; 4] =
    ["2026-10-25T00:50:00Z", "2026-10-25T01:10:00Z", "1970-01-01T00:00:00Z", "2040-07-01T12:00:00Z"];

#[test]
#[ignore = "run by the_repeated_hour_is_none_in_utc in a zone of its own"]
fn print_moments() {
    let connection = Connection::open_in_memory().unwrap();
    for moment in MOMENTS {
        let kept: (String, i64) =
            connection.query_row(STARTED, [moment], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        println!("kept {} {}", kept.0, kept.1);
    }
}

/// What a child in the zone keeps: (UTC, minutes beyond it).
fn kept_in(zone: &str) -> Vec<(String, String)> {
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "record::tests::clocks::print_moments"])
        .env("TZ", zone)
        .output()
        .unwrap();
    let text = String::from_utf8(child.stdout).unwrap();
    // the harness puts words of its own before the first of them
    let lines = text.lines().filter_map(|line| line.split_once("kept ")?.1.split_once(' '));
    lines.map(|(utc, offset)| (utc.to_owned(), offset.to_owned())).collect()
}

#[test]
fn the_repeated_hour_is_none_in_utc() {
    // cases A33(b): 02:50 (+02:00) to 02:10 (+01:00) is 00:50Z to 01:10Z, 20 minutes; (c): 1970, 2040, another zone.
    let utc = [
        "2026-10-25T00:50:00.000Z",
        "2026-10-25T01:10:00.000Z",
        "1970-01-01T00:00:00.000Z",
        "2040-07-01T12:00:00.000Z",
    ];
    for (zone, offsets) in [(BERLIN, ["120", "60", "60", "120"]), ("UTC0", ["0"; 4]), ("NST3:30", ["-210"; 4])] {
        let right = utc.iter().zip(offsets).map(|(utc, offset)| ((*utc).to_owned(), offset.to_owned()));
        assert_eq!(kept_in(zone), right.collect::<Vec<_>>(), "{zone}");
    }
}
