//! A switchboard between a browser and everything that it reaches: a SOCKS proxy (RFC 1928) that connects some callers to
//! another place than they ask for. Every engine can be told to go through one.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Where callers are connected to.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    /// Who asks for the first address gets the second.
    pub detour: Option<(SocketAddr, SocketAddr)>,
    /// A domain that is on this machine, with all its subdomains.
    pub domain: Option<String>,
}

/// A switchboard. Dropping it closes it.
pub struct Switchboard {
    accepting: JoinHandle<()>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Switchboard {
    /// Opens a switchboard.
    ///
    /// # Panics
    /// No port is free.
    pub async fn open(routes: Routes) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let routes = Arc::new(routes);
        let accepting = tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let routes = Arc::clone(&routes);
                tokio::spawn(async move { connect(caller, &routes).await });
            }
        });
        Self { accepting, address }
    }
}

impl Drop for Switchboard {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What a driver is told of a switchboard (W3C WebDriver §7.1), or of none.
pub fn proxy(through: Option<SocketAddr>) -> Value {
    match through {
        Some(address) => {
            json!({ "proxyType": "manual", "socksProxy": address.to_string(), "socksVersion": 5 })
        }
        None => json!({ "proxyType": "direct" }),
    }
}

/// Connects a caller until either side hangs up. `None` where it never came to that.
async fn connect(mut caller: TcpStream, routes: &Routes) -> Option<()> {
    // Greeting: version, number of methods, methods. 0 is that nobody has to say who they are.
    let [_, methods] = read::<2>(&mut caller).await?;
    let mut offered = vec![0; usize::from(methods)];
    caller.read_exact(&mut offered).await.ok()?;
    caller.write_all(&[5, 0]).await.ok()?;
    let (name, port) = read_request(&mut caller).await?;
    let called = match routes.target(&name, port) {
        Some(target) => TcpStream::connect(target).await.ok(),
        None => TcpStream::connect((name, port)).await.ok(),
    };
    // 5: connection refused. The address that follows is of no interest to anybody.
    let code = if called.is_some() { 0 } else { 5 };
    caller.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    tokio::io::copy_bidirectional(&mut caller, &mut called?).await.ok()?;
    Some(())
}

/// Reads whom the caller asks for: version, command, reserved, kind of address, address, port.
async fn read_request(caller: &mut TcpStream) -> Option<(String, u16)> {
    let [_, 1, _, kind] = read::<4>(caller).await? else { return None };
    let name = match kind {
        1 => Ipv4Addr::from(read::<4>(caller).await?).to_string(),
        3 => {
            let [length] = read::<1>(caller).await?;
            let mut name = vec![0; usize::from(length)];
            caller.read_exact(&mut name).await.ok()?;
            String::from_utf8(name).ok()?
        }
        4 => std::net::Ipv6Addr::from(read::<16>(caller).await?).to_string(),
        _ => return None,
    };
    Some((name, u16::from_be_bytes(read::<2>(caller).await?)))
}

async fn read<const N: usize>(caller: &mut TcpStream) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    caller.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}

impl Routes {
    /// Where a caller is connected to instead of where they ask for.
    fn target(&self, name: &str, port: u16) -> Option<SocketAddr> {
        if let Some((from, to)) = self.detour
            && (name, port) == (from.ip().to_string().as_str(), from.port())
        {
            return Some(to);
        }
        let domain = self.domain.as_deref()?;
        let is_below = name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        is_below.then(|| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_a_route_goes_another_way() {
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let routes = Routes { detour: Some((at(1), at(2))), domain: Some("shop.example".to_owned()) };
        assert_eq!(routes.target("127.0.0.1", 1), Some(at(2)));
        assert_eq!(routes.target("127.0.0.1", 3), None);
        assert_eq!(routes.target("www.shop.example", 4), Some(at(4)));
        assert_eq!(routes.target("shop.example", 4), Some(at(4)));
        assert_eq!(routes.target("workshop.example", 4), None);
    }
}
