//! Data discs, their ends, and what is told on the way.
