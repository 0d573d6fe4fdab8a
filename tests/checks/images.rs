//! Volumes and their files.
