//! What is copied beforehand, and the streams and writes beside the usual way.
