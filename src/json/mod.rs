//! JSON as it comes from outside: read strictly, checked against a closed set of schema keywords.

pub mod schema;
pub mod strict;
