//! Light and dark, and the site's colour.
//!
//! Any colour may be a site's. What is written on it is black or white, whichever contrasts more, and where the colour
//! itself is ink it is mixed with black or white until it can be read (WCAG 2.2, 1.4.3: 4.5 to 1). The panel's policy
//! forbids inline styles, so the result goes into custom properties by way of the CSSOM.

use js_sys::Math;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// A colour as three bytes of sRGB.
pub type Rgb = [u8; 3];

/// The darkest ground that ink stands on in the light theme, and the lightest in the dark one (style/tokens.css).
const LIGHT_GROUND: Rgb = [0xf1, 0xf3, 0xf6];
const DARK_GROUND: Rgb = [0x26, 0x29, 0x30];
const READABLE: f64 = 4.5;
const WHITE: Rgb = [255; 3];
const BLACK: Rgb = [0; 3];

/// Sets `light` or `dark`; anything else follows the system.
pub fn set_theme(theme: &str) {
    if let Some(root) = root() {
        let _ = match theme {
            "light" | "dark" => root.set_attribute("data-theme", theme),
            _ => root.remove_attribute("data-theme"),
        };
    }
}

/// Sets the site's colour. A colour that the browser does not know changes nothing.
pub fn set_color(css: &str) {
    let Some(root) = root() else {
        return;
    };
    let Some(color) = resolve(&root, css) else {
        return;
    };
    for (property, value) in [
        ("--brand", color),
        ("--on-brand", ink_on(color)),
        ("--brand-ink-light", readable(color, LIGHT_GROUND, BLACK)),
        ("--brand-ink-dark", readable(color, DARK_GROUND, WHITE)),
    ] {
        let _ = root.style().set_property(property, &hex(value));
    }
}

/// Black or white, whichever contrasts more with `ground`; never below 4.5 to 1.
#[must_use]
pub fn ink_on(ground: Rgb) -> Rgb {
    if contrast(ground, WHITE) >= contrast(ground, BLACK) { WHITE } else { BLACK }
}

/// The colour, mixed with `pole` as little as it takes to be read on `ground`.
#[must_use]
pub fn readable(color: Rgb, ground: Rgb, pole: Rgb) -> Rgb {
    let mix = |share: u16| {
        let mut mixed = color;
        for (channel, pole) in mixed.iter_mut().zip(pole) {
            *channel = ((u16::from(*channel) * (16 - share) + u16::from(pole) * share) / 16) as u8;
        }
        mixed
    };
    (0..16).map(mix).find(|mixed| contrast(*mixed, ground) >= READABLE).unwrap_or(pole)
}

/// The contrast ratio of WCAG 2.2.
#[must_use]
pub fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    let (light, dark) = if one > other { (one, other) } else { (other, one) };
    (light + 0.05) / (dark + 0.05)
}

/// Relative luminance (WCAG 2.2). The browser's `pow` saves the bytes of our own.
fn luminance(color: Rgb) -> f64 {
    let linear = |channel: u8| {
        let part = f64::from(channel) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { Math::pow((part + 0.055) / 1.055, 2.4) }
    };
    0.2126 * linear(color[0]) + 0.7152 * linear(color[1]) + 0.0722 * linear(color[2])
}

/// Lets the browser read the colour, so that `teal` and `hsl(…)` work like `#14b8a6`.
fn resolve(root: &HtmlElement, css: &str) -> Option<Rgb> {
    let probe = web_sys::window()?.document()?.create_element("i").ok()?.unchecked_into::<HtmlElement>();
    probe.style().set_property("color", css).ok()?;
    if probe.style().get_property_value("color").ok()?.is_empty() {
        return None;
    }
    root.append_child(&probe).ok()?;
    let computed = web_sys::window()?.get_computed_style(&probe).ok()??.get_property_value("color");
    probe.remove();
    parse(&computed.ok()?)
}

/// Reads `rgb(1, 2, 3)` and `rgba(1, 2, 3, 0.5)`; the browser writes every classic colour so.
fn parse(computed: &str) -> Option<Rgb> {
    let (_, numbers) = computed.strip_prefix("rgb")?.split_once('(')?;
    let mut numbers = numbers.split([',', ' ', ')']).filter(|part| !part.is_empty());
    let mut next = || numbers.next()?.parse().ok();
    Some([next()?, next()?, next()?])
}

fn hex(color: Rgb) -> String {
    let mut text = String::from("#");
    for nibble in color.into_iter().flat_map(|channel| [channel >> 4, channel & 15]) {
        text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
    }
    text
}

fn root() -> Option<HtmlElement> {
    web_sys::window()?.document()?.document_element()?.dyn_into().ok()
}
