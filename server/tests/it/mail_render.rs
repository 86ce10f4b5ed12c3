//! Every mail in every language, as the person who gets it reads it: snapshots of the decoded mail, and hostile input.

use causette_server::mail::brand::Brand;
use causette_server::mail::confirm::Confirm;
use causette_server::mail::follow_up::{FollowUp, Occasion, QUESTION_CHARS, Question};
use causette_server::mail::message::{Headers, MailAddress, MessageId, build};
use causette_server::mail::new_link::NewLink;
use causette_server::mail::transcript::Transcript;
use causette_server::mail::words::Wall;
use causette_server::mail::{Answer, Author, Cause, Language, Link, Message, Rendered};
use causette_server::site::{Site, SiteOrigin, SiteSettings, text_in};
use causette_shared::entry::MailKind;
use causette_shared::time::Timestamp;
use mail_parser::MessageParser;
use proptest::prelude::*;

/// 2026-11-21T13:05:00Z, five past two in Paris.
const AT: Timestamp = Timestamp(1_795_266_300_000);
const PARIS_MIN: i16 = 60;

const fn minutes_later(minutes: i64) -> Timestamp {
    Timestamp(AT.0 + minutes * 60_000)
}

fn link(text: &str) -> Link {
    Link::parse(text).expect("a link")
}

fn brand(name: &str, color: &str, language: Language) -> Brand {
    let site = Site {
        key: "demo".parse().expect("a key"),
        name: name.to_owned(),
        origins: vec![SiteOrigin::Exact("https://www.maison-lumen.example".to_owned())],
        settings: SiteSettings { color: color.to_owned(), ..SiteSettings::default() },
    };
    let hours = match language {
        Language::English => "Monday to Friday, 9:00–18:00",
        Language::French => "du lundi au vendredi, de 9\u{a0}h à 18\u{a0}h",
    };
    Brand::of(&site, "https://chat.example").with_hours(Some(hours))
}

/// The texts of a conversation, which a test may replace by others.
struct Texts {
    site: String,
    agent: String,
    question: String,
    answers: [String; 2],
    file: String,
    /// A logo shows the site's name where images are blocked.
    logo: Option<Link>,
}

impl Texts {
    fn of(language: Language) -> Self {
        let texts = match language {
            Language::English => [
                "Good evening,\nwhich of your lamps can stand in a bathroom, and do you deliver to Corsica?",
                "Good evening! The Opale wall lamp is made for bathrooms (IP44):\nhttps://www.maison-lumen.example/lamps/opale?room=bath\n\nWe deliver to Corsica within five days.",
                "I nearly forgot: until Sunday, delivery is free of charge.",
            ],
            Language::French => [
                "Bonsoir,\nlesquelles de vos lampes conviennent à une salle de bains, et livrez-vous en Corse ?",
                "Bonsoir ! L’applique Opale est conçue pour les salles de bains (IP44) :\nhttps://www.maison-lumen.example/lampes/opale?piece=bain\n\nNous livrons en Corse sous cinq jours.",
                "J’allais oublier : jusqu’à dimanche, la livraison est offerte.",
            ],
        }
        .map(str::to_owned);
        let [question, one, two] = texts;
        Self {
            site: "Maison Lumen".to_owned(),
            agent: "Alice".to_owned(),
            question,
            answers: [one, two],
            file: "opale.pdf".to_owned(),
            logo: None,
        }
    }

    fn all_from(text: &str) -> Self {
        let text = || text.to_owned();
        let logo = Some(link("https://www.maison-lumen.example/logo.png"));
        Self { site: text(), agent: text(), question: text(), answers: [text(), text()], file: text(), logo }
    }
}

const NAMES: [&str; 6] = ["follow_up", "invite", "told", "transcript", "confirm", "new_link"];

/// Renders one kind of mail around `texts`.
fn render(name: &str, texts: &Texts, language: Language) -> Rendered {
    let brand = brand(&texts.site, "#4338ca", language).with_logo(texts.logo.clone());
    let wall = Wall { language, offset_min: PARIS_MIN };
    let (files, settings) = ([texts.file.clone()], SiteSettings::default());
    let agent = Author::Agent(&texts.agent);
    let replies = [
        Message { author: agent, at: minutes_later(4), text: &texts.answers[0], files: &[] },
        Message { author: agent, at: minutes_later(6), text: &texts.answers[1], files: &files },
    ];
    let resume =
        link("https://www.maison-lumen.example/lamps#causette=Zm9sbG93LXVwLXRva2VuLWZvci10aGUtdGVzdHMtMDE");
    let stop = link("https://chat.example/stop/c3RvcC10b2tlbg");
    let question = Some(Question { text: &texts.question, at: AT });
    let follow_up = FollowUp {
        occasion: Occasion::Unseen,
        wall,
        number: 1042,
        question,
        replies: &replies,
        resume: &resume,
        answer: Answer::ByMail,
        stop: Some(&stop),
    };
    let rendered = match name {
        "follow_up" => follow_up.render(&brand),
        "invite" => {
            let occasion = Occasion::Invite { agent: &texts.agent, text: &texts.answers[0] };
            FollowUp { occasion, replies: &[], answer: Answer::ByLink, ..follow_up }.render(&brand)
        }
        "told" => FollowUp { occasion: Occasion::Told, ..follow_up }.render(&brand),
        "transcript" => {
            let visitor = Message { author: Author::Visitor, at: AT, text: &texts.question, files: &[] };
            let automatic = Message {
                author: Author::Automatic,
                at: AT,
                text: text_in(&settings.automatic_answer, language.tag()),
                files: &[],
            };
            let thanks =
                Message { author: Author::Visitor, at: minutes_later(11 * 60), text: "👍", files: &[] };
            let messages = [visitor, automatic, replies[0], replies[1], thanks];
            let at = minutes_later(12 * 60);
            let (resume, stop) = (&resume, Some(&stop));
            Transcript { wall, number: 1042, at, messages: &messages, resume, answer: Answer::ByMail, stop }
                .render(&brand)
        }
        "confirm" => {
            let link = link("https://chat.example/confirm#Y29uZmlybS10b2tlbg");
            Confirm { language, number: 1042, link: &link, valid_days: 1, stop: Some(&stop) }.render(&brand)
        }
        "new_link" => NewLink { language, number: 1042, resume: &resume, valid_days: 30, stop: Some(&stop) }
            .render(&brand),
        _ => unreachable!("{name} is not a mail"),
    };
    rendered.expect("it renders")
}

/// The mail as a mailbox decodes it: the headers that people and machines look at, the text, the HTML.
fn decoded(mail: &Rendered) -> String {
    let (from, to) =
        (MailAddress::parse("chat@maison-lumen.example"), MailAddress::parse("camille@mail.example"));
    let (from, to) = (from.expect("an address"), to.expect("an address"));
    let message_id = MessageId::parse("<job@maison-lumen.example>").expect("an id");
    let unsubscribe = link("https://chat.example/stop/c3RvcC10b2tlbg");
    let headers = Headers {
        from: &from,
        to: &to,
        reply_to: None,
        at: AT,
        message_id: &message_id,
        in_reply_to: None,
        references: &[],
        unsubscribe: Some(&unsubscribe),
        kind: MailKind::FollowUp.as_str(),
    };
    let outgoing = build(mail, &headers).expect("it is built");
    let parsed = MessageParser::default().parse(&outgoing.raw).expect("a mail");
    let automatic = parsed.header_raw("Auto-Submitted").map_or("-", str::trim);
    let name = parsed.from().and_then(|from| from.first()).and_then(|from| from.name()).unwrap_or_default();
    let text = parsed.body_text(0).unwrap_or_default();
    let html = parsed.body_html(0).unwrap_or_default();
    format!(
        "From: {name}\nSubject: {}\nAuto-Submitted: {automatic}\n\n{text}\n\n{}\n\n{html}",
        parsed.subject().unwrap_or_default(),
        "=".repeat(100),
    )
    .replace("\r\n", "\n")
}

#[test]
fn every_mail_in_every_language() {
    for language in Language::ALL {
        for name in NAMES {
            let mail = render(name, &Texts::of(language), language);
            insta::assert_snapshot!(format!("{name}_{}", language.tag()), decoded(&mail));
        }
    }
}

/// The tags of an HTML text, in order, with the names of their attributes and without the values.
fn tags(html: &str) -> Vec<String> {
    let blank = |tag: &str| tag.split('"').step_by(2).collect::<Vec<_>>().join("\"\"");
    html.split('<').skip(1).filter_map(|tag| tag.split('>').next()).map(blank).collect()
}

/// The attributes of an HTML text that lead or fetch somewhere.
fn addresses(html: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for tag in html.split('<').skip(1).filter_map(|tag| tag.split('>').next()) {
        let quoted: Vec<&str> = tag.split('"').collect();
        for attribute in quoted.chunks_exact(2) {
            let leads = ["href=", "src="].iter().any(|name| attribute[0].ends_with(name));
            if leads || (attribute[0].ends_with("style=") && attribute[1].contains("url(")) {
                found.push(attribute[1]);
            }
        }
    }
    found
}

#[test]
fn strangers_texts_are_text_in_every_mail() {
    for hostile in [
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "\" onmouseover=\"alert(1)\" style=\"background:url(https://evil.example)",
        "' onload='x' <!-- --> ]]> <![endif]--> </td></table></style>",
        "{{ brand }} {% include 'layout.html' %} {# x #} ${x}",
        "javascript:alert(1) data:text/html,<b>",
        "&lt;b&gt; &amp; &#60;script&#62;",
        "\u{202e}gpj.exe\u{2066} \u{0} \u{8} \u{feff}",
    ] {
        for language in Language::ALL {
            for name in NAMES {
                let clean = tags(&render(name, &Texts::all_from("word"), language).html);
                let mail = render(name, &Texts::all_from(hostile), language);
                assert_eq!(tags(&mail.html), clean, "{name}: {hostile}");
                assert!(!addresses(&mail.html).is_empty());
                for address in addresses(&mail.html) {
                    let own = address.starts_with("https://www.maison-lumen.example")
                        || address.starts_with("https://chat.example");
                    assert!(own, "{name}: {hostile}: {address}");
                }
                assert!(!mail.html.contains(['\0', '\u{8}']));
                assert!(!mail.subject.chars().any(char::is_control));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_makes_a_tag(text in any::<String>(), markup in "[ -~]{0,60}") {
        let hostile = ["w", &text, &markup].concat();
        for name in NAMES {
            // Line ends and links are the only tags that a text may bring.
            let ours = |mail: &Rendered| {
                tags(&mail.html).into_iter().filter(|tag| !matches!(tag.split(' ').next(), Some("br" | "a" | "/a"))).collect::<Vec<_>>()
            };
            let clean = ours(&render(name, &Texts::all_from("w"), Language::French));
            prop_assert_eq!(ours(&render(name, &Texts::all_from(&hostile), Language::French)), clean);
        }
    }
}

#[test]
fn no_mail_fetches_anything_but_the_logo() {
    let logo = link("https://www.maison-lumen.example/logo.png");
    for language in Language::ALL {
        for name in NAMES {
            let html = render(name, &Texts::of(language), language).html;
            for fetching in
                ["<img", "<link", "url(", "@import", "background=", "<script", "<iframe", "srcset"]
            {
                assert!(!html.contains(fetching), "{name}: {fetching}");
            }
        }
        let brand = brand("Maison Lumen", "teal", language).with_logo(Some(logo.clone()));
        let resume = link("https://chat.example/");
        let new_link = NewLink { language, number: 1, resume: &resume, valid_days: 30, stop: None };
        let html = new_link.render(&brand).expect("it renders").html;
        assert_eq!(html.matches("<img").count(), 1);
        assert!(html.contains("src=\"https://www.maison-lumen.example/logo.png\" alt=\"Maison Lumen\""));
    }
}

#[test]
fn an_unverified_address_gets_no_word_of_the_conversation() {
    for language in Language::ALL {
        let texts = Texts { site: "Maison Lumen".to_owned(), ..Texts::all_from("Viagra") };
        for name in ["confirm", "new_link"] {
            let mail = render(name, &texts, language);
            let all = [mail.from_name, mail.subject, mail.text, mail.html].concat();
            assert!(!all.contains("Viagra"), "{name}");
        }
    }
}

#[test]
fn the_question_is_short_and_plain() {
    let long = "word https://a.example ".repeat(100);
    let texts = Texts { question: long, ..Texts::of(Language::English) };
    let mail = render("follow_up", &texts, Language::English);
    let quoted: String = mail.text.lines().filter_map(|line| line.strip_prefix("> ")).collect();
    let length = quoted.chars().count();
    assert!(length <= QUESTION_CHARS && length > QUESTION_CHARS - 40, "{length}");
    assert!(quoted.ends_with("word…") || quoted.ends_with("example…"), "{quoted}");
    assert!(!mail.html.contains("href=\"https://a.example\""));
}

#[test]
fn an_answer_has_links_to_the_web_and_no_others() {
    let text = "see https://a.example/?x=1&y=2 or www.b.example, write to me@c.example".to_owned();
    let texts = Texts { answers: [text, String::new()], ..Texts::of(Language::English) };
    let html = render("follow_up", &texts, Language::English).html;
    assert!(html.contains("href=\"https://a.example/?x=1&amp;y=2\""));
    assert!(html.contains(">https://a.example/?x=1&amp;y=2</a>"));
    assert!(html.contains("href=\"https://www.b.example\""));
    assert!(!html.contains("mailto:"));
    assert!(html.contains("me@c.example"));
}

#[test]
fn who_speaks_is_named_by_what_they_did() {
    let texts = Texts::of(Language::English);
    let brand = brand(&texts.site, "#4338ca", Language::English);
    let resume = link("https://chat.example/");
    let say = |author| Message { author, at: AT, text: "Hello", files: &[] };
    let wall = Wall { language: Language::English, offset_min: 0 };
    let render = |occasion, replies: &[Message<'_>]| {
        let resume = &resume;
        FollowUp {
            occasion,
            wall,
            number: 7,
            question: None,
            replies,
            resume,
            answer: Answer::ByLink,
            stop: None,
        }
        .render(&brand)
        .expect("it renders")
    };
    let alice = [say(Author::Agent("Alice")), say(Author::Agent("Alice"))];
    let both = [say(Author::Agent("Alice")), say(Author::Agent("Bob"))];
    let one = render(Occasion::Unseen, &alice);
    assert_eq!((one.from_name.as_str(), one.cause), ("Alice – Maison Lumen", Cause::Rule));
    assert_eq!(one.text.lines().next(), Some("Alice answered you"));
    let several = render(Occasion::Unseen, &both);
    assert_eq!(several.from_name, "Maison Lumen");
    assert_eq!(several.text.lines().next(), Some("Maison Lumen answered you"));
    assert_eq!(one.subject, several.subject, "one conversation, one thread");
    let invite = render(Occasion::Invite { agent: "Bob", text: " " }, &alice);
    assert_eq!((invite.from_name.as_str(), invite.cause), ("Bob – Maison Lumen", Cause::Agent));
    for mail in [&one, &several, &invite] {
        assert!(!mail.text.contains("simply answer") && !mail.text.contains("No more e-mails"));
    }
}

#[test]
fn a_long_conversation_keeps_its_newest_messages() {
    // The brackets would take a minute if they were counted again for each of them.
    let text = "https://a.example/".to_owned() + &")".repeat(9_981);
    let messages = vec![Message { author: Author::Visitor, at: AT, text: &text, files: &[] }; 120];
    let resume = link("https://chat.example/");
    let wall = Wall { language: Language::English, offset_min: 0 };
    let copy = Transcript {
        wall,
        number: 7,
        at: AT,
        messages: &messages,
        resume: &resume,
        answer: Answer::ByLink,
        stop: None,
    };
    let brand = brand("Maison Lumen", "", Language::English);
    let mail = copy.render(&brand).expect("it renders");
    assert_eq!(mail.text.matches(&text).count(), 50);
    assert!(mail.text.contains("70 earlier messages are left out here."));

    let short = vec![Message { author: Author::Visitor, at: AT, text: "x", files: &[] }; 1_001];
    let mail = Transcript { messages: &short, ..copy }.render(&brand).expect("it renders");
    assert!(mail.text.contains("One earlier message is left out here."));
    let mail = Transcript { messages: &short[1..], ..copy }.render(&brand).expect("it renders");
    assert!(!mail.text.contains("left out"));
}

/// French typography: narrow no-break spaces before high punctuation and within guillemets, curled apostrophes.
#[test]
fn french_is_set_as_french() {
    for name in NAMES {
        let texts = Texts::all_from("mot");
        let mail = render(name, &texts, Language::French);
        let ours: String =
            mail.text.lines().filter(|line| !line.contains("https:")).collect::<Vec<_>>().join("\n");
        assert!(!ours.contains(['\'', '"']), "{name}: {ours}");
        let characters: Vec<char> = ours.chars().collect();
        for pair in characters.windows(2) {
            if matches!(pair[1], '!' | '?' | ';' | ':' | '»') {
                assert_eq!(pair[0], '\u{202f}', "{name}: {ours}");
            }
        }
    }
}

/// Writes the mails as files to look at: `CAUSETTE_TEST_MAILS=<directory> cargo test … -- --ignored write_the_mails`.
#[test]
#[ignore = "writes files for people to look at"]
#[expect(clippy::disallowed_methods, reason = "where to write is told by whoever runs it")]
fn write_the_mails() {
    let directory = std::env::var("CAUSETTE_TEST_MAILS").expect("CAUSETTE_TEST_MAILS names a directory");
    let write = |name: &str, mail: &Rendered| {
        let path = std::path::Path::new(&directory).join(name);
        std::fs::write(path.with_extension("html"), &mail.html).expect("it is written");
        std::fs::write(path.with_extension("txt"), &mail.text).expect("it is written");
    };
    for language in Language::ALL {
        let tag = language.tag();
        for name in NAMES {
            write(&format!("{name}-{tag}"), &render(name, &Texts::of(language), language));
        }
        let [short, _] = Texts::of(language).answers;
        let texts = Texts { answers: ["OK".to_owned(), short], ..Texts::of(language) };
        write(&format!("short-{tag}"), &render("invite", &texts, language));
        let wide = ["A_very_long_word_".repeat(20), "https://a.example/".to_owned() + &"path/".repeat(40)];
        let texts = Texts { answers: wide, site: "Maison Lumen ".repeat(6), ..Texts::of(language) };
        write(&format!("wide-{tag}"), &render("follow_up", &texts, language));
    }
    for (name, color) in [("black", "#000"), ("white", "#fff"), ("yellow", "#ffe600"), ("teal", "teal")] {
        let logo = link("https://www.maison-lumen.example/logo.png");
        let brand = brand("Maison Lumen", color, Language::English).with_logo(Some(logo));
        let resume = link("https://chat.example/");
        let wall = Wall { language: Language::English, offset_min: 0 };
        let replies =
            [Message { author: Author::Agent("Alice"), at: AT, text: "Hello https://a.example", files: &[] }];
        let follow_up = FollowUp {
            occasion: Occasion::Unseen,
            wall,
            number: 7,
            question: None,
            replies: &replies,
            resume: &resume,
            answer: Answer::ByMail,
            stop: None,
        };
        write(&format!("color-{name}"), &follow_up.render(&brand).expect("it renders"));
    }
}
