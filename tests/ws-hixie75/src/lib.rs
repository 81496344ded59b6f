//! hixie75
