//! The story, end to end, on each engine.
