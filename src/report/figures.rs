//! Figures: lines with their 95 % ribbons as SVG, by kuva.
//!
//! Text stays text and is laid out from kuva's own metrics, so a figure is the same on every machine. Words, axes and grid
//! take the colour of the text around them (`currentColor`), alone they follow the reader's preference of light or dark.

use kuva::{
    backend::svg::SvgBackend,
    plot::{ForestPlot, LinePlot, line::LineStyle},
    render::{
        layout::{Layout, TickFormat},
        plots::Plot,
        render::render_multiple,
        theme::Theme,
    },
};

/// What a figure shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub title: String,
    /// Axes with their units.
    pub x: String,
    pub y: String,
    pub lines: Vec<Line>,
}

/// One line; where `half` is a number, a ribbon of `y ± half` goes with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub name: String,
    pub points: Vec<Point>,
}

/// A point of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    /// Half-width of the interval; not finite where there is none.
    pub half: f64,
}

/// Estimates with their 95 % intervals, one below the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervals {
    pub title: String,
    /// The axis with its unit.
    pub x: String,
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// Whether a line stands at 0, which the axis then reaches to.
    pub zero: bool,
}

/// An estimate; without an interval its ends are the estimate.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub name: String,
    pub value: f64,
    pub low: f64,
    pub high: f64,
    /// Set apart by colour; the name or the caption says why.
    pub marked: bool,
}

/// Width and height, px.
const SIZE: (f64, f64) = (760.0, 420.0);

/// After Okabe and Ito's palette for colour-blind readers, moved in lightness until each stands out from white and from
/// near-black by a contrast of at least 3 : 1 (WCAG 1.4.11). Beyond these, lines are told apart by their dashes.
const PALETTE: [&str; 6] = ["#1f78c1", "#d55e00", "#008f68", "#b85c95", "#8f7700", "#6a7f91"];

/// Stand for the colour of text, of the grid and of the ground until the SVG is written: kuva takes plain colours only.
const INK: &str = "#010203";
const GRID: &str = "#010204";
const GROUND: &str = "#010205";

impl Figure {
    /// As SVG. `name` sets its ids apart from those of other figures on a page.
    #[must_use]
    pub fn svg(&self, name: &str) -> String {
        let dashes = [LineStyle::Solid, LineStyle::Dashed, LineStyle::Dotted, LineStyle::DashDot];
        let plots: Vec<Plot> = self
            .lines
            .iter()
            .filter(|line| line.points.iter().any(|point| point.y.is_finite()))
            .enumerate()
            .map(|(k, line)| Plot::Line(drawn(line, PALETTE[k % PALETTE.len()], dashes[k / PALETTE.len() % 4].clone())))
            .collect();
        if plots.is_empty() {
            return String::new();
        }
        drawn_as(plots, &self.title, &self.x, &self.y, SIZE.1, name)
    }
}

impl Intervals {
    /// As SVG; empty where there is nothing to draw.
    #[must_use]
    pub fn svg(&self, name: &str) -> String {
        /// Of a row, and of title and axis, px.
        const HEIGHTS: (f64, f64) = (22.0, 110.0);
        let known: Vec<&Row> = self.rows.iter().filter(|row| row.value.is_finite()).collect();
        if known.is_empty() {
            return String::new();
        }
        let plot = known.iter().fold(ForestPlot::new().with_cap_size(3.0), |plot, row| {
            let colour = PALETTE[usize::from(row.marked)];
            plot.with_colored_row(row.name.as_str(), row.value, row.low, row.high, colour)
        });
        // the axis reaches to where the library thinks nothing happens, drawn or not
        let least = known.iter().map(|row| row.low).fold(f64::INFINITY, f64::min);
        let plot = plot.with_null_value(if self.zero { 0.0 } else { least }).with_show_null_line(self.zero);
        let height = HEIGHTS.1 + HEIGHTS.0 * known.len() as f64;
        drawn_as(vec![Plot::Forest(plot)], &self.title, &self.x, "", height, name)
    }
}

/// Plots with title and axes in the colours of the page.
fn drawn_as(plots: Vec<Plot>, title: &str, x: &str, y: &str, height: f64, name: &str) -> String {
    let theme = Theme {
        background: GROUND.into(),
        axis_color: INK.into(),
        grid_color: GRID.into(),
        tick_color: INK.into(),
        text_color: INK.into(),
        legend_bg: GROUND.into(),
        legend_border: GRID.into(),
        ..Theme::light()
    };
    let layout = Layout::auto_from_plots(&plots)
        .with_title(title)
        .with_title_size(15)
        .with_x_label(x)
        .with_y_label(y)
        .with_title_wrap(80)
        .with_legend_wrap(28)
        .with_width(SIZE.0)
        .with_height(height)
        .with_x_tick_format(TickFormat::Auto)
        .with_theme(theme);
    adopted(&SvgBackend::new().render_scene(&render_multiple(plots, layout)), name)
}

fn drawn(line: &Line, colour: &str, dash: LineStyle) -> LinePlot {
    let points: Vec<&Point> = line.points.iter().filter(|point| point.x.is_finite() && point.y.is_finite()).collect();
    let plot = LinePlot::new()
        .with_data(points.iter().map(|point| (point.x, point.y)))
        .with_color(colour)
        .with_line_style(dash)
        .with_legend(line.name.as_str());
    if points.iter().all(|point| point.half.is_finite()) {
        plot.with_band(points.iter().map(|point| point.y - point.half), points.iter().map(|point| point.y + point.half))
    } else {
        plot
    }
}

/// The library's SVG with colours that follow the reader, a view box so that it scales, and ids of its own.
fn adopted(svg: &str, name: &str) -> String {
    let (width, height) = SIZE;
    let stood = svg
        .replace(&format!("fill=\"{GROUND}\""), "fill=\"none\"")
        .replace(&format!("stroke=\"{GRID}\""), "stroke=\"currentColor\" stroke-opacity=\"0.18\"")
        .replace(INK, "currentColor");
    let stood = renumbered(&stood, name);
    let Some((open, rest)) = stood.split_once('>') else { return stood };
    // The canvas grows where a legend needs it: the box follows what the library says.
    let said = |key: &str, other: f64| -> f64 {
        let after = open.split_once(&format!(" {key}=\"")).map(|(_, after)| after);
        after.and_then(|after| after.split('"').next()).and_then(|number| number.parse().ok()).unwrap_or(other)
    };
    let view = format!(" viewBox=\"0 0 {} {}\" role=\"img\"", said("width", width), said("height", height));
    // Alone in a file nothing sets the colour of text.
    let style = "<style>svg:root{color:#1b1f24}@media(prefers-color-scheme:dark){svg:root{color:#e6edf3}}</style>";
    format!("{open}{view}>{style}{rest}")
}

/// The library numbers its clip paths through the whole process; here they are numbered through the figure, so that the same
/// figure has the same bytes.
fn renumbered(svg: &str, name: &str) -> String {
    let mut known: Vec<&str> = Vec::new();
    let mut parts = svg.split("kuva-clip-");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let number = known.iter().position(|other| *other == &part[..end]).unwrap_or_else(|| {
            known.push(&part[..end]);
            known.len() - 1
        });
        out.push_str(&format!("{name}-clip-{number}{}", &part[end..]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(lines: usize) -> Figure {
        let points = (0..20).map(|k| Point { x: f64::from(k), y: f64::from(k * k), half: 3.0 }).collect::<Vec<_>>();
        Figure {
            title: "MLI1 < rest & more".into(),
            x: "time from the volley (ms)".into(),
            y: "rate (Hz)".into(),
            lines: (0..lines).map(|k| Line { name: format!("s = {k}"), points: points.clone() }).collect(),
        }
    }

    #[test]
    fn text_stays_text_and_follows_the_reader() {
        let svg = figure(2).svg("e2-peak");
        for words in ["MLI1 &lt; rest &amp; more", "time from the volley (ms)", "rate (Hz)", "s = 1"] {
            assert!(svg.contains(&format!(">{words}</text>")), "{words}: {svg}");
        }
        assert!(svg.contains("currentColor") && !svg.contains("#01020"), "{svg}");
        assert!(svg.contains("viewBox=\"0 0 ") && svg.contains("id=\"e2-peak-clip-0\""));
        assert!(!svg.contains("@font-face") && !svg.contains("href"));
    }

    #[test]
    fn a_line_without_numbers_or_intervals_is_drawn_as_far_as_it_goes() {
        let mut figure = figure(1);
        figure.lines[0].points[3].y = f64::NAN;
        figure.lines[0].points[4].half = f64::INFINITY;
        let svg = figure.svg("x");
        assert!(svg.contains("s = 0") && !svg.contains("NaN") && !svg.contains("inf"));
        figure.lines.clear();
        assert_eq!(figure.svg("x"), "");
    }

    #[test]
    fn intervals_are_rows_and_the_axis_keeps_to_them() {
        let row = |name: &str, value: f64| Row {
            name: name.into(),
            value,
            low: value - 1.0,
            high: value + 1.0,
            marked: false,
        };
        let rows = vec![row("a & b", 31.0), row("c", 33.0), row("none", f64::NAN)];
        let mut intervals = Intervals { title: "Retention".into(), x: "RMS (ms)".into(), rows, zero: false };
        let svg = intervals.svg("r");
        assert!(svg.contains(">a &amp; b</text>") && svg.contains(">c</text>") && !svg.contains(">none<"), "{svg}");
        assert!(svg.contains(">30") && !svg.contains(">0</text>"), "{svg}");
        intervals.zero = true;
        assert!(intervals.svg("r").contains(">0</text>"));
        intervals.rows.clear();
        assert_eq!(intervals.svg("r"), "");
    }

    #[test]
    fn every_colour_stands_out_from_light_and_from_dark() {
        let part = |hex: &str| {
            let c = f64::from(u8::from_str_radix(hex, 16).unwrap()) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }
        };
        let luminance = |c: &str| 0.2126 * part(&c[1..3]) + 0.7152 * part(&c[3..5]) + 0.0722 * part(&c[5..7]);
        for colour in PALETTE {
            for ground in ["#ffffff", "#14181d"] {
                let (a, b) = (luminance(colour), luminance(ground));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(contrast >= 3.0, "{colour} on {ground}: {contrast:.2}");
            }
        }
    }
}
