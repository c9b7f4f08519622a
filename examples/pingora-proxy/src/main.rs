//! A proxy that routes the pages of Doors apps, made of Pingora and the library in rust/core.
//!
//! ```text
//! main.rs     the command line, the listeners
//! passage.rs  one request: what Pingora asks, answered by the library's steps
//! shared.rs   what all requests share: the library's state, its configuration, dials in the background
//! lookups.rs  the name lookups that the library wants; SIGHUP loads the configuration anew
//! ```

mod lookups;
mod passage;
mod shared;

use std::error::Error;
use std::net::SocketAddr;

use pingora_core::listeners::tls::TlsSettings;
use pingora_core::server::Server;
use pingora_core::server::configuration::ServerConf;
use pingora_core::services::background::background_service;

const USAGE: &str = "usage: doors-pingora-proxy CONFIG NAMESERVER HTTP HTTPS CERTIFICATE KEY GRACE
  CONFIG            the library's configuration in JSON; SIGHUP loads it anew
  NAMESERVER        address:port
  HTTP, HTTPS       address:port to listen on
  CERTIFICATE, KEY  files in PEM
  GRACE             seconds that SIGTERM leaves to the requests under way";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [config, name_server, http, https, certificate, key, grace] = &arguments[..] else {
        return Err(USAGE.into());
    };
    let name_server: SocketAddr = name_server.parse()?;
    let shared = shared::Shared::new(config.into())?;
    let conf = ServerConf {
        grace_period_seconds: Some(grace.parse()?),
        graceful_shutdown_timeout_seconds: Some(1),
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let mut proxy = pingora_proxy::http_proxy_service(&server.configuration, passage::Doors(shared.clone()));
    proxy.add_tcp(http);
    let mut tls = TlsSettings::intermediate(certificate, key)?;
    tls.enable_h2();
    proxy.add_tls_with_settings(https, None, tls);
    server.add_service(proxy);
    server.add_service(background_service("lookups", lookups::Lookups::new(shared, name_server)));
    server.run_forever()
}
