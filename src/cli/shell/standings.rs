//! Standings: what the record says of each level, and today's mix, for the menu.

use doozy_training::schedule;

use super::card_of;
use crate::{
    cli::complain,
    clock,
    game::{
        screens::LevelCard,
        standing::{Ask, MixCard, PickCard, Standing},
    },
    ladders::Ladder,
    paths::DataDir,
    progress::Progress,
    record,
};

/// What the record says, asked anew for each menu. A record that cannot be read is told once, and nothing is known then.
pub(super) fn asker(data: DataDir, mut ladders: Vec<Ladder>) -> Ask {
    // the endless levels have a best, and no place in a mix
    let endless = ladders.pop();
    let mut progress = Progress::default();
    let mut told = false;
    Box::new(move || {
        let known = progress.update(&data).and_then(|()| record::today());
        let today = match known {
            Ok(today) => today,
            Err(error) => {
                if !std::mem::replace(&mut told, true) {
                    complain(error);
                }
                clock::wall().div_euclid(86_400_000_000_000)
            }
        };
        let levels = || ladders.iter().chain(&endless).flat_map(|ladder| &ladder.levels);
        let best = levels().filter_map(|level| Some((level.path.clone(), progress.best(level)?))).collect();
        let mix = progress.daily(&ladders, today);
        let pick = |pick: &schedule::Pick| {
            let ladder = ladders.iter().find(|ladder| ladder.levels.iter().any(|level| level.id == pick.level))?;
            let at = ladder.levels.iter().position(|level| level.id == pick.level)?;
            let loaded = &ladder.levels[at];
            let trials = schedule::block_trials(loaded.level.trials(), loaded.level.seconds());
            let card = card_of(loaded, &ladder.name, u32::try_from(at + 1).unwrap_or(u32::MAX));
            Some(PickCard { card: LevelCard { trials: Some(trials), ..card }, why: pick.why })
        };
        let picks: Vec<PickCard> = mix.picks.iter().filter_map(pick).collect();
        // every pick is one of the levels that it was chosen from
        let blocks = if picks.len() == mix.picks.len() { mix.blocks } else { Vec::new() };
        Standing { best, mix: MixCard { picks, blocks } }
    })
}
