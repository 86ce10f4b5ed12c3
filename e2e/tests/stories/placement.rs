//! Where the chat stands on the page, and how it looks there.

use causette_e2e::harness::{Browser, HostSite, Looks, Media, Policy, Server};
use causette_e2e::pages::{HostPage, Role, Shop};
use serde_json::{Value, json};

fn loader(server: &Server) -> String {
    format!("{}/embed/shop.js", server.origin)
}

async fn visit<'a>(browser: &'a Browser, site: &HostSite, server: &Server, sources: Value) -> HostPage<'a> {
    let page = HostPage::visit(browser, site, "bare").await;
    assert!(page.add_snippet(&loader(server), sources).await, "the loader comes");
    page
}

/// How far the launcher is from the left, the right and the lower edge of the page.
const PLACE: &str = "[box(launcher).left, document.documentElement.clientWidth - box(launcher).right, \
                     innerHeight - box(launcher).bottom].map(Math.round)";

#[tokio::test(flavor = "multi_thread")]
async fn the_launcher_and_panel_stand_where_the_page_says() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let browser = Browser::open("visitor").await;
    let width = "document.documentElement.clientWidth";
    let rows = [
        (json!({}), [1, 20, 20]),
        (json!({ "data": { "position": "bottom-left" } }), [20, 1, 20]),
        (json!({ "data": { "offset-x": "7", "offset-y": "90" } }), [1, 7, 90]),
        // Of a page that is read from right to left the first side is the right.
        (json!({ "dir": "rtl" }), [20, 1, 20]),
        (json!({ "dir": "rtl", "data": { "position": "bottom-left" } }), [1, 20, 20]),
    ];
    for (sources, [left, right, below]) in rows {
        let page = visit(&browser, &site, &server, sources.clone()).await;
        let place = page.ask(PLACE).await;
        let wide = page.ask(&format!("{width} - 60")).await.as_i64().unwrap_or_default();
        let wanted = if left == 1 { [wide - right, right, below] } else { [left, wide - left, below] };
        assert_eq!(place, json!(wanted), "{sources}");
    }
    // The panel above the launcher, at the same edge; and other places at run time.
    let page = visit(&browser, &site, &server, json!({ "dir": "rtl" })).await;
    page.shop().open_chat().await.view.wait_for(Role::Field, "Message").await;
    assert_eq!(
        page.ask("[box(frame).left < 30, box(frame).bottom < box(launcher).top]").await,
        json!([true, true])
    );
    page.act("causette('update', { position: 'bottom-left', offsetX: 33 })").await;
    page.wait_for(&format!("{width} - Math.round(box(launcher).right)"), 33).await;
    assert_eq!(page.ask(&format!("{width} - Math.round(box(inside('.panel')).right)")).await, 33);
    page.assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_lives_in_an_element_of_the_page_that_may_come_late_and_be_replaced() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let browser = Browser::open("visitor").await;
    let inline = json!({ "data": { "position": "inline", "target": "#help", "state": "close" } });
    let page = visit(&browser, &site, &server, inline).await;
    assert_eq!(page.ask("chat").await, Value::Null, "there is no such element yet");
    let place = "const place = document.createElement('div'); place.id = 'help'; \
                 place.style.cssText = 'width: 420px; height: 600px'";
    page.act(&format!("{place}; document.querySelector('main').append(place)")).await;
    page.wait_for("chat && chat.parentNode.id", "help").await;
    let panel = page.shop().open_chat().await;
    panel.say("From within the page").await;
    panel.wait_until_sent().await;
    let inner =
        "[box(frame).width > 400, box(frame).left >= box(chat.parentNode).left, box(chat.parentNode).height]";
    assert_eq!(page.ask(inner).await, json!([true, true, 600]));
    assert!(
        !page.shop().launcher.has(Role::Button, "Close chat").await,
        "it covers nothing that one would close it for"
    );

    // A framework draws its view anew: the element is another one.
    page.act(&format!("const old = document.querySelector('#help'); {place}; old.replaceWith(place)")).await;
    page.wait_for("chat && chat.parentNode.id", "help").await;
    panel.wait_for_message("From within the page").await;
    // The view goes, and another one comes.
    page.act("document.querySelector('main').innerHTML = '<p>Another view</p>'").await;
    page.wait_for("chat", Value::Null).await;
    page.act(&format!("{place}; document.querySelector('main').append(place)")).await;
    panel.wait_for_message("From within the page").await;
    // The greeting stands above the launcher, and moves neither it nor what else is there.
    page.act("causette('close')").await;
    page.wait_for("shown(launcher)", true).await;
    let places = "[launcher, chat.parentNode].map((node) => [box(node).left, box(node).top])";
    let before = page.ask(places).await;
    page.act("causette('update', { state: 'welcome' })").await;
    page.wait_for("shown(bubble) && box(bubble).bottom < box(launcher).top", true).await;
    assert_eq!(page.ask(places).await, before);
    page.act("causette('open')").await;
    // Out of the element again, and into another.
    page.act("causette('update', { position: 'bottom-right' })").await;
    page.wait_for("chat.parentNode.tagName", "BODY").await;
    page.shop().wait_until_open().await;
    assert_eq!(page.ask("looks(inside('.panel')).position").await, "fixed");
    page.act("causette('update', { position: 'inline', target: 'main' })").await;
    page.wait_for("chat.parentNode.tagName", "MAIN").await;
    panel.wait_for_message("From within the page").await;
    page.assert_unharmed().await;
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_bring_its_own_button_or_none() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let browser = Browser::open("visitor").await;
    let page = visit(&browser, &site, &server, json!({ "data": { "launcher": "none" } })).await;
    assert_eq!(page.ask("shown(launcher)").await, false);
    page.act("causette('open')").await;
    page.shop().panel().view.wait_for(Role::Field, "Message").await;
    page.act("causette('close')").await;
    page.wait_for("shown(frame)", false).await;
    assert_eq!(page.ask("shown(launcher)").await, false);

    let page = visit(&browser, &site, &server, json!({ "data": { "launcher": ".help" } })).await;
    assert_eq!(page.ask("shown(launcher)").await, false);
    let button = "const button = document.createElement('button'); button.className = 'help'; \
                  button.innerHTML = '<b>Help</b>'; document.querySelector('main').append(button)";
    page.act(button).await;
    let press = async || {
        let help = page.shop().page.wait_for(Role::Button, "Help").await;
        help.click().await.unwrap_or_else(|error| panic!("the page's button: {error}"));
    };
    press().await;
    let panel = page.shop().panel();
    panel.view.type_into("Message", "kept").await;
    // Closed by Escape within the panel: the focus goes back to where the visitor came from.
    panel.view.type_into("Message", "\u{e00c}").await;
    page.wait_for("shown(frame)", false).await;
    page.wait_for("document.activeElement.className", "help").await;
    press().await;
    page.wait_for("shown(frame)", true).await;
    press().await;
    page.wait_for("shown(frame)", false).await;
    // A button that comes later works as well.
    page.act(&format!("document.querySelector('.help').remove(); {button}")).await;
    press().await;
    page.wait_for("shown(frame)", true).await;
    page.assert_unharmed().await;
}

/// Colours as pages write them, and what is drawn: the colour, and what stands on it.
const COLORS: &[(&str, &str, &str)] = &[
    ("#000", "rgb(0, 0, 0)", "white"),
    ("WHITE", "rgb(255, 255, 255)", "black"),
    ("hsl(60deg 100% 50%)", "rgb(255, 255, 0)", "black"),
    ("rgb(0 0 139)", "rgb(0, 0, 139)", "white"),
    ("oklch(0.3 0.1 264)", "", "white"),
    ("oklch(0.9 0.2 130)", "", "black"),
    ("color(display-p3 0 1 0)", "", "black"),
    ("lab(20% 40 -60)", "", "white"),
    ("color-mix(in oklch, white, #eef 40%)", "", "black"),
    // A colour that nearly nothing is left of has as little red as numbers can say.
    ("color(srgb 0.0000001 0.9 0.0000001)", "", "black"),
    ("color(srgb 1e-7 2e-7 0.2)", "", "white"),
    // What shines through is not a colour to write on: the button would be lost on a page of the same colour.
    ("rgb(255 255 255 / 10%)", "rgb(255, 255, 255)", "black"),
    ("transparent", "rgb(0, 0, 0)", "white"),
];

#[tokio::test(flavor = "multi_thread")]
async fn any_colour_can_be_read() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let browser = Browser::open("visitor").await;
    let page = visit(&browser, &site, &server, json!({})).await;
    // Colours change at once, so that none is looked at on its way.
    for (color, drawn, ink) in COLORS {
        page.act(&format!("causette('update', {{ color: '{color}' }})")).await;
        let (white, black) = ("rgb(255, 255, 255)", "rgb(0, 0, 0)");
        page.wait_for("drawn(looks(launcher).color)", if *ink == "black" { black } else { white }).await;
        if !drawn.is_empty() {
            page.wait_for("drawn(looks(launcher).backgroundColor)", *drawn).await;
        }
        // What is seen, by the browser's own canvas, against the formula of WCAG 2.2.
        let contrast = page
            .ask(
                "(() => {
                  const light = (color) => color.match(/\\d+/g)
                    .map((byte) => byte / 255).map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
                    .reduce((sum, x, at) => sum + x * [0.2126, 0.7152, 0.0722][at], 0.05);
                  const { color, backgroundColor } = looks(launcher);
                  const [high, low] = [color, backgroundColor].map((one) => light(drawn(one))).sort((a, b) => b - a);
                  return high / low;
                })()",
            )
            .await;
        assert!(contrast.as_f64().is_some_and(|contrast| contrast >= 4.5), "{color}: {contrast}");
    }
    assert_eq!(browser.console().await, Vec::<String>::new());
    page.assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_theme_is_what_was_asked_for_and_else_what_the_visitor_likes() {
    if crate::engines::is_left_out(
        "placement::the_theme_is_what_was_asked_for_and_else_what_the_visitor_likes",
    ) {
        return;
    }
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let browser = Browser::open("visitor").await;
    let page = visit(&browser, &site, &server, json!({})).await;
    // The bubble is light or dark as it was asked to be, and as the visitor likes it where nothing was asked.
    let ground = "(getComputedStyle(inside('.note')).backgroundColor)";
    // Each browser has its own dark, which the bubble takes.
    let own = async |scheme: &str| {
        let probe = format!(
            "(() => {{
               const probe = document.body.appendChild(document.createElement('p'));
               Object.assign(probe.style, {{ colorScheme: '{scheme}', backgroundColor: 'Canvas' }});
               const drawn = looks(probe).backgroundColor;
               probe.remove();
               return drawn;
             }})()"
        );
        page.ask(&probe).await.as_str().unwrap_or_default().to_owned()
    };
    let (light, dark) = (own("light").await, own("dark").await);
    assert_ne!(light, dark);
    for (theme, wanted) in [("light", &light), ("dark", &dark), ("auto", &light)] {
        page.act(&format!("causette('update', {{ theme: '{theme}' }})")).await;
        page.wait_for(ground, wanted.as_str()).await;
    }
    browser.set_media(Media::Dark).await;
    page.wait_for(ground, dark.as_str()).await;
    page.act("causette('update', { theme: 'light' })").await;
    page.wait_for(ground, light.as_str()).await;
    page.assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bubble_stays_until_it_is_closed_and_a_phone_has_its_own_way() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let browser = Browser::open_with("visitor", Looks { is_phone: true, ..Looks::default() }).await;
    // A page whose clock runs fifty times as fast: what would go by itself has gone soon.
    let fast = "const real = window.setTimeout; \
                window.setTimeout = (work, wait, ...values) => real(work, wait / 50, ...values)";
    for (delay, stays) in [("0", true), ("60", false)] {
        let page = HostPage::visit(&browser, &site, "bare").await;
        page.act(fast).await;
        let data = json!({ "close-delay": delay, "greeting": "A question?", "greeting-delay": "0" });
        assert!(page.add_snippet(&loader(&server), json!({ "data": data })).await);
        page.wait_for("shown(bubble) && bubble.innerText.includes('A question?')", true).await;
        if stays {
            page.act("window.passed = 0; setTimeout(() => { window.passed = 1 }, 100000)").await;
            page.wait_for("window.passed", 1).await;
            assert_eq!(page.ask("[shown(bubble), causette('get', 'state')]").await, json!([true, "welcome"]));
            Shop::shown(&browser).launcher.press("Dismiss").await;
        }
        page.wait_for("[shown(bubble), causette('get', 'state')]", json!([false, "close"])).await;
        if stays {
            assert_eq!(
                page.ask("chat.shadowRoot.activeElement.ariaLabel").await,
                "Open chat",
                "the focus is not lost"
            );
        }
    }
}
