//! Sound and raw CDs.
