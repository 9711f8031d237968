//! A table of taps as text: whose, in which trial, at which interval, how early or late. Reads no file.

use std::fmt;

/// The largest table that is read, bytes ◇: some two million taps.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Intervals that are taken for one, ms ◇: what a finger can follow, up to far beyond what anybody feels as a beat.
pub const INTERVALS_MS: (f64, f64) = (100.0, 20_000.0);
/// Faults that are listed one by one.
const LISTED: usize = 20;

/// One trial of one person: taps to a steady beat, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub subject: String,
    pub trial: String,
    /// Inter-onset interval, ms.
    pub interval_ms: f64,
    /// press − target, ms, negative is early; None for a beat without a tap.
    pub asynchronies: Vec<Option<f64>>,
}

/// One thing that is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1.
    pub line: usize,
    pub message: String,
}

/// Why a table was refused. Displays one line a fault, each beginning with `name:line`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TapsError {
    pub name: String,
    /// In the order of their lines; the first 20.
    pub faults: Vec<Fault>,
    /// How many more there were.
    pub more: usize,
}

impl fmt::Display for TapsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.faults.iter().enumerate() {
            let end = if n == 0 { "" } else { "\n" };
            write!(f, "{end}{}:{}: {}", self.name, fault.line, fault.message)?;
        }
        if self.more > 0 {
            write!(f, "\n{}: {} more of these", self.name, self.more)?;
        }
        Ok(())
    }
}

/// The columns, by place.
struct Columns {
    separator: char,
    count: usize,
    subject: usize,
    trial: usize,
    interval: usize,
    asynchrony: usize,
}

const SUBJECT: &[&str] = &["subject", "participant", "person"];
const TRIAL: &[&str] = &["trial"];
const INTERVAL: &[&str] = &["isi", "ioi", "isi_ms", "ioi_ms", "interval_ms"];
const ASYNCHRONY: &[&str] = &["asynch", "asynchrony", "asynchrony_ms"];

impl Columns {
    fn of(header: &str) -> Result<Self, String> {
        let separator = [';', '\t', ','].into_iter().find(|s| header.contains(*s)).unwrap_or(',');
        let names: Vec<String> = cells(header, separator).iter().map(|name| name.to_lowercase()).collect();
        let place = |known: &[&str]| {
            let mut places = (0..names.len()).filter(|n| known.contains(&names[*n].as_str()));
            match (places.next(), places.next()) {
                (Some(place), None) => Ok(place),
                (Some(_), Some(_)) => Err(format!("the column {} is there twice", known[0])),
                (None, _) => Err(format!(
                    "there is no column {}; the first line names the columns: subject, trial, isi (ms between the beats), \
                     asynch (ms, tap − beat)",
                    known[0]
                )),
            }
        };
        Ok(Self {
            separator,
            count: names.len(),
            subject: place(SUBJECT)?,
            trial: place(TRIAL)?,
            interval: place(INTERVAL)?,
            asynchrony: place(ASYNCHRONY)?,
        })
    }
}

/// The cells of a row, without the quotes and blanks about them.
fn cells(line: &str, separator: char) -> Vec<&str> {
    line.split(separator)
        .map(|cell| {
            let cell = cell.trim();
            cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')).unwrap_or(cell).trim()
        })
        .collect()
}

/// A number; with a decimal comma where commas do not part the cells.
fn number(cell: &str, separator: char) -> Option<f64> {
    let text = if separator == ',' { cell.to_owned() } else { cell.replace(',', ".") };
    // people and their programs write a minus that is none
    text.replace('\u{2212}', "-").parse::<f64>().ok().filter(|value| value.is_finite())
}

fn is_missing(cell: &str) -> bool {
    cell.is_empty() || ["na", "nan", "null", "-"].contains(&cell.to_lowercase().as_str())
}

/// Reads a table: a header with `subject`, `trial`, `isi` and `asynch` (other columns are passed over), then a row a beat in
/// the order of tapping, an empty `asynch` or NA where no tap came. Cells are parted by commas, or by semicolons or tabs, with
/// which decimal commas may be used; lines end as on any system, and a byte order mark is no matter.
///
/// `name` is what messages call the table.
///
/// # Errors
/// Every row that cannot be read, with its line and what would be right; nothing is guessed and no row is dropped.
pub fn parse(text: &str, name: &str) -> Result<Vec<Run>, TapsError> {
    let refuse = |line: usize, message: String| TapsError {
        name: name.to_owned(),
        faults: vec![Fault { line, message }],
        more: 0,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split('\n').map(|line| line.trim_end_matches('\r')).enumerate();
    let Some((at, header)) = lines.by_ref().find(|(_, line)| !line.trim().is_empty()) else {
        return Err(refuse(1, "the table is empty; it needs a header (subject,trial,isi,asynch) and rows".to_owned()));
    };
    let columns = Columns::of(header).map_err(|message| refuse(at + 1, message))?;
    let (mut faults, mut more) = (Vec::new(), 0);
    let mut runs: Vec<Run> = Vec::new();
    for (at, line) in lines {
        if line.trim().is_empty() {
            continue;
        }
        match row(line, &columns) {
            Ok(row) => add(&mut runs, row),
            Err(message) if faults.len() < LISTED => faults.push(Fault { line: at + 1, message }),
            Err(_) => more += 1,
        }
    }
    if !faults.is_empty() {
        return Err(TapsError { name: name.to_owned(), faults, more });
    }
    if runs.is_empty() {
        return Err(refuse(at + 1, "there is a header and no row of taps below it".to_owned()));
    }
    Ok(runs)
}

struct Row<'a> {
    subject: &'a str,
    trial: &'a str,
    interval_ms: f64,
    asynchrony: Option<f64>,
}

fn row<'a>(line: &'a str, columns: &Columns) -> Result<Row<'a>, String> {
    let cells = cells(line, columns.separator);
    if cells.len() != columns.count {
        let hint = if columns.separator == ',' && cells.len() > columns.count {
            "; with decimal commas, part the cells by semicolons or tabs"
        } else {
            ""
        };
        return Err(format!("{} cells where the header has {}{hint}", cells.len(), columns.count));
    }
    let [subject, trial] = [columns.subject, columns.trial].map(|place| cells[place]);
    if subject.is_empty() || trial.is_empty() {
        return Err("subject and trial must not be empty".to_owned());
    }
    let (least, most) = INTERVALS_MS;
    let interval_ms =
        number(cells[columns.interval], columns.separator).filter(|value| (least..=most).contains(value)).ok_or_else(
            || format!("isi is {:?}; it must be a number of milliseconds, {least} to {most}", cells[columns.interval]),
        )?;
    let cell = cells[columns.asynchrony];
    let asynchrony = if is_missing(cell) {
        None
    } else {
        let value = number(cell, columns.separator).ok_or_else(|| {
            format!("asynch is {cell:?}; it must be a number of milliseconds, or empty without a tap")
        })?;
        if value.abs() > interval_ms {
            return Err(format!(
                "asynch is {cell}, more than the interval of {interval_ms} ms: such a tap belongs to another beat"
            ));
        }
        Some(value)
    };
    Ok(Row { subject, trial, interval_ms, asynchrony })
}

fn add(runs: &mut Vec<Run>, row: Row<'_>) {
    let same =
        |run: &&mut Run| run.subject == row.subject && run.trial == row.trial && run.interval_ms == row.interval_ms;
    // rows of a trial mostly stand together, the latest last
    match runs.iter_mut().rev().find(same) {
        Some(run) => run.asynchronies.push(row.asynchrony),
        None => runs.push(Run {
            subject: row.subject.to_owned(),
            trial: row.trial.to_owned(),
            interval_ms: row.interval_ms,
            asynchronies: vec![row.asynchrony],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        parse(text, "t.csv").unwrap_err().to_string()
    }

    #[test]
    fn rows_become_trials_in_the_order_of_tapping() {
        let runs = parse("subject,trial,isi,asynch\n1,1,600,-20\n1,1,600,NA\n2,1,600,5\n1,1,600,-1.5\n", "t").unwrap();
        assert_eq!(runs.len(), 2);
        assert_eq!(runs[0].asynchronies, [Some(-20.0), None, Some(-1.5)]);
        assert_eq!((runs[1].subject.as_str(), runs[1].interval_ms), ("2", 600.0));
    }

    #[test]
    fn what_other_programs_write_reads_the_same() {
        let plain = parse("subject,trial,isi,asynch\n1,1,600,-20.5\n1,1,600,\n", "t").unwrap();
        for text in [
            "\u{feff}subject,trial,isi,asynch\r\n1,1,600,-20.5\r\n1,1,600,\r\n",
            "Subject;Trial;ISI;Asynch\n1;1;600;-20,5\n1;1;600;NA",
            "asynch\tsubject\tnote\ttrial\tioi\n\u{2212}20,5\t1\tx\t1\t600\nNaN\t1\t\t1\t600\n\n",
            "\"subject\",\"trial\",\"isi\",\"asynch\"\n\"1\",\"1\",600,-20.5\n\"1\",\"1\",600,NA\n",
        ] {
            assert_eq!(parse(text, "t").unwrap(), plain, "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_what_would_be_right() {
        let head = "subject,trial,isi,asynch\n";
        assert!(wrong("").starts_with("t.csv:1: the table is empty"));
        assert!(wrong("\n\na,b\n1,2\n").starts_with("t.csv:3: there is no column subject"));
        assert!(wrong("subject,trial,isi,ioi,asynch\n").contains("t.csv:1: the column isi is there twice"));
        assert!(wrong(head).contains("t.csv:1: there is a header and no row"));
        assert!(
            wrong(&format!("{head}1,1,600,-20,5\n")).contains("t.csv:2: 5 cells where the header has 4; with decimal")
        );
        assert!(wrong(&format!("{head}1,1,600\n")).contains("t.csv:2: 3 cells"));
        assert!(wrong(&format!("{head}1,1,600,1\n1,1,600,early\n")).contains("t.csv:3: asynch is \"early\""));
        assert!(wrong(&format!("{head}1,1,600,inf\n")).contains("asynch is \"inf\""));
        assert!(wrong(&format!("{head}1,1,0,1\n")).contains("isi is \"0\""));
        assert!(wrong(&format!("{head}1,1,600,900\n")).contains("belongs to another beat"));
        assert!(wrong(&format!("{head},1,600,9\n")).contains("must not be empty"));
    }

    #[test]
    fn of_many_faults_the_first_twenty_are_listed() {
        let text = format!("subject,trial,isi,asynch\n{}", "1,1,600,x\n".repeat(30));
        let error = parse(&text, "t").unwrap_err();
        assert_eq!((error.faults.len(), error.more), (20, 10));
        assert!(error.to_string().ends_with("t: 10 more of these"));
    }
}
