//! crossmesh-sim.
fn main() {}
