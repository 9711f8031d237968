//! What `play` and `demo` understand about practice.
#![cfg_attr(not(feature = "game"), allow(dead_code, reason = "without the game nothing is practised"))]

use clap::Args;
use doozy_training::practice::{Bars, Loops, Mute, Practice, Ramp, memory};

use super::{Common, Failure};
use crate::{
    conductor::Terms,
    ladders::Loaded,
    practice::{Preset, Presets},
    record::{Reader, SessionInfo},
};

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Practice (a session of it is marked so and counts for nothing)")]
pub struct PracticeArgs {
    /// Speed, 0.5 to 2 of the level's own
    #[arg(long, value_name = "RATE", value_parser = rate)]
    rate: Option<u16>,
    /// Bars to play round and round, as 4-8 or 4; may be given again
    #[arg(long = "loop", value_name = "BARS", value_parser = bars)]
    loops: Vec<Bars>,
    /// Loops of the bars that you failed when you last played this level
    #[arg(long, conflicts_with = "loops")]
    loop_failed: bool,
    /// Bars that are heard before each loop and not judged
    #[arg(long, value_name = "N")]
    pre_roll: Option<u8>,
    /// Faster after each trial that went well: in steps of so much of full speed, up to a rate (0.05:1 if not given); with
    /// `:both` slower again after one with fewer than half in time
    #[arg(long, value_name = "STEP[:RATE[:both]]", value_parser = ramp, num_args = 0..=1, default_missing_value = "0.05:1", require_equals = true)]
    ramp: Option<Ramp>,
    /// So many bars with the beat, then so many without
    #[arg(long, value_name = "WITH:WITHOUT", value_parser = mute)]
    mute_bars: Option<Mute>,
    /// Show where the presses of your best run fell
    #[arg(long)]
    ghost: bool,
    /// Begin with what was saved under this name; what else is given replaces its part
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Save rate, ramp, silent bars, pre-roll and ghost under this name
    #[arg(long, value_name = "NAME")]
    save_preset: Option<String>,
}

/// A rate in whole per cent.
fn rate(text: &str) -> Result<u16, String> {
    let wrong = || "a speed from 0.5 to 2 with at most two decimals, as 0.8".to_owned();
    let per_cent = text.parse::<f64>().map_err(|_| wrong())? * 100.0;
    if (50.0..=200.0).contains(&per_cent) && (per_cent - per_cent.round()).abs() < 1e-6 {
        Ok(per_cent.round() as u16)
    } else {
        Err(wrong())
    }
}

fn bars(text: &str) -> Result<Bars, String> {
    let wrong = || "bars as 4-8, or one bar as 4; they count from 1".to_owned();
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.trim().parse::<u32>().map_err(|_| wrong());
    let (from, to) = (number(from)?, number(to)?);
    if from >= 1 && to >= from { Ok(Bars { from, to }) } else { Err(wrong()) }
}

fn ramp(text: &str) -> Result<Ramp, String> {
    let wrong = || "steps of 0.01 to 0.25 of full speed, and a rate to stay at, as 0.05:1 or 0.05:1:both".to_owned();
    let (one_way, both) = text.strip_suffix(":both").map_or((text, false), |rest| (rest, true));
    let (step, to) = one_way.split_once(':').unwrap_or((one_way, "1"));
    let per_cent = step.parse::<f64>().map_err(|_| wrong())? * 100.0;
    if !(1.0..=25.0).contains(&per_cent) || (per_cent - per_cent.round()).abs() > 1e-6 {
        return Err(wrong());
    }
    Ok(Ramp { step: per_cent.round() as u16, to: rate(to).map_err(|_| wrong())?, both })
}

fn mute(text: &str) -> Result<Mute, String> {
    let wrong = || "bars with and without the beat, 1 to 32 each, as 2:2".to_owned();
    let (heard, silent) = text.split_once(':').ok_or_else(wrong)?;
    let count = |text: &str| text.parse::<u8>().ok().filter(|n| (1..=32).contains(n)).ok_or_else(wrong);
    Ok(Mute { heard: count(heard)?, silent: count(silent)? })
}

impl PracticeArgs {
    /// What is asked for, if it can be done on the level; None where nothing is asked for.
    pub fn practice(&self, common: &Common, level: &Loaded) -> Result<Option<Practice>, Failure> {
        let presets = || Presets::open().map_err(|e| Failure::lacking(e.to_string()));
        let mut practice = match &self.preset {
            None => Practice::default(),
            Some(name) => {
                let presets = presets()?;
                let preset = presets.get(name).ok_or_else(|| {
                    let known: Vec<&str> = presets.names().collect();
                    let known = if known.is_empty() { "none is saved yet".to_owned() } else { known.join(", ") };
                    Failure::usage(format!("no preset is called {name:?}; there are: {known}"))
                })?;
                preset.practice()
            }
        };
        practice.rate = self.rate.unwrap_or(practice.rate);
        practice.ramp = self.ramp.or(practice.ramp);
        practice.mute = self.mute_bars.or(practice.mute);
        practice.pre_roll = self.pre_roll.unwrap_or(practice.pre_roll);
        practice.ghost |= self.ghost;
        let mut loops = self.loops.clone();
        loops.sort();
        practice.loops = Loops::try_from(loops).map_err(|unfit| Failure::usage(unfit.to_string()))?;
        if self.loop_failed {
            practice.loops = failed(common, level)?;
        }
        // a preset may lead into loops, and the level be played through
        if practice.loops.is_empty() && self.pre_roll.is_none() {
            practice.pre_roll = 0;
        }
        // what is not asked for fits every level
        if !practice.is_plain() {
            practice.fit(&level.level).map_err(|unfit| Failure::usage(unfit.to_string()))?;
        }
        if let Some(name) = &self.save_preset {
            let mut presets = presets()?;
            presets.save(name, Preset::of(&practice)).map_err(Failure::usage)?;
            presets.write().map_err(|e| Failure::lacking(e.to_string()))?;
        }
        Ok((!practice.is_plain()).then_some(practice))
    }

    /// Whether anything is asked for.
    pub fn is_empty(&self) -> bool {
        let Self { rate, loops, loop_failed, pre_roll, ramp, mute_bars, ghost, preset, save_preset } = self;
        rate.is_none()
            && loops.is_empty()
            && !loop_failed
            && pre_roll.is_none()
            && ramp.is_none()
            && mute_bars.is_none()
            && !ghost
            && preset.is_none()
            && save_preset.is_none()
    }
}

/// The bars that were failed in the last session of a level.
fn failed(common: &Common, level: &Loaded) -> Result<Loops, Failure> {
    let data = common.data_dir()?;
    let none = || Failure::usage(format!("{} was not played yet, so no bars of it were failed; give --loop", level.id));
    if !data.database().exists() {
        return Err(none());
    }
    let loops = last_failed(&Reader::open(&data)?, level)?.ok_or_else(none)?;
    if loops.is_empty() {
        return Err(Failure::usage(format!(
            "no bars of {} were failed when it was last played; give --loop",
            level.id
        )));
    }
    Ok(loops)
}

/// The bars that the last session of a level failed; None where there was no such session.
pub fn last_failed(reader: &Reader, level: &Loaded) -> Result<Option<Loops>, Failure> {
    let sessions = reader.sessions()?;
    let played = |info: &&SessionInfo| info.is_of(&level.text) && info.tiers.iter().sum::<i64>() > 0;
    let Some(last) = sessions.iter().rev().find(played) else { return Ok(None) };
    let session = reader.load(&last.id.to_string())?;
    let terms: Option<Terms> = serde_json::from_value(session.meta.options.clone()).ok();
    let practice = terms.and_then(|terms| terms.session.practice);
    Ok(Some(memory::failed_bars(&level.level, practice, &session.effects)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_meant() {
        assert_eq!((rate("0.8"), rate("1"), rate("2.00"), rate("0.57")), (Ok(80), Ok(100), Ok(200), Ok(57)));
        assert_eq!(bars("4-8"), Ok(Bars { from: 4, to: 8 }));
        assert_eq!(bars("4"), Ok(Bars { from: 4, to: 4 }));
        assert_eq!(ramp("0.05:1"), Ok(Ramp { step: 5, to: 100, both: false }));
        assert_eq!(ramp("0.1"), Ok(Ramp { step: 10, to: 100, both: false }));
        assert_eq!(ramp("0.1:0.9:both"), Ok(Ramp { step: 10, to: 90, both: true }));
        assert_eq!(ramp("0.1:both"), Ok(Ramp { step: 10, to: 100, both: true }));
        assert_eq!(mute("2:1"), Ok(Mute { heard: 2, silent: 1 }));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "0.49", "2.01", "nan", "inf", "-1", "0.805", "0,8", "80%"] {
            assert!(rate(text).is_err(), "{text}");
        }
        for text in ["", "0", "8-4", "0-3", "1-", "-3", "a-b", "1-2-3", "4294967296"] {
            assert!(bars(text).is_err(), "{text}");
        }
        for text in ["", "0", "0.3", "0.05:3", ":", "0.05:", "both", ":both", "0.05:1:down"] {
            assert!(ramp(text).is_err(), "{text}");
        }
        for text in ["", "2", "0:2", "2:0", "33:1", "2:2:2", "a:b"] {
            assert!(mute(text).is_err(), "{text}");
        }
    }
}
