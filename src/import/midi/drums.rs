//! From keys to lanes: the kit of General MIDI, a map that the user gives, or pitch.

use std::str::FromStr;

use super::super::{chart::MOST_LANES, folded};
use super::smf::Note;

/// The channel that General MIDI keeps for drums, counted from 0.
const DRUM_CHANNEL: u8 = 9;

/// Which keys go to which lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DrumMap {
    /// The kit of General MIDI on channel 10, pitch on all others.
    #[default]
    Auto,
    /// The kit on every channel.
    Kit,
    /// Pitch on every channel.
    Pitch,
    /// These keys and no others, each with its lane.
    Keys(Vec<(u8, u8)>),
}

impl FromStr for DrumMap {
    type Err = String;

    /// `auto`, `gm`, `none`, or `KEY=LANE,…`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => return Ok(Self::Auto),
            "gm" => return Ok(Self::Kit),
            "none" => return Ok(Self::Pitch),
            _ => {}
        }
        let mut keys: Vec<(u8, u8)> = Vec::new();
        for pair in text.split(',') {
            let wrong =
                || format!("'{pair}' is no KEY=LANE with a key of 0 to 127 and a lane of 0 to {}", MOST_LANES - 1);
            let (key, lane) = pair.split_once('=').ok_or_else(wrong)?;
            let key: u8 = key.trim().parse().ok().filter(|&key| key < 128).ok_or_else(wrong)?;
            let lane: u8 = lane.trim().parse().ok().filter(|&lane| lane < MOST_LANES).ok_or_else(wrong)?;
            if keys.iter().any(|&(known, _)| known == key) {
                return Err(format!("key {key} is there twice; give each key one lane"));
            }
            keys.push((key, lane));
        }
        Ok(Self::Keys(keys))
    }
}

/// The lane of every channel's keys; none: left out.
pub type Lanes = [[Option<u8>; 128]; 16];

impl DrumMap {
    /// Lanes for the keys of `notes`, without gaps, folded into `most` if that is given, and how many there are.
    ///
    /// Keys that go by pitch share one lane if nothing is asked; else each lane has as many different keys as the next.
    pub(super) fn lanes(&self, notes: &[Note], most: Option<u8>) -> (Lanes, u8) {
        let mut lanes: Lanes = [[None; 128]; 16];
        if let Self::Keys(keys) = self {
            // the user's lanes stand as they are
            for lanes in &mut lanes {
                for &(key, lane) in keys {
                    lanes[usize::from(key)] = Some(most.map_or(lane, |most| lane.min(most.saturating_sub(1))));
                }
            }
            let count = keys.iter().map(|&(_, lane)| lane + 1).max().unwrap_or(1);
            return (lanes, most.map_or(count, |most| count.min(most)));
        }
        // first every key's place among the kit's groups or the pitches, then those that sound, counted
        let place = |channel: u8, key: u8| -> u16 {
            let kit = *self == Self::Kit || (*self == Self::Auto && channel == DRUM_CHANNEL);
            if kit { u16::from(kit_group(key)) } else { 256 + u16::from(key) }
        };
        let mut places: Vec<u16> = notes.iter().map(|note| place(note.channel, note.key)).collect();
        places.sort_unstable();
        places.dedup();
        let pitches = places.iter().filter(|&&place| place >= 256).count();
        let groups = places.len() - pitches;
        let pitch_lanes = match most {
            None => pitches.min(1),
            Some(most) => pitches.min(usize::from(most)),
        };
        let all = (groups + pitch_lanes).max(1);
        let count = most.map_or(all, |most| all.min(usize::from(most))).min(usize::from(MOST_LANES));
        let count = u8::try_from(count).unwrap_or(MOST_LANES).max(1);
        for note in notes {
            let at = places.binary_search(&place(note.channel, note.key)).unwrap_or(0);
            let lane = if at < groups { at } else { groups + (at - groups) * pitch_lanes / pitches.max(1) };
            lanes[usize::from(note.channel)][usize::from(note.key)] = Some(folded(lane, all, count));
        }
        (lanes, count)
    }
}

/// Kick, snare, hi-hat, low toms, high toms, crashes, rides, all else: the percussion keys of General MIDI level 1.
fn kit_group(key: u8) -> u8 {
    match key {
        35 | 36 => 0,
        37..=40 => 1,
        42 | 44 | 46 => 2,
        41 | 43 | 45 => 3,
        47 | 48 | 50 => 4,
        49 | 52 | 55 | 57 => 5,
        51 | 53 | 59 => 6,
        _ => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(channel: u8, keys: &[u8]) -> Vec<Note> {
        keys.iter().map(|&key| Note { tick: 0, channel, key, until: None }).collect()
    }

    fn laid(map: &DrumMap, notes: &[Note], most: Option<u8>) -> (Vec<Option<u8>>, u8) {
        let (lanes, count) = map.lanes(notes, most);
        (notes.iter().map(|note| lanes[usize::from(note.channel)][usize::from(note.key)]).collect(), count)
    }

    #[test]
    fn drums_get_a_lane_a_group_and_pitch_one_for_all() {
        let kit = notes(9, &[36, 38, 42, 46, 35]);
        assert_eq!(laid(&DrumMap::Auto, &kit, None), (vec![Some(0), Some(1), Some(2), Some(2), Some(0)], 3));
        assert_eq!(laid(&DrumMap::Auto, &kit, Some(2)), (vec![Some(0), Some(0), Some(1), Some(1), Some(0)], 2));
        let tune = notes(0, &[60, 62, 64, 65]);
        assert_eq!(laid(&DrumMap::Auto, &tune, None), (vec![Some(0); 4], 1));
        assert_eq!(laid(&DrumMap::Auto, &tune, Some(2)), (vec![Some(0), Some(0), Some(1), Some(1)], 2));
        assert_eq!(laid(&DrumMap::Auto, &tune, Some(8)).1, 4);
        assert_eq!(laid(&DrumMap::Kit, &tune, None).1, 1);
        assert_eq!(laid(&DrumMap::Pitch, &kit, Some(5)).1, 5);
    }

    #[test]
    fn a_map_of_keys_stands_as_given() {
        let map: DrumMap = "36=0,38=3".parse().expect("a map");
        assert_eq!(laid(&map, &notes(4, &[36, 38, 42]), None), (vec![Some(0), Some(3), None], 4));
        for wrong in ["", "36", "128=0", "36=8", "36=1,36=2", "a=b"] {
            assert!(wrong.parse::<DrumMap>().is_err(), "{wrong}");
        }
    }
}
