//! A Dovecot of the test's own: configuration, mails and log in a temporary directory, run by a user without rights.
//!
//! Each has an address of its own in 127.0.0.0/8, so that it comes back to the same port after a restart, whoever else
//! takes ports meanwhile. It ends with the test process, however that ends, as the cluster of PostgreSQL does.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

use super::authority::Authority;
use super::cluster::{Owner, command, find_owner, id, is_root, search_path};
use super::{PATIENCE, eventually};

const ADVICE: &str =
    "install Dovecot 2.3 (Debian 12, Ubuntu: apt-get install dovecot-imapd), or put `dovecot` into PATH";
const PLAIN_PORT: u16 = 1143;
const TLS_PORT: u16 = 1993;

/// The login of `Dovecot::url`, as an address writes it.
pub const LOGIN: &str = "shop%40mail.example:correct-horse";
/// The same mailbox for whoever has a password beyond ASCII.
pub const INTERNATIONAL_LOGIN: &str = "other%40mail.example:ch%C3%A8vre%22%5C";

/// A server with one mailbox.
pub struct Dovecot {
    directory: PathBuf,
    programs: PathBuf,
    owner: Option<Owner>,
    guard: Child,
    host: Ipv4Addr,
    authority: Authority,
    delivered: AtomicU32,
}

/// What a server can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// Whatever Dovecot can.
    All,
    /// All but IDLE.
    NoIdle,
}

impl Dovecot {
    /// Starts one.
    pub fn start() -> Self {
        Self::with(Ability::All)
    }

    /// Starts one that can do less.
    pub fn with(ability: Ability) -> Self {
        let programs = find_programs().unwrap_or_else(|| panic!("no Dovecot for the tests: {ADVICE}"));
        let owner = is_root().then(find_owner);
        // Kept: the guard removes it when the server has stopped.
        let directory = tempfile::tempdir().expect("there is a temporary directory").keep();
        let (host, authority) = (own_address(), Authority::new());
        let (certificate, key) = authority.issue(&[&host.to_string()]);
        let users =
            "shop@mail.example:{PLAIN}correct-horse::::::\nother@mail.example:{PLAIN}chèvre\"\\::::::\n";
        let config = configuration(&directory, host, owner, ability);
        let files =
            [("cert.pem", certificate), ("key.pem", key), ("users", users.to_owned()), ("conf", config)];
        for (name, content) in files {
            fs::write(directory.join(name), content).expect("it is written");
        }
        for name in ["mail", "mail/new", "mail/cur", "mail/tmp", "run", "state"] {
            fs::create_dir(directory.join(name)).expect("it is made");
        }
        // Not a temporary directory's 0700: Dovecot looks whether its login process could reach its sockets.
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let server = Self {
            guard: guard(&directory, &programs, owner),
            directory,
            programs,
            owner,
            host,
            authority,
            delivered: AtomicU32::new(0),
        };
        for name in [
            "", "mail", "mail/new", "mail/cur", "mail/tmp", "run", "state", "cert.pem", "key.pem", "users",
            "conf",
        ] {
            server.give_away(&server.directory.join(name));
        }
        server.start_again();
        server
    }

    /// The address of the mailbox, in the clear.
    pub fn url(&self) -> String {
        format!("imap://{LOGIN}@{}:{PLAIN_PORT}", self.host)
    }

    /// The same with TLS from the beginning (`imaps`) or by STARTTLS (`imap`), for a login.
    pub fn encrypted_url(&self, scheme: &str, login: &str) -> String {
        let ca = self.authority.file();
        let (port, tls) = if scheme == "imaps" { (TLS_PORT, "") } else { (PLAIN_PORT, "tls=starttls&") };
        format!("{scheme}://{login}@{}:{port}/INBOX?{tls}ca={}", self.host, ca.display())
    }

    /// Puts a mail into the mailbox, as a delivery agent does; returns its name there.
    pub fn deliver(&self, raw: &[u8]) -> String {
        let name = format!("{}.mail", 1000 + self.delivered.fetch_add(1, Ordering::SeqCst));
        let written = self.directory.join("mail/tmp").join(&name);
        fs::write(&written, raw).expect("it is written");
        self.give_away(&written);
        fs::rename(&written, self.directory.join("mail/new").join(&name)).expect("it is delivered");
        name
    }

    /// The same for one that somebody else has seen before we look.
    pub fn deliver_seen(&self, raw: &[u8]) {
        let name = format!("{}.mail:2,S", 1000 + self.delivered.fetch_add(1, Ordering::SeqCst));
        let written = self.directory.join("mail/tmp").join(&name);
        fs::write(&written, raw).expect("it is written");
        self.give_away(&written);
        fs::rename(&written, self.directory.join("mail/cur").join(&name)).expect("it is delivered");
    }

    /// How many mails are in the mailbox.
    pub fn count(&self) -> usize {
        let files = |name| fs::read_dir(self.directory.join("mail").join(name)).expect("it is there").count();
        files("new") + files("cur")
    }

    /// Whether a mail is marked as seen. The mailbox itself says so: flags are in a file's name.
    pub fn is_seen(&self, name: &str) -> bool {
        let files = fs::read_dir(self.directory.join("mail/cur")).expect("it is there").flatten();
        let names = files.filter_map(|file| file.file_name().into_string().ok());
        names
            .filter_map(|file| {
                file.split_once(":2,").map(|(name, flags)| (name.to_owned(), flags.contains('S')))
            })
            .any(|(its, is_seen)| is_seen && its == name)
    }

    /// Waits until a mail is marked as seen.
    pub async fn until_seen(&self, name: &str) {
        eventually("the mark", || async { self.is_seen(name) }).await;
    }

    /// Stops the server; its mailbox stays.
    pub fn stop(&self) {
        self.run(&["-c", "conf", "stop"]);
        wait("the end of Dovecot", || !self.directory.join("run/master.pid").exists());
    }

    /// Starts it over the same mailbox, at the same address.
    pub fn start_again(&self) {
        self.run(&["-c", "conf"]);
        let address = SocketAddr::from((self.host, PLAIN_PORT));
        wait("Dovecot", || TcpStream::connect(address).is_ok());
    }

    /// Numbers all mails anew, as after a restored backup.
    pub fn reset_uid_validity(&self) {
        self.stop();
        for file in fs::read_dir(self.directory.join("mail")).expect("it is there").flatten() {
            let name = file.file_name().into_string().expect("it is a name");
            if name == "dovecot-uidlist" || name.starts_with("dovecot.index") {
                fs::remove_file(file.path()).expect("it is ours");
            }
        }
        self.start_again();
    }

    fn run(&self, arguments: &[&str]) {
        let told = fs::File::create(self.directory.join("told")).expect("it is made");
        let mut command = command(&self.programs, &self.directory, self.owner, "dovecot");
        // The daemon keeps what it is given as its output: not a pipe, whose end would be waited for.
        command.args(arguments).stdout(Stdio::null()).stderr(told);
        let status = command.status().expect("the program runs");
        let read = |name| fs::read_to_string(self.directory.join(name)).unwrap_or_default();
        assert!(status.success(), "dovecot failed: {}\n{}", read("told"), read("log"));
    }

    fn give_away(&self, path: &Path) {
        if let Some(owner) = self.owner {
            chown(path, Some(owner.uid), Some(owner.gid)).expect("root may give it away");
        }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// Waits for the end of this process, or of the server's owner in it; then stops the server and removes everything.
fn guard(directory: &Path, programs: &Path, owner: Option<Owner>) -> Child {
    let stop = command(programs, directory, owner, "dovecot");
    let mut guard = Command::new("sh");
    guard
        .args([
            "-c",
            "trap '' INT TERM HUP; read _; directory=$1; shift; \"$@\" -c conf stop; rm -rf \"$directory\"",
            "sh",
        ])
        .arg(directory)
        .arg(stop.get_program())
        .args(stop.get_args())
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    guard.spawn().expect("there is a shell")
}

/// All that Dovecot 2.3 needs to run without rights: every user is the one who runs it, and nothing is chrooted.
fn configuration(directory: &Path, host: Ipv4Addr, owner: Option<Owner>, ability: Ability) -> String {
    let (uid, gid) = owner.map_or_else(
        || (id(&["-u"]).expect("we are somebody"), id(&["-g"]).expect("we have a group")),
        |owner| (owner.uid, owner.gid),
    );
    let (user, group) = (name_of("passwd", uid), name_of("group", gid));
    let capability = if ability == Ability::NoIdle { "imap_capability = IMAP4rev1 LITERAL+\n" } else { "" };
    let directory = directory.display();
    format!(
        "base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/log
protocols = imap
listen = {host}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = {uid}
first_valid_gid = {gid}
ssl = yes
ssl_cert = <{directory}/cert.pem
ssl_key = <{directory}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain
auth_failure_delay = 0
mail_location = maildir:{directory}/mail
mail_fsync = never
mailbox_idle_check_interval = 1s
{capability}passdb {{
  driver = passwd-file
  args = {directory}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={directory}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {PLAIN_PORT}
  }}
  inet_listener imaps {{
    port = {TLS_PORT}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"
    )
}

/// One that no other process and no other test has.
fn own_address() -> Ipv4Addr {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // A number that has come round is passed over while somebody listens there.
    loop {
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        let number = (std::process::id() & 0xffff) << 6 | (count & 0x3f);
        let [_, b, c, d] = number.to_be_bytes();
        let address = Ipv4Addr::new(127, 64 | b, c, d);
        if TcpStream::connect((address, PLAIN_PORT)).is_err() {
            return address;
        }
    }
}

fn name_of(database: &str, id: u32) -> String {
    let output = Command::new("getent").args([database, &id.to_string()]).output().expect("getent runs");
    let line = String::from_utf8(output.stdout).expect("it is text");
    line.split(':').next().filter(|name| !name.is_empty()).expect("it has a name").to_owned()
}

/// Debian keeps its programs in `sbin` and `bin`, not all in everybody's `PATH`.
fn find_programs() -> Option<PathBuf> {
    let has_all = |directory: &PathBuf| directory.join("dovecot").is_file();
    search_path().into_iter().chain([PathBuf::from("/usr/sbin")]).find(has_all)
}

fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let tries = PATIENCE.as_millis() / 10;
    for _ in 0..tries {
        if holds() {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("waited in vain for {what}");
}
