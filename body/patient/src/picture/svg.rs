//! Writes SVG: a growing text with numbers of one decimal, so that equal pictures are equal bytes.

use std::fmt::Write as _;

/// A document being written.
#[derive(Debug, Clone)]
pub struct Svg {
    width: f64,
    body: String,
}

/// A number for a coordinate: one decimal, no trailing zero, never minus zero.
pub fn px(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    match (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10) {
        (whole, 0) => format!("{sign}{whole}"),
        (whole, rest) => format!("{sign}{whole}.{rest}"),
    }
}

/// A text that cannot end the element it stands in.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Svg {
    /// A document of this width, px.
    pub fn new(width: f64) -> Self {
        Self { width, body: String::new() }
    }

    /// A filled rectangle.
    pub fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str) -> &mut Self {
        let _ = writeln!(
            self.body,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"/>",
            px(x),
            px(y),
            px(width),
            px(height)
        );
        self
    }

    /// A line.
    pub fn line(&mut self, x0: f64, y0: f64, x1: f64, y1: f64, stroke: &str, width: f64) -> &mut Self {
        let _ = writeln!(
            self.body,
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{stroke}\" stroke-width=\"{width}\"/>",
            px(x0),
            px(y0),
            px(x1),
            px(y1)
        );
        self
    }

    /// A path with whatever attributes it needs.
    pub fn path(&mut self, d: &str, attributes: &str) -> &mut Self {
        let _ = writeln!(self.body, "<path d=\"{d}\" {attributes}/>");
        self
    }

    /// A dot with a word for whoever points at it.
    pub fn dot(&mut self, x: f64, y: f64, radius: f64, fill: &str, title: &str) -> &mut Self {
        let title = if title.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(title)) };
        let _ = writeln!(
            self.body,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{fill}\" stroke=\"#fff\">{title}</circle>",
            px(x),
            px(y),
            px(radius)
        );
        self
    }

    /// Words; `anchor` is start, middle or end.
    pub fn text(&mut self, x: f64, y: f64, size: f64, fill: &str, anchor: &str, words: &str) -> &mut Self {
        let _ = writeln!(
            self.body,
            "<text x=\"{}\" y=\"{}\" font-size=\"{size}\" fill=\"{fill}\" text-anchor=\"{anchor}\">{}</text>",
            px(x),
            px(y),
            escaped(words)
        );
        self
    }

    /// A line through points, open; nothing for fewer than two.
    pub fn polyline(&mut self, points: &[(f64, f64)], attributes: &str) -> &mut Self {
        if points.len() > 1 {
            self.path(&through(points), attributes);
        }
        self
    }

    /// Ends the document at this height, px; `title` is what a reader of the page is told.
    pub fn end(self, height: f64, title: &str) -> String {
        let (width, height) = (px(self.width), px(height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\" font-family=\"system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif\">\n<title>{}</title>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{}</svg>\n",
            escaped(title),
            self.body
        )
    }
}

/// The path through points.
pub fn through(points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (n, (x, y)) in points.iter().enumerate() {
        let _ = write!(d, "{}{} {}", if n == 0 { "M" } else { "L" }, px(*x), px(*y));
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_never_minus_zero() {
        assert_eq!([px(1.0), px(-0.04), px(2.25), px(-3.16)], ["1", "0", "2.3", "-3.2"]);
    }
}
