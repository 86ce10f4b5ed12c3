//! An app with the chat in its webview: WebKitGTK, by way of wry. It does what snippet/native/README.md asks of an app, and
//! is driven by its test (`e2e/tests/native`) with lines of JSON on its standard input, answered on its standard output:
//!
//! ```text
//! causette-app ADDRESS DIRECTORY      the chat's address; where the app keeps what it keeps
//! {"say": {…}}                        says a message of the bridge to the page
//! {"run": [7, "1 + 1"]}               evaluates an expression in the page: {"result": [7, 2]}
//! {"show": false}                     hides the window, or shows it again
//! {"resize": [390, 500]}              makes the window as large, as a keyboard makes it smaller
//! {"quit": null}                      ends the app
//! {"heard": {…}}                      what the page says
//! {"kept": "https://…"}               an address that the webview was about to go to, and did not
//! ```

mod keychain;
mod line;

use std::error::Error;
use std::path::Path;

use serde_json::{Value, json};
use tao::dpi::LogicalSize;
use tao::event::{Event, StartCause, WindowEvent};
use tao::event_loop::{ControlFlow, EventLoop, EventLoopBuilder, EventLoopProxy};
use tao::platform::unix::WindowExtUnix as _;
use tao::window::{Window, WindowBuilder};
use wry::{NewWindowResponse, WebContext, WebView, WebViewBuilder, WebViewBuilderExtUnix as _};

use keychain::Keychain;
use line::{Order, print};

/// As large as a phone's screen, in logical pixels.
const SCREEN: LogicalSize<f64> = LogicalSize::new(390.0, 844.0);

/// What the app's loop is told.
#[derive(Debug)]
enum Told {
    /// Its test orders something; `None` when the test is gone.
    Order(Option<Order>),
    /// The page says something.
    Heard(Value),
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(directory)) = (arguments.next(), arguments.next()) else {
        return Err("usage: causette-app ADDRESS DIRECTORY".into());
    };
    let directory = Path::new(&directory);
    let mut keychain = Keychain::open(directory);
    let events: EventLoop<Told> = EventLoopBuilder::with_user_event().build();
    let window = WindowBuilder::new().with_title("App").with_inner_size(SCREEN).build(&events)?;
    // The storage of the page outlives the app, as it does on a phone.
    let mut context = WebContext::new(Some(directory.join("webview")));
    let webview = open(&window, &mut context, &address, &events.create_proxy())?;
    listen(events.create_proxy());

    events.run(move |event, _, flow| {
        *flow = ControlFlow::Wait;
        match event {
            Event::NewEvents(StartCause::Init) => print(&json!({ "started": true })),
            Event::WindowEvent { event: WindowEvent::CloseRequested, .. } => *flow = ControlFlow::Exit,
            Event::UserEvent(Told::Heard(message)) => {
                if let Some(answer) = keychain.answer(&message) {
                    say(&webview, &answer);
                }
                print(&json!({ "heard": message }));
            }
            Event::UserEvent(Told::Order(order)) => *flow = obey(order, &window, &webview),
            _ => {}
        }
    })
}

/// Opens the webview. It stays with the chat: whatever else it is to show is the app's to open, or not.
fn open(
    window: &Window,
    context: &mut WebContext,
    address: &str,
    events: &EventLoopProxy<Told>,
) -> Result<WebView, Box<dyn Error>> {
    let home = address.split(['?', '#']).next().unwrap_or_default().to_owned();
    let events = events.clone();
    let builder = WebViewBuilder::new_with_web_context(context)
        .with_url(address)
        .with_ipc_handler(move |request| {
            // Another page could speak here if the webview ever showed one; this one says nothing that is no JSON.
            if let Ok(message) = serde_json::from_str(request.body()) {
                let _ = events.send_event(Told::Heard(message));
            }
        })
        .with_navigation_handler(move |to| {
            let stays = to.split(['?', '#']).next() == Some(home.as_str());
            if !stays {
                print(&json!({ "kept": to }));
            }
            stays
        })
        .with_new_window_req_handler(|to, _| {
            print(&json!({ "kept": to }));
            NewWindowResponse::Deny
        });
    let place = window.default_vbox().ok_or("the window has no place for a webview")?;
    Ok(builder.build_gtk(place)?)
}

/// Does what the test orders; with nobody left to order anything the app ends.
fn obey(order: Option<Order>, window: &Window, webview: &WebView) -> ControlFlow {
    match order {
        Some(Order::Say(message)) => say(webview, &message),
        Some(Order::Run(number, expression)) => run(webview, number, &expression),
        Some(Order::Show(visible)) => window.set_visible(visible),
        Some(Order::Resize(width, height)) => window.set_inner_size(LogicalSize::new(width, height)),
        Some(Order::Quit(_)) | None => return ControlFlow::Exit,
    }
    ControlFlow::Wait
}

/// JSON is JavaScript, so whatever a message holds stays data.
fn say(webview: &WebView, message: &Value) {
    if let Err(error) = webview.evaluate_script(&format!("window.causetteApp && causetteApp({message})")) {
        print(&json!({ "failed": error.to_string() }));
    }
}

fn run(webview: &WebView, number: u64, expression: &str) {
    // An expression that throws answers too: with what it threw.
    let script =
        format!("(() => {{ try {{ return {expression} }} catch (error) {{ return String(error) }} }})()");
    let answered = webview.evaluate_script_with_callback(&script, move |result| {
        let result: Value = serde_json::from_str(&result).unwrap_or_default();
        print(&json!({ "result": [number, result] }));
    });
    if let Err(error) = answered {
        print(&json!({ "failed": error.to_string() }));
    }
}

/// Reads the orders, on a thread of its own: the loop belongs to the window.
fn listen(events: EventLoopProxy<Told>) {
    std::thread::spawn(move || {
        for order in line::orders() {
            if events.send_event(Told::Order(Some(order))).is_err() {
                return;
            }
        }
        let _ = events.send_event(Told::Order(None));
    });
}
