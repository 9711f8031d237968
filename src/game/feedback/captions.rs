//! Captions: the few words on the stage, asked for anew each frame and held by a small pool of texts.

use bevy::{prelude::*, sprite::Anchor};

use crate::game::theme::{Size, Theme, Weight};

/// A word or a number at a place.
#[derive(Clone, Debug)]
pub struct Caption {
    pub text: String,
    pub at: Vec2,
    /// Depth among the layers.
    pub depth: f32,
    pub size: Size,
    pub weight: Weight,
    pub color: LinearRgba,
    pub anchor: Anchor,
    /// Enlarged by this, about its anchor.
    pub scale: f32,
}

/// What is to be read in this frame.
#[derive(Resource, Debug, Default)]
pub struct Captions {
    asked: Vec<Caption>,
    /// Screen pixels a design unit: type is cut at the size it is seen in.
    pub zoom: f32,
}

impl Captions {
    pub fn say(&mut self, caption: Caption) {
        if caption.color.alpha > 0.004 && !caption.text.is_empty() {
            self.asked.push(caption);
        }
    }

    /// Forgets the last frame's.
    pub fn begin(&mut self, zoom: f32) {
        self.asked.clear();
        self.zoom = zoom;
    }

    #[must_use]
    pub fn asked(&self) -> &[Caption] {
        &self.asked
    }
}

/// A text of the pool.
#[derive(Component, Debug)]
pub struct Slot(usize);

type Written = (
    &'static Slot,
    &'static mut Text2d,
    &'static mut TextFont,
    &'static mut TextColor,
    &'static mut Anchor,
    &'static mut Transform,
    &'static mut Visibility,
);

fn write(mut commands: Commands, captions: Res<Captions>, theme: Res<Theme>, mut slots: Query<Written>) {
    let zoom = if captions.zoom > 0.0 { captions.zoom } else { 1.0 };
    let mut held = 0;
    for (slot, mut text, mut font, mut color, mut anchor, mut transform, mut visibility) in &mut slots {
        held = held.max(slot.0 + 1);
        let Some(asked) = captions.asked.get(slot.0) else {
            visibility.set_if_neq(Visibility::Hidden);
            continue;
        };
        if text.0 != asked.text {
            text.0.clone_from(&asked.text);
        }
        font.set_if_neq(cut(&theme, asked, zoom));
        color.set_if_neq(TextColor(asked.color.into()));
        anchor.set_if_neq(asked.anchor);
        transform.set_if_neq(
            Transform::from_translation(asked.at.extend(asked.depth)).with_scale(Vec3::splat(asked.scale / zoom)),
        );
        visibility.set_if_neq(Visibility::Visible);
    }
    for (k, asked) in captions.asked.iter().enumerate().skip(held) {
        commands.spawn((
            Slot(k),
            Text2d::new(asked.text.clone()),
            TextLayout::justify(Justify::Center),
            cut(&theme, asked, zoom),
            TextColor(asked.color.into()),
            asked.anchor,
            Transform::from_translation(asked.at.extend(asked.depth)).with_scale(Vec3::splat(asked.scale / zoom)),
        ));
    }
}

fn cut(theme: &Theme, asked: &Caption, zoom: f32) -> TextFont {
    let mut font = theme.font(asked.size, asked.weight);
    font.font_size = FontSize::Px((asked.size.px() * zoom).round().max(6.0));
    font
}

/// Writes the captions after everyone has asked.
pub fn plugin(app: &mut App) {
    app.init_resource::<Captions>().add_systems(PostUpdate, write.before(bevy::text::Text2dUpdateSystems));
}
