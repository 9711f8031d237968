//! The command line's promise: exit codes, messages that say where and what would be right, and no panic.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn doozy(args: &[&str], home: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_doozy"))
        .args(args)
        .env("DOOZY_CONFIG", home.join("config"))
        .env("DOOZY_DATA", home.join("data"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn every_shipped_level_is_valid() {
    let home = home();
    let output = doozy(&["validate", concat!(env!("CARGO_MANIFEST_DIR"), "/levels")], home.path());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    // eight ladders of at least ninety levels, and an endless level of each of nineteen kinds
    assert!(said(&output).lines().filter(|line| line.ends_with(": valid")).count() >= 90 + 19);
    assert!(!said(&output).contains("warning"), "{}", said(&output));
}

#[test]
fn the_level_that_the_readme_gives_to_copy_is_valid() {
    let home = home();
    for page in ["levels/README.md", "docs/levels.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
        let text = fs::read_to_string(&path).expect(page);
        let level = text.split("```ron\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a level to copy");
        let file = home.path().join("mine.level.ron");
        fs::write(&file, level).expect("a file");
        let output = doozy(&["validate", &file.display().to_string()], home.path());
        assert_eq!(output.status.code(), Some(0), "{page}: {}", said(&output));
        assert!(!said(&output).contains("warning"), "{page}: {}", said(&output));
    }
}

#[test]
fn warnings_of_a_level_come_as_lines_and_as_json() {
    let home = home();
    let file = home.path().join("fast.level.ron");
    let fast = "(version: 1, title: \"T\", aim: \"a\", trials: 1, seconds: 60, \
                drill: Chart(lanes: 1, targets: [(0, 0, 0), (90000, 0, 0), (180000, 0, 0)]))";
    fs::write(&file, fast).expect("a file");
    let path = file.display().to_string();
    let output = doozy(&["validate", &path], home.path());
    // a level with warnings is a level
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let told = format!("{path}: warning: targets ");
    assert!(said(&output).contains(&told) && said(&output).contains("one finger taps no faster than 140 ms"));
    let json: serde_json::Value =
        serde_json::from_slice(&doozy(&["validate", "--json", &path], home.path()).stdout).expect("one JSON document");
    assert_eq!(json["valid"], true);
    let warnings = json["warnings"].as_array().expect("warnings");
    assert!(warnings.iter().any(|warning| warning.as_str().is_some_and(|said| said.contains("one finger"))), "{json}");
}

#[cfg(feature = "game")]
#[test]
fn an_endless_level_that_is_none_names_those_that_are() {
    // usage comes before what the machine lacks
    let home = home();
    let output = doozy(&["play", "--endless", "knitting"], home.path());
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("steady-beat") && said(&output).contains("go-stop"), "{}", said(&output));
    for wrong in [&["play", "pulse/1", "--daily"][..], &["play", "--endless", "hold", "--daily"]] {
        assert_eq!(doozy(wrong, home.path()).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn bad_levels_are_refused_with_their_place() {
    // cases A03 and A46
    let home = home();
    let good = include_str!("fixtures/short.level.ron");
    let cases: &[(&str, String, &str)] = &[
        ("empty", String::new(), "the file is empty"),
        ("zero interval", good.replace("ioi_ms: 500", "ioi_ms: 0.0"), "drill.ioi_ms"),
        ("not a number", good.replace("ioi_ms: 500", "ioi_ms: NaN"), "ioi_ms"),
        ("infinite", good.replace("ioi_ms: 500", "ioi_ms: inf"), "ioi_ms"),
        ("negative zero", good.replace("ioi_ms: 500", "ioi_ms: -0.0"), "ioi_ms"),
        ("misspelt", good.replace("beats: 8", "beets: 8"), "beets"),
        ("twice", good.replace("beats: 8,", "beats: 8,\n beats: 9,"), "beats"),
        ("no targets", good.replace("beats: 8", "beats: 0"), "drill.beats"),
        ("no trials", good.replace("trials: 2", "trials: 0"), "trials"),
        ("newer", good.replace("version: 1", "version: 9999"), "9999"),
        ("trailing", format!("{good} garbage"), ":14:2:"),
        ("brackets", "[".repeat(100_000), ":1:"),
        ("parentheses", "(".repeat(100_000), ":1:"),
    ];
    for (name, text, place) in cases {
        let file = home.path().join(format!("{}.level.ron", name.replace(' ', "-")));
        fs::write(&file, text).expect("a file");
        let path = file.display().to_string();
        let output = doozy(&["validate", &path], home.path());
        assert_eq!(output.status.code(), Some(1), "{name}: {}", said(&output));
        assert!(said(&output).contains(&path) && said(&output).contains(place), "{name}: {}", said(&output));
        // a demo of it is refused as well, before anything is recorded
        let output = doozy(&["demo", &path, "--headless", "--seconds", "2"], home.path());
        assert_eq!(output.status.code(), Some(1), "{name}: {}", said(&output));
        assert!(!home.path().join("data").exists(), "{name}: nothing was recorded");
    }
}

#[test]
fn a_name_leads_to_no_file_outside_the_levels() {
    let home = home();
    for name in ["../Cargo", "/etc/passwd.level.ron", "pulse/../../x", "", "nothing/here"] {
        let output = doozy(&["demo", name, "--headless", "--seconds", "2"], home.path());
        assert_eq!(output.status.code(), Some(2), "{name}: {}", said(&output));
    }
}

#[test]
fn without_a_display_play_names_the_demo() {
    let home = home();
    for args in [&["play"][..], &["play", "pulse/1"], &[]] {
        let output = doozy(args, home.path());
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(said(&output).contains("doozy demo --headless"), "{}", said(&output));
    }
}

#[test]
fn usage_and_help_have_their_codes() {
    let home = home();
    assert_eq!(doozy(&["--help"], home.path()).status.code(), Some(0));
    assert_eq!(doozy(&["--version"], home.path()).status.code(), Some(0));
    assert_eq!(doozy(&["nonsense"], home.path()).status.code(), Some(2));
    assert_eq!(doozy(&["demo", "--seconds", "nan"], home.path()).status.code(), Some(2));
    assert_eq!(doozy(&["demo", "--learner", "nobody"], home.path()).status.code(), Some(2));
}

#[test]
fn a_record_that_is_not_there_is_said() {
    let home = home();
    for args in [&["history"][..], &["replay", "last"], &["backup", "copy.sqlite"]] {
        let output = doozy(args, home.path());
        assert_ne!(output.status.code(), Some(0), "{args:?}");
        assert!(said(&output).contains("no record yet"), "{args:?}: {}", said(&output));
    }
}

#[test]
fn the_doctor_reports_without_any_device() {
    let home = home();
    let output = doozy(&["doctor", "--json"], home.path());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(report["clock"]["source"], "CLOCK_MONOTONIC");
    assert_eq!(report["clock"]["backward_steps"], 0);
    assert_eq!((&report["display"]["answers"], &report["keys"]["p95_ms"]), (&false.into(), &serde_json::Value::Null));
    assert!(report["keys"]["problem"].is_string(), "what was not measured says why: {}", report["keys"]);
    assert!(report["scheduler"]["p99_ms"].is_number() && report["storage"]["commit"]["p99_ms"].is_number());
    let promises = report["promises"].as_array().expect("promises");
    let verdict = |id: &str| &promises.iter().find(|one| one["id"] == id).expect(id)["verdict"];
    assert_eq!((verdict("key_p95"), verdict("clock_backward")), (&"unknown".into(), &"holds".into()));
    assert!(!home.path().join("data").exists(), "it leaves nothing behind");
    let page = doozy(&["doctor"], home.path());
    assert!(said(&page).contains("promises") && said(&page).contains("USB polling"), "{}", said(&page));
}

#[test]
fn a_study_is_refused_where_times_cannot_be_measured_unless_that_is_allowed() {
    let home = home();
    let refused = doozy(&["doctor", "--check"], home.path());
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(said(&refused).contains("--allow-coarse-timing"), "{}", said(&refused));
    let allowed = doozy(&["doctor", "--check", "0.5", "--allow-coarse-timing", "--json"], home.path());
    assert_eq!(allowed.status.code(), Some(0), "{}", said(&allowed));
    let evidence: serde_json::Value = serde_json::from_slice(&allowed.stdout).expect("JSON");
    assert_eq!((&evidence["standing"]["standing"], &evidence["bound_p95_ms"]), (&"coarse_allowed".into(), &0.5.into()));
    for wrong in [&["--allow-coarse-timing"][..], &["--check", "-1"], &["--check", "nan"], &["--train", "500"]] {
        assert_eq!(doozy(&[&["doctor"], wrong].concat(), home.path()).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn clicks_are_written_measured_and_refused_where_that_is_right() {
    let home = home();
    let file = home.path().join("clicks.wav").display().to_string();
    let played =
        doozy(&["doctor", "--loopback-play", "--out", &file, "--clicks", "16", "--interval", "400"], home.path());
    assert_eq!(played.status.code(), Some(0), "{}", said(&played));
    let schedule: serde_json::Value = serde_json::from_slice(&played.stdout).expect("JSON");
    assert_eq!(schedule["clicks"].as_array().map(Vec::len), Some(16));
    assert_eq!((&schedule["clicks"][15]["at_ms"], &schedule["rate_hz"]), (&6_000.0.into(), &48_000.into()));
    let train = doozy(&["doctor", "--loopback", &file, "--train", "400", "--json"], home.path());
    let found: serde_json::Value = serde_json::from_slice(&train.stdout).expect("JSON");
    assert_eq!((&found["train"]["onsets"], &found["train"]["missed"]), (&16.into(), &0.into()));
    assert!(found["train"]["intervals"]["sd_ms"].as_f64() < Some(0.01), "{found}");
    let both = doozy(&["doctor", "--loopback", &file], home.path());
    assert!(said(&both).contains("latency       mean 0.000 ms"), "{}", said(&both));

    let other = home.path().join("other.wav").display().to_string();
    fs::write(&other, "no sound").expect("a file");
    for (args, code, words) in [
        (&["--loopback", &other][..], 1, "it is no WAV"),
        (&["--loopback", "nowhere.wav"], 3, "nowhere.wav: it cannot be opened"),
        (&["--loopback", &file, "--train", "400", "--channel", "3"], 2, "it has no channel 3, only 2"),
        (&["--loopback-echo", "1"], 3, "doozy: "),
        (&["--loopback-echo=-1"], 2, "it must be above 0"),
        (&["--loopback-play", "--interval", "20"], 2, "200 … 10000 ms"),
    ] {
        let output = doozy(&[&["doctor"], args].concat(), home.path());
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", said(&output));
        assert!(said(&output).contains(words), "{args:?}: {}", said(&output));
    }
}

#[test]
fn the_lab_lists_runs_and_goes_on_from_what_is_there() {
    let home = home();
    let list = doozy(&["lab", "list", "--json"], home.path());
    let known: serde_json::Value = serde_json::from_slice(&list.stdout).expect("JSON");
    let ids: Vec<&str> = known.as_array().expect("a list").iter().filter_map(|one| one["id"].as_str()).collect();
    assert!(ids.starts_with(&["E1", "E2", "E3"]), "{ids:?}");

    let out = home.path().join("out").display().to_string();
    let run = |seeds: &str| {
        let output =
            doozy(&["lab", "run", "E1", "E4", "--brief", "--seeds", seeds, "--out", &out, "--json"], home.path());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")
    };
    let first = run("1");
    assert_eq!(first["experiments"][0]["measures"][0]["verdict"], "undecided", "one seed says nothing about others");
    // What is there is taken as it is, down to the seconds that it took.
    assert_eq!(run("1"), first);
    let more = run("2");
    assert_eq!(more["experiments"][0]["spikes"][0], first["experiments"][0]["spikes"][0]);
    assert_eq!(more["experiments"][0]["spikes"].as_array().map(Vec::len), Some(2));
    for file in ["small-brief.md", "small-brief.html", "figures/small-brief-e4-course.svg"] {
        assert!(Path::new(&out).join(file).is_file(), "{file}");
    }
    let page = home.path().join("page.html").display().to_string();
    assert_eq!(doozy(&["report", &out, "--out", &page], home.path()).status.code(), Some(0));
    assert_eq!(
        fs::read_to_string(&page).expect("a page"),
        fs::read_to_string(Path::new(&out).join("small-brief.html")).expect("a page")
    );
}

#[test]
fn a_missed_band_is_told_by_the_exit_code_when_asked() {
    let home = home();
    let out = home.path().join("out").display().to_string();
    let file = home.path().join("silent.toml");
    // Without tonic drive no MLI1 fires, whatever the seed.
    fs::write(&file, "[mli1]\nbias = 0.0\nbias_sd = 0.0\n").expect("a file");
    let file = file.display().to_string();
    let run = |more: &[&str]| {
        let args = ["lab", "run", "E1", "--brief", "--seeds", "2", "--out", &out, "--parameters", &file];
        doozy(&[&args, more].concat(), home.path())
    };
    assert_eq!(run(&[]).status.code(), Some(0));
    let missed = run(&["--check"]);
    assert_eq!(missed.status.code(), Some(1));
    assert!(said(&missed).contains("E1 MLI1"), "{}", said(&missed));
}

#[test]
fn what_the_lab_cannot_use_is_refused_with_what_would_be_right() {
    let home = home();
    let refused = |args: &[&str], code: i32, words: &str| {
        let output = doozy(args, home.path());
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", said(&output));
        assert!(said(&output).contains(words), "{args:?}: {}", said(&output));
    };
    refused(&["lab", "run", "E99"], 2, "there is no experiment 'E99'");
    refused(&["lab", "run", "E1", "--preset", "huge"], 2, "small, standard, large, xl");
    let file = home.path().join("p.toml").display().to_string();
    for (text, words) in [
        ("[mli1]\nbais = 50.0\n", ":2:1: [mli1] has no field bais; did you mean bias?"),
        ("[mli1]\ncapacitance = nan\n", ":2:15: mli1.capacitance is NaN: it must be 1 … 1000 pF"),
        ("[cells]\ngranule = 0\n", ":2:11: cells.granule is 0: it must be 64 … 4194304"),
        ("[wiring]\ncf_conductance = -0.5\n", "wiring.cf_conductance is -0.5: it must be 0 … 100 nS"),
    ] {
        fs::write(&file, text).expect("a file");
        refused(&["lab", "run", "E1", "--brief", "--parameters", &file], 1, words);
    }
    assert!(!home.path().join("data").join("lab").exists(), "nothing was run");
}

#[test]
fn an_exported_network_is_what_its_description_says() {
    let home = home();
    let dir = home.path().join("net").display().to_string();
    let args = ["lab", "export-network", &dir, "--rest", "1", "--repeats", "1"];
    assert_eq!(doozy(&args, home.path()).status.code(), Some(0));
    let text = fs::read_to_string(Path::new(&dir).join("network.json")).expect("a description");
    let network: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let files = network["arrays"].as_object().expect("arrays by file");
    assert_eq!(files.len(), 4);
    assert!(files.keys().all(|file| Path::new(&dir).join(file).is_file()), "{files:?}");
    // The whole circuit, with as many rows as its description says.
    let connections = network["arrays"]["connections.npz"].as_array().expect("arrays");
    let rows = |name: &str| connections.iter().find(|array| array["name"] == name).map(|array| &array["shape"][0]);
    let projections = network["projections"].as_array().expect("projections");
    for wanted in ["granule_mli1", "granule_purkinje", "purkinje_nuclei", "mossy_nuclei", "nuclei_climbing_fibre"] {
        let late = projections.iter().find(|one| one["name"] == wanted && one["zone"] == "late").expect(wanted);
        assert_eq!(rows(&format!("late.{wanted}.weight")), Some(&late["pairs"]), "{wanted}");
    }
    assert_eq!(rows("early.granule_purkinje.pre"), Some(&(2_048 * 32).into()));
    assert_eq!(rows("early.mli1_purkinje.pre"), rows("early.mli1_purkinje_dendrite.pre"));
    assert!(rows("shared.granule_cluster_golgi.pre").is_some() && rows("shared.mossy_golgi.pre").is_some());
    let again = doozy(&args, home.path());
    assert_eq!(again.status.code(), Some(2));
    assert!(said(&again).contains("--force"), "{}", said(&again));
}

#[test]
fn the_lab_tells_speed_with_the_rates_that_it_was_reached_at() {
    let home = home();
    let args = ["lab", "bench", "--preset", "small", "--seconds", "0", "--repeats", "2"];
    let output = doozy(&[&args[..], &["--json"]].concat(), home.path());
    // Exit code 0 whether it is fast enough or not: this may be a slow machine.
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(output.stderr.is_empty(), "{}", said(&output));
    let timed: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    let small = &timed["presets"][0];
    assert_eq!((&small["preset"], &small["target"], &small["threads"]), (&"small".into(), &100.0.into(), &1.into()));
    for load in ["rest", "trials", "cue"] {
        let number = |name: &str| small[load][name].as_f64().expect(name);
        assert!(number("slowest") > 0.0 && number("slowest") <= number("median"), "{load}: {small}");
        assert!(number("median") <= number("fastest") && number("of_a_core") > 0.0, "{load}: {small}");
    }
    assert_eq!(small["trials"]["simulated_seconds"], 2.0);
    assert_eq!(small["bands"].as_array().map(Vec::len), Some(7));
    let granule = &small["bands"][0];
    assert!(granule["in_band"] == true && granule["hz"].as_f64() > Some(0.5), "{granule}");
    assert!(small["circuit_bytes"].as_u64() > Some(4 * 2 * 32 * 2_048), "two microzones' weights alone: {small}");
    assert!(timed["machine"]["cores"].as_u64() >= Some(1));
    let table = doozy(&args, home.path());
    assert!(said(&table).contains("band of E1") && said(&table).contains("spectral"), "{}", said(&table));
    assert_eq!(doozy(&["lab", "bench", "--seconds", "nan"], home.path()).status.code(), Some(2));
    assert!(!home.path().join("data").exists(), "it keeps nothing");
}

#[test]
fn parameter_files_are_validated_as_the_lab_reads_them() {
    let home = home();
    let file = home.path().join("p.toml").display().to_string();
    let validate = |text: &str| {
        fs::write(&file, text).expect("a file");
        doozy(&["validate", &file], home.path())
    };
    let good = validate("preset = \"standard\"\n[mli1]\nbias = 50.0\n");
    assert_eq!((good.status.code(), said(&good)), (Some(0), format!("{file}: valid\n")));
    for (text, words) in [
        ("[mli1]\nbais = 50.0\n", ":2:1: [mli1] has no field bais; did you mean bias?"),
        ("[mli1]\ncapacitance = nan\n", ":2:15: mli1.capacitance is NaN: it must be 1 … 1000 pF"),
        ("[cells]\ngranule = 0\n", ":2:11: cells.granule is 0: it must be 64 … 4194304"),
        ("[wiring]\ncf_conductance = -0.5\n", ":2:18: wiring.cf_conductance is -0.5: it must be 0 … 100 nS"),
        ("[cells]\ngranule = 4_000_000\n", ":2:11: memory for cells.granule × plasticity.contacts (4000000 × 32)"),
        ("[mli1\n", ":1:6: "),
    ] {
        let refused = validate(text);
        assert_eq!(refused.status.code(), Some(1), "{text}: {}", said(&refused));
        assert!(said(&refused).contains(&format!("{file}{words}")), "{text}: {}", said(&refused));
    }
    let json = doozy(&["validate", "--json", &file], home.path());
    let told: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(told["valid"], false);
    let absent = home.path().join("absent.toml").display().to_string();
    assert_eq!(doozy(&["validate", &absent], home.path()).status.code(), Some(3));
}

#[test]
fn a_simulated_calibration_tells_what_it_found_and_stores_nothing() {
    let home = home();
    let found = |args: &[&str]| -> (Option<i32>, serde_json::Value) {
        let output = doozy(&[&["calibrate", "--json"], args].concat(), home.path());
        (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default())
    };
    for (offset, sd) in [("650", "0"), ("-1000", "0"), ("1000", "0"), ("-20.5", "0")] {
        let (code, json) = found(&["--method", "sound", "--simulate", &format!("{offset},{sd},0")]);
        let ms = json["offset_ms"].as_f64().expect("a number");
        assert_eq!((code, json["verdict"].as_str()), (Some(0), Some("ready")), "{json}");
        assert!((ms - offset.parse::<f64>().expect("a number")).abs() <= 1.0, "{offset}: {ms}");
    }
    // the habit of tapping ahead is in the one and not in the other
    let (_, tapped) = found(&["--method", "sound", "--simulate", "120,10,-60"]);
    let (_, adjusted) = found(&["--method", "adjust", "--simulate", "120,10,-60"]);
    assert_eq!((&tapped["holds_anticipation"], &adjusted["holds_anticipation"]), (&true.into(), &false.into()));
    let (tapped, adjusted) = (tapped["offset_ms"].as_f64(), adjusted["offset_ms"].as_f64());
    assert!(tapped.is_some_and(|ms| (ms - 60.0).abs() < 8.0), "{tapped:?}");
    assert!(adjusted.is_some_and(|ms| (ms - 120.0).abs() < 25.0), "{adjusted:?}");
    // a hand that is all over the place
    let (code, json) = found(&["--method", "flash", "--simulate", "50,120,0"]);
    assert_eq!(code, Some(1), "{json}");
    assert!(!home.path().join("config").exists() && !home.path().join("data").exists());
    for wrong in ["soon", "1001", "0,-1", "1,2,3,4", "nan"] {
        let output = doozy(&["calibrate", "--simulate", wrong], home.path());
        assert_eq!(output.status.code(), Some(2), "{wrong}: {}", said(&output));
    }
}

#[test]
fn stored_calibrations_are_listed_chosen_and_forgotten() {
    let home = home();
    let config = home.path().join("config");
    fs::create_dir_all(&config).expect("a folder");
    let entry = |method: &str, offset: f64| {
        format!(
            "[[entry]]\nmethod = \"{method}\"\noutput = \"silent\"\ninput = {{ kind = \"keyboard\" }}\noffset_ms = {offset:?}\n\
             se_ms = 2.0\nspread_ms = 9.0\nn = 6\nrate = 96000\ndate = \"2026-11-28T14:20:00Z\"\nprogram = \"0.1.0\"\n\n"
        )
    };
    let file = config.join("calibration.toml");
    let text = entry("adjust", 40.0) + &entry("tap_to_sound", -12.5) + &entry("adjust", 2000.0);
    fs::write(&file, text).expect("a file");
    let list = || -> serde_json::Value {
        let output = doozy(&["calibrate", "--list", "--json"], home.path());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let entries = list()["entries"].as_array().expect("a list").clone();
    assert_eq!(entries.len(), 2, "one is beyond the range: {entries:?}");
    assert_eq!(entries[0]["offset_ms"], 40.0);
    let output = doozy(&["calibrate", "--list"], home.path());
    assert!(said(&output).contains("-12.5 ms") && said(&output).contains("cannot be used"), "{}", said(&output));
    assert_eq!(doozy(&["calibrate", "--choose", "2"], home.path()).status.code(), Some(0));
    assert_eq!(list()["entries"][1]["chosen"], true);
    assert_eq!(doozy(&["calibrate", "--choose", "7"], home.path()).status.code(), Some(2));
    assert_eq!(doozy(&["calibrate", "--clear", "1"], home.path()).status.code(), Some(0));
    assert_eq!(list()["entries"].as_array().map(Vec::len), Some(1));
    assert_eq!(doozy(&["calibrate", "--clear", "all"], home.path()).status.code(), Some(0));
    assert_eq!(list()["entries"].as_array().map(Vec::len), Some(0));
    assert!(fs::read_to_string(&file).expect("a file").contains("2000.0"), "what cannot be used is not thrown away");
}
