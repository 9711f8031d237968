//! The painter: soft-edged shapes with a colour at every corner, gathered into one mesh a layer.
//!
//! Everything on the stage is drawn through it, so a whole machine costs one draw call, edges are smooth without
//! multisampling, and metal gets its light from vertex colours instead of shaders. It knows shapes and colours, not
//! what they mean.

use std::f32::consts::TAU;

use bevy::{
    asset::RenderAssetUsages,
    color::{LinearRgba, Mix},
    math::{Affine2, Vec2},
    mesh::{Indices, Mesh, PrimitiveTopology},
};

/// Width of the soft edge in design units: about one pixel at 720 lines.
const FEATHER: f32 = 1.1;

/// Shapes of one layer, in design units, painted back to front.
#[derive(Debug, Default)]
pub struct Painter {
    positions: Vec<[f32; 3]>,
    colors: Vec<[f32; 4]>,
    indices: Vec<u32>,
    placed: Option<Affine2>,
    alpha: Option<f32>,
}

impl Painter {
    /// Forgets all shapes and keeps the memory.
    pub fn clear(&mut self) {
        self.positions.clear();
        self.colors.clear();
        self.indices.clear();
        self.placed = None;
        self.alpha = None;
    }

    /// Corners painted so far.
    #[must_use]
    pub fn corners(&self) -> usize {
        self.positions.len()
    }

    /// Whether every corner has a place and a colour.
    #[cfg(test)]
    #[must_use]
    pub fn is_finite(&self) -> bool {
        let finite = |values: &[f32]| values.iter().all(|v| v.is_finite());
        self.positions.iter().all(|at| finite(at)) && self.colors.iter().all(|color| finite(color))
    }

    /// Moves the shapes into a mesh; the painter is empty afterwards.
    pub fn pour_into(&mut self, mesh: &mut Mesh) {
        if self.positions.is_empty() {
            // A mesh of nothing is refused by some drivers; one degenerate triangle is not seen.
            self.triangle([Vec2::ZERO; 3], [LinearRgba::NONE; 3]);
        }
        mesh.insert_attribute(Mesh::ATTRIBUTE_POSITION, std::mem::take(&mut self.positions));
        mesh.insert_attribute(Mesh::ATTRIBUTE_COLOR, std::mem::take(&mut self.colors));
        mesh.insert_indices(Indices::U32(std::mem::take(&mut self.indices)));
    }

    /// A mesh for a layer.
    #[must_use]
    pub fn empty_mesh() -> Mesh {
        let mut mesh = Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::default());
        Self::default().pour_into(&mut mesh);
        mesh
    }

    /// Paints with every corner moved by `placed` (after one that is in force).
    pub fn within(&mut self, placed: Affine2, paint: impl FnOnce(&mut Self)) {
        let before = self.placed;
        self.placed = Some(before.map_or(placed, |b| b * placed));
        paint(self);
        self.placed = before;
    }

    /// Paints with every colour's opacity scaled by `alpha`, 0…1.
    pub fn faded(&mut self, alpha: f32, paint: impl FnOnce(&mut Self)) {
        let before = self.alpha;
        self.alpha = Some(before.unwrap_or(1.0) * alpha.clamp(0.0, 1.0));
        if alpha > 0.0 {
            paint(self);
        }
        self.alpha = before;
    }

    fn corner(&mut self, at: Vec2, color: LinearRgba) -> u32 {
        let at = self.placed.map_or(at, |placed| placed.transform_point2(at));
        self.positions.push([at.x, at.y, 0.0]);
        self.colors.push([color.red, color.green, color.blue, color.alpha * self.alpha.unwrap_or(1.0)]);
        (self.positions.len() - 1) as u32
    }

    /// A bare triangle, hard-edged.
    pub fn triangle(&mut self, corners: [Vec2; 3], colors: [LinearRgba; 3]) {
        let first = self.corner(corners[0], colors[0]);
        self.corner(corners[1], colors[1]);
        self.corner(corners[2], colors[2]);
        self.indices.extend([first, first + 1, first + 2]);
    }

    /// A bare quadrilateral, hard-edged: corners in order around it.
    pub fn quad(&mut self, corners: [Vec2; 4], colors: [LinearRgba; 4]) {
        let first = self.corner(corners[0], colors[0]);
        for i in 1..4 {
            self.corner(corners[i], colors[i]);
        }
        self.indices.extend([first, first + 1, first + 2, first, first + 2, first + 3]);
    }

    /// An upright rectangle with a vertical gradient, hard-edged.
    pub fn wash(&mut self, low: Vec2, high: Vec2, bottom: LinearRgba, top: LinearRgba) {
        self.quad([low, Vec2::new(high.x, low.y), high, Vec2::new(low.x, high.y)], [bottom, bottom, top, top]);
    }

    /// Concentric bands: (radius, colour) from the inside out, squeezed vertically by `squash`.
    fn bands(&mut self, center: Vec2, squash: f32, bands: &[(f32, LinearRgba)], from: f32, sweep: f32, sides: usize) {
        let full = sweep >= TAU - 1e-4;
        let spokes = if full { sides } else { sides + 1 };
        let mut rows = Vec::with_capacity(bands.len());
        for &(radius, color) in bands {
            let first = self.positions.len() as u32;
            for k in 0..spokes {
                let (sin, cos) = (from + sweep * k as f32 / sides as f32).sin_cos();
                self.corner(center + Vec2::new(cos, sin * squash) * radius, color);
            }
            rows.push(first);
        }
        for pair in rows.windows(2) {
            for k in 0..sides as u32 {
                let next = if full { (k + 1) % spokes as u32 } else { k + 1 };
                let (a, b, c, d) = (pair[0] + k, pair[0] + next, pair[1] + next, pair[1] + k);
                self.indices.extend([a, d, c, a, c, b]);
            }
        }
    }

    fn sides(radius: f32, sweep: f32) -> usize {
        ((radius.abs().sqrt() * 4.5 * sweep / TAU) as usize).clamp(6, 72)
    }

    /// A disc shaded from `core` to `rim`.
    pub fn disc(&mut self, center: Vec2, radius: f32, core: LinearRgba, rim: LinearRgba) {
        if radius <= 0.0 {
            return;
        }
        let inner = (radius - FEATHER * 0.5).max(0.0);
        self.bands(
            center,
            1.0,
            &[(0.0, core), (inner, rim), (radius + FEATHER * 0.5, clear(rim))],
            0.0,
            TAU,
            Self::sides(radius, TAU),
        );
    }

    /// Light or darkness that fades to nothing at `radius`; `squash` flattens it.
    pub fn glow(&mut self, center: Vec2, radius: f32, squash: f32, color: LinearRgba) {
        if radius <= 0.0 || color.alpha <= 0.0 {
            return;
        }
        // Five bands of (1 − r)² come close enough to a Gaussian for the eye.
        let bands: [(f32, LinearRgba); 6] = std::array::from_fn(|i| {
            let r = i as f32 / 5.0;
            (r * radius, color.with_alpha_of(color.alpha * (1.0 - r) * (1.0 - r)))
        });
        self.bands(center, squash, &bands, 0.0, TAU, Self::sides(radius, TAU));
    }

    /// A small soft spot: a glow for what is too small or too many for one.
    pub fn speck(&mut self, center: Vec2, radius: f32, squash: f32, color: LinearRgba) {
        self.bands(center, squash, &[(0.0, color), (radius, clear(color))], 0.0, TAU, 8);
    }

    /// A ring around `radius`, `width` wide.
    pub fn ring(&mut self, center: Vec2, radius: f32, width: f32, color: LinearRgba) {
        self.arc(center, radius, width, 0.0, TAU, color);
    }

    /// A part of a ring, from `from` over `sweep` radians counter-clockwise.
    pub fn arc(&mut self, center: Vec2, radius: f32, width: f32, from: f32, sweep: f32, color: LinearRgba) {
        if radius <= 0.0 || sweep <= 0.0 {
            return;
        }
        let (inner, outer) = ((radius - width * 0.5).max(0.0), radius + width * 0.5);
        self.bands(
            center,
            1.0,
            &[
                ((inner - FEATHER).max(0.0), clear(color)),
                (inner, color),
                (outer, color),
                (outer + FEATHER, clear(color)),
            ],
            from,
            sweep,
            Self::sides(outer, sweep).max(4),
        );
    }

    /// A straight stroke with soft sides, from colour to colour.
    pub fn stroke(&mut self, from: Vec2, to: Vec2, width: f32, first: LinearRgba, last: LinearRgba) {
        let along = (to - from).normalize_or_zero();
        if along == Vec2::ZERO {
            return;
        }
        let across = along.perp();
        let half = width * 0.5;
        let row = |p: &mut Self, at: Vec2, color: LinearRgba| {
            let start = p.positions.len() as u32;
            for (offset, c) in
                [(-half - FEATHER, clear(color)), (-half, color), (half, color), (half + FEATHER, clear(color))]
            {
                p.corner(at + across * offset, c);
            }
            start
        };
        let (a, b) = (row(self, from, first), row(self, to, last));
        for k in 0..3 {
            self.indices.extend([a + k, b + k, b + k + 1, a + k, b + k + 1, a + k + 1]);
        }
    }

    /// A stroke through several points.
    pub fn strokes(&mut self, points: &[Vec2], width: f32, color: LinearRgba) {
        for pair in points.windows(2) {
            self.stroke(pair[0], pair[1], width, color, color);
        }
    }

    /// A convex polygon (counter-clockwise) with a soft edge; `shade` colours each corner by its place.
    pub fn polygon(&mut self, points: &[Vec2], shade: impl Fn(Vec2) -> LinearRgba) {
        let n = points.len();
        if n < 3 {
            return;
        }
        let center = points.iter().copied().sum::<Vec2>() / n as f32;
        let hub = self.corner(center, shade(center));
        let first = self.positions.len() as u32;
        for &point in points {
            self.corner(point, shade(point));
        }
        let edge = self.positions.len() as u32;
        for &point in points {
            let out = (point - center).normalize_or_zero() * FEATHER;
            self.corner(point + out, clear(shade(point)));
        }
        for k in 0..n as u32 {
            let next = (k + 1) % n as u32;
            self.indices.extend([hub, first + k, first + next]);
            self.indices.extend([first + k, edge + k, edge + next, first + k, edge + next, first + next]);
        }
    }

    /// A rounded panel with a vertical gradient.
    pub fn panel(&mut self, low: Vec2, high: Vec2, radius: f32, bottom: LinearRgba, top: LinearRgba) {
        let radius = radius.min((high.x - low.x) * 0.5).min((high.y - low.y) * 0.5).max(0.0);
        let mut points = Vec::with_capacity(20);
        for (corner, start) in [
            (Vec2::new(high.x - radius, high.y - radius), 0.0),
            (Vec2::new(low.x + radius, high.y - radius), 0.25),
            (Vec2::new(low.x + radius, low.y + radius), 0.5),
            (Vec2::new(high.x - radius, low.y + radius), 0.75),
        ] {
            for k in 0..5 {
                let (sin, cos) = (TAU * (start + 0.0625 * k as f32)).sin_cos();
                points.push(corner + Vec2::new(cos, sin) * radius);
            }
        }
        let span = (high.y - low.y).max(1e-3);
        self.polygon(&points, |p| bottom.mix(&top, ((p.y - low.y) / span).clamp(0.0, 1.0)));
    }

    /// A body turned on a lathe: the profile is (half-width, height) from the bottom up, lit across by `shade(u, v)`
    /// with u −1…1 from left to right and v 0…1 from bottom to top.
    pub fn lathe(&mut self, base: Vec2, profile: &[(f32, f32)], shade: impl Fn(f32, f32) -> LinearRgba) {
        const COLUMNS: usize = 13;
        let (Some(first), Some(last)) = (profile.first(), profile.last()) else { return };
        let span = (last.1 - first.1).max(1e-3);
        let mut rows = Vec::with_capacity(profile.len());
        for &(half, y) in profile {
            let v = (y - first.1) / span;
            let start = self.positions.len() as u32;
            self.corner(base + Vec2::new(-half - FEATHER, y), clear(shade(-1.0, v)));
            for k in 0..COLUMNS {
                // Equal angles around the body, so that the light bunches at the rims as on a real cylinder.
                let u = -(std::f32::consts::PI * k as f32 / (COLUMNS - 1) as f32).cos();
                self.corner(base + Vec2::new(half * u, y), shade(u, v));
            }
            self.corner(base + Vec2::new(half + FEATHER, y), clear(shade(1.0, v)));
            rows.push(start);
        }
        for pair in rows.windows(2) {
            for k in 0..(COLUMNS + 1) as u32 {
                let (a, b, c, d) = (pair[0] + k, pair[0] + k + 1, pair[1] + k + 1, pair[1] + k);
                self.indices.extend([a, b, c, a, c, d]);
            }
        }
    }

    /// A toothed wheel with a rim, spokes and a hub.
    pub fn gear(&mut self, center: Vec2, radius: f32, teeth: usize, turn: f32, metal: Metal) {
        let tooth = radius * 0.11;
        let dark = metal.dark;
        for k in 0..teeth {
            let angle = turn + TAU * k as f32 / teeth as f32;
            let half = 0.26 * TAU / teeth as f32;
            let at = |a: f32, r: f32| center + Vec2::new(a.cos(), a.sin()) * r;
            let points = [
                at(angle - half, radius - tooth * 0.4),
                at(angle - half * 0.62, radius + tooth),
                at(angle + half * 0.62, radius + tooth),
                at(angle + half, radius - tooth * 0.4),
            ];
            self.polygon(&points, |p| metal.lit((p - center) / radius));
        }
        self.bands(
            center,
            1.0,
            &[
                (radius * 0.70 - FEATHER, clear(dark)),
                (radius * 0.70, dark),
                (radius * 0.74, metal.light),
                (radius * 0.80, metal.mid),
                (radius * 0.96, metal.mid),
                (radius, metal.light),
                (radius + FEATHER, clear(metal.light)),
            ],
            0.0,
            TAU,
            Self::sides(radius, TAU),
        );
        for k in 0..5 {
            let (sin, cos) = (turn + TAU * k as f32 / 5.0).sin_cos();
            let out = Vec2::new(cos, sin);
            self.stroke(
                center + out * radius * 0.14,
                center + out * radius * 0.72,
                radius * 0.11,
                metal.mid,
                metal.dark,
            );
        }
        self.disc(center, radius * 0.2, metal.mid, metal.dark);
        self.ring(center, radius * 0.2, radius * 0.03, metal.light);
        self.disc(center, radius * 0.08, metal.dark, metal.dark);
    }

    /// A hexagonal bolt head.
    pub fn bolt(&mut self, center: Vec2, radius: f32, metal: Metal) {
        self.speck(center + Vec2::new(0.6, -1.4), radius * 1.8, 1.0, LinearRgba::new(0.0, 0.0, 0.0, 0.7));
        let points: [Vec2; 6] = std::array::from_fn(|k| {
            let (sin, cos) = (TAU * (k as f32 + 0.3) / 6.0).sin_cos();
            center + Vec2::new(cos, sin) * radius
        });
        self.polygon(&points, |p| metal.lit((p - center) / radius));
        self.ring(center, radius * 0.52, 0.8, metal.dark);
    }

    /// A polished ball lit from above left, turned by `roll` radians (its seam shows that it rolls).
    pub fn ball(&mut self, center: Vec2, radius: f32, roll: f32, metal: Metal) {
        self.disc(center, radius, metal.mid, metal.dark);
        self.within(Affine2::from_translation(center), |p| {
            p.disc(Vec2::new(-radius * 0.10, radius * 0.12), radius * 0.80, metal.light, metal.mid);
            let (sin, cos) = roll.sin_cos();
            let axis = Vec2::new(cos, sin);
            let seam = metal.dark.with_alpha_of(0.65);
            p.stroke(axis * radius * 0.85, axis * -radius * 0.85, radius * 0.10, seam, seam);
            p.disc(axis.perp() * radius * 0.5, radius * 0.13, seam, seam);
            p.glow(Vec2::new(-radius * 0.32, radius * 0.40), radius * 0.52, 0.8, metal.glint);
            // Light thrown back by the rail.
            p.arc(Vec2::ZERO, radius * 0.9, radius * 0.09, TAU * 0.62, TAU * 0.26, metal.rim.with_alpha_of(0.75));
        });
    }
}

/// How a metal takes the light.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metal {
    pub dark: LinearRgba,
    pub mid: LinearRgba,
    pub light: LinearRgba,
    /// The small highlight.
    pub glint: LinearRgba,
    /// The cool light along the far edge.
    pub rim: LinearRgba,
}

impl Metal {
    /// Colour at a place of a flat face, −1…1 each way: the light stands above left.
    #[must_use]
    pub fn lit(&self, at: Vec2) -> LinearRgba {
        let k = (0.5 + 0.5 * (at.y * 0.8 - at.x * 0.4)).clamp(0.0, 1.0);
        self.dark.mix(&self.light, k * k)
    }

    /// Colour across a turned body: a broad highlight left of the middle, dark right, a cool rim at the far edge.
    #[must_use]
    pub fn turned(&self, u: f32) -> LinearRgba {
        let bump = |at: f32, width: f32| {
            let d = (u - at) / width;
            (-d * d).exp()
        };
        let body = self.dark.mix(&self.mid, (bump(-0.2, 0.75)).clamp(0.0, 1.0));
        let lit = body.mix(&self.light, bump(-0.38, 0.26));
        lit.mix(&self.rim, 0.75 * bump(0.93, 0.11))
    }

    /// The same metal in the distance: `k` of the way to the colour of the air, 0…1.
    #[must_use]
    pub fn far(&self, air: LinearRgba, k: f32) -> Self {
        let dim = |c: LinearRgba| c.mix(&air.with_alpha_of(c.alpha), k);
        Self {
            dark: dim(self.dark),
            mid: dim(self.mid),
            light: dim(self.light),
            glint: dim(self.glint),
            rim: dim(self.rim),
        }
    }

    /// The same metal, darker by `k` 0…1, for what stands further back.
    #[must_use]
    pub fn shaded(&self, k: f32) -> Self {
        let dim = |c: LinearRgba| LinearRgba::new(c.red * k, c.green * k, c.blue * k, c.alpha);
        Self {
            dark: dim(self.dark),
            mid: dim(self.mid),
            light: dim(self.light),
            glint: dim(self.glint),
            rim: dim(self.rim),
        }
    }
}

/// The colour at no opacity, so that an edge fades without darkening.
#[must_use]
pub fn clear(color: LinearRgba) -> LinearRgba {
    color.with_alpha_of(0.0)
}

/// Opacity and light of a linear colour.
pub trait Tint {
    /// The same colour at this opacity.
    #[must_use]
    fn with_alpha_of(self, alpha: f32) -> Self;
    /// The same colour, `k` times as bright.
    #[must_use]
    fn lightened(self, k: f32) -> Self;
}

impl Tint for LinearRgba {
    fn with_alpha_of(self, alpha: f32) -> Self {
        Self { alpha, ..self }
    }

    fn lightened(self, k: f32) -> Self {
        Self { red: self.red * k, green: self.green * k, blue: self.blue * k, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_of_nothing_is_still_a_mesh() {
        let mesh = Painter::empty_mesh();
        assert_eq!(mesh.count_vertices(), 3);
    }

    #[test]
    fn a_faded_shape_keeps_its_colour_and_loses_opacity() {
        let mut painter = Painter::default();
        painter.faded(0.5, |p| {
            p.faded(0.5, |p| p.triangle([Vec2::ZERO, Vec2::X, Vec2::Y], [LinearRgba::WHITE; 3]));
        });
        assert_eq!(painter.colors[0], [1.0, 1.0, 1.0, 0.25]);
        painter.faded(0.0, |p| p.triangle([Vec2::ZERO, Vec2::X, Vec2::Y], [LinearRgba::WHITE; 3]));
        assert_eq!(painter.corners(), 3);
    }

    #[test]
    fn placed_shapes_move_and_nest() {
        let mut painter = Painter::default();
        painter.within(Affine2::from_translation(Vec2::new(10.0, 0.0)), |p| {
            p.within(Affine2::from_scale(Vec2::splat(2.0)), |p| {
                p.triangle([Vec2::X, Vec2::ZERO, Vec2::Y], [LinearRgba::WHITE; 3]);
            });
        });
        assert_eq!(painter.positions[0], [12.0, 0.0, 0.0]);
    }
}
