//! The site's colour, and what can be read on it and beside it.
//!
//! Any colour may be a site's. What is written on it is black or white, whichever contrasts more; where it is ink, it is
//! mixed with black or white until it can be read (WCAG 2.2, 1.4.3: 4.5 to 1; 1.4.11: 3 to 1). The widget does the same
//! in the browser, which reads colours for it; mails are drawn without one, so that colours are read here.

use std::fmt;

/// Contrast of text to its ground (WCAG 2.2, 1.4.3).
pub const READABLE: f64 = 4.5;
/// Contrast of a control to its ground (WCAG 2.2, 1.4.11).
pub const VISIBLE: f64 = 3.0;

/// A colour of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub [u8; 3]);

/// White.
pub const WHITE: Rgb = Rgb([255; 3]);
/// Black.
pub const BLACK: Rgb = Rgb([0; 3]);

impl fmt::Display for Rgb {
    /// As `#rrggbb`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Rgb {
    /// Reads a CSS colour: hexadecimal, `rgb()`, `hsl()` or a name; transparency is dropped. `None` for any other, such
    /// as `oklch()`.
    #[must_use]
    pub fn parse(css: &str) -> Option<Self> {
        let css = css.trim().to_ascii_lowercase();
        if let Some(digits) = css.strip_prefix('#') {
            return hexadecimal(digits);
        }
        let Some((function, arguments)) = css.strip_suffix(')').and_then(|rest| rest.split_once('(')) else {
            let (_, value) = NAMES.iter().find(|(name, _)| *name == css)?;
            let [_, red, green, blue] = value.to_be_bytes();
            return Some(Self([red, green, blue]));
        };
        let mut numbers = arguments.split([',', ' ', '/']).filter(|part| !part.is_empty());
        let mut next = || numbers.next();
        let (one, two, three) = (next()?, next()?, next()?);
        match function {
            "rgb" | "rgba" => Some(Self([channel(one)?, channel(two)?, channel(three)?])),
            "hsl" | "hsla" => Some(hsl(degrees(one)?, share(two)?, share(three)?)),
            _ => None,
        }
    }

    /// The colour with `part` of `other` in it, from 0 to 1.
    #[must_use]
    pub fn mixed(self, other: Self, part: f64) -> Self {
        let mut mixed = self.0;
        for (channel, other) in mixed.iter_mut().zip(other.0) {
            *channel = (f64::from(*channel) * (1.0 - part) + f64::from(other) * part).round() as u8;
        }
        Self(mixed)
    }

    /// Black or white, whichever contrasts more with it; never below 4.5 to 1.
    #[must_use]
    pub fn ink(self) -> Self {
        if contrast(self, WHITE) >= contrast(self, BLACK) { WHITE } else { BLACK }
    }

    /// The colour, mixed with `pole` as little as it takes to stand out from `ground` by `wanted` to 1.
    #[must_use]
    pub fn against(self, ground: Self, pole: Self, wanted: f64) -> Self {
        (0..20)
            .map(|step| self.mixed(pole, f64::from(step) / 20.0))
            .find(|mixed| contrast(*mixed, ground) >= wanted)
            .unwrap_or(pole)
    }
}

/// Returns the contrast ratio of WCAG 2.2, from 1 to 21.
#[must_use]
pub fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Relative luminance (WCAG 2.2).
fn luminance(color: Rgb) -> f64 {
    let [red, green, blue] = color.0.map(|channel| {
        let part = f64::from(channel) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn hexadecimal(digits: &str) -> Option<Rgb> {
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let short = matches!(digits.len(), 3 | 4);
    if !short && !matches!(digits.len(), 6 | 8) {
        return None;
    }
    let digit = |at: usize| digits.get(at..=at).and_then(|digit| u8::from_str_radix(digit, 16).ok());
    let byte = |place: usize| {
        let (high, low) = if short { (place, place) } else { (2 * place, 2 * place + 1) };
        Some(digit(high)? * 16 + digit(low)?)
    };
    Some(Rgb([byte(0)?, byte(1)?, byte(2)?]))
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// A channel of `rgb()`: 0 to 255, or a percentage.
fn channel(text: &str) -> Option<u8> {
    let value = match text.strip_suffix('%') {
        Some(percent) => number(percent)? * 2.55,
        None => number(text)?,
    };
    Some(value.clamp(0.0, 255.0).round() as u8)
}

fn degrees(text: &str) -> Option<f64> {
    number(text.strip_suffix("deg").unwrap_or(text)).map(|degrees| degrees.rem_euclid(360.0))
}

fn share(text: &str) -> Option<f64> {
    number(text.strip_suffix('%').unwrap_or(text)).map(|percent| percent.clamp(0.0, 100.0) / 100.0)
}

/// CSS Color 4, §7.1: `hslToRgb`.
fn hsl(hue: f64, saturation: f64, lightness: f64) -> Rgb {
    let channel = |offset: f64| {
        let place = (offset + hue / 30.0) % 12.0;
        let reach = saturation * lightness.min(1.0 - lightness);
        let value = lightness - reach * (place - 3.0).min(9.0 - place).clamp(-1.0, 1.0);
        (value * 255.0).round() as u8
    };
    Rgb([channel(0.0), channel(8.0), channel(4.0)])
}

/// The names of CSS Color 4, §6.1.
#[rustfmt::skip]
const NAMES: &[(&str, u32)] = &[
    ("aliceblue", 0xf0f8ff), ("antiquewhite", 0xfaebd7), ("aqua", 0x00ffff), ("aquamarine", 0x7fffd4), ("azure", 0xf0ffff),
    ("beige", 0xf5f5dc), ("bisque", 0xffe4c4), ("black", 0x000000), ("blanchedalmond", 0xffebcd), ("blue", 0x0000ff),
    ("blueviolet", 0x8a2be2), ("brown", 0xa52a2a), ("burlywood", 0xdeb887), ("cadetblue", 0x5f9ea0), ("chartreuse", 0x7fff00),
    ("chocolate", 0xd2691e), ("coral", 0xff7f50), ("cornflowerblue", 0x6495ed), ("cornsilk", 0xfff8dc), ("crimson", 0xdc143c),
    ("cyan", 0x00ffff), ("darkblue", 0x00008b), ("darkcyan", 0x008b8b), ("darkgoldenrod", 0xb8860b), ("darkgray", 0xa9a9a9),
    ("darkgreen", 0x006400), ("darkgrey", 0xa9a9a9), ("darkkhaki", 0xbdb76b), ("darkmagenta", 0x8b008b), ("darkolivegreen", 0x556b2f),
    ("darkorange", 0xff8c00), ("darkorchid", 0x9932cc), ("darkred", 0x8b0000), ("darksalmon", 0xe9967a), ("darkseagreen", 0x8fbc8f),
    ("darkslateblue", 0x483d8b), ("darkslategray", 0x2f4f4f), ("darkslategrey", 0x2f4f4f), ("darkturquoise", 0x00ced1), ("darkviolet", 0x9400d3),
    ("deeppink", 0xff1493), ("deepskyblue", 0x00bfff), ("dimgray", 0x696969), ("dimgrey", 0x696969), ("dodgerblue", 0x1e90ff),
    ("firebrick", 0xb22222), ("floralwhite", 0xfffaf0), ("forestgreen", 0x228b22), ("fuchsia", 0xff00ff), ("gainsboro", 0xdcdcdc),
    ("ghostwhite", 0xf8f8ff), ("gold", 0xffd700), ("goldenrod", 0xdaa520), ("gray", 0x808080), ("green", 0x008000),
    ("greenyellow", 0xadff2f), ("grey", 0x808080), ("honeydew", 0xf0fff0), ("hotpink", 0xff69b4), ("indianred", 0xcd5c5c),
    ("indigo", 0x4b0082), ("ivory", 0xfffff0), ("khaki", 0xf0e68c), ("lavender", 0xe6e6fa), ("lavenderblush", 0xfff0f5),
    ("lawngreen", 0x7cfc00), ("lemonchiffon", 0xfffacd), ("lightblue", 0xadd8e6), ("lightcoral", 0xf08080), ("lightcyan", 0xe0ffff),
    ("lightgoldenrodyellow", 0xfafad2), ("lightgray", 0xd3d3d3), ("lightgreen", 0x90ee90), ("lightgrey", 0xd3d3d3), ("lightpink", 0xffb6c1),
    ("lightsalmon", 0xffa07a), ("lightseagreen", 0x20b2aa), ("lightskyblue", 0x87cefa), ("lightslategray", 0x778899), ("lightslategrey", 0x778899),
    ("lightsteelblue", 0xb0c4de), ("lightyellow", 0xffffe0), ("lime", 0x00ff00), ("limegreen", 0x32cd32), ("linen", 0xfaf0e6),
    ("magenta", 0xff00ff), ("maroon", 0x800000), ("mediumaquamarine", 0x66cdaa), ("mediumblue", 0x0000cd), ("mediumorchid", 0xba55d3),
    ("mediumpurple", 0x9370db), ("mediumseagreen", 0x3cb371), ("mediumslateblue", 0x7b68ee), ("mediumspringgreen", 0x00fa9a), ("mediumturquoise", 0x48d1cc),
    ("mediumvioletred", 0xc71585), ("midnightblue", 0x191970), ("mintcream", 0xf5fffa), ("mistyrose", 0xffe4e1), ("moccasin", 0xffe4b5),
    ("navajowhite", 0xffdead), ("navy", 0x000080), ("oldlace", 0xfdf5e6), ("olive", 0x808000), ("olivedrab", 0x6b8e23),
    ("orange", 0xffa500), ("orangered", 0xff4500), ("orchid", 0xda70d6), ("palegoldenrod", 0xeee8aa), ("palegreen", 0x98fb98),
    ("paleturquoise", 0xafeeee), ("palevioletred", 0xdb7093), ("papayawhip", 0xffefd5), ("peachpuff", 0xffdab9), ("peru", 0xcd853f),
    ("pink", 0xffc0cb), ("plum", 0xdda0dd), ("powderblue", 0xb0e0e6), ("purple", 0x800080), ("rebeccapurple", 0x663399),
    ("red", 0xff0000), ("rosybrown", 0xbc8f8f), ("royalblue", 0x4169e1), ("saddlebrown", 0x8b4513), ("salmon", 0xfa8072),
    ("sandybrown", 0xf4a460), ("seagreen", 0x2e8b57), ("seashell", 0xfff5ee), ("sienna", 0xa0522d), ("silver", 0xc0c0c0),
    ("skyblue", 0x87ceeb), ("slateblue", 0x6a5acd), ("slategray", 0x708090), ("slategrey", 0x708090), ("snow", 0xfffafa),
    ("springgreen", 0x00ff7f), ("steelblue", 0x4682b4), ("tan", 0xd2b48c), ("teal", 0x008080), ("thistle", 0xd8bfd8),
    ("tomato", 0xff6347), ("turquoise", 0x40e0d0), ("violet", 0xee82ee), ("wheat", 0xf5deb3), ("white", 0xffffff),
    ("whitesmoke", 0xf5f5f5), ("yellow", 0xffff00), ("yellowgreen", 0x9acd32),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_are_read_as_css_writes_them() {
        let hex = |css: &str| Rgb::parse(css).map(|color| color.to_string());
        for (css, expected) in [
            ("#4338ca", "#4338ca"),
            (" #FfF ", "#ffffff"),
            ("#14b8a680", "#14b8a6"),
            ("#0f08", "#00ff00"),
            ("rgb(20, 184, 166)", "#14b8a6"),
            ("rgba(20 184 166 / 50%)", "#14b8a6"),
            ("rgb(100% 0% 300%)", "#ff00ff"),
            ("hsl(0, 100%, 50%)", "#ff0000"),
            ("hsl(120deg 100% 25%)", "#008000"),
            ("hsl(-120 100% 50%)", "#0000ff"),
            ("Teal", "#008080"),
            ("rebeccapurple", "#663399"),
        ] {
            assert_eq!(hex(css).as_deref(), Some(expected), "{css}");
        }
        for bad in
            ["", "#", "#12", "#12345", "#ggg", "url(x)", "rgb(1,2)", "rgb(NaN,1,2)", "bluish", "é", "#éé"]
        {
            assert_eq!(hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn there_are_as_many_names_as_in_css_and_in_order() {
        assert_eq!(NAMES.len(), 148);
        assert!(NAMES.is_sorted_by(|one, other| one.0 < other.0));
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((contrast(BLACK, WHITE) - 21.0).abs() < 1e-9);
        // #767676 is the lightest grey that can be read on white.
        assert!(contrast(Rgb([0x76; 3]), WHITE) >= READABLE);
        assert!(contrast(Rgb([0x77; 3]), WHITE) < READABLE);
    }

    proptest! {
        #[test]
        fn text_on_any_colour_and_of_any_colour_can_be_read(color in any::<[u8; 3]>()) {
            let color = Rgb(color);
            prop_assert!(contrast(color, color.ink()) >= READABLE);
            prop_assert!(contrast(color.against(WHITE, BLACK, READABLE), WHITE) >= READABLE);
        }

        #[test]
        fn no_text_is_too_much(css in any::<String>()) {
            let _ = Rgb::parse(&css);
            let _ = Rgb::parse(&format!("rgb({css})"));
            let _ = Rgb::parse(&format!("#{css}"));
        }
    }
}
