//! The API servers of the world's clusters.
