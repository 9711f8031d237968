//! Measuring: what to do now, every tap, the number as it comes to rest; then keep it, or not.

use bevy::{camera::visibility::NoFrustumCulling, prelude::*};

use super::{
    super::{
        Act, Answer, Words, hud,
        widgets::{self, Button, button, words},
    },
    picture::{self, Axis},
};
use crate::{
    calibration::{Command, Method, Phase, Verdict},
    game::{
        Screen,
        focus::{Item, Preferred, Steer},
        measuring::{Measured, Measuring},
        stage::paint::Painter,
        theme::{DESIGN, Size, Theme, Weight, space},
    },
};

/// A nudge of the adjustment, ms, and one with Shift held. ◇ 5 ms is below what anybody notices between two clicks; 1 ms for
/// those who want to be finer than they can hear.
const NUDGE: i32 = 5;
const FINE: i32 = 1;

/// A text of the screen, by what it says.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// What to do.
    Task,
    /// The number, with its standard error.
    Number,
    /// How many taps, their spread, and whether that is enough.
    Standing,
    /// A label of the axis, by its place among the ticks.
    Tick(u8),
}

/// The painted part.
#[derive(Component)]
struct Canvas;

/// The buttons at the end.
#[derive(Component)]
struct Answers(Verdict);

fn spawn(
    mut commands: Commands,
    theme: Res<Theme>,
    says: Res<Words>,
    measured: Res<Measured>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<ColorMaterial>>,
) {
    let palette = theme.palette;
    commands.spawn((
        Canvas,
        DespawnOnExit(Screen::Measure),
        Mesh2d(meshes.add(Painter::empty_mesh())),
        MeshMaterial2d(materials.add(ColorMaterial { color: Color::WHITE, ..default() })),
        Transform::default(),
        NoFrustumCulling,
    ));
    let line = |line: Line, size: Size, weight: Weight, colour: Color| {
        (line, words(&theme, String::new(), size, weight, colour))
    };
    widgets::root(&mut commands, DespawnOnExit(Screen::Measure), Color::NONE, |frame| {
        frame.spawn(Node { width: px(860), ..widgets::at(80.0, 36.0) }).with_children(|head| {
            head.spawn(widgets::column(space::TIGHT)).with_children(|column| {
                let title = measured.method.map(|m| says.get(m.title(), &[])).unwrap_or_default();
                column.spawn(words(&theme, title, Size::Small, Weight::Bold, palette.cortex));
                column.spawn((
                    line(Line::Task, Size::Body, Weight::Regular, palette.text),
                    Node { max_width: px(860), ..default() },
                ));
                column.spawn(line(Line::Number, Size::Title, Weight::Bold, palette.text));
                column.spawn(line(Line::Standing, Size::Small, Weight::Regular, palette.quiet));
            });
        });
        for tick in 0..5_u8 {
            // between the two panels
            let node = Node {
                width: px(120),
                justify_content: JustifyContent::Center,
                ..widgets::at(0.0, DESIGN.y / 2.0 - picture::TAPS.min.y + 6.0)
            };
            frame.spawn((Tick(tick), node)).with_children(|place| {
                place.spawn(line(Line::Tick(tick), Size::Small, Weight::Regular, palette.quiet));
            });
        }
        frame.spawn((
            Node { left: px(80), bottom: px(24), position_type: PositionType::Absolute, ..default() },
            children![words(&theme, says.get("calibrate-leave", &[]), Size::Small, Weight::Regular, palette.quiet)],
        ));
        hud::notices_place(frame);
    });
}

/// The place of a tick's label.
#[derive(Component, Clone, Copy)]
struct Tick(u8);

fn signed(ms: f64) -> String {
    // a figure dash of the right width, and no −0.0
    let ms = if ms.abs() < 0.05 { 0.0 } else { ms };
    format!("{}{:.1}", if ms < 0.0 { "−" } else { "+" }, ms.abs())
}

fn said(line: Line, measured: &Measured, axis: Axis, says: &Words) -> String {
    let estimate = measured.estimate.as_ref();
    let hides = measured.method == Some(Method::Adjust) && estimate.is_none_or(|e| e.n == 0);
    match line {
        Line::Task => {
            let Some(method) = measured.method else { return String::new() };
            match (measured.phase.unwrap_or(Phase::Waiting), measured.adjusting) {
                (Phase::Settling, Some(adjusting)) if adjusting.follows => {
                    let id = if adjusting.confirmable { "calibrate-settling" } else { "calibrate-listening" };
                    says.get(id, &[("n", adjusting.setting.into()), ("of", adjusting.of.into())])
                }
                (Phase::Review, _) if method.holds_anticipation() => says.get("calibrate-review-taps", &[]),
                (phase, _) => says.get(phase.words(method), &[]),
            }
        }
        Line::Number if hides => String::new(),
        Line::Number => match estimate.and_then(|e| Some((e.median_ms?, e.se_ms))) {
            Some((median, Some(se))) => {
                says.get("calibrate-number", &[("ms", signed(median).into()), ("se", format!("{se:.1}").into())])
            }
            Some((median, None)) => says.get("calibrate-number-alone", &[("ms", signed(median).into())]),
            None => String::new(),
        },
        Line::Standing => match estimate {
            None => String::new(),
            Some(e) => {
                let spread = e.spread_ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms:.0}"));
                let adjusts = measured.method == Some(Method::Adjust);
                let id = if adjusts { "calibrate-standing-settings" } else { "calibrate-standing-taps" };
                let counts = says.get(id, &[("n", e.n.into()), ("spread", spread.into())]);
                format!("{counts}   ·   {}", says.get(e.verdict.message(), &[]))
            }
        },
        Line::Tick(n) => {
            let ms = axis.ticks()[usize::from(n).min(4)];
            if ms == 0.0 { "0 ms".to_owned() } else { format!("{} ms", signed(ms).trim_end_matches(".0")) }
        }
    }
}

fn refresh(
    measured: Res<Measured>,
    theme: Res<Theme>,
    says: Res<Words>,
    mut lines: Query<(&Line, &mut Text)>,
    mut ticks: Query<(&Tick, &mut Node)>,
    canvas: Query<&Mesh2d, With<Canvas>>,
    mut meshes: ResMut<Assets<Mesh>>,
) {
    let axis = Axis::of(measured.estimate.as_ref(), &measured.taps);
    for (line, mut text) in &mut lines {
        let said = said(*line, &measured, axis, &says);
        if text.0 != said {
            text.0 = said;
        }
    }
    for (tick, mut node) in &mut ticks {
        let x = DESIGN.x / 2.0 + axis.x(axis.ticks()[usize::from(tick.0).min(4)], picture::TAPS) - 60.0;
        if node.left != px(x) {
            node.left = px(x);
        }
    }
    let Some(mut mesh) = canvas.iter().next().and_then(|mesh| meshes.get_mut(&mesh.0)) else { return };
    let mut painter = Painter::default();
    // Settings of the adjustment are its taps; taps there are only the pace.
    let settings: Vec<(f64, bool)>;
    let taps = if measured.method == Some(Method::Adjust) {
        settings = measured.settings.iter().map(|ms| (*ms, true)).collect();
        &settings
    } else {
        &measured.taps
    };
    picture::paint(&mut painter, measured.estimate.as_ref(), taps, axis, &theme.palette);
    if measured.method == Some(Method::TapToFlash) {
        picture::paint_flash(&mut painter, measured.lit.is_some(), &theme.palette);
    }
    painter.pour_into(&mut mesh);
}

/// The answers come when enough has been gathered, and change with what may be kept.
fn answer(
    mut commands: Commands,
    measured: Res<Measured>,
    theme: Res<Theme>,
    says: Res<Words>,
    answers: Query<(Entity, &Answers)>,
) {
    let wanted = (measured.phase == Some(Phase::Review))
        .then(|| measured.estimate.as_ref().map_or(Verdict::TooFew, |estimate| estimate.verdict));
    for (entity, answers) in &answers {
        if wanted == Some(answers.0) {
            return;
        }
        commands.entity(entity).despawn();
    }
    let Some(verdict) = wanted else { return };
    widgets::root(&mut commands, (Answers(verdict), DespawnOnExit(Screen::Measure)), Color::NONE, |frame| {
        let foot =
            Node { left: px(80), bottom: px(56), position_type: PositionType::Absolute, ..widgets::row(space::NEAR) };
        frame.spawn(foot).with_children(|foot| {
            let item = |column| Item { layer: 0, row: 0, column };
            let (keep, again, leave) =
                (says.get("calibrate-keep", &[]), says.get("calibrate-again", &[]), says.get("calibrate-discard", &[]));
            let other = |label| Button { label, hint: None, width: 216.0, main: false };
            if verdict == Verdict::Ready {
                let main = Button { label: &keep, hint: None, width: 216.0, main: true };
                button(foot, &theme, item(0), Act::Calibration(Answer::Keep), &main);
                button(foot, &theme, item(1), (Act::Calibration(Answer::Again), Preferred), &other(&again));
            } else {
                let main = Button { label: &again, hint: None, width: 216.0, main: true };
                button(foot, &theme, item(1), (Act::Calibration(Answer::Again), Preferred), &main);
            }
            button(foot, &theme, item(2), Act::Calibration(Answer::Leave), &other(&leave));
        });
    });
}

/// Left and right move the beat, up takes the setting. What taps (Space, Enter, a pad's buttons) does none of these.
fn adjust(
    mut steers: MessageReader<Steer>,
    held: Res<ButtonInput<KeyCode>>,
    measured: Res<Measured>,
    mut measuring: NonSendMut<Measuring>,
) {
    let fine = held.any_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]);
    let step = if fine { FINE } else { NUDGE };
    for steer in steers.read() {
        if measured.phase != Some(Phase::Settling) {
            continue;
        }
        match steer {
            Steer::Left => measuring.command(Command::Nudge(-step)),
            Steer::Right => measuring.command(Command::Nudge(step)),
            Steer::Up => measuring.command(Command::Confirm),
            Steer::Down | Steer::Accept | Steer::Back | Steer::Pause => {}
        }
    }
}

/// When the run is over, so is its screen.
fn leave(measured: Res<Measured>, mut measuring: NonSendMut<Measuring>, mut next: ResMut<NextState<Screen>>) {
    if measured.ended.is_some() {
        measuring.detach();
        next.set(Screen::Calibrate);
    }
}

pub fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Measure), spawn)
        .add_systems(Update, (refresh, answer, adjust, leave).run_if(in_state(Screen::Measure)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_their_sign_and_no_negative_zero() {
        assert_eq!([signed(-23.44), signed(0.04), signed(-0.04), signed(650.0)], ["−23.4", "+0.0", "+0.0", "+650.0"]);
    }
}
