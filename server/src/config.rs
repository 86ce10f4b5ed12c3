//! Configuration: defaults, then a file, then the environment. Everything is checked before anything is bound.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::origin::parse_origin;

/// What the server is told. Every key can stand in the file in lower case, or in the environment as `CAUSETTE_…`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The address under which browsers reach us; our own origin. Without it, that of `listen`.
    pub public_url: Option<String>,
    /// `sqlite://…` or `postgres://…`; without it, `causette.db` in `data_dir`.
    pub database_url: Option<SecretUrl>,
    /// Where the data are kept.
    pub data_dir: PathBuf,
    /// Proxies whose `X-Forwarded-For` is believed, as networks: `10.0.0.0/8`.
    pub trusted_proxies: Vec<IpNet>,
    /// What is logged, as a `tracing` filter: `info`, `causette=debug`.
    pub log: String,
    /// `text` for people, `json` for collectors.
    pub log_format: LogFormat,
    /// Hours that an agent stays signed in.
    pub desk_session_hours: u32,
    /// Seconds after which a visitor who left counts as gone; a change of page takes less.
    pub presence_grace_s: u64,
    /// Messages that one visitor may send in a burst, and each second after it.
    pub message_burst: u32,
    /// See `message_burst`.
    pub messages_per_second: u32,
    /// Conversations that may begin from one address in a minute.
    pub conversations_per_minute: u32,
    /// Identities that pages may give from one address in a minute: one for each page that a signed-in person opens with the
    /// chat in it.
    pub identities_per_minute: u32,
    /// Connections over HTTP, for where WebSockets are blocked, that one address may hold.
    pub channels_per_address: u32,
    /// Sign-ins that may be tried for one account, or from one address, in five minutes.
    pub sign_ins_per_five_minutes: u32,
    /// The mail server: `smtp://user:password@mail.example.com:587`, `smtps://…`. Without it mail waits in the outbox.
    pub smtp_url: Option<SecretUrl>,
    /// The address that mail comes from.
    pub mail_from: Option<String>,
    /// The mailbox that answers are read from: `imaps://user:password@mail.example.com/INBOX`.
    pub imap_url: Option<SecretUrl>,
    /// The address of that mailbox; without it, `mail_from`. Its server must deliver `name+anything@` to `name@`.
    pub mail_reply_to: Option<String>,
    /// The name by which the mailbox's host calls itself in the `Received` lines that it writes on top of each mail: `Received:
    /// from … by mx.example.com`. With it we know which host delivered a mail, and can check SPF; without it DKIM alone speaks
    /// for a sender.
    pub mail_receiving_host: Option<String>,
    /// The name in the `Authentication-Results` of the mailbox's host, as in `Authentication-Results: mx.example.com; spf=pass
    /// …`. With it these results are believed, and we ask no name servers. Only for a host that removes such lines from what
    /// comes in (RFC 8601 §5), as large providers do: else anybody could write one.
    pub mail_results_of: Option<String>,
    /// Mails that one address may get in a day.
    pub mails_per_address_per_day: u32,
    /// Mails that the addresses of one domain may get in an hour.
    pub mails_per_domain_per_hour: u32,
    /// Mails that may be sent for one site in an hour.
    pub mails_per_site_per_hour: u32,
    /// Mails that one visitor may cause in a day by asking for them: copies of the conversation and new links.
    pub requested_mails_per_visitor_per_day: u32,
    /// Different addresses that one visitor may name in a day for a copy, of those that nobody has verified.
    pub unverified_addresses_per_visitor_per_day: u32,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// An address that may hold a password, so it is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// The address itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretUrl(redacted)")
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            database_url: None,
            data_dir: PathBuf::from("data"),
            trusted_proxies: Vec::new(),
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            desk_session_hours: 24 * 14,
            presence_grace_s: 5,
            message_burst: 40,
            messages_per_second: 4,
            conversations_per_minute: 30,
            identities_per_minute: 300,
            // An office whose proxy blocks WebSockets shares one address.
            channels_per_address: 256,
            sign_ins_per_five_minutes: 10,
            smtp_url: None,
            mail_from: None,
            imap_url: None,
            mail_reply_to: None,
            mail_receiving_host: None,
            mail_results_of: None,
            mails_per_address_per_day: 20,
            // Many visitors share the domain of a large provider.
            mails_per_domain_per_hour: 500,
            mails_per_site_per_hour: 1_000,
            requested_mails_per_visitor_per_day: 10,
            // A slip of the finger or two, a colleague; nobody has a list of addresses.
            unverified_addresses_per_visitor_per_day: 5,
        }
    }
}

/// What is wrong with the configuration, in one line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that was named does not exist or cannot be read.
    #[error("the configuration file {0} cannot be read")]
    File(PathBuf),
    /// A key is unknown or a value has the wrong form.
    #[error("configuration: {0}")]
    Value(String),
}

impl Config {
    /// Reads the file, where one is named, and the environment.
    ///
    /// # Errors
    /// The file cannot be read, a key is unknown, or a value is not valid; told in one line.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(ConfigError::File(file.to_owned()));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        let config: Self = figment.merge(Env::prefixed("CAUSETTE_")).extract().map_err(|error| {
            // One figment error can hold several; the first names key and source, which is what a person needs.
            let first = error.into_iter().next().map(|error| error.to_string());
            ConfigError::Value(first.unwrap_or_default().replace('\n', " "))
        })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.public_url.as_deref().is_some_and(|url| parse_origin(url).is_none()) {
            return Err(ConfigError::Value("public_url must be like https://chat.example.com".to_owned()));
        }
        let positive = [
            ("desk_session_hours", self.desk_session_hours),
            ("message_burst", self.message_burst),
            ("messages_per_second", self.messages_per_second),
            ("conversations_per_minute", self.conversations_per_minute),
            ("identities_per_minute", self.identities_per_minute),
            ("channels_per_address", self.channels_per_address),
            ("sign_ins_per_five_minutes", self.sign_ins_per_five_minutes),
            ("mails_per_address_per_day", self.mails_per_address_per_day),
            ("mails_per_domain_per_hour", self.mails_per_domain_per_hour),
            ("mails_per_site_per_hour", self.mails_per_site_per_hour),
            ("requested_mails_per_visitor_per_day", self.requested_mails_per_visitor_per_day),
            ("unverified_addresses_per_visitor_per_day", self.unverified_addresses_per_visitor_per_day),
        ];
        match positive.iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(ConfigError::Value(format!("{name} must be at least 1"))),
            None => Ok(()),
        }
    }

    /// The database's address, the default filled in.
    #[must_use]
    pub fn database(&self) -> SecretUrl {
        let in_data_dir = || SecretUrl(format!("sqlite://{}", self.data_dir.join("causette.db").display()));
        self.database_url.clone().unwrap_or_else(in_data_dir)
    }

    /// The origins that are ours: the public one where it is set. Without one we are reached on the bound address, and
    /// on this machine under each of its names.
    #[must_use]
    pub fn own_origins(&self, bound: SocketAddr) -> Vec<String> {
        if let Some(origin) = self.public_url.as_deref().and_then(parse_origin) {
            return vec![origin];
        }
        let mut origins = vec![format!("http://{bound}")];
        if bound.ip().is_loopback() || bound.ip().is_unspecified() {
            for host in ["127.0.0.1", "localhost", "[::1]"] {
                origins.push(format!("http://{host}:{}", bound.port()));
            }
        }
        origins.dedup();
        origins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(toml: &str) -> Result<Config, String> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let file = dir.path().join("causette.toml");
        std::fs::write(&file, toml).map_err(|error| error.to_string())?;
        Config::load(Some(&file)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_overrides_the_defaults() {
        let config =
            load("listen = \"127.0.0.1:0\"\npublic_url = \"https://chat.example.com\"").expect("it is valid");
        assert_eq!(config.listen.port(), 0);
        assert_eq!(config.own_origins(config.listen), ["https://chat.example.com"]);
        assert_eq!(config.database().expose(), "sqlite://data/causette.db");
    }

    #[test]
    fn mistakes_are_told_in_one_line_that_names_the_key() {
        for (toml, named) in [
            ("lisen = \"127.0.0.1:0\"", "lisen"),
            ("listen = \"nowhere\"", "listen"),
            ("public_url = \"chat.example.com\"", "public_url"),
            ("public_url = \"https://chat.example.com/chat\"", "public_url"),
            ("public_url = \"https://a.example;sandbox\"", "public_url"),
            ("message_burst = 0", "message_burst"),
            ("log_format = \"xml\"", "log_format"),
            ("listen = ", "TOML"),
        ] {
            let error = load(toml).expect_err("it is not valid");
            assert!(error.contains(named), "{toml}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
        assert!(Config::load(Some(Path::new("missing.toml"))).is_err());
    }

    #[test]
    fn without_a_public_address_this_machine_is_known_by_its_names() {
        let bound = SocketAddr::from(([127, 0, 0, 1], 8080));
        let origins = Config::default().own_origins(bound);
        assert!(origins.contains(&"http://localhost:8080".to_owned()));
        assert!(!origins.contains(&"http://localhost".to_owned()));
    }

    #[test]
    fn secrets_are_not_printed() {
        let database_url = Some(SecretUrl("sqlite://secret".to_owned()));
        assert!(!format!("{:?}", Config { database_url, ..Config::default() }).contains("secret"));
    }
}
