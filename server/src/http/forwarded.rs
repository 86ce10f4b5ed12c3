//! The address that a request comes from, behind proxies.

use std::net::IpAddr;

use ipnet::IpNet;

/// Walks `X-Forwarded-For`, given as the values of its headers, from the right, as far as it was written by proxies that
/// we trust. Anybody can write the rest.
pub fn client_address<'a>(
    direct: IpAddr,
    headers: impl DoubleEndedIterator<Item = &'a str>,
    trusted: &[IpNet],
) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = direct.to_canonical();
    for hop in headers.rev().flat_map(|value| value.split(',').rev()) {
        if !is_trusted(&address) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(hop) => address = hop.to_canonical(),
            Err(_) => break,
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(forwarded: &[&str], trusted: &[&str]) -> String {
        let trusted: Vec<_> = trusted.iter().map(|network| network.parse().expect("a network")).collect();
        client_address(IpAddr::from([10, 0, 0, 1]), forwarded.iter().copied(), &trusted).to_string()
    }

    #[test]
    fn forwarded_addresses_are_believed_from_listed_proxies_only() {
        assert_eq!(address(&["192.0.2.7"], &[]), "10.0.0.1");
        assert_eq!(address(&["192.0.2.7"], &["10.0.0.0/8"]), "192.0.2.7");
        assert_eq!(address(&["1.1.1.1, 192.0.2.7"], &["10.0.0.0/8"]), "192.0.2.7");
        assert_eq!(address(&["192.0.2.7", "10.0.0.2"], &["10.0.0.0/8"]), "192.0.2.7");
        assert_eq!(address(&["nonsense"], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(address(&["::ffff:192.0.2.7"], &["10.0.0.0/8"]), "192.0.2.7");
    }
}
