//! What sessions of the first two kinds gave when rule version 1 was fixed: a change of any bit of any effect shows here.
//! The trained player's and the showcase's are as they were then. The novice's are later: the rules stood, and the simulated
//! novice was brought to the timing of twenty people (docs/science/learners.md).

use super::*;
use crate::learner::{Profile, Tapper};

/// FNV-1a over the session's effects as RON, provisional marks left out.
fn print(level: &str, profile: Profile, seed: u64) -> (usize, u64) {
    let setup = Setup {
        level: Level::parse("pin", level).unwrap(),
        seed,
        options: Options::default(),
        preset: Preset::Small,
        lesion: Lesion::None,
    };
    let rehearsal = rehearse(setup, &mut Tapper::new(profile, seed)).unwrap();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut count = 0;
    for effect in rehearsal.effects.iter().filter(|effect| !matches!(effect, Effect::Provisional { .. })) {
        count += 1;
        for byte in ron::to_string(effect).unwrap().bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    (count, hash)
}

const BEAT: &str = "(version: 1, title: \"Beat\", aim: \"a\", trials: 8, seconds: 60,
    drill: SteadyBeat(ioi_ms: 600, beats: 16, knobs: [Ioi(to_ms: 400, steps: 2), Sound(Sparse)]))";
const GATE: &str = "(version: 1, title: \"Gate\", aim: \"a\", trials: 30, seconds: 60,
    drill: Interception(visible_ms: 800, knobs: [Occluded(to_ms: 400, steps: 4)]))";
const SERIES: &str = "(version: 1, title: \"Gate\", aim: \"a\", trials: 8, seconds: 60,
    drill: Interception(visible_ms: 800, series: (balls: 8, gap_ms: 500)))";

#[test]
fn sessions_of_rule_version_1_keep_every_bit() {
    assert_eq!(crate::RULE_VERSION, 1);
    let prints: Vec<_> = [BEAT, GATE, SERIES]
        .into_iter()
        .flat_map(|level| {
            [(Profile::Trained, 3), (Profile::Novice, 4), (Profile::Showcase, 5)].map(|(p, s)| print(level, p, s))
        })
        .collect();
    let pinned = [
        (564, 9274197075927521794),
        (673, 4863093369859751761),
        (1649, 3471548263198992964),
        (189, 4332611977014645926),
        (189, 12187933555673622051),
        (275, 17868106165644559871),
        (298, 7167364331322718393),
        (299, 14159557289374768967),
        (885, 12203915840751884269),
    ];
    assert_eq!(prints, pinned);
}
