//! The form of a verdict, large and brief, where it happened: rings, a notched ring, a wedge, a burst.

use std::f32::consts::{PI, TAU};

use bevy::math::Vec2;
use doozy_training::event::{EventKind, Tier, TrialPlan};

use crate::game::{
    stage::{
        lane::Lane,
        machine, marks,
        paint::{Painter, Tint},
        parts::Scene,
        timeline::Mark,
    },
    theme::motion::ease_out,
};

/// How long each form is on its way, ms. ◇
const CLEAN_MS: f64 = 620.0;
const SLIP_MS: f64 = 480.0;
const MISS_MS: f64 = 620.0;
const DOOZY_MS: f64 = 520.0;

/// Paints the newest verdict's form. `light` is what the limits have left of its glow, 0…1.
pub fn paint(p: &mut Painter, scene: &Scene<'_>, lane: &Lane, plan: &TrialPlan, mark: &Mark, light: f32) {
    let Some(verdict) = &mark.verdict else { return };
    let age = (scene.now - mark.since).as_ms();
    let life = match verdict.tier {
        Tier::Clean => CLEAN_MS,
        Tier::Slip => SLIP_MS,
        Tier::Miss => MISS_MS,
        Tier::Doozy => DOOZY_MS,
    };
    if !(0.0..life).contains(&age) {
        return;
    }
    let share = (age / life) as f32;
    // Reduced motion: the same form, still, that fades.
    let travel = if scene.still { 0.35 } else { ease_out(age / life) as f32 };
    let color = scene.look.tier(verdict.tier);
    let left = (1.0 - share) * (1.0 - share * 0.3);
    let sign = verdict.side.sign() as f32;
    let x = if verdict.kind == EventKind::Omission { lane.anchor.x } else { marks::x(mark, lane, scene) };
    let machine = machine::of(&plan.stage);
    let asked = verdict.target.and_then(|id| scene.timeline.run(mark.trial)?.asked(id)).map(|target| target.lane);
    let pressed = verdict.press.map(|press| press.lane);
    let acted = if verdict.kind == EventKind::WrongLane { pressed.or(asked) } else { asked.or(pressed) };
    let acted = acted.unwrap_or_default();
    let (heart, size) = machine.rings(lane, plan, acted);
    let strike = machine.strike(lane, plan, acted);
    let at = Vec2::new(x + strike.x - lane.anchor.x, strike.y);
    match verdict.tier {
        Tier::Clean => {
            p.glow(heart, 168.0 * size, 1.0, color.with_alpha_of(0.30 * left * light));
            for (k, delay) in [0.0_f32, 0.16, 0.32].into_iter().enumerate() {
                let own = if scene.still { 0.3 + 0.3 * k as f32 } else { ((travel - delay) / (1.0 - delay)).max(0.0) };
                if own > 0.0 {
                    let width = 5.0 - 1.2 * k as f32;
                    p.ring(
                        heart,
                        (70.0 + 150.0 * own) * size,
                        width,
                        color.with_alpha_of((0.9 - 0.22 * k as f32) * left),
                    );
                }
            }
        }
        Tier::Slip => {
            p.glow(at, 70.0, 1.0, color.with_alpha_of(0.30 * left * light));
            let side = if sign < 0.0 { PI } else { 0.0 };
            let notch = 0.52;
            for (radius, width) in [(34.0 + 34.0 * travel, 6.0), (24.0 + 20.0 * travel, 2.4)] {
                p.arc(at, radius, width, side + notch, TAU - 2.0 * notch, color.with_alpha_of(0.95 * left));
            }
            // What fell out of the notch.
            let out = at + Vec2::new(sign * (46.0 + 34.0 * travel), 0.0);
            p.disc(out, 4.5, color.with_alpha_of(left), color.with_alpha_of(left));
        }
        Tier::Miss => {
            p.glow(at, 84.0, 1.0, color.with_alpha_of(0.34 * left * light));
            let tip = at + Vec2::new(sign * (16.0 + 46.0 * travel), 0.0);
            marks::wedge(p, tip, 32.0, sign, color.with_alpha_of(0.95 * left));
            for k in 1..3 {
                let tail = tip - Vec2::new(sign * (30.0 + 20.0 * k as f32), 0.0);
                let size = 22.0 - 7.0 * k as f32;
                marks::wedge(p, tail, size, sign, color.with_alpha_of((0.55 - 0.18 * k as f32) * left));
            }
        }
        Tier::Doozy => {
            // Coral at the core only: small in area, never a red field.
            p.glow(at, 110.0, 1.0, color.with_alpha_of(0.45 * left * light));
            marks::burst(p, at, 34.0 + 44.0 * travel, 11, 0.25 * sign, color.with_alpha_of(left));
            let core = scene.look.text.with_alpha_of(0.85 * left);
            marks::burst(p, at, 16.0 + 14.0 * travel, 11, 0.25 * sign, core);
            for k in 0..7 {
                let angle = -0.5 + k as f32 * 0.27;
                let out = Vec2::new(sign * angle.cos(), angle.sin());
                let from = at + out * (54.0 + 90.0 * travel);
                p.stroke(
                    from,
                    from + out * (34.0 + 52.0 * travel),
                    3.0,
                    color.with_alpha_of(left),
                    color.with_alpha_of(0.0),
                );
            }
        }
    }
}
