//! `doozy fit`, `doozy lab twin` and `doozy lab posterior` as they are typed, people's files as players, and the twin beside
//! a session.

use std::{fmt::Write as _, fs};

use doozy::{
    conductor::{Learner, Who},
    paths::DataDir,
    record::{Reader, beats},
};
use doozy_training::{
    learner::{Profile, Tapper},
    people::{
        Person, person,
        twin::{self, Twin},
    },
    time::{HostTime, Nanos},
};

use crate::{rates, room::Room};

/// Taps of two simulated players at two intervals, as a table.
fn table() -> String {
    let mut text = "subject,trial,isi,asynch\n".to_owned();
    for (who, profile) in [Profile::Trained, Profile::Novice].into_iter().enumerate() {
        let mut player = Tapper::new(profile, 5);
        let mut from = HostTime(0);
        for interval in [600.0, 1_200.0] {
            for trial in 0..3 {
                for tap in person::beat(&mut player, interval, 30, &mut from) {
                    let tap = tap.map_or(String::new(), |ms| format!("{ms:.1}"));
                    writeln!(text, "p{who},{trial},{interval},{tap}").expect("a string takes it");
                }
            }
        }
    }
    text
}

#[test]
fn a_table_becomes_estimates_and_players() {
    let room = Room::new();
    fs::write(room.at("taps.csv"), table()).expect("written");
    let said = room.says(&["fit", "taps.csv", "--out", "people"], 0);
    assert!(said.starts_with("subject") && said.contains("learner people/p1.person.ron"), "{said}");
    let text = fs::read_to_string(room.at("people/p1.person.ron")).expect("it is there");
    let person = Person::parse(&text, "p1").expect("what is written is read");
    assert_eq!(person.at.iter().map(|at| at.interval_ms).collect::<Vec<_>>(), [600.0, 1_200.0]);
    assert!(room.says(&["fit", "taps.csv", "--out", "people"], 1).contains("--force overwrites it"));

    let json: serde_json::Value =
        serde_json::from_slice(&room.doozy(&["fit", "taps.csv", "--json", "--subject", "p0"]).stdout).expect("JSON");
    let fits = json["fits"].as_array().expect("a list");
    assert_eq!(fits.len(), 2);
    for fit in fits {
        let [value, low, high] = ["value", "low", "high"].map(|key| fit["alpha"][key].as_f64().expect("a number"));
        assert!(low <= value && value <= high, "{fit}");
        assert!(fit["regenerated"]["sd"]["value"].as_f64().is_some(), "{fit}");
    }
    assert!(room.says(&["fit", "taps.csv", "--subject", "p9"], 2).contains("there are p0, p1"));
}

#[test]
fn somebody_measured_plays_a_session_under_their_own_name() {
    let person = Person::parse(
        "(version: 1, name: \"Ada\", at: [(interval_ms: 600.0, timing: (bias: -30.0, alpha: 0.4, beta: 0.0, clock: 12.0, motor: 6.0), lapse: 0.0)])",
        "ada.person.ron",
    )
    .expect("a person");
    let folder = tempfile::tempdir().expect("a folder");
    let who = Who::Learner(Learner::Fitted(person));
    let mut handle = rates::begin(rates::level("pulse/1"), who, folder.path(), Some(60));
    rates::play(&mut handle, 60, Nanos::ZERO, Nanos::ZERO);
    drop(handle);
    let reader = Reader::open(&DataDir::at(folder.path())).expect("recorded");
    assert_eq!(reader.sessions().expect("listed")[0].player, "learner:Ada (fitted)");
    let taps: Vec<f64> = beats::of_file(DataDir::at(folder.path()).database().as_path()).expect("steady beats")[0]
        .asynchronies
        .iter()
        .copied()
        .flatten()
        .collect();
    let mean = taps.iter().sum::<f64>() / taps.len() as f64;
    assert!(taps.len() > 10 && (-55.0..-5.0).contains(&mean), "{mean} of {taps:?}");
}

#[test]
fn a_player_that_there_is_none_of_is_refused_with_what_there_is() {
    let room = Room::new();
    let said = room.says(&["demo", "--learner", "nobody"], 2);
    assert!(said.contains("trained, novice") && said.contains("nor is there such a file"), "{said}");
    room.put("bad.person.ron", "(version: 1, name: \"Ada\", at: [])");
    let said = room.says(&["demo", "--learner", "bad.person.ron"], 2);
    assert!(said.contains("bad.person.ron: at is empty"), "{said}");
    room.put("odd.person.ron", "(version: 1,\nname: 7, at: [])");
    assert!(room.says(&["demo", "--learner", "odd.person.ron"], 2).contains("odd.person.ron:2:"));
    assert!(room.says(&["demo", "--learner", "."], 2).contains("this is no file"));
}

#[test]
fn the_posterior_is_weighed_over_people_whose_truth_is_known() {
    let room = Room::new();
    let args = ["lab", "posterior", "--people", "27", "--days", "9", "--events", "40", "--out", "page.html"];
    let said = room.says(&args, 0);
    assert!(said.contains("L5 repetition") && said.contains("95 %"), "{said}");
    let page = fs::read_to_string(room.at("page.html")).expect("a page");
    assert!(page.contains("<svg") && page.contains("27 simulated novices"));
    let json = room.doozy(&[&args[..8], &["--json"]].concat()).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(json["all"]["people"], 27);
    assert!(room.says(&["lab", "posterior", "--block", "80"], 2).contains("leaves nothing to practise"));
}

#[test]
fn what_is_no_table_is_told_with_its_line() {
    let room = Room::new();
    assert!(room.says(&["fit", "none.csv"], 3).contains("none.csv: cannot be read"));
    for (bytes, told) in [
        (&b"subject,trial,isi,asynch\n1,1,600,x\n"[..], "bad.csv:2: asynch is \"x\""),
        (b"subject,trial,isi,asynch\n1,1,600,\xff\n", "bad.csv:2: no UTF-8 text"),
        (b"", "bad.csv:1: the table is empty"),
        (b"subject,trial,isi,asynch\n1,1,600,5\n", "nothing could be estimated"),
    ] {
        fs::write(room.at("bad.csv"), bytes).expect("written");
        let said = room.says(&["fit", "bad.csv"], 1);
        assert!(said.contains(told), "{said}");
    }
    let said = room.says(&["lab", "twin", "bad.csv"], 1);
    assert!(said.contains("no trial has a seventh tap"), "{said}");
}

#[test]
fn the_twin_is_told_beside_the_plain_predictors() {
    let room = Room::new();
    fs::write(room.at("taps.csv"), table()).expect("written");
    let json: serde_json::Value =
        serde_json::from_slice(&room.doozy(&["lab", "twin", "taps.csv", "--json"]).stdout).expect("JSON");
    let rows = json.as_array().expect("a list");
    assert_eq!(rows.len(), 2);
    for row in rows {
        assert!(
            row["twin"].as_f64().is_some_and(f64::is_finite) && row["plain"]["last value"].as_f64().is_some(),
            "{row}"
        );
    }
    let said = room.says(&["lab", "twin", "taps.csv"], 0);
    assert!(said.contains("600 ms: the twin ") && said.contains("1200 ms: the twin "), "{said}");
}

#[test]
fn a_sessions_twin_is_in_its_summary_and_can_be_recomputed_from_the_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut handle =
        rates::begin(rates::level("pulse/1"), Who::Learner(Profile::Novice.into()), folder.path(), Some(60));
    rates::play(&mut handle, 60, Nanos::ZERO, Nanos::ZERO);
    drop(handle);
    let reader = Reader::open(&DataDir::at(folder.path())).expect("recorded");
    let session = reader.load("last").expect("whole");
    let summary = session.info.summary.clone().expect("it ended");
    let told = &summary["twin"];
    let runs = beats::of_file(DataDir::at(folder.path()).database().as_path()).expect("steady beats");
    let mut again = twin::compare(&Twin::born(1), &runs);
    again.retain(|row| row.taps > 0);
    assert!(!again.is_empty());
    for (told, again) in told.as_array().expect("a list").iter().zip(&again) {
        assert_eq!(told["taps"], again.taps);
        assert_eq!(told["twin"].as_f64(), again.twin);
    }
    assert_eq!(told.as_array().map(Vec::len), Some(again.len()));
}
