//! Cookies of a request (RFC 6265 §4.2).

/// Returns the value of the first cookie of this name, from the values of the `Cookie` headers.
pub fn find_cookie<'a>(mut headers: impl Iterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    headers.find_map(|header| {
        let pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    })
}

#[cfg(test)]
mod tests {
    use super::find_cookie;

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let find = |headers: &[&'static str]| find_cookie(headers.iter().copied(), "desk");
        assert_eq!(find(&["a=1; desk=x=y; b"]), Some("x=y"));
        assert_eq!(find(&["nonsense;;", " desk=first", "desk=second"]), Some("first"));
        assert_eq!(find(&["desk2=x; xdesk=y; desk; Desk=z"]), None);
        assert_eq!(find(&[]), None);
    }
}
