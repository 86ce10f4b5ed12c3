//! Panels with axes, lines, bars and a limit, as one SVG that follows the reader's light or dark scheme.

use std::fmt::Write as _;

/// The size of a panel with its labels, in pixels.
const WIDTH: f64 = 350.0;
const HEIGHT: f64 = 330.0;
/// What surrounds the area of the data inside a panel.
const LEFT: f64 = 52.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 62.0;
const BOTTOM: f64 = 48.0;
/// Where every line has so many values or fewer, each has a mark.
const MARKED: usize = 12;

/// Colours of both schemes, with a contrast of at least 4.5:1 to their ground.
const STYLE: &str = "
  :root { --ground: #ffffff; --ink: #1f2328; --soft: #59636e; --grid: #d8dee4;
          --one: #0969da; --two: #9a6700; --three: #8250df; --limit: #cf222e; }
  @media (prefers-color-scheme: dark) {
    :root { --ground: #0d1117; --ink: #e6edf3; --soft: #9198a1; --grid: #30363d;
            --one: #58a6ff; --two: #d29922; --three: #bc8cff; --limit: #f85149; }
  }
  text { font: 12.5px system-ui, sans-serif; fill: var(--soft); }
  .ground { fill: var(--ground); } .grid { stroke: var(--grid); }
  .title { font-weight: 600; font-size: 14px; fill: var(--ink); }
  .line { fill: none; stroke-width: 2; } .limit { stroke: var(--limit); stroke-width: 1.5; stroke-dasharray: 5 4; }
  text.limit { fill: var(--limit); stroke: none; }
  .one { stroke: var(--one); } .two { stroke: var(--two); } .three { stroke: var(--three); }
  .dot { stroke: none; } .dot.one { fill: var(--one); } .dot.two { fill: var(--two); } .dot.three { fill: var(--three); }
";

/// The colours of the series, in their order.
const CLASSES: [&str; 3] = ["one", "two", "three"];

/// One axis.
pub struct Axis {
    /// What it measures, with its unit.
    pub label: String,
    /// Where the marks stand; the first and the last are its ends.
    pub ticks: Vec<f64>,
    /// Whether equal distances are equal factors.
    pub logarithmic: bool,
}

impl Axis {
    /// An axis from 0 to `most` or a little above, in round steps.
    pub fn linear(label: &str, most: f64) -> Self {
        let rough = most.max(1.0) / 4.0;
        let magnitude = 10f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|round| round * magnitude).find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let ticks = (0..).map(|number| f64::from(number) * step);
        let mut ends: Vec<f64> = ticks.clone().take_while(|tick| *tick < most).collect();
        ends.extend(ticks.skip(ends.len()).take(1));
        Self { label: label.to_owned(), ticks: ends, logarithmic: false }
    }

    /// An axis in decades from 1 to `most` or above.
    pub fn decades(label: &str, most: f64) -> Self {
        let decades = most.max(10.0).log10().ceil() as i32;
        let ticks = (0..=decades).map(|decade| 10f64.powi(decade)).collect();
        Self { label: label.to_owned(), ticks, logarithmic: true }
    }

    /// Where a value lies between both ends, 0 to 1.
    fn share(&self, value: f64) -> f64 {
        let (from, to) =
            (self.ticks.first().copied().unwrap_or(0.0), self.ticks.last().copied().unwrap_or(1.0));
        if to <= from {
            return 0.5;
        }
        let share = if self.logarithmic {
            (value.max(from).ln() - from.ln()) / (to.ln() - from.ln())
        } else {
            (value - from) / (to - from)
        };
        share.clamp(0.0, 1.0)
    }
}

/// Values that belong together.
pub struct Series {
    /// What they are.
    pub name: String,
    /// The values by their place.
    pub points: Vec<(f64, f64)>,
}

/// One picture of several.
pub struct Panel {
    /// What it shows.
    pub title: String,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// At most three, drawn as lines.
    pub series: Vec<Series>,
    /// A value that is not to be exceeded, and what it is called; across, or upright where the x axis has it.
    pub limit: Option<(Direction, f64, String)>,
}

/// Which axis a limit belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// A line across: a limit of y.
    Across,
    /// An upright line: a limit of x.
    Upright,
}

/// Draws the panels side by side.
pub fn draw(title: &str, description: &str, panels: &[Panel]) -> String {
    let width = WIDTH * panels.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" \
         height=\"{HEIGHT}\" role=\"img\" aria-labelledby=\"title description\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"description\">{}</desc>\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{width}\" height=\"{HEIGHT}\" rx=\"8\"/>\n",
        escape(title),
        escape(description)
    );
    for (number, panel) in panels.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(svg, "<g transform=\"translate({} 0)\">", WIDTH * number as f64);
        panel.draw(&mut svg);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

impl Panel {
    fn draw(&self, svg: &mut String) {
        text(svg, LEFT, 24.0, "start", "title", &self.title);
        for tick in &self.y.ticks {
            let y = self.place(0.0, *tick).1;
            line(svg, "grid", (LEFT, y), (WIDTH - RIGHT, y));
            text(svg, LEFT - 6.0, y + 4.0, "end", "", &number(*tick));
        }
        for tick in &self.x.ticks {
            text(svg, self.place(*tick, 0.0).0, HEIGHT - BOTTOM + 18.0, "middle", "", &number(*tick));
        }
        text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 10.0, "middle", "", &self.x.label);
        self.draw_legend(svg);
        for (series, class) in self.series.iter().zip(CLASSES) {
            self.draw_series(svg, series, class);
        }
        self.draw_limit(svg);
    }

    /// The names of the series in their colours, and what the y axis measures.
    fn draw_legend(&self, svg: &mut String) {
        let mut x = LEFT;
        for (series, class) in self.series.iter().zip(CLASSES) {
            let _ = writeln!(svg, "<circle class=\"dot {class}\" cx=\"{:.1}\" cy=\"40\" r=\"4\"/>", x + 4.0);
            text(svg, x + 12.0, 44.0, "start", "", &series.name);
            x += 26.0 + 7.0 * series.name.chars().count() as f64;
        }
        text(svg, LEFT - 6.0, 44.0, "end", "", &self.y.label);
    }

    fn draw_series(&self, svg: &mut String, series: &Series, class: &str) {
        let is_marked = self.series.iter().all(|series| series.points.len() <= MARKED);
        let mut corners = Vec::with_capacity(series.points.len());
        for (x, y) in &series.points {
            let (left, height) = self.place(*x, *y);
            corners.push(format!("{left:.1},{height:.1}"));
            if is_marked {
                let _ = writeln!(
                    svg,
                    "<circle class=\"dot {class}\" cx=\"{left:.1}\" cy=\"{height:.1}\" r=\"3.5\"/>"
                );
            }
        }
        let _ = writeln!(svg, "<polyline class=\"line {class}\" points=\"{}\"/>", corners.join(" "));
    }

    fn draw_limit(&self, svg: &mut String) {
        let Some((direction, value, name)) = &self.limit else { return };
        match direction {
            Direction::Across => {
                let y = self.place(0.0, *value).1;
                line(svg, "limit", (LEFT, y), (WIDTH - RIGHT, y));
                text(svg, WIDTH - RIGHT - 4.0, y + 16.0, "end", "limit", name);
            }
            Direction::Upright => {
                let x = self.place(*value, 0.0).0;
                line(svg, "limit", (x, TOP), (x, HEIGHT - BOTTOM));
                text(svg, x - 5.0, TOP + 12.0, "end", "limit", name);
            }
        }
    }

    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        let across = LEFT + self.x.share(x) * (WIDTH - LEFT - RIGHT);
        let up = HEIGHT - BOTTOM - self.y.share(y) * (HEIGHT - TOP - BOTTOM);
        (across, up)
    }
}

fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, class: &str, what: &str) {
    let _ = writeln!(
        svg,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
        escape(what)
    );
}

/// `10000` as `10 000`, a fraction with one digit.
fn number(value: f64) -> String {
    if value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    if digits.len() < 5 {
        return digits;
    }
    let (thousands, rest) = digits.split_at(digits.len() - 3);
    format!("{thousands}\u{202f}{rest}")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
