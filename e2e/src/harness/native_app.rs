//! A real app with the chat in its webview (`e2e/app`), on a screen that nobody sees.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use super::environment;
use super::process::{Program, Said};
use super::wait::{Problem, wait_for, wait_until};

/// A screen in memory (Xvfb). Dropping it takes it away.
pub struct Screen {
    _program: Program,
    name: String,
}

impl Screen {
    /// Opens a screen that is larger than any window of ours.
    ///
    /// # Panics
    /// There is no Xvfb.
    pub async fn open() -> Self {
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1280x1000x24", "-nolisten", "tcp"]);
        let mut program = Program::start(&mut command, Said::default());
        let number =
            program.wait_for_line("the screen's number", |line| line.trim().parse::<u32>().ok()).await;
        Self { _program: program, name: format!(":{number}") }
    }
}

/// A running app. Dropping it kills it.
pub struct NativeApp {
    child: Child,
    orders: ChildStdin,
    told: Arc<Mutex<Vec<Value>>>,
    asked: u64,
}

impl NativeApp {
    /// Starts the app. It shows `address`, and keeps what it keeps in `directory`.
    ///
    /// # Panics
    /// It cannot be started.
    pub async fn start(screen: &Screen, address: &str, directory: &Path) -> Self {
        let program = environment::native_app();
        let mut command = Command::new(&program);
        command.arg(address).arg(directory).env("DISPLAY", &screen.name).env("GDK_BACKEND", "x11");
        // No accessibility bus, which not every machine has, and no hardware to draw with.
        command.env("NO_AT_BRIDGE", "1").env("LIBGL_ALWAYS_SOFTWARE", "1").env("LC_ALL", "C.UTF-8");
        command.env("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"] {
            command.env(name, directory);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}: cargo xtask test --only native", program.display()));
        let orders = child.stdin.take().expect("it is piped");
        let told = Arc::default();
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        tokio::spawn(read(lines, Arc::clone(&told)));
        let mut app = Self { child, orders, told, asked: 0 };
        app.take("its start", |told| told["started"].as_bool()).await;
        app
    }

    /// Says a message of the bridge to the page, and returns the type and the data of its answer.
    pub async fn say(&mut self, kind: &str, data: Value) -> (String, Value) {
        self.asked += 1;
        let id = self.asked;
        self.order(&json!({ "say": { "v": 1, "id": id, "type": kind, "data": data } })).await;
        let answer = |heard: &Value| {
            let kind = heard["type"].as_str().filter(|kind| ["ok", "error"].contains(kind))?;
            (heard["id"] == id).then(|| (kind.to_owned(), heard["data"].clone()))
        };
        self.take(&format!("the answer to {kind}"), |told| answer(&told["heard"])).await
    }

    /// Waits until the page says something, and returns its data. What was heard is not heard again.
    pub async fn hear(&mut self, kind: &str) -> Value {
        let data = |told: &Value| (told["heard"]["type"] == kind).then(|| told["heard"]["data"].clone());
        self.take(&format!("“{kind}” from the page"), data).await
    }

    /// Whether the page has said this, and nobody has heard it yet.
    #[must_use]
    pub fn has_said(&self, kind: &str) -> bool {
        self.said().iter().any(|told| told["heard"]["type"] == kind)
    }

    /// Everything that the app has told and nobody has heard yet.
    #[must_use]
    pub fn said(&self) -> Vec<Value> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the webview has been kept from going to an address.
    pub async fn keep_from(&mut self) -> String {
        self.take("an address", |told| told["kept"].as_str().map(str::to_owned)).await
    }

    /// What an expression comes to in the page. Asked again until it answers: a webview forgets what it is asked while it
    /// goes from one document to the next.
    pub async fn ask(&mut self, expression: &str) -> Value {
        wait_for(&format!("the page to answer {expression}"), async || self.try_to_ask(expression).await)
            .await
    }

    /// Waits until an expression comes to a value.
    ///
    /// # Panics
    /// It never does.
    pub async fn wait_for(&mut self, expression: &str, wanted: impl Into<Value>) {
        let wanted = wanted.into();
        wait_until(&format!("{expression} to be {wanted}"), async || {
            match self.try_to_ask(expression).await? {
                Some(found) if found == wanted => Ok(true),
                found => Err(format!("it is {found:?}").into()),
            }
        })
        .await;
    }

    async fn try_to_ask(&mut self, expression: &str) -> Result<Option<Value>, Problem> {
        self.asked += 1;
        let number = self.asked;
        self.order(&json!({ "run": [number, expression] })).await;
        let answer = |told: &Value| (told["result"][0] == number).then(|| told["result"][1].clone());
        for _ in 0..50 {
            if let Some(found) = self.pick(answer) {
                return Ok(Some(found));
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        Ok(None)
    }

    /// Shows the window, or hides it as a phone does with an app in the background.
    pub async fn show(&mut self, visible: bool) {
        self.order(&json!({ "show": visible })).await;
    }

    /// Makes the window as large, in pixels.
    pub async fn resize(&mut self, width: u32, height: u32) {
        self.order(&json!({ "resize": [width, height] })).await;
    }

    /// Ends the app as its user does.
    ///
    /// # Panics
    /// It ends badly.
    pub async fn quit(mut self) {
        self.order(&json!({ "quit": null })).await;
        let ended = wait_for("the app to end", async || Ok(self.child.try_wait()?)).await;
        assert!(ended.success(), "the app ended with {ended}");
    }

    async fn order(&mut self, order: &Value) {
        let line = format!("{order}\n");
        self.orders.write_all(line.as_bytes()).await.expect("the app reads its orders");
    }

    async fn take<T>(&mut self, what: &str, pick: impl Fn(&Value) -> Option<T>) -> T {
        wait_for(what, async || match self.pick(&pick) {
            Some(picked) => Ok(Some(picked)),
            None => Err(format!("the app has told {:?}", self.said()).into()),
        })
        .await
    }

    fn pick<T>(&self, pick: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, picked) = told.iter().enumerate().find_map(|(at, told)| Some((at, pick(told)?)))?;
        told.remove(at);
        Some(picked)
    }
}

async fn read(
    mut lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    told: Arc<Mutex<Vec<Value>>>,
) {
    while let Ok(Some(line)) = lines.next_line().await {
        let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
        told.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}
