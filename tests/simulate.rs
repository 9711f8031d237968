//! `doozy simulate`: exit codes, kills, a full disk, shards, and what a page says.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use parquet::file::reader::{FileReader as _, SerializedFileReader};

const PLAN: &str = "(
    version: 1,
    title: \"small\",
    profile: \"novice\",
    seeds: 150,
    chunk: 50,
    schedules: [(name: \"massed\", days: 1, events: 100, block: 10), (name: \"spaced\", days: 2, events: 50, block: 5)],
    drills: [beat, gate],
    learners: [L0, L2, L5],
    policies: [
        (name: \"window\", who: steered(policy: window, amplify: big_errors)),
        (name: \"gain-2\", who: steered(policy: fixed(gain: 2.0), amplify: all_errors)),
        (name: \"yoked\", who: yoked),
        (name: \"yours\", who: yours, only: [\"spaced\"]),
    ],
    ours: [\"window\"],
)";
/// 3 parts, 2 schedules, 2 drills, 3 learners.
const PARTS: u64 = 36;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a folder"));
        fs::write(home.path("small.plan.ron"), PLAN).expect("a plan");
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self) -> Command {
        self.prepared(env!("CARGO_BIN_EXE_doozy"))
    }

    fn prepared(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.0.path()).env("DOOZY_DATA", self.path("data"));
        // the tests may themselves run in a Slurm job
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SLURM_")) {
            command.env_remove(name);
        }
        command
    }

    fn doozy(&self, args: &[&str]) -> Output {
        self.command().args(args).output().expect("the program runs")
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn ended(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", said(output));
}

/// Every file below a folder with its bytes, but for summaries, which not every build writes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(folder: &Path, top: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() {
                walk(&path, top, found);
            } else if !name.starts_with("summary.") {
                match fs::read(&path) {
                    Ok(bytes) => {
                        found.insert(path.strip_prefix(top).expect("below").to_path_buf(), bytes);
                    }
                    // while the program writes, an unfinished file gets its own name
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => panic!("{}: {error}", path.display()),
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    if folder.is_dir() {
        walk(folder, folder, &mut found);
    }
    found
}

/// The tables of a folder, each of which must be readable to its last row.
fn whole_tables(folder: &Path) -> usize {
    let tables: Vec<_> =
        files(folder).into_keys().filter(|path| path.extension().is_some_and(|e| e == "parquet")).collect();
    for table in &tables {
        let file = fs::File::open(folder.join(table)).expect("a table");
        let reader = SerializedFileReader::new(file).unwrap_or_else(|error| panic!("{}: {error}", table.display()));
        let rows = reader.get_row_iter(None).expect("rows").inspect(|row| assert!(row.is_ok())).count();
        assert_eq!(rows as i64, reader.metadata().file_metadata().num_rows(), "{}", table.display());
    }
    tables.len()
}

#[test]
fn a_bad_plan_is_refused_with_its_place() {
    let home = Home::new();
    for (text, place) in [
        (PLAN.replace("seeds: 150", "seeds: 0"), "bad.plan.ron:5:12: seeds: 0 seeds"),
        (PLAN.replace("L2", "L22"), "bad.plan.ron:9:20: there is no learner \"L22\"; did you mean L2?"),
        (PLAN.replace("policy: window", "policy: windoww"), "bad.plan.ron:11:"),
        (PLAN.replace("block: 10", "block: 1000"), "bad.plan.ron:7:"),
        (PLAN.replace("gain: 2.0", "gain: 9.0"), "bad.plan.ron:12:"),
        (String::new(), "bad.plan.ron:1:1: the file is empty"),
    ] {
        fs::write(home.path("bad.plan.ron"), text).expect("a plan");
        for args in [&["simulate", "bad.plan.ron", "--out", "out"][..], &["validate", "bad.plan.ron"]] {
            let output = home.doozy(args);
            ended(&output, 1);
            assert!(said(&output).contains(place), "{place}: {}", said(&output));
        }
        assert!(!home.path("out").exists(), "nothing is made of a bad plan");
    }
    ended(&home.doozy(&["validate", "small.plan.ron"]), 0);
}

#[test]
fn calls_that_cannot_be_are_told_apart() {
    let home = Home::new();
    ended(&home.doozy(&["simulate", "small.plan.ron"]), 2);
    ended(&home.doozy(&["simulate", "nowhere.plan.ron", "--out", "out"]), 3);
    for shard in ["0/8", "9/8", "x"] {
        ended(&home.doozy(&["simulate", "small.plan.ron", "--out", "out", "--shard", shard]), 2);
    }
    ended(&home.doozy(&["simulate", "merge", "nowhere"]), 2);
    let output = home
        .command()
        .args(["simulate", "small.plan.ron", "--out", "out"])
        .env("SLURM_ARRAY_TASK_ID", "3")
        .output()
        .expect("the program runs");
    ended(&output, 2);
    assert!(said(&output).contains("SLURM_ARRAY_TASK_MIN is not set; say --shard K/N"), "{}", said(&output));
    assert!(!home.path("out").exists());
    // a folder where no folder can be
    fs::write(home.path("plain"), "").expect("a file");
    ended(&home.doozy(&["simulate", "small.plan.ron", "--out", "plain/under"]), 3);
}

#[test]
fn shards_of_a_slurm_array_join_to_what_one_process_gives() {
    let home = Home::new();
    ended(&home.doozy(&["simulate", "small.plan.ron", "--out", "one", "--jobs", "1", "--quiet"]), 0);
    for task in ["6", "2", "4"] {
        let output = home
            .command()
            .args(["simulate", "small.plan.ron", "--out", "shards", "--json"])
            .envs(
                [("ID", task), ("MIN", "2"), ("MAX", "6"), ("COUNT", "3")]
                    .map(|(k, v)| (format!("SLURM_ARRAY_TASK_{k}"), v)),
            )
            .env("SLURM_CPUS_PER_TASK", "2")
            .output()
            .expect("the program runs");
        ended(&output, 0);
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one line of JSON");
        assert_eq!(told["parts"], PARTS / 3);
        if task == "6" {
            // what is missing has a name
            let output = home.doozy(&["simulate", "merge", "shards"]);
            ended(&output, 1);
            assert!(said(&output).contains("24 of 36 parts are missing, the first with runs/"), "{}", said(&output));
        }
    }
    assert_eq!(files(&home.path("one")), files(&home.path("shards")));
    // another plan has no business there
    fs::write(home.path("other.plan.ron"), PLAN.replace("seeds: 150", "seeds: 151")).expect("a plan");
    let output = home.doozy(&["simulate", "other.plan.ron", "--out", "one"]);
    ended(&output, 2);
    assert!(said(&output).contains("another simulation: its plan is"), "{}", said(&output));
    summed_up(&home);
}

/// Both folders sum up to the same bytes, and a page is made of them.
#[cfg(feature = "sweep")]
fn summed_up(home: &Home) {
    for folder in ["one", "shards"] {
        ended(&home.doozy(&["simulate", "merge", folder]), 0);
    }
    let read = |path: &str| fs::read_to_string(home.path(path)).expect("a summary");
    for name in ["summary.json", "summary.md"] {
        assert_eq!(read(&format!("one/{name}")), read(&format!("shards/{name}")));
    }
    let summary: serde_json::Value = serde_json::from_str(&read("one/summary.json")).expect("JSON");
    assert_eq!(summary["cells"].as_array().map(Vec::len), Some(6 * 3 + 6 * 4));
    // a mean by the engine is the mean of the rows
    let path = "one/runs/schedule=massed/learner=L2/policy=gain-2/drill=gate";
    let mut kept = Vec::new();
    for part in 0..3 {
        let file = fs::File::open(home.path(&format!("{path}/part-{part:05}.parquet"))).expect("a table");
        let reader = SerializedFileReader::new(file).expect("a table");
        for row in reader.get_row_iter(None).expect("rows") {
            kept.push(parquet::record::RowAccessor::get_double(&row.expect("a row"), 1).expect("a number"));
        }
    }
    let mean = kept.iter().sum::<f64>() / kept.len() as f64;
    let cells = summary["cells"].as_array().expect("cells");
    let cell = cells
        .iter()
        .find(|c| c["schedule"] == "massed" && c["learner"] == "L2" && c["policy"] == "gain-2" && c["drill"] == "gate")
        .expect("the cell");
    assert_eq!((kept.len(), &cell["runs"]), (150, &serde_json::json!(150)));
    assert!((cell["measures"]["retention_rms"]["value"].as_f64().expect("a number") / mean - 1.0).abs() < 1e-12);
    ended(&home.doozy(&["report", "shards", "--out", "page.html"]), 0);
    let page = read("page.html");
    for words in [
        "Regret matrix",
        "Learning curves",
        "Retention in gate",
        "Transfer in beat",
        "Failures a minute",
        "Time in band",
        "every policy ties to the last bit",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.replace("http://www.w3.org/2000/svg", "").contains("http"), "it loads nothing");
}

/// Without the engine every part is there, and what is lacking is said.
#[cfg(not(feature = "sweep"))]
fn summed_up(home: &Home) {
    let output = home.doozy(&["simulate", "merge", "one"]);
    ended(&output, 3);
    assert!(said(&output).contains("--features sweep"), "{}", said(&output));
    let output = home.doozy(&["report", "one", "--out", "page.html"]);
    ended(&output, 3);
    assert!(said(&output).contains("doozy simulate merge one"), "{}", said(&output));
}

#[test]
fn a_kill_leaves_finished_parts_and_no_half_file() {
    let home = Home::new();
    let simulate = ["simulate", "small.plan.ron", "--jobs", "1", "--quiet", "--out"];
    ended(&home.command().args(simulate).arg("straight").output().expect("the program runs"), 0);
    let killed = home.path("killed");
    let mut child = home.command().args(simulate).arg("killed").spawn().expect("the program runs");
    // killed as soon as something is kept, wherever it then is
    while files(&killed).len() < 4 && child.try_wait().expect("a child").is_none() {
        std::thread::yield_now();
    }
    child.kill().expect("a child of ours");
    child.wait().expect("its end");
    let kept = whole_tables(&killed);
    assert!(kept >= 2, "{kept} tables");
    ended(&home.command().args(simulate).arg("killed").output().expect("the program runs"), 0);
    assert_eq!(files(&killed), files(&home.path("straight")), "and what a kill leaves beside is swept up");
}

#[test]
fn a_full_disk_leaves_finished_parts_and_no_half_file() {
    let home = Home::new();
    let simulate = ["simulate", "small.plan.ron", "--jobs", "1", "--quiet", "--out"];
    let out = home.path("full");
    ended(&home.command().args(simulate).args(["full", "--shard", "2/3"]).output().expect("the program runs"), 0);
    let before = files(&out);
    // no file may be larger than 8 blocks of 512 bytes: the write fails in the middle, as on a full disk
    let output = home
        .prepared("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" simulate small.plan.ron --jobs 1 --quiet --out full"])
        .arg(env!("CARGO_BIN_EXE_doozy"))
        .output()
        .expect("a shell");
    ended(&output, 3);
    assert!(said(&output).contains("full/runs/") && said(&output).contains("goes on from there"), "{}", said(&output));
    assert_eq!(files(&out), before, "nothing half, and nothing beside");
    assert_eq!(whole_tables(&out), before.len() - 1);
    // with room again it goes on
    ended(&home.command().args(simulate).arg("full").output().expect("the program runs"), 0);
    ended(&home.command().args(simulate).arg("straight").output().expect("the program runs"), 0);
    assert_eq!(files(&out), files(&home.path("straight")));
}
