//! Text: every word that is shown, looked up by id in Fluent files that are part of the program.
//!
//! Ids stand as literals where they are used (`text.get("tier-slip", &[])`), so that a test can hold the files to the
//! sources: no id without a message, no message without a use.

use std::fmt::Write as _;

use doozy_training::{
    event::{ErrorUnit, EventKind, Judged, Tier},
    time::Nanos,
};
use fluent_bundle::{FluentArgs, FluentError, FluentResource, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

pub use fluent_bundle::FluentValue as Arg;

/// The languages there are, the first being the one that stands in for all others.
pub const LANGUAGES: [(&str, &str); 1] = [("en", include_str!("../assets/i18n/en.ftl"))];

/// The words of one language. Cheap to read from any thread.
pub struct Text {
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Text({:?})", self.bundle.locales)
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::load(LANGUAGES[0].0)
    }
}

impl Text {
    /// The words of a language ("en", "de-AT"), or English where it is not spoken here.
    #[must_use]
    pub fn load(language: &str) -> Self {
        let spoken = |&&(tag, _): &&(&str, &str)| {
            language.strip_prefix(tag).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', '.']))
        };
        let (tag, source) = LANGUAGES.iter().find(spoken).unwrap_or(&LANGUAGES[0]);
        Self::of(tag, source)
    }

    fn of(language: &str, source: &str) -> Self {
        let language: LanguageIdentifier = language.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // The marks that shield an argument from mixed directions of writing are drawn as boxes by our text.
        bundle.set_use_isolating(false);
        // Files with faults keep their sound messages; a test sees to it that there are none.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(sound, _)| sound);
        bundle.add_resource_overriding(resource);
        Self { bundle }
    }

    /// A message with its arguments; the id itself where there is none. Numbers are written with plain digits.
    #[must_use]
    pub fn get(&self, id: &str, args: &[(&str, Arg)]) -> String {
        let Some(pattern) = self.bundle.get_message(id).and_then(|message| message.value()) else {
            return id.to_owned();
        };
        let args: FluentArgs = args.iter().map(|(name, value)| (*name, finite(value))).collect();
        let mut faults: Vec<FluentError> = Vec::new();
        self.bundle.format_pattern(pattern, Some(&args), &mut faults).into_owned()
    }

    /// A message whose arguments come as text, such as a notice's.
    #[must_use]
    pub fn say(&self, id: &str, args: &[(&'static str, String)]) -> String {
        let args: Vec<(&str, Arg)> = args.iter().map(|(name, value)| (*name, Arg::from(value.as_str()))).collect();
        self.get(id, &args)
    }

    /// Whether there is a message of this id.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.bundle.get_message(id).is_some_and(|message| message.value().is_some())
    }

    /// "143 ms late": an asynchrony to the whole millisecond.
    #[must_use]
    pub fn how_far(&self, e: Nanos) -> String {
        let ms = whole_ms(e);
        match ms {
            0 => self.get("how-far-exact", &[]),
            ..0 => self.get("how-far-early", &[("ms", ms.abs().into())]),
            1.. => self.get("how-far-late", &[("ms", ms.into())]),
        }
    }

    /// How far off something was whose errors are in per cent: an interval too short or long, a stick out of its path.
    fn how_far_percent(&self, kind: EventKind, error: f64) -> String {
        let percent = error.abs().round() as i64;
        let key = match (kind, percent, error < 0.0) {
            (_, 0, _) => return self.get("how-far-exact", &[]),
            (EventKind::Excursion, _, true) => "how-far-left",
            (EventKind::Excursion, _, false) => "how-far-right",
            (_, _, true) => "how-far-short",
            (_, _, false) => "how-far-long",
        };
        self.get(key, &[("percent", percent.into())])
    }

    #[must_use]
    pub fn tier(&self, tier: Tier) -> String {
        match tier {
            Tier::Clean => self.get("tier-clean", &[]),
            Tier::Slip => self.get("tier-slip", &[]),
            Tier::Miss => self.get("tier-miss", &[]),
            Tier::Doozy => self.get("tier-doozy", &[]),
        }
    }

    /// What a verdict was, in the fewest words: how far off it was where that is known, else what went wrong.
    #[must_use]
    pub fn verdict(&self, judged: &Judged) -> String {
        if let (ErrorUnit::Percent, Some(error)) = (judged.measured.unit, judged.measured.error)
            && matches!(judged.kind, EventKind::Press | EventKind::Release | EventKind::Excursion)
        {
            return self.how_far_percent(judged.kind, error);
        }
        match (judged.kind, judged.e) {
            (EventKind::StopResponse, _) => self.get("event-stop-response", &[]),
            (EventKind::WrongLane, _) => self.get("event-wrong-lane", &[]),
            (EventKind::FalseStart, _) => self.get("event-false-start", &[]),
            (EventKind::Omission, _) => self.get("event-omission", &[]),
            (_, Some(e)) => self.how_far(e),
            (_, None) => self.get("event-extra", &[]),
        }
    }

    /// A doozy's three short sentences: "That was a doozy. 143 ms late. Again."
    #[must_use]
    pub fn doozy(&self, judged: &Judged, has_retry: bool) -> String {
        let mut said = self.get("doozy-said", &[]);
        let verdict = self.verdict(judged);
        let stop = if verdict.ends_with('.') { "" } else { "." };
        // Writing to a String cannot fail.
        let _ = write!(said, " {verdict}{stop}");
        if has_retry {
            let _ = write!(said, " {}", self.get("doozy-again", &[]));
        }
        said
    }
}

/// To the nearest whole millisecond, halves away from zero, as the big number on screen has it.
#[must_use]
pub fn whole_ms(e: Nanos) -> i64 {
    (e.0 + e.0.signum() * 500_000) / 1_000_000
}

/// A number that is none is shown as a dash (and would otherwise have no plural form).
fn finite<'a>(value: &Arg<'a>) -> Arg<'a> {
    match value {
        Arg::Number(number) if !number.value.is_finite() => Arg::from("–"),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use doozy_training::event::{EventId, Side, TrialId};
    use doozy_training::time::HostTime;

    use super::*;

    #[test]
    fn an_error_is_told_with_its_side() {
        let text = Text::default();
        assert_eq!(text.how_far(Nanos(143_400_000)), "143 ms late");
        assert_eq!(text.how_far(Nanos(-12_500_000)), "13 ms early");
        assert_eq!(text.how_far(Nanos(-499_999)), "Right on it");
        assert_eq!(text.how_far(Nanos::ms(1_234)), "1234 ms late");
    }

    fn doozy(kind: EventKind, e: Option<Nanos>) -> Judged {
        Judged {
            event: EventId(0),
            trial: TrialId(0),
            kind,
            target: None,
            due: None,
            press: None,
            e,
            side: Side::Late,
            gain: 1.0,
            shown_ms: 0.0,
            u: 4.0,
            tier: Tier::Doozy,
            tol_ms: 50.0,
            goal_ms: 20.0,
            measured: doozy_training::event::Measured::default(),
            t: HostTime(0),
        }
    }

    #[test]
    fn a_doozy_is_told_in_three_short_sentences() {
        let text = Text::default();
        assert_eq!(
            text.doozy(&doozy(EventKind::Press, Some(Nanos::ms(143))), true),
            "That was a doozy. 143 ms late. Again."
        );
        assert_eq!(text.doozy(&doozy(EventKind::Omission, None), false), "That was a doozy. That one went by.");
    }

    #[test]
    fn counts_have_their_plural_and_numbers_that_are_none_a_dash() {
        let text =
            Text::of("en", "tries = { $n ->\n    [one] one try\n   *[other] { $n } tries\n }\nspread = ±{ $ms } ms\n");
        let tries = |n: i32| text.get("tries", &[("n", n.into())]);
        assert_eq!([tries(0), tries(1), tries(1_234)], ["0 tries", "one try", "1234 tries"]);
        assert_eq!(text.get("tries", &[("n", f64::NAN.into())]), "– tries");
        assert_eq!(text.get("spread", &[("ms", 12.5.into())]), "±12.5 ms");
    }

    #[test]
    fn an_unknown_id_is_shown_as_itself_and_an_unknown_language_is_english() {
        assert_eq!(Text::load("tlh").get("no-such-thing", &[]), "no-such-thing");
        assert_eq!(Text::load("en_GB.UTF-8").get("tier-slip", &[]), "Close");
        assert_eq!(Text::load("eng").get("tier-slip", &[]), "Close");
    }

    #[test]
    fn the_files_have_no_faults_and_no_message_twice() {
        for (language, source) in LANGUAGES {
            let resource = FluentResource::try_new(source.to_owned())
                .unwrap_or_else(|(_, faults)| panic!("{language}: {faults:?}"));
            let mut bundle = FluentBundle::new_concurrent(vec![language.parse().unwrap()]);
            bundle.add_resource(resource).unwrap_or_else(|faults| panic!("{language}: {faults:?}"));
        }
    }

    fn ids(source: &str) -> BTreeSet<String> {
        let names = source.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
        names.filter_map(|line| line.split_once(" =")).map(|(id, _)| id.to_owned()).collect()
    }

    /// The string literals of our sources that look like ids, each with whether it stands where only an id can.
    fn literals(folder: &Path, found: &mut Vec<(String, bool, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                literals(&path, found);
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let mut before = String::new();
            for line in source.lines() {
                // Quotes that open or close no literal would turn inside out.
                let line = line.replace("\\\"", "").replace("'\"'", "");
                for (n, part) in line.split('"').enumerate() {
                    let looks_so = part.contains('-')
                        && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
                    if n % 2 == 1 && looks_so {
                        let is_id = ID_COMES_NEXT.iter().any(|call| before.ends_with(call));
                        found.push((part.to_owned(), is_id, path.display().to_string()));
                    }
                    if !part.trim().is_empty() {
                        before = part.trim_end().to_owned();
                    }
                }
            }
        }
    }

    /// What stands before a literal that must be an id.
    const ID_COMES_NEXT: [&str; 7] =
        ["text.get(", "text.say(", "self.get(", "says.get(", "words.get(", "Notice { id:", " told("];

    #[test]
    fn every_id_has_a_message_and_every_message_a_use() {
        let mut found = Vec::new();
        literals(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        let english = ids(LANGUAGES[0].1);
        let missing: Vec<_> = found.iter().filter(|(id, is_id, _)| *is_id && !english.contains(id)).collect();
        assert!(missing.is_empty(), "no message in en.ftl for {missing:?}");
        let used: BTreeSet<&String> = found.iter().map(|(id, ..)| id).collect();
        let unused: Vec<_> = english.iter().filter(|id| !used.contains(id)).collect();
        assert!(unused.is_empty(), "nothing shows {unused:?} of en.ftl");
        for (language, source) in LANGUAGES {
            assert_eq!(ids(source), english, "{language} has other messages than English");
        }
    }
}
