//! The server's promises, over real sockets.

mod answers;
mod bodies;
mod client;
mod clients;
mod connections;
mod sockets;
mod swaps;
