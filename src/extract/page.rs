//! x
/// x
pub struct Extracted;
/// x
pub struct RawRow;
/// x
pub struct Warning;
/// x
pub fn extract() {}
