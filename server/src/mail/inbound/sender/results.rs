//! `Authentication-Results` (RFC 8601) of a host that we were told to believe.

use crate::mail::inbound::header::Header;
use crate::mail::inbound::sender::{Check, Source, Verdict, aligned, sum};

/// Results that are read of one line.
const RESULTS: usize = 30;

/// What one line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    list: Vec<Method>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Method {
    name: String,
    result: String,
    /// The domain that it is about: `header.from`, `header.d`, `smtp.mailfrom` and the like.
    domain: Option<String>,
}

/// Reads the topmost line, if `host` wrote it. A line of `host` below another's is not read: whoever stands above it may have
/// brought it along.
#[must_use]
pub fn topmost(header: &Header<'_>, host: &str) -> Option<Results> {
    let line = without_comments(&header.texts("authentication-results").next()?);
    let mut pieces = line.split(';');
    if !author_of(pieces.next()?)?.eq_ignore_ascii_case(host) {
        return None;
    }
    Some(Results { list: pieces.take(RESULTS).filter_map(method).collect() })
}

/// The host that the topmost line names as its author, whoever wrote it.
#[must_use]
pub fn topmost_author(header: &Header<'_>) -> Option<String> {
    let line = without_comments(&header.texts("authentication-results").next()?);
    author_of(line.split(';').next()?).map(str::to_owned)
}

/// The name may be followed by the version of the format.
fn author_of(piece: &str) -> Option<&str> {
    piece.split_whitespace().next().map(|author| author.trim_matches('"'))
}

fn method(piece: &str) -> Option<Method> {
    let mut words = piece.split_whitespace();
    let (name, result) = words.next()?.split_once('=')?;
    // "dkim/1=pass": a version after the name.
    let name = name.split('/').next()?.to_ascii_lowercase();
    let about = match name.as_str() {
        "dmarc" => "header.from",
        "dkim" => "header.d",
        "spf" => "smtp.mailfrom",
        _ => return None,
    };
    let properties: Vec<(&str, &str)> = words.filter_map(|word| word.split_once('=')).collect();
    let value = |wanted: &str| {
        properties.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| domain_of(value))
    };
    // Google names the signer by its identity alone.
    let domain = value(about).or_else(|| if name == "dkim" { value("header.i") } else { None });
    Some(Method { name, result: result.to_ascii_lowercase(), domain })
}

fn domain_of(value: &str) -> String {
    let value = value.trim_matches(|c| matches!(c, '"' | '<' | '>'));
    value.rsplit_once('@').map_or(value, |(_, domain)| domain).to_lowercase()
}

impl Results {
    /// What it says of a sender of this domain.
    #[must_use]
    pub fn verdict(&self, from: String) -> Verdict {
        let check = |name: &str| {
            let results = self.list.iter().filter(|method| method.name == name);
            let results: Vec<Check> = results.map(|method| outcome(&method.result)).collect();
            let best =
                [Check::Pass, Check::Unknown, Check::Fail].into_iter().find(|check| results.contains(check));
            best.unwrap_or(Check::None)
        };
        // A result for another domain says nothing of this one.
        let other = |method: &Method| method.domain.as_ref().is_some_and(|domain| *domain != from);
        let mistaken = self.list.iter().any(|method| method.name == "dmarc" && other(method));
        let dmarc = if mistaken { Check::Unknown } else { check("dmarc") };
        let speaks = self.list.iter().any(|method| {
            method.name != "dmarc"
                && method.result == "pass"
                && method.domain.as_ref().is_some_and(|domain| aligned(&from, domain))
        });
        sum(from, check("spf"), check("dkim"), dmarc, speaks, Source::Host)
    }
}

fn outcome(result: &str) -> Check {
    match result {
        "pass" => Check::Pass,
        "fail" | "softfail" | "hardfail" | "permerror" | "policy" => Check::Fail,
        "temperror" => Check::Unknown,
        _ => Check::None,
    }
}

/// Leaves out comments, which nest, and keeps what stands in quotes (RFC 5322 §3.2.2).
fn without_comments(value: &str) -> String {
    let mut kept = String::with_capacity(value.len());
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for c in value.chars() {
        if escaped {
            escaped = false;
        } else if c == '\\' && (quoted || depth > 0) {
            escaped = true;
            continue;
        } else if c == '"' && depth == 0 {
            quoted = !quoted;
        } else if c == '(' && !quoted {
            depth += 1;
            continue;
        } else if c == ')' && !quoted && depth > 0 {
            depth -= 1;
            kept.push(' ');
            continue;
        }
        if depth == 0 {
            // What is quoted must not part results.
            kept.push(if quoted && matches!(c, ';' | '=' | ' ') { '_' } else { c });
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::inbound::sender::Authenticity;

    fn verdict(lines: &str) -> Option<Verdict> {
        let raw = format!("{lines}From: ann@example.org\n\n");
        let results = topmost(&Header::split(raw.as_bytes()).0, "mx.example.com")?;
        Some(results.verdict("example.org".to_owned()))
    }

    const GENUINE: &str = "Authentication-Results: mx.example.com;\n dkim=pass header.i=@example.org header.s=s1 header.b=abc;\n\
        \x20spf=pass (mx.example.com: domain of ann@example.org (sic) designates 203.0.113.9) smtp.mailfrom=ann@example.org;\n\
        \x20dmarc=pass (p=REJECT; sp=none) header.from=example.org\n";

    #[test]
    fn the_line_of_the_host_is_read() {
        let verdict = verdict(GENUINE).expect("it is the topmost");
        assert_eq!((verdict.sender, verdict.source), (Authenticity::Passed, Source::Host));
        assert_eq!((verdict.spf, verdict.dkim, verdict.dmarc), (Check::Pass, Check::Pass, Check::Pass));
    }

    #[test]
    fn a_line_of_another_host_or_below_one_is_not() {
        let other = GENUINE.replace("Results: mx.example.com", "Results: mx.example.net");
        assert_eq!(verdict(&other), None);
        assert_eq!(verdict(&format!("{other}{GENUINE}")), None);
        assert_eq!(
            verdict(&GENUINE.replace("Results: mx.example.com", "Results: (mx.example.com) evil.example")),
            None
        );
        assert_eq!(verdict("Authentication-Results: \"mx.example.com;\" x; dmarc=pass\n"), None);
        assert_eq!(verdict(""), None);
    }

    #[test]
    fn what_the_line_says_of_another_domain_does_not_count() {
        let verdict = verdict(&GENUINE.replace("header.from=example.org", "header.from=evil.example"))
            .expect("it is there");
        assert_eq!((verdict.dmarc, verdict.sender), (Check::Unknown, Authenticity::Unknown));
    }

    #[test]
    fn without_a_rule_of_the_domain_an_aligned_pass_speaks_for_it() {
        let line = |results: &str| {
            verdict(&format!("Authentication-Results: mx.example.com 1; {results}\n")).expect("it is there")
        };
        assert_eq!(line("dkim=pass header.d=mail.example.org; dmarc=none").sender, Authenticity::Passed);
        assert_eq!(line("dkim=pass header.d=evil.example; dmarc=none").sender, Authenticity::Unknown);
        assert_eq!(line("spf=softfail smtp.mailfrom=example.org; dkim=none").sender, Authenticity::Failed);
        assert_eq!(
            line("dkim=pass header.d=example.org; dmarc=fail header.from=example.org").sender,
            Authenticity::Failed
        );
        assert_eq!(line("none").sender, Authenticity::Unknown);
        let quoted =
            line("spf=pass reason=\"ok; dmarc=pass header.from=example.org\" smtp.mailfrom=evil.example");
        assert_eq!((quoted.dmarc, quoted.sender), (Check::None, Authenticity::Unknown));
    }
}
