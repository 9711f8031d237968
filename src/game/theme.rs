//! The theme: every colour by its role, the type, the spacing and the lengths of motions, in one place.
//!
//! Nothing outside this file names a colour or a font. Early and late, and the tiers, are told apart by place and form;
//! the colours here only help.

use bevy::{prelude::*, text::FontFeatureTag};
use doozy_training::event::Tier;

/// The space that every screen and stage is laid out in, in units of design pixels; it is scaled to fit the window, so
/// that a wide screen shows no target earlier than a narrow one. ◇
pub const DESIGN: Vec2 = Vec2::new(1280.0, 720.0);

/// Height of the cortex strip: the bottom fifth of [`DESIGN`].
pub const STRIP_HEIGHT: f32 = 144.0;

/// Distances between things, design pixels: multiples of 8, so that edges line up across screens. ◇
pub mod space {
    pub const HAIR: f32 = 2.0;
    pub const TIGHT: f32 = 8.0;
    pub const NEAR: f32 = 16.0;
    pub const APART: f32 = 32.0;
    pub const FAR: f32 = 64.0;
    /// Rounding of the corners of raised surfaces.
    pub const CORNER: f32 = 10.0;
}

/// Lengths of motions, ms (feel.md, *Motion* and *A doozy, on the clock*).
pub mod motion {
    /// Things arrive, eased out.
    pub const ARRIVE: f64 = 120.0;
    /// Things leave.
    pub const LEAVE: f64 = 80.0;
    /// A doozy holds the picture this long; no clock that judges stops.
    pub const HIT_STOP: f64 = 60.0;
    /// Debris, push and shake are over by then.
    pub const DEBRIS_ENDS: f64 = 600.0;
    /// The press again, the ghost of the target and the number are over by then.
    pub const SCENE_ENDS: f64 = 1600.0;
    /// The short form, within a running phrase.
    pub const SHORT_ENDS: f64 = 250.0;

    /// 1 − (1 − x)³: fast first, then settling; 0 before 0, 1 after 1.
    #[must_use]
    pub fn ease_out(x: f64) -> f64 {
        let left = 1.0 - x.clamp(0.0, 1.0);
        1.0 - left * left * left
    }
}

/// A palette by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PaletteName {
    #[default]
    Dark,
    Light,
    HighContrast,
}

impl PaletteName {
    pub const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::HighContrast];

    /// As the settings file has it.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
        }
    }

    /// The palette of a name in the settings file; a name that is none gives the default.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self::ALL.into_iter().find(|name| name.key() == key).unwrap_or_default()
    }
}

/// Colours by role.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Palette {
    /// The dark room.
    pub ground: Color,
    /// Surfaces that stand out from the ground: cards, buttons, the machine's body in shade.
    pub raised: Color,
    /// The same, under the focus or the pointer.
    pub lifted: Color,
    /// Edges, rails, ticks.
    pub line: Color,
    pub text: Color,
    /// Text that waits to be looked at.
    pub quiet: Color,
    /// The model's own colour: the strip, the window, the promise on the lane.
    pub cortex: Color,
    pub clean: Color,
    pub slip: Color,
    pub miss: Color,
    /// Kept below the saturated-red limit (skill.md §7) and small in area.
    pub doozy: Color,
    /// The machine's metal, lit.
    pub metal: Color,
    /// Lanes, from the lowest; further ones begin anew, and are told apart by their form. None is a tier's colour.
    pub lanes: [Color; 4],
    /// The focus ring.
    pub focus: Color,
}

impl Palette {
    #[must_use]
    pub fn named(name: PaletteName) -> Self {
        let c = Color::srgb_u8;
        match name {
            PaletteName::Dark => Self {
                ground: c(0x0E, 0x10, 0x14),
                raised: c(0x18, 0x1B, 0x22),
                lifted: c(0x22, 0x27, 0x31),
                line: c(0x2B, 0x30, 0x3A),
                text: c(0xE9, 0xEC, 0xF1),
                quiet: c(0x9A, 0xA3, 0xB2),
                cortex: c(0x8E, 0x7B, 0xFF),
                clean: c(0x3D, 0xDB, 0xC0),
                slip: c(0xF5, 0xB7, 0x40),
                miss: c(0xFF, 0x7A, 0x59),
                doozy: c(0xFF, 0x6B, 0x6B),
                metal: c(0xC4, 0xCB, 0xD6),
                lanes: [c(0x6F, 0xA8, 0xFF), c(0xE8, 0x8B, 0xD4), c(0xB9, 0xD9, 0x5C), c(0xF0, 0xE6, 0xD2)],
                focus: c(0x3D, 0xDB, 0xC0),
            },
            // Hues as in the dark one, darkened until each has 4.5 : 1 against the ground.
            PaletteName::Light => Self {
                ground: c(0xF4, 0xF5, 0xF7),
                raised: c(0xFF, 0xFF, 0xFF),
                lifted: c(0xE6, 0xE9, 0xEF),
                line: c(0xC3, 0xC9, 0xD4),
                text: c(0x16, 0x19, 0x20),
                quiet: c(0x52, 0x5B, 0x6B),
                cortex: c(0x5A, 0x45, 0xD6),
                clean: c(0x05, 0x75, 0x63),
                slip: c(0x8A, 0x5A, 0x00),
                miss: c(0xA8, 0x4F, 0x38),
                doozy: c(0xB0, 0x40, 0x55),
                metal: c(0x6B, 0x74, 0x85),
                lanes: [c(0x1F, 0x5F, 0xC4), c(0xA3, 0x2F, 0x8A), c(0x4E, 0x6E, 0x00), c(0x5A, 0x4A, 0x3A)],
                focus: c(0x05, 0x75, 0x63),
            },
            PaletteName::HighContrast => Self {
                ground: c(0x00, 0x00, 0x00),
                raised: c(0x0C, 0x0C, 0x0C),
                lifted: c(0x2A, 0x2A, 0x2A),
                line: c(0x8A, 0x8A, 0x8A),
                text: c(0xFF, 0xFF, 0xFF),
                quiet: c(0xD8, 0xD8, 0xD8),
                cortex: c(0xB3, 0xA6, 0xFF),
                clean: c(0x5C, 0xFF, 0xE0),
                slip: c(0xFF, 0xD2, 0x4D),
                miss: c(0xFF, 0x9E, 0x80),
                doozy: c(0xFF, 0x8C, 0x8C),
                metal: c(0xFF, 0xFF, 0xFF),
                lanes: [c(0x7F, 0xB8, 0xFF), c(0xFF, 0x9C, 0xE6), c(0xC8, 0xF0, 0x5A), c(0xFF, 0xF4, 0xDC)],
                focus: c(0xFF, 0xFF, 0xFF),
            },
        }
    }

    #[must_use]
    pub fn tier(&self, tier: Tier) -> Color {
        match tier {
            Tier::Clean => self.clean,
            Tier::Slip => self.slip,
            Tier::Miss => self.miss,
            Tier::Doozy => self.doozy,
        }
    }
}

/// The four sizes of type, design pixels: each about 1.7 times the one below, so that no two are mistaken. ◇
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Labels, ticks, hints.
    Small,
    /// Sentences and buttons.
    Body,
    /// What a screen is called.
    Title,
    /// The error in ms, when it matters.
    Number,
}

impl Size {
    #[must_use]
    pub fn px(self) -> f32 {
        match self {
            Self::Small => 17.0,
            Self::Body => 23.0,
            Self::Title => 44.0,
            Self::Number => 120.0,
        }
    }
}

/// The two weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Bold,
}

/// The present look: a resource that everything drawn asks.
#[derive(Resource, Clone, Debug)]
pub struct Theme {
    pub name: PaletteName,
    pub palette: Palette,
    regular: Handle<Font>,
    bold: Handle<Font>,
}

impl Theme {
    /// The font of a size and weight, with figures of one width.
    #[must_use]
    pub fn font(&self, size: Size, weight: Weight) -> TextFont {
        let face = match weight {
            Weight::Regular => self.regular.clone(),
            Weight::Bold => self.bold.clone(),
        };
        TextFont {
            font: FontSource::Handle(face),
            font_size: FontSize::Px(size.px()),
            font_features: [FontFeatureTag::TABULAR_FIGURES].into(),
            ..default()
        }
    }

    /// Changes the palette; whoever has drawn with the old one sees the resource change.
    pub fn choose(&mut self, name: PaletteName) {
        self.name = name;
        self.palette = Palette::named(name);
    }
}

/// `colour` with its opacity set.
#[must_use]
pub fn fade(colour: Color, alpha: f32) -> Color {
    colour.with_alpha(alpha.clamp(0.0, 1.0))
}

/// A mix of two colours, in linear light.
#[must_use]
pub fn mix(a: Color, b: Color, share_of_b: f32) -> Color {
    Color::LinearRgba(a.to_linear().mix(&b.to_linear(), share_of_b.clamp(0.0, 1.0)))
}

/// Puts the theme's fonts into the app and the default palette on.
pub fn plugin(app: &mut App) {
    let mut fonts = app.world_mut().resource_mut::<Assets<Font>>();
    let regular = fonts.add(Font::from_bytes(notosans::REGULAR_TTF.to_vec()));
    let bold = fonts.add(Font::from_bytes(notosans::BOLD_TTF.to_vec()));
    let name = PaletteName::default();
    let palette = Palette::named(name);
    app.insert_resource(ClearColor(palette.ground))
        .insert_resource(Theme { name, palette, regular, bold })
        .add_systems(
            PreUpdate,
            (|theme: Res<Theme>, mut clear: ResMut<ClearColor>| clear.0 = theme.palette.ground)
                .run_if(resource_changed::<Theme>),
        );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: Color) -> f64 {
        f64::from(colour.to_linear().luminance())
    }

    /// WCAG 2.x contrast ratio.
    fn contrast(a: Color, b: Color) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_palette_can_be_read() {
        for name in PaletteName::ALL {
            let p = Palette::named(name);
            for (role, colour) in [
                ("text", p.text),
                ("quiet", p.quiet),
                ("clean", p.clean),
                ("slip", p.slip),
                ("miss", p.miss),
                ("doozy", p.doozy),
                ("cortex", p.cortex),
                ("lane 0", p.lanes[0]),
                ("lane 1", p.lanes[1]),
                ("lane 2", p.lanes[2]),
                ("lane 3", p.lanes[3]),
            ] {
                let ratio = contrast(colour, p.ground);
                assert!(ratio >= 4.5, "{name:?} {role}: {ratio:.2} : 1");
            }
        }
    }

    #[test]
    fn no_role_is_a_saturated_red() {
        for name in PaletteName::ALL {
            let p = Palette::named(name);
            for colour in [p.clean, p.slip, p.miss, p.doozy, p.cortex, p.metal, p.focus] {
                let l = colour.to_linear();
                assert!(l.red / (l.red + l.green + l.blue) < 0.8, "{name:?} {colour:?}");
            }
        }
    }

    #[test]
    fn a_palette_keeps_its_name() {
        for name in PaletteName::ALL {
            assert_eq!(PaletteName::of(name.key()), name);
        }
        assert_eq!(PaletteName::of("mauve"), PaletteName::Dark);
    }
}
