//! Mail: a text part that reads well at 72 columns and an HTML part that reads on a phone.

use crate::domain::secret::Secret;

/// Where mail goes and through which server.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Recipients; each gets a message of their own.
    pub to: Vec<String>,
    /// `Uproar <uproar@example.com>`
    pub from: String,
    /// The server.
    pub server: Server,
}

/// An SMTP server.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// Name and password, if it wants them.
    pub login: Option<(String, Secret)>,
}

/// Protection of an SMTP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS, and nothing is sent if the server does not offer it.
    Required,
    /// TLS from the first byte.
    Implicit,
    /// None: only for a server on this machine.
    Plain,
}
