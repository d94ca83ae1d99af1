//! The server's promises, over real sockets.

mod answers;
mod client;
mod connections;
