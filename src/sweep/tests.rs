//! Tests of contests: faults of plans, parts and shards, what tables hold, and resuming.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, atomic::AtomicBool},
};

use parquet::{
    file::reader::{FileReader as _, SerializedFileReader},
    record::RowAccessor as _,
};

use super::{
    cells::{self, Shard},
    folder::{Folder, FolderError},
    plan::Plan,
    runner::{self, Done, Progress},
};

const CONTEST: &str = include_str!("../../levels/plans/contest.plan.ron");

const PLAN: &str = "(
    version: 1,
    title: \"small\",
    profile: \"novice\",
    first_seed: 5,
    seeds: 7,
    chunk: 3,
    schedules: [
        (name: \"massed\", days: 1, events: 60, block: 10),
        (name: \"spaced\", days: 2, events: 30, block: 5),
    ],
    drills: [beat, gate],
    learners: [L0, L5],
    policies: [
        (name: \"window\", who: steered(policy: window, amplify: big_errors)),
        (name: \"gain-2\", who: steered(policy: fixed(gain: 2.0), amplify: all_errors)),
        (name: \"yoked\", who: yoked),
        (name: \"yours\", who: yours, only: [\"spaced\"]),
    ],
    ours: [\"window\"],
)";

fn plan() -> Plan {
    Plan::parse("small.plan.ron", PLAN.as_bytes()).unwrap()
}

/// Nobody watches.
struct Unwatched;

impl Progress for Unwatched {
    fn begins(&self, _: u64, _: usize, _: usize) {}
    fn ended(&self, _: u64) {}
}

fn run(folder: &Path, shard: Shard, jobs: usize) -> Done {
    let folder = Folder::make(folder, &plan()).unwrap();
    runner::run(&folder, shard, jobs, &AtomicBool::new(false), &Unwatched).unwrap()
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(folder: &Path, top: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, top, found);
            } else {
                found.insert(path.strip_prefix(top).unwrap().to_path_buf(), fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

#[test]
fn the_contest_is_a_valid_plan() {
    let plan = Plan::parse("contest", CONTEST.as_bytes()).unwrap();
    assert_eq!((plan.seeds, plan.learners.len(), plan.drills.len()), (20_000, 9, 3));
    assert!(plan.schedules.iter().all(|practice| practice.schedule().total() == 400));
    assert_eq!(plan.runs(), 20_000 * 9 * 3 * (15 + 16));
}

#[test]
fn faults_of_a_plan_are_told_with_their_places() {
    let cases: &[(&str, &str, &str, &str)] = &[
        ("no seeds", "seeds: 7", "seeds: 0", "p:6:12: seeds: 0 seeds"),
        ("unknown learner", "[L0, L5]", "[L0, L55]", "p:13:20: there is no learner \"L55\"; did you mean L5?"),
        ("unknown drill", "[beat, gate]", "[beat, gaet]", "p:12:20: there is no drill \"gaet\"; did you mean gate?"),
        ("unknown policy", "policy: window", "policy: windw", "did you mean window?"),
        ("unknown amplification", "all_errors", "all_errrors", "did you mean all_errors?"),
        ("unknown control", "who: yoked", "who: yolked", "did you mean yoked?"),
        ("unknown field", "chunk: 3", "chnk: 3", "p:7:5: there is no field \"chnk\"; did you mean chunk?"),
        (
            "unknown profile",
            "\"novice\"",
            "\"novise\"",
            "p:4:14: profile: there is no profile \"novise\"; did you mean novice?",
        ),
        (
            "unknown schedule",
            "only: [\"spaced\"]",
            "only: [\"spacd\"]",
            "p:18:44: policies[3].only[0]: there is no schedule \"spacd\"; did you mean spaced?",
        ),
        (
            "unknown ours",
            "ours: [\"window\"]",
            "ours: [\"windows\"]",
            "p:20:12: ours[0]: there is no policy \"windows\"; did you mean window?",
        ),
        ("learner twice", "[L0, L5]", "[L0, L5, L0]", "p:13:24: learners[2]: L0 is named twice"),
        ("drill twice", "[beat, gate]", "[beat, beat]", "p:12:20: drills[1]: beat is named twice"),
        ("policy twice", "name: \"gain-2\"", "name: \"window\"", "p:16:16: policies[1].name: window is named twice"),
        (
            "same twice",
            "policy: fixed(gain: 2.0), amplify: all_errors",
            "policy: window, amplify: big_errors",
            "p:16:31: policies[1].who: it does the same as window",
        ),
        ("gain too large", "gain: 2.0", "gain: 2.5", "p:16:47: policies[1].who.policy: gain 2.5 lies outside 1 to 2"),
        ("gain no number", "gain: 2.0", "gain: NaN", "gain NaN lies outside"),
        (
            "block beyond the day",
            "events: 60, block: 10",
            "events: 60, block: 70",
            "p:9:54: schedules[0].block: a block of 70 events does not fit into a day of 60",
        ),
        ("probes only", "events: 60, block: 10", "events: 10, block: 10", "nothing of 10 events is practised"),
        ("no days", "days: 1", "days: 0", "p:9:32: schedules[0].days: 0 days lie outside 1 to 365"),
        ("no chunk", "chunk: 3", "chunk: 0", "p:7:12: chunk: 0 seeds a part"),
        ("negative", "seeds: 7", "seeds: -7", "p:6:13:"),
        (
            "beyond",
            "first_seed: 5",
            "first_seed: 18446744073709551615",
            "p:5:17: first_seed: 7 seeds from 18446744073709551615 on go beyond",
        ),
        (
            "a day is too short for it",
            "only: [\"spaced\"]",
            "only: [\"massed\"]",
            "p:18:30: policies[3].who: it decides by days",
        ),
        (
            "folder's name",
            "name: \"gain-2\"",
            "name: \"../x\"",
            "p:16:16: policies[1].name: \"../x\" names a folder too",
        ),
        ("no learners", "[L0, L5]", "[]", "p:13:15: learners: name at least one"),
        ("version", "version: 1", "version: 2", "p:2:14: version: 2 is not known here"),
        ("syntax", "chunk: 3,", "chunk: 3;", "p:7:13:"),
        ("unclosed", "ours: [\"window\"],\n)", "ours: [\"window\"],\n", "p:"),
    ];
    for (name, from, to, told) in cases {
        assert!(PLAN.contains(from), "{name}");
        let text = PLAN.replacen(from, to, 1);
        let error = Plan::parse("p", text.as_bytes()).expect_err(name).to_string();
        assert!(error.contains(told), "{name}: {error}");
    }
    let two = PLAN.replacen("seeds: 7", "seeds: 0", 1).replacen("days: 1", "days: 0", 1);
    let error = Plan::parse("p", two.as_bytes()).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 2, "every fault of value at once: {error}");
    assert!(Plan::parse("p", b"").unwrap_err().to_string().starts_with("p:1:1: the file is empty"));
    assert!(Plan::parse("p", b"(\n  a\xff").unwrap_err().to_string().starts_with("p:2:4: this is not UTF-8"));
    assert!(Plan::parse("p", "[".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn shards_part_the_plan() {
    let plan = plan();
    let all = cells::units(&plan);
    // 3 parts, 2 schedules, 2 drills, 2 learners
    assert_eq!(all.len(), 24);
    assert_eq!(all.iter().map(|unit| u128::from(unit.runs(&plan))).sum::<u128>(), plan.runs());
    for n in [1, 2, 5, 24, 30] {
        let mut joined: Vec<_> = (1..=n).flat_map(|k| cells::share(&plan, Shard::new(k, n).unwrap())).collect();
        assert_eq!(joined.len(), all.len());
        joined.sort_by_key(|unit| all.iter().position(|other| other == unit));
        assert_eq!(joined, all, "{n} shards");
    }
    for wrong in ["0/8", "9/8", "1/0", "3", "a/b", "-1/2", "1/200000", ""] {
        assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
    }
    assert_eq!("3/8".parse::<Shard>().unwrap().shown(), "3/8");
}

#[test]
fn a_task_of_a_slurm_array_knows_its_share() {
    let of = |values: [&str; 4]| {
        let names = ["ID", "MIN", "MAX", "COUNT"].map(|name| format!("SLURM_ARRAY_TASK_{name}"));
        Shard::of_slurm(|asked| {
            let at = names.iter().position(|name| name == asked)?;
            (!values[at].is_empty()).then(|| values[at].to_owned())
        })
    };
    let shown = |values| of(values).map(|shard| shard.map(Shard::shown));
    assert_eq!(shown(["", "", "", ""]), Ok(None));
    assert_eq!(shown(["0", "0", "7", "8"]), Ok(Some("1/8".into())));
    assert_eq!(shown(["8", "1", "8", "8"]), Ok(Some("8/8".into())));
    assert_eq!(shown(["5", "1", "15", "8"]), Ok(Some("3/8".into())));
    assert_eq!(shown(["4", "4", "4", "1"]), Ok(Some("1/1".into())));
    // 1,3,7 has no common step; others cannot be
    for wrong in
        [["3", "1", "7", "3"], ["3", "1", "7", ""], ["x", "0", "7", "8"], ["9", "0", "7", "8"], ["1", "0", "7", "0"]]
    {
        assert!(of(wrong).unwrap_err().contains("--shard"), "{wrong:?}");
    }
}

#[test]
fn any_threads_and_any_shards_give_the_same_bytes() {
    let home = tempfile::tempdir().unwrap();
    let (one, many, shards) = (home.path().join("one"), home.path().join("many"), home.path().join("shards"));
    assert_eq!(run(&one, Shard::WHOLE, 1).computed, 24);
    assert_eq!(run(&many, Shard::WHOLE, 4).computed, 24);
    for k in [3, 1, 2] {
        run(&shards, Shard::new(k, 3).unwrap(), 2);
    }
    let whole = files(&one);
    // a file a part and policy, one a part for curves, and the manifest
    assert_eq!(whole.len(), 12 * (3 + 1) + 12 * (4 + 1) + 1);
    assert_eq!(whole, files(&many));
    assert_eq!(whole, files(&shards));
    // shards in folders of their own are joined
    let (left, right) = (home.path().join("left"), home.path().join("right"));
    run(&left, Shard::new(1, 2).unwrap(), 1);
    run(&right, Shard::new(2, 2).unwrap(), 1);
    let (left, right) = (Folder::open(&left).unwrap(), Folder::open(&right).unwrap());
    assert!(!left.missing(cells::units(left.plan())).is_empty());
    assert!(left.take_from(&right).unwrap() > 0);
    assert!(left.missing(cells::units(left.plan())).is_empty());
    assert_eq!(whole, files(left.path()));
}

#[test]
fn a_run_goes_on_from_what_is_there() {
    let home = tempfile::tempdir().unwrap();
    run(home.path(), Shard::WHOLE, 2);
    let whole = files(home.path());
    assert_eq!(run(home.path(), Shard::WHOLE, 2), Done { units: 24, kept: 24, ..Done::default() });
    // one file lost, one cut short, and what a killed run leaves beside
    let parts: Vec<&PathBuf> = whole.keys().filter(|path| path.starts_with("runs")).collect();
    fs::remove_file(home.path().join(parts[0])).unwrap();
    let cut = home.path().join(parts[40]);
    fs::write(&cut, &whole[parts[40]][..100]).unwrap();
    let beside = home.path().join(parts[0]).with_extension("parquet.123-4.new");
    fs::write(&beside, "half").unwrap();
    let done = run(home.path(), Shard::WHOLE, 2);
    assert_eq!((done.kept, done.computed), (22, 2));
    assert_eq!(whole, files(home.path()));
}

#[test]
fn a_folder_of_something_else_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let made = home.path().join("made");
    Folder::make(&made, &plan()).unwrap();
    let other = Plan::parse("p", PLAN.replacen("seeds: 7", "seeds: 8", 1).as_bytes()).unwrap();
    let refused = |path: &Path, plan: &Plan| match Folder::make(path, plan) {
        Err(FolderError::Refused { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    assert!(refused(&made, &other).contains("another simulation: its plan is"));
    // the same plan by a program whose numbers are others
    let path = made.join("manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    let numbers = Folder::open(&made).unwrap().manifest.numbers;
    fs::write(&path, text.replace(&numbers, "0123456789abcdef")).unwrap();
    assert!(refused(&made, &plan()).contains("fingerprint"));
    fs::write(&path, text.replace("\"simulation\": 1", "\"simulation\": 9")).unwrap();
    assert!(refused(&made, &plan()).contains("its layout is 9"));
    fs::write(&path, "{}").unwrap();
    assert!(refused(&made, &plan()).contains("no simulation's"));
    let full = home.path().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("photo.jpg"), "").unwrap();
    assert!(refused(&full, &plan()).contains("photo.jpg"));
    assert!(matches!(Folder::open(&full), Err(FolderError::Refused { .. })));
}

#[test]
fn tables_hold_what_was_played() {
    let home = tempfile::tempdir().unwrap();
    run(home.path(), Shard::WHOLE, 2);
    let plan = plan();
    let unit = &cells::units(&plan)[0];
    for played in cells::play(&plan, unit, &AtomicBool::new(false)).unwrap() {
        let file = fs::File::open(home.path().join(unit.runs_path(&plan, &played.policy))).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 3);
        for (row, (seed, outcome)) in rows.iter().zip(&played.outcomes) {
            assert_eq!(row.get_long(0).unwrap(), seed.cast_signed());
            assert_eq!(row.get_double(1).unwrap().to_bits(), outcome.retention_rms.to_bits());
            assert_eq!(row.get_int(5).ok(), outcome.criterion.map(u32::cast_signed));
            assert_eq!(row.get_int(7).unwrap(), outcome.failures.cast_signed());
            assert_eq!(row.get_float(13).unwrap(), outcome.gain as f32);
            assert_eq!(row.get_double(16).unwrap().to_bits(), outcome.minutes.to_bits());
        }
    }
    let file = fs::File::open(home.path().join(unit.curves_path(&plan))).unwrap();
    let rows: Vec<_> =
        SerializedFileReader::new(file).unwrap().get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3 * 21);
    let events: Vec<i32> = rows[..21].iter().map(|row| row.get_int(1).unwrap()).collect();
    assert_eq!((events[0], events[1], events[20]), (0, 3, 60));
    assert!(rows.iter().all(|row| row.get_long(2).unwrap() == 3 && row.get_double(3).unwrap() > 0.0));
}

#[test]
fn being_asked_to_end_keeps_what_is_finished() {
    /// Asks for the end once so many units are kept.
    struct AskAfter(Mutex<usize>, Arc<AtomicBool>);
    impl Progress for AskAfter {
        fn begins(&self, _: u64, _: usize, _: usize) {}
        fn ended(&self, _: u64) {
            let mut left = self.0.lock().unwrap();
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.1.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }
    let home = tempfile::tempdir().unwrap();
    let folder = Folder::make(home.path(), &plan()).unwrap();
    let asked = Arc::new(AtomicBool::new(false));
    let progress = AskAfter(Mutex::new(5), Arc::clone(&asked));
    let done = runner::run(&folder, Shard::WHOLE, 1, &asked, &progress).unwrap();
    assert!(done.broken_off);
    assert_eq!(done.computed, 5);
    assert_eq!(folder.missing(cells::units(folder.plan())).len(), 24 - 5);
    // and the next goes on
    assert_eq!(run(home.path(), Shard::WHOLE, 2).kept, 5);
}

#[test]
fn the_committed_contest_is_of_this_plan_and_of_this_programs_numbers() {
    let plan = Plan::parse("contest", CONTEST.as_bytes()).unwrap();
    let manifest = super::folder::Manifest::of(&plan);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/science");
    let table = fs::read_to_string(docs.join("contest/summary.md")).unwrap();
    let said = format!(
        "Plan {}, doozy {}, rules {}, model {}, numbers {}.",
        manifest.plan_hash, manifest.version, manifest.rule_version, manifest.model_version, manifest.numbers
    );
    let anew = "play it anew: `doozy simulate levels/plans/contest.plan.ron` (docs/science/policies.md says how)";
    assert!(table.contains(&said), "the table is not of {said} {anew}");
    let page = fs::read_to_string(docs.join("contest/report.html")).unwrap();
    assert!(page.contains(&said), "the page is not of {said} {anew}");
    // what the page of policies quotes of worst cases and regrets is the table's
    let policies = fs::read_to_string(docs.join("policies.md")).unwrap();
    let quoted = policies.split("<!-- quoted -->").skip(1).step_by(2).collect::<String>();
    let lines: Vec<&str> = quoted.lines().filter(|line| line.starts_with('|')).collect();
    assert!(lines.len() > 60, "{}", lines.len());
    for line in lines {
        assert!(table.contains(line), "policies.md quotes what the table does not have: {line}");
    }
}
