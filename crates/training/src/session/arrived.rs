//! What was delivered besides presses and waits for its trial: responses let go, and the stick.

use std::collections::BTreeMap;

use crate::{
    event::{Release, Tilt},
    judge::TrialJudge,
    time::HostTime,
};

/// Releases and tilts not yet handed to a judge, in order of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrived {
    releases: BTreeMap<(HostTime, u64), Release>,
    tilts: BTreeMap<(HostTime, u64), Tilt>,
    /// Where the stick was last seen to stand.
    stick: Option<Tilt>,
}

impl Arrived {
    pub fn release(&mut self, release: Release) {
        self.releases.insert((release.t, release.seq), release);
    }

    pub fn tilt(&mut self, tilt: Tilt) {
        self.tilts.insert((tilt.t, tilt.seq), tilt);
    }

    /// Hands a trial what lies between its beginning and `limit`. What came up before it began has nothing to do with
    /// it, but the stick stands where it was put.
    pub fn hand_over(&mut self, judge: &mut TrialJudge, begins: HostTime, limit: HostTime) {
        let later = self.releases.split_off(&(limit, 0));
        for ((t, _), release) in std::mem::replace(&mut self.releases, later) {
            if t >= begins {
                judge.release(release);
            }
        }
        let later = self.tilts.split_off(&(limit, 0));
        let moved = std::mem::replace(&mut self.tilts, later);
        if let Some(stick) = self.stick.filter(|_| limit > begins) {
            judge.tilt(Tilt { t: begins, seq: 0, ..stick });
        }
        for (_, tilt) in moved {
            judge.tilt(Tilt { t: tilt.t.max(begins), ..tilt });
            self.stick = Some(tilt);
        }
    }
}
