//! The look: metals, light and air of the room, made from the theme's colours.
//!
//! The only place where a role of the palette becomes a material, so that every palette gives a whole room.

use bevy::color::{Color, LinearRgba, Luminance, Mix};

use crate::game::theme::Palette;

use super::paint::{Metal, Tint};

/// What the room is made of, in linear light.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    pub ground: LinearRgba,
    pub wall: LinearRgba,
    pub wall_lit: LinearRgba,
    pub floor: LinearRgba,
    pub line: LinearRgba,
    pub shadow: LinearRgba,
    /// Lamp light that falls from above.
    pub lamp: LinearRgba,
    pub text: LinearRgba,
    pub quiet: LinearRgba,
    pub cortex: LinearRgba,
    pub tiers: [LinearRgba; 4],
    pub iron: Metal,
    pub steel: Metal,
    pub brass: Metal,
    /// Of the theme's lanes.
    pub lanes: [Metal; 4],
}

impl Look {
    #[must_use]
    pub fn of(palette: &Palette) -> Self {
        let linear = |c: Color| c.to_linear();
        let black = LinearRgba::BLACK;
        let (ground, metal, slip) = (linear(palette.ground), linear(palette.metal), linear(palette.slip));
        let (raised, line) = (linear(palette.raised), linear(palette.line));
        // A dim, cool rim from the room; warm light from the lamp.
        let cool = metal.mix(&linear(palette.cortex), 0.25).lightened(0.55);
        let lamp = metal.mix(&slip, 0.35);
        let brass_light = metal.mix(&slip, 0.62);
        let light_room = ground.luminance() > 0.4;
        let deep = if light_room { metal.lightened(0.25) } else { ground.lightened(0.9) };
        let iron = Metal {
            dark: deep,
            mid: line.mix(&metal, if light_room { 0.6 } else { 0.05 }),
            light: line.mix(&metal, if light_room { 0.35 } else { 0.26 }),
            glint: lamp.with_alpha_of(0.35),
            rim: cool.lightened(0.55),
        };
        let steel = Metal {
            dark: deep.mix(&metal, 0.07),
            mid: metal.lightened(0.34),
            light: metal.lightened(0.95),
            glint: LinearRgba::WHITE.with_alpha_of(0.95),
            rim: cool,
        };
        let brass = Metal {
            dark: brass_light.lightened(0.045).mix(&black, 0.15),
            mid: brass_light.lightened(0.26),
            light: brass_light.lightened(0.92),
            glint: LinearRgba::WHITE.mix(&slip, 0.2).with_alpha_of(0.9),
            rim: cool,
        };
        Self {
            ground,
            wall: ground,
            wall_lit: ground.mix(&raised, 0.9).mix(&line, 0.55),
            floor: ground.mix(&raised, 0.8),
            line,
            shadow: if light_room { line.lightened(0.3).with_alpha_of(0.35) } else { black.with_alpha_of(0.6) },
            lamp,
            text: linear(palette.text),
            quiet: linear(palette.quiet),
            cortex: linear(palette.cortex),
            tiers: [palette.clean, palette.slip, palette.miss, palette.doozy].map(linear),
            lanes: palette.lanes.map(|hue| enamel(linear(hue), deep)),
            iron,
            steel,
            brass,
        }
    }

    /// Whether the palette is a light one.
    #[must_use]
    pub fn is_light(&self) -> bool {
        self.ground.luminance() > 0.4
    }

    /// The enamel of a lane.
    #[must_use]
    pub fn lane(&self, lane: doozy_training::event::Lane) -> Metal {
        self.lanes[usize::from(lane.0) % self.lanes.len()]
    }

    /// The colour of a tier.
    #[must_use]
    pub fn tier(&self, tier: doozy_training::event::Tier) -> LinearRgba {
        self.tiers[tier as usize]
    }
}

/// Coloured enamel: duller than metal, so that its hue is seen in every light.
fn enamel(hue: LinearRgba, deep: LinearRgba) -> Metal {
    Metal {
        dark: deep.mix(&hue, 0.22),
        mid: hue.lightened(0.62),
        light: hue,
        glint: LinearRgba::WHITE.mix(&hue, 0.3).with_alpha_of(0.7),
        rim: hue.lightened(0.8),
    }
}
