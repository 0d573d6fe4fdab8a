//! Drives, their discs, and who may use them.
