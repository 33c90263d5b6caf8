//! derive(Model)
