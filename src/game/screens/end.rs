//! The end screen: every press of the session, what they amount to in a sentence, and what next.

use bevy::{camera::visibility::NoFrustumCulling, prelude::*};
use doozy_training::event::Tier;

use super::{
    Act, Words, hud, theme_changed,
    widgets::{self, Button, at, button, words},
};
use crate::{
    game::{
        Screen,
        app::{Player, Sessions},
        bridge::{PlayState, Stops},
        focus::{Item, Preferred},
        plots::{self, Asynchronies, Frame, Measure, Precision},
        practising::Practising,
        stage::{marks, paint::Painter},
        theme::{DESIGN, Size, Theme, Weight, space},
    },
    text::Arg,
};

/// The plot's place in the design's frame, from left and top, and its size.
const PLOT: Rect = Rect { min: Vec2::new(80.0, 152.0), max: Vec2::new(820.0, 560.0) };
const MARGIN: f32 = 44.0;
const MARK: f32 = 7.0;
/// The column beside it.
const SIDE: f32 = 872.0;
/// Where the counts stand below the column's top, and how far apart.
const COUNTS: f32 = 372.0;
const COUNT_STEP: f32 = 40.0;

/// A point of the frame (from left and top) in the stage's space (from the middle, y up).
fn in_space(frame: Vec2) -> Vec2 {
    Vec2::new(frame.x - DESIGN.x / 2.0, DESIGN.y / 2.0 - frame.y)
}

#[derive(Component)]
struct EndScreen;

#[expect(clippy::too_many_arguments, reason = "a system takes what it reads")]
fn spawn(
    mut commands: Commands,
    theme: Res<Theme>,
    says: Res<Words>,
    play: Res<PlayState>,
    sessions: Res<Sessions>,
    practising: Res<Practising>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<ColorMaterial>>,
) {
    let palette = theme.palette;
    let plot = Asynchronies::of(play.fresh());
    let told = Told { says: &says, measure: plot.measure };
    let precision = match plot.measure {
        // an error of a reaction is what is later than usual, which says nothing of how quick the player is
        Measure::Reaction => Precision::of(&play.reactions_ms),
        _ => Precision::of(&play.errors()),
    };
    let area = Rect::from_corners(in_space(PLOT.min), in_space(PLOT.max));
    let frame = Frame { area, margin: MARGIN, mark: MARK };

    let mut painter = Painter::default();
    plots::paint(&mut painter, &plot, &frame, &palette);
    let tiers = [Tier::Clean, Tier::Slip, Tier::Miss, Tier::Doozy];
    for (i, tier) in tiers.into_iter().enumerate() {
        let place = in_space(Vec2::new(SIDE + 14.0, COUNTS + 16.0 + i as f32 * COUNT_STEP));
        marks::form(&mut painter, place, 9.0, tier, 1.0, palette.tier(tier).to_linear());
    }
    let mut mesh = Painter::empty_mesh();
    painter.pour_into(&mut mesh);
    commands.spawn((
        EndScreen,
        DespawnOnExit(Screen::End),
        Mesh2d(meshes.add(mesh)),
        MeshMaterial2d(materials.add(ColorMaterial { color: Color::WHITE, ..default() })),
        Transform::default(),
        NoFrustumCulling,
    ));

    let sentence = told.sentences(precision.as_ref(), play.stops, plot.in_band);

    widgets::root(&mut commands, (EndScreen, DespawnOnExit(Screen::End)), Color::NONE, |screen| {
        screen.spawn(Node { width: px(DESIGN.x), ..at(80.0, 36.0) }).with_children(|head| {
            head.spawn(words(&theme, says.get("end-title", &[]), Size::Title, Weight::Bold, palette.text));
        });
        let mut under = sessions.chosen.as_ref().map(|card| card.title.clone()).unwrap_or_default();
        if let Player::Learner(name) = &sessions.player {
            under = format!("{under}   ·   {}", says.get("end-simulated", &[("name", name.clone().into())]));
        }
        if let Some(rate) = play.practised {
            let said = says.get("practice-percent", &[("percent", rate.into())]);
            under = format!("{under}   ·   {}   ·   {said}", says.get("end-practice", &[]));
            let loops: Vec<String> = practising.practice.loops.as_slice().iter().map(ToString::to_string).collect();
            if !loops.is_empty() {
                let said = says.get("end-practice-bars", &[("bars", loops.join(", ").into())]);
                under = format!("{under}   ·   {said}");
            }
        }
        under = format!("{under}   ·   {}", says.get("end-order", &[]));
        screen.spawn((at(82.0, 92.0), children![words(&theme, under, Size::Small, Weight::Regular, palette.quiet)]));

        let label = |screen: &mut ChildSpawnerCommands, ms: f64, said: String, colour: Color| {
            let x = frame.x(ms, &plot) + DESIGN.x / 2.0;
            let node = Node { width: px(120), justify_content: JustifyContent::Center, ..at(x - 60.0, 124.0) };
            screen.spawn((node, children![words(&theme, said, Size::Small, Weight::Regular, colour)]));
        };
        let ticks = plot.ticks();
        for &tick in &ticks {
            let said = match tick {
                0.0 => told.middle(),
                t if Some(&t) == ticks.first() => format!("{:.0} {}", t.abs(), told.ends()[0]),
                t if Some(&t) == ticks.last() => format!("{t:.0} {}", told.ends()[1]),
                t => format!("{:.0}", t.abs()),
            };
            label(screen, tick, said, if tick == 0.0 { palette.text } else { palette.quiet });
        }

        let side = Node { width: px(328), ..at(SIDE, 148.0) };
        screen.spawn(Node { flex_direction: FlexDirection::Column, row_gap: px(2), ..side }).with_children(|column| {
            if let Some(precision) = &precision {
                column.spawn(words(&theme, says.get("end-typical", &[]), Size::Small, Weight::Regular, palette.quiet));
                column.spawn(words(&theme, told.by(precision.median), Size::Title, Weight::Bold, palette.text));
                column.spawn(Node { height: px(18), ..default() });
                let spread = told.spread(precision.robust_sd);
                column.spawn(words(&theme, spread, Size::Body, Weight::Bold, palette.text));
                let hint = says.get("end-spread-hint", &[("n", precision.n.into())]);
                column.spawn(words(&theme, hint, Size::Small, Weight::Regular, palette.quiet));
            }
            if let Some(held) = told.held_count(play.stops) {
                column.spawn(Node { height: px(18), ..default() });
                column.spawn(words(&theme, held, Size::Body, Weight::Bold, palette.text));
            }
        });
        for (i, (tier, id)) in tiers.into_iter().zip(["end-clean", "end-slip", "end-miss", "end-doozy"]).enumerate() {
            let count = play.fresh().iter().filter(|judged| judged.tier == tier).count();
            let line = Node { ..at(SIDE + 40.0, COUNTS + i as f32 * COUNT_STEP) };
            screen.spawn(Node { column_gap: px(12), ..line }).with_children(|line| {
                line.spawn((
                    Node { width: px(52), justify_content: JustifyContent::FlexEnd, ..default() },
                    children![words(&theme, count.to_string(), Size::Body, Weight::Bold, palette.text)],
                ));
                line.spawn(words(&theme, says.get(id, &[]), Size::Body, Weight::Regular, palette.quiet));
            });
        }

        screen.spawn((
            Node { width: px(PLOT.width()), ..at(PLOT.min.x, PLOT.max.y + 14.0) },
            children![words(&theme, sentence, Size::Small, Weight::Regular, palette.text)],
        ));
        let kept = match &play.ended {
            Some((Some(_), _)) => says.get("end-kept", &[]),
            _ => says.get("end-not-kept", &[]),
        };
        screen.spawn((
            Node { width: px(328), ..at(SIDE, PLOT.max.y + 14.0) },
            children![words(&theme, kept, Size::Small, Weight::Regular, palette.quiet)],
        ));

        screen.spawn(Node { column_gap: px(space::NEAR), ..at(80.0, 636.0) }).with_children(|foot| {
            let item = |column| Item { layer: 0, row: 0, column };
            let again = says.get("end-again", &[]);
            button(
                foot,
                &theme,
                item(0),
                (Act::Begin, Preferred),
                &Button { label: &again, hint: None, width: 216.0, main: true },
            );
            if sessions.has_next() {
                let next = says.get("end-next", &[]);
                button(
                    foot,
                    &theme,
                    item(1),
                    Act::Next,
                    &Button { label: &next, hint: None, width: 192.0, main: false },
                );
            }
            let menu = says.get("end-menu", &[]);
            let act = Act::Go(Screen::Menu);
            button(foot, &theme, item(2), act, &Button { label: &menu, hint: None, width: 152.0, main: false });
        });
        hud::notices_place(screen);
    });
}

/// The end screen's sentences, in the words and the unit of what was measured.
struct Told<'a> {
    says: &'a Words,
    measure: Measure,
}

impl Told<'_> {
    /// What the two ends of the axis are called.
    fn ends(&self) -> [String; 2] {
        let says = self.says;
        match self.measure {
            Measure::Time | Measure::Reaction => [says.get("end-early", &[]), says.get("end-late", &[])],
            Measure::Length => [says.get("end-short", &[]), says.get("end-long", &[])],
            Measure::Place => [says.get("end-left", &[]), says.get("end-right", &[])],
        }
    }

    /// What the axis' middle is called.
    fn middle(&self) -> String {
        match self.measure {
            Measure::Time => self.says.get("end-now", &[]),
            Measure::Reaction => self.says.get("end-as-usual", &[]),
            Measure::Length => self.says.get("end-as-heard", &[]),
            Measure::Place => self.says.get("end-inside", &[]),
        }
    }

    /// "12 ms early", "4 % short", "310 ms after the signal".
    fn by(&self, median: f64) -> String {
        let even = median.abs() < self.measure.even();
        let ms = [("ms", median.abs().round().into())];
        let percent = [("percent", median.abs().round().into())];
        match (self.measure, median < 0.0) {
            (Measure::Reaction, _) => self.says.get("end-after-signal", &ms),
            (Measure::Time, _) if even => self.says.get("end-on-time", &[]),
            (Measure::Length, _) if even => self.says.get("end-as-long", &[]),
            (Measure::Place, _) if even => self.says.get("end-inside", &[]),
            (Measure::Time, true) => self.says.get("end-early-by", &ms),
            (Measure::Time, false) => self.says.get("end-late-by", &ms),
            (Measure::Length, true) => self.says.get("end-short-by", &percent),
            (Measure::Length, false) => self.says.get("end-long-by", &percent),
            (Measure::Place, true) => self.says.get("end-left-by", &percent),
            (Measure::Place, false) => self.says.get("end-right-by", &percent),
        }
    }

    fn spread(&self, sd: f64) -> String {
        match self.measure {
            Measure::Time | Measure::Reaction => self.says.get("end-spread", &[("ms", sd.round().into())]),
            _ => self.says.get("end-spread-percent", &[("percent", sd.round().into())]),
        }
    }

    /// "5 of 6 held back", where something was to be.
    fn held_count(&self, stops: Stops) -> Option<String> {
        (stops.asked > 0).then(|| self.says.get("end-held-count", &Self::held(stops)))
    }

    fn held(Stops { asked, held }: Stops) -> [(&'static str, Arg<'static>); 2] {
        [("asked", asked.into()), ("held", held.into())]
    }

    /// What the plot shows and what it does not, in sentences.
    fn sentences(&self, precision: Option<&Precision>, stops: Stops, in_band: f64) -> String {
        let mut said = match precision {
            Some(precision) => {
                let share = [("share", (in_band * 100.0).round().into())];
                format!("{} {}", self.typical(precision), self.says.get("end-in-band", &share))
            }
            None => self.says.get("end-none", &[]),
        };
        if stops.asked > 0 {
            said = format!("{} {said}", self.says.get("end-held", &Self::held(stops)));
        }
        said
    }

    fn typical(&self, precision: &Precision) -> String {
        let Precision { median, mad, .. } = *precision;
        let (size, half) = (median.abs().round(), mad.round());
        let even = median.abs() < self.measure.even();
        let ms = [("ms", size.into()), ("half", half.into())];
        let percent = [("percent", size.into()), ("half", half.into())];
        match (self.measure, median < 0.0) {
            (Measure::Reaction, _) => self.says.get("end-says-reaction", &ms),
            (Measure::Time, _) if even => self.says.get("end-says-even", &ms),
            (Measure::Time, true) => self.says.get("end-says-early", &ms),
            (Measure::Time, false) => self.says.get("end-says-late", &ms),
            (Measure::Place, _) if even => self.says.get("end-says-inside", &percent),
            (Measure::Place, true) => self.says.get("end-says-left", &percent),
            (Measure::Place, false) => self.says.get("end-says-right", &percent),
            (Measure::Length, _) if even => self.says.get("end-says-as-long", &percent),
            (Measure::Length, true) => self.says.get("end-says-short", &percent),
            (Measure::Length, false) => self.says.get("end-says-long", &percent),
        }
    }
}

fn take_down(mut commands: Commands, screens: Query<Entity, With<EndScreen>>) {
    for screen in &screens {
        commands.entity(screen).despawn();
    }
}

pub fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::End), spawn)
        .add_systems(Update, (take_down, spawn).chain().run_if(theme_changed).run_if(in_state(Screen::End)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    #[test]
    fn a_drill_of_reaction_is_told_by_delays_and_what_was_held_back() {
        let says = Words(Text::default());
        let told = Told { says: &says, measure: Measure::Reaction };
        let precision = Precision::of(&[290.0, 310.0, 350.0]);
        let stops = Stops { asked: 6, held: 5 };
        assert_eq!(told.by(310.0), "310 ms after the signal");
        assert_eq!(told.held_count(stops).as_deref(), Some("5 of 6 held back"));
        assert_eq!(
            told.sentences(precision.as_ref(), stops, 0.9),
            "Of the signals that were taken back you left 5 of 6 alone. You answer 310 ms after the signal, and half of \
             your answers lie within 20 ms of that. 90 % of your presses lie in the shaded goal band."
        );
        // who is as quick as ever has no error at all: not a word of a steadiness of 0 ms
        assert!(!told.sentences(precision.as_ref(), Stops::default(), 1.0).contains(" 0 ms"));
        assert_eq!(told.held_count(Stops::default()), None);
    }
}
