//! Capture: PNG pictures of what is on screen, of every frame or of the moments that tell a session.
//!
//! Taking one costs nothing that is judged. In virtual time and without a window, nothing but what is taken is drawn at
//! all, so a session takes little longer than its decisions.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
};

use bevy::{
    prelude::*,
    render::view::screenshot::{Screenshot, ScreenshotCaptured},
};
use doozy_training::{
    event::{Drama, EventId},
    time::{HostTime, Nanos},
};

use super::{
    Screen, StageCamera,
    app::Canvas,
    bridge::{NoteMessage, PlayState, ShellClock},
};
use crate::conductor::note::Note;
use doozy_training::event::Effect;

/// Which pictures are kept, and in which folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FramePlan {
    #[default]
    None,
    /// Every `step`th frame, numbered.
    Every { dir: PathBuf, step: u32 },
    /// The drill under way, a doozy, its number, the end screen.
    Moments { dir: PathBuf },
}

/// A moment worth a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    Drill,
    Doozy,
    Number,
    End,
}

impl Moment {
    /// Its file's name.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Drill => "drill.png",
            Self::Doozy => "doozy.png",
            Self::Number => "number.png",
            Self::End => "end.png",
        }
    }
}

/// After its verdict a doozy's debris stands widest about here. ◇
const DOOZY_AFTER: Nanos = Nanos::ms(230);
/// By then the debris is down and the number stands (feel.md: 600–1600 ms).
const NUMBER_AFTER: Nanos = Nanos::ms(1_150);
/// Into a trial of a running rhythm or a discrete one, by this share of its length the drill is well under way. ◇
const DRILL_SHARE: i64 = 2;
/// The end screen has arrived and stands still by then, s.
const END_AFTER: f32 = 0.8;
/// Frames drawn before one is taken, so that fonts and meshes that came with it are on the graphics device.
const WARM: u32 = 3;

/// Pictures asked for, on their way and written.
#[derive(Resource, Debug, Default)]
pub struct Frames {
    plan: FramePlan,
    count: u32,
    asked: u32,
    arrived: u32,
    /// Files on disk, in the order they were written.
    pub written: Vec<PathBuf>,
    /// What could not be written, in words.
    pub faults: Vec<String>,
    /// Moments ahead: when (on the session's clock), what, and the size of the error behind it.
    ahead: Vec<(HostTime, Moment, f64)>,
    /// The largest error that each moment's file shows.
    shown: Vec<(Moment, f64)>,
    drill_taken: bool,
    end_seen: f32,
    end_taken: bool,
    /// Pictures that are due, and wait until enough frames have been drawn.
    waiting: VecDeque<PathBuf>,
    /// Frames drawn without a gap.
    drawn: u32,
}

impl Frames {
    #[must_use]
    pub fn new(plan: FramePlan) -> Self {
        Self { plan, ..Self::default() }
    }

    /// Pictures asked for that are not on disk yet.
    #[must_use]
    pub fn on_their_way(&self) -> u32 {
        self.asked - self.arrived + self.waiting.len() as u32
    }

    fn dir(&self) -> Option<&Path> {
        match &self.plan {
            FramePlan::None => None,
            FramePlan::Every { dir, .. } | FramePlan::Moments { dir } => Some(dir),
        }
    }

    /// Whether a picture is due within the frames that warm up for it.
    fn taken_soon(&self, now: HostTime, fps: u32) -> bool {
        let warm_up = Nanos(i64::from(WARM + 1) * 1_000_000_000 / i64::from(fps.max(1)));
        let ahead = self.ahead.iter().any(|(t, ..)| (*t - now).0 <= warm_up.0);
        let next = match self.plan {
            // The frame now counted is `count − 1`.
            FramePlan::Every { step, .. } => {
                let past = self.count.saturating_sub(1) % step.max(1);
                past == 0 || step - past <= WARM
            }
            FramePlan::None | FramePlan::Moments { .. } => false,
        };
        ahead || next || !self.waiting.is_empty()
    }

    /// Takes the larger of two errors for a moment that has one file.
    fn outdoes(&mut self, moment: Moment, size: f64) -> bool {
        match self.shown.iter_mut().find(|(held, _)| *held == moment) {
            Some((_, held)) if *held >= size => false,
            Some((_, held)) => {
                *held = size;
                true
            }
            None => {
                self.shown.push((moment, size));
                true
            }
        }
    }
}

/// Notes the moments that a verdict announces.
fn announce(mut notes: MessageReader<NoteMessage>, play: Res<PlayState>, mut frames: ResMut<Frames>) {
    if !matches!(frames.plan, FramePlan::Moments { .. }) {
        notes.clear();
        return;
    }
    for note in notes.read() {
        let Note::Effect(Effect::Amplify { event, drama: Drama::Full, .. }) = &note.0 else { continue };
        let size = size_of(&play, *event);
        if frames.outdoes(Moment::Doozy, size) {
            frames.ahead.push((play.now + DOOZY_AFTER, Moment::Doozy, size));
            frames.ahead.push((play.now + NUMBER_AFTER, Moment::Number, size));
        }
    }
}

fn size_of(play: &PlayState, event: EventId) -> f64 {
    let found = play.judged.iter().rev().find(|judged| judged.event == event);
    // An omission has no number to show; a press that missed by much has.
    found.map_or(0.0, |judged| judged.u + judged.e.map_or(0.0, |e| e.as_ms().abs()))
}

fn due(
    play: Res<PlayState>,
    screen: Res<State<Screen>>,
    time: Res<Time>,
    mut frames: ResMut<Frames>,
) -> Option<PathBuf> {
    let frames = &mut *frames;
    frames.count += 1;
    let dir = frames.dir()?.to_path_buf();
    if let FramePlan::Every { step, .. } = frames.plan {
        let numbered = frames.count - 1;
        return numbered.is_multiple_of(step.max(1)).then(|| dir.join(format!("frame-{numbered:06}.png")));
    }
    if let Some(at) = frames.ahead.iter().position(|(t, ..)| *t <= play.now) {
        let (_, moment, _) = frames.ahead.remove(at);
        return Some(dir.join(moment.file()));
    }
    if *screen.get() == Screen::End {
        frames.end_seen += time.delta_secs();
        if frames.end_seen >= END_AFTER && !frames.end_taken {
            frames.end_taken = true;
            return Some(dir.join(Moment::End.file()));
        }
        return None;
    }
    let calm = frames.ahead.is_empty() && !play.judged.is_empty();
    let under_way =
        play.present().and_then(|trial| trial.clock.map(|clock| (trial, clock))).is_some_and(|(trial, clock)| {
            clock.trial(play.now).0 > trial.plan.length.0 / DRILL_SHARE && trial.ended.is_none()
        });
    if *screen.get() == Screen::Play && calm && under_way && !frames.drill_taken {
        frames.drill_taken = true;
        return Some(dir.join(Moment::Drill.file()));
    }
    None
}

fn take(
    In(path): In<Option<PathBuf>>,
    play: Res<PlayState>,
    mut frames: ResMut<Frames>,
    canvas: Option<Res<Canvas>>,
    clock: Res<ShellClock>,
    mut cameras: Query<&mut Camera, With<StageCamera>>,
    mut commands: Commands,
) {
    frames.waiting.extend(path);
    // Without a window and in virtual time nobody sees what is not taken.
    let lazy = match *clock {
        ShellClock::Virtual { fps } if canvas.is_some() => Some(fps),
        _ => None,
    };
    let drawn = lazy.is_none_or(|fps| frames.count <= WARM || frames.taken_soon(play.now, fps));
    for mut camera in &mut cameras {
        if camera.is_active != drawn {
            camera.is_active = drawn;
        }
    }
    frames.drawn = if drawn { frames.drawn + 1 } else { 0 };
    let moments = matches!(frames.plan, FramePlan::Moments { .. });
    if lazy.is_some() && moments && frames.drawn <= WARM {
        return;
    }
    let Some(path) = frames.waiting.pop_front() else { return };
    frames.asked += 1;
    let shot = canvas.map_or_else(Screenshot::primary_window, |canvas| Screenshot::image(canvas.0.clone()));
    commands.spawn(shot).observe(move |captured: On<ScreenshotCaptured>, mut frames: ResMut<Frames>| {
        frames.arrived += 1;
        match write(&captured.image, &path) {
            Ok(()) => {
                if !frames.written.contains(&path) {
                    frames.written.push(path.clone());
                }
            }
            Err(fault) => frames.faults.push(format!("{}: {fault:#}", path.display())),
        }
    });
}

fn write(image: &Image, path: &Path) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // Without the alpha channel, which holds no transparency but what the glow left there.
    image.clone().try_into_dynamic()?.to_rgb8().save(path)?;
    Ok(())
}

pub fn plugin(app: &mut App) {
    app.add_systems(Update, (announce, due.pipe(take)).chain());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bigger_doozy_keeps_the_file() {
        let mut frames = Frames::new(FramePlan::Moments { dir: PathBuf::from("x") });
        assert!(frames.outdoes(Moment::Doozy, 100.0));
        assert!(!frames.outdoes(Moment::Doozy, 80.0));
        assert!(frames.outdoes(Moment::Doozy, 140.0));
        assert!(frames.outdoes(Moment::Number, 1.0));
    }

    #[test]
    fn frames_are_drawn_ahead_of_their_picture() {
        let mut frames = Frames::new(FramePlan::Every { dir: PathBuf::from("x"), step: 30 });
        let drawn: Vec<u32> = (0..60)
            .filter(|n| {
                frames.count = n + 1;
                frames.taken_soon(HostTime(0), 30)
            })
            .collect();
        assert_eq!(drawn, [0, 27, 28, 29, 30, 57, 58, 59]);
    }

    #[test]
    fn a_picture_that_waits_is_on_its_way() {
        let mut frames = Frames::new(FramePlan::None);
        assert_eq!(frames.on_their_way(), 0);
        frames.waiting.push_back(PathBuf::from("x"));
        assert_eq!(frames.on_their_way(), 1);
    }
}
