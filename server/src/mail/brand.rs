//! How a site shows itself in mails: name, colour, logo, address, opening hours.

use minijinja::{Value, context};

use crate::mail::Link;
use crate::mail::color::{BLACK, READABLE, Rgb, VISIBLE, WHITE, contrast};
use crate::mail::words::one_line;
use crate::site::{Site, SiteOrigin};

/// What stands in where a site's colour cannot be read: that of new sites.
const COLOR: Rgb = Rgb([0x43, 0x38, 0xca]);
/// The mail's card in dark mode (templates/email/layout.html).
const DARK_CARD: Rgb = Rgb([0x1d, 0x20, 0x27]);
/// Characters of a site's name and of its opening hours.
const NAME_CHARS: usize = 80;
const HOURS_CHARS: usize = 200;

/// How a site shows itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    /// Its name, on one line.
    pub name: String,
    /// Its colour.
    pub color: Rgb,
    /// Its logo: the only thing in a mail that is fetched, and a mail reads as well without it.
    pub logo: Option<Link>,
    /// Where its pages are.
    pub site_url: Option<Link>,
    /// Its opening hours, on one line, in the mail's language.
    pub hours: Option<String>,
}

impl Brand {
    /// Reads a site. `own_url` is the installation's public address, which stands in for a site that lists only it.
    #[must_use]
    pub fn of(site: &Site, own_url: &str) -> Self {
        let exact = site.origins.iter().find_map(|origin| match origin {
            SiteOrigin::Exact(origin) => Some(origin.as_str()),
            SiteOrigin::Own => None,
        });
        let site_url = Link::parse(exact.unwrap_or(own_url));
        let mut name = one_line(&site.name, NAME_CHARS);
        if name.is_empty() {
            name = site_url.as_ref().map_or_else(|| site.key.to_string(), host);
        }
        let color = Rgb::parse(&site.settings.color).unwrap_or(COLOR);
        Self { name, color, logo: None, site_url, hours: None }
    }

    /// The same with a logo.
    #[must_use]
    pub fn with_logo(self, logo: Option<Link>) -> Self {
        Self { logo, ..self }
    }

    /// The same with opening hours; an empty line is none.
    #[must_use]
    pub fn with_hours(self, hours: Option<&str>) -> Self {
        let hours = hours.map(|hours| one_line(hours, HOURS_CHARS)).filter(|hours| !hours.is_empty());
        Self { hours, ..self }
    }

    /// The fill of its buttons, in light and in dark.
    #[must_use]
    pub fn fills(&self) -> (Rgb, Rgb) {
        (self.color, self.color.against(DARK_CARD, WHITE, VISIBLE))
    }

    /// The same where no site is known.
    #[must_use]
    pub fn fills_of_none() -> (Rgb, Rgb) {
        (COLOR, COLOR.against(DARK_CARD, WHITE, VISIBLE))
    }

    /// What the templates draw with.
    pub(super) fn to_value(&self) -> Value {
        let color = self.color;
        // A colour that is nearly its ground's has no tint of its own.
        let seen = |tint: Rgb, ground, other| if contrast(tint, ground) < 1.02 { other } else { tint };
        let tint = seen(color.mixed(WHITE, 0.88), WHITE, Rgb([0xec, 0xee, 0xf2]));
        let tint_dark = seen(color.mixed(DARK_CARD, 0.7), DARK_CARD, Rgb([0x34, 0x3a, 0x44]));
        // A button in nearly the colour of its ground is kept visible: by an edge in light, by a lighter fill in dark.
        let edge = if contrast(color, WHITE) < 1.3 { Rgb([0xc4, 0xc9, 0xd2]) } else { color };
        let button_dark = color.against(DARK_CARD, WHITE, VISIBLE);
        let hex = |color: Rgb| color.to_string();
        context! {
            name => self.name,
            logo => self.logo.as_ref().map(Link::as_str),
            site_url => self.site_url.as_ref().map(Link::as_str),
            site_host => self.site_url.as_ref().map(host),
            hours => self.hours,
            color => hex(color),
            ink => hex(color.ink()),
            edge => hex(edge),
            link => hex(color.against(WHITE, BLACK, READABLE)),
            tint => hex(tint),
            tint_ink => hex(color.against(tint, BLACK, READABLE)),
            button_dark => hex(button_dark),
            ink_dark => hex(button_dark.ink()),
            link_dark => hex(color.against(DARK_CARD, WHITE, READABLE)),
            tint_dark => hex(tint_dark),
            tint_ink_dark => hex(color.against(tint_dark, WHITE, READABLE)),
        }
    }
}

/// The host of a link, as people write it.
fn host(link: &Link) -> String {
    let host = link.as_str().split('/').nth(2).unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::SiteSettings;

    fn site(name: &str, origins: Vec<SiteOrigin>, color: &str) -> Site {
        Site {
            key: "demo".parse().expect("a key"),
            name: name.to_owned(),
            origins,
            settings: SiteSettings { color: color.to_owned(), ..SiteSettings::default() },
        }
    }

    #[test]
    fn a_brand_is_read_from_its_site() {
        let origins = vec![SiteOrigin::Own, SiteOrigin::Exact("https://www.shop.example".to_owned())];
        let brand = Brand::of(&site(" Maison\r\nLumen ", origins, "teal"), "https://chat.example")
            .with_hours(Some("Monday to Friday,\n9:00–18:00"));
        assert_eq!(brand.name, "Maison Lumen");
        assert_eq!(brand.color, Rgb([0, 128, 128]));
        assert_eq!(brand.site_url.as_ref().map(Link::as_str), Some("https://www.shop.example/"));
        assert_eq!(brand.hours.as_deref(), Some("Monday to Friday, 9:00–18:00"));
        assert_eq!(brand.clone().with_hours(Some(" \n")).hours, None);
    }

    #[test]
    fn what_is_missing_has_a_stand_in() {
        let brand = Brand::of(&site("", vec![SiteOrigin::Own], "expression(1)"), "http://127.0.0.1:8080");
        assert_eq!((brand.name.as_str(), brand.color), ("127.0.0.1:8080", COLOR));
        let brand = Brand::of(&site("", Vec::new(), ""), "nowhere");
        assert_eq!((brand.name.as_str(), brand.site_url), ("demo", None));
    }

    #[test]
    fn any_colour_can_be_read_in_light_and_in_dark() {
        for css in ["#000", "#fff", "#ff0", "#00f", "#1d2027", "#4338ca", "#777"] {
            let brand = Brand::of(&site("x", Vec::new(), css), "").to_value();
            let color = |name: &str| {
                let value = brand.get_attr(name).expect("it is there").to_string();
                Rgb::parse(&value).expect("a colour")
            };
            for (ink, ground, wanted) in [
                ("ink", color("color"), READABLE),
                ("link", WHITE, READABLE),
                ("tint_ink", color("tint"), READABLE),
                ("ink_dark", color("button_dark"), READABLE),
                ("link_dark", DARK_CARD, READABLE),
                ("tint_ink_dark", color("tint_dark"), READABLE),
                ("button_dark", DARK_CARD, VISIBLE),
            ] {
                assert!(contrast(color(ink), ground) >= wanted, "{css}: {ink}");
            }
        }
    }
}
